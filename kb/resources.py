"""Files that belong to the package: ontology, stored queries, linking table, model; and Turtle files as plain rows.

In a wheel ``ontology/`` and ``queries/`` lie under ``kb/data/``; in a checkout beside ``kb/``. The lexicon and the class
tree are read here into plain strings, so that the layers above the model and below the RDF need to know no RDF library.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph

from kb.errors import OntologyError

PACKAGE = Path(__file__).resolve().parent

#: IRI prefix of the terms of the newskb ontology.
KB = "https://w3id.org/newskb/ontology#"
#: IRI prefix of the terms that describe the lexicon, and of its entries.
LEX = "https://w3id.org/newskb/lexicon#"


@dataclass(frozen=True, slots=True)
class Entry:
    """All that the ontology files say of one subject, as plain strings.

    Attributes:
        id: the subject, shortened as by :func:`term`.
        fields: property (shortened likewise) to its values, each a term or the text of a literal, sorted.
    """

    id: str
    fields: Mapping[str, tuple[str, ...]]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a property, sorted; empty if there is none."""
        return self.fields.get(name, ())

    def one(self, name: str, default: str = "") -> str:
        """The first value of a property, or the default."""
        return self.fields.get(name, (default,))[0]


def data_dir(name: str) -> Path:
    """The folder ``ontology`` or ``queries``, from the wheel or from the checkout."""
    inside = PACKAGE / "data" / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def ontology_files(extra: Iterable[Path] = ()) -> list[Path]:
    """The ontology's Turtle files, those of the user's folders after ours, sorted within each folder.

    Raises:
        OntologyError: a folder does not exist or holds no ``*.ttl``.
    """
    folders = [data_dir("ontology"), *extra]
    for folder in folders:
        if not any(folder.glob("*.ttl")):
            raise OntologyError(
                "no *.ttl in this folder", where=str(folder), hint="name a folder that holds Turtle files"
            )
    return [file for folder in folders for file in sorted(folder.glob("*.ttl"))]


def term(iri: str) -> str:
    """A term of the newskb ontology as its local name, of the lexicon as ``lex:NAME``, any other as it is."""
    if iri.startswith(KB):
        return iri.removeprefix(KB)
    return "lex:" + iri.removeprefix(LEX) if iri.startswith(LEX) else iri


def entries(files: Iterable[Path]) -> list[Entry]:
    """The subjects of Turtle files with their properties, in the order of their ids.

    Raises:
        OntologyError: a file is not Turtle.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for file in files:
        for subject, predicate, value in _triples(file):
            found.setdefault(term(subject), {}).setdefault(term(predicate), set()).add(term(value))
    return [Entry(key, {p: tuple(sorted(v)) for p, v in fields.items()}) for key, fields in sorted(found.items())]


def _triples(file: Path) -> Iterator[tuple[str, str, str]]:
    try:
        for quad in pyoxigraph.parse(path=str(file), format=pyoxigraph.RdfFormat.TURTLE):
            yield _text(quad.subject), _text(quad.predicate), _text(quad.object)
    except (SyntaxError, OSError, ValueError) as error:
        raise OntologyError(f"not readable as Turtle ({error})", where=str(file), hint="check its syntax") from error


def _text(node: object) -> str:
    """An IRI or a literal's text; a blank node as it is written, so that it is never taken for a term."""
    return str(node) if isinstance(node, pyoxigraph.BlankNode) else str(getattr(node, "value", node))
