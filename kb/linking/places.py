"""Where a place lies and of what kind it is: what the article says, beside what the table knows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb import model
from kb.gazetteer import Gazetteer, Item, key

#: Classes of places.
PLACES = frozenset("Place Country Region City Facility".split())
_REGION = frozenset({"Region"})
_PROVINCES = "province|governorate|oblast|region|state|district|county|prefecture"
#: Words for a kind that may stand before or after a name, and the classes that they leave open.
KINDS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile(rf"^({_PROVINCES}) of | ({_PROVINCES})$"), _REGION),
    (re.compile(r"^(city|town|village|port) of | (city|town|village)$"), frozenset({"City"})),
    (re.compile(r" island$"), _REGION),
    (re.compile(r" area$"), _REGION | {"City"}),
    (re.compile(r" (group|militants|militia|rebels|movement|network)$"), frozenset({"ArmedGroup"})),
    (re.compile(r" (news agency|agency|newspaper|television)$"), frozenset({"MediaOrganization"})),
)
#: Kinds whose word is part of the name: the Colorado River is not what is called Colorado.
_NATURE = re.compile(r" (river|valley|mountains?|desert|bay|lake)$"), _REGION
#: A common noun with "of" before a name, and one behind it.
_KIND_OF, _KIND_AFTER = re.compile(r"\b([a-z]+) of (?:the )?\Z"), re.compile(r" ([a-z]+)\b")
#: Text before a mention in which its kind, or a post, may stand.
BEFORE = 60
_NAME = r"[A-Z][\w-]+(?: [A-Z][\w-]+)?"
#: What follows the name of a place: "Istanbul, Turkey,"; not "In Beirut, Syria said".
_APPOSED = re.compile(rf", ({_NAME})(?:, ({_NAME}))?(?=[,.;:)!?\n]|\Z)")


@dataclass(frozen=True, slots=True)
class Said:
    """What an article says of a place beside its names.

    Attributes:
        outer: the places that may be meant by each name of where it lies.
        kinds: its mentions with the nouns around them, "province of khost".
    """

    outer: tuple[Sequence[Item], ...] = ()
    kinds: frozenset[str] = frozenset()


def said_of(entity: model.Entity, article: model.Article, gazetteer: Gazetteer) -> Said:
    """What an article says of where an entity lies and of what kind it is, if it is a place."""
    text = article.text
    apposed = (_APPOSED.match(text, span.end) for span in entity.mentions)
    names = dict.fromkeys(name for match in apposed if match for name in match.groups() if name)
    outer = (_places(name, gazetteer, _WIDER) for name in names)
    return Said(tuple(filter(None, outer)), frozenset(_with_kinds(entity, text)))


# Where it lies --------------------------------------------------------------------------------------------------------


def within(name: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, bool]]:
    """The places of a name with its country or province after a comma, "Istanbul, Turkey", "Lahore, Punjab, Pakistan".

    With each, whether the table knows that it lies there; else it lies in that country at least.
    """
    inner, *parts = name.split(", ")
    outer = [places for part in parts if (places := _places(part, gazetteer, _WIDER))]
    for item in _places(inner, gazetteer, PLACES) if outer else ():
        lies = lies_in(item, outer, gazetteer)
        if lies or (lies is None and all(item.country in _countries(places) for places in outer)):
            yield item, bool(lies)


_WIDER = frozenset(("Country", "Region"))


def _places(name: str, gazetteer: Gazetteer, classes: frozenset[str]) -> tuple[Item, ...]:
    return tuple(item for item in gazetteer.lookup(name) if item.cls in classes)


def lies_in(item: Item, outer: Sequence[Sequence[Item]], gazetteer: Gazetteer) -> bool | None:
    """Whether a place lies in one place of each of several names; None where the table does not know."""
    found = [_lies_in(item, places, gazetteer) for places in outer]
    return False if False in found else all(found) or None


def _lies_in(item: Item, places: Sequence[Item], gazetteer: Gazetteer) -> bool | None:
    around = {item.country, *gazetteer.around(item.qid)}
    if any(place.qid in around for place in places):
        return True
    countries = _countries(places)
    if item.country and countries and item.country not in countries:
        return False
    mine = any(qid and _province(qid, gazetteer) for qid in around)
    return False if mine and all(_province(place.qid, gazetteer) for place in places) else None


def _countries(places: Sequence[Item]) -> set[str]:
    return {place.qid if place.cls == "Country" else place.country for place in places} - {None}  # type: ignore[return-value]


def _province(qid: str, gazetteer: Gazetteer) -> bool:
    """Whether a region is one of those that a country is divided into: it lies in no other."""
    item = gazetteer.item(qid)
    return bool(item and item.cls == "Region" and item.country and set(gazetteer.around(qid)) <= {item.country})


# Of what kind it is ---------------------------------------------------------------------------------------------------


def of_another_kind(entity: model.Entity, item: Item, said: Said) -> bool:
    """Whether the article calls it a province or a town, with its name or beside it, and the item is something else."""
    if item.cls not in PLACES:
        return False
    # What is around a country may be called a region too.
    names = {key(name) for name in (entity.label, *entity.names)} | (said.kinds if item.cls != "Country" else set())
    found = [classes for kind, classes in (*KINDS, _NATURE) if classes <= PLACES and any(map(kind.search, names))]
    return bool(found) and not any(item.cls in classes for classes in found)


def _with_kinds(entity: model.Entity, text: str) -> set[str]:
    """The mentions with what may say their kind: "(the) province of Khost", "(in the) Swat valley"."""
    found: set[str] = set()
    for span in entity.mentions:
        name, before = key(text[span.begin : span.end]), _KIND_OF.search(text, max(0, span.begin - BEFORE), span.begin)
        after = _KIND_AFTER.match(text, span.end)
        found.update([f"{before[1]} of {name}"] if before else [], [f"{name} {after[1]}"] if after else [])
    return found
