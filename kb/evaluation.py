"""How well an export says what the annotators of an article found: precision, recall and F1 per kind of fact.

In: for each article its annotation (``NAME.gold.json``) and the graph of its export. Out: `Outcome` values, one for
each thing compared, which `rows` sums up. Nothing here reads an article or runs the extraction. Entities are matched by
name; fillers by Wikidata item, name or shared words; events by the assignment in which they share the most slots. An
outcome keeps the pairs that it counts, so that they can be shown.
"""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from kb.errors import InputError, KbError
from kb.resources import KB, term

WIKIDATA = "http://www.wikidata.org/entity/"
#: From a thing to the stretches of text that name it, and to the sentence it was read in.
MENTION = URIRef("http://groundedannotationframework.org/gaf#denotedBy")
QUOTE = URIRef("http://www.w3.org/ns/prov#wasQuotedFrom")
NIF = "http://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#"
BEGIN_END = (URIRef(NIF + "beginIndex"), URIRef(NIF + "endIndex"))
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
    """An annotated entity: every name that counts, normalised; its item, "NIL" for none, or None where undecided.

    ``written`` holds the names as they were annotated.
    """

    cls: str
    names: frozenset[str]
    item: str | None
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldEvent:
    """An annotated event; a filler is the key of an entity or a phrase."""

    cls: str
    factuality: str
    slots: Mapping[str, tuple[str, ...]]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gold:
    """The annotation of one article."""

    name: str
    entities: Mapping[str, GoldEntity]
    events: Mapping[str, tuple[GoldEvent, ...]]
    relations: tuple[tuple[str, str, str], ...]
    positions: tuple[tuple[str, str], ...]
    statements: tuple[tuple[str, str], ...]


#: Annotated: the key of an entity, an event, a phrase, or a tuple of them. Exported: a node, or a tuple of nodes.
Pair: TypeAlias = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One comparison: the row it counts for, hits, false and missing items, and what to tell a person about it.

    Attributes:
        of: the annotated thing and the exported one whose class, link or slot was compared, either may be None; None
            where the pairs are the things themselves.
        pairs: what was counted, annotated and exported: both are a hit, None stands for what is missing or extra.
    """

    row: str
    tp: int = 0
    fp: int = 0
    fn: int = 0
    note: str = ""
    of: Pair | None = None
    pairs: tuple[Pair, ...] = ()


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
    names = tuple(map(str, said["names"]))
    return GoldEntity(said["class"], frozenset(map(norm, names)), said.get("wikidata"), names)


def _event(said: Mapping[str, Any], family: Family) -> GoldEvent:
    slots = {slot: _listed(said.get(slot)) for slot in family.slots}
    return GoldEvent(said["class"], said.get("factuality", "Actual"), slots, _listed(said.get("evidence")))


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


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an exported thing was read: by which rule, how sure, at which offsets its names or trigger and its sentence."""

    rule: str = ""
    confidence: str = ""
    mentions: tuple[tuple[int, int], ...] = ()
    quotes: tuple[tuple[int, int], ...] = ()


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

    def label(self, node: Node) -> str:
        """A node as the article writes it: its first label, the text of a literal, or its IRI."""
        labels = () if isinstance(node, Literal) else sorted(map(str, self.graph.objects(node, RDFS.label)))
        return next(iter(labels), str(node).removeprefix(KB))

    def provenance(self, node: Node) -> Provenance:
        """Where and by what a thing was read."""
        rules, sure = sorted(map(term, self.texts(node, "rule"))), sorted(self.texts(node, "confidence"))
        return Provenance(", ".join(rules), ", ".join(sure), self._places(node, MENTION), self._places(node, QUOTE))

    def reified(self, subject: Node, prop: str, value: Node) -> list[Node]:
        """The nodes that tell of a relation where it was read."""
        wanted = ((RDF.subject, subject), (RDF.predicate, URIRef(KB + prop)), (RDF.object, value))
        return sorted(set.intersection(*(set(self.graph.subjects(p, o)) for p, o in wanted)), key=str)

    def _places(self, node: Node, prop: URIRef) -> tuple[tuple[int, int], ...]:
        """Begin and end of each stretch of the text that a property leads to, as far as they are numbers."""
        mentions = self.graph.objects(node, prop)
        ends = ([str(o) for p in BEGIN_END for o in self.graph.objects(m, p)] for m in mentions)
        return tuple(sorted((int(e[0]), int(e[1])) for e in ends if len(e) == 2 and all(map(str.isdecimal, e))))


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


def _compared(row: str, pairs: Iterable[Pair], *, note: str = "", of: Pair | None = None) -> Outcome:
    """The outcome that counts these pairs."""
    kept = tuple(pairs)
    count = Counter((wanted is not None, got is not None) for wanted, got in kept)
    return Outcome(row, count[True, True], count[False, True], count[True, False], note, of, kept)


def _verdict(row: str, wanted: str, got: str, of: Pair) -> Outcome:
    return _compared(row, [(wanted, got)] if wanted == got else [(wanted, None), (None, got)], of=of)


def _entities(gold: Gold, export: Export) -> Iterator[Outcome]:
    free = dict(export.entities)
    for key, entity in gold.entities.items():
        node = _named(entity, free, export)
        note = f"missing entity {key} {entity.cls}" if node is None else ""
        yield _compared("entities", [(key, node)], note=note)
        if node is not None:
            yield _verdict("entity class", entity.cls, free.pop(node), (key, node))
            yield from _link(key, entity.item, node, export)
        elif (entity.item or "").startswith("Q"):
            yield _compared("links", [(entity.item, None)], of=(key, None))
    for node, cls in free.items():
        yield _compared("entities", [(None, node)], note=f"extra entity {export.described(node)} {cls}")


def _named(entity: GoldEntity, free: Mapping[Node, str], export: Export) -> Node | None:
    """The node of the right coarse class that shares most names."""
    shared = {n: len(export.names(n) & entity.names) for n, c in free.items() if COARSE[c] == COARSE[entity.cls]}
    best = max(shared, key=shared.__getitem__, default=None)
    return best if best is not None and shared[best] else None


def _link(key: str, item: str | None, node: Node, export: Export) -> Iterator[Outcome]:
    found, of = export.items(node), (key, node)
    wrong = [(None, " ".join(sorted(found)))] if found else []
    if item == "NIL":
        yield _compared("links", wrong, of=of)
    elif item and item in found:
        yield _compared("links", [(item, item)], of=of)
    elif item:
        note = f"link of {key} is {sorted(found) or 'none'} not {item}"
        yield _compared("links", [(item, None), *wrong], note=note, of=of)


def _events(golds: Sequence[GoldEvent], family: Family, export: Export, match: Match) -> Iterator[Outcome]:
    found = export.classes(family.classes)
    nodes = list(found)
    slots = {(i, j): _slots(g, n, family, export, match) for i, g in enumerate(golds) for j, n in enumerate(nodes)}
    gain = {(i, j): _gain(slots[i, j], golds[i].cls == found[nodes[j]]) for i, j in slots}
    paired = _assign(gain, len(golds), len(nodes))
    for i, j in paired:
        of = (golds[i], nodes[j])
        yield _verdict(f"{family.row}: class", golds[i].cls, found[nodes[j]], of)
        factuality = (export.texts(nodes[j], "factuality") or ["Actual"])[0]
        yield _verdict(f"{family.row}: factuality", golds[i].factuality, factuality, of)
        yield from slots[i, j]
    for event in (event for i, event in enumerate(golds) if i not in {a for a, _ in paired}):
        note = f"missing {event.cls} {' | '.join(event.evidence)}"
        yield _compared(f"{family.row}: class", [(event.cls, None)], note=note, of=(event, None))
        yield from _slots(event, None, family, export, match)
    for node in (node for j, node in enumerate(nodes) if j not in {b for _, b in paired}):
        note = f"extra {found[node]} {node} {export.described(node)}"
        yield _compared(f"{family.row}: class", [(None, found[node])], note=note, of=(None, node))
        yield from _slots(None, node, family, export, match)


def _slots(event: GoldEvent | None, node: Node | None, family: Family, export: Export, match: Match) -> list[Outcome]:
    """How each slot of an exported event compares with those of an annotated one; one of them may not be there."""
    outcomes = []
    for slot in family.slots:
        wanted, got = event.slots[slot] if event else (), export.values(node, slot) if node is not None else []
        pairs = _matched(wanted, got, match if slot in FILLERS else _says)
        outcomes.append(_compared(f"{family.row}: {slot}", pairs, of=(event, node)))
    return outcomes


def _says(wanted: str, node: Node) -> bool:
    return str(node).removeprefix(KB) == wanted


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


def _relations(gold: Gold, export: Export, match: Match) -> Iterator[Outcome]:
    def same(wanted: tuple[str, str, str], got: tuple[Node, str, Node]) -> bool:
        (subject, prop, object_), (s, p, o) = wanted, got
        turned = prop == "fights" and match(subject, o) and match(object_, s)
        return p == prop and ((match(subject, s) and match(object_, o)) or turned)

    for wanted, got in _matched(gold.relations, _exported_relations(export), same):
        note = "" if got else f"missing relation {' '.join(wanted)}"
        if wanted is None:
            note = f"extra relation {export.described(got[0])} {got[1]} {export.described(got[2])}"
        yield _compared(f"relations: {(wanted or got)[1]}", [(wanted, got)], note=note)


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
        found = f"{export.described(got[0])} {export.texts(got[1], 'title')}" if got else ""
        yield _compared("positions", [(wanted, got)], note=_note("position", wanted, got, found))


def _statements(gold: Gold, export: Export, match: Match) -> Iterator[Outcome]:
    def same(wanted: tuple[str, str], node: Node) -> bool:
        texts, speakers = export.texts(node, "text"), export.values(node, "speaker")
        return any(_near(wanted[1], text) for text in texts) and any(match(wanted[0], s) for s in speakers)

    yield Outcome("statements")
    for wanted, node in _matched(gold.statements, list(export.classes(["Statement"])), same):
        found = "" if node is None else _said(node, export)
        yield _compared("statements", [(wanted, node)], note=_note("statement", wanted, node, found))


def _said(node: Node, export: Export) -> str:
    speakers = [export.described(speaker) for speaker in export.values(node, "speaker")]
    return f"{speakers} {[text[:80] for text in export.texts(node, 'text')]}"


def _near(evidence: str, text: str) -> bool:
    wanted = words(evidence)
    return bool(wanted) and len(wanted & words(text)) / len(wanted) >= NEAR


def _note(kind: str, wanted: tuple[str, ...] | None, got: object, found: str) -> str:
    if wanted is None:
        return f"extra {kind} {found}"
    return f"missing {kind} {' '.join(wanted)}" if got is None else ""


def _matched(wanted: Iterable[Any], got: Iterable[Any], same: Callable[[Any, Any], bool]) -> list[tuple[Any, Any]]:
    """Each wanted thing with the first free one that is the same, or None; then None with each that is left over."""
    free, pairs = list(got), []
    for want in wanted:
        found = next((thing for thing in free if same(want, thing)), None)
        pairs.append((want, found))
        if found is not None:
            free.remove(found)
    return pairs + [(None, thing) for thing in free]


# The figures ----------------------------------------------------------------------------------------------------------


def rows(outcomes: Iterable[Outcome]) -> list[Row]:
    """Precision, recall and F1 of each row and of their groups; ``facts`` is all but the entities and their links.

    Example:
        >>> rows([Outcome("entities", tp=3, fp=1), Outcome("entities", fn=1)])
        [Row(name='entities', precision=0.75, recall=0.75, f1=0.75, gold=4)]
    """
    return [_row(name, *counts) for name, counts in totals(outcomes).items()]


def totals(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int, int]]:
    """Hits, false and missing items of each row and of their groups, the groups first."""
    sums: defaultdict[str, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for outcome in outcomes:
        for name in _rows_of(outcome.row):
            tp, fp, fn = sums[name]
            sums[name] = (tp + outcome.tp, fp + outcome.fp, fn + outcome.fn)
    ordered = [r for r in FIRST_ROWS if r in sums] + sorted(r for r in sums if r not in FIRST_ROWS)
    return {name: sums[name] for name in ordered}


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
