"""What the lemma of a word may be where the tagger's is not in the lexicon: a few endings of English, undone.

A rule looks up the lemma first and these after it; a form that is no word of the lexicon finds nothing, so no harm is done.
"""

from collections.abc import Iterator
from functools import lru_cache

from spacy.tokens import Token

__all__ = ["lemmas"]

#: Endings and what stood in their place, tried in this order.
_ENDINGS = (("ies", "y"), ("ied", "y"), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"), ("es", ""), ("s", ""))


def lemmas(token: Token) -> tuple[str, ...]:
    """The lemma of a word in lower case, then what it may be besides, without repeats of the first."""
    return _forms(token.lower_, token.lemma_.lower())


@lru_cache(maxsize=1 << 15)
def _forms(word: str, lemma: str) -> tuple[str, ...]:
    return lemma, *_stems(word)


def _stems(word: str) -> Iterator[str]:
    for ending, before in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word.removesuffix(ending) + before
            yield stem
            if len(stem) > 3 and stem[-1] == stem[-2]:
                yield stem[:-1]
