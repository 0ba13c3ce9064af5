"""The ontology as axioms: its class tree, whether data fits it, and the files generated from it.

``files`` reads Turtle, ``clashes`` names contradictions, ``reasoner`` asks HermiT, ``published`` writes what is derived
from the ontology for other tools. None of them knows the lexicon or how anything was extracted.
"""

from kb.ontology.clashes import Clash
from kb.ontology.files import axiom_files, hierarchy, materialise, triples
from kb.ontology.published import context, void_description, write_owl
from kb.ontology.reasoner import NO_JAVA, Verdict, check_consistency, java, require_consistent

__all__ = [
    "NO_JAVA",
    "Clash",
    "Verdict",
    "axiom_files",
    "check_consistency",
    "context",
    "hierarchy",
    "java",
    "materialise",
    "require_consistent",
    "triples",
    "void_description",
    "write_owl",
]
