"""A document as those who look for names see it: phrases of the lexicon, capitalised runs, nations, titles.

:class:`Text` computes each view once and lazily; :class:`Name` is what the finders of :mod:`kb.pipeline.names` give. Here
stands what counts as a capital, a run, a title; not which run is a name.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from spacy.tokens import Doc, Token

from kb.gazetteer import Gazetteer, Item
from kb.pipeline.lexicon import Lexicon
from kb.resources import Entry

#: Tokens in the longest phrase that is looked up.
MOST_WORDS = 9
#: Which candidate wins where two overlap: the higher rank, then the longer.
PATTERN, KNOWN, MODEL, WORD = 4, 3, 2, 1
#: The coarse class of each class of the vocabulary that a name may have.
COARSE = (
    {"Person": "Person", "Country": "Country"}
    | dict.fromkeys(
        (
            "Organization",
            "Government",
            "GovernmentBody",
            "ArmedForce",
            "ArmedGroup",
            "PoliticalParty",
            "InternationalOrganization",
            "MediaOrganization",
            "Company",
        ),
        "Organization",
    )
    | dict.fromkeys(("Place", "Region", "City", "Facility"), "Place")
)

DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014")
POSSESSIVE = frozenset({"'s", "\u2019s", "'", "\u2019"})
#: Small words that may stand inside a name, between capitalised ones.
INSIDE = frozenset("of for the on al el bin ibn de la del di da van von du des".split())
ARABIC = frozenset("al el ad as ar az ash at ed er es ez ul".split())
LINKS = frozenset({"of", "for"})
#: A possessive that is part of a name and does not divide it.
_OWNED = frozenset(
    "general president minister prosecutor speaker people women children workers farmers doctors teachers ba king queen lord soldiers".split()
)
_NO_START = frozenset({"DET", "PRON", "ADP", "CCONJ", "SCONJ", "ADV", "AUX", "VERB", "PART", "INTJ"})
#: Never the first word of a name, wherever it stands.
_NEVER = frozenset({"DET", "PRON", "ADP", "CCONJ", "SCONJ", "PART"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A candidate: tokens [begin, end) as a name of a thing of a class.

    Attributes:
        cls: class that this evidence speaks for; "Event" for the name of what is no entity.
        weight: how strongly.
        rank: PATTERN, KNOWN, MODEL or WORD.
        rule: lexicon entry or finder.
        sense: names of one sense mean one thing: "military:Q822", whatever the words.
        nests: names within it are mentions of their own.
        bare: the words before the common noun where they are a name by themselves.
    """

    begin: int
    end: int
    cls: str
    weight: float
    rank: int
    rule: str
    sense: str = ""
    nests: bool = False
    bare: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Nation:
    """A country's name or a demonym at tokens [begin, end)."""

    begin: int
    end: int
    qid: str
    demonym: bool


class Text:
    """A document with what all finders need of it: phrases, capitalised runs, nations.

    Args:
        doc: with tags and, where there is one, the model's entities.
        lexicon: name rows.
        gazetteer: names of the world.
    """

    def __init__(self, doc: Doc, lexicon: Lexicon, gazetteer: Gazetteer) -> None:
        self.doc, self.lexicon, self.gazetteer = doc, lexicon, gazetteer
        self.raw = doc.text
        self.starts = [token.idx for token in doc]
        self.stops = [token.idx + len(token.text) for token in doc]
        self._items: dict[str, tuple[Item, ...]] = {}
        self._reach: dict[int, tuple[Mapping[str, Sequence[Entry]], dict[str, int]]] = {}
        self.lower = self.raw.lower().replace("\u2019", "'") if len(self.raw.lower()) == len(self.raw) else self.raw

    def slice(self, begin: int, end: int) -> str:
        """The words [begin, end) as written."""
        return self.raw[self.starts[begin] : self.stops[end - 1]]

    def items(self, begin: int, end: int) -> tuple[Item, ...]:
        """What the gazetteer knows by the words [begin, end)."""
        words = self.slice(begin, end)
        if words not in self._items:
            barred = words.lower() in self.lexicon.of("NoName")
            self._items[words] = () if barred else self.gazetteer.lookup(words)
        return self._items[words]

    def phrases(self, i: int, table: Mapping[str, Sequence[Entry]]) -> Iterator[tuple[int, Entry]]:
        """(end, entry) of each row whose label begins at token i; longest first."""
        begin = self.starts[i]
        longest = self._longest(table).get(self.lower[begin : begin + 2])
        if longest is None:
            return
        for end in range(min(i + MOST_WORDS, bisect_right(self.stops, begin + longest)), i, -1):
            for entry in table.get(self.lower[begin : self.stops[end - 1]], ()):
                yield end, entry

    def _longest(self, table: Mapping[str, Sequence[Entry]]) -> dict[str, int]:
        """By their first two letters the length of the longest labels of a table, which is kept: its id names it."""
        if id(table) not in self._reach:
            found: dict[str, int] = {}
            for label in table:
                found[label[:2]] = max(found.get(label[:2], 0), len(label))
            self._reach[id(table)] = table, found
        return self._reach[id(table)][1]

    @cached_property
    def headline(self) -> int:
        """Tokens of a headline that capitalises every word, where capitals tell nothing; else 0."""
        words = [t for t in self.doc[: self.doc._.kb_title_end] if t.is_alpha and len(t) > 3]
        capital = sum(t.text[0].isupper() for t in words)
        return self.doc._.kb_title_end if len(words) > 2 and capital >= 0.75 * len(words) else 0

    @cached_property
    def _head_tokens(self) -> frozenset[int]:
        """Title words that belong to a body's name: "General" of "General Staff", "General Intelligence Directorate"."""
        found: set[int] = set()
        for begin, end in self.runs:
            head = last_head(self, begin, end)
            people = [t.i for t in self.doc[begin:end] if t.ent_type_ == "PERSON"]
            if head and head[2].one("lex:class") != "Event" and not people:
                found |= set(range(begin, head[1]))
        return frozenset(found)

    @cached_property
    def nations(self) -> list[Nation]:
        """The countries and demonyms, in text order."""
        found: list[Nation] = []
        for token in self.doc:
            if capital(token) and token.lower_ != "the" and not (found and token.i < found[-1].end):
                found.extend(self._nation(token.i))
        return found

    def _nation(self, i: int) -> Iterator[Nation]:
        for end in range(min(i + 5, len(self.doc)), i, -1):
            if not edge(self.doc[end - 1]):
                continue
            words = self.slice(i, end)
            for item, demonym in ((self.country(words), False), (self.gazetteer.demonym(words), True)):
                if item:
                    yield Nation(i, end, item.qid, demonym)
                    return

    def country(self, words: str) -> Item | None:
        """The country that these words name before anything else."""
        items = self.gazetteer.lookup(words)
        return items[0] if items and items[0].cls == "Country" and items[0].prior > 0.5 else None

    @cached_property
    def nation_ends(self) -> dict[int, Nation]:
        """The nations by the token after them."""
        return {nation.end: nation for nation in self.nations}

    @cached_property
    def nation_starts(self) -> dict[int, Nation]:
        """The nations by their first token."""
        return {nation.begin: nation for nation in self.nations}

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """Capitalised runs: capitalised words with small words between them, none over a sentence's end."""
        found, i = [], 0
        while i < len(self.doc):
            end = self._run(i)
            if end:
                found.append((i, end))
            i = max(end, i + 1)
        return found

    @cached_property
    def run_at(self) -> dict[int, tuple[int, int]]:
        """The capitalised run that holds a token."""
        return {i: run for run in self.runs for i in range(*run)}

    def _run(self, i: int) -> int:
        """The end of the run that begins at token i; 0 if none begins there."""
        if not self._starts(i):
            return 0
        end = i + 1
        while (step := self._step(end)) and not self.doc[end].is_sent_start:
            end = step
        return end

    def _starts(self, i: int) -> bool:
        """Whether a run may begin at i; a sentence's first word only if it is tagged as a word of names."""
        token = self.doc[i]
        if token.lower_ in ARABIC and i + 2 < len(self.doc) and self.doc[i + 1].text in DASHES:
            return capital(self.doc[i + 2])
        barred = _NO_START if self.opens(i) else _NEVER
        if self.opens(i) and token.tag_ in {"NN", "NNS"} and token.lower_ not in self.lexicon.of("NameHead"):
            return False
        return capital(token) and not (token.pos_ in barred and token.tag_[:3] != "NNP")

    def opens(self, i: int) -> bool:
        """Whether the capital of token i may be that of a sentence or quotation."""
        return self._opening[i]

    @cached_property
    def _opening(self) -> list[bool]:
        after = [False, *(token.is_quote or token.is_space for token in self.doc)]
        return [bool(token.is_sent_start) or after[token.i] for token in self.doc]

    @cached_property
    def titled(self) -> frozenset[int]:
        """The tokens of titles in capitals before a name: "Prime Minister" of "Prime Minister Abadi"."""
        found: set[int] = set()
        for begin, end in self.runs:
            for i in range(begin, end):
                stop = i if i in found else next((s for s, _ in self.phrases(i, self.lexicon.of("NameTitle"))), i)
                found |= (
                    set(range(i, stop))
                    if all(capital(t) or t.is_punct or t.lower_ in LINKS for t in self.doc[i:stop])
                    else set()
                )
        ranks = {i for i in found if self.doc[i].text.endswith(".")}
        return frozenset((found - self._head_tokens) | ranks)

    def _step(self, i: int) -> int:
        """The end of the next part of a run: a capitalised word, or small words and one; 0 if there is none."""
        for size in range(4):
            word = self.doc[i + size] if i + size < len(self.doc) else None
            if word is None or word.is_sent_start:
                return 0
            if capital(word) or (size == 0 and word.pos_ == "NUM" and word.is_digit and self.doc[i - 1].is_alpha):
                return i + size + 1 if self._joins(i, i + size) else 0
            if word.lower_ not in INSIDE and not self._mark(i + size) and not self._article(i + size):
                return 0
        return 0

    def _mark(self, i: int) -> bool:
        """Whether a hyphen or possessive at i holds a name together."""
        token, before = self.doc[i], self.doc[i - 1]
        tight = not before.whitespace_ and not token.whitespace_
        return (token.text in DASHES and tight) or (token.text in POSSESSIVE and before.lower_ in _OWNED)

    def _article(self, i: int) -> bool:
        """Whether an Arabic article stands at i: "ez-"."""
        follower = self.doc[i + 1] if i + 1 < len(self.doc) else None
        return self.doc[i].lower_ in ARABIC and follower is not None and follower.text in DASHES

    def _joins(self, begin: int, end: int) -> bool:
        """Whether the small words [begin, end) may stand inside a name: "of", "of the", "and", "el-", "-"."""
        words = [t.lower_ for t in self.doc[begin:end]]
        return (
            not words
            or words[0] not in {"the", "on", "and", "for"}
            or (words[0] in {"and", "for", "on"} and len(words) < 3)
        )


def capital(token: Token) -> bool:
    """Whether a word begins with a capital letter, or a digit that an ordinal begins with ("55th")."""
    return _capital(token.text)


@lru_cache(maxsize=1 << 14)
def _capital(word: str) -> bool:
    text = word.lstrip("\u200e\u200f")
    return bool(text) and (text[0].isupper() or (text[0].isdigit() and text[-2:] in {"st", "nd", "rd", "th"}))


def edge(token: Token) -> bool:
    """Whether a word may end or begin a name: a capital or a number."""
    return capital(token) or token.is_digit


def last_head(text: Text, begin: int, end: int) -> tuple[int, int, Entry] | None:
    """The common noun of a run: the first that "of" goes on from, else the last.

    Returns:
        (its first token, end of the name with what "of" adds, its row)
    """
    table, best = text.lexicon.of("NameHead"), None
    for i in range(begin, end):
        if best and i < best[1]:
            continue
        stop, entry = next(((s, e) for s, e in text.phrases(i, table) if closes(text, i, s, end, e)), (0, None))
        if entry is None:
            continue
        if stop < end and text.doc[stop].lower_ in LINKS and COARSE.get(entry.one("lex:class")) != "Place":
            return i, end, entry
        best = (i, stop, entry)
    return best


def closes(text: Text, i: int, stop: int, end: int, entry: Entry) -> bool:
    """Whether the words [i, stop) may be the common noun of a capitalised name that ends by a token."""
    return (
        stop <= end
        and capital(text.doc[i])
        and capital(text.doc[stop - 1])
        and not entry.one("lex:lower")
        and not entry.one("lex:leads")
    )
