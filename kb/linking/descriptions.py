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
#: By how much, in percent, a place has to be better known than the next of its name.
FAR = 20
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
    rows = [row for row in rows if row.cls != "Country"]
    _find_countries(rows, places)
    for row in rows:
        found = [] if row.cls == "Person" else _places(row, places)[1]
        found += [] if row.cls in PLACES else _bodies(row, bodies, places)
        row.belongs_to = list(dict.fromkeys(other.qid for other in found))[:MAX_BELONGS_TO]


def _find_countries(rows: Iterable[Row], places: _Named) -> None:
    """Of places without one, those outside first: a town has the country of its province."""
    lacking = [row for row in rows if row.cls in PLACES and not row.country]
    while found := {row.qid: country for row in lacking if (country := _places(row, places)[0])}:
        for row in lacking:
            row.country = found.get(row.qid, "")
        lacking = [row for row in lacking if not row.country]


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
        inner = _best_known([place for place in found if place.country and country in {"", place.country}])
        if states:
            country = states[0]
        elif inner:
            country = inner.country
            within.insert(0, inner)
    return country, within


def _best_known(places: list[Row]) -> Row | None:
    """The place that hardly anybody would take for another of its name, if there is one; they come best known first."""
    regions = [place for place in places if place.cls == "Region"]
    for kind in (places, regions):
        if len(kind) == 1 or (kind and kind[0].prior >= kind[1].prior + FAR):
            return kind[0]
    return None


def _readings(text: str) -> Iterator[str]:
    """The names in a text, and those that they join."""
    for match in _NAME.finditer(text):
        yield from dict.fromkeys((match[0], *_JOINED.split(match[0])))


def _bodies(row: Row, bodies: _Named, places: _Named) -> list[Row]:
    names = (key(match[0]) for match in _NAME.finditer(row.description))
    found = (bodies.get(name, ()) for name in names if name not in places)
    return [same[0] for same in found if len(same) == 1 and same[0] is not row]
