"""Whether an export is complete and sane: SHACL shapes, the ontology's axioms, and what neither can say.

The one module that knows pySHACL. Superclasses are stated before the shapes look, so that validating needs no inference
and takes seconds. What a shape cannot compare, a text with its offsets or a fact with its graph, is compared here.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import pyoxigraph as ox
import pyshacl
import rdflib
from pyshacl.errors import ReportableRuntimeError
from rdflib.namespace import RDF, SH

from kb import ontology, rdf, resources, store, terms
from kb.errors import OntologyError

#: Files of an ontology folder that hold shapes.
SHAPES = "shapes*.ttl"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One violated shape or axiom.

    Attributes:
        kind: "shape" for what the export should say, "axiom" for what the ontology rules out.
        focus: IRI of the resource it is about; empty where only the reasoner knows that there is one.
        path: IRI of the property, ``^`` before it if it is followed backwards; empty if the resource itself is meant.
        message: what is wrong, for a person.
        value: what stands there, or empty.
    """

    kind: Literal["axiom", "shape"]
    focus: str
    path: str
    message: str
    value: str = ""


def check(data: Iterable[ox.Quad] | Path, *, ontology_dirs: Iterable[Path] = (), reason: bool = True) -> list[Finding]:
    """All that is wrong with an export, sorted.

    Where there is no Java, HermiT is left out and contradictions that can be told by name are still found;
    :func:`kb.ontology.java` tells beforehand.

    Args:
        data: quads, or an RDF file.
        ontology_dirs: folders whose ontologies and shapes extend ours.
        reason: whether to look for contradictions with the ontology; costs a second or two.

    Raises:
        InputError: the file cannot be read.
        OntologyError: the ontology or the shapes cannot be used.
    """
    folders = tuple(ontology_dirs)
    quads = list(store.read_quads(data) if isinstance(data, Path) else data)
    found = {*shape_findings(quads, ontology_dirs=folders), *data_findings(quads)}
    if reason:
        found.update(axiom_findings(quads, ontology_dirs=folders))
    return sorted(found)


def axiom_findings(quads: Iterable[ox.Quad], *, ontology_dirs: Iterable[Path] = ()) -> list[Finding]:
    """Contradictions between data and ontology."""
    verdict = ontology.check_consistency(quads, ontology_dirs=ontology_dirs)
    return [Finding("axiom", clash.focus, clash.path, clash.message, clash.value) for clash in verdict.clashes]


def shape_findings(quads: Iterable[ox.Quad], *, ontology_dirs: Iterable[Path] = ()) -> list[Finding]:
    """Violations of the SHACL shapes, all graphs taken as one."""
    folders = tuple(ontology_dirs)
    tree = ontology.hierarchy(ontology.axiom_files(folders))
    stated = ontology.materialise({ox.Quad(*quad.triple) for quad in quads}, tree)
    report = _validated(_graph(stated), _graph(ox.Quad(*triple) for triple in _shapes(folders)))
    return sorted({_finding(report, node) for node in report.subjects(RDF.type, SH.ValidationResult)})


def _shapes(folders: Iterable[Path]) -> list[ox.Triple]:
    files = resources.ontology_files(folders)
    return ontology.triples(file for file in files if file.match(SHAPES))


def _graph(quads: Iterable[ox.Quad]) -> rdflib.Graph:
    graph = rdflib.Graph()
    for triple in rdf.dataset(quads).default_graph:
        graph.add(triple)
    return graph


def _validated(data: rdflib.Graph, shapes: rdflib.Graph) -> rdflib.Graph:
    try:
        _, report, text = pyshacl.validate(data, shacl_graph=shapes, inference="none", inplace=True)
    except (ReportableRuntimeError, re.error) as error:
        raise _unusable(error) from error
    if not isinstance(report, rdflib.Graph):
        raise _unusable(text)
    return report


def _unusable(reason: object) -> OntologyError:
    what = str(reason).partition("\n")[0]
    return OntologyError(f"the shapes cannot be used ({what})", hint=f"check the {SHAPES} files")


def _finding(report: rdflib.Graph, node: rdflib.term.Node) -> Finding:
    focus, message, value = (_value(report, node, p) for p in (SH.focusNode, SH.resultMessage, SH.value))
    return Finding("shape", focus, _path(report, node), message, value)


def _value(report: rdflib.Graph, node: rdflib.term.Node, relation: rdflib.URIRef) -> str:
    found = report.value(node, relation)
    return "" if found is None else str(found)


def _path(report: rdflib.Graph, node: rdflib.term.Node) -> str:
    path = report.value(node, SH.resultPath)
    inverse = report.value(path, SH.inversePath) if path is not None else None
    return f"^{inverse}" if inverse is not None else str(path or "")


# What shapes cannot say --------------------------------------------------------------------------------------------


Check: TypeAlias = Callable[["_Data"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class _Data:
    """Quads by what is asked of them.

    Attributes:
        quads: all of them.
        values: predicate and subject, as IRIs, to the first object in order.
        pairs: predicate to subjects and objects.
        triples: every triple.
        subjects: everything of which something is said.
    """

    quads: list[ox.Quad]
    values: Mapping[tuple[str, str], str]
    pairs: Mapping[str, list[tuple[str, str]]]
    triples: frozenset[tuple[str, str, str]]
    subjects: frozenset[str]

    def value(self, subject: str, name: str) -> str | None:
        """An object of a subject, by the prefixed name of the predicate."""
        return self.values.get((terms.expand(name), subject))

    def related(self, name: str) -> list[tuple[str, str]]:
        """Subjects and objects of a predicate by its prefixed name."""
        return self.pairs.get(terms.expand(name), [])


def data_findings(quads: Iterable[ox.Quad]) -> list[Finding]:
    """What is wrong with offsets, graphs, dates and evidence."""
    data = _data(list(quads))
    return sorted({finding for look in _CHECKS for finding in look(data)})


def _data(quads: list[ox.Quad]) -> _Data:
    triples = sorted({(_text(q.subject), q.predicate.value, _text(q.object)) for q in quads})
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for subject, predicate, value in triples:
        pairs[predicate].append((subject, value))
    values = {(predicate, subject): value for subject, predicate, value in reversed(triples)}
    return _Data(quads, values, pairs, frozenset(triples), frozenset(subject for subject, _, _ in triples))


def _text(node: object) -> str:
    return str(getattr(node, "value", node))


_CHAR = re.compile(r"#char=(\d+),(\d+)$")


def _anchors(data: _Data) -> Iterator[Finding]:
    """A mention's IRI, its offsets, its anchor and the text of its article agree.

    Offsets are "the number of Unicode code points" before the anchor:
    https://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#beginIndex.
    """
    for mention, anchor in data.related("nif:anchorOf"):
        offsets = tuple(data.value(mention, name) or "" for name in ("nif:beginIndex", "nif:endIndex"))
        if not all(offset.isdecimal() for offset in offsets):
            continue
        begin, end = map(int, offsets)
        article = data.value(mention, "nif:referenceContext") or ""
        text = data.value(article, "nif:isString")
        limit = data.value(article, "nif:endIndex") or ""
        named = _CHAR.search(mention)
        if named and named.groups() != offsets:
            yield _wrong(mention, "nif:beginIndex", "has other offsets than its IRI says", f"{begin},{end}")
        if end - begin != len(anchor):
            yield _wrong(mention, "nif:anchorOf", "is not as long as its offsets say", anchor)
        elif text is not None and text[begin:end] != anchor:
            yield _wrong(mention, "nif:anchorOf", "is not what stands there in its article", anchor)
        if limit.isdecimal() and end > int(limit):
            yield _wrong(mention, "nif:endIndex", "ends behind the end of its article", str(end))


#: Properties whose values no shape asks the class of.
_POINTING = ("itsrdf:taIdentRef", "kb:instrument", "rdf:subject")


def _dangling(data: _Data) -> Iterator[Finding]:
    """What is pointed at is described."""
    for name in _POINTING:
        for subject, value in data.related(name):
            if value not in data.subjects:
                yield _wrong(subject, name, "points at something that is not described", value)


def _unstated(data: _Data) -> Iterator[Finding]:
    """Evidence is evidence of something that is said."""
    for node, subject in data.related("rdf:subject"):
        fact = (subject, data.value(node, "rdf:predicate") or "", data.value(node, "rdf:object") or "")
        if all(fact) and fact not in data.triples:
            yield _wrong(node, "rdf:predicate", "is evidence of something that is not said", " ".join(fact))


def _periods(data: _Data) -> Iterator[Finding]:
    """Nothing ends before it begins, as far as both dates are exact: ISO 8601 dates sort as text."""
    for event, end in data.related("kb:endDate"):
        begin = data.value(event, "kb:date") or ""
        known = min(len(begin), len(end))
        if begin[:known] > end[:known]:
            yield _wrong(event, "kb:endDate", "ends before it begins", end)


def _misplaced(data: _Data) -> Iterator[Finding]:
    """What is not actual stands in a claims graph, what is actual does not; where there are graphs."""
    factuality, actual = terms.expand("kb:factuality"), terms.expand("kb:Actual")
    for quad in data.quads:
        if quad.predicate.value == factuality and isinstance(quad.graph_name, ox.NamedNode):
            claimed = quad.graph_name.value.endswith("/claims")
            if claimed == (_text(quad.object) == actual):
                place = "claims" if claimed else "facts"
                yield _wrong(_text(quad.subject), "kb:factuality", f"stands among the {place}", _text(quad.object))


def _wrong(focus: str, name: str, message: str, value: str) -> Finding:
    return Finding("shape", focus, terms.expand(name), message, value)


_CHECKS: tuple[Check, ...] = (_anchors, _dangling, _unstated, _periods, _misplaced)
