"""Contradictions that can be told by name: disjoint classes, fillers that a property excludes, a relation to oneself.

A reasoner only says that data and ontology contradict each other; a person wants to know where. This covers what
the axioms of the ontology, and of most that extend it, can be contradicted by, and leaves the rest to the reasoner.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from kb.ontology.files import OWL, RDF, RDFS, SUBCLASS, SUBPROPERTY, TYPE, Links, Tree, closure

#: The two sides of a property, and what the resource on that side is called.
SIDES = {RDFS + "domain": "subject", RDFS + "range": "object"}
SAME = OWL + "sameAs"


@dataclass(frozen=True, slots=True, order=True)
class Clash:
    """A contradiction between statements and axioms.

    Attributes:
        focus: IRI of what the contradiction is about; empty where only the reasoner saw it.
        path: IRI of the property that leads to it.
        message: what is wrong, for a person.
        value: IRI of the class or resource at the other end, or empty.
    """

    focus: str
    path: str
    message: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Axioms:
    """The axioms that contradictions come from, in a form that is quick to ask.

    Attributes:
        supers: class to its superclasses.
        disjoint: pairs of disjoint classes, both ways.
        sides: property and side to sets of classes; what stands there is in one class of each set.
        irreflexive: properties that nothing has to itself.
    """

    supers: Tree
    disjoint: frozenset[tuple[str, str]]
    sides: Mapping[tuple[str, str], frozenset[frozenset[str]]]
    irreflexive: frozenset[str]


def axioms(statements: Links) -> Axioms:
    """The axioms among the statements of an ontology."""
    return Axioms(closure(statements, SUBCLASS), _disjoint(statements), _sides(statements), _irreflexive(statements))


def empty_classes(known: Axioms) -> list[Clash]:
    """The classes that can have no members, because they stand under two that are disjoint."""
    return [clash for cls, above in known.supers.items() for clash in _of_types(cls, above | {cls}, known)]


def clashes(facts: Links, known: Axioms) -> list[Clash]:
    """The contradictions between facts and axioms, sorted, each once."""
    types = _types(facts, known.supers)
    found = {clash for node, classes in types.items() for clash in _of_types(node, classes, known)}
    for subject, relation, value in facts:
        found.update(_of_self(subject, relation, value, known))
        found.update(_of_sides(subject, relation, value, types, known))
    return sorted(found)


def _types(facts: Links, supers: Tree) -> dict[str, frozenset[str]]:
    """Each resource with its classes and those above; resources that are the same as a third one share theirs."""
    same = {subject: value for subject, relation, value in facts if relation == SAME}
    shared: dict[str, set[str]] = defaultdict(set)
    for subject, relation, value in facts:
        if relation == TYPE:
            shared[same.get(subject, subject)].update({value, *supers.get(value, ())})
    return {node: frozenset(shared[same.get(node, node)]) for node, _, _ in facts}


def _of_types(node: str, classes: frozenset[str], known: Axioms) -> Iterator[Clash]:
    """Clashes among the classes of one resource."""
    found = [pair for pair in combinations(sorted(classes), 2) if pair in known.disjoint]
    for one, other in found:
        yield Clash(node, TYPE, f"is both {_short(one)} and {_short(other)}, which are disjoint", other)


def _of_self(subject: str, relation: str, value: str, known: Axioms) -> Iterator[Clash]:
    if subject == value and relation in known.irreflexive:
        yield Clash(subject, relation, f"{_short(relation)} relates it to itself, which cannot be", value)


def _of_sides(
    subject: str, relation: str, value: str, types: Mapping[str, frozenset[str]], known: Axioms
) -> Iterator[Clash]:
    for node, side in zip((subject, value), SIDES, strict=True):
        for choice in known.sides.get((relation, side), ()):
            if all(_excluded(types.get(node, frozenset()), cls, known) for cls in choice):
                wanted = " or ".join(map(_short, sorted(choice)))
                yield Clash(subject, relation, f"the {SIDES[side]} of {_short(relation)} is no {wanted}", value)


def _excluded(classes: frozenset[str], wanted: str, known: Axioms) -> bool:
    above = {wanted, *known.supers.get(wanted, ())}
    return any((one, other) in known.disjoint for one in classes for other in above)


def _irreflexive(statements: Links) -> frozenset[str]:
    """Irreflexive properties and those below them."""
    stated = {s for s, p, o in statements if (p, o) == (TYPE, OWL + "IrreflexiveProperty")}
    return frozenset(stated | {below for below, above in closure(statements, SUBPROPERTY).items() if above & stated})


def _disjoint(statements: Links) -> frozenset[tuple[str, str]]:
    groups = {s for s, p, o in statements if (p, o) == (TYPE, OWL + "AllDisjointClasses")}
    pairs = {(s, o) for s, p, o in statements if p == OWL + "disjointWith"}
    for subject, relation, head in statements:
        if relation == OWL + "members" and subject in groups:
            pairs.update(combinations(_members(head, statements), 2))
    return frozenset(pairs | {(other, one) for one, other in pairs})


def _sides(statements: Links) -> dict[tuple[str, str], frozenset[frozenset[str]]]:
    """For each property and side the classes that its own axioms and those of the properties above it ask for."""
    unions = {s: frozenset(_members(o, statements)) for s, p, o in statements if p == OWL + "unionOf"}
    own: dict[tuple[str, str], set[frozenset[str]]] = defaultdict(set)
    for subject, relation, value in statements:
        if relation in SIDES:
            own[subject, relation].add(unions.get(value, frozenset({value})))
    found = {key: set(choices) for key, choices in own.items()}
    for below, above in closure(statements, SUBPROPERTY).items():
        for side in SIDES:
            found.setdefault((below, side), set()).update(*(own.get((name, side), ()) for name in above))
    return {key: frozenset(choices) for key, choices in found.items()}


def _members(head: str, statements: Links) -> list[str]:
    first = {s: o for s, p, o in statements if p == RDF + "first"}
    rest = {s: o for s, p, o in statements if p == RDF + "rest"}
    found = []
    while head in first:
        found.append(first[head])
        head = rest.get(head, "")
    return found


def _short(iri: str) -> str:
    return iri.rpartition("#")[2] if "#" in iri else iri.rpartition("/")[2]
