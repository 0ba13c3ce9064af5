"""The English pipeline of the package: sentences, tags, lemmas, Universal Dependencies, named entities.

A spaCy pipeline whose one trained component runs an ONNX file; :func:`load` returns it. Nothing here knows the ontology.
"""

import spacy
from spacy.language import Language

from kb.errors import ModelError
from kb.language import neural, sentences, tokenizer
from kb.language.neural import THREADS

__all__ = ["THREADS", "load"]


def load(name: str | None = None, *, path: str | None = None, threads: int = THREADS) -> Language:
    """The language pipeline.

    Args:
        name: an installed spaCy pipeline to use instead of the package's own.
        threads: how many the package's own model may use.
        path: a folder of model files for the package's own pipeline, as training writes them.

    Raises:
        ModelError: there is no such pipeline, or the model files do not load.

    Example:
        >>> doc = load()("Syria accused Israel.")
        >>> [token.dep_ for token in doc]
        ['nsubj', 'ROOT', 'obj', 'punct']
    """
    if name is not None:
        try:
            return spacy.load(name)
        except OSError as error:
            hint = f"python -m spacy download {name}, or leave the option out"
            raise ModelError("no such spaCy pipeline is installed", where=name, hint=hint) from error
    nlp = tokenizer.blank()
    nlp.add_pipe("kb_sentences")
    nlp.add_pipe("kb_neural", config={"path": path, "threads": threads})
    return nlp


_REGISTERED = (neural, sentences)
