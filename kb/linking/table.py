"""The lines of the linking table and of its names: rows to text and back, and the curated rows. Nothing is decided here.

The form is that of ``kb.gazetteer``: ``table.tsv`` with one item a line, sorted by the bytes of the ids, and ``names.tsv``
with one normal form a line and the ids of the items that have it, best first, sorted by bytes too.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kb.gazetteer import (
    COLUMNS,
    DEMONYM,
    FOLDED,
    MAX_HOLDERS,
    OFFICE,
    SURNAME,
    fold,
    key,
    office_key,
    read_term,
    surname,
)
from kb.linking.titles import SEAT, office

HERE = Path(__file__).resolve().parent
#: At most so many other names, posts of a person, persons of one surname, and items of one name.
MAX_ALIASES, MAX_POSTS, MAX_NAMESAKES, MAX_ITEMS = 14, 5, 12, 24
#: At most so many items that an item belongs to.
MAX_BELONGS_TO = 8
#: Terms of office that ended before are not found by their posts; posts of long ago had many holders.
SINCE = "1990"
#: A person without an office is found by surname alone only from this prior on.
SURNAME_PRIOR = 45
ROMAN_OR_SUFFIX = re.compile(r"^(i{1,3}|iv|vi?|jr|sr|iii|obe|mbe|ben|bin|ibn)$")


@dataclass(slots=True)
class Row:
    """A line of the table, while it is built."""

    qid: str
    label: str
    cls: str
    aliases: list[str] = field(default_factory=list)
    demonyms: list[str] = field(default_factory=list)
    country: str = ""
    prior: int = 0
    posts: list[str] = field(default_factory=list)
    description: str = ""
    coordinates: str = ""
    post_qids: list[str] = field(default_factory=list)
    belongs_to: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """The label and every other name."""
        return [self.label, *self.aliases]


def read_overrides(file: Path = HERE / "overrides.tsv") -> dict[str, dict[str, str]]:
    """The curated rows by item; a cell is empty where nothing changes."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = (line for line in lines if not line.startswith("#"))
        return {row["qid"]: row for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)}


def flat(text: str) -> str:
    """A text as a cell of the table: on one line, without white space at its ends."""
    return " ".join(text.split())


def coordinates(latitude: float, longitude: float) -> str:
    """Degrees (WGS 84) as a cell of the table, to ten metres.

    >>> coordinates(33.5, -36.29999)
    '33.5,-36.3'
    """
    # Adding zero takes the sign from a zero.
    return f"{round(latitude, 4) + 0.0},{round(longitude, 4) + 0.0}"


def post(title: str, country: str, start: str, end: str) -> str:
    """A term of office as the table has it; dates are ISO, empty where unknown.

    >>> post("President", "Q858", "2000-07-17", "")
    'President@Q858:2000-07-17..'
    """
    return f"{_SEPARATORS.sub(' ', title)}@{country}:{start}..{end}"


_SEPARATORS = re.compile(r"[@|:\t]|\.\.")


def names_of(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Every normal form with the ids of the items that have it, best first."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        for normal in keys(row):
            found[normal].setdefault(row.qid, row.prior)
    return {normal: _best(normal, priors) for normal, priors in found.items()}


def _best(normal: str, priors: Mapping[str, int]) -> list[str]:
    return sorted(priors, key=lambda qid: (-priors[qid], qid))[: most(normal)]


def most(normal: str) -> int:
    """How many items a line of the names lists."""
    return _MOST.get(normal[0], MAX_ITEMS)


_MOST = {SURNAME: MAX_NAMESAKES, OFFICE: MAX_HOLDERS}


#: Classes whose names are transliterated.
TRANSLITERATED = frozenset(("Person", "City", "Region", "Facility", "ArmedGroup", "MediaOrganization"))


def keys(row: Row) -> Iterator[str]:
    """The normal forms under which a row is found, each with its sign; some may come twice."""
    normals = [normal for name in row.names() if (normal := key(name))]
    yield from normals
    if row.cls in TRANSLITERATED:
        yield from (FOLDED + folded for normal in normals if (folded := fold(normal)) != normal)
    if row.cls == "Person" and (row.posts or row.prior >= SURNAME_PRIOR):
        last = (surname(normal).casefold() for normal in normals if " " in normal)
        yield from (SURNAME + word for word in last if not ROMAN_OR_SUFFIX.match(word))
    yield from (DEMONYM + key(word).casefold() for word in row.demonyms)
    yield from _offices(row)


def _offices(row: Row) -> Iterator[str]:
    """The keys of the posts that a person held in a country, seats left out."""
    for term in map(read_term, row.posts):
        if term.country and term.start and (term.end or SINCE) >= SINCE and not SEAT.match(term.title):
            yield office_key(term.country, office(term.title))


def table_text(rows: Iterable[Row]) -> str:
    """The table as text."""
    return HEADING + "".join(line(row) for row in rows)


HEADING = "\t".join(COLUMNS) + "\n"


def line(row: Row) -> str:
    """A row as its line of the table."""
    names = "|".join(row.aliases), "|".join(row.demonyms)
    about = row.country, str(row.prior), "|".join(row.posts), row.description, row.coordinates, "|".join(row.post_qids)
    return "\t".join((row.qid, row.label, row.cls, *names, *about, "|".join(row.belongs_to))) + "\n"


def names_text(rows: Iterable[Row]) -> str:
    """The names as text, sorted by their bytes."""
    lines = (f"{normal}\t{' '.join(qids)}\n" for normal, qids in names_of(rows).items())
    return "".join(sorted(lines, key=str.encode))


def read_table(file: Path = HERE / "table.tsv") -> list[Row]:
    """The rows of a table that is already built."""
    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    return [_row(line.split("\t")) for line in lines]


def _row(cells: list[str]) -> Row:
    qid, label, cls, aliases, demonyms, country, prior, posts, description, place, post_qids, belongs_to = cells
    lists = _split(aliases), _split(demonyms), country, int(prior), _split(posts)
    return Row(qid, label, cls, *lists, description, place, post_qids.split("|") if posts else [], _split(belongs_to))


def _split(cell: str) -> list[str]:
    return cell.split("|") if cell else []
