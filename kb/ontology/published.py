"""What is derived from the ontology for other tools: an RDF/XML file, a JSON-LD context, a VoID description.

The context and the description stand in ``ontology/`` and are compared with what is generated here. All three are
the same bytes on every run.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, Triple

from kb import rdf, resources, terms
from kb.ontology.files import OWL, TYPE, XSD, axiom_files, triples

ONTOLOGY = resources.KB.rstrip("#")
DCT = terms.PREFIXES["dct"]
VOID = terms.PREFIXES["void"]
DOMAIN_INCLUDES = terms.PREFIXES["schema"] + "domainIncludes"
RANGE_INCLUDES = terms.PREFIXES["schema"] + "rangeIncludes"

#: Properties of other vocabularies that the export uses, with how JSON-LD reads their values.
BORROWED: dict[str, dict[str, str]] = {
    "label": {"@id": "rdfs:label", "@language": "en"},
    "altLabel": {"@id": "skos:altLabel", "@language": "en"},
    "sameAs": {"@id": "owl:sameAs", "@type": "@id"},
    "closeMatch": {"@id": "skos:closeMatch", "@type": "@id"},
    "denotedBy": {"@id": "gaf:denotedBy", "@type": "@id"},
    "wasQuotedFrom": {"@id": "prov:wasQuotedFrom", "@type": "@id"},
    "anchorOf": {"@id": "nif:anchorOf"},
    "beginIndex": {"@id": "nif:beginIndex", "@type": "xsd:nonNegativeInteger"},
    "endIndex": {"@id": "nif:endIndex", "@type": "xsd:nonNegativeInteger"},
    "referenceContext": {"@id": "nif:referenceContext", "@type": "@id"},
    "taIdentRef": {"@id": "itsrdf:taIdentRef", "@type": "@id"},
}

#: Vocabularies that the export speaks, by prefix.
SPOKEN = ("gaf", "itsrdf", "kb", "nif", "owl", "prov", "rdf", "rdfs", "schema", "skos", "xsd")

#: Formats that the export is written in, by their names at the W3C.
FORMATS = ("JSON-LD", "N-Quads", "N-Triples", "RDF_XML", "TriG", "Turtle")


def write_owl(path: Path, *, ontology_dirs: Iterable[Path] = ()) -> None:
    """Write the ontology and its alignment as one RDF/XML file, which Protégé and owlready2 open.

    Args:
        path: where to write; the file appears whole or not at all.
        ontology_dirs: folders whose ontologies extend ours.

    Raises:
        OutputError: the file cannot be written.
    """
    rdf.write(_quads(triples(axiom_files(ontology_dirs))), path, format="rdfxml")


def context(files: Iterable[Path] | None = None) -> str:
    """The JSON-LD context: each class, value and property of the ontology by its local name.

    Args:
        files: Turtle files to read, our ontology if None.
    """
    statements = _ontology(files)
    names = {name: _meaning(name, statements) for name in _terms(statements)}
    prefixes: dict[str, object] = {prefix: terms.PREFIXES[prefix] for prefix in (*SPOKEN, "wd")}
    full = {"@version": 1.1, **prefixes, "id": "@id", "type": "@type", **BORROWED, **names}
    return json.dumps({"@context": full}, indent=2, ensure_ascii=False) + "\n"


def void_description(files: Iterable[Path] | None = None) -> str:
    """The VoID description, in Turtle, of what the export can hold: vocabularies, formats, classes, properties.

    Args:
        files: Turtle files to read, our ontology if None.
    """
    return rdf.serialize(_quads(_description(_ontology(files))), "turtle").decode()


def published() -> dict[str, str]:
    """The generated files of the ``ontology`` folder with their text."""
    return {"context.jsonld": context(), "void.ttl": void_description()}


def _ontology(files: Iterable[Path] | None) -> list[Triple]:
    return triples(axiom_files() if files is None else files)


def _quads(statements: Iterable[Triple]) -> Iterator[Quad]:
    return (Quad(statement.subject, statement.predicate, statement.object) for statement in statements)


def _terms(statements: list[Triple]) -> list[str]:
    """Local names of all that the ontology declares, sorted."""
    subjects = {s.subject.value for s in statements if isinstance(s.subject, NamedNode) and s.predicate.value == TYPE}
    return sorted(iri.removeprefix(resources.KB) for iri in subjects if iri.startswith(resources.KB))


def _objects(name: str, relation: str, statements: list[Triple]) -> list[str]:
    """IRIs that a term of the ontology has as values of a property, sorted."""
    key = (resources.KB + name, relation)
    found = [s for s in statements if (getattr(s.subject, "value", ""), s.predicate.value) == key]
    return sorted(s.object.value for s in found if isinstance(s.object, NamedNode))


def _meaning(name: str, statements: list[Triple]) -> str | dict[str, str]:
    kinds, values = _objects(name, TYPE, statements), _objects(name, RANGE_INCLUDES, statements)
    datatypes = [value.replace(XSD, "xsd:") for value in values if value.startswith(XSD)]
    if OWL + "ObjectProperty" in kinds:
        return {"@id": f"kb:{name}", "@type": "@id"}
    if len(values) == len(datatypes) == 1 and datatypes != ["xsd:string"]:
        return {"@id": f"kb:{name}", "@type": datatypes[0]}
    return f"kb:{name}"


def _description(statements: list[Triple]) -> Iterator[Triple]:
    data = f"{ONTOLOGY.rpartition('/')[0]}/void#dataset"
    yield _triple(data, TYPE, VOID + "Dataset")
    yield _said(data, DCT + "title", "newskb knowledge base")
    yield _said(data, DCT + "description", "What news articles say, each article in a graph of its own, with evidence.")
    yield _said(data, VOID + "uriSpace", terms.BASE)
    for prefix in SPOKEN:
        yield _triple(data, VOID + "vocabulary", terms.PREFIXES[prefix])
    for name in FORMATS:
        yield _triple(data, VOID + "feature", f"http://www.w3.org/ns/formats/{name}")
    for name in _terms(statements):
        yield from _partition(data, name, statements)


def _partition(data: str, name: str, statements: list[Triple]) -> Iterator[Triple]:
    """A class as part of the dataset, or a property as part of each class that it is made for."""
    part, kinds = f"{data}-{name}", _objects(name, TYPE, statements)
    if OWL + "Class" in kinds:
        yield _triple(data, VOID + "classPartition", part)
        yield _triple(part, VOID + "class", resources.KB + name)
    for cls in _objects(name, DOMAIN_INCLUDES, statements):
        local = cls.removeprefix(resources.KB)
        yield _triple(f"{data}-{local}", VOID + "propertyPartition", f"{data}-{local}-{name}")
        yield _triple(f"{data}-{local}-{name}", VOID + "property", resources.KB + name)


def _triple(subject: str, relation: str, value: str) -> Triple:
    return Triple(NamedNode(subject), NamedNode(relation), NamedNode(value))


def _said(subject: str, relation: str, text: str) -> Triple:
    return Triple(NamedNode(subject), NamedNode(relation), Literal(text))
