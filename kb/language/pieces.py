"""Words as the encoder sees them: word pieces, letter cases, and the place of each word's first piece.

Several sentences are encoded together, as context for each other; marks stand where a boundary is known.
Shared by training and runtime, so that both see the same numbers. Word pieces are those of the encoder that training
starts from (BERT's uncased WordPiece vocabulary); what lower-casing loses comes back as the case of each word.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

#: More pieces than this tell nothing more of a word, and a hostile "word" may have thousands.
MOST_PIECES = 12
#: Entries kept of the piece cache.
CACHE = 100_000
CASES = ("none", "lower", "title", "upper", "mixed", "digit", "letter", "mark")

Ints = npt.NDArray[np.int64]


def case_of(word: str) -> int:
    """The index in CASES of a word's letter case."""
    if word.isdigit():
        return CASES.index("digit")
    if not any(c.isalpha() for c in word):
        return CASES.index("mark")
    if len(word) == 1 and word.isupper():
        return CASES.index("letter")
    tests = {"lower": word.islower(), "upper": word.isupper(), "title": word[0].isupper() and word[1:].islower()}
    return CASES.index(next((name for name, holds in tests.items() if holds), "mixed"))


def visible(word: str) -> str:
    """A word without format characters (category Cf), such as marks of writing direction, which only print otherwise."""
    return word if word.isascii() else "".join(c for c in word if unicodedata.category(c) != "Cf") or word


#: Segments (paragraphs, or sentences where their boundaries are known) that the encoder sees together, each a list of words.
Chunk = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment stands in the encoder's output: the mark before it, and the first piece of each word."""

    mark: int
    firsts: list[int]


@dataclass(slots=True)
class Pieces:
    """Turns sentences into the encoder's arrays."""

    tokenizer: Tokenizer
    _cache: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def from_file(cls, path: Path) -> "Pieces":
        """Read a ``tokenizer.json``."""
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(tokenizer)

    def of(self, word: str) -> tuple[int, ...]:
        """The piece ids of one word: at least one, at most MOST_PIECES."""
        word = visible(word)
        found = self._cache.get(word)
        if found is None:
            if len(self._cache) >= CACHE:
                self._cache.clear()
            ids = self.tokenizer.encode(word[:200], add_special_tokens=False).ids[:MOST_PIECES]
            found = self._cache[word] = tuple(ids) or (self.mark("[UNK]"),)
        return found

    def mark(self, name: str) -> int:
        """The id of one of the encoder's marks."""
        found = self.tokenizer.token_to_id(name)
        assert found is not None, f"the tokenizer has no {name}"
        return int(found)

    def count(self, words: Sequence[str]) -> int:
        """Pieces of a segment, without marks."""
        return sum(len(self.of(w)) for w in words)

    def length(self, chunk: Chunk) -> int:
        """Pieces of a chunk, with the mark before each segment and the one at the end."""
        return 1 + sum(1 + self.count(segment) for segment in chunk)

    def batch(self, chunks: Sequence[Chunk]) -> tuple[Ints, Ints, list[list[Place]]]:
        """Arrays of a batch of chunks; a mark stands before each segment of a chunk.

        Returns:
            piece ids (B, T), 0 where padded; case indices (B, T); for each chunk the places of its segments, counted over
            the flattened array (B * T).
        """
        begin, end = self.mark("[CLS]"), self.mark("[SEP]")
        width = max(self.length(chunk) for chunk in chunks)
        ids, cases = np.zeros((2, len(chunks), width), dtype=np.int64)
        places: list[list[Place]] = []
        for row, chunk in enumerate(chunks):
            at = 0
            found: list[Place] = []
            for segment in chunk:
                ids[row, at] = end if found else begin
                mark, firsts = at, []
                at += 1
                for word in segment:
                    pieces = self.of(word)
                    firsts.append(row * width + at)
                    ids[row, at : at + len(pieces)] = pieces
                    cases[row, at : at + len(pieces)] = case_of(visible(word))
                    at += len(pieces)
                found.append(Place(row * width + mark, firsts))
            ids[row, at] = end
            places.append(found)
        return ids, cases, places
