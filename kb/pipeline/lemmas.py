"""What the lemma of a word may be where the tagger's is not in the lexicon: a few endings of English, undone.

A rule looks up the lemma first and these after it; a form that is no word of the lexicon finds nothing, so no harm is done.
"""

from functools import lru_cache

from spacy.tokens import Token

from kb.language.lemmas import uninflected

__all__ = ["lemmas"]


def lemmas(token: Token) -> tuple[str, ...]:
    """The lemma of a word in lower case, then what it may be besides, without repeats of the first."""
    return _forms(token.lower_, token.lemma_.lower())


@lru_cache(maxsize=1 << 15)
def _forms(word: str, lemma: str) -> tuple[str, ...]:
    return lemma, *uninflected(word)
