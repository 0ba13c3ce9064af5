"""How many people were killed, injured or captured, by the lexicon's ``lex:Casualty`` verbs and numerals.

The lowest number that the words allow: "at least 20" and "20" are 20, "dozens" 24, "several" nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc, Token

from kb.pipeline.grammar import arguments, children, conjuncts, preposition
from kb.pipeline.lemmas import lemmas
from kb.pipeline.lexicon import Lexicon

_DIGITS = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")
_POS = {"VERB": "VERB", "AUX": "VERB", "ADJ": "ADJ"}
#: More is a sum of money or a year gone wrong, not a count of victims of one event.
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Casualties:
    """A count: the word that says what befell people, the property it counts, the people, and how many (None if unsaid)."""

    cue: Token
    prop: str
    people: Token
    number: int | None


class Counter:
    """Finds counts of people."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._numerals = {label: int(found[0].one("lex:value")) for label, found in lexicon.of("Numeral").items()}

    def find(self, doc: Doc) -> Iterator[Casualties]:
        """The counts of a document in text order."""
        for token in doc:
            cues = self.lexicon.of("Casualty")
            for entry in next((cues[word] for word in lemmas(token) if word in cues), ()):
                if entry.one("lex:pos") == _POS.get(token.pos_):
                    slots = set(entry.all("lex:slot"))
                    yield from (
                        Casualties(token, entry.one("lex:counts"), head, self.number(head))
                        for slot, head in arguments(token)
                        if slot in slots
                    )

    def number(self, head: Token) -> int | None:
        """How many a noun phrase speaks of; coordinated parts that are all counted are added ("two women and a child")."""
        first = self._one(head)
        more = [self._one(part) for part in conjuncts(head)[1:] if not self._vague(part)]
        if first is None:
            return None
        total = first + sum(part for part in more if part is not None)
        return total if 0 < total < _MOST else None

    def _vague(self, head: Token) -> bool:
        """Whether a coordinated part is not counted, or counted by a verb of its own ("and wounded 30")."""
        if head.pos_ == "NUM":
            return head.i > 0 and head.doc[head.i - 1].pos_ == "VERB"
        return not children(head, "nummod")

    def _one(self, head: Token) -> int | None:
        if head.pos_ == "NUM":
            return self._value(head)
        if head.ent_type_ == "PERSON" or head.lower_ in {"he", "she", "him", "her"}:
            return 1
        if self._numerals.get(head.lower_) and any(preposition(c) == "of" for c in children(head, "nmod")):
            return self._numerals[head.lower_]
        for child in children(head, "nummod"):
            return self._value(child)
        articles = [c for c in children(head, "det") if c.lower_ in {"a", "an"}]
        return 1 if head.tag_ in {"NN", "NNP"} and articles else None

    def _value(self, numeral: Token) -> int | None:
        words = [*(c for c in numeral.lefts if c.dep_ in {"compound", "nummod"}), numeral]
        values = [self._single(word.lower_) for word in words]
        if any(value is None for value in values):
            return None
        total = 0
        for value in values:
            assert value is not None
            total = total * value if value >= 100 and total else total + value
        return total

    def _single(self, word: str) -> int | None:
        match = _DIGITS.fullmatch(word)
        return int(match.group().replace(",", "")) if match else self._numerals.get(word)
