"""QuickStatements, version 1: what may be given back to Wikidata, as commands that a person reads and runs.

https://www.wikidata.org/wiki/Help:QuickStatements. Only what is sure is written: items that are linked without doubt,
facts that an article itself asserts, each with a reference. Events become new items, for people to compare with what is
there. Version 1 knows no escapes: a text stands between the first and the last quotation mark of its cell, and one reader
splits at vertical bars, so neither is ever written within a text. The ids of classes and posts are the alignment's.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from kb import terms
from kb.rdf.alignment import classes, heads, item_of
from kb.rdf.literals import plain, term
from kb.terms import WIKIDATA

#: Characters of a text, a label or a quotation.
LONGEST = 250

#: Who belongs to what, each a class, by which property.
MEMBERSHIPS = (
    ("Person", "ArmedGroup", "P463"),
    ("Person", "PoliticalParty", "P102"),
    ("Person", "Company", "P108"),
    ("Person", "MediaOrganization", "P108"),
    ("Organization", "InternationalOrganization", "P463"),
    ("Country", "InternationalOrganization", "P463"),
)
EMPLOYER = "P108"
#: Relations that say or imply that one belongs to the other.
BELONGING = ("memberOf", "leaderOf", "spokespersonFor")
#: Properties of a country whose values are those who head it; the others are of organizations.
OF_COUNTRIES = frozenset({"P6", "P35"})
#: Heads that a country has under another name: the president of Iran heads its government, not the state.
EXCEPTIONS = frozenset({("P35", "Q794")})

#: Roles of events with the property that each fills.
ROLES = (
    ("kb:place", "P276"),
    ("kb:agent", "P710"),
    ("kb:party", "P710"),
    ("kb:mediator", "P710"),
    ("kb:target", "P533"),
    ("kb:partOf", "P361"),
)
COUNTS = (("kb:killed", "P1120"), ("kb:injured", "P1339"))
SIGNATORY = "P1891"
#: What is agreed, and what is not or not yet.
SETTLED, UNSETTLED = ("Agreed", "Violated", "Collapsed"), ("Proposed", "Negotiating", "Rejected")

#: Shapes of dates by their datatype, what makes a whole date of them, and Wikidata's number of the precision.
_DATES = {
    terms.expand("xsd:date"): (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "", 11),
    terms.expand("xsd:gYearMonth"): (r"[0-9]{4}-[0-9]{2}", "-00", 10),
    terms.expand("xsd:gYear"): (r"[0-9]{4}", "-00-00", 9),
}
_ITEM = re.compile(re.escape(WIKIDATA) + r"(Q[1-9][0-9]*)")
#: Marks of quotations become single ones, as in any quotation within a quotation.
_UNSAFE = str.maketrans({'"': "'", "\u201c": "\u2018", "\u201d": "\u2019", "|": "\u00a6"})
_HEAD = "# QuickStatements, version 1. Read each line, and look for an item that is there already, before you run it."

_Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
#: The columns of a line.
_Cells = tuple[str, ...]


def lines(found: Iterable[ox.Quad], _base: str) -> Iterator[str]:
    """Commands with their line feeds: first what linked items say of each other, then a new item for each event."""
    facts = _Facts(found)
    yield _HEAD + "\n"
    for article in facts.of("kb:Article"):
        if not facts.address(article):
            yield f"# No reference URL for what {plain(article.value)} says: the article has no address.\n"
    for row in sorted({*_relations(facts), *_positions(facts)}):
        yield "\t".join(row) + "\n"
    for event in sorted(_events(facts), key=lambda event: (str(facts.one(event, "kb:date")), event.value)):
        yield from ("\t".join(row) + "\n" for row in _event(facts, event))


class _Facts:
    """Quads by subject and predicate, and what the commands need to know of a node."""

    def __init__(self, found: Iterable[ox.Quad]) -> None:
        self._of: defaultdict[_Node, defaultdict[str, set[_Node]]] = defaultdict(lambda: defaultdict(set))
        self._instances: defaultdict[_Node, set[_Node]] = defaultdict(set)
        for quad in found:
            self._of[quad.subject][quad.predicate.value].add(quad.object)
            if quad.predicate == term("rdf:type"):
                self._instances[quad.object].add(quad.subject)
        self._publishers = dict(self._media())

    def all(self, node: _Node | None, prop: str) -> list[_Node]:
        """Every value of a property, sorted."""
        known = self._of.get(node) if node is not None else None
        return sorted(known.get(terms.expand(prop), ()), key=str) if known else []

    def one(self, node: _Node | None, prop: str) -> _Node | None:
        return next(iter(self.all(node, prop)), None)

    def said(self, node: _Node | None, prop: str) -> str:
        """The text of the first value; empty if there is none."""
        return str(getattr(self.one(node, prop), "value", ""))

    def isa(self, node: _Node | None, cls: str) -> bool:
        return node in self._instances.get(term(cls), ())

    def of(self, cls: str) -> list[ox.NamedNode]:
        """The nodes of a class, sorted."""
        return sorted((n for n in self._instances.get(term(cls), ()) if isinstance(n, ox.NamedNode)), key=str)

    def having(self, prop: str) -> list[_Node]:
        return sorted((node for node, known in self._of.items() if terms.expand(prop) in known), key=str)

    def item(self, node: _Node | None) -> str | None:
        """The item that a node is without doubt: a single one."""
        values = (value.value for value in self.all(node, "owl:sameAs") if isinstance(value, ox.NamedNode))
        found = [match[1] for match in map(_ITEM.fullmatch, values) if match]
        return found[0] if len(found) == 1 else None

    def address(self, article: _Node) -> str | None:
        url = self.one(article, "schema:url")
        return terms.web_address(url.value) if isinstance(url, ox.NamedNode) else None

    def publisher(self, article: _Node) -> str | None:
        """The item that an article is stated in: its own, or that of the medium with the name of its source."""
        return self.item(article) or self._publishers.get(terms.normal_name(self.said(article, "schema:creditText")))

    def _media(self) -> Iterator[tuple[str, str]]:
        for medium in self.of("kb:MediaOrganization"):
            if item := self.item(medium):
                for name in [*self.all(medium, "rdfs:label"), *self.all(medium, "skos:altLabel")]:
                    yield terms.normal_name(str(getattr(name, "value", ""))), item

    def reference(self, node: _Node) -> _Cells:
        """Where a node was read: source, address, title, day and sentence; empty where nothing says which article.

        Of several sentences the longest is quoted: it tells most.
        """
        quotes = self.all(node, "prov:wasQuotedFrom")
        quote = max(quotes, key=lambda quote: len(self._anchor(quote)), default=None)
        article = self.one(quote, "nif:referenceContext")
        if article is None:
            return ()
        address, title = self.address(article), self.said(article, "schema:headline")
        named = [("S248", self.publisher(article)), ("S854", address and _quoted(address)), ("S1476", _text(title))]
        told = [("S577", _time(self.one(article, "schema:datePublished"))), ("S1683", _text(self._anchor(quote)))]
        known = any(value for _, value in named)
        return tuple(cell for key, value in (*named, *told) if value and known for cell in (key, value))

    def _anchor(self, quote: _Node | None) -> str:
        return self.said(quote, "nif:anchorOf")


# Values ---------------------------------------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    return f'"{text}"'


def _text(text: str) -> str | None:
    """An English text in one line that breaks no cell; None if it is empty."""
    return f"en:{_quoted(_safe(text))}" if text.strip() else None


def _safe(text: str) -> str:
    """A text without what a reader could take for the end of its cell, cut at a word."""
    line = plain(text).translate(_UNSAFE)
    if len(line) <= LONGEST:
        return line
    cut = line[:LONGEST]
    return (cut.rpartition(" ")[0] or cut[:-1]) + "\u2026"


def _time(date: _Node | None) -> str | None:
    """A date with its precision: https://www.wikidata.org/wiki/Help:QuickStatements#Time."""
    if not isinstance(date, ox.Literal) or date.datatype.value not in _DATES:
        return None
    shape, rest, precision = _DATES[date.datatype.value]
    return f"+{date.value}{rest}T00:00:00Z/{precision}" if re.fullmatch(shape, date.value) else None


# What linked items say of each other ----------------------------------------------------------------------------------


def _relations(facts: _Facts) -> Iterator[_Cells]:
    """Heads and members, each with the sentence that tells of them."""
    for evidence in facts.of("rdf:Statement"):
        subject, predicate, value = (facts.one(evidence, f"rdf:{part}") for part in ("subject", "predicate", "object"))
        ends = facts.item(subject), facts.item(value)
        reference = facts.reference(evidence)
        if not (ends[0] and ends[1] and reference):
            continue
        if predicate == term("leaderOf") and facts.isa(subject, "Person"):
            rule = facts.said(evidence, "kb:rule")
            yield from ((ends[1], prop, ends[0], *reference) for prop in _headed(facts, rule, value, ends[1]))
        if predicate in [term(relation) for relation in BELONGING]:
            yield from ((ends[0], prop, ends[1], *reference) for prop in _joined(facts, subject, value))


def _headed(facts: _Facts, rule: str, body: _Node | None, item: str) -> Iterator[str]:
    """The properties of a body whose value is the holder of the post that a lexical entry names."""
    country = facts.isa(body, "Country")
    for prop in heads().get(rule, ()):
        if (prop in OF_COUNTRIES) is country and (prop, item) not in EXCEPTIONS:
            yield prop


def _joined(facts: _Facts, member: _Node | None, body: _Node | None) -> Iterator[str]:
    """The properties by which one belongs to the other; who heads a body is not employed there."""
    leads = body in facts.all(member, "leaderOf")
    for cls, other, prop in MEMBERSHIPS:
        if facts.isa(member, cls) and facts.isa(body, other) and not (leads and prop == EMPLOYER):
            yield prop


def _positions(facts: _Facts) -> Iterator[_Cells]:
    for person in facts.having("kb:holds"):
        for post in facts.all(person, "kb:holds"):
            ends, reference = (facts.item(person), facts.item(post)), facts.reference(post)
            if ends[0] and ends[1] and reference:
                yield (ends[0], "P39", ends[1], *reference)


# Events ---------------------------------------------------------------------------------------------------------------


def _events(facts: _Facts) -> Iterator[ox.NamedNode]:
    """Military actions and agreements that an article itself says there were, with a date and somebody or somewhere known."""
    for event in {*facts.of("kb:MilitaryAction"), *facts.of("kb:Agreement")}:
        sure = facts.all(event, "kb:factuality") == [term("Actual")] and not facts.all(event, "kb:attributedTo")
        open_ = {*facts.all(event, "kb:status")} & {*map(term, UNSETTLED)}
        known = any(facts.item(value) for role, _ in ROLES for value in facts.all(event, role))
        if sure and not open_ and known and _time(facts.one(event, "kb:date")) and facts.reference(event):
            yield event


def _event(facts: _Facts, event: ox.NamedNode) -> Iterator[_Cells]:
    """The commands that make an item for an event, or add to the one that it has."""
    item, reference = facts.item(event), facts.reference(event)
    if not item:
        about = _safe(_described(facts, event))
        label = _safe(facts.said(event, "rdfs:label") or about)
        yield ("CREATE",)
        yield ("LAST", "Len", _quoted(label))
        if about != label:  # Wikidata takes no description that is the label
            yield ("LAST", "Den", _quoted(about))
    for prop, value in dict.fromkeys(_claims(facts, event)):
        yield (item or "LAST", prop, value, *reference)


def _claims(facts: _Facts, event: ox.NamedNode) -> Iterator[tuple[str, str]]:
    """What an event is, when, where, who took part, and how many died."""
    if kind := item_of(_types(facts, event)):
        yield "P31", kind
    yield from _when(facts, event)
    roles = [*ROLES, *([("kb:party", SIGNATORY)] if {*facts.all(event, "kb:status")} & {*map(term, SETTLED)} else [])]
    for role, prop in roles:
        yield from ((prop, item) for value in facts.all(event, role) if (item := facts.item(value)))
    for role, prop in COUNTS:
        if re.fullmatch(r"[0-9]{1,9}", number := facts.said(event, role)):
            yield prop, str(int(number))


def _when(facts: _Facts, event: ox.NamedNode) -> Iterator[tuple[str, str]]:
    """The point in time, or the start and the end of what lasted."""
    start, end = _time(facts.one(event, "kb:date")), _time(facts.one(event, "kb:endDate"))
    dates = (("P580", start), ("P582", end)) if end else (("P585", start),)
    yield from ((prop, time) for prop, time in dates if time)


def _described(facts: _Facts, event: ox.NamedNode) -> str:
    """What an event is, where and when, in a few words: "airstrike in Zahle, 2017-08-28"."""
    order = {cls: number for number, cls in enumerate(classes())}
    own = min(_types(facts, event), key=lambda cls: (order.get(cls, -1), cls))  # a user's class before ours
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", terms.local_name(own)).lower()
    places = [name for place in facts.all(event, "kb:place") if (name := facts.said(place, "rdfs:label"))]
    return words + (f" in {places[0]}" if places else "") + f", {facts.said(event, 'kb:date')}"


def _types(facts: _Facts, event: ox.NamedNode) -> frozenset[str]:
    return frozenset(str(getattr(cls, "value", "")) for cls in facts.all(event, "rdf:type"))
