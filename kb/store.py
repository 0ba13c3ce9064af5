"""Knowledge bases that answer SPARQL: embedded Oxigraph (in memory or a folder on disk) and any SPARQL 1.1 endpoint.

One protocol, :class:`Store`, and one opener, :func:`open_store`. A query sees the union of all graphs as its default
graph, each triple once: an embedded store keeps that merge in its own default graph, so a database that it wrote gives
the same answers in any server. Answers are plain values (:class:`Table`, bool, :class:`Triples`); :func:`render`
writes them. Errors of pyoxigraph and of the network become :class:`~kb.errors.KbError` here and nowhere above.
"""

import csv
import gzip
import io
import json
import re
import textwrap
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, TypeAlias, cast

import pyoxigraph as ox
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple

from kb import rdf
from kb.errors import InputError, KbError, OutputError, QueryError
from kb.terms import PREFIXES, shrink

Term: TypeAlias = NamedNode | BlankNode | Literal | Triple

#: RDF syntaxes by the extension of a file, ``.gz`` stripped.
SYNTAXES: Mapping[str, RdfFormat] = {
    ".ttl": RdfFormat.TURTLE,
    ".trig": RdfFormat.TRIG,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".jsonld": RdfFormat.JSON_LD,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
}

#: The datatype that SPARQL results leave out.
_STRING = "http://www.w3.org/2001/XMLSchema#string"
_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
#: https://www.w3.org/TR/rdf-sparql-XMLres/
_RESULTS_XML = "http://www.w3.org/2005/sparql-results#"

#: What a remote endpoint is asked for: https://www.w3.org/TR/sparql11-protocol/#query-operation
_ACCEPT = "application/sparql-results+json, application/n-triples, text/turtle;q=0.8, application/rdf+xml;q=0.5"
_AGENT = "newskb (https://w3id.org/newskb)"

#: Quads sent to an endpoint in one update.
_BATCH = 1000

#: Merges all named graphs into the default graph.
_MERGE = "INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }"

#: All quads of a dataset whose default graph may be the union of the others.
_ALL_QUADS = """SELECT ?s ?p ?o ?g WHERE {
  { GRAPH ?g { ?s ?p ?o } }
  UNION { ?s ?p ?o . FILTER NOT EXISTS { GRAPH ?h { ?s ?p ?o } } }
}"""


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a SELECT.

    Attributes:
        variables: names of the columns, without "?".
        rows: a term or None (unbound) for each column.
    """

    variables: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]

    def column(self, name: str) -> tuple[Term | None, ...]:
        """The terms of one column."""
        index = self.variables.index(name)
        return tuple(row[index] for row in self.rows)


@dataclass(frozen=True, slots=True)
class Triples:
    """The answer to a CONSTRUCT or DESCRIBE: triples without duplicates, sorted by their N-Triples text."""

    triples: tuple[Triple, ...]


#: The answer to a SELECT, an ASK, a CONSTRUCT or DESCRIBE.
Answer: TypeAlias = Table | bool | Triples


class Store(Protocol):
    """A knowledge base that answers SPARQL."""

    def query(self, sparql: str) -> Answer:
        """The answer to a query over the union of all graphs.

        Raises:
            QueryError: the query does not parse or cannot be evaluated.
            InputError: the store does not answer.
        """

    def load(self, path: Path) -> None:
        """Add the quads of an RDF file, its syntax by its extension.

        Raises:
            InputError: the file cannot be read.
            OutputError: the store cannot be written.
        """

    def add(self, quads: Iterable[Quad]) -> None:
        """Add quads.

        Raises:
            OutputError: the store cannot be written.
        """

    def quads(self) -> Iterator[Quad]:
        """Every quad; of the default graph only what no named graph says."""

    def dump(self, path: Path) -> None:
        """Write every quad to a file, its syntax by its extension, sorted; a syntax without graphs gets the triples.

        Raises:
            OutputError: the file cannot be written.
        """


class EmbeddedStore:
    """Oxigraph in this process.

    Args:
        location: folder of a database, created if need be; in memory without one.
        read_only: open an existing database without locking it.

    Raises:
        InputError: the database cannot be opened.

    >>> store = EmbeddedStore()
    >>> store.add([Quad(NamedNode("urn:a"), NamedNode("urn:b"), Literal("c"), NamedNode("urn:article"))])
    >>> print(render(store.query("SELECT ?o { ?s ?p ?o }"), "csv"), end="")
    o
    c
    """

    def __init__(self, location: Path | None = None, *, read_only: bool = False) -> None:
        self._store = _database(location, read_only=read_only)
        self._union = not self._merged()

    def query(self, sparql: str) -> Answer:
        """See :meth:`Store.query`."""
        with _query_errors(sparql):
            return _answer(self._store.query(sparql, prefixes=dict(PREFIXES), use_default_graph_as_union=self._union))

    def load(self, path: Path) -> None:
        """See :meth:`Store.load`."""
        self.load_all([path])

    def load_all(self, paths: Iterable[Path]) -> None:
        """As :meth:`load` for each file, but merged once.

        Raises:
            InputError: a file cannot be read.
            OutputError: the store cannot be written.
        """
        for path in paths:
            with _write_errors(), _parse_errors(path), _opened(path) as stream:
                self._store.load(input=stream, format=_syntax(path))
        self._merge()

    def add(self, quads: Iterable[Quad]) -> None:
        """See :meth:`Store.add`."""
        if self._union:
            self._merge()
        with _write_errors():
            self._store.extend(copy for q in quads for copy in (q, Quad(q.subject, q.predicate, q.object)))

    def quads(self) -> Iterator[Quad]:
        """See :meth:`Store.quads`."""
        default = DefaultGraph()
        return (q for q in self._store if q.graph_name != default or not self._elsewhere(q))

    def dump(self, path: Path) -> None:
        """See :meth:`Store.dump`."""
        rdf.write(self.quads(), path)

    def _merged(self) -> bool:
        """Whether the default graph holds the merge of the others, judged by one quad; true where there is no other."""
        some = next((q for graph in self._store.named_graphs() for q in self._in(graph)), None)
        return some is None or Quad(some.subject, some.predicate, some.object) in self._store

    def _in(self, graph: NamedNode | BlankNode) -> Iterator[Quad]:
        return self._store.quads_for_pattern(None, None, None, graph)

    def _merge(self) -> None:
        if any(True for _ in self._store.named_graphs()):
            with _write_errors():
                self._store.update(_MERGE)
        self._union = False

    def _elsewhere(self, quad: Quad) -> bool:
        found = self._store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        return any(q.graph_name != quad.graph_name for q in found)


class RemoteStore:
    """A SPARQL 1.1 endpoint (https://www.w3.org/TR/sparql11-protocol/).

    Its default graph should be the union of its graphs (in Oxigraph ``--union-default-graph``, in Fuseki
    ``tdb2:unionDefaultGraph``).

    Args:
        url: where queries go.
        update_url: where updates go; the same address without one.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, url: str, *, update_url: str | None = None, timeout: float = 60.0) -> None:
        self.url, self.update_url, self.timeout = url, update_url or url, timeout

    def query(self, sparql: str) -> Answer:
        """See :meth:`Store.query`."""
        body, media_type = self._post(self.url, {"query": _declared(sparql)})
        try:
            return _parsed_answer(body, media_type)
        except (SyntaxError, ValueError) as error:
            hint = "check that the address is a SPARQL endpoint"
            raise InputError(f"no SPARQL result ({error})", where=self.url, hint=hint) from error

    def load(self, path: Path) -> None:
        """See :meth:`Store.load`."""
        self.add(read_quads(path))

    def add(self, quads: Iterable[Quad]) -> None:
        """See :meth:`Store.add`."""
        batch: list[Quad] = []
        for quad in quads:
            batch.append(quad)
            if len(batch) == _BATCH:
                self._insert(batch)
                batch = []
        self._insert(batch)

    def quads(self) -> Iterator[Quad]:
        """See :meth:`Store.quads`."""
        table = self.query(_ALL_QUADS)
        return (_quad(row) for row in table.rows) if isinstance(table, Table) else iter(())

    def dump(self, path: Path) -> None:
        """See :meth:`Store.dump`."""
        rdf.write(self.quads(), path)

    def _insert(self, quads: Sequence[Quad]) -> None:
        if quads:
            try:
                self._post(self.update_url, {"update": f"INSERT DATA {{\n{_quad_data(quads)}\n}}"})
            except KbError as error:
                hint = "check that the endpoint allows updates"
                raise OutputError(error.what, where=self.update_url, hint=hint) from error

    def _post(self, url: str, form: Mapping[str, str]) -> tuple[bytes, str]:
        headers = {"Accept": _ACCEPT, "User-Agent": _AGENT}
        with _http_errors(url):
            request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), headers)  # noqa: S310 (open_store)
            with urllib.request.urlopen(request, timeout=self.timeout) as response:  # noqa: S310
                return response.read(), response.headers.get_content_type()


def open_store(source: Path | str | Sequence[Path | str], *, timeout: float = 60.0) -> Store:
    """The knowledge base at a source.

    Args:
        source: an RDF file, a folder of RDF files, the folder of an Oxigraph database (opened for reading), an http(s)
            endpoint, or several files and folders, which are merged in memory.
        timeout: seconds to wait for an endpoint.

    Raises:
        InputError: there is nothing there, or it cannot be read.
    """
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return RemoteStore(source, timeout=timeout)
    parts = [source] if isinstance(source, (str, Path)) else list(source)
    if any(str(part).startswith(("http://", "https://")) for part in parts):
        raise InputError("an endpoint cannot be merged with other data", hint="name the endpoint alone")
    paths = [Path(part) for part in parts]
    if len(paths) == 1 and is_database(paths[0]):
        return EmbeddedStore(paths[0], read_only=True)
    store = EmbeddedStore()
    store.load_all(rdf_files(paths))
    return store


def is_database(path: Path) -> bool:
    """Whether a folder holds an Oxigraph database (RocksDB keeps its manifest's name in ``CURRENT``)."""
    return (path / "CURRENT").is_file()


def rdf_files(paths: Iterable[Path]) -> list[Path]:
    """The RDF files among paths: files as they are, folders as the files with a known extension in them, sorted.

    Raises:
        InputError: a path does not exist, or a folder holds no RDF.
    """
    return [file for path in paths for file in _rdf_files(path)]


def read_quads(path: Path) -> Iterator[Quad]:
    """The quads of an RDF file, its syntax by its extension.

    Raises:
        InputError: the file cannot be read.
    """
    with _parse_errors(path), _opened(path) as stream:
        yield from ox.parse(input=stream, format=_syntax(path), rename_blank_nodes=True)


def check(sparql: str) -> None:
    """Do nothing if a query parses.

    Raises:
        QueryError: it does not.
    """
    with _query_errors(sparql):
        ox.Store().query(re.sub(r"\bSERVICE(\s+SILENT)?\b", "SERVICE SILENT", sparql), prefixes=dict(PREFIXES))


# Answers as text


def render(answer: Answer, format: str = "text", *, width: int | None = None) -> str:
    """An answer as text, ending in a line break.

    Args:
        answer: what a query gave.
        format: for a table or a bool "text", "markdown", "csv", "tsv", "json" or "xml"; for triples a name of
            :data:`kb.rdf.FORMATS` ("text" is turtle).
        width: the number of characters to which the lines of a text table are folded, or None; where that is needed,
            columns that hold nothing but long IRIs are left out.

    Raises:
        OutputError: there is no such format for this answer.
    """
    if isinstance(answer, Triples):
        found = (Quad(t.subject, t.predicate, t.object) for t in answer.triples)
        return rdf.serialize(found, "turtle" if format == "text" else format).decode()
    if format not in _TABLE_WRITERS:
        raise OutputError(f'no format "{format}" for a table', hint=f"choose one of {', '.join(_TABLE_WRITERS)}")
    return _text(answer, width) if format == "text" else _TABLE_WRITERS[format](answer)


def display(term: Term | None) -> str:
    """A term as a person reads it: the text of a literal, the short form of an IRI, on one line, printable."""
    if isinstance(term, NamedNode):
        return _printable(shrink(term.value) or term.value)
    return "" if term is None else _printable(term.value if isinstance(term, Literal) else str(term))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _cells(answer: Table | bool) -> tuple[list[str], list[list[str]]]:
    if isinstance(answer, bool):
        return ["answer"], [["yes" if answer else "no"]]
    return list(answer.variables), [[display(term) for term in row] for row in answer.rows]


def _text(answer: Table | bool, width: int | None = None) -> str:
    """Columns side by side under their names, as narrow as they can be, folded where they do not fit."""
    if isinstance(answer, bool):
        return "yes\n" if answer else "no\n"
    header, rows = _cells(answer)
    if width is not None and _line([header, *rows]) > width:
        columns = range(len(header))
        keep = [i for i in columns if not _only_iris(row[i] for row in rows)] or list(columns)
        header, rows = [header[i] for i in keep], [[row[i] for i in keep] for row in rows]
    widths = _widths([header, *rows], width)
    rule = ["-" * w for w in widths]
    lines = [line for row in (header, rule, *rows) for line in _folded(row, widths)]
    return "\n".join(lines) + "\n"


def _line(rows: Sequence[Sequence[str]]) -> int:
    """The length of the lines of a table that is not folded."""
    return sum(max(map(len, column)) + 2 for column in zip(*rows, strict=True)) - 2


def _only_iris(cells: Iterable[str]) -> bool:
    texts = {cell for cell in cells if cell}
    return bool(texts) and all(re.fullmatch(r"(https?|urn):\S{20,}", text) for text in texts)


def _widths(rows: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """Each column's width; the widest give way until all fit, none below eight characters."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while width is not None and sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    return widths


def _folded(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [textwrap.wrap(cell, w) if len(cell) > w else [cell] for cell, w in zip(row, widths, strict=True)]
    for i in range(max(map(len, cells), default=0)):
        parts = (cell[i] if i < len(cell) else "" for cell in cells)
        yield "  ".join(part.ljust(w) for part, w in zip(parts, widths, strict=True)).rstrip()


def _markdown(answer: Table | bool) -> str:
    header, rows = _cells(answer)
    lines = [header, ["---"] * len(header), *([_escaped(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escaped(cell: str) -> str:
    """A cell without what Markdown would read as markup of a table, a tag or an entity."""
    return re.sub(r"([\\|`*_\[\]])", r"\\\1", cell).replace("&", "&amp;").replace("<", "&lt;")


def _csv(answer: Table | bool) -> str:
    """https://www.w3.org/TR/sparql11-results-csv-tsv/#csv, lines ending as everywhere here."""
    if isinstance(answer, bool):
        return f"{str(answer).lower()}\n"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(answer.variables)
    writer.writerows([_plain(term) for term in row] for row in answer.rows)
    return out.getvalue()


def _plain(term: Term | None) -> str:
    return term.value if isinstance(term, (NamedNode, Literal)) else "" if term is None else str(term)


def _tsv(answer: Table | bool) -> str:
    """https://www.w3.org/TR/sparql11-results-csv-tsv/#tsv: terms in their N-Triples form."""
    if isinstance(answer, bool):
        return f"{str(answer).lower()}\n"
    rows = [[f"?{name}" for name in answer.variables], *([_ntriples(term) for term in row] for row in answer.rows)]
    return "".join("\t".join(row) + "\n" for row in rows)


def _ntriples(term: Term | None) -> str:
    return "" if term is None else str(term).replace("\t", "\\t")


def _json(answer: Table | bool) -> str:
    """https://www.w3.org/TR/sparql11-results-json/."""
    if isinstance(answer, bool):
        return json.dumps({"head": {}, "boolean": answer}) + "\n"
    bindings = [
        {name: _json_term(term) for name, term in zip(answer.variables, row, strict=True) if term is not None}
        for row in answer.rows
    ]
    result = {"head": {"vars": list(answer.variables)}, "results": {"bindings": bindings}}
    return json.dumps(result, ensure_ascii=False, indent=1) + "\n"


def _json_term(term: Term) -> dict[str, str]:
    if isinstance(term, Literal):
        return {"type": "literal", "value": term.value} | _annotation(term, "xml:lang")
    if isinstance(term, Triple):
        raise OutputError("a quoted triple has no form in these results", hint="choose tsv")
    return {"type": "uri" if isinstance(term, NamedNode) else "bnode", "value": term.value}


def _annotation(literal: Literal, language_key: str) -> dict[str, str]:
    """The language or the datatype of a literal, where it has one to tell."""
    if literal.language:
        return {language_key: literal.language}
    return {} if literal.datatype.value in (_STRING, _LANG_STRING) else {"datatype": literal.datatype.value}


def _xml(answer: Table | bool) -> str:
    """https://www.w3.org/TR/rdf-sparql-XMLres/."""
    root = ET.Element("sparql", xmlns=_RESULTS_XML)
    head = ET.SubElement(root, "head")
    if isinstance(answer, bool):
        ET.SubElement(root, "boolean").text = str(answer).lower()
    else:
        for name in answer.variables:
            ET.SubElement(head, "variable", name=name)
        results = ET.SubElement(root, "results")
        for row in answer.rows:
            _xml_row(ET.SubElement(results, "result"), answer.variables, row)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _xml_row(result: ET.Element, variables: Sequence[str], row: Sequence[Term | None]) -> None:
    for name, term in zip(variables, row, strict=True):
        if term is not None:
            fields = _json_term(term)
            kind, value = fields.pop("type"), fields.pop("value")
            binding = ET.SubElement(result, "binding", name=name)
            ET.SubElement(binding, kind, fields).text = _xml_text(value)


def _xml_text(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets)."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


_TABLE_WRITERS: Mapping[str, Callable[..., str]] = {
    "text": _text,
    "markdown": _markdown,
    "csv": _csv,
    "tsv": _tsv,
    "json": _json,
    "xml": _xml,
}

# Where foreign errors become ours


@contextmanager
def _query_errors(sparql: str) -> Iterator[None]:
    """SyntaxError: it does not parse; OSError: a SERVICE did not answer; RuntimeError, ValueError: it cannot run."""
    try:
        yield
    except SyntaxError as error:
        raise _syntax_error(sparql, str(error)) from error
    except OSError as error:
        services = ", ".join(re.findall(r"(?i)\bSERVICE\s+(?:SILENT\s+)?(<[^>]*>)", sparql)) or "the store"
        hint = "run it where that address can be reached"
        raise QueryError(f"{services} does not answer ({error})", where="query", hint=hint) from error
    except (RuntimeError, ValueError) as error:
        raise QueryError(f"cannot be evaluated ({error})", where="query", hint="simplify the query") from error


#: The longest reason of a parser that a person is shown, in characters.
LONGEST_REASON = 120


def _syntax_error(sparql: str, message: str) -> QueryError:
    """Oxigraph says "error at LINE:COLUMN: expected …"."""
    found = re.match(r"error at (\d+):(\d+): (.*)", message, re.DOTALL)
    where = f"query, line {found[1]}, column {found[2]}" if found else "query"
    reason = found[3] if found else message
    # The parser lists every token that could stand there; dozens of them say less than the place does.
    reason = reason if len(reason) <= LONGEST_REASON else "something else is expected there"
    missing = _undeclared(sparql)
    hint = f"declare PREFIX {missing[0]}: <…>" if missing else "check the syntax: https://www.w3.org/TR/sparql11-query/"
    return QueryError(f"not valid SPARQL ({reason})", where=where, hint=hint)


#: What in a query is no prefixed name: strings, IRIs, comments.
_OPAQUE = re.compile(
    r'"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|<[^<>\s]*>|#[^\n]*'
)


def _prefixes_used(sparql: str) -> set[str]:
    bare = _OPAQUE.sub(" ", sparql)
    return set(re.findall(r"(?<![\w?$:.-])([A-Za-z][\w-]*):", bare))


def _prefixes_declared(sparql: str) -> set[str]:
    return set(re.findall(r"(?i)\bPREFIX\s+([\w-]*):", sparql))


def _undeclared(sparql: str) -> list[str]:
    """Prefixes that a query uses and nobody declares."""
    return sorted(_prefixes_used(sparql) - _prefixes_declared(sparql) - set(PREFIXES))


def _declared(sparql: str) -> str:
    """A query with the usual prefixes declared that it uses without declaring them; lines keep their numbers."""
    missing = (_prefixes_used(sparql) - _prefixes_declared(sparql)) & set(PREFIXES)
    return "".join(f"PREFIX {name}: <{PREFIXES[name]}> " for name in sorted(missing)) + sparql


@contextmanager
def _parse_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except SyntaxError as error:
        where = f"{path}, line {error.lineno}" if error.lineno else str(path)
        hint = "check that the extension names the syntax"
        raise InputError(f"not readable as RDF ({error.msg})", where=where, hint=hint) from error
    except (EOFError, ValueError) as error:
        raise InputError(f"not readable as RDF ({error})", where=str(path), hint="check the file") from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """An RDF file, unpacked; what cannot be opened or unpacked is an InputError."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            yield cast(IO[bytes], stream)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read ({reason})", where=str(path), hint="check the path and the file") from error


@contextmanager
def _write_errors() -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        hint = "open the database for writing, and only once"
        raise OutputError(f"the store cannot be written ({error})", hint=hint) from error


@contextmanager
def _http_errors(url: str) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        raise _http_error(url, error) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        hint = "check the address, and that the server runs"
        raise InputError(f"the endpoint does not answer ({reason})", where=url, hint=hint) from error


def _http_error(url: str, error: urllib.error.HTTPError) -> KbError:
    """400 says that the query is wrong (SPARQL 1.1 Protocol, 2.1.6), anything else that the endpoint is."""
    lines = error.read(2000).decode("utf-8", "replace").strip().splitlines()
    said = f"{error.code} {error.reason}" + (f": {lines[0][:200]}" if lines else "")
    if error.code == 400:
        return QueryError(f"the endpoint rejects the query ({said})", where=url, hint="check its syntax")
    return InputError(f"the endpoint does not answer ({said})", where=url, hint="check the address and your rights")


# Between pyoxigraph and our values


def _database(location: Path | None, *, read_only: bool) -> ox.Store:
    try:
        if location is None:
            return ox.Store()
        return ox.Store.read_only(str(location)) if read_only else ox.Store(str(location))
    except OSError as error:
        hint = "check the folder, and that no other process writes to it"
        raise InputError(f"the database cannot be opened ({error})", where=str(location), hint=hint) from error


def _answer(result: object) -> Answer:
    if isinstance(result, ox.QuerySolutions):
        names = tuple(variable.value for variable in result.variables)
        return Table(names, tuple(tuple(solution[name] for name in names) for solution in result))
    if isinstance(result, ox.QueryBoolean):
        return bool(result)
    return _triples(result)  # type: ignore[arg-type]


def _triples(found: Iterable[Triple]) -> Triples:
    return Triples(tuple(sorted(set(found), key=str)))


def _parsed_answer(body: bytes, media_type: str) -> Answer:
    results = ox.QueryResultsFormat.from_media_type(media_type)
    if results is not None:
        return _answer(ox.parse_query_results(input=body, format=results))
    syntax = RdfFormat.from_media_type(media_type)
    if syntax is None:
        raise ValueError(f"it sent {media_type}")
    return _triples(quad.triple for quad in ox.parse(input=body, format=syntax))


def _quad(row: Sequence[Term | None]) -> Quad:
    subject, predicate, value, graph = row
    return Quad(subject, predicate, value, graph)  # type: ignore[arg-type]


def _quad_data(quads: Iterable[Quad]) -> str:
    """https://www.w3.org/TR/sparql11-update/#rQuadData."""
    return "\n".join(_in_graph(quad) for quad in quads)


def _in_graph(quad: Quad) -> str:
    triple = f"{quad.triple} ."
    return triple if isinstance(quad.graph_name, DefaultGraph) else f"GRAPH {quad.graph_name} {{ {triple} }}"


# Files


def _rdf_files(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError("no such file or folder", where=str(path), hint="check the path")
    if not path.is_dir():
        _syntax(path)
        return [path]
    files = sorted(file for file in path.iterdir() if file.is_file() and _extension(file) in SYNTAXES)
    if not files:
        raise InputError("no RDF files in this folder", where=str(path), hint=f"it should hold {_known()}")
    return files


def _extension(path: Path) -> str:
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def _known() -> str:
    return ", ".join(SYNTAXES)


def _syntax(path: Path) -> RdfFormat:
    syntax = SYNTAXES.get(_extension(path))
    if syntax is None:
        raise InputError(
            f'no RDF syntax has the extension "{_extension(path)}"', where=str(path), hint=f"use {_known()}"
        )
    return syntax
