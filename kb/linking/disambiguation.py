"""Decides which item of the linking table an entity of an article is, if any.

A candidate has a name of the entity and a class that agrees with its class. Its score is the quality of that match
times how likely the item is: how well known, whether the article names its country, whether a person was in office
then. How likely the best candidate is right is a logistic regression; unsure links are kept as near matches.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kb import model
from kb.gazetteer import Gazetteer, Item, Term, key, load_gazetteer

#: A link at or above this probability says that it is the item, from the other on it is a near match.
CONFIDENT, PLAUSIBLE = 0.71, 0.5
SAME, CLOSE, NO_LINK = "owl:sameAs", "skos:closeMatch", "no link"
#: Logistic regression of whether the best candidate is right, on what is known of it (``python -m benchmarks.linking --fit``).
WEIGHTS = {
    "constant": -5.1, "quality": 3.2, "agreement": 0.5, "prior": 2.7, "lead": 2.8, "words": 1.1, "person": -0.4, "fit": 0.9,
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
#: of the article, surname alone; a demonym may mean the people or the language.
LABEL, ALIAS, FOLDED, SHORTENED, COMPLETED, SURNAME, DEMONYM = 1.0, 0.97, 0.85, 0.9, 0.76, 0.6, 0.96
#: Added to a score: in office on the date, the article says the post, not yet in office.
IN_OFFICE, POST_SAID, NOT_YET = 0.1, 0.05, -0.05
#: Fit of an item that belongs to no country, of one whose country is unknown, of one that is too well known to need it.
INTERNATIONAL, UNKNOWN_COUNTRY, WELL_KNOWN = 0.9, 0.5, 0.7
#: Text before a mention in which a post may stand.
BEFORE = 60

ORGANIZATIONS = frozenset(
    "Organization Government GovernmentBody ArmedForce ArmedGroup PoliticalParty InternationalOrganization "
    "MediaOrganization Company".split()
)
PLACES = frozenset("Place Country Region City Facility".split())
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
#: An item that is only known to be an organization may well be of the entity's class.
UNSPECIFIC_ITEM = 0.85

_TITLES = re.compile(
    r"^(president|prime minister|minister|foreign minister|secretary|sen|senator|gov|governor|gen|general|lt gen"
    r"|maj gen|brig gen|col|colonel|lt col|capt|maj|major|adm|admiral|sheikh|sheik|shaikh|king|queen|prince"
    r"|crown prince|pope|mr|mrs|ms|dr|sir|lord|ayatollah|grand ayatollah|imam|rep|ambassador|chancellor|emir|sultan"
    r"|sayyed|sayyid) (?=\w+ \w)"
)
_REGION = frozenset({"Region"})
#: Words for a kind that may stand before or after a name, and the classes that they leave open.
_KINDS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile(r"^(province|governorate|region|state) of | (province|governorate|oblast|region|state)$"), _REGION),
    (re.compile(r"^(city|town|village|port) of | (city|town|village)$"), frozenset({"City"})),
    (re.compile(r" (river|valley|area)$"), _REGION),
    (re.compile(r" (group|militants|militia|rebels|movement|network)$"), frozenset({"ArmedGroup"})),
    (re.compile(r" (news agency|agency|newspaper|television)$"), frozenset({"MediaOrganization"})),
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
    """

    countries: Counter[str]
    article: model.Article

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
        fit: of its country with the article, in [0, 1].
        score: by which candidates are ranked; it may exceed 1.
    """

    item: Item
    quality: float
    agreement: float
    fit: float
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
    return Scene(_countries(entities, article, gazetteer), article)


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
    return SAME if chance >= CONFIDENT and ranked[0].quality != DEMONYM else CLOSE


def probability(entity: model.Entity, ranked: Sequence[Candidate]) -> float:
    """How likely the best candidate is the right one, in [0, 1]; 0 where there is none, or namesakes cannot be told apart."""
    if not ranked or lead(ranked) < TIE:
        return 0.0
    return 1 / (1 + math.exp(-sum(WEIGHTS[name] * value for name, value in evidence(entity, ranked).items())))


def evidence(entity: model.Entity, ranked: Sequence[Candidate]) -> dict[str, float]:
    """What the probability that the best candidate is right depends on, by the names of the weights."""
    best = ranked[0]
    return {
        "constant": 1.0,
        "quality": best.quality,
        "agreement": best.agreement,
        "prior": best.item.prior,
        "lead": min(MOST_LEAD, lead(ranked)),
        "words": float(" " in key(entity.label)),
        "person": float(best.item.cls == "Person"),
        "fit": best.fit,
    }


def lead(ranked: Sequence[Candidate]) -> float:
    """By how much the best candidate's score is ahead of the next; 1 where there is no other."""
    return ranked[0].score - ranked[1].score if len(ranked) > 1 else 1.0


def _refined(cls: str, item: Item) -> str:
    return item.cls if item.cls in GENERIC.get(cls, ()) else cls


def candidates(entity: model.Entity, scene: Scene, gazetteer: Gazetteer) -> list[Candidate]:
    """The items that the entity may be, best first."""
    best: dict[str, Candidate] = {}
    for item, quality in _named(entity, scene, gazetteer):
        if item.qid not in best or best[item.qid].quality < quality:
            best[item.qid] = _candidate(entity, item, quality, scene, gazetteer)
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
        yield from _within(name, gazetteer)
    yield from ((item, FOLDED) for item in gazetteer.folded(name))


def _within(name: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    """The places of a name with its country or province after a comma: "Istanbul, Turkey", "Muscatine, Iowa"."""
    inner, comma, outer = name.partition(", ")
    if comma:
        around = {qid for item in gazetteer.lookup(outer) for qid in (item.qid, item.country) if qid}
        found = [item for item in gazetteer.lookup(inner) if item.cls in PLACES]
        yield from ((item, LABEL if item.country in around else FOLDED) for item in found)


def _of_kind(normal: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    for kind, classes in _KINDS:
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


def _candidate(entity: model.Entity, item: Item, quality: float, scene: Scene, gazetteer: Gazetteer) -> Candidate:
    fame = min(1.0, item.prior / FAMOUS)
    classes, fit = agreement(entity.cls, item.cls), _fit(item, quality, scene)
    score = quality * classes * (BASE + FAME * fame + FIT * fit)
    if item.cls == "Person" and score > 0:
        terms = gazetteer.terms(item.qid)
        score += _in_office(terms, scene.article.published) + _post_said(entity, terms, scene.article)
    return Candidate(item, quality, classes, fit, score)


def agreement(cls: str, other: str) -> float:
    """How well the class of an entity and that of an item go together, in [0, 1]; 0 if they exclude each other."""
    if cls == other or other in GENERIC.get(cls, ()):
        return 1.0 if cls == other else 0.98
    if pair := AGREEMENT.get(frozenset((cls, other))):
        return pair
    if other == "Organization" and cls in ORGANIZATIONS:
        return UNSPECIFIC_ITEM
    return SAME_FAMILY if any({cls, other} <= family for family in (ORGANIZATIONS, PLACES)) else 0.0


def _fit(item: Item, quality: float, scene: Scene) -> float:
    if item.cls == "Country" or item.country in scene.countries:
        return 1.0
    if item.cls in {"InternationalOrganization", "MediaOrganization"}:
        return INTERNATIONAL
    if item.prior >= FAME_OF.get(item.cls, FAMOUS) and quality > FOLDED:
        return WELL_KNOWN
    return UNKNOWN_COUNTRY if item.country is None else 0.0


def _in_office(terms: Sequence[Term], published: str | None) -> float:
    if not published or not terms:
        return 0.0
    if any(covers(term, published) for term in terms):
        return IN_OFFICE
    return NOT_YET if all(term.start and term.start > published for term in terms) else 0.0


def covers(term: Term, date: str) -> bool:
    """Whether a term of office may include a date; both are compared as exactly as the less exact of them is known."""
    started = term.start is not None and term.start[: len(date)] <= date
    return started and (term.end is None or date[: len(term.end)] <= term.end)


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
