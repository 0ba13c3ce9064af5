"""The component ``kb_dates``: what day, month or year the text's expressions of time mean.

A table of patterns, each with the function that turns a match into a value as exact as the words allow ("2017-08-30",
"2017-08", "2017"). What is relative needs ``doc._.kb_published`` and is left out where that is unknown or too coarse; what is
vague ("in recent weeks", "nearly two years ago") is left out always. Writes ``doc.spans["dates"]``, label: the value.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from itertools import islice

from spacy.language import Language
from spacy.tokens import Doc, Span, Token

from kb.pipeline.mentions import extensions

__all__ = ["Anchor", "date_of", "dates", "find"]

_MONTHS = (
    "January February March April May June July August September October November December".split()
)  # fmt: skip
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
#: A day without a year that lies so few days ahead is that day, not the one a year before.
SOON = 30
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
#: Words for a day, counted from the day of publication.
_OFFSETS = {
    "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0, "earlier today": 0, "tomorrow": 1,
    "yesterday": -1, "last night": -1, "overnight": 0, "the day before yesterday": -2, "day before yesterday": -2,
    "the night before last": -2, "night before last": -2, "the day after tomorrow": 2,
}  # fmt: skip
_TURN = {"last": -1, "past": -1, "previous": -1, "this": 0, "current": 0, "next": 1, "coming": 1}
#: Lengths of ISO values: a year, a month, a day.
YEAR, MONTH, DAY = 4, 7, 10
#: Clauses that share the time of the clause they depend on.
_SHARED = frozenset(
    {
        "xcomp",
        "advcl",
        "conj",
        "acl",
        "amod",
        "nsubj",
        "nsubj:pass",
        "obj",
        "obl",
        "nmod",
        "compound",
        "nmod:poss",
        "appos",
    }
)
_FUTURE = frozenset({"will", "would", "shall", "'ll", "\u2019ll"})
_PLANS = frozenset({"plan", "expect", "schedule", "due", "set", "intend", "hope", "prepare"})

_M = r"(?P<month>Jan(?:uary|\b\.?)|Feb(?:ruary|\b\.?)|Mar(?:ch|\b\.?)|Apr(?:il|\b\.?)|May|June?\b\.?|July?\b\.?|Aug(?:ust|\b\.?)"
_M += r"|Sept(?:ember|\b\.?)|Sep\b\.?|Oct(?:ober|\b\.?)|Nov(?:ember|\b\.?)|Dec(?:ember|\b\.?))"
_D = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_Y = r"(?P<year>(?:1[5-9]|20)\d\d)"
_W = rf"(?P<weekday>{'|'.join(_DAYS)})"
_N = rf"(?P<number>\d{{1,3}}|an?|{'|'.join(_NUMBERS[1:])})"
_T = rf"(?P<turn>{'|'.join(_TURN)})"
_VAGUE = r"(?<!nearly )(?<!almost )(?<!about )(?<!around )(?<!than )(?<!over )(?<!some )(?<!roughly )(?<!least )"
_BEFORE_MONTH = r"(?i:in|since|by|until|till|of|during|from|for|through|early|late|mid|mid-|and|last|this|next)"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The day of publication, known to so many characters of its ISO form.

    Attributes:
        day: the day; the first of the month or year where no more is known.
        exact: DAY, MONTH, YEAR, or 0 for unknown.
    """

    day: date
    exact: int

    @classmethod
    def of(cls, published: str) -> "Anchor":
        """From ``doc._.kb_published``; unknown where it is no date."""
        match = re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", published)
        if not match:
            return cls(date.min, 0)
        parts = [int(part) for part in match.groups() if part]
        try:
            return cls(date(*[*parts, 1, 1][:3]), (0, YEAR, MONTH, DAY)[len(parts)])
        except ValueError:
            return cls(date.min, 0)

    def shifted(self, days: int, length: int, needs: int = DAY) -> str | None:
        """The value so many days away, to a length; None if too little is known."""
        if self.exact < needs or not date.min.toordinal() <= self.day.toordinal() + days <= date.max.toordinal():
            return None
        return (self.day + timedelta(days=days)).isoformat()[:length]

    def month(self, months: int) -> str | None:
        """The month so many months away."""
        year, month = divmod(self.day.year * 12 + self.day.month - 1 + months, 12)
        return f"{year:04}-{month + 1:02}" if self.exact >= MONTH and MINYEAR <= year <= MAXYEAR else None

    def year(self, years: int) -> str | None:
        """The year so many years away."""
        year = self.day.year + years
        return f"{year:04}" if self.exact and MINYEAR <= year <= MAXYEAR else None

    def week(self, weeks: int) -> str | None:
        """The month, else the year, that holds the whole of a week so many weeks away; None if none does."""
        first = -self.day.weekday() + 7 * weeks
        ends = [(self.shifted(first + more, DAY) or "") for more in (0, 6)]
        return next((ends[0][:n] for n in (MONTH, YEAR) if ends[0] and ends[0][:n] == ends[1][:n]), None)


@dataclass(frozen=True, slots=True)
class Found:
    """A match with what is needed to value it."""

    match: re.Match[str]
    anchor: Anchor
    future: bool

    def __getitem__(self, name: str) -> str:
        return self.match.groupdict().get(name) or ""

    @property
    def month(self) -> int:
        """Number of the month named."""
        return next(i for i, name in enumerate(_MONTHS, start=1) if name[:3] == self["month"][:3])

    @property
    def number(self) -> int:
        """The number named, "a" being 1."""
        word = self["number"].lower()
        return int(word) if word.isdigit() else _NUMBERS.index(word) if word in _NUMBERS else 1


def _full(found: Found) -> str | None:
    return _day(int(found["year"]), int(found["month_number"] or found.month), int(found["day"]))


def _day(year: int, month: int, day: int) -> str | None:
    valid = 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    return f"{year:04}-{month:02}-{day:02}" if valid else None


def _month_year(found: Found) -> str | None:
    return f"{found['year']}-{found.month:02}"


def _month_day(found: Found) -> str | None:
    """A day without a year: in the future the next, else the latest that is not after the publication, or one soon after."""
    anchor = found.anchor
    if anchor.exact < DAY:
        return None
    values = [_day(anchor.day.year + years, found.month, int(found["day"])) for years in (-1, 0, 1)]
    days = [v for v in values if v]
    soon = [v for v in days if 0 <= (date.fromisoformat(v) - anchor.day).days <= SOON]
    return next(iter(soon), None) or _nearest(days, anchor.day.isoformat(), future=found.future)


def _month(found: Found) -> str | None:
    """A month without a year, "last" being before this month."""
    anchor, turn = found.anchor, found["turn"].lower()
    if anchor.exact < MONTH:
        return None
    now = anchor.day.isoformat()[:MONTH]
    values = [f"{anchor.day.year + years:04}-{found.month:02}" for years in (-2, -1, 0, 1)]
    values = [v for v in values if not (turn == "last" and v == now)]
    return _nearest(values, now, future=found.future or turn == "next")


def _nearest(values: list[str], now: str, *, future: bool) -> str | None:
    past, coming = [v for v in values if v <= now], [v for v in values if v >= now]
    return min(coming, default=None) if future else max(past, default=None)


def _year(found: Found) -> str | None:
    return found["year"]


def _weekday(found: Found) -> str | None:
    """The latest such day up to the publication; "last": before it; "next": in the week after; in the future: the next."""
    today, wanted = found.anchor.day.weekday(), _DAYS.index(found["weekday"].capitalize())
    back, turn = (today - wanted) % 7, found["turn"].lower()
    if turn == "next":
        return found.anchor.shifted(7 - today + wanted, DAY)
    if found.future:
        return found.anchor.shifted(-back % 7, DAY)
    return found.anchor.shifted(-back or (-7 if turn == "last" else 0), DAY)


def _offset(found: Found) -> str | None:
    return found.anchor.shifted(_OFFSETS[" ".join(found["offset"].lower().split())], DAY)


def _turned(found: Found) -> str | None:
    turn, anchor = _TURN[found["turn"].lower()], found.anchor
    units: dict[str, Callable[[], str | None]] = {
        "week": lambda: anchor.week(turn),
        "weekend": lambda: anchor.week(turn or (-1 if anchor.day.weekday() < 3 and not found.future else 0)),
        "month": lambda: anchor.month(turn),
        "year": lambda: anchor.year(turn),
    }
    return units[found["unit"].lower()]()


def _ago(found: Found) -> str | None:
    n, anchor = found.number, found.anchor
    units: dict[str, Callable[[], str | None]] = {
        "day": lambda: anchor.shifted(-n, DAY),
        "week": lambda: anchor.week(-n),
        "month": lambda: anchor.month(-n),
        "year": lambda: anchor.year(-n),
    }
    return units[found["unit"].lower()]()


#: Patterns in the order of their precedence; where two overlap the earlier row wins.
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[Found], str | None]], ...] = tuple(
    (re.compile(pattern, flags), value)
    for pattern, flags, value in (
        (rf"(?<![\d-]){_Y}-(?P<month_number>[01]\d)-(?P<day>[0-3]\d)(?![\d-])", 0, _full),
        (rf"(?<![\w-])(?:{_W},? )?{_M} {_D},? {_Y}(?![\w-])", 0, _full),
        (rf"(?<![\w-])(?:{_W},? )?{_D}(?: of)? {_M},? {_Y}(?![\w-])", 0, _full),
        (rf"(?<![\w-])(?:{_W},? )?{_M} {_D}(?![\w,-]*\d)(?!\w)", 0, _month_day),
        (rf"(?<![\w.-])(?:{_W},? )?{_D}(?: of)? {_M}(?!\w)", 0, _month_day),
        (rf"(?<!\w){_M},?(?: of)? {_Y}(?![\w-])", 0, _month_year),
        (rf"(?<!\w)(?i:{_T}) {_M}(?!\w)", 0, _month),
        (rf"(?<!\w){_BEFORE_MONTH}[ -](?:the end of |early |late |mid-)?{_M}(?!\w)", 0, _month),
        (rf"(?i)(?<!\w)(?:on )?(?:{_T} )?{_W}(?:'s|\u2019s)?(?!\w)", 0, _weekday),
        (rf"(?i)(?<!\w)(?P<offset>{'|'.join(sorted(_OFFSETS, key=len, reverse=True))})(?!\w)", 0, _offset),
        (rf"(?i)(?<!\w)(?<!in the ){_VAGUE}{_N} (?P<unit>day|week|month|year)s? ago(?!\w)", 0, _ago),
        (
            rf"(?i)(?<!\w)(?<!over the )(?<!in the )(?<!for the ){_T} (?P<unit>weekend|week|month|year)(?:'s|\u2019s)?(?!\w)",
            0,
            _turned,
        ),
        (
            rf"(?<![\w$\u20ac\u00a3.,-])(?<!to )(?<!No\. ){_Y}(?![\w%-]|[.,]\d| (?:people|soldiers|troops|civilians|km|miles))",
            0,
            _year,
        ),
    )
)


def find(doc: Doc) -> Iterator[tuple[Span, str]]:
    """The expressions of time that have a value, with it, in text order."""
    anchor, taken, found = Anchor.of(doc._.kb_published or _dateline(doc)), set[int](), []
    raw = doc.text
    for pattern, value in _PATTERNS:
        for match in pattern.finditer(raw):
            span = doc.char_span(*_inner(match), alignment_mode="expand")
            if span is None or taken & set(range(span.start, span.end)):
                continue
            taken |= set(range(span.start, span.end))
            iso = value(Found(match, anchor, _future(span)))
            if iso and _dated(span):
                found.append((span, iso))
    yield from sorted(found, key=lambda pair: pair[0].start)


def _dateline(doc: Doc) -> str:
    """The day that a dateline states ("MINSK, Feb. 12, 2015 -"), for an article that says of itself no other; or nothing."""
    for sent in islice(doc.sents, 3):
        words = [token for token in sent if not token.is_space]
        if words and words[0].is_upper and words[-1].is_punct and words[-1].text not in {".", "!", "?"}:
            for pattern, value in _PATTERNS:
                for match in pattern.finditer(sent.text):
                    iso = value(Found(match, Anchor.of(""), False))
                    if iso and len(iso) == len("2015-02-12"):
                        return iso
    return ""


def _inner(match: re.Match[str]) -> tuple[int, int]:
    """A match without the preposition before it and the possessive after it."""
    names = [name for name, text in match.groupdict().items() if text]
    begin = min(match.start(name) for name in names)
    return begin, begin + len(re.sub("['\u2019]s$", "", match.string[begin : match.end()]))


def _dated(span: Span) -> bool:
    """Whether a year stands as a date, not as a count: a bare year before a plural noun counts things."""
    follower = span.doc[span.end] if span.end < len(span.doc) else None
    bare = span.text.isdigit()
    counted = (
        follower is not None and follower.tag_ == "NNS" and follower == span.root.head and span.root.dep_ == "nummod"
    )
    listed = span.start > 0 and span.doc[span.start - 1].lower_ in {"resolution", "resolutions", "and"}
    return not bare or not (counted or (listed and span.doc[span.start - 1].lower_ != "and"))


def _future(span: Span) -> bool:
    """Whether the clause of an expression speaks of the future: "will meet on Friday", "is expected to arrive Monday"."""
    verb = _clause(span.root)
    chain = [verb, verb.head] if verb.dep_ == "xcomp" else [verb]
    helped = any(child.lower_ in _FUTURE for v in chain for child in v.children)
    return helped or any(v.lemma_.lower() in _PLANS for v in chain[1:]) or (verb.dep_ == "acl" and verb.tag_ == "VB")


def _clause(token: Token) -> Token:
    """The verb, or the root, that a word depends on."""
    while token.head.i != token.i and token.pos_ not in {"VERB", "AUX"}:
        token = token.head
    return token


def date_of(doc: Doc, token: Token) -> str | None:
    """When an event happened: the value of the time expression nearest to its trigger in the tree.

    Args:
        doc: with ``doc.spans["dates"]``.
        token: the trigger.

    Returns:
        an ISO date, month or year; None if no expression depends on the trigger or on a clause that shares its time.
    """
    spans = list(doc.spans.get("dates", ()))
    reaches = [(span, _reach(span.root)) for span in spans]
    for node in _time_path(token):
        near = [span for span, reach in reaches if node.i in reach]
        if near:
            return min(near, key=lambda s: (abs(s.root.i - token.i), s.start)).label_ or None
    return None


def _time_path(token: Token) -> Iterator[Token]:
    """A trigger and the words above it that share its time."""
    yield token
    while token.head.i != token.i and token.dep_ in _SHARED:
        token = token.head
        yield token


def _reach(root: Token) -> set[int]:
    """The words that an expression dates: those above it to its clause's verb; "in a raid conducted in May": the raid too."""
    found, node = {root.i}, root
    while node.head.i != node.i and node.pos_ not in {"VERB", "AUX"}:
        node = node.head
        found.add(node.i)
    if node.dep_ == "acl":
        found |= {node.head.i, node.head.head.i if node.head.dep_ == "obl" else node.i}
    return found


def dates(doc: Doc) -> Doc:
    """Write the dates of a document on it."""
    doc.spans["dates"] = [Span(doc, span.start, span.end, label=iso) for span, iso in find(doc)]
    return doc


extensions()


@Language.factory("kb_dates", assigns=["doc.spans"], requires=["token.dep", "token.head"])
def make(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """Create the component."""
    return dates
