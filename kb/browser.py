"""The error browser: one page that shows what was annotated beside what was exported, for those who tune a lexicon.

In: annotations, the graphs of the exports, the texts, and the outcomes of their comparison. Out: one HTML page that
needs nothing else, the same for the same input. Every figure is :mod:`kb.evaluation`'s; nothing is compared here. All
that comes from articles, annotations and exports is escaped. The look and the filters are in ``browser.html``.
"""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import chain, pairwise, product, zip_longest
from pathlib import Path
from typing import Any, TypeAlias

from kb.errors import OutputError
from kb.evaluation import FILLERS, Export, Gold, GoldEvent, Outcome, Provenance, rows, totals
from kb.rdf.files import replace
from kb.resources import PACKAGE

TEMPLATE = PACKAGE / "browser.html"
#: The groups of facts in the order of the page.
SECTIONS = "entities,actions,agreements,relations,positions,statements,links,entity class".split(",")
SIGNS = {"matched": "✓", "missing": "−", "extra": "+", "missing extra": "≠"}
#: The line of a group that says what the thing is; its other lines are slots.
HEADS = frozenset({"entities", "actions: class", "agreements: class", "positions", "statements"})
#: Sorts behind everything that has a place in the text.
NOWHERE = 1 << 30

#: Begin and end in the text.
Stretch: TypeAlias = tuple[int, int]
Places: TypeAlias = tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """An article with its annotation, its export, and how the two compare."""

    gold: Gold
    export: Export
    text: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One side of a fact: what it says, a word more, where in the text; of an export the rule and how sure it is."""

    said: str
    detail: str = ""
    at: Places = ()
    rule: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the page: what is annotated, what is exported, or both."""

    row: str
    gold: Cell | None
    system: Cell | None
    matched: bool

    @property
    def kind(self) -> str:
        """Matched, missing, extra, or the last two at once where the two sides differ."""
        if self.matched:
            return "matched"
        return " ".join(kind for kind, cell in (("missing", self.gold), ("extra", self.system)) if cell)


@dataclass(frozen=True, slots=True)
class Group:
    """The facts of one thing, such as an event."""

    section: str
    facts: tuple[Fact, ...]

    @property
    def begin(self) -> int:
        """Where the text first tells of it."""
        cells = (cell for fact in self.facts for cell in (fact.gold, fact.system) if cell)
        return min((begin for cell in cells for begin, _ in cell.at), default=NOWHERE)


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A stretch of the text to be marked; the layer is gold, system or trigger."""

    at: Stretch
    layer: str
    kind: str
    tip: str


# Where the text says it -----------------------------------------------------------------------------------------------


def places(text: str, phrase: str) -> Places:
    """Where a text has a phrase as whole words, whatever spaces are between them; by the letters' case if it can be.

    Example:
        >>> places("the  army and The army", "the army")
        ((0, 9),)
    """
    split = phrase.split()
    pattern = r"(?<!\w)" + r"\s+".join(map(re.escape, split)) + r"(?!\w)"
    for flags in (re.NOFLAG, re.IGNORECASE) if split else ():
        if found := tuple(match.span() for match in re.finditer(pattern, text, flags)):
            return found
    return ()


def within(inner: Places, outer: Places) -> Places:
    """The stretches that lie in one of the others; all where none does."""
    return tuple(i for i in inner if any(b <= i[0] and i[1] <= e for b, e in outer)) or inner


def together(one: Places, other: Places) -> Places:
    """The stretch of each that is nearest to one of the other; what there is where one has none."""
    if not one or not other:
        return one or other
    nearest = min(product(one, other), key=_apart)
    return tuple(sorted(nearest))


def _apart(pair: tuple[Stretch, Stretch]) -> int:
    return abs(pair[0][0] - pair[1][0])


# What there is to show ------------------------------------------------------------------------------------------------


class Annotated:
    """What an annotation says, as cells."""

    def __init__(self, gold: Gold, text: str) -> None:
        self.gold, self.text = gold, text

    def cell(self, outcome: Outcome, wanted: Any) -> Cell:
        """An annotated thing, or the slot of one."""
        if outcome.of is None:
            return _SHOWN[outcome.row.split(":")[0]][0](self, wanted)
        of, slot = outcome.of[0], outcome.row.split(": ")[-1]
        if not isinstance(of, GoldEvent):
            return Cell(wanted, self.name(of), self.places(of))
        told = self.told(of.evidence)
        if slot in FILLERS:
            return Cell(self.name(wanted), at=within(self.places(wanted), told))
        return Cell(wanted, " … ".join(of.evidence) if slot == "class" else "", told)

    def entity(self, key: str) -> Cell:
        """An entity by all its names."""
        entity = self.gold.entities[key]
        return Cell(" / ".join(entity.written), entity.cls, self.places(key))

    def relation(self, wanted: tuple[str, str, str]) -> Cell:
        """A relation with what is told of it nearest to each other."""
        subject, _, value = wanted
        at = together(self.places(subject), self.places(value))
        return Cell(f"{self.name(subject)} → {self.name(value)}", at=at)

    def position(self, wanted: tuple[str, str]) -> Cell:
        """A person and the title."""
        at = together(self.places(wanted[0]), places(self.text, wanted[1]))
        return Cell(f"{self.name(wanted[0])}: {wanted[1]}", at=at)

    def statement(self, wanted: tuple[str, str]) -> Cell:
        """A speaker and what was said."""
        return Cell(f"{self.name(wanted[0])}: {_quoted(wanted[1])}", at=self.told(wanted[1:]))

    def told(self, evidence: Iterable[str]) -> Places:
        """Where the text has what is given as evidence."""
        return tuple(sorted({place for phrase in evidence for place in places(self.text, phrase)}))

    def name(self, ref: str) -> str:
        """An entity's first name, or a phrase in quotes."""
        entity = self.gold.entities.get(ref)
        return next(iter(entity.written), ref) if entity else _quoted(ref)

    def places(self, ref: str) -> Places:
        """Where an entity is named, longer names before the shorter ones in them; or where a phrase stands."""
        entity = self.gold.entities.get(ref)
        names = sorted(entity.written, key=len, reverse=True) if entity else [ref]
        found: list[Stretch] = []
        for begin, end in chain.from_iterable(places(self.text, name) for name in names):
            if all(end <= b or e <= begin for b, e in found):
                found.append((begin, end))
        return tuple(sorted(found))


class Exported:
    """What an export says, as cells."""

    def __init__(self, export: Export, text: str) -> None:
        self.export, self.text = export, text

    def cell(self, outcome: Outcome, got: Any) -> Cell:
        """An exported thing, or the slot of one."""
        if outcome.of is None:
            return _SHOWN[outcome.row.split(":")[0]][1](self, got)
        of, slot = outcome.of[1], outcome.row.split(": ")[-1]
        source = self.export.provenance(of)
        if slot in FILLERS:
            at = within(self.export.provenance(got).mentions, source.quotes)
            return self._sourced(source, self.name(got), at=at or source.quotes)
        if of in self.export.entities:
            return Cell(got, self.name(of), source.mentions)
        trigger = self._words(source.mentions) if slot == "class" else ""
        return self._sourced(source, self.export.label(got), trigger, at=source.mentions or source.quotes)

    def entity(self, node: Any) -> Cell:
        """An entity by its label and its other names."""
        source, label = self.export.provenance(node), self.export.label(node)
        others = sorted({self._words([at]) for at in source.mentions} - {label, ""})
        named = [label, *(other for other in others if other.casefold() != label.casefold())]
        return self._sourced(source, " / ".join(named), self.export.entities[node], at=source.mentions)

    def relation(self, got: tuple[Any, str, Any]) -> Cell:
        """A relation with the sentence that it was read in."""
        # Who fights whom is stated in both directions, and was read in one of them.
        ways = [way for way in (got, got[::-1]) if self.export.reified(*way)] if got[1] == "fights" else [got]
        subject, prop, value = next(iter(ways), got)
        sources = [self.export.provenance(node) for node in self.export.reified(subject, prop, value)]
        source = next(iter(sources), Provenance())
        at = tuple(sorted({place for found in sources for place in found.quotes}))
        return self._sourced(source, f"{self.name(subject)} → {self.name(value)}", at=at)

    def position(self, got: tuple[Any, Any]) -> Cell:
        """A person and the title."""
        source, person = self.export.provenance(got[1]), self.export.provenance(got[0])
        title = ", ".join(sorted(self.export.texts(got[1], "title")))
        at = together(person.mentions, source.mentions)
        return self._sourced(source, f"{self.name(got[0])}: {title}", at=at or source.quotes)

    def statement(self, node: Any) -> Cell:
        """Speakers and what was said."""
        source = self.export.provenance(node)
        speakers = " & ".join(sorted(map(self.name, self.export.values(node, "speaker"))))
        said = " … ".join(map(_quoted, sorted(self.export.texts(node, "text"))))
        attitude = ", ".join(sorted(self.export.texts(node, "attitude")))
        return self._sourced(source, f"{speakers or 'nobody'}: {said}", attitude, at=source.mentions or source.quotes)

    def name(self, node: Any) -> str:
        """An entity's label, or a description in quotes."""
        label = self.export.label(node)
        return label if node in self.export.entities else _quoted(label)

    def _sourced(self, source: Provenance, said: str, detail: str = "", *, at: Places) -> Cell:
        return Cell(said, detail, at, source.rule, source.confidence)

    def _words(self, at: Iterable[Stretch]) -> str:
        return " … ".join(" ".join(self.text[begin:end].split()) for begin, end in at)


def _quoted(phrase: str) -> str:
    return f"“{phrase}”"


#: How the things that stand for themselves are shown: as annotated, as exported.
_SHOWN: Mapping[str, tuple[Callable[[Annotated, Any], Cell], Callable[[Exported, Any], Cell]]] = {
    "entities": (Annotated.entity, Exported.entity),
    "relations": (Annotated.relation, Exported.relation),
    "positions": (Annotated.position, Exported.position),
    "statements": (Annotated.statement, Exported.statement),
}


class View:
    """An article as groups of facts and as marks in its text."""

    def __init__(self, compared: Compared) -> None:
        self.name, self.text, self.outcomes = compared.gold.name, compared.text, compared.outcomes
        self.gold, self.system = Annotated(compared.gold, self.text), Exported(compared.export, self.text)

    @cached_property
    def groups(self) -> list[Group]:
        """Every fact, those of one event together, in the order of the sections and of the text."""
        things: dict[tuple[object, ...], list[Fact]] = {}
        for number, outcome in enumerate(self.outcomes):
            section, of = outcome.row.split(":")[0], outcome.of
            thing = (id(of[0]), of[1]) if of and ":" in outcome.row else (number,)
            things.setdefault((section, *thing), []).extend(self._facts(outcome))
        groups = [Group(str(section), tuple(facts)) for (section, *_), facts in things.items() if facts]
        return sorted(groups, key=lambda group: (SECTIONS.index(group.section), group.begin))

    def _facts(self, outcome: Outcome) -> Iterator[Fact]:
        """A line for each hit; what is missing and what is extra stand side by side."""
        missing = [wanted for wanted, got in outcome.pairs if got is None]
        extra = [got for wanted, got in outcome.pairs if wanted is None]
        hits = [(wanted, got) for wanted, got in outcome.pairs if wanted is not None and got is not None]
        for number, (wanted, got) in enumerate([*hits, *zip_longest(missing, extra)]):
            gold = None if wanted is None else self.gold.cell(outcome, wanted)
            system = None if got is None else self.system.cell(outcome, got)
            yield Fact(outcome.row, gold, system, matched=number < len(hits))

    @cached_property
    def facts(self) -> list[Fact]:
        """Every fact in the order of the page."""
        return [fact for group in self.groups for fact in group.facts]

    @property
    def marks(self) -> list[Mark]:
        """The names and the triggers in the text, of both sides."""
        return sorted({mark for fact in self.facts if fact.row in HEADS for mark in self._marks(fact)})

    def _marks(self, fact: Fact) -> Iterator[Mark]:
        kind = fact.kind
        if fact.row == "entities":
            for layer, cell in (("gold", fact.gold), ("system", fact.system)):
                for at in cell.at if cell else ():
                    yield Mark(at, layer, kind, f"{layer}: {cell.said} ({cell.detail})" if cell else "")
        elif fact.row.endswith(": class") and fact.system:
            kind = "matched" if fact.gold else "extra"
            for at in fact.system.at:
                yield Mark(at, "trigger", kind, f"trigger: {fact.system.said}, {fact.system.rule}")


# HTML -----------------------------------------------------------------------------------------------------------------


def page(articles: Sequence[Compared]) -> str:
    """The page of these articles."""
    views = [View(article) for article in articles]
    outcomes = [outcome for article in articles for outcome in article.outcomes]
    return _filled(
        {
            "overview": _figures(outcomes),
            "articles": "".join(map(_article_line, views)),
            "rules": "".join(_rules(views)),
            "slots": "".join(f'<option value="{_e(row)}">{_e(row)}</option>' for row in totals(outcomes)),
            "names": "".join(f'<option value="{_e(view.name)}">{_e(view.name)}</option>' for view in views),
            "body": "".join(map(_article, views)),
        }
    )


def _filled(parts: Mapping[str, str]) -> str:
    """The template with its ``{{NAME}}`` replaced, and the digest of its script, so that no other one runs."""
    template = TEMPLATE.read_text(encoding="utf-8")
    script = template.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    known = {**parts, "script": f"sha256-{digest}"}
    return re.sub(r"\{\{(\w+)\}\}", lambda match: known[match[1]], template)


def _e(text: object) -> str:
    """Text as HTML: no markup, no attribute's end, nothing that a file cannot hold."""
    return escape(str(text).encode(errors="replace").decode())


def _figures(outcomes: Iterable[Outcome]) -> str:
    """The table of the figures, with what they count."""
    kept = list(outcomes)
    counts = totals(kept)
    return "".join(
        f'<tr data-go-slot="{_e(r.name)}"><th scope="row"><a href="#">{_e(r.name)}</a></th>'
        + "".join(f"<td>{figure:.3f}</td>" for figure in (r.precision, r.recall, r.f1))
        + "".join(f"<td>{number}</td>" for number in (r.gold, *_counted(counts[r.name])))
        + "</tr>\n"
        for r in rows(kept)
    )


def _counted(count: tuple[int, int, int]) -> tuple[int, int, int]:
    """Matched, missing, extra."""
    tp, fp, fn = count
    return tp, fn, fp


def _article_line(view: View) -> str:
    """An article in the list of all."""
    figures, counts = {r.name: r for r in rows(view.outcomes)}, totals(view.outcomes)
    shown = [figures[name] for name in ("entities", "facts") if name in figures]
    cells = "".join(f"<td>{r.precision:.3f}</td><td>{r.recall:.3f}</td><td>{r.f1:.3f}</td>" for r in shown)
    facts = "".join(f"<td>{number}</td>" for number in _counted(counts.get("facts", (0, 0, 0))))
    name = f'<th scope="row"><a href="#">{_e(view.name)}</a></th>'
    return f'<tr data-go-article="{_e(view.name)}">{name}{cells}{facts}</tr>\n'


def _rules(views: Iterable[View]) -> Iterator[str]:
    """What each rule gets right and wrong, those that err most first."""
    told = [(fact.system.rule, fact.matched) for view in views for fact in view.facts if fact.system]
    right, wrong = Counter(r for r, ok in told if r and ok), Counter(r for r, ok in told if r and not ok)
    for rule in sorted({*right, *wrong}, key=lambda rule: (-wrong[rule], right[rule], rule)):
        share = right[rule] / (right[rule] + wrong[rule])
        cells = f"<td>{share:.2f}</td><td>{right[rule]}</td><td>{wrong[rule]}</td>"
        yield f'<tr data-go-rule="{_e(rule)}"><th scope="row"><a href="#">{_e(rule)}</a></th>{cells}</tr>\n'


def _article(view: View) -> str:
    """The text and the facts of one article."""
    return (
        f'<article data-article="{_e(view.name)}">\n<h2>{_e(view.name)}</h2>\n'
        f"<details class=figures><summary>{_summary(view.outcomes)}</summary>"
        f"<table class=numbers>{FIGURES_HEAD}<tbody>{_figures(view.outcomes)}</tbody></table></details>\n"
        f"<div class=columns><div class=text>{_text(view)}</div>\n"
        f"<table class=facts>{FACTS_HEAD}{''.join(_sections(view))}</table></div>\n</article>\n"
    )


FIGURES_HEAD = (
    "<thead><tr><th></th><th>P</th><th>R</th><th>F1</th><th>gold</th>"
    "<th>✓ matched</th><th>− missing</th><th>+ extra</th></tr></thead>"
)
FACTS_HEAD = (
    "<thead><tr><th scope=col>slot</th><th scope=col>gold</th><th scope=col><span class=hidden>kind</span></th>"
    "<th scope=col>system</th></tr></thead>\n"
)


def _summary(outcomes: Iterable[Outcome], names: Sequence[str] = ("entities", "facts")) -> str:
    kept = list(outcomes)
    counts = totals(kept)
    return " · ".join(
        _in_short(r.name, r.precision, r.recall, r.f1, counts[r.name]) for r in rows(kept) if r.name in names
    )


def _in_short(name: str, precision: float, recall: float, f1: float, count: tuple[int, int, int]) -> str:
    signs = " ".join(f"{sign}{n}" for sign, n in zip("✓−+", _counted(count), strict=True))
    return f"<b>{_e(name)}</b> P {precision:.3f} R {recall:.3f} F1 {f1:.3f} ({signs})"


def _sections(view: View) -> Iterator[str]:
    for section in SECTIONS:
        groups = [group for group in view.groups if group.section == section]
        figures = _summary(view.outcomes, [section])
        if groups:
            title = f"<th colspan=4 scope=rowgroup>{figures}</th>"
            yield f'<tbody class=section data-section="{_e(section)}"><tr>{title}</tr></tbody>\n'
        yield from (f"<tbody class=group>{''.join(map(_fact, group.facts))}</tbody>\n" for group in groups)


def _fact(fact: Fact) -> str:
    rule = fact.system.rule if fact.system else ""
    head = " head" if fact.row in HEADS else ""
    return (
        f'<tr class="fact{head}" tabindex=0 data-slot="{_e(fact.row)}" data-kind="{fact.kind}" data-rule="{_e(rule)}">'
        f"<td class=slot>{_e(fact.row.partition(': ')[2])}</td>{_cell(fact.gold, 'gold')}"
        f'<td class=sign title="{fact.kind.replace(" ", " and ")}">{SIGNS[fact.kind]}</td>'
        f"{_cell(fact.system, 'system')}</tr>\n"
    )


def _cell(cell: Cell | None, side: str) -> str:
    if cell is None:
        return f"<td class={side}></td>"
    at = " ".join(f"{begin}-{end}" for begin, end in cell.at)
    detail = f"<small>{_e(cell.detail)}</small>" if cell.detail else ""
    source = " · ".join(filter(None, [cell.rule, cell.confidence]))
    told = f"<code>{_e(source)}</code>" if source else ""
    lost = "" if at else "<small class=lost>not found in the text</small>"
    return f'<td class={side} data-at="{at}">{_e(cell.said)}{detail}{told}{lost}</td>'


def _text(view: View) -> str:
    """The text, cut wherever a mark or the evidence of a fact begins or ends."""
    marks, size = view.marks, len(view.text)
    cells = [cell for fact in view.facts for cell in (fact.gold, fact.system) if cell]
    ends = {end for at in chain((mark.at for mark in marks), *(cell.at for cell in cells)) for end in at}
    cuts = sorted({0, size, *(end for end in ends if end < size)})
    return "".join(_piece(view.text, begin, end, marks) for begin, end in pairwise(cuts))


def _piece(text: str, begin: int, end: int, marks: Iterable[Mark]) -> str:
    over = [mark for mark in marks if mark.at[0] <= begin and end <= mark.at[1]]
    classes = sorted({name for mark in over for name in (mark.layer, f"{mark.layer}-{mark.kind}")})
    first = ["first"] if any(mark.at[0] == begin for mark in over) else []
    tips = " | ".join(dict.fromkeys(mark.tip for mark in over))
    marked = f' class="{" ".join([*classes, *first])}" title="{_e(tips)}"' if over else ""
    return f"<span data-b={begin} data-e={end}{marked}>{_e(text[begin:end])}</span>"


# Writing --------------------------------------------------------------------------------------------------------------


def write(articles: Sequence[Compared], path: Path) -> None:
    """The page of these articles as a file, which appears whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        replace(path, [page(articles).encode()])
    except OSError as error:
        hint = "name a file in a folder that exists and may be written to"
        raise OutputError(f"cannot be written ({error.strerror})", where=str(path), hint=hint) from error
