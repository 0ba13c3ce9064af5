"""Where a place lies and of what kind it is: what the article says, beside what the table knows."""

import re
from collections.abc import Iterator, Sequence

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
    (re.compile(r" (area|island)$"), _REGION),
    (re.compile(r" (group|militants|militia|rebels|movement|network)$"), frozenset({"ArmedGroup"})),
    (re.compile(r" (news agency|agency|newspaper|television)$"), frozenset({"MediaOrganization"})),
)
#: Kinds whose word is part of the name: the Colorado River is not what is called Colorado.
_NATURE = re.compile(r" (river|valley|mountains?|desert|bay|lake)$"), _REGION
#: A common noun with "of" before a name, and one behind it.
_KIND_OF, _KIND_AFTER = re.compile(r"\b([a-z]+) of (?:the )?\Z"), re.compile(r" ([a-z]+)\b")
#: Text before a mention in which its kind may stand.
BEFORE = 60
#: What follows the name of a place: "Istanbul, Turkey".
_APPOSED = re.compile(r", (?P<outer>\b[A-Z]\w+(?: [A-Z]\w+)?)")


# Where it lies --------------------------------------------------------------------------------------------------------


def within(name: str, gazetteer: Gazetteer) -> Iterator[tuple[Item, bool]]:
    """The places of a name with its country or province after a comma: "Istanbul, Turkey", "Lahore, Punjab, India"."""
    inner, *outer = name.split(", ")
    wider = [place for part in outer for place in _places(part, gazetteer)]
    for item in _places(inner, gazetteer) if wider else ():
        lies = _lies_in(item, wider, gazetteer)
        if lies is not False:
            yield item, bool(lies)


def _places(name: str, gazetteer: Gazetteer) -> tuple[Item, ...]:
    return tuple(item for item in gazetteer.lookup(name) if item.cls in PLACES)


def _lies_in(item: Item, wider: Sequence[Item], gazetteer: Gazetteer) -> bool | None:
    """Whether a place lies in one of others, as far as the table knows; None if it does not."""
    around = {item.country, *gazetteer.around(item.qid)}
    if any(other.qid in around for other in wider):
        return True
    countries = {other.country or other.qid for other in wider if other.country or other.cls == "Country"}
    if item.country and countries and item.country not in countries:
        return False
    mine = {qid for qid in around if qid and _province(qid, gazetteer)}
    others = all(_province(other.qid, gazetteer) for other in wider)
    return False if mine and others else None


def _province(qid: str, gazetteer: Gazetteer) -> bool:
    """Whether a region is one of those that a country is divided into: it lies in no other."""
    item = gazetteer.item(qid)
    return bool(item and item.cls == "Region" and item.country and not gazetteer.around(qid))


def said_to_lie_in(entity: model.Entity, item: Item, article: model.Article, gazetteer: Gazetteer) -> bool | None:
    """Whether a place lies where the article says after a mention, as far as the table knows."""
    if item.cls not in PLACES:
        return None
    said = (_APPOSED.match(article.text, span.end) for span in entity.mentions)
    names = {name for match in said if match for name in (match["outer"], match["outer"].partition(" ")[0])}
    wider = [place for name in names for place in _places(name, gazetteer) if place.cls in {"Country", "Region"}]
    return _lies_in(item, wider, gazetteer) if wider else None


# Of what kind it is ----------------------------------------------------------------------------------------------------


def of_another_kind(entity: model.Entity, item: Item, article: model.Article) -> bool:
    """Whether the article calls it a province or a town, with its name or beside it, and the item is something else."""
    if item.cls not in PLACES:
        return False
    # What is around a country may be called a region too.
    beside = _with_kinds(entity, article.text) if item.cls != "Country" else set()
    names = {key(name) for name in (entity.label, *entity.names)} | beside
    said = [classes for kind, classes in (*KINDS, _NATURE) if classes <= PLACES and any(map(kind.search, names))]
    return bool(said) and not any(item.cls in classes for classes in said)


def _with_kinds(entity: model.Entity, text: str) -> set[str]:
    """The mentions with what may say their kind: "(the) province of Khost", "(in the) Swat valley"."""
    found: set[str] = set()
    for span in entity.mentions:
        name, before = key(text[span.begin : span.end]), _KIND_OF.search(text, max(0, span.begin - BEFORE), span.begin)
        after = _KIND_AFTER.match(text, span.end)
        found.update([f"{before[1]} of {name}"] if before else [], [f"{name} {after[1]}"] if after else [])
    return found
