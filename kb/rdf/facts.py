"""From an extraction to quads: what is said, in which graph, on what evidence.

All that an article says stands in its named graph, whose IRI is the article's; events that are not actual, and what
only they need, stand in ``…/claims``. IRIs come from what things are, so the same article gives the same quads, and a
corpus is the set union of its articles. No blank nodes, no clock, no order. Terms are the vocabulary's; none is added
here.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, TypeAlias

import pyoxigraph as ox

from kb import terms
from kb.model import Entity, Event, Extraction, Participant, Position, Provenance, Relation, Span, Statement
from kb.rdf.iris import article_iri, local_iris, told
from kb.rdf.literals import dated, english, exact, plain, score, term, typed, valued
from kb.resources import Entry
from kb.terms import BASE

Fact: TypeAlias = tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]
Hierarchy: TypeAlias = Mapping[str, tuple[str, ...]]

#: What the vocabulary itself implies, with or without an ontology at hand.
IMPLIED: Hierarchy = {"leaderOf": ("memberOf",), "spokespersonFor": ("memberOf",)}
#: Relations that hold both ways; both are stated, so that a query need not ask twice.
SYMMETRIC = frozenset({"fights"})
#: Superclasses left unsaid: a reader that takes the most specific class would take a country for a mere place.
UNSAID = {"Country": frozenset({"Place"})}

_SUB = ("http://www.w3.org/2000/01/rdf-schema#subClassOf", "http://www.w3.org/2000/01/rdf-schema#subPropertyOf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """What made the extraction, for its ``prov:Activity``.

    Attributes:
        version: of newskb, or None.
        model: version of the language model, or None.
        ended: seconds since 1970 that stand for the end of the run (``SOURCE_DATE_EPOCH``), or None.
    """

    version: str | None = None
    model: str | None = None
    ended: int | None = None


def hierarchy(entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """Each class and property with all classes and properties above it, sorted, cycles tolerated.

    Only newskb terms, and terms that stand below one, count as above; alignments to other vocabularies do not.
    """
    parents = {entry.id: tuple(p for name in _SUB for p in entry.all(name)) for entry in entries}
    above = {term: _ancestors(term, parents) for term in sorted(parents)}
    ours = {term for term, up in above.items() if any(map(_is_ours, (term, *up)))}
    return {term: kept for term, up in above.items() if (kept := tuple(sorted(t for t in up if t in ours)))}


def _is_ours(term: str) -> bool:
    """Whether this is a newskb term by its local name; a blank node is a long hexadecimal number."""
    return ":" not in term and not re.fullmatch(r"[0-9a-f]{20,32}", term)


def _ancestors(term: str, parents: Hierarchy) -> set[str]:
    found: set[str] = set()
    queue = list(parents.get(term, ()))
    while queue:
        if (parent := queue.pop()) not in found:
            found.add(parent)
            queue.extend(parents.get(parent, ()))
    return found - {term}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """What all facts of one article share."""

    extraction: Extraction
    iri: str
    names: Mapping[str, str]
    labels: Mapping[str, str]
    above: Hierarchy
    text: str = field(repr=False)

    def node(self, key: str) -> ox.NamedNode:
        return ox.NamedNode(self.names[key])

    def local(self, path: str) -> ox.NamedNode:
        return ox.NamedNode(self.iri + path)

    def span(self, span: Span) -> ox.NamedNode:
        return self.local(f"#char={span.begin},{span.end}")

    def types(self, cls: str) -> list[ox.NamedNode]:
        unsaid = {t for c in (cls, *self.above.get(cls, ())) for t in UNSAID.get(c, ())}
        return [term(c) for c in (cls, *self.above.get(cls, ())) if c == cls or c not in unsaid]

    def properties(self, prop: str) -> list[ox.NamedNode]:
        return [term(p) for p in dict.fromkeys((prop, *IMPLIED.get(prop, ()), *self.above.get(prop, ())))]


def quads(
    extraction: Extraction,
    *,
    base: str = BASE,
    above: Hierarchy | None = None,
    evidence: Literal["facts", "roles"] = "facts",
    text: bool = False,
    software: Software | None = None,
) -> set[ox.Quad]:
    """All that an extraction says, as quads.

    Args:
        extraction: what was read from one article.
        base: IRI under which resources are minted; ends with ``/`` or ``#``.
        above: superclasses and super-properties to state as well, from :func:`hierarchy`.
        evidence: "roles" gives each single role of an event an ``rdf:Statement`` of its own.
        text: whether to include the article's whole text, which may be under copyright.
        software: what made the extraction.

    Returns:
        Quads in the article's graph and in its ``/claims`` graph, without blank nodes.
    """
    iri = article_iri(extraction.article, base=base)
    scope = _scope(extraction, iri, base, above or {})
    claims = {e.key for e in extraction.events if e.factuality != "Actual"}
    apart = claims | _only_claimed(extraction, claims)
    graphs = (ox.NamedNode(iri), ox.NamedNode(iri + "/claims"))
    found = {ox.Quad(*fact, graphs[0]) for fact in _source(scope, text=text)}
    found |= {ox.Quad(*fact, graphs[0]) for fact in _activity(scope, base, software or Software(), bool(apart))}
    found |= {ox.Quad(*fact, graphs[0]) for fact in _spans(scope)}
    for key, fact in _assertions(scope, roles=evidence == "roles"):
        found.add(ox.Quad(*fact, graphs[key in apart]))
    return found


def _scope(extraction: Extraction, iri: str, base: str, above: Hierarchy) -> _Scope:
    labels = {e.key: e.label for e in extraction.entities} | {p.key: p.label for p in extraction.participants}
    names = local_iris(extraction, iri, base)
    labels |= {e.key: terms.local_name(e.cls) for e in extraction.events}
    return _Scope(extraction=extraction, iri=iri, names=names, labels=labels, above=above, text=extraction.article.text)


def _only_claimed(extraction: Extraction, claims: set[str]) -> set[str]:
    """Keys of participants that nothing but claimed events names."""
    named = {key: _named_in(event) for event in extraction.events for key in [event.key]}
    claimed = {k for key in claims for k in named[key]}
    stated = {k for key in named.keys() - claims for k in named[key]}
    stated |= {k for s in extraction.statements for k in (*s.speakers, *s.about)}
    stated |= {p.body for p in extraction.positions if p.body}
    stated |= {k for r in extraction.relations for k in (r.subject, r.object)}
    return {p.key for p in extraction.participants} & (claimed - stated)


def _named_in(event: Event) -> list[str]:
    return [*(filler for _, filler in event.roles), *event.attributed_to]


def _source(scope: _Scope, *, text: bool) -> Iterator[Fact]:
    article, node = scope.extraction.article, ox.NamedNode(scope.iri)
    for cls in ("kb:Article", "schema:NewsArticle", "prov:Entity", "nif:Context"):
        yield node, term("rdf:type"), term(cls)
    yield node, term("rdfs:label"), english(article.title or article.name)
    yield node, term("schema:sha256"), ox.Literal(_sha256(scope.text))
    yield node, term("nif:beginIndex"), typed(0, "xsd:nonNegativeInteger")
    yield node, term("nif:endIndex"), typed(len(scope.text), "xsd:nonNegativeInteger")
    if article.title:
        yield node, term("schema:headline"), ox.Literal(plain(article.title))
    if article.published:
        yield node, term("schema:datePublished"), dated(article.published)
    if article.source:
        yield node, term("schema:creditText"), ox.Literal(plain(article.source))
    if article.url:
        address = terms.web_address(article.url)
        yield node, term("schema:url"), ox.NamedNode(address) if address else exact(article.url)
    if text:
        yield node, term("nif:isString"), exact(scope.text)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _activity(scope: _Scope, base: str, software: Software, claims: bool) -> Iterator[Fact]:
    node = scope.local(f"/activity/{terms.digest(scope.iri, software.version, software.model)}")
    yield node, term("rdf:type"), term("prov:Activity")
    yield node, term("prov:used"), ox.NamedNode(scope.iri)
    for name, version in (("newskb", software.version or ""), ("newskb-model", software.model)):
        if version is not None:
            yield from associated(node, name, version, base)
    if software.ended is not None:
        ended = datetime.fromtimestamp(software.ended, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield node, term("prov:endedAtTime"), typed(ended, "xsd:dateTime")
    for graph in ("", "/claims")[: 1 + claims]:
        yield scope.local(graph), term("prov:wasGeneratedBy"), node


def associated(activity: ox.NamedNode, name: str, version: str, base: str) -> Iterator[Fact]:
    """The software that an activity was done by: https://www.w3.org/TR/prov-o/."""
    agent = ox.NamedNode(f"{base}software/{terms.part(f'{name}-{version}')}")
    yield activity, term("prov:wasAssociatedWith"), agent
    yield agent, term("rdf:type"), term("prov:SoftwareAgent")
    yield agent, term("rdfs:label"), english(f"{name} {version}")
    if version:
        yield agent, term("schema:softwareVersion"), ox.Literal(plain(version))


def _spans(scope: _Scope) -> Iterator[Fact]:
    """Every stretch of the text that something was read from, sentences marked as such."""
    told = list(_provenances(scope.extraction))
    sentences = {t.quote for t in told}
    mentions = {span for t in told for span in t.mentions}
    mentions |= {m for e in scope.extraction.entities for m in e.mentions}
    mentions |= {m for p in scope.extraction.participants for m in p.mentions}
    for span in sentences | mentions:
        yield from _span(scope, span)
    for span in sentences:
        yield scope.span(span), term("rdf:type"), term("nif:Sentence")


def _span(scope: _Scope, span: Span) -> Iterator[Fact]:
    node = scope.span(span)
    yield node, term("rdf:type"), term("nif:OffsetBasedString")
    yield node, term("nif:beginIndex"), typed(span.begin, "xsd:nonNegativeInteger")
    yield node, term("nif:endIndex"), typed(span.end, "xsd:nonNegativeInteger")
    yield node, term("nif:anchorOf"), exact(scope.text[span.begin : span.end])
    yield node, term("nif:referenceContext"), ox.NamedNode(scope.iri)


def _provenances(extraction: Extraction) -> Iterator[Provenance]:
    yield from (event.provenance for event in extraction.events)
    yield from (statement.provenance for statement in extraction.statements)
    yield from (position.provenance for position in extraction.positions)
    yield from (relation.provenance for relation in extraction.relations)


def _assertions(scope: _Scope, *, roles: bool) -> Iterator[tuple[str, Fact]]:
    """Every fact with the key of what it belongs to, which decides its graph."""
    extraction = scope.extraction
    for fact in _entities(scope):
        yield "", fact
    for part in extraction.participants:
        yield from ((part.key, fact) for fact in _participant(scope, part))
    for event in extraction.events:
        yield from ((event.key, fact) for fact in _event(scope, event, roles=roles))
    for statement in extraction.statements:
        yield from (("", fact) for fact in _statement(scope, statement))
    for position in extraction.positions:
        yield from (("", fact) for fact in _position(scope, position))
    for relation in extraction.relations:
        yield from (("", fact) for fact in _relation(scope, relation))


def _entities(scope: _Scope) -> Iterator[Fact]:
    """Entities, those of one IRI as one: class and label of the one named most often."""
    groups: dict[str, list[Entity]] = {}
    for entity in scope.extraction.entities:
        groups.setdefault(scope.names[entity.key], []).append(entity)
    for group in groups.values():
        first, *rest = sorted(group, key=lambda e: (-len(e.mentions), e.label, e.cls, -e.confidence, e.key))
        others = {name for e in rest for name in (e.label, *e.names)}
        yield from _entity(scope, first, sorted({*first.names, *others}))
        for entity in group:
            yield from _mentions(scope, entity)


def _entity(scope: _Scope, entity: Entity, names: list[str]) -> Iterator[Fact]:
    node, label = scope.node(entity.key), english(entity.label)
    for cls in scope.types(entity.cls):
        yield node, term("rdf:type"), cls
    yield node, term("rdfs:label"), label
    yield node, term("kb:confidence"), score(entity.confidence)
    for name in map(english, names):
        if name != label:
            yield node, term("skos:altLabel"), name
    if entity.link:
        same = term("owl:sameAs" if entity.link.confident else "skos:closeMatch")
        yield node, same, ox.NamedNode(terms.WIKIDATA + entity.link.qid)


def _mentions(scope: _Scope, entity: Entity) -> Iterator[Fact]:
    node = scope.node(entity.key)
    for span in map(scope.span, entity.mentions):
        yield node, term("gaf:denotedBy"), span
        yield span, term("itsrdf:taIdentRef"), node
        if entity.link:
            yield span, term("itsrdf:taConfidence"), score(entity.link.score)


def _participant(scope: _Scope, part: Participant) -> Iterator[Fact]:
    node = scope.node(part.key)
    yield node, term("rdf:type"), term("kb:Participant")
    yield node, term("rdfs:label"), english(part.label)
    if part.link:
        # A description is never the same as a person: who holds the post may change with the date.
        yield node, term("skos:closeMatch"), ox.NamedNode(terms.WIKIDATA + part.link.qid)
    for span in map(scope.span, part.mentions):
        yield node, term("gaf:denotedBy"), span
        if part.link:
            yield span, term("itsrdf:taConfidence"), score(part.link.score)


def _read(scope: _Scope, node: ox.NamedNode, provenance: Provenance) -> Iterator[Fact]:
    """Where and how a node was read."""
    yield from _sure(scope, node, provenance)
    for span in provenance.mentions:
        yield node, term("gaf:denotedBy"), scope.span(span)


def _sure(scope: _Scope, node: ox.NamedNode, provenance: Provenance) -> Iterator[Fact]:
    yield node, term("kb:confidence"), score(provenance.confidence)
    yield node, term("kb:rule"), _rule(provenance.rule)
    yield node, term("prov:wasQuotedFrom"), scope.span(provenance.quote)


@lru_cache(maxsize=4096)
def _rule(rule: str) -> ox.NamedNode:
    """The IRI of a lexicon entry or model head; any other id becomes a name among the lexicon's."""
    known = rule.startswith("lex:") or (":" in rule and terms.legal(rule))
    return term(rule) if known else term("lex:" + rule)


def _event(scope: _Scope, event: Event, *, roles: bool) -> Iterator[Fact]:
    node = scope.node(event.key)
    for cls in scope.types(event.cls):
        yield node, term("rdf:type"), cls
    yield node, term("rdfs:label"), english(_describe(scope, event))
    yield node, term("kb:factuality"), term(event.factuality)
    for key in event.attributed_to:
        yield node, term("kb:attributedTo"), scope.node(key)
    yield from _read(scope, node, event.provenance)
    for prop, value in _said_of(scope, event):
        for stated in [term(prop)] if prop in terms.KB else scope.properties(prop):
            yield node, stated, value
        if roles:
            yield from _reified(scope, (node, term(prop), value), event.provenance)


def _said_of(scope: _Scope, event: Event) -> Iterator[tuple[str, ox.NamedNode | ox.Literal]]:
    yield from ((role, scope.node(filler)) for role, filler in event.roles)
    yield from ((prop, valued(prop, value)) for prop, value in event.values)


def _statement(scope: _Scope, statement: Statement) -> Iterator[Fact]:
    node = scope.node(statement.key)
    yield node, term("rdf:type"), term("kb:Statement")
    yield node, term("kb:text"), exact(statement.text)
    yield node, term("kb:attitude"), term(statement.attitude)
    for prop, keys in (("kb:speaker", statement.speakers), ("kb:about", statement.about)):
        yield from ((node, term(prop), scope.node(key)) for key in keys)
    if statement.date:
        yield node, term("kb:date"), dated(statement.date)
    yield from _read(scope, node, statement.provenance)


def _position(scope: _Scope, position: Position) -> Iterator[Fact]:
    node = scope.node(position.key)
    yield scope.node(position.person), term("kb:holds"), node
    yield node, term("rdf:type"), term("kb:Position")
    yield node, term("kb:title"), ox.Literal(plain(position.title))
    yield node, term("kb:former"), typed(str(position.former).lower(), "xsd:boolean")
    if position.body:
        yield node, term("kb:positionIn"), scope.node(position.body)
    yield from _read(scope, node, position.provenance)


def _relation(scope: _Scope, relation: Relation) -> Iterator[Fact]:
    subject, other = scope.node(relation.subject), scope.node(relation.object)
    for prop in scope.properties(relation.predicate):
        yield subject, prop, other
    if relation.predicate in SYMMETRIC:
        yield other, term(relation.predicate), subject
    yield from _reified(scope, (subject, term(relation.predicate), other), relation.provenance)


def _reified(scope: _Scope, fact: Fact, provenance: Provenance) -> Iterator[Fact]:
    """A fact as an ``rdf:Statement``: https://www.w3.org/TR/rdf-schema/#ch_reificationvocab."""
    node = scope.local(f"/evidence/{terms.digest(*map(str, fact), told(provenance))}")
    yield node, term("rdf:type"), term("rdf:Statement")
    for part, value in zip(("rdf:subject", "rdf:predicate", "rdf:object"), fact, strict=True):
        yield node, term(part), value
    yield from _sure(scope, node, provenance)


# --- Labels of events ------------------------------------------------------------------------------------------------

#: How an event is said: role, words before the fillers; rows in the order of the label.
_PHRASES = (("agent", " by "), ("target", " on "), ("party", " between "), ("place", ", "))
#: The word before the target where "on" would be odd English.
_TARGETS = {
    "Abduction": " of ",
    "ArmedClash": " with ",
    "Capture": " of ",
    "MilitaryAction": " against ",
    "Offensive": " against ",
    "Siege": " of ",
    "TroopMovement": " to ",
}


def _describe(scope: _Scope, event: Event) -> str:
    """The event in a few words: "Airstrike by United States on a small bridge, Syria"."""
    kind = terms.local_name(event.cls)
    words, told = _words(kind), set[str]()
    for role, link in _PHRASES:
        fillers = [key for r, key in event.roles if r == role and key not in told]
        told.update(fillers)
        link = _TARGETS.get(kind, link) if role == "target" else link
        link = " by " if role == "party" and len(fillers) == 1 else link
        words += link + _listed([scope.labels[key] for key in fillers]) if fillers else ""
    return words if event.factuality == "Actual" else f"{words} ({event.factuality.lower()})"


def _words(name: str) -> str:
    """A class name as words: "Troop movement"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _listed(names: list[str]) -> str:
    shown = sorted(dict.fromkeys(map(plain, names)))
    if len(shown) > 3:
        shown = [*shown[:2], f"{len(shown) - 2} more"]
    return ", ".join(shown[:-1]) + " and " + shown[-1] if len(shown) > 1 else shown[0]
