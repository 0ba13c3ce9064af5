"""What a rule's confidence is worth: the last component puts what was measured in the place of what the rules state.

Rules, lexicon entries and filled roles give each find a raw confidence, a grade, by which the other components choose.
Rows of ``lex:Calibration`` say, for each kind of find, from which grade on (``lex:from``) what share of such facts was
right on annotated articles (``lex:means``). Rewrites ``confidence`` in what the components wrote on the ``Doc``; a kind
without rows stays as it is. Grades are ordered as they were: of two finds of a kind the surer one never ends below.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from kb.pipeline.lexicon import Lexicon, load_lexicon

#: Class of events → kind; events of all other classes are of the kind EVENT.
EVENT_KINDS = (("MilitaryAction", "action"), ("Agreement", "agreement"))
EVENT = "event"


class Calibration:
    """The measured worth of grades.

    Args:
        lexicon: holds the rows of ``lex:Calibration``, labelled with their kind.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.steps = {
            kind: sorted((float(row.one("lex:from", "0")), float(row.one("lex:means"))) for row in rows)
            for kind, rows in lexicon.of("Calibration").items()
        }

    def kind(self, cls: str) -> str:
        """The kind of events of a class."""
        return next((kind for above, kind in EVENT_KINDS if self.lexicon.isa(cls, above)), EVENT)

    def worth(self, kind: str, grade: float) -> float:
        """The share of the finds of a kind and a grade that is expected to be right, in [0, 1]."""
        steps = self.steps.get(kind)
        if not steps:
            return grade
        return max((means for least, means in steps if least <= grade), default=steps[0][1])

    def __call__(self, doc: Doc) -> Doc:
        """Rewrite the confidences on a document."""
        for kind, told in self._found(doc):
            told["confidence"] = self.worth(kind, told["confidence"])
        return doc

    def _found(self, doc: Doc) -> Iterator[tuple[str, dict[str, Any]]]:
        yield from (("entity", told) for told in doc._.kb_entities.values())
        yield from ((self.kind(told["cls"]), told) for told in doc._.kb_events)
        yield from (("relation", told) for told in doc._.kb_relations)
        yield from (("position", told) for told in doc._.kb_positions)
        yield from (("statement", told) for told in doc._.kb_statements)


@Language.factory("kb_confidence", default_config={"ontology": []})
def make(nlp: Language, name: str, ontology: list[str]) -> Callable[[Doc], Doc]:
    """The component, with the lexicon of the package and of the folders of ``ontology``."""
    return Calibration(load_lexicon(tuple(Path(folder) for folder in ontology)))
