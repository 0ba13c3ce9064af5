"""Decides which item of the linking table an entity of an article is, if any.

A candidate has a name of the entity and a class that agrees with its class. Its score is the quality of that match
times how likely the item is: how well known, whether the article names its country, whether a person was in office
then. A link is confident only above a threshold and clearly ahead of the runner-up; unsure links are kept as near matches.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kb import model
from kb.gazetteer import Gazetteer, Item, Term, key, load_gazetteer

#: A link at or above this score says that it is the item ...
CONFIDENT = 0.72
#: ... if the next candidate's score is lower by this much; from this score on it is a near match.
MARGIN = 0.06
PLAUSIBLE = 0.5
#: Namesakes closer than this cannot be told apart, and there is no link at all.
TIE = 0.01
#: Parts of a score: of a name that fits at all, of how well known the item is, of how it fits the article.
BASE, FAME, FIT = 0.4, 0.3, 0.3
#: A prior from which on an item is known to everybody, and for persons, whose full names say more.
FAMOUS = 0.6
FAME_OF = {"Person": 0.4}
#: A person without office needs this prior for a confident link in an article on their country, and fame elsewhere:
#: people of one name are many.
KNOWN_PERSON = 0.4
#: A namesake of a person must be further behind than another candidate.
PERSON_MARGIN = 0.12
#: How good a name is: label, other name, other transliteration, name without its middle, one completed with the country
#: of the article, surname alone.
LABEL, ALIAS, FOLDED, SHORTENED, COMPLETED, SURNAME = 1.0, 0.97, 0.85, 0.9, 0.76, 0.6
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
#: A class that says little, and those that may turn out to be meant.
GENERIC = {"Organization": ORGANIZATIONS, "Place": PLACES, "Agent": ORGANIZATIONS | {"Person", "Country"}}
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
    """An item that an entity may be, the quality of the name that suggested it, and its score, which may exceed 1."""

    item: Item
    quality: float
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
    scene = Scene(_countries(entities, article, gazetteer), article)
    return tuple(_linked(entity, candidates(entity, scene, gazetteer)) for entity in entities)


def _linked(entity: model.Entity, ranked: Sequence[Candidate]) -> model.Entity:
    if not ranked or ranked[0].score < PLAUSIBLE or _lead(ranked) < TIE:
        return entity
    best = ranked[0]
    proposal = model.Link(qid=best.item.qid, score=round(min(1.0, best.score), 3), confident=_confident(ranked))
    return replace(entity, link=proposal, cls=_refined(entity.cls, best.item) if proposal.confident else entity.cls)


def _confident(ranked: Sequence[Candidate]) -> bool:
    margin = PERSON_MARGIN if ranked[0].item.cls == "Person" else MARGIN
    return _lead(ranked) >= margin and ranked[0].score >= CONFIDENT


def _lead(ranked: Sequence[Candidate]) -> float:
    return ranked[0].score - ranked[1].score if len(ranked) > 1 else 1.0


def _refined(cls: str, item: Item) -> str:
    return item.cls if item.cls in GENERIC.get(cls, ()) else cls


def candidates(entity: model.Entity, scene: Scene, gazetteer: Gazetteer) -> list[Candidate]:
    """The items that the entity may be, best first."""
    best: dict[str, Candidate] = {}
    for item, quality in _named(entity, scene, gazetteer):
        if item.qid not in best or best[item.qid].quality < quality:
            best[item.qid] = Candidate(item, quality, _score(entity, item, quality, scene, gazetteer))
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


def _telling_names(entity: model.Entity) -> list[str]:
    names = [entity.label, *entity.names]
    vague = _ONE_WORD if entity.cls == "Person" else _OF_A_STATE
    return [name for name in names if not vague.fullmatch(key(name))] or names


def _exact(name: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    for item in gazetteer.lookup(name):
        yield item, LABEL if key(item.label) == key(name) else ALIAS


def _inexact(name: str, cls: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, float]]:
    normal = key(name)
    if cls == "Person":
        yield from _person(normal, gazetteer)
    else:
        yield from _of_kind(normal, gazetteer)
    yield from ((item, FOLDED) for item in gazetteer.folded(name))


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


def _score(entity: model.Entity, item: Item, quality: float, scene: Scene, gazetteer: Gazetteer) -> float:
    fame = min(1.0, item.prior / FAMOUS)
    base = quality * agreement(entity.cls, item.cls) * (BASE + FAME * fame + FIT * _fit(item, quality, scene))
    if item.cls != "Person" or base == 0:
        return base
    terms = gazetteer.terms(item.qid)
    score = base + _in_office(terms, scene.article.published) + _post_said(entity, terms, scene.article)
    return score if terms or _known(item, scene) else min(score, CONFIDENT - 0.01)


def _known(item: Item, scene: Scene) -> bool:
    return item.prior >= (KNOWN_PERSON if item.country in scene.countries else FAMOUS)


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
    if any(_covers(term, published) for term in terms):
        return IN_OFFICE
    return NOT_YET if all(term.start and term.start > published for term in terms) else 0.0


def _covers(term: Term, date: str) -> bool:
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
        for word in dict.fromkeys((words, *words.split())):
            if item := gazetteer.demonym(word):
                found[item.qid] += count
    return found


def _country_of(entity: model.Entity, gazetteer: Gazetteer) -> Iterator[str]:
    for item in gazetteer.lookup(entity.label)[:1]:
        if agreement(entity.cls, item.cls) > SAME_FAMILY and (item.cls == "Country" or item.prior >= FAMOUS):
            yield item.country or item.qid
