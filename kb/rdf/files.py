"""From quads to bytes, files and rdflib. A file appears whole or not at all, and twice the same.

The one place of this layer that touches the disk.
"""

import gzip
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import pyoxigraph as ox
import rdflib
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

from kb import terms
from kb.errors import OutputError
from kb.rdf.syntax import STRING, Format, Node, format_of, nodes_of
from kb.terms import BASE, PREFIXES


def serialize(found: Iterable[ox.Quad], format: str = "trig", *, base: str = BASE) -> bytes:
    """Quads as bytes of one syntax, the same for the same set.

    Args:
        found: quads in any order; syntaxes without named graphs get the union of the graphs.
        format: a name of :data:`FORMATS`.
        base: IRIs below it are written relative to it in Turtle and TriG.

    Raises:
        OutputError: the format is unknown or cannot say what the quads say.
    """
    return b"".join(_encoded(found, format_of("", format), base))


def write(found: Iterable[ox.Quad], path: str | Path, *, format: str | None = None, base: str = BASE) -> None:
    """Quads to a file, which appears whole or not at all; ``.gz`` compresses.

    Args:
        found: quads in any order.
        path: the file; what is not a regular file, as ``/dev/stdout``, is written to as it is.
        format: a name of :data:`FORMATS`; by default the extension's.
        base: IRIs below it are written relative to it in Turtle and TriG.

    Raises:
        OutputError: unknown format, or the file cannot be written.
    """
    chunks = _encoded(found, format_of(path, format), base)
    try:
        replace(Path(path), chunks)
    except OSError as error:
        hint = "name a file in a folder that exists, may be written to and has room"
        raise OutputError(f"cannot be written ({error.strerror or error})", where=str(path), hint=hint) from error


def _encoded(found: Iterable[ox.Quad], format: Format, base: str) -> Iterator[bytes]:
    try:
        for line in format.lines(found, base):
            yield line.encode()
    except ValueError as error:
        raise OutputError(f"cannot be said in {format.name} ({error})", hint="choose another format") from error


def replace(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file that appears whole or not at all; ``.gz`` is packed, a device is written to.

    Raises:
        OSError: it cannot be written; an earlier file is still as it was.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:
            _pour(stream, chunks, packed=False)
        return
    part = target.with_name(f".{terms.digest(target.name)}.{os.getpid()}.part")
    part.unlink(missing_ok=True)  # of a killed process that had our number
    try:
        with part.open("xb") as stream:
            _pour(stream, chunks, packed=target.suffix.lower() == ".gz")
            os.fsync(stream.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _pour(stream: IO[bytes], chunks: Iterable[bytes], *, packed: bool) -> None:
    if not packed:
        stream.writelines(chunks)
        return
    # without name and time, so that the same content gives the same bytes: RFC 1952, 2.3.1
    with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0, compresslevel=6) as packer:
        packer.writelines(chunks)


def dataset(found: Iterable[ox.Quad]) -> rdflib.Dataset:
    """Quads as an rdflib dataset whose default graph is the union, with our prefixes bound."""
    result = rdflib.Dataset(default_union=True)
    for prefix, namespace in PREFIXES.items():
        result.bind(prefix, namespace, replace=True)
    found = list(found)
    known = {node: _rdflib(node) for node in nodes_of(found)}
    graphs = {name: _graph(result, name) for name in {quad.graph_name for quad in found}}
    result.store.addN((known[q.subject], known[q.predicate], known[q.object], graphs[q.graph_name]) for q in found)
    return result


def _graph(result: rdflib.Dataset, name: Node | ox.DefaultGraph) -> rdflib.Graph:
    return result.graph(DATASET_DEFAULT_GRAPH_ID if isinstance(name, ox.DefaultGraph) else _rdflib(name))


def _rdflib(node: object) -> rdflib.term.IdentifiedNode | rdflib.Literal:
    match node:
        case ox.NamedNode(value=iri):
            return rdflib.URIRef(iri)
        case ox.BlankNode(value=label):
            return rdflib.BNode(label)
        case ox.Literal(value=text, language=str(tag)):
            return rdflib.Literal(text, lang=tag)
        case ox.Literal(value=text, datatype=kind):
            datatype = None if kind.value == STRING else rdflib.URIRef(kind.value)
            return rdflib.Literal(text, datatype=datatype, normalize=False)
    raise TypeError(f"no RDF term: {node!r}")
