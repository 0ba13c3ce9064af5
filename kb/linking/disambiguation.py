"""Decides which item of the linking table an entity of an article is, if any.

A candidate has a name of the entity and a class that agrees with its class. Its score is the quality of that match
times how likely the item is: how well known, whether the article names its country, whether a person was in office
then. How likely the best candidate is right is a logistic regression; unsure links are kept as near matches.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from kb import model
from kb.gazetteer import Gazetteer, Item, Term, key, load_gazetteer
from kb.linking.places import BEFORE, KINDS, PLACES, Said, lies_in, of_another_kind, said_of, within

#: A link at or above this probability says that it is the item, from the other on it is a near match.
CONFIDENT, PLAUSIBLE = 0.65, 0.5
SAME, CLOSE, NO_LINK = "owl:sameAs", "skos:closeMatch", "no link"
#: Logistic regression of whether the best candidate is right, on what is known of it (``python -m benchmarks.linking --fit``).
WEIGHTS = {
    "constant": -4.2, "quality": 1.8, "surname": -1.8, "class": 0.4, "prior": 2.1, "fit": 1.1, "related": 0.3,
    "lead": 1.2, "alone": 0.9, "words": 1.4, "place": 0.7,
}  # fmt: skip
#: A lead over the runner-up beyond this says no more.
MOST_LEAD = 0.3
#: Namesakes closer than this cannot be told apart, and there is no link at all.
TIE = 0.01
#: Parts of a score: of a name that fits at all, of how well known the item is, of how it fits the article.
BASE, FAME, FIT = 0.4, 0.3, 0.3
#: A prior from which on an item is known to everybody, and for persons, whose full names say more.
FAMOUS = 0.6
FAME_OF = {"Person": 0.4}
#: How good a name is: label, other name, other transliteration, name without its middle, one completed with the country
#: of the article, surname alone; a demonym may mean the people or the language; of a place said to lie in another, which is
#: known to be in its country only.
LABEL, ALIAS, FOLDED, SHORTENED, COMPLETED, SURNAME, DEMONYM, IN_COUNTRY = 1.0, 0.97, 0.85, 0.9, 0.76, 0.6, 0.96, 0.84
#: Added to a score: in office on the date, the article says the post, not yet in office; the article names something
#: that the item belongs to, or that belongs to it.
IN_OFFICE, POST_SAID, NOT_YET, RELATED = 0.1, 0.05, -0.05, 0.15
#: Fit of an item that belongs to no country, of one whose country is unknown, of one that is too well known to need it, of a
#: place that lies elsewhere than the article says; not always, since states claim places of others.
INTERNATIONAL, UNKNOWN_COUNTRY, WELL_KNOWN, ELSEWHERE = 0.9, 0.5, 0.7, -1.0

ORGANIZATIONS = frozenset(
    "Organization Government GovernmentBody ArmedForce ArmedGroup PoliticalParty InternationalOrganization "
    "MediaOrganization Company".split()
)
#: The class of whatever has a name.
ANYTHING = "Thing"
#: A class that says little, and those that may turn out to be meant.
GENERIC = {
    "Organization": ORGANIZATIONS,
    "Place": PLACES,
    "Agent": ORGANIZATIONS | {"Person", "Country"},
    ANYTHING: ORGANIZATIONS | PLACES | {"Person"},
}
#: How well two different classes agree, whichever is the entity's; others of one family agree by half, others not.
AGREEMENT = {
    frozenset(pair.split()): value
    for pair, value in (
        ("ArmedGroup PoliticalParty", 0.8), ("ArmedGroup ArmedForce", 0.75), ("Government GovernmentBody", 0.85),
        ("ArmedForce GovernmentBody", 0.75), ("MediaOrganization Company", 0.85), ("Facility GovernmentBody", 0.7),
        ("Facility Organization", 0.7), ("Region Country", 0.75), ("City Region", 0.7), ("City Country", 0.3),
        ("Country InternationalOrganization", 0.75), ("City Facility", 0.4), ("Region Facility", 0.6),
        ("Government Country", 0.0), ("GovernmentBody InternationalOrganization", 0.8), ("Facility Country", 0.0),
    )
}  # fmt: skip
SAME_FAMILY = 0.5
#: How well one agrees with a class that says less.
NOT_AGAINST = 0.98
#: An item that is only known to be an organization may well be of the entity's class.
UNSPECIFIC_ITEM = 0.85

_TITLES = re.compile(
    r"^(president|prime minister|minister|foreign minister|secretary|sen|senator|gov|governor|gen|general|lt gen"
    r"|maj gen|brig gen|col|colonel|lt col|capt|maj|major|adm|admiral|sheikh|sheik|shaikh|king|queen|prince"
    r"|crown prince|pope|mr|mrs|ms|dr|sir|lord|ayatollah|grand ayatollah|imam|rep|ambassador|chancellor|emir|sultan"
    r"|sayyed|sayyid) (?=\w+ \w)"
)
#: Names of bodies that every state has: they are those of the country that the article is about.
_OF_A_STATE = re.compile(
    r"(the )?(army|navy|air force|armed forces|military|marines|marine corps|coast guard|national guard|parliament"
    r"|senate|congress|supreme court|cabinet|government|ministry of (the )?\w+( affairs)?"
    r"|(foreign|defen[cs]e|interior|finance|oil|health|justice|information) ministry)$",
    re.IGNORECASE,
)
#: A person's name of one word is a surname or a given name, vague beside the full one.
_ONE_WORD = re.compile(r"\S*")
_CAPITALIZED = re.compile(r"\b[A-Z]\w+(?: [A-Z]\w+)?")
_WORD = re.compile(r"\w+")
_OFFICES = frozenset(
    "president minister secretary governor ambassador king emir chancellor premier commander chief leader senator "
    "envoy foreign defense defence prime crown".split()
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What an article says about which countries it is about, and when.

    Attributes:
        countries: how often each country is named or its people are.
        article: the article.
        named: the keys of the entities that are, by their label, most likely each item.
        above: likewise of those that most likely belong to each item.
    """

    countries: Counter[str]
    article: model.Article
    named: Mapping[str, Set[str]] = field(default_factory=dict)
    above: Mapping[str, Set[str]] = field(default_factory=dict)

    def main_country(self) -> str | None:
        """The country that the article is about: the one named most, the first of equals."""
        return max(self.countries, key=lambda qid: self.countries[qid], default=None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that an entity may be.

    Attributes:
        item: the item.
        quality: of the name that suggested it, in [0, 1].
        agreement: of its class with the entity's, in [0, 1].
        fit: of its country with the article, in [0, 1]; below 0 if the article says that it lies elsewhere.
        related: items named in the article that it belongs to, or that belong to it.
        score: by which candidates are ranked; it may exceed 1.
    """

    item: Item
    quality: float
    agreement: float
    fit: float
    related: tuple[str, ...]
    score: float


def link(
    entities: Sequence[model.Entity], article: model.Article, *, gazetteer: Gazetteer | None = None
) -> tuple[model.Entity, ...]:
    """The entities with their Wikidata items, where the table has a plausible one; a generic class becomes the item's.

    Args:
        entities: all entities of the article.
        article: where they are named; its date and the countries in it decide between namesakes.
        gazetteer: the table; that of the package if None.
    """
    gazetteer = gazetteer or load_gazetteer()
    around = scene(entities, article, gazetteer)
    return tuple(_linked(entity, candidates(entity, around, gazetteer)) for entity in entities)


def scene(entities: Iterable[model.Entity], article: model.Article, gazetteer: Gazetteer) -> Scene:
    """What the article is about, by all its entities."""
    named, above = defaultdict(set), defaultdict(set)
    for entity in entities:
        for item in _likely(entity, gazetteer):
            named[item.qid].add(entity.key)
            for qid in gazetteer.around(item.qid):
                above[qid].add(entity.key)
    return Scene(_countries(entities, article, gazetteer), article, named, above)


def _likely(entity: model.Entity, gazetteer: Gazetteer) -> tuple[Item, ...]:
    """The best known of the items that have the label and the class of an entity, if any."""
    found = gazetteer.lookup(entity.label)
    return tuple(item for item in found if agreement(entity.cls, item.cls) > SAME_FAMILY)[:1]


def _linked(entity: model.Entity, ranked: Sequence[Candidate]) -> model.Entity:
    chance = probability(entity, ranked)
    said = verdict(ranked, chance)
    if said == NO_LINK:
        return entity
    item, sure = ranked[0].item, said == SAME
    link = model.Link(qid=item.qid, score=round(chance, 3), confident=sure)
    return replace(entity, link=link, cls=_refined(entity.cls, item) if sure else entity.cls)


def verdict(ranked: Sequence[Candidate], chance: float) -> str:
    """What is said of the best candidate by its probability: SAME, CLOSE or NO_LINK."""
    if chance < PLAUSIBLE:
        return NO_LINK
    return SAME if chance >= CONFIDENT else CLOSE


def probability(entity: model.Entity, ranked: Sequence[Candidate]) -> float:
    """How likely the best candidate is the right one, in [0, 1]; 0 where there is none, or namesakes cannot be told apart."""
    if not ranked or lead(ranked) < TIE:
        return 0.0
    return 1 / (1 + math.exp(-sum(WEIGHTS[name] * value for name, value in evidence(entity, ranked).items())))


def evidence(entity: model.Entity, ranked: Sequence[Candidate]) -> dict[str, float]:
    """What the probability that the best candidate is right depends on, by the names of the weights."""
    best, several = ranked[0], " " in key(entity.label)
    return {
        "constant": 1.0,
        "quality": best.quality,
        "surname": float(best.quality == SURNAME),
        "class": float(best.agreement >= NOT_AGAINST),
        "prior": best.item.prior,
        "fit": best.fit,
        "related": float(bool(best.related)),
        "lead": min(MOST_LEAD, lead(ranked)),
        "alone": float(len(ranked) == 1),
        "words": float(several),
        "place": float(best.item.cls in PLACES and not several),
    }


def lead(ranked: Sequence[Candidate]) -> float:
    """By how much the best candidate's score is ahead of the next; 1 where there is no other."""
    return ranked[0].score - ranked[1].score if len(ranked) > 1 else 1.0


def _refined(cls: str, item: Item) -> str:
    return item.cls if item.cls in GENERIC.get(cls, ()) else cls


def candidates(entity: model.Entity, scene: Scene, gazetteer: Gazetteer) -> list[Candidate]:
    """The items that the entity may be, best first."""
    best: dict[str, Candidate] = {}
    of_it = said_of(entity, scene.article, gazetteer)
    for item, quality in _named(entity, scene, gazetteer):
        if item.qid not in best or best[item.qid].quality < quality:
            best[item.qid] = _candidate(entity, item, quality, of_it, scene, gazetteer)
    return sorted((c for c in best.values() if c.score > 0), key=lambda c: (-c.score, -c.item.prior, c.item.qid))


# Which items have the name.


def _named(entity: model.Entity, scene: Scene, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    names = _telling_names(entity)
    if entity.cls in ORGANIZATIONS and all(_OF_A_STATE.fullmatch(name) for name in names):
        yield from (match for name in names for match in _completed(name, scene, gazetteer))
        return
    found = [match for name in names for match in _exact(name, gazetteer)]
    yield from found
    agreeing = any(agreement(entity.cls, item.cls) > SAME_FAMILY for item, _ in found)
    if not agreeing or entity.cls in PLACES:
        yield from (match for name in names for match in _inexact(name, entity.cls, gazetteer))
    if not agreeing and entity.cls == ANYTHING:
        yield from ((item, DEMONYM) for name in names if (item := gazetteer.demonym(name)))


def _telling_names(entity: model.Entity) -> list[str]:
    names = [entity.label, *entity.names]
    vague = _ONE_WORD if entity.cls == "Person" else _OF_A_STATE
    return [name for name in names if not vague.fullmatch(key(name))] or names


def _exact(name: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    for item in gazetteer.lookup(name):
        yield item, LABEL if key(item.label) == key(name) else ALIAS


def _inexact(name: str, cls: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    normal = key(name)
    if cls in {"Person", ANYTHING}:
        yield from _person(normal, gazetteer)
    if cls != "Person":
        yield from _of_kind(normal, gazetteer)
        yield from ((item, LABEL if lies else IN_COUNTRY) for item, lies in within(name, gazetteer))
    yield from ((item, FOLDED) for item in gazetteer.folded(name))


def _of_kind(normal: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    for kind, classes in KINDS:
        stem = kind.sub("", normal)
        if stem != normal:
            yield from ((item, SHORTENED) for item in gazetteer.lookup(stem) if item.cls in classes)
            yield from ((item, FOLDED) for item in gazetteer.folded(stem) if item.cls in classes)


def _person(normal: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    bare = _TITLES.sub("", normal)
    words = bare.split()
    if len(words) == 1:
        yield from ((item, SURNAME) for item in gazetteer.surname(bare))
    shorter = [bare] if bare != normal else []
    initials = [word for word in words[1:-1] if len(word) == 1]
    shorter += [f"{words[0]} {words[-1]}"] if len(words) == 3 and initials else []
    yield from ((item, SHORTENED) for name in shorter for item in gazetteer.lookup(name))


def _completed(name: str, scene: Scene, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    country = scene.main_country()
    if not country:
        return
    short = "US" if (item := gazetteer.item(country)) and item.label == "United States" else ""
    for word in filter(None, (short, *gazetteer.demonyms(country)[:1])):
        yield from ((found, COMPLETED) for found in gazetteer.lookup(f"{word} {name.removeprefix('the ')}"))


# How likely the item is.


def _candidate(
    entity: model.Entity, item: Item, quality: float, of_it: Said, scene: Scene, gazetteer: Gazetteer
) -> Candidate:
    fame = min(1.0, item.prior / FAMOUS)
    classes = 0.0 if of_another_kind(entity, item, of_it) else agreement(entity.cls, item.cls)
    elsewhere = item.cls in PLACES and lies_in(item, of_it.outer, gazetteer) is False
    fit = ELSEWHERE if elsewhere else _fit(entity, item, quality, scene, gazetteer)
    score = quality * classes * (BASE + FAME * fame + FIT * fit)
    if item.cls == "Person" and score > 0:
        terms = gazetteer.terms(item.qid)
        score += _in_office(terms, scene.article.published) + _post_said(entity, terms, scene.article)
    related = _related(entity, item, scene, gazetteer)
    score += RELATED if related and score > 0 and not elsewhere else 0.0
    return Candidate(item, quality, classes, fit, related, score)


def agreement(cls: str, other: str) -> float:
    """How well the class of an entity and that of an item go together, in [0, 1]; 0 if they exclude each other."""
    if cls == other or other in GENERIC.get(cls, ()):
        return 1.0 if cls == other else NOT_AGAINST
    if pair := AGREEMENT.get(frozenset((cls, other))):
        return pair
    if other == "Organization" and cls in ORGANIZATIONS:
        return UNSPECIFIC_ITEM
    return SAME_FAMILY if any({cls, other} <= family for family in (ORGANIZATIONS, PLACES)) else 0.0


def _fit(entity: model.Entity, item: Item, quality: float, scene: Scene, gazetteer: Gazetteer) -> float:
    # That a name may be that of a famous place says nothing for its country.
    own = any(qid == item.country for qid in _country_of(entity, gazetteer)) * max(1, len(entity.mentions))
    if item.cls == "Country" or (item.country and scene.countries[item.country] > own):
        return 1.0
    if item.cls in {"InternationalOrganization", "MediaOrganization"}:
        return INTERNATIONAL
    if item.prior >= FAME_OF.get(item.cls, FAMOUS) and quality > FOLDED:
        return WELL_KNOWN
    return UNKNOWN_COUNTRY if item.country is None else 0.0


def _related(entity: model.Entity, item: Item, scene: Scene, gazetteer: Gazetteer) -> tuple[str, ...]:
    """What other entities of the article most likely are that an item belongs to, or it itself if they belong to it."""
    above = (qid for qid in gazetteer.around(item.qid) if qid != item.country)
    found = [qid for qid in above if scene.named.get(qid, _NONE) - {entity.key}]
    below = item.cls != "Country" and scene.above.get(item.qid, _NONE) - {entity.key}
    return (*found, *([item.qid] if below else []))


_NONE: Set[str] = frozenset()


def _in_office(terms: Sequence[Term], published: str | None) -> float:
    if not published or not terms:
        return 0.0
    if any(covers(term, published) for term in terms):
        return IN_OFFICE
    return NOT_YET if all(term.start and term.start > published for term in terms) else 0.0


def covers(term: Term, date: str) -> bool:
    """Whether a term of office may include a date; both are compared as exactly as the less exact of them is known."""
    return begun(term, date) and (term.end is None or date[: len(term.end)] <= term.end)


def begun(term: Term, date: str) -> bool:
    """Whether a term of office may have begun by a date, compared likewise; one whose start is unknown has not."""
    return term.start is not None and term.start[: len(date)] <= date


def _post_said(entity: model.Entity, terms: Sequence[Term], article: model.Article) -> float:
    offices = {word for term in terms for word in _WORD.findall(term.title.casefold())} & _OFFICES
    before = (article.text[max(0, span.begin - BEFORE) : span.begin].casefold() for span in entity.mentions)
    return POST_SAID if offices and any(offices & set(_WORD.findall(text)) for text in before) else 0.0


# Which countries the article is about.


def _countries(entities: Iterable[model.Entity], article: model.Article, gazetteer: Gazetteer) -> Counter[str]:
    found: Counter[str] = Counter()
    for entity in entities:
        for qid in _country_of(entity, gazetteer):
            found[qid] += max(1, len(entity.mentions))
    for words, count in Counter(_CAPITALIZED.findall(article.text)).items():
        for qid in {item.qid: None for word in (words, *words.split()) if (item := gazetteer.demonym(word))}:
            found[qid] += count
    return found


def _country_of(entity: model.Entity, gazetteer: Gazetteer) -> Iterator[str]:
    for item in gazetteer.lookup(entity.label)[:1]:
        if agreement(entity.cls, item.cls) > SAME_FAMILY and (item.cls == "Country" or item.prior >= FAMOUS):
            yield item.country or item.qid
