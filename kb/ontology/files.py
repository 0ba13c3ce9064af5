"""The Turtle files of the ontology, read with pyoxigraph; the trees of classes and of properties in them.

Blank nodes are numbered in the order of their appearance, so that what is derived from a file is the same on every run.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple

from kb import resources
from kb.errors import OntologyError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = RDF + "type"
SUBCLASS = RDFS + "subClassOf"
SUBPROPERTY = RDFS + "subPropertyOf"

#: Files of an ontology folder that hold no axioms.
NOT_AXIOMS = ("lexicon*", "shapes*", "plover*", "void*")

#: Each class, or property, with all that stand above it.
Tree: TypeAlias = Mapping[str, frozenset[str]]
#: Triples between resources, as strings: subject, predicate, object.
Links: TypeAlias = list[tuple[str, str, str]]


def axiom_files(ontology_dirs: Iterable[Path] = ()) -> list[Path]:
    """The files of the ontology, and of the user's folders, that hold axioms."""
    files = resources.ontology_files(ontology_dirs)
    return [file for file in files if not any(file.match(pattern) for pattern in NOT_AXIOMS)]


def triples(files: Iterable[Path]) -> list[Triple]:
    """The triples of Turtle files, each once, in the order of the files.

    Raises:
        OntologyError: a file is not Turtle.
    """
    numbered: dict[str, BlankNode] = {}
    found: dict[Triple, None] = {}
    for quad in (quad for file in files for quad in _turtle(file)):
        ends = [_numbered(end, numbered) for end in (quad.subject, quad.object)]
        found[Triple(ends[0], quad.predicate, ends[1])] = None  # type: ignore[arg-type]
    return list(found)


def links(statements: Iterable[Triple | Quad]) -> Links:
    """The statements between resources, without those that have a literal."""
    return list(_links(statements))


def hierarchy(files: Iterable[Path], *, relation: str = SUBCLASS) -> Tree:
    """Each class of Turtle files with all its superclasses, near and far, without itself.

    Args:
        files: Turtle files, see :func:`axiom_files`.
        relation: ``rdfs:subClassOf``, or ``rdfs:subPropertyOf`` for the tree of properties.
    """
    return closure(links(triples(files)), relation)


def closure(statements: Links, relation: str) -> Tree:
    """Each subject of a relation with all that it leads to over any number of steps, without itself."""
    parents: dict[str, set[str]] = defaultdict(set)
    for subject, predicate, value in statements:
        if predicate == relation:
            parents[subject].add(value)
    return {child: frozenset(_upward(child, parents)) - {child} for child in sorted(parents)}


def materialise(quads: Iterable[Quad], tree: Tree) -> list[Quad]:
    """The quads, and the superclasses of each type as types in the same graph; sorted, each once."""
    found = set(quads)
    for quad in [quad for quad in found if quad.predicate.value == TYPE and isinstance(quad.object, NamedNode)]:
        above = tree.get(quad.object.value, ())  # type: ignore[union-attr]
        found.update(Quad(quad.subject, quad.predicate, NamedNode(cls), quad.graph_name) for cls in above)
    return sorted(found, key=str)


def _turtle(file: Path) -> list[Quad]:
    try:
        return list(pyoxigraph.parse(path=str(file), format=RdfFormat.TURTLE))
    except (SyntaxError, OSError, ValueError) as error:
        raise OntologyError(f"not readable as Turtle ({error})", where=str(file), hint="check its syntax") from error


def _numbered(node: object, numbered: dict[str, BlankNode]) -> object:
    return numbered.setdefault(node.value, BlankNode(f"b{len(numbered)}")) if isinstance(node, BlankNode) else node


def _links(statements: Iterable[Triple | Quad]) -> Iterator[tuple[str, str, str]]:
    for statement in statements:
        subject, value = statement.subject, statement.object
        if not isinstance(value, Literal | Triple) and not isinstance(subject, Triple):
            yield subject.value, statement.predicate.value, value.value


def _upward(start: str, parents: Mapping[str, Collection[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(parents.get(node, ()))
    return seen
