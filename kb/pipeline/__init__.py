"""spaCy components that read an article: mentions, coreference, dates, events, relations, statements, confidence.

Each writes plain values on the ``Doc`` (its own module says which); :func:`load` puts them behind the language model in the
order in which they need each other. What a component looks for stands in the ontology's lexicon.
"""

from collections.abc import Sequence
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from kb import language
from kb.language import THREADS
from kb.model import Article
from kb.pipeline import confidence, coreference, dates, events, mentions, relations, statements
from kb.pipeline.lexicon import load_lexicon

__all__ = ["COMPONENTS", "document", "load"]

#: The components in their order.
COMPONENTS = (
    "kb_mentions",
    "kb_coreference",
    "kb_dates",
    "kb_events",
    "kb_relations",
    "kb_statements",
    "kb_confidence",
)

#: The modules that register the components with spaCy when they are imported.
_FACTORIES = (mentions, coreference, dates, events, relations, statements, confidence)


def load(model: str | None = None, *, ontology: Sequence[Path] = (), threads: int = THREADS) -> Language:
    """The whole pipeline: the language model and the components.

    Args:
        model: an installed spaCy pipeline instead of the package's own model.
        ontology: folders of Turtle files that extend the package's ontology and lexicon.
        threads: how many the model may use.

    Raises:
        ModelError: the model cannot be loaded.
        OntologyError: an ontology folder cannot be read.
    """
    folders = [str(folder) for folder in ontology]
    load_lexicon(tuple(ontology))
    nlp = language.load(model, threads=threads)
    for name in COMPONENTS:
        takes = nlp.get_factory_meta(name).default_config or {}
        nlp.add_pipe(name, config={"ontology": folders} if "ontology" in takes else {})
    return nlp


def document(nlp: Language, article: Article) -> Doc:
    """The article's text as an unread ``Doc`` that carries what the components need to know of the article."""
    doc = nlp.make_doc(article.text)
    doc._.kb_published = article.published or ""
    title_end = len(article.title) if article.title else 0
    doc._.kb_title_end = sum(token.idx < title_end for token in doc)
    return doc


_DEFAULTS: dict[str, object] = {
    "kb_published": "",
    "kb_title_end": 0,
    "kb_entities": {},
    "kb_events": [],
    "kb_relations": [],
    "kb_positions": [],
    "kb_statements": [],
}
for _name, _value in _DEFAULTS.items():
    if not Doc.has_extension(_name):
        Doc.set_extension(_name, default=_value)
