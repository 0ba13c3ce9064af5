"""From quads to text: one writer a syntax, sorted, so that the same set gives the same bytes.

A writer knows no article and no file; it takes quads in any order and yields pieces of text. Turtle and TriG are laid
out for eyes, N-Triples and N-Quads for tools that work by lines; all escape what would break a line or hide in it. What
QuickStatements leave out, being commands and no RDF, their own module says.
"""

import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from kb import terms
from kb.errors import OutputError
from kb.rdf import quickstatements
from kb.rdf.literals import MISLEADING, UNWRITABLE
from kb.terms import PREFIXES

#: A term of RDF.
Node: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
#: The format that is no RDF: commands that a person runs on Wikidata.
QUICKSTATEMENTS = "quickstatements"
#: Quads and the base to the pieces of a text.
Writer: TypeAlias = Callable[[Iterable[ox.Quad], str], Iterator[str]]


@dataclass(frozen=True, slots=True)
class _Names:
    """How each term of a set of quads is written, and the prefixes that this needs."""

    text: Mapping[Node, str]
    prefixes: Mapping[str, str]
    based: bool


#: What follows the base and may stand alone between angle brackets: no scheme, no dot segments, nothing to escape.
_RELATIVE = re.compile(r"(?!.*(?://|/\.))[A-Za-z0-9_-]+/[A-Za-z0-9/_~.,;=#%-]+", re.DOTALL)
_BARE = {
    PREFIXES["xsd"] + "integer": re.compile(r"-?\d+"),
    PREFIXES["xsd"] + "decimal": re.compile(r"-?\d+\.\d+"),
    PREFIXES["xsd"] + "boolean": re.compile("true|false"),
}
STRING = PREFIXES["xsd"] + "string"
#: Line separators and bidirectional controls, written as escapes so that a line is a line and reads as it is.
_ESCAPES = {c: f"\\u{c:04X}" for c in (0x85, 0x2028, 0x2029, *MISLEADING)}
_RDF_TYPE = PREFIXES["rdf"] + "type"


def _visible(text: str) -> str:
    return text if text.isascii() else text.translate(_ESCAPES)


def _line(thing: ox.Quad | Node) -> str:
    return _visible(str(thing))


def _nquads(found: Iterable[ox.Quad], _base: str) -> Iterator[str]:
    """One quad a line: https://www.w3.org/TR/n-quads/."""
    yield from sorted({_line(quad) + " .\n" for quad in found})


def _ntriples(found: Iterable[ox.Quad], _base: str) -> Iterator[str]:
    """One triple a line: https://www.w3.org/TR/n-triples/."""
    yield from sorted({_line(quad.triple) + " .\n" for quad in found})


def _named(nodes: Iterable[Node], base: str) -> _Names:
    used: dict[str, str] = {}
    text = {node: _written(node, base, used) for node in nodes}
    return _Names(text, dict(sorted(used.items())), any(t.startswith("<") and ":" not in t for t in text.values()))


def _written(node: Node, base: str, used: dict[str, str]) -> str:
    if isinstance(node, ox.NamedNode):
        return _written_iri(node.value, base, used)
    if not isinstance(node, ox.Literal) or node.language or node.datatype.value == STRING:
        return _line(node)
    bare = _BARE.get(node.datatype.value)
    if bare and bare.fullmatch(node.value):
        return node.value
    return f"{_line(ox.Literal(node.value))}^^{_written_iri(node.datatype.value, base, used)}"


def _written_iri(iri: str, base: str, used: dict[str, str]) -> str:
    if short := terms.shrink(iri):
        prefix = short.partition(":")[0]
        used[prefix] = PREFIXES[prefix]
        return short
    if iri.startswith(base) and _RELATIVE.fullmatch(iri, len(base)):
        return f"<{iri[len(base) :]}>"
    return _line(ox.NamedNode(iri))


_Subjects: TypeAlias = dict[Node, dict[Node, set[Node]]]


def _graphs(found: Iterable[ox.Quad], *, union: bool) -> list[tuple[ox.NamedNode | ox.BlankNode | None, _Subjects]]:
    """Quads by graph, subject and predicate; None is the default graph, which takes all in a union."""
    tree: dict[ox.NamedNode | ox.BlankNode | None, _Subjects] = {}
    for quad in found:
        graph = None if union or isinstance(quad.graph_name, ox.DefaultGraph) else quad.graph_name
        subjects = tree.setdefault(graph, {})
        subjects.setdefault(quad.subject, {}).setdefault(quad.predicate, set()).add(quad.object)
    return sorted(tree.items(), key=lambda item: "" if item[0] is None else _bare_id(item[0]))


_MENTION = re.compile(r"(.*)#char=(\d{1,9}),(\d{1,9})", re.DOTALL)


def _reading_order(node: Node) -> tuple[bool, str, int, int, str]:
    """Subjects by IRI, mentions behind all others and in the order of the text."""
    iri = _bare_id(node)
    found = _MENTION.fullmatch(iri)
    return (True, found[1], int(found[2]), int(found[3]), iri) if found else (False, iri, 0, 0, iri)


def nodes_of(found: Iterable[ox.Quad]) -> set[Node]:
    """Every term that stands in the quads, names of graphs too."""
    nodes: set[Node] = set()
    for quad in found:
        nodes.update((quad.subject, quad.predicate, quad.object))
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            nodes.add(quad.graph_name)
    return nodes


def _turtle(found: Iterable[ox.Quad], base: str, *, union: bool = True) -> Iterator[str]:
    """Subjects in reading order, each with its class and label first: https://www.w3.org/TR/turtle/."""
    found = list(found)
    names = _named(nodes_of(found), base)
    yield from (f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in names.prefixes.items())
    if names.based:
        yield f"@base <{base}> .\n"
    for graph, subjects in _graphs(found, union=union):
        paragraphs = (_paragraph(node, subjects[node], names.text) for node in sorted(subjects, key=_reading_order))
        if graph is None:
            yield from paragraphs
        else:
            yield f"\n{names.text[graph]} {{\n"
            yield from (paragraph.replace("\n", "\n    ")[:-4] for paragraph in paragraphs)
            yield "}\n"


_trig = partial(_turtle, union=False)


def _paragraph(subject: Node, facts: Mapping[Node, set[Node]], text: Mapping[Node, str]) -> str:
    rows = []
    for predicate in sorted(facts, key=lambda node: _rank(text[node])):
        verb = "a" if text[predicate] == "rdf:type" else text[predicate]
        values = facts[predicate]
        ordered = sorted(values, key=_reading_order) if len(values) > 1 else values
        rows.append(f"{verb} {' , '.join(text[value] for value in ordered)}")
    return f"\n{text[subject]} " + " ;\n    ".join(rows) + " .\n"


#: What a reader wants to see first, and the evidence, which comes last; the rest stands between.
_FIRST = ("rdf:type", "rdfs:label", "skos:altLabel", "owl:sameAs", "rdf:subject", "rdf:predicate", "rdf:object")
_LAST = ("kb:factuality", "kb:attributedTo", "kb:confidence", "kb:rule", "gaf:denotedBy", "prov:wasQuotedFrom")
_RANK = {name: number - len(_FIRST) for number, name in enumerate(_FIRST)}
_RANK |= {name: number + 1 for number, name in enumerate(_LAST)}


def _rank(predicate: str) -> tuple[int, str]:
    return _RANK.get(predicate, 0), predicate


def _jsonld(found: Iterable[ox.Quad], base: str) -> Iterator[str]:
    """Node objects by graph with a context of prefixes, one a line: https://www.w3.org/TR/json-ld11/."""
    found = list(found)
    used: dict[str, str] = {}
    iris = {node.value for node in _json_iris(found)}
    schemes = {iri.partition(":")[0] for iri in iris}  # of geo:1,2 say, which then is no prefix
    short = {iri: _short(iri, used, schemes) for iri in iris}
    yield _json({"@context": dict(sorted(used.items()))})[:-1] + ',"@graph":['
    comma = ""
    for graph, subjects in _graphs(found, union=False):
        name = _json({"@id": _bare_id(graph)})[:-1] + ',"@graph":[' if graph else ""
        yield comma + "\n" + name
        nodes = (_json(_object(s, subjects[s], short)) for s in sorted(subjects, key=_reading_order))
        for number, node in enumerate(nodes):
            yield (",\n" if number else "\n" if name else "") + node
        yield "]}" if graph else ""
        comma = ","
    yield "\n]}\n"


def _json(value: object) -> str:
    return _visible(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _json_iris(found: Iterable[ox.Quad]) -> Iterator[ox.NamedNode]:
    """Where a compact IRI may stand: predicates, classes, datatypes and objects."""
    for node in nodes_of(found):
        if isinstance(node, ox.NamedNode):
            yield node
        elif isinstance(node, ox.Literal):
            yield node.datatype


def _short(iri: str, used: dict[str, str], schemes: Container[str] = ()) -> str:
    short = terms.shrink(iri) or iri
    prefix = short.partition(":")[0]
    if short == iri or prefix in schemes:
        return iri
    used[prefix] = PREFIXES[prefix]
    return short


def _bare_id(node: Node) -> str:
    return node.value if isinstance(node, ox.NamedNode) else str(node)


def _object(subject: Node, facts: Mapping[Node, set[Node]], short: Mapping[str, str]) -> dict[str, object]:
    entry: dict[str, object] = {"@id": short.get(_bare_id(subject), _bare_id(subject))}
    for predicate in sorted(facts, key=lambda node: _rank(short[_bare_id(node)])):
        values = [_json_value(value, short) for value in sorted(facts[predicate], key=_reading_order)]
        if _bare_id(predicate) == _RDF_TYPE and all(isinstance(v, dict) and "@id" in v for v in values):
            entry["@type"] = [v["@id"] for v in values if isinstance(v, dict)]
        else:
            entry[short[_bare_id(predicate)]] = values if len(values) > 1 else values[0]
    return entry


def _json_value(node: Node, short: Mapping[str, str]) -> str | dict[str, str]:
    if not isinstance(node, ox.Literal):
        return {"@id": short.get(_bare_id(node), _bare_id(node))}
    if node.language:
        return {"@language": node.language, "@value": node.value}
    if node.datatype.value == STRING:
        return node.value
    return {"@type": short[node.datatype.value], "@value": node.value}


def _rdfxml(found: Iterable[ox.Quad], _base: str) -> Iterator[str]:
    """The union of the graphs as https://www.w3.org/TR/rdf-syntax-grammar/."""
    triples = sorted({quad.triple for quad in found}, key=lambda t: (_reading_order(t.subject), str(t)))
    used: dict[str, str] = {}
    for node in {t.predicate for t in triples} | {t.object for t in triples if t.predicate.value == _RDF_TYPE}:
        _short(_bare_id(node), used)
    written = (ox.serialize(triples, format=ox.RdfFormat.RDF_XML, prefixes=used) or b"").decode()
    if UNWRITABLE.search(written):
        raise ValueError("a literal holds a control character")
    if "<oxprefix: " in written:
        raise ValueError("a property or class has no name that XML could use")
    head, opening, rest = written.partition("<rdf:RDF ")
    spaces, close, body = rest.partition(">")
    # a bare carriage return would be read back as a line feed: https://www.w3.org/TR/xml/#sec-line-ends
    yield head + opening + " ".join(sorted(spaces.split())) + close + body.replace("\r", "&#13;")


@dataclass(frozen=True, slots=True)
class Format:
    """A syntax that we write.

    Attributes:
        name: as in ``--format``.
        suffix: of a file in it.
        aliases: other names and suffixes it is known by.
        lines: the writer.
    """

    name: str
    suffix: str
    aliases: tuple[str, ...]
    lines: Writer


#: Every syntax by its name, RDF and what is no RDF.
FORMATS: Mapping[str, Format] = {
    f.name: f
    for f in (
        Format("turtle", ".ttl", ("ttl",), _turtle),
        Format("trig", ".trig", (), _trig),
        Format("ntriples", ".nt", ("nt", "n-triples"), _ntriples),
        Format("nquads", ".nq", ("nq", "n-quads"), _nquads),
        Format("jsonld", ".jsonld", ("json-ld",), _jsonld),
        Format("rdfxml", ".rdf", ("rdf", "xml", "rdf/xml", "owl"), _rdfxml),
        Format(QUICKSTATEMENTS, ".qs", ("qs",), quickstatements.lines),
    )
}
_BY_NAME = {alias: f for f in FORMATS.values() for alias in (f.name, *f.aliases)}


def format_of(path: str | Path, name: str | None = None) -> Format:
    """The syntax of a name, else of a file's extension, ``.gz`` left out.

    Raises:
        OutputError: there is none of that name or extension.
    """
    file = Path(path)
    suffix = Path(file.stem).suffix if file.suffix.lower() == ".gz" else file.suffix
    wanted = (name or suffix.removeprefix(".")).lower()
    if wanted not in _BY_NAME:
        what = f"unknown format {name!r}" if name else "no format known by this extension"
        known = ", ".join(f.suffix for f in FORMATS.values()) if not name else ", ".join(FORMATS)
        raise OutputError(what, where=str(path), hint=f"use one of {known}")
    return _BY_NAME[wanted]
