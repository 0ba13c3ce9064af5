"""Sentence boundaries by punctuation, letter case and line breaks: what the layout makes certain, the model adds to.

Made for edited news: a full stop ends a sentence unless it belongs to an abbreviation, closing quotation marks and
brackets stay with what they close, an empty line always ends a sentence (headlines and datelines have no full stop).
"""

import re
from collections.abc import Callable, Sequence

from spacy.language import Language
from spacy.tokens import Doc, Token

#: No sentence is longer; the encoder sees 512 word pieces.
MOST_WORDS = 150
#: A line that is shorter and broken is a heading or a list item, not wrapped text.
SHORT_LINE = 60

#: A dateline has at most so many words.
DATELINE = 16

_DASHES = frozenset("-_\u2013\u2014") | {"--"}
_FINAL = frozenset(".!?…") | {"...", "?!", "!!", "!?"}
_CLOSING = frozenset("\"'”’)]}»") | {"''"}
_OPENING = frozenset("\"'“‘([{«") | {"``"}
_ONLY_OPENING = _OPENING - _CLOSING
_ACRONYM = re.compile(r"(?:[A-Za-z]\.){2,}$|^(?:Inc|Corp|Co|Ltd|Jr|Sr|etc|vs|No|St)\.$")
#: Words that begin a sentence far more often than they follow an abbreviation with a capital letter.
_STARTERS = frozenset(
    "the a an in on at it he she they we i this that these those but and for as with after before while when if his her its "
    "their there however meanwhile also earlier later many some most all no one two three u.s. under since during".split()
)


#: How sure it is that a sentence begins at a token: not, by punctuation, by the layout of the text.
NONE, LIKELY, CERTAIN = 0, 1, 2


def boundaries(doc: Doc) -> list[int]:
    """How sure it is that a sentence begins at each token; white space belongs to the sentence before it."""
    found, raw = [NONE] * len(doc), doc.text
    ended, length = CERTAIN, 0
    for i, token in enumerate(doc):
        if token.is_space:
            ended = CERTAIN if _breaks(doc, i, raw) else ended
            continue
        closing = token.text in _CLOSING and length and not doc[i - 1].is_space and not _opens(doc, i)
        if (ended and not closing) or length >= MOST_WORDS:
            found[i], length, ended = max(ended, LIKELY), 0, NONE
        length += 1
        if _dateline(doc, i, length):
            ended = CERTAIN
            continue
        ended = LIKELY if _ends(doc, i) else ended if token.text in _CLOSING else NONE
    if len(doc):
        found[0] = CERTAIN
    return found


def barred(texts: Sequence[str], i: int) -> bool:
    """Whether no sentence begins at a word, whatever a model says.

    None begins after a comma, also one before a closing mark, nor after an opening mark, which begins the sentence itself.
    """
    before = texts[i - 1] if i else ""
    return before == "," or (before in _CLOSING and i > 1 and texts[i - 2] == ",") or before in _ONLY_OPENING


def starts(doc: Doc) -> list[bool]:
    """Whether each token begins a sentence."""
    return [level > NONE for level in boundaries(doc)]


def _dateline(doc: Doc, i: int, length: int) -> bool:
    """Whether a dash closes a dateline: "MINSK, Belarus, Feb. 12 (Reuters) - "; what follows is the first sentence."""
    if doc[i].text not in _DASHES or not 1 < length <= DATELINE or not doc[i].whitespace_ or not doc[i - 1].whitespace_:
        return False
    first = doc[i - length + 1]
    return first.is_upper and first.is_alpha and len(first) > 1 and (first.i == 0 or doc[first.i - 1].is_space)


def _breaks(doc: Doc, i: int, raw: str) -> bool:
    """Whether the white space at i of a text ends a sentence: an empty line, or a line that is short or complete."""
    lines = doc[i].text.count("\n")
    if lines != 1:
        return lines > 1
    begin = raw.rfind("\n", 0, doc[i].idx) + 1
    return doc[i].idx - begin < SHORT_LINE or (i > 0 and doc[i - 1].text in _FINAL | _CLOSING)


def _opens(doc: Doc, i: int) -> bool:
    """Whether an ambiguous quotation mark opens: white space before it and none after."""
    return doc[i].text in _OPENING and i > 0 and bool(doc[i - 1].whitespace_) and not doc[i].whitespace_


def _next(doc: Doc, i: int) -> Token | None:
    """The first word after i that is no space and no opening mark."""
    return next((t for t in doc[i + 1 :] if not t.is_space and t.text not in _OPENING | _CLOSING), None)


def _ends(doc: Doc, i: int) -> bool:
    token = doc[i]
    if token.text in _FINAL:
        follower = _next(doc, i)
        return follower is None or not follower.text[0].islower()
    if _ACRONYM.search(token.text):
        follower = _next(doc, i)
        return follower is not None and follower.text[0].isupper() and follower.lower_ in _STARTERS
    return False


def mark(doc: Doc) -> Doc:
    """Mark where sentences begin."""
    for token, first in zip(doc, starts(doc), strict=True):
        token.is_sent_start = first
    return doc


@Language.factory("kb_sentences", assigns=["token.is_sent_start"])
def make_sentences(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """Create the component that marks sentences by rules alone, for pipelines without a model."""
    return mark
