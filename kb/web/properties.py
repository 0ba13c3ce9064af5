"""The properties of Wikidata that the linking table knows: whose they are, what they are worth, and how they are asked for.

https://reconciliation-api.github.io/specs/0.2/#data-extension-service. Name, description and other names, which are no
properties of Wikidata, have the ids that Wikidata's own service gives them. JSON values in and out; HTTP is not known here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from kb.errors import QueryError
from kb.gazetteer import Gazetteer, Item
from kb.linking.classes import aligned, classes_of
from kb.linking.disambiguation import ORGANIZATIONS
from kb.linking.places import PLACES

Json: TypeAlias = dict[str, Any]

#: Items, and properties, of a data extension query.
MOST_ITEMS, MOST_PROPERTIES = 1000, 50
STANDARD = "https://reconciliation-api.github.io/specs/0.2/"


@dataclass(frozen=True, slots=True)
class Property:
    """A property of items.

    Attributes:
        id: in Wikidata, "P17".
        name: its label in Wikidata.
        description: what its values are.
        values: those of an item, as the standard writes them.
        classes: our classes whose items may have it; empty if all.
        narrows: whether a reconciliation query may say it.
        value_class: our class of the values, if they are items of one.
    """

    id: str
    name: str
    description: str
    values: Callable[[Gazetteer, Item], Iterable[Json]]
    classes: frozenset[str] = frozenset()
    narrows: bool = False
    value_class: str = ""


@dataclass(frozen=True, slots=True)
class Extension:
    """A data extension query.

    Attributes:
        ids: of items.
        properties: ids of what is wanted of each.
    """

    ids: tuple[str, ...]
    properties: tuple[str, ...]


# Values ---------------------------------------------------------------------------------------------------------------


def _country(table: Gazetteer, item: Item) -> Iterator[Json]:
    """The country of an item; one is, as in Wikidata, in itself."""
    if country := item if item.cls == "Country" else table.item(item.country or ""):
        yield {"id": country.qid, "name": country.label}


def _class(_table: Gazetteer, item: Item) -> Iterator[Json]:
    if cls := aligned().get(item.cls):
        yield {"id": cls.id, "name": cls.label} if cls.same else {"str": cls.label}


def _posts(table: Gazetteer, item: Item) -> Iterator[Json]:
    """Each post once, though it may have been held twice."""
    posts = dict.fromkeys((term.qid, term.title) for term in table.terms(item.qid))
    return ({"id": qid, "name": title} if qid else {"str": title} for qid, title in posts)


def _coordinates(_table: Gazetteer, item: Item) -> Iterator[Json]:
    """Latitude and longitude in degrees, as Wikidata's own service writes them."""
    if item.coordinates:
        yield {"str": ",".join(map(str, item.coordinates))}


def _texts(texts: Iterable[str]) -> list[Json]:
    return [{"str": text} for text in texts if text]


_ALL = (
    Property("P17", "country", "the country it is in", _country, ORGANIZATIONS | PLACES, True, "Country"),
    Property(
        "P27", "country of citizenship", "the country of a person", _country, frozenset({"Person"}), True, "Country"
    ),
    Property("P31", "instance of", "what kind of thing it is", _class),
    Property("P39", "position held", "the posts of a person", _posts, frozenset({"Person"})),
    Property("P625", "coordinate location", "latitude and longitude in degrees", _coordinates, PLACES),
    Property(
        "P1549",
        "demonym",
        "the adjective of a country, and words for its people",
        lambda table, item: _texts(table.demonyms(item.qid)),
        frozenset({"Country", "Region"}),
    ),
    Property("Len", "label", "its name", lambda _, item: _texts([item.label])),
    Property("Den", "description", "a few words on what it is", lambda _, item: _texts([item.description])),
    Property("Aen", "also known as", "its other names", lambda table, item: _texts(table.aliases(item.qid))),
)
#: Every property by its id.
PROPERTIES: Mapping[str, Property] = {prop.id: prop for prop in _ALL}


# What is asked --------------------------------------------------------------------------------------------------------


def parse_extension(asked: object) -> Extension:
    """A data extension query.

    Args:
        asked: as JSON has it.

    Raises:
        QueryError: it is none; the message says why.
    """
    if not isinstance(asked, dict):
        raise _wrong("not an object")
    wanted = _listed(asked, "properties")
    if not all(isinstance(prop, dict) for prop in wanted):
        raise _wrong('"properties" is no list of objects')
    return Extension(_ids("ids", _listed(asked, "ids")), _ids("properties", [prop.get("id") for prop in wanted]))


def _listed(asked: Json, name: str) -> list[Any]:
    value = asked.get(name)
    if not isinstance(value, list):
        raise _wrong(f'"{name}" is no list')
    return value


def _ids(name: str, values: Iterable[object]) -> tuple[str, ...]:
    ids = dict.fromkeys(value if isinstance(value, str) else "" for value in values)
    if "" in ids:
        raise _wrong(f'"{name}" has one without an id')
    return tuple(ids)


def _wrong(what: str) -> QueryError:
    return QueryError(what, where="extend", hint=f"see {STANDARD}#data-extension-service")


# Answers --------------------------------------------------------------------------------------------------------------


def extended(asked: Extension, items: Mapping[str, Item], table: Gazetteer) -> Json:
    """What was asked for: an item or a property that is not known has no values.

    Args:
        asked: the query.
        items: the items by their ids, as far as they are known.
        table: where they are from.
    """
    rows = {
        qid: {pid: _values(PROPERTIES.get(pid), items.get(qid), table) for pid in asked.properties} for qid in asked.ids
    }
    return {"meta": [_meta(pid) for pid in asked.properties], "rows": rows}


def _values(prop: Property | None, item: Item | None, table: Gazetteer) -> list[Json]:
    theirs = prop and item and (not prop.classes or item.cls in prop.classes)
    return list(prop.values(table, item)) if prop and item and theirs else []


def _meta(pid: str) -> Json:
    prop = PROPERTIES.get(pid)
    cls = aligned().get(prop.value_class) if prop else None
    typed = {"type": {"id": cls.id, "name": cls.label}} if cls else {}
    return {"id": pid, "name": prop.name if prop else pid, **typed}


def proposed(type_id: str, limit: int | None = None) -> Json:
    """The properties that items of a type may have; every one where the type is not known.

    Args:
        type_id: of the type.
        limit: most properties wanted; None is all.
    """
    classes = set(classes_of(type_id))
    fitting = [prop for prop in _ALL if not (classes and prop.classes) or classes & prop.classes]
    told = {} if limit is None else {"limit": limit}
    return {"type": type_id, "properties": [{"id": p.id, "name": p.name} for p in fitting[:limit]], **told}
