"""Our classes of entities and the Wikidata classes they are aligned with, as ``ontology/alignment.ttl`` has them.

Services that match names speak of classes by Wikidata id; here one is turned into the other, in both directions. Which
items have which class, and how well two classes agree, is decided elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from kb.linking.disambiguation import ORGANIZATIONS
from kb.linking.places import PLACES
from kb.resources import KB, Entry, data_dir, entries

#: Namespace of Wikidata's items.
WIKIDATA = "http://www.wikidata.org/entity/"

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_ORDER = "http://www.w3.org/ns/shacl#order"


@dataclass(frozen=True, slots=True)
class Aligned:
    """A class of ours beside those of Wikidata.

    Attributes:
        name: a term of the ontology, "City".
        label: in English, "city".
        comment: what it is, in a sentence.
        broader: the classes of entities right above it.
        same: Wikidata items that mean it, the one that fits best first.
        narrower: Wikidata items whose instances are all of it.
    """

    name: str
    label: str
    comment: str
    broader: tuple[str, ...]
    same: tuple[str, ...]
    narrower: tuple[str, ...]

    @property
    def id(self) -> str:
        """The Wikidata item that fits best, else our own IRI."""
        return self.same[0] if self.same else KB + self.name


@cache
def aligned() -> Mapping[str, Aligned]:
    """Every class of persons, organizations and places by its name, in the order of the ontology."""
    files = [data_dir("ontology") / name for name in ("newskb.ttl", "alignment.ttl")]
    ours = [entry for entry in entries(files) if entry.id in {"Person", *ORGANIZATIONS, *PLACES}]
    return {entry.id: _aligned(entry) for entry in sorted(ours, key=lambda entry: int(entry.one(_ORDER, "0")))}


def _aligned(entry: Entry) -> Aligned:
    above = tuple(name for name in entry.all(_RDFS + "subClassOf") if name in ORGANIZATIONS | PLACES)
    label, comment = entry.one(_RDFS + "label", entry.id), entry.one(_RDFS + "comment")
    return Aligned(entry.id, label, comment, above, ids(entry), ids(entry, matches=("narrowMatch",)))


#: Matches by which something of Wikidata stands for a term of ours; a narrower or broader one says something else.
MEANING = ("exactMatch", "closeMatch")


def ids(entry: Entry, namespace: str = WIKIDATA, matches: Iterable[str] = MEANING) -> tuple[str, ...]:
    """What of a namespace of Wikidata an entry of the ontology is matched to, as ids; exact matches first."""
    matched = (value for match in matches for value in entry.all(_SKOS + match))
    return tuple(value.removeprefix(namespace) for value in matched if value.startswith(namespace))


def classes_of(type_id: str) -> tuple[str, ...]:
    """Our classes that a class means: one given by its Wikidata id, its IRI or our name; empty if it is unknown.

    >>> classes_of("Q515"), classes_of("http://www.wikidata.org/entity/Q5"), classes_of("Q0")
    (('City',), ('Person',), ())
    """
    return _by_id().get(type_id.removeprefix(WIKIDATA).removeprefix("wd:").removeprefix(KB), ())


@cache
def _by_id() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for cls in aligned().values():
        for known in (cls.name, *cls.same, *cls.narrower):
            found.setdefault(known, []).append(cls.name)
    return {known: tuple(names) for known, names in found.items()}
