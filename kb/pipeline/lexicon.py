"""The lexicon and the class tree as the components need them, read from the ontology's Turtle files.

Every word that a rule looks for stands in ``ontology/lexicon*.ttl`` as an entry of some kind (``lex:Trigger``,
``lex:SpeechCue``, …); this module groups the entries and knows which class is a subclass of which. It knows no grammar.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from kb.resources import Entry, entries, ontology_files, term

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_SUBCLASS = "http://www.w3.org/2000/01/rdf-schema#subClassOf"


class Lexicon:
    """Lexical entries by kind and label, and the class tree.

    Args:
        found: the entries of the ontology's files.
    """

    def __init__(self, found: Iterable[Entry]) -> None:
        self._kinds: dict[str, dict[str, list[Entry]]] = {}
        self._ids: dict[str, Entry] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        for entry in found:
            self._ids[entry.id] = entry
            self._parents[entry.id] = entry.all(_SUBCLASS)
            for kind in entry.all(_TYPE):
                if kind.startswith("lex:"):
                    self._add(kind.removeprefix("lex:"), entry)
        self._above: dict[str, frozenset[str]] = {}

    def _add(self, kind: str, entry: Entry) -> None:
        for label in entry.all(_LABEL) or ("",):
            self._kinds.setdefault(kind, {}).setdefault(label.lower(), []).append(entry)

    def of(self, kind: str) -> Mapping[str, Sequence[Entry]]:
        """The entries of a kind ("SpeechCue") by lower-case label."""
        return self._kinds.get(kind, {})

    def entry(self, name: str) -> Entry:
        """The entry of an id; an empty one if there is none."""
        return self._ids.get(name) or Entry(name, {})

    def superclasses(self, cls: str) -> frozenset[str]:
        """A class and all above it; cycles do no harm."""
        if cls not in self._above:
            found, open_ = {cls}, [cls]
            while open_:
                fresh = set(self._parents.get(open_.pop(), ())) - found
                found |= fresh
                open_.extend(sorted(fresh))
            self._above[cls] = frozenset(found)
        return self._above[cls]

    def isa(self, cls: str, ancestor: str) -> bool:
        """Whether a class is another one or below it."""
        return ancestor in self.superclasses(cls)


@cache
def load_lexicon(folders: tuple[Path, ...] = ()) -> Lexicon:
    """The lexicon of the package's ontology and of the user's folders.

    Raises:
        OntologyError: a folder or file is not readable.
    """
    return Lexicon(entries(ontology_files(folders)))


__all__ = ["Lexicon", "load_lexicon", "term"]
