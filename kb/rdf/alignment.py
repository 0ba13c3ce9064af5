"""What Wikidata calls our terms: its items and properties, read from the alignment that the ontology states.

A class has one item, that of the nearest class above it where it has none of its own. A post that makes its holder the
head of a body has the property of the body whose value is the holder. No id is written down here.
"""

from collections.abc import Container, Mapping
from functools import cache

from kb import resources, terms
from kb.linking.classes import ids
from kb.rdf.facts import Hierarchy, hierarchy
from kb.terms import PREFIXES


@cache
def classes() -> Mapping[str, str]:
    """The IRI of each class with the id of its item, classes before those above them: "Q2380335" for ``kb:Airstrike``."""
    found = resources.entries(resources.ontology_files())
    above = hierarchy(found)
    own = {entry.id: found_ids[0] for entry in found if ":" not in entry.id and (found_ids := ids(entry))}
    names = sorted({*own, *above}, key=lambda name: (-len(above.get(name, ())), name))
    return {terms.expand(name): item for name in names if (item := _nearest(name, own, above))}


def item_of(types: Container[str]) -> str | None:
    """The item of the most specific class among the IRIs of a thing's classes; None if Wikidata has none of them."""
    return next((item for cls, item in classes().items() if cls in types), None)


@cache
def heads() -> Mapping[str, frozenset[str]]:
    """The IRI of each lexical entry of a post with the ids of its properties: "P6" for a prime minister."""
    found = [entry for entry in resources.entries(resources.ontology_files()) if entry.id.startswith("lex:")]
    matched = ((terms.expand(entry.id), frozenset(ids(entry, PREFIXES["wdt"]))) for entry in found)
    return {entry: props for entry, props in matched if props}


def _nearest(name: str, own: Mapping[str, str], above: Hierarchy) -> str:
    """The item of a class or of the lowest class above it that has one; empty if none has."""
    candidates = [name, *sorted(above.get(name, ()), key=lambda cls: -len(above.get(cls, ())))]
    return next((own[cls] for cls in candidates if cls in own), "")
