"""Names of the world's states, places, people and bodies, read from the linking table; nothing is written.

Two sorted text files lie in ``kb/linking``: ``table.tsv``, one Wikidata item a line, and ``names.tsv``, generated from
it, one normalised name a line. Both are searched in place by bisection: opening them costs a read.
Here live the normal forms of a name; which item an entity *is*, in its article, is decided in ``kb.linking``.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from kb.errors import InputError
from kb.resources import PACKAGE

#: Columns of ``table.tsv``, in this order; lists are separated by ``|``.
COLUMNS = ("qid", "label", "class", "aliases", "demonyms", "country", "prior", "posts")
#: A name longer than this names nothing.
MAX_NAME = 120
#: Names whose items are kept at hand.
CACHE = 1 << 15
#: In ``names.tsv`` a key may stand for a name's folded form, a person's surname or a demonym.
FOLDED, SURNAME, DEMONYM = "~", "@", "="

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
    """

    qid: str
    label: str
    cls: str
    country: str | None
    prior: float


@dataclass(frozen=True, slots=True)
class Term:
    """A term of office; dates are ISO, as exact as known, or None.

    Attributes:
        title: the post.
        country: the item of the country, or None.
        start: first day.
        end: last day, or None where it is unknown or still to come.
    """

    title: str
    country: str | None
    start: str | None
    end: str | None


@lru_cache(maxsize=CACHE)
def key(name: str) -> str:
    """The normal form of a name: case, accents, dots, apostrophes and a leading "the" do not count.

    An acronym keeps its capitals, so that "U.S." and "US" are one name and "us" is another. Empty if nothing is left.

    >>> key("the U.S."), key("Da'esh"), key("Abu Kamal's")
    ('US', 'daesh', 'abu kamal')
    """
    if len(name) > MAX_NAME:
        return ""
    words = _words(name)
    if len(words) > 1 and words[0] in {"the", "The", "THE"}:
        words = words[1:]
    text = " ".join(words)
    return text if _ACRONYM.match(text) else text.casefold()


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).translate(_LETTERS))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = _INITIALS.sub(r"\1", _POSSESSIVE.sub("", plain.strip()))
    return _NO_WORD.sub(" ", plain.replace("'", "").replace(".", "")).split()


def fold(normal: str) -> str:
    """A coarser form of a normal form, under which transliterations of one name fall together.

    >>> fold(key("Deir el-Zour")) == fold(key("Dayr az Zawr")) == fold(key("Deir ez-Zor"))
    True
    """
    words = normal.casefold().split()
    kept = [word for word in words if word not in _ARTICLES] or words
    return " ".join(_sound(word) for word in kept)


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


class Gazetteer:
    """Lookup of names, demonyms and items.

    Args:
        table: bytes of a table, its lines sorted after the heading.
        names: bytes of the names generated from it, sorted.
    """

    def __init__(self, table: bytes, names: bytes) -> None:
        self._table, self._names = table, names
        self._start = table.find(b"\n") + 1
        # A corpus names the same places and people over and over.
        self._found = lru_cache(maxsize=CACHE)(self._look)

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

    def demonym(self, word: str) -> Item | None:
        """The country (or region) whose adjective or people this word is: "Lebanese", "Iraqis", "Britons"."""
        found = self._items(self._qids(DEMONYM + key(word).casefold()))
        return found[0] if found else None

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

    def terms(self, qid: str) -> tuple[Term, ...]:
        """The posts a person held, the most telling first."""
        return tuple(_term(post) for post in _list(self._row(qid), "posts"))

    def _best(self, qids: Iterable[str]) -> tuple[Item, ...]:
        return tuple(sorted(self._items(dict.fromkeys(qids)), key=lambda item: (-item.prior, item.qid)))

    def _items(self, qids: Iterable[str]) -> tuple[Item, ...]:
        return tuple(item for qid in qids if (item := self.item(qid)))

    def _qids(self, normal: str) -> list[str]:
        line = find(self._names, normal, start=0)
        return line.split("\t")[1].split() if line else []

    def _row(self, qid: str) -> list[str]:
        line = find(self._table, qid, start=self._start)
        return line.split("\t") if line else []


def find(lines: bytes, wanted: str, *, start: int) -> str:
    """The line whose first tab-separated field is ``wanted``, by bisection; empty if there is none.

    Args:
        lines: lines sorted by their bytes, each ending in a line feed.
        wanted: the field, without tabs and line feeds.
        start: where the sorted lines begin.
    """
    prefix = wanted.encode("utf-8", "replace") + b"\t"
    low, high = start, len(lines)
    while low < high:
        begin = lines.rfind(b"\n", start, (low + high) // 2) + 1 or start
        end = lines.find(b"\n", begin) + 1 or len(lines)
        if lines[begin:end] < prefix:
            low = end
        else:
            high = begin
    return lines[low : lines.find(b"\n", low)].decode() if wanted and lines.startswith(prefix, low) else ""


@cache
def load_gazetteer(path: Path | None = None) -> Gazetteer:
    """The table of the package, or of another folder; read once.

    Raises:
        InputError: the folder holds no table.
    """
    folder = path or PACKAGE / "linking"
    try:
        return Gazetteer((folder / "table.tsv").read_bytes(), (folder / "names.tsv").read_bytes())
    except OSError as error:
        raise InputError("no linking table here", where=str(folder), hint="install newskb again") from error


def _item(row: list[str]) -> Item:
    return Item(row[0], row[1], row[2], row[5] or None, int(row[6]) / 100)


def _list(row: list[str], column: str) -> tuple[str, ...]:
    text = row[COLUMNS.index(column)] if row else ""
    return tuple(text.split("|")) if text else ()


def _term(post: str) -> Term:
    title, _, rest = post.rpartition("@")
    country, _, dates = rest.partition(":")
    start, _, end = dates.partition("..")
    return Term(title, country or None, start or None, end or None)
