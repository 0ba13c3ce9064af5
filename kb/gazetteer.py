"""Names of the world's states, places, people and bodies, read from the linking table; nothing is written.

Two sorted text files lie in ``kb/linking``: ``table.tsv``, one Wikidata item a line, and ``names.tsv``, generated from
it, one normalised name a line. Both are searched in place by bisection: opening them costs a read.
Here live the normal forms of a name; which item an entity *is*, in its article, is decided in ``kb.linking``.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import filterfalse, islice
from mmap import ACCESS_READ, mmap
from pathlib import Path

from kb.errors import InputError
from kb.resources import PACKAGE

#: Columns of ``table.tsv``, in this order; lists are separated by ``|``. Coordinates are "lat,lon"; the items of the
#: posts stand in the order of the posts, empty where unknown; an item belongs to the place it lies in, to its party …
COLUMNS = (
    "qid", "label", "class", "aliases", "demonyms", "country", "prior", "posts",
    "description", "coordinates", "post_qids", "belongs_to",
)  # fmt: skip
DESCRIPTION, COORDINATES, POST_QIDS = map(COLUMNS.index, ("description", "coordinates", "post_qids"))
#: The files of a table, and what says of another table than ours which it is; the form of all three.
TABLE, NAMES, INDEX, FORMAT = "table.tsv", "names.tsv", "index.json", 2
#: A name longer than this names nothing.
MAX_NAME = 120
#: So far up is followed what an item belongs to: a town, its district, province and country.
LEVELS = 4
#: Names looked at for the items that a short prefix may mean.
SCANNED = 5000
#: Names whose items are kept at hand.
CACHE = 1 << 15
#: In ``names.tsv`` a key may stand for a name's folded form, a person's surname, a demonym, or a post in a country.
FOLDED, SURNAME, DEMONYM, OFFICE = "~", "@", "=", "^"
#: Holders of a post that a line of the names lists; one with so many lists not all.
MAX_HOLDERS = 64

#: Letters that do not decompose into a base letter and an accent; apostrophes and ayins fall together.
_LETTERS = str.maketrans(
    {
        "\u00f8": "o", "\u00d8": "O", "\u0142": "l", "\u0141": "L", "\u0111": "d", "\u0110": "D", "\u0131": "i",
        "\u00df": "ss", "\u00e6": "ae", "\u00c6": "Ae", "\u0153": "oe", "\u0259": "a", "\u018f": "A", "\u00f0": "d",
        "\u00fe": "th", "&": " and ",
    }
    | dict.fromkeys("\u2018\u2019\u02bb\u02bc\u02be\u02bf\u2032\u00b4`", "'")
)  # fmt: skip
_POSSESSIVE = re.compile(r"(?<=\w)'[sS]?$")
_INITIALS = re.compile(r"\b([^\W\d_])\.\s?(?=[^\W\d_](?:\.|\b))")
_NO_WORD = re.compile(r"[^\w]+|_+")
_ACRONYM = re.compile(r"[A-Z][A-Z0-9]{1,5}$")
#: Articles of Arabic names, in the spellings that newspapers use.
_ARTICLES = frozenset("al el ad ed ar er as es ash esh at et az ez an en ul ol il".split())
#: Spellings of one sound, applied in this order; both sides of a comparison go through it.
_SOUNDS = (
    ("ou", "u"), ("oo", "u"), ("aw", "u"), ("au", "u"), ("ow", "u"), ("ee", "i"), ("ei", "ai"), ("ey", "ai"),
    ("ay", "ai"), ("dj", "j"), ("dh", "d"), ("kh", "h"), ("gh", "g"), ("q", "k"), ("y", "i"), ("e", "i"), ("o", "u"),
)  # fmt: skip
#: Given names whose spellings the sounds above do not bring together.
_SPELLINGS = {
    spelling: names[0]
    for names in (
        ("muhamad", "muhamid", "mahamad", "mahamid", "muhamud"),
        ("husain", "husin", "husaini"),
        ("ahmad", "ahmid"),
        ("abd", "abdul", "abdil", "abdal"),
        ("dair", "dir"),
        ("zur", "zuwr"),
        ("yusuf", "iusuf", "iusif", "iusaf"),
    )
    for spelling in names
}
_DOUBLE = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Item:
    """A Wikidata item of the table.

    Attributes:
        qid: "Q…".
        label: the name a newspaper would use.
        cls: most specific class, a term of the ontology.
        country: the item of its country, or None.
        prior: how likely a name of it means it, before anything is read, in [0, 1].
        description: a few words of Wikidata on what it is; may be empty.
        coordinates: of a place, latitude and longitude in degrees (WGS 84), or None.
    """

    qid: str
    label: str
    cls: str
    country: str | None
    prior: float
    description: str = ""
    coordinates: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A term of office; dates are ISO, as exact as known, or None.

    Attributes:
        title: the post.
        country: the item of the country, or None.
        start: first day.
        end: last day, or None where it is unknown or still to come.
        qid: the item of the post, or None.
    """

    title: str
    country: str | None
    start: str | None
    end: str | None
    qid: str | None = None


@lru_cache(maxsize=CACHE)
def key(name: str) -> str:
    """The normal form of a name: case, accents, dots, apostrophes and a leading "the" do not count.

    An acronym keeps its capitals, so that "U.S." and "US" are one name and "us" is another. Empty if nothing is left.

    >>> key("the U.S."), key("Da'esh"), key("Abu Kamal's")
    ('US', 'daesh', 'abu kamal')
    """
    return normal_form(name)


def normal_form(name: str) -> str:
    """What `key` remembers; to be called where hardly a name comes twice."""
    if len(name) > MAX_NAME:
        return ""
    words = _ascii_words(name) if name.isascii() else _words(name)
    if len(words) > 1 and words[0] in {"the", "The", "THE"}:
        words = words[1:]
    text = " ".join(words)
    return text if _ACRONYM.match(text) else text.casefold()


#: Each ASCII character as it stands in a normal form, before its case: a letter, a digit, nothing, or a gap.
_ASCII = {code: chr(code) if chr(code).isalnum() else None if chr(code) in "'." else " " for code in range(128)}


def _ascii_words(name: str) -> list[str]:
    """What `_words` gives for a name in ASCII, which most are, in a tenth of the time."""
    if "&" in name or "`" in name:
        name = name.replace("&", " and ").replace("`", "'")
    if "'" in name:
        name = _POSSESSIVE.sub("", name.strip())
    if "." in name:
        name = _INITIALS.sub(r"\1", name)
    return name.translate(_ASCII).split()


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).translate(_LETTERS))
    plain = "".join(filterfalse(unicodedata.combining, plain))
    if plain.isascii():
        return _ascii_words(plain)
    plain = _INITIALS.sub(r"\1", _POSSESSIVE.sub("", plain.strip()))
    return _NO_WORD.sub(" ", plain.replace("'", "").replace(".", "")).split()


def fold(normal: str) -> str:
    """A coarser form of a normal form, under which transliterations of one name fall together.

    >>> fold(key("Deir el-Zour")) == fold(key("Dayr az Zawr")) == fold(key("Deir ez-Zor"))
    True
    """
    words = normal.casefold().split()
    kept = [word for word in words if word not in _ARTICLES] or words
    return " ".join([_sound(word) for word in kept])


@lru_cache(maxsize=CACHE)
def _sound(word: str) -> str:
    for spelling, sound in _SOUNDS:
        word = word.replace(spelling, sound)
    word = _DOUBLE.sub(r"\1", word)
    word = word[:-1] if len(word) > 3 and word.endswith("h") else word
    return _SPELLINGS.get(word, word)


def surname(normal: str) -> str:
    """The last word of a normal form, which a newspaper uses alone after the first mention."""
    return normal.rpartition(" ")[2]


def office_key(country: str, office: str) -> str:
    """Under what the names list those who held a post in a country, both as in `Gazetteer.holders`."""
    return f"{OFFICE}{country} {office}"


class Gazetteer:
    """Lookup of names, demonyms and items.

    Args:
        table: bytes of a table, its lines sorted after the heading.
        names: bytes of the names generated from it, sorted.
    """

    def __init__(self, table: bytes | mmap, names: bytes | mmap) -> None:
        self._table, self._names = table, names
        self._start = table.find(b"\n") + 1
        # A corpus names the same places and people over and over.
        self._found = lru_cache(maxsize=CACHE)(self._look)
        self._around = lru_cache(maxsize=CACHE)(self._above)

    def lookup(self, name: str) -> tuple[Item, ...]:
        """The items that have this name, best first; empty if none has.

        "IRAN" may be a word in capitals, and "Isis" an acronym written as a word, so that those are looked up too.
        """
        return self._found(name)

    def _look(self, name: str) -> tuple[Item, ...]:
        normal = key(name)
        acronym = [normal.upper()] if 2 < len(normal) < 7 and " " not in normal else []
        return self._best(q for form in dict.fromkeys((normal, normal.casefold(), *acronym)) for q in self._qids(form))

    def folded(self, name: str) -> tuple[Item, ...]:
        """The items with a name that may be a transliteration of this one, best first."""
        sound = fold(key(name))
        return self._best([*self._qids(FOLDED + sound), *self._qids(sound)]) if len(sound) > 2 else ()

    def surname(self, name: str) -> tuple[Item, ...]:
        """Holders of an office, and other prominent people, with this surname, best first."""
        return self._items(self._qids(SURNAME + surname(key(name)).casefold()))

    def starting(self, prefix: str, limit: int) -> tuple[Item, ...]:
        """The items with a name that begins so, those of this very name first, then the best known."""
        normal = key(prefix)
        forms = dict.fromkeys((normal, normal.casefold(), normal.upper())) if normal else ()
        lines = (line for form in forms for line in islice(beginning(self._names, form), SCANNED))
        qids = (qid for line in lines for qid in line.partition("\t")[2].split())
        return tuple(dict.fromkeys((*self.lookup(prefix), *self._best(qids))))[:limit]

    def demonym(self, word: str) -> Item | None:
        """The country (or region) whose adjective or people this word is: "Lebanese", "Iraqis", "Britons"."""
        found = self._items(self._qids(DEMONYM + key(word).casefold()))
        return found[0] if found else None

    def countries(self, word: str) -> tuple[Item, ...]:
        """The countries that have this name, or whose adjective it is, best first."""
        named = self._best([*(item.qid for item in self.lookup(word)), *self._qids(DEMONYM + key(word).casefold())])
        return tuple(item for item in named if item.cls == "Country")

    def holders(self, country: str, office: str) -> tuple[str, ...]:
        """The ids of all who held a post in a country since 1990, best known first; none if they are too many to list.

        Args:
            country: its item.
            office: normal form of the post, as `kb.linking.titles` gives it.
        """
        found = self._qids(office_key(country, office))
        return tuple(found) if len(found) < MAX_HOLDERS else ()

    def item(self, qid: str) -> Item | None:
        """The item, or None if the table has it not."""
        row = self._row(qid)
        return _item(row) if row else None

    def aliases(self, qid: str) -> tuple[str, ...]:
        """The other names of an item."""
        return _list(self._row(qid), "aliases")

    def demonyms(self, qid: str) -> tuple[str, ...]:
        """The adjectives of a country and the words for its people, adjective first."""
        return _list(self._row(qid), "demonyms")

    def belongs_to(self, qid: str) -> tuple[str, ...]:
        """The items that an item lies in or belongs to, as the table has them: the next place, a party, a force, a war."""
        return _list(self._row(qid), "belongs_to")

    def around(self, qid: str) -> tuple[str, ...]:
        """What an item lies in or belongs to, then what those do, up to ``LEVELS`` steps; nearest first, each once."""
        return self._around(qid)

    def _above(self, qid: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        level = [qid]
        for _ in range(LEVELS):
            level = [up for below in level for up in self.belongs_to(below) if up != qid and up not in found]
            found.update(dict.fromkeys(level))
        return tuple(found)

    def terms(self, qid: str) -> tuple[Term, ...]:
        """The posts a person held, the most telling first."""
        row = self._row(qid)
        return tuple(map(read_term, _list(row, "posts"), row[POST_QIDS].split("|"))) if row else ()

    def _best(self, qids: Iterable[str]) -> tuple[Item, ...]:
        return tuple(sorted(self._items(dict.fromkeys(qids)), key=lambda item: (-item.prior, item.qid)))

    def _items(self, qids: Iterable[str]) -> tuple[Item, ...]:
        return tuple(item for qid in qids if (item := self.item(qid)))

    def _qids(self, normal: str) -> list[str]:
        line = find(self._names, normal, start=0)
        return line.split("\t")[1].split() if line else []

    def _row(self, qid: str) -> list[str]:
        line = find(self._table, qid, start=self._start)
        row = line.split("\t") if line else []
        if row and len(row) != len(COLUMNS):
            raise _damaged(qid)
        return row


def find(lines: bytes | mmap, wanted: str, *, start: int) -> str:
    """The line whose first tab-separated field is ``wanted``, by bisection; empty if there is none.

    Args:
        lines: lines sorted by their bytes, each ending in a line feed.
        wanted: the field, without tabs and line feeds.
        start: where the sorted lines begin.
    """
    prefix = wanted.encode("utf-8", "replace") + b"\t"
    begin = _first(lines, prefix, start)
    found = wanted and lines[begin : begin + len(prefix)] == prefix
    return lines[begin : _end(lines, begin)].decode("utf-8", "replace") if found else ""


def beginning(lines: bytes | mmap, wanted: str, *, start: int = 0) -> Iterator[str]:
    """The lines that begin so, in their order; lines and start as in :func:`find`."""
    prefix = wanted.encode("utf-8", "replace")
    begin = _first(lines, prefix, start)
    while begin < len(lines) and lines[begin : begin + len(prefix)] == prefix:
        end = _end(lines, begin)
        yield lines[begin:end].decode("utf-8", "replace")
        begin = end + 1


def _first(lines: bytes | mmap, prefix: bytes, start: int) -> int:
    """Where the first line stands that is not before all lines with this prefix."""
    size, low, high = len(prefix), start, len(lines)
    while low < high:
        begin = lines.rfind(b"\n", start, (low + high) // 2) + 1 or start
        # What follows a shorter line is cut off with it: its line feed has decided.
        if lines[begin : begin + size] < prefix:
            low = lines.find(b"\n", begin) + 1 or len(lines)
        else:
            high = begin
    return low


def _end(lines: bytes | mmap, begin: int) -> int:
    end = lines.find(b"\n", begin)
    return len(lines) if end < 0 else end


@cache
def load_gazetteer(path: Path | None = None) -> Gazetteer:
    """The table of the package, read once; or an index that ``kb link build`` made, of which the pages in use are read.

    Args:
        path: the folder of an index; None is the package.

    Raises:
        InputError: the folder holds no table, one of another version, or one that is not whole.
    """
    folder = path or PACKAGE / "linking"
    try:
        if path:
            _check(path)
            return Gazetteer(_mapped(path / TABLE), _mapped(path / NAMES))
        return Gazetteer((folder / TABLE).read_bytes(), (folder / NAMES).read_bytes())
    except OSError as error:
        hint = "build one with kb link build, or name another folder" if path else "install newskb again"
        raise InputError("no linking table here", where=str(folder), hint=hint) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _damaged(str(folder)) from error


BUILD_AGAIN = "build it again with kb link build"


def _damaged(where: str) -> InputError:
    return InputError("the linking table is damaged", where=where, hint=BUILD_AGAIN)


def _check(folder: Path) -> None:
    """Whether an index is of this version and whole: its card, written last, has the sizes of its files."""
    card = json.loads((folder / INDEX).read_bytes())
    with (folder / TABLE).open("rb") as table:
        heading = table.readline(1000).decode()
    if card["format"] != FORMAT or heading != "\t".join(COLUMNS) + "\n":
        raise InputError("a linking table of another version", where=str(folder), hint=BUILD_AGAIN)
    if card["bytes"] != {name: (folder / name).stat().st_size for name in (TABLE, NAMES)}:
        raise ValueError("not the sizes that the card has")


def _mapped(file: Path) -> mmap:
    with file.open("rb") as stream:
        return mmap(stream.fileno(), 0, access=ACCESS_READ)


def _item(row: list[str]) -> Item:
    try:
        prior, place = int(row[6]) / 100, _coordinates(row[COORDINATES])
    except ValueError as error:
        raise _damaged(row[0]) from error
    return Item(row[0], row[1], row[2], row[5] or None, prior, row[DESCRIPTION], place)


def _coordinates(text: str) -> tuple[float, float] | None:
    latitude, comma, longitude = text.partition(",")
    return (float(latitude), float(longitude)) if comma else None


def _list(row: list[str], column: str) -> tuple[str, ...]:
    text = row[COLUMNS.index(column)] if row else ""
    return tuple(text.split("|")) if text else ()


def read_term(post: str, qid: str = "") -> Term:
    """A term of office from its cell of the table, and from that of the item of the post."""
    title, _, rest = post.rpartition("@")
    country, _, dates = rest.partition(":")
    start, _, end = dates.partition("..")
    return Term(title, country or None, start or None, end or None, qid or None)
