"""Where an item lies and what it belongs to, read off the few words that a source has on it.

"city in Anbar Governorate, Iraq", "leader of Hezbollah": the names in such a description are those of other items. What is
not certain is left out: a name that two items of one country have, or a province that lies in another country.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from kb.gazetteer import key
from kb.linking.places import PLACES
from kb.linking.table import MAX_BELONGS_TO, Row

#: The rows of a name, by its normal form, the best known first.
_Named: TypeAlias = Mapping[str, Sequence[Row]]

#: What a description may say that something belongs to; names of other bodies are too often words for a kind.
_BODIES = frozenset(("ArmedGroup", "ArmedForce", "InternationalOrganization", "MediaOrganization", "PoliticalParty"))
#: A preposition, after which the names of places begin.
_WHERE = re.compile(r"\b(?:in|of|at|on|near|spanning|the U\.S\. state)\b(?P<where>.*)$")
_CAPITALIZED = r"[A-Z\u00c0-\u00de][\w.'\u2019-]*"
#: Names as they stand in a row: "Anbar Governorate", "Trinidad and Tobago", "Islamic State of Iraq".
_NAME = re.compile(rf"{_CAPITALIZED}(?: (?:(?:of|and|the|for|al|el|de) ){{0,2}}{_CAPITALIZED})*")
_JOINED = re.compile(r" (?:of|and|for) (?:the )?")


def belong(rows: Iterable[Row]) -> None:
    """Note in each row what its description says that it lies in or belongs to, and in that of a place its country.

    Args:
        rows: of one table, with all their names.
    """
    rows = list(rows)
    places, bodies = _named(rows, PLACES), _named(rows, _BODIES)
    for row in rows:
        if row.cls == "Country":
            continue
        country, found = ("", []) if row.cls == "Person" else _places(row, places)
        row.country = row.country or (country if row.cls in PLACES else "")
        found += [] if row.cls in PLACES else _bodies(row, bodies, places)
        row.belongs_to = list(dict.fromkeys(other.qid for other in found))[:MAX_BELONGS_TO]


def _named(rows: Iterable[Row], classes: Container[str]) -> _Named:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (-row.prior, row.qid)):
        if row.cls in classes:
            for normal in dict.fromkeys(map(key, row.names())):
                found[normal].append(row)
    return found


def _places(row: Row, places: _Named) -> tuple[str, list[Row]]:
    """The country, empty if it is unknown, and what lies in it, from inside outwards: it is read from the end."""
    country, within = row.country, list[Row]()
    where = _WHERE.search(row.description)
    parts = where["where"].split(",") if where else ()
    for name in reversed([name for part in parts for name in _readings(part)]):
        found = [place for place in places.get(key(name), ()) if place is not row]
        states = [place.qid for place in found if place.cls == "Country" and country in {"", place.qid}]
        inner = [place for place in found if place.country and country in {"", place.country}]
        if states:
            country = states[0]
        elif len(inner) == 1:
            country = inner[0].country
            within.insert(0, inner[0])
    return country, within


def _readings(text: str) -> Iterator[str]:
    """The names in a text, and those that they join."""
    for match in _NAME.finditer(text):
        yield from dict.fromkeys((match[0], *_JOINED.split(match[0])))


def _bodies(row: Row, bodies: _Named, places: _Named) -> list[Row]:
    names = (key(match[0]) for match in _NAME.finditer(row.description))
    found = (bodies.get(name, ()) for name in names if name not in places)
    return [same[0] for same in found if len(same) == 1 and same[0] is not row]
