"""The IRIs of an article, and of all that was read from it: made from what they name, never from a counter."""

from collections.abc import Iterable

from kb import terms
from kb.errors import OutputError
from kb.model import Article, Entity, Extraction, Provenance, Span
from kb.terms import BASE


def article_iri(article: Article, *, base: str = BASE) -> str:
    """The IRI of an article and of the graph that holds its facts, from its text, address and date.

    Raises:
        OutputError: the base is no absolute IRI.
    """
    if not terms.legal(base):
        raise OutputError("not an absolute IRI", where=base, hint="give a base like https://example.org/id/")
    key = terms.digest(article.text, article.url, article.published)
    return f"{base}article/{terms.named(article.title or article.body[:200], key)}"


def _entity_iri(entity: Entity, article: str, base: str) -> str:
    if entity.link and entity.link.confident:
        return f"{base}entity/{entity.link.qid}"
    kind = terms.local_name(entity.cls)
    alone = kind == "Person" and len(entity.label.split()) < 2  # surnames must not merge across articles
    key = terms.digest(entity.cls, terms.normal_name(entity.label), article if alone else "", size=8)
    return f"{base}{terms.slug(kind) or 'thing'}/{terms.named(entity.label, key)}"


def _offsets(spans: Iterable[Span]) -> tuple[tuple[int, int], ...]:
    return tuple((span.begin, span.end) for span in spans)


def told(provenance: Provenance) -> tuple[object, ...]:
    """The offsets of a sentence and its mentions, for digests."""
    return _offsets([provenance.quote, *provenance.mentions])


def local_iris(extraction: Extraction, article: str, base: str) -> dict[str, str]:
    """The IRI of every key; an event's takes in its fillers, another event among them by its class and its span."""
    names = {e.key: _entity_iri(e, article, base) for e in extraction.entities}
    for p in extraction.participants:
        names[p.key] = f"{article}/participant/{terms.digest(p.label, _offsets(p.mentions))}"
    marks = names | {e.key: terms.digest(e.cls, told(e.provenance)) for e in extraction.events}
    for e in extraction.events:
        roles = sorted((role, marks[filler]) for role, filler in e.roles)
        said = (e.cls, told(e.provenance), roles, e.values, e.factuality, sorted(marks[k] for k in e.attributed_to))
        names[e.key] = f"{article}/event/{terms.digest(*said)}"
    for s in extraction.statements:
        speakers = sorted(names[k] for k in s.speakers)
        names[s.key] = f"{article}/statement/{terms.digest(s.text, s.attitude, speakers, told(s.provenance))}"
    for held in extraction.positions:
        person = names[held.person]
        names[held.key] = f"{article}/position/{terms.digest(held.title, person, told(held.provenance))}"
    return names
