"""Where a text quotes: stretches between quotation marks, and paragraphs of speech behind a colon.

Marks are paired within a paragraph; a quotation that is not closed there goes on to its end, and through further
paragraphs that open with a mark again. Nothing here knows who speaks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc

__all__ = ["Quotation", "paragraphs", "quotations"]

_OPEN, _CLOSE, _EITHER = frozenset({"\u201c", "``", "\u00ab"}), frozenset({"\u201d", "''", "\u00bb"}), frozenset({'"'})


@dataclass(frozen=True, slots=True)
class Quotation:
    """A stretch of quoted tokens, without its marks.

    Attributes:
        begin: first token.
        end: the token after the last.
        closed: False if it goes on in the next paragraph.
    """

    begin: int
    end: int
    closed: bool = True

    def __contains__(self, i: object) -> bool:
        """Whether a token is quoted."""
        return isinstance(i, int) and self.begin <= i < self.end

    def words(self, doc: Doc) -> int:
        """The number of words in it."""
        return sum(not t.is_punct and not t.is_space for t in doc[self.begin : self.end])


def paragraphs(doc: Doc) -> Iterator[tuple[int, int]]:
    """The paragraphs as token stretches without the line breaks between them."""
    begin = 0
    for token in doc:
        if token.is_space and "\n" in token.text:
            if begin < token.i:
                yield begin, token.i
            begin = token.i + 1
    if begin < len(doc):
        yield begin, len(doc)


def quotations(doc: Doc) -> list[Quotation]:
    """The quotations of a document in text order."""
    return [found for begin, end in paragraphs(doc) for found in _paired(doc, begin, end)]


def _paired(doc: Doc, begin: int, end: int) -> Iterator[Quotation]:
    opened: int | None = None
    for i in range(begin, end):
        if _opens(doc, i, begin):
            opened = i
        elif opened is not None and doc[i].text in _CLOSE | _EITHER:
            if opened + 1 < i:
                yield Quotation(opened + 1, i)
            opened = None
    if opened is not None and opened + 1 < end:
        yield Quotation(opened + 1, end, closed=False)


def _opens(doc: Doc, i: int, begin: int) -> bool:
    """Whether a mark opens: by its shape, or by white space or a bracket before it and none after it."""
    text = doc[i].text
    if text not in _EITHER:
        return text in _OPEN
    before = i == begin or doc[i - 1].is_space or bool(doc[i - 1].whitespace_) or doc[i - 1].text in {"(", "[", "-"}
    return before and not doc[i].whitespace_ and i + 1 < len(doc) and not doc[i + 1].is_space
