"""Which entities of a knowledge base want a link, and how links that a service on the web proposed are said in RDF.

The links stand in a named graph of their own, which says where they come from, so that they can be told from those of the
linker, be replaced by asking anew, and be withdrawn. Who is asked, and how, is in :mod:`kb.linking.online`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pyoxigraph as ox

from kb import terms
from kb.errors import InputError
from kb.gazetteer import MAX_NAME
from kb.linking.classes import aligned
from kb.linking.online import Question
from kb.model import Link
from kb.rdf.facts import Fact, associated
from kb.rdf.literals import plain, score, term
from kb.terms import BASE

_TYPE, _LABEL, _MENTION = map(term, ("rdf:type", "rdfs:label", "gaf:denotedBy"))
_LINKED = frozenset(map(term, ("owl:sameAs", "skos:closeMatch")))


@dataclass(slots=True)
class _Told:
    """What a knowledge base says of one subject, as far as it matters here."""

    classes: set[str] = field(default_factory=set)
    labels: Counter[str] = field(default_factory=Counter)
    mentions: set[ox.NamedNode] = field(default_factory=set)
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Unlinked:
    """An entity without a link.

    Attributes:
        node: its IRI.
        question: its name and class.
        mentions: the stretches of text that name it, sorted.
    """

    node: ox.NamedNode
    question: Question
    mentions: tuple[ox.NamedNode, ...]


def unlinked(found: Iterable[ox.Quad]) -> list[Unlinked]:
    """The persons, organizations and places without ``owl:sameAs`` and ``skos:closeMatch``, by IRI.

    Left out are names that cannot be told from others by themselves: a person's of one word, and those without a capital.
    """
    told: defaultdict[ox.NamedNode, _Told] = defaultdict(_Told)
    for quad in found:
        if isinstance(quad.subject, ox.NamedNode):
            _note(told[quad.subject], quad)
    entities = ((node, told[node], _question(told[node])) for node in sorted(told, key=lambda node: node.value))
    return [
        Unlinked(node, question, tuple(sorted(facts.mentions, key=lambda mention: mention.value)))
        for node, facts, question in entities
        if question and not facts.linked
    ]


def _note(told: _Told, quad: ox.Quad) -> None:
    if quad.predicate == _TYPE and isinstance(quad.object, ox.NamedNode):
        told.classes.add(quad.object.value)
    elif quad.predicate == _LABEL and isinstance(quad.object, ox.Literal):
        told.labels[plain(quad.object.value)] += 1
    elif quad.predicate == _MENTION and isinstance(quad.object, ox.NamedNode):
        told.mentions.add(quad.object)
    elif quad.predicate in _LINKED:
        told.linked = True


def _question(told: _Told) -> Question | None:
    """What to ask about a subject: the label most graphs give it, and its most specific class; None if it is no entity."""
    classes = [cls for cls in aligned().values() if terms.expand(cls.name) in told.classes]
    above = {name for cls in classes for name in cls.broader}
    specific = [cls.name for cls in classes if cls.name not in above]
    name = min(told.labels, key=lambda label: (-told.labels[label], label), default="")
    return Question(name, specific[-1]) if specific and _telling(name, specific[-1]) else None


def _telling(name: str, cls: str) -> bool:
    return 0 < len(name) <= MAX_NAME and not name.islower() and (cls != "Person" or " " in name)


def source(endpoint: str) -> ox.NamedNode:
    """The IRI of who is asked.

    Raises:
        InputError: it has none.
    """
    address = terms.web_address(endpoint)
    if address is None:
        raise InputError("not a web address", where=endpoint, hint="give one like https://example.org/api")
    return ox.NamedNode(address)


def graph(endpoint: str, *, base: str = BASE) -> ox.NamedNode:
    """The named graph of the links that an endpoint proposed."""
    return ox.NamedNode(f"{base}links/{terms.named(urlsplit(endpoint).hostname or '', terms.digest(endpoint))}")


def quads(
    entities: Iterable[Unlinked], links: Mapping[Question, Link], endpoint: str, *, version: str, base: str = BASE
) -> set[ox.Quad]:
    """Links as quads of one graph, with what made them; none if there is no link.

    Args:
        entities: whom the questions are about.
        links: the link of each question that has one.
        endpoint: who was asked.
        version: of newskb.
        base: IRI under which resources are minted.
    """
    name = graph(endpoint, base=base)
    facts = [fact for entity in entities for fact in _link(entity, links.get(entity.question))]
    return {ox.Quad(*fact, name) for fact in (*facts, *_origin(name, endpoint, version, base))} if facts else set()


def _link(entity: Unlinked, link: Link | None) -> Iterator[Fact]:
    if link:
        yield entity.node, term("owl:sameAs" if link.confident else "skos:closeMatch"), term(f"wd:{link.qid}")
        for mention in entity.mentions:
            yield mention, term("itsrdf:taConfidence"), score(link.score)


def _origin(name: ox.NamedNode, endpoint: str, version: str, base: str) -> Iterator[Fact]:
    """Where the links come from: https://www.w3.org/TR/prov-o/."""
    made_of = source(endpoint)
    activity = ox.NamedNode(f"{name.value}/activity/{terms.digest(endpoint, version)}")
    yield name, term("prov:wasDerivedFrom"), made_of
    yield name, term("prov:wasGeneratedBy"), activity
    yield activity, term("rdf:type"), term("prov:Activity")
    yield activity, term("prov:used"), made_of
    yield from associated(activity, "newskb", version, base)
