"""Words as the encoder sees them: word pieces, letter cases, and the place of each word's first piece.

Shared by training and runtime, so that both see the same numbers. Word pieces are those of the encoder that training
starts from (BERT's uncased WordPiece vocabulary); what lower-casing loses comes back as the case of each word.
"""

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
        """Pieces of a sentence, with the two marks around it."""
        return 2 + sum(len(self.of(w)) for w in words)

    def batch(self, sentences: Sequence[Sequence[str]]) -> tuple[Ints, Ints, Ints]:
        """Arrays of a batch of sentences.

        Returns:
            piece ids (B, T), 0 where padded; case indices (B, T); index of the first piece of each word (B, 1 + W), where
            word 0 is the mark before the sentence, which stands for the root of the tree.
        """
        begin, end = self.mark("[CLS]"), self.mark("[SEP]")
        width = max(self.count(words) for words in sentences)
        most = max(len(words) for words in sentences)
        ids, cases = np.zeros((2, len(sentences), width), dtype=np.int64)
        firsts = np.zeros((len(sentences), 1 + most), dtype=np.int64)
        for row, words in enumerate(sentences):
            ids[row, 0], at = begin, 1
            for column, word in enumerate(words, start=1):
                pieces = self.of(word)
                firsts[row, column] = at
                ids[row, at : at + len(pieces)] = pieces
                cases[row, at : at + len(pieces)] = case_of(word)
                at += len(pieces)
            ids[row, at] = end
        return ids, cases, firsts
