"""RDF: an :class:`~kb.model.Extraction` as quads (``facts``), as text (``syntax``), as files and rdflib (``files``)."""

from kb.rdf.facts import Hierarchy, Software, hierarchy, quads
from kb.rdf.files import dataset, serialize, write
from kb.rdf.iris import article_iri
from kb.rdf.syntax import FORMATS, Format, format_of

__all__ = [
    "FORMATS",
    "Format",
    "Hierarchy",
    "Software",
    "article_iri",
    "dataset",
    "format_of",
    "hierarchy",
    "quads",
    "serialize",
    "write",
]
