"""How well an export says what the annotators of an article found: precision, recall and F1 per kind of fact.

In: for each article its annotation (``NAME.gold.json``) and the graph of its export. Out: `Outcome` values, one for
each thing compared, which `rows` sums up. Nothing here reads an article or runs the extraction. Entities are matched by
name; fillers by Wikidata item, name or shared words; events by the assignment in which they share the most slots.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from kb.errors import InputError, KbError
from kb.resources import KB

WIKIDATA = "http://www.wikidata.org/entity/"
SUFFIX = ".gold.json"

#: Entity class → the coarse class that has to be right. In the vocabulary's order: the last class of a node counts.
COARSE: Mapping[str, str] = {
    "Person": "Person",
    "Country": "Country",
    "Organization": "Organization",
    "Government": "Organization",
    "GovernmentBody": "Organization",
    "ArmedForce": "Organization",
    "ArmedGroup": "Organization",
    "PoliticalParty": "Organization",
    "InternationalOrganization": "Organization",
    "MediaOrganization": "Organization",
    "Company": "Organization",
    "Place": "Place",
    "Region": "Place",
    "City": "Place",
    "Facility": "Place",
}
RELATIONS = ("leaderOf", "spokespersonFor", "memberOf", "supports", "fights", "controls")
#: Relations that imply ``memberOf``; an implied one is not counted.
IMPLIES_MEMBER = ("leaderOf", "spokespersonFor")
#: Slots filled by somebody or something; the others hold a value.
FILLERS = frozenset({"agent", "target", "place", "party", "mediator"})
#: Words that say nothing about whether two phrases mean the same.
EMPTY_WORDS = frozenset("a an and at for her his in its of on several some the their to".split())
#: What the right class is worth when events are paired: less than one shared slot.
SAME_CLASS = 0.9
#: Share of common words from which two phrases, and a statement and its annotation, count as the same.
ALIKE, NEAR = 0.5, 0.7
#: The rows that come first.
FIRST_ROWS = "entities,entity class,links,facts,actions,agreements,relations,positions,statements".split(",")
#: Rows that stand for themselves and are part of no group.
APART = ("entity class",)


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of event: its row, its classes in the vocabulary's order, the slots that are compared."""

    row: str
    classes: tuple[str, ...]
    slots: tuple[str, ...]


ACTIONS = Family(
    "actions",
    tuple(
        "MilitaryAction Airstrike Shelling Bombing Shooting ArmedClash Offensive Siege Raid Abduction Capture "
        "TroopMovement ChemicalAttack".split()
    ),
    ("agent", "target", "place", "date", "killed", "injured"),
)
AGREEMENTS = Family(
    "agreements",
    tuple(
        "Agreement Ceasefire PeaceAgreement EvacuationAgreement PrisonerExchange Treaty EconomicAgreement "
        "CooperationAgreement".split()
    ),
    ("party", "mediator", "place", "date", "status"),
)


@dataclass(frozen=True, slots=True)
class GoldEntity:
    """An annotated entity: every name that counts, normalised; its item, "NIL" for none, or None where undecided."""

    cls: str
    names: frozenset[str]
    item: str | None


@dataclass(frozen=True, slots=True)
class GoldEvent:
    """An annotated event; a filler is the key of an entity or a phrase."""

    cls: str
    factuality: str
    slots: Mapping[str, tuple[str, ...]]
    evidence: str


@dataclass(frozen=True, slots=True)
class Gold:
    """The annotation of one article."""

    name: str
    entities: Mapping[str, GoldEntity]
    events: Mapping[str, tuple[GoldEvent, ...]]
    relations: tuple[tuple[str, str, str], ...]
    positions: tuple[tuple[str, str], ...]
    statements: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One comparison: the row it counts for, hits, false and missing items, and what to tell a person about it."""

    row: str
    tp: int = 0
    fp: int = 0
    fn: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one kind of fact, each in [0, 1], and the number of annotated items."""

    name: str
    precision: float
    recall: float
    f1: float
    gold: int


Match: TypeAlias = Callable[[str, Node], bool]


# The annotation -------------------------------------------------------------------------------------------------------


def read_gold(folder: Path) -> list[Gold]:
    """The annotations in a folder, by name.

    Raises:
        InputError: the folder has none, or one is not as the guidelines say.
    """
    files = sorted(folder.glob(f"*{SUFFIX}"))
    if not files:
        raise InputError(f"no *{SUFFIX} here", where=str(folder), hint="name a folder of annotated articles")
    return [_read(file) for file in files]


def _read(file: Path) -> Gold:
    try:
        return _gold(file.name.removesuffix(SUFFIX), json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"not an annotation ({error!r})", where=str(file), hint="see the guidelines") from error


def _gold(name: str, said: Mapping[str, Any]) -> Gold:
    return Gold(
        name=name,
        entities={key: _entity(entity) for key, entity in said["entities"].items()},
        events={f.row: tuple(_event(e, f) for e in said.get(f.row, ())) for f in (ACTIONS, AGREEMENTS)},
        relations=tuple((s, p, o) for s, p, o in said.get("relations", ()) if p in RELATIONS),
        positions=tuple((p["person"], p["title"]) for p in said.get("positions", ())),
        statements=tuple((s["speaker"], s["evidence"]) for s in said.get("statements", ())),
    )


def _entity(said: Mapping[str, Any]) -> GoldEntity:
    if said["class"] not in COARSE:
        raise ValueError(f"unknown class {said['class']}")
    return GoldEntity(said["class"], frozenset(map(norm, said["names"])), said.get("wikidata"))


def _event(said: Mapping[str, Any], family: Family) -> GoldEvent:
    slots = {slot: _listed(said.get(slot)) for slot in family.slots}
    return GoldEvent(said["class"], said.get("factuality", "Actual"), slots, str(said.get("evidence", "")))


def _listed(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


# Names and phrases ----------------------------------------------------------------------------------------------------


def norm(text: str) -> str:
    """A name without case, accents, punctuation, possessive and leading article.

    Example:
        >>> norm("The Élysée's guard")
        'elysee guard'
    """
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    plain = re.sub(r"['\u2019]s\b", "", plain).replace(".", "")
    return re.sub(r"^(the|a|an) ", "", re.sub(r"[^\w]+", " ", plain).strip())


def words(text: str) -> frozenset[str]:
    """The words of a phrase that carry meaning."""
    return frozenset(norm(text).split()) - EMPTY_WORDS


def alike(one: str, other: str) -> bool:
    """Whether two phrases share half of their words, or one holds all of the other."""
    a, b = words(one), words(other)
    return bool(a and b) and (len(a & b) / len(a | b) >= ALIKE or a <= b or b <= a)


# The export -----------------------------------------------------------------------------------------------------------


class Export:
    """What the graph of one article says, as names and values."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def classes(self, wanted: Iterable[str]) -> dict[Node, str]:
        """The nodes of any of the classes, each with the last that applies."""
        return {node: cls for cls in wanted for node in self.graph.subjects(RDF.type, URIRef(KB + cls))}

    @cached_property
    def entities(self) -> dict[Node, str]:
        """The named entities with their classes."""
        return self.classes(COARSE)

    def names(self, node: Node) -> set[str]:
        """All names of a node, or the text of a literal, normalised."""
        if isinstance(node, Literal):
            return {norm(str(node))}
        labels = (o for p in (RDFS.label, SKOS.prefLabel, SKOS.altLabel) for o in self.graph.objects(node, p))
        return {norm(str(label)) for label in labels} - {""}

    def items(self, node: Node) -> set[str]:
        """The Wikidata items a node is said to be."""
        same = [str(o) for p in (OWL.sameAs, SKOS.exactMatch) for o in self.graph.objects(node, p)]
        return {iri.removeprefix(WIKIDATA) for iri in [*same, str(node)] if iri.startswith(WIKIDATA)}

    def values(self, node: Node, prop: str) -> list[Node]:
        """The values of one of our properties."""
        return list(self.graph.objects(node, URIRef(KB + prop)))

    def texts(self, node: Node, prop: str) -> list[str]:
        """The values as text, our own individuals by their local name."""
        return [str(value).removeprefix(KB) for value in self.values(node, prop)]

    def pairs(self, prop: str) -> list[tuple[Node, Node]]:
        """Subjects and objects of one of our properties."""
        return list(self.graph.subject_objects(URIRef(KB + prop)))

    def described(self, node: Node) -> str:
        """The names of a node, for a person."""
        return str(sorted(self.names(node)))


def filler_match(gold: Gold, export: Export) -> Match:
    """Whether an exported node is the annotated filler, an entity's key or a phrase."""

    def matches(ref: str, node: Node) -> bool:
        names, entity = export.names(node), gold.entities.get(ref)
        if entity is None:
            return any(alike(ref, name) for name in names)
        if entity.item in export.items(node) or names & entity.names:
            return True
        return node not in export.entities and _mentions(names, entity.names)

    return matches


def _mentions(names: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether a description holds a name: "ISIS militants" for ISIS."""
    return any(words(want) <= words(name) for name in names for want in wanted if words(want))


# The comparison -------------------------------------------------------------------------------------------------------


def compare(gold: Gold, graph: Graph) -> Iterator[Outcome]:
    """Every thing annotated in, or exported of, one article, with how it came out."""
    export = Export(graph)
    match = filler_match(gold, export)
    yield from _entities(gold, export)
    for family in (ACTIONS, AGREEMENTS):
        yield from _events(gold.events[family.row], family, export, match)
    yield from _relations(gold, export, match)
    yield from _positions(gold, export, match)
    yield from _statements(gold, export, match)


def _entities(gold: Gold, export: Export) -> Iterator[Outcome]:
    free = dict(export.entities)
    for key, entity in gold.entities.items():
        node = _named(entity, free, export)
        if node is None:
            yield Outcome("entities", fn=1, note=f"missing entity {key} {entity.cls}")
            yield from [Outcome("links", fn=1)] if (entity.item or "").startswith("Q") else []
            continue
        yield Outcome("entities", tp=1)
        yield _verdict("entity class", free.pop(node) == entity.cls)
        yield from _link(key, entity.item, export.items(node))
    for node, cls in free.items():
        yield Outcome("entities", fp=1, note=f"extra entity {export.described(node)} {cls}")


def _named(entity: GoldEntity, free: Mapping[Node, str], export: Export) -> Node | None:
    """The node of the right coarse class that shares most names."""
    shared = {n: len(export.names(n) & entity.names) for n, c in free.items() if COARSE[c] == COARSE[entity.cls]}
    best = max(shared, key=shared.__getitem__, default=None)
    return best if best is not None and shared[best] else None


def _link(key: str, item: str | None, found: set[str]) -> Iterator[Outcome]:
    if item == "NIL":
        yield Outcome("links", fp=int(bool(found)))
    elif item and item in found:
        yield Outcome("links", tp=1)
    elif item:
        yield Outcome("links", fp=int(bool(found)), fn=1, note=f"link of {key} is {sorted(found) or 'none'} not {item}")


def _verdict(row: str, right: bool) -> Outcome:
    return Outcome(row, tp=1) if right else Outcome(row, fp=1, fn=1)


def _events(golds: Sequence[GoldEvent], family: Family, export: Export, match: Match) -> Iterator[Outcome]:
    found = export.classes(family.classes)
    nodes = list(found)
    slots = {(i, j): _slots(g, n, family, export, match) for i, g in enumerate(golds) for j, n in enumerate(nodes)}
    gain = {(i, j): _gain(slots[i, j], golds[i].cls == found[nodes[j]]) for i, j in slots}
    paired = _assign(gain, len(golds), len(nodes))
    for i, j in paired:
        yield _verdict(f"{family.row}: class", golds[i].cls == found[nodes[j]])
        factuality = (export.texts(nodes[j], "factuality") or ["Actual"])[0]
        yield _verdict(f"{family.row}: factuality", factuality == golds[i].factuality)
        yield from slots[i, j]
    yield from _missing(golds, {i for i, _ in paired}, family)
    yield from _extra([n for j, n in enumerate(nodes) if j not in {b for _, b in paired}], found, family, export)


def _slots(event: GoldEvent, node: Node, family: Family, export: Export, match: Match) -> list[Outcome]:
    """How each slot of an exported event compares with those of an annotated one."""
    outcomes = []
    for slot in family.slots:
        wanted, got = event.slots[slot], export.values(node, slot)
        same = set(wanted) & set(export.texts(node, slot))
        hits = len(_one_to_one(wanted, got, match)) if slot in FILLERS else len(same)
        outcomes.append(Outcome(f"{family.row}: {slot}", tp=hits, fp=len(got) - hits, fn=len(wanted) - hits))
    return outcomes


def _gain(slots: Iterable[Outcome], same_class: bool) -> float:
    return sum(slot.tp for slot in slots) + (SAME_CLASS if same_class else 0.0)


def _assign(gain: Mapping[tuple[int, int], float], rows: int, columns: int) -> list[tuple[int, int]]:
    """The pairing of rows with columns whose gains sum to the most, without pairs that gain nothing."""
    if not gain:
        return []
    costs = [[-gain[i, j] for j in range(columns)] for i in range(rows)]
    chosen = zip(*_solver()(costs), strict=True)
    return [(int(i), int(j)) for i, j in chosen if gain[int(i), int(j)] > 0]


def _solver() -> Callable[[list[list[float]]], tuple[Any, Any]]:
    # scipy belongs to an extra and takes a while to load: only whoever evaluates needs it.
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError as error:
        raise KbError("evaluation needs scipy", hint="pip install 'newskb[evaluate]'") from error
    solve: Callable[[list[list[float]]], tuple[Any, Any]] = linear_sum_assignment
    return solve


def _missing(golds: Sequence[GoldEvent], paired: set[int], family: Family) -> Iterator[Outcome]:
    for event in (event for i, event in enumerate(golds) if i not in paired):
        yield Outcome(f"{family.row}: class", fn=1, note=f"missing {event.cls} {event.evidence}")
        yield from (Outcome(f"{family.row}: {slot}", fn=len(event.slots[slot])) for slot in family.slots)


def _extra(nodes: Iterable[Node], found: Mapping[Node, str], family: Family, export: Export) -> Iterator[Outcome]:
    for node in nodes:
        yield Outcome(f"{family.row}: class", fp=1, note=f"extra {found[node]} {node} {export.described(node)}")
        yield from (Outcome(f"{family.row}: {slot}", fp=len(export.values(node, slot))) for slot in family.slots)


def _relations(gold: Gold, export: Export, match: Match) -> Iterator[Outcome]:
    def same(wanted: tuple[str, str, str], got: tuple[Node, str, Node]) -> bool:
        (subject, prop, object_), (s, p, o) = wanted, got
        turned = prop == "fights" and match(subject, o) and match(object_, s)
        return p == prop and ((match(subject, s) and match(object_, o)) or turned)

    for wanted, got in _matched(gold.relations, _exported_relations(export), same):
        if wanted is None and got is not None:
            note = f"extra relation {export.described(got[0])} {got[1]} {export.described(got[2])}"
            yield Outcome(f"relations: {got[1]}", fp=1, note=note)
        elif wanted is not None:
            note = "" if got else f"missing relation {' '.join(wanted)}"
            yield Outcome(f"relations: {wanted[1]}", tp=int(got is not None), fn=int(got is None), note=note)


def _exported_relations(export: Export) -> list[tuple[Node, str, Node]]:
    """The relations without those that another one says: the other direction of a fight, an implied membership."""
    every = [(s, p, o) for p in RELATIONS for s, o in export.pairs(p)]
    implied = {(s, "memberOf", o) for s, p, o in every if p in IMPLIES_MEMBER}
    turned = {(s, p, o) for s, p, o in every if p == "fights" and (o, p, s) in every and str(o) < str(s)}
    return [relation for relation in every if relation not in implied | turned]


def _positions(gold: Gold, export: Export, match: Match) -> Iterator[Outcome]:
    def same(wanted: tuple[str, str], got: tuple[Node, Node]) -> bool:
        return match(wanted[0], got[0]) and any(alike(wanted[1], title) for title in export.texts(got[1], "title"))

    for wanted, got in _matched(gold.positions, export.pairs("holds"), same):
        found = f"{export.described(got[0])} {export.texts(got[1], 'title')}" if got else None
        yield _outcome("positions", wanted, found)


def _statements(gold: Gold, export: Export, match: Match) -> Iterator[Outcome]:
    def same(wanted: tuple[str, str], node: Node) -> bool:
        texts, speakers = export.texts(node, "text"), export.values(node, "speaker")
        return any(_near(wanted[1], text) for text in texts) and any(match(wanted[0], s) for s in speakers)

    yield Outcome("statements")
    for wanted, node in _matched(gold.statements, list(export.classes(["Statement"])), same):
        yield _outcome("statements", wanted, None if node is None else _said(node, export))


def _said(node: Node, export: Export) -> str:
    speakers = [export.described(speaker) for speaker in export.values(node, "speaker")]
    return f"{speakers} {[text[:80] for text in export.texts(node, 'text')]}"


def _near(evidence: str, text: str) -> bool:
    wanted = words(evidence)
    return bool(wanted) and len(wanted & words(text)) / len(wanted) >= NEAR


def _outcome(row: str, wanted: tuple[str, ...] | None, found: str | None) -> Outcome:
    if wanted is None:
        return Outcome(row, fp=1, note=f"extra {row[:-1]} {found}")
    return Outcome(row, tp=1) if found else Outcome(row, fn=1, note=f"missing {row[:-1]} {' '.join(wanted)}")


def _matched(wanted: Iterable[Any], got: Iterable[Any], same: Callable[[Any, Any], bool]) -> list[tuple[Any, Any]]:
    """Each wanted thing with the first free one that is the same, or None; then None with each that is left over."""
    free, pairs = list(got), []
    for want in wanted:
        found = next((thing for thing in free if same(want, thing)), None)
        pairs.append((want, found))
        if found is not None:
            free.remove(found)
    return pairs + [(None, thing) for thing in free]


def _one_to_one(wanted: Iterable[str], got: Iterable[Node], match: Match) -> list[tuple[str, Node]]:
    return [(want, node) for want, node in _matched(wanted, got, match) if want is not None and node is not None]


# The figures ----------------------------------------------------------------------------------------------------------


def rows(outcomes: Iterable[Outcome]) -> list[Row]:
    """Precision, recall and F1 of each row and of their groups; ``facts`` is all but the entities and their links.

    Example:
        >>> rows([Outcome("entities", tp=3, fp=1), Outcome("entities", fn=1)])
        [Row(name='entities', precision=0.75, recall=0.75, f1=0.75, gold=4)]
    """
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for outcome in outcomes:
        for name in _rows_of(outcome.row):
            sums[name] = [a + b for a, b in zip(sums[name], (outcome.tp, outcome.fp, outcome.fn), strict=True)]
    ordered = [r for r in FIRST_ROWS if r in sums] + sorted(r for r in sums if r not in FIRST_ROWS)
    return [_row(name, *sums[name]) for name in ordered]


def _rows_of(row: str) -> set[str]:
    """The rows that an outcome counts for: its own and its groups."""
    group = row.split(":")[0]
    if row in APART or row.endswith("factuality"):
        return {row}
    return {row, group} if group in ("entities", "links") else {row, group, "facts"}


def _row(name: str, tp: int, fp: int, fn: int) -> Row:
    p = tp / (tp + fp) if tp + fp else 0.0
    r = tp / (tp + fn) if tp + fn else 0.0
    return Row(name, p, r, 2 * p * r / (p + r) if p + r else 0.0, tp + fn)


def as_text(figures: Sequence[Row], articles: int) -> str:
    """The figures as a table for people."""
    header = f"{articles} articles\n{'':26}{'P':>7}{'R':>7}{'F1':>7}{'gold':>7}\n"
    lines = (f"{r.name:26}{r.precision:7.3f}{r.recall:7.3f}{r.f1:7.3f}{r.gold:7d}\n" for r in figures)
    return header + "".join(lines)


def as_json(figures: Sequence[Row]) -> str:
    """The figures for programs."""
    said = {r.name: {"precision": r.precision, "recall": r.recall, "f1": r.f1, "gold": r.gold} for r in figures}
    return json.dumps(said, indent=1) + "\n"
