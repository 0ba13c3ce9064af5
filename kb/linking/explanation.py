"""Says for people which items an entity of an article may be, how likely each is, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb import model
from kb.gazetteer import Gazetteer, Term, load_gazetteer
from kb.linking import disambiguation as d

#: How the quality of a name reads.
_QUALITIES = {
    d.LABEL: "its label",
    d.ALIAS: "another name of it",
    d.FOLDED: "a transliteration of its name",
    d.SHORTENED: "its name without a title or initial",
    d.COMPLETED: "its name with the country of the article",
    d.SURNAME: "its surname",
    d.DEMONYM: "its people or language",
    d.IN_COUNTRY: "its label, with a place of its country",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A candidate with what is said of it.

    Attributes:
        candidate: the candidate.
        chance: how likely it is the right one, in [0, 1], see `_chances`.
        verdict: SAME, CLOSE or NO_LINK of `kb.linking.disambiguation`.
        why: reasons, as phrases.
    """

    candidate: d.Candidate
    chance: float
    verdict: str
    why: tuple[str, ...]


def explain(
    entity: model.Entity,
    entities: Sequence[model.Entity],
    article: model.Article,
    *,
    gazetteer: Gazetteer | None = None,
) -> tuple[Explanation, ...]:
    """The candidates of an entity, best first; none where nothing has its name.

    Args:
        entity: the entity.
        entities: all entities of the article, which say which countries it is about.
        article: the article.
        gazetteer: the table; that of the package if None.
    """
    gazetteer = gazetteer or load_gazetteer()
    scene = d.scene(entities, article, gazetteer)
    ranked = d.candidates(entity, scene, gazetteer)
    best = d.probability(entity, ranked)
    verdicts = (d.verdict(ranked, best), *[d.NO_LINK] * (len(ranked) - 1))
    doubts = (_doubts(ranked), *[()] * (len(ranked) - 1))
    return tuple(
        Explanation(candidate, chance, verdict, (*_reasons(candidate, entity, scene, gazetteer), *doubt))
        for candidate, chance, verdict, doubt in zip(ranked, _chances(best, ranked), verdicts, doubts, strict=False)
    )


def _chances(best: float, ranked: Sequence[d.Candidate]) -> list[float]:
    """That of the best, and what it leaves by their scores, none above it; where nothing is ahead, all by their scores."""
    if not best:
        return [candidate.score / sum(c.score for c in ranked) for candidate in ranked]
    others = sum(candidate.score for candidate in ranked[1:])
    return [best, *(min(best, (1 - best) * candidate.score / others) for candidate in ranked[1:])]


def _reasons(c: d.Candidate, entity: model.Entity, scene: d.Scene, gazetteer: Gazetteer) -> Iterator[str]:
    yield f"the name is {_QUALITIES[c.quality]}"
    if entity.cls != d.ANYTHING:
        agreed = "agrees with" if c.agreement > d.SAME_FAMILY else "hardly agrees with"
        yield f"{c.item.cls} {agreed} {entity.cls}"
    country = gazetteer.item(c.item.country) if c.item.country else None
    if country:
        times = scene.countries[country.qid]
        often = f", which the article names {'once' if times == 1 else f'{times} times'}" if times else ""
        yield f"it is of {country.label}{often}"
    yield from (_relation(qid, c.item.qid, gazetteer) for qid in c.related)
    yield f"prior {c.item.prior:.2f}"
    yield from (_term(term) for term in gazetteer.terms(c.item.qid)[:1])


def _relation(qid: str, own: str, gazetteer: Gazetteer) -> str:
    if qid == own:
        return "the article names what belongs to it"
    other = gazetteer.item(qid)
    return f"it belongs to {other.label if other else qid}, which the article names"


def _term(term: Term) -> str:
    return f"{term.title} {term.start or ''}–{term.end or ''}"


def _doubts(ranked: Sequence[d.Candidate]) -> tuple[str, ...]:
    return (f"ahead of the next by {d.lead(ranked):.2f}",) if len(ranked) > 1 else ()
