"""Who a post without a name means: "Iraq's president" in an article of 2017 is whoever held that post then.

The country has to stand in the phrase itself, or be what its "its" surely means, and the table must know exactly one person
in office on the date of publication, and on every date of what the phrase takes part in. All else stays without a link:
plurals, former, deputy and acting holders, since no post is called so, and what lies beyond what the table knows. The link
is a near match always; the phrase stays a description.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain

from kb import model
from kb.gazetteer import Gazetteer, Item, Term, load_gazetteer
from kb.linking.disambiguation import begun, covers
from kb.linking.titles import office

#: The score of such a link, set and not fitted: between what makes a near match (0.5) and what makes a name sure (0.65). Of
#: 88 such phrases in news of 2004 to 2010, all read as of one day, 87 got whoever was in office; what holds it down is that
#: an article may tell of another day than its own, and that a table has gaps.
SCORE = 0.6
#: Terms of office without an end go on at least up to here, when the sources of the table were last asked: the oldest of
#: those for all posts, and that for heads of state and government.
KNOWN_UNTIL, HEADS_KNOWN_UNTIL = "2022-07", "2025-10"
#: Posts of which the table may know no more than that one heads the state or the government.
HEADS: Mapping[str, str] = {
    "president": "head of state",
    "monarch": "head of state",
    "emir": "head of state",
    "sultan": "head of state",
    "prime minister": "head of government",
}
#: Most words that a phrase of this kind has.
MOST_WORDS = 14


@dataclass(frozen=True, slots=True)
class Holder:
    """A person in a post.

    Attributes:
        qid: the person's item.
        term: the term of office.
    """

    qid: str
    term: Term


def link_offices(extraction: model.Extraction, *, gazetteer: Gazetteer | None = None) -> tuple[model.Participant, ...]:
    """The participants, with the item of the one person whom a post means, where the table knows who that is.

    Args:
        extraction: what was read from an article, its entities linked.
        gazetteer: the table; that of the package if None.
    """
    published = extraction.article.published
    if not published:
        return extraction.participants
    table, read = gazetteer or load_gazetteer(), Read.of(extraction)
    return tuple(_linked(participant, published, read, table) for participant in extraction.participants)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read from an article, to be looked up by place and by who takes part.

    Attributes:
        entities: by key.
        mentions: of entities, in their order, each with the key.
        longest: length of the longest mention.
        dates: of the events and statements that each participant takes part in.
    """

    entities: Mapping[str, model.Entity]
    mentions: Sequence[tuple[int, int, str]]
    longest: int
    dates: Mapping[str, Set[str]]

    @classmethod
    def of(cls, extraction: model.Extraction) -> "Read":
        """That of an article."""
        mentions = sorted((span.begin, span.end, e.key) for e in extraction.entities for span in e.mentions)
        dates: defaultdict[str, set[str]] = defaultdict(set)
        for event in extraction.events:
            said = {str(value) for name, value in event.values if name in {"date", "endDate"}}
            for key in {*(filler for _, filler in event.roles), *event.attributed_to} if said else ():
                dates[key] |= said
        for statement in extraction.statements:
            for speaker in statement.speakers if statement.date else ():
                dates[speaker].add(str(statement.date))
        longest = max((end - begin for begin, end, _ in mentions), default=0)
        return cls({e.key: e for e in extraction.entities}, mentions, longest, dates)

    def named_within(self, spans: Iterable[model.Span]) -> list[model.Entity]:
        """The entities that a phrase names."""
        keys = dict[str, None]()
        for span in spans:
            first = bisect_left(self.mentions, (span.begin - self.longest,))
            last = bisect_left(self.mentions, (span.end,))
            keys.update((key, None) for _, end, key in self.mentions[first:last] if end > span.begin)
        return [self.entities[key] for key in keys]


def _linked(part: model.Participant, published: str, read: Read, gazetteer: Gazetteer) -> model.Participant:
    for country, title in posts(part, read, gazetteer):
        dates = {published, *read.dates.get(part.key, ())}
        found = [incumbents(country, title, date, gazetteer) for date in sorted(dates)]
        persons = set(chain.from_iterable(found))
        if len(persons) == 1 and all(found):
            return replace(part, link=model.Link(qid=persons.pop(), score=SCORE, confident=False))
    return part


# Which post a phrase speaks of ----------------------------------------------------------------------------------------


def posts(part: model.Participant, read: Read, gazetteer: Gazetteer) -> Iterator[tuple[Item, str]]:
    """The country and the title that a phrase may be made of: "Iraq's president", "the president of Iraq", "its president".

    What the phrase says of the entities that it names is said of no other country than theirs.
    """
    words = part.label.split()
    if not 1 < len(words) <= MOST_WORDS:
        return
    named = read.named_within(part.mentions)
    if part.owner:
        named += [read.entities[part.owner]] if part.owner in read.entities else []
        found = [(entity.link.qid, words[1:]) for entity in named if entity.link]
        splits = [(item, title) for qid, title in found if (item := gazetteer.item(qid)) and item.cls == "Country"]
    else:
        splits = [(item, title) for name, title in _splits(words) if (item := _only(gazetteer.countries(name)))]
    for country, title in splits:
        if all(entity.link and entity.link.confident and entity.link.qid == country.qid for entity in named):
            yield country, " ".join(title)


def _splits(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """What may be a country, with the rest: before it, the longest first, or behind an "of"."""
    bare = words[1:] if words[0].casefold() == "the" else words
    for size in range(len(bare) - 1, 0, -1):
        yield " ".join(bare[:size]), bare[size:]
    for place in range(1, len(bare) - 1):
        if bare[place] == "of":
            yield " ".join(bare[place + 1 :]), bare[:place]


def _only(items: Sequence[Item]) -> Item | None:
    return items[0] if len(items) == 1 else None


# Who holds it ---------------------------------------------------------------------------------------------------------


def incumbents(country: Item, title: str, date: str, gazetteer: Gazetteer) -> set[str]:
    """Whoever may hold a post on a date, as ids; empty if nobody is known to.

    Where the table does not say who held the post itself then, but who did at another time, it is who headed the state (or
    the government) then, unless another came into the post meanwhile: not in every state the president is its head.

    Args:
        country: the country.
        title: the post, with the country or without it.
        date: ISO, as exact as it is known.
        gazetteer: the table.
    """
    normal = office(title)
    held, heads = _held(country, normal, gazetteer), list[Holder]()
    if head := HEADS.get(normal):
        heads = _held(country, head, gazetteer)
    if not head and _shared(held):
        return set()
    until = HEADS_KNOWN_UNTIL if head or normal in HEADS.values() else KNOWN_UNTIL
    found = {one.qid for one in held if _serves(one, date, [*held, *heads], until)}
    if found or not head or not held:
        return found
    found = {one.qid for one in heads if _serves(one, date, heads, until) and not any(_within(one, o) for o in held)}
    return found - (_presidents(country, date, gazetteer) if head == "head of government" else set())


def _shared(held: Sequence[Holder]) -> bool:
    """Whether a post is one that several hold at once, as vice presidents do: the table may well lack one of them.

    It is if more than a third of the holders had it for a year or more together with another; a few are mistakes.
    """
    terms = [(one.qid, one.term.start, one.term.end) for one in held if one.term.start and one.term.end]
    together = {
        qid
        for qid, start, end in terms
        for other, begin, last in terms
        if qid != other and _year_later(max(start, begin)) <= min(end, last)
    }
    return 3 * len(together) > len({one.qid for one in held})


def _year_later(date: str) -> str:
    return f"{int(date[:4]) + 1:04}{date[4:]}"


def _within(one: Holder, other: Holder) -> bool:
    """Whether another person's term began while this one lasted, and not with its end."""
    begun, end = other.term.start, one.term.end
    if other.qid == one.qid or not begun:
        return False
    return covers(one.term, begun) and (end is None or begun[: len(end)] < end)


def _presidents(country: Item, date: str, gazetteer: Gazetteer) -> set[str]:
    """Who heads the state: where that person heads the government too, another may be prime minister."""
    return incumbents(country, "president", date, gazetteer) | incumbents(country, "head of state", date, gazetteer)


def _held(country: Item, normal: str, gazetteer: Gazetteer) -> list[Holder]:
    """All that are known to have held a post, with each of their terms."""
    forms = _forms(country, normal, gazetteer)
    holders = dict.fromkeys(qid for form in forms for qid in gazetteer.holders(country.qid, form))
    terms = ((qid, term) for qid in holders for term in gazetteer.terms(qid) if term.country == country.qid)
    return [Holder(qid, term) for qid, term in terms if office(term.title) in forms]


def _forms(country: Item, normal: str, gazetteer: Gazetteer) -> set[str]:
    """How the table may call a post: without its country, and with each name and adjective of it in each place."""
    names = (country.label, *gazetteer.aliases(country.qid), *gazetteer.demonyms(country.qid))
    places = {place for name in names if (place := office(name))}
    with_country = (form for n in places for form in (f"{normal} of {n}", f"{n} {normal}", f"{normal} {n}"))
    return {normal, *with_country}


def _serves(one: Holder, date: str, others: Sequence[Holder], until: str) -> bool:
    """Whether a person may be in office on a date; a term whose end is unknown lasts until another's begins."""
    if not covers(one.term, date):
        return False
    if one.term.end:
        return True
    later = [o for o in others if o.qid != one.qid and (o.term.start or "") > (one.term.start or "")]
    since = [o for o in later if begun(o.term, date)]
    # One rival who came and went may have left the other in office.
    followed = any(o.term.end is None for o in since) or len({o.qid for o in since}) > 1
    return date[: len(until)] <= until and not followed
