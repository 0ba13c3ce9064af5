"""The English pipeline of the package: sentences, tags, lemmas, Universal Dependencies, names, propositions, coreference.

A spaCy pipeline whose one trained component runs ONNX files; :func:`load` returns it, and so does ``spacy.load("newskb")``.
Nothing here knows the ontology.
"""

import json
import warnings
from pathlib import Path

import spacy
from spacy.language import Language

from kb.errors import ModelError
from kb.language import neural, sentences, tokenizer
from kb.language.neural import MODEL, THREADS

__all__ = ["THREADS", "ModelWarning", "load"]

#: What the components that read articles need of a pipeline, in words.
_NEEDED = {
    "token.pos": "parts of speech",
    "token.lemma": "lemmas",
    "token.dep": "a dependency tree",
    "doc.ents": "named entities",
}
#: Relations by which trees after Universal Dependencies are known; spaCy's own English pipelines have others.
_UNIVERSAL = frozenset({"obj", "obl", "nsubj:pass"})


class ModelWarning(UserWarning):
    """A pipeline of the user's lacks something that articles are read with."""


def load(
    name: str | None = None,
    *,
    path: str | None = None,
    threads: int = THREADS,
    roles: bool = True,
    coreference: bool = True,
) -> Language:
    """The language pipeline.

    Args:
        name: an installed spaCy pipeline to use instead of the package's own.
        path: a folder of model files for the package's own pipeline, as training writes them.
        threads: how many the package's own model may use.
        roles: whether propositions and events are found (``doc._.kb_propositions``, ``doc._.kb_triggers``).
        coreference: whether clusters are found (``doc.spans["coref_clusters_1"]`` …).

    Raises:
        ModelError: there is no such pipeline, or the model files do not load.

    Warns:
        ModelWarning: the named pipeline lacks something.

    Example:
        >>> doc = load()("Syria accused Israel.")
        >>> [token.dep_ for token in doc]
        ['nsubj', 'ROOT', 'obj', 'punct']
    """
    if name is not None:
        return _other(name)
    nlp = tokenizer.blank()
    nlp.add_pipe("kb_neural", config={"path": path, "threads": threads, "roles": roles, "coreference": coreference})
    _describe(nlp, Path(path) if path else MODEL)
    return nlp


def _describe(nlp: Language, folder: Path) -> None:
    """The model card as the pipeline's ``meta``."""
    card = folder / "meta.json"
    if card.is_file():
        nlp.meta = {**nlp.meta, **json.loads(card.read_text(encoding="utf-8"))}


def _other(name: str) -> Language:
    try:
        nlp = spacy.load(name)
    except OSError as error:
        hint = f"python -m spacy download {name}, or leave the option out"
        raise ModelError("no such spaCy pipeline is installed", where=name, hint=hint) from error
    if missing := lacks(nlp):
        told = (
            f"the pipeline {name} lacks {', '.join(missing)}; facts that are read from these will be missing or wrong"
        )
        warnings.warn(told, ModelWarning, stacklevel=3)
    return nlp


def lacks(nlp: Language) -> list[str]:
    """What a pipeline lacks that articles are read with, in words."""
    given = {attribute for pipe in nlp.pipe_names for attribute in nlp.get_pipe_meta(pipe).assigns}
    missing = [words for attribute, words in _NEEDED.items() if attribute not in given]
    labels = {label for pipe in nlp.pipe_names for label in nlp.pipe_labels.get(pipe, ())}
    if "token.dep" in given and "kb_neural" not in nlp.pipe_names and not _UNIVERSAL & labels:
        missing.append("the relations of Universal Dependencies")
    return missing


_REGISTERED = (neural, sentences)
