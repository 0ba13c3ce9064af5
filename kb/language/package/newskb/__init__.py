"""The language model under the name of the distribution, where ``spacy.load("newskb")`` looks for a pipeline."""

from collections.abc import Iterable
from typing import Any

from spacy.language import Language
from spacy.vocab import Vocab

from kb import language


def load(
    vocab: Vocab | bool = True,
    *,
    disable: Iterable[str] = (),
    enable: Iterable[str] = (),
    exclude: Iterable[str] = (),
    config: dict[str, Any] | None = None,
) -> Language:
    """The English pipeline of newskb, called by spaCy.

    Args:
        vocab: ignored; the pipeline brings its own.
        disable: names of components to switch off.
        enable: names of components to leave on; the others are switched off.
        exclude: names of components to leave out.
        config: ``{"components": {"kb_neural": {…}}}`` with other settings of the component.
    """
    settings = (config or {}).get("components", {}).get("kb_neural", {})
    nlp = language.load(**settings)
    for name in (disable,) if isinstance(disable, str) else disable:
        nlp.disable_pipe(name)
    kept = {enable} if isinstance(enable, str) else set(enable)
    for name in nlp.pipe_names:
        if kept and name not in kept:
            nlp.disable_pipe(name)
    for name in (exclude,) if isinstance(exclude, str) else exclude:
        nlp.remove_pipe(name)
    return nlp
