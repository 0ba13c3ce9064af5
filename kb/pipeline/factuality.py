"""Whether an event happened, is planned, is possible, or is denied, by the lexicon's cues.

Three kinds of word speak of it: auxiliaries on the trigger or on the verb that governs it, cues above it ("threatened to",
"plans for"), and negation of either. What a cue means when it is itself negated stands in its entry ("not ruling out").
Factuality as in Saurí and Pustejovsky's FactBank 2009, reduced to the vocabulary's four values.
"""

from collections.abc import Iterator

from spacy.tokens import Token

from kb.pipeline.lemmas import lemmas
from kb.pipeline.lexicon import Lexicon
from kb.resources import Entry

ACTUAL, DENIED = "Actual", "Denied"
#: Clausal dependencies through which a cue reaches down to a trigger.
_CLAUSAL = frozenset({"xcomp", "ccomp", "acl", "advcl", "csubj", "conj"})
#: How far up cues are looked for.
_REACH = 3


class Factuality:
    """Reads the factuality of events off their context."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._negations = frozenset(lexicon.of("Negation"))

    def of(self, token: Token, governors: list[tuple[Token, Entry]]) -> str:
        """The factuality of an event.

        Args:
            token: its trigger.
            governors: verbs over a trigger noun with the entries by which they govern it.
        """
        for verb, entry in governors:
            stated = self._value(entry, negated=self._negated(verb))
            if stated:
                return stated
        verbs = [verb for verb, _ in governors] or [token]
        for verb in verbs:
            found = self._verbal(verb)
            if found != ACTUAL:
                return found
        return ACTUAL

    def _verbal(self, verb: Token) -> str:
        for cue in self._auxiliaries(verb):
            return DENIED if self._negated(verb) and cue == ACTUAL else cue
        above = next(self._above(verb), None)
        if above:
            return above
        return DENIED if self._negated(verb) else ACTUAL

    def _auxiliaries(self, verb: Token) -> Iterator[str]:
        for child in verb.children:
            if child.dep_ in {"aux", "mark"}:
                yield from self._cue(child, "AUX" if child.dep_ == "aux" else "SCONJ", negated=False)

    def _above(self, token: Token) -> Iterator[str]:
        """Cues over a word, nearest first; a coordinated word takes what stands over the first of its list."""
        for _ in range(_REACH):
            if token.dep_ not in _CLAUSAL or token.head.i == token.i:
                return
            down, token = token, token.head
            if down.dep_ == "conj":
                continue
            infinitive = any(child.lower_ == "to" and child.dep_ == "mark" for child in down.children)
            if infinitive or down.dep_ in {"ccomp", "xcomp"}:
                yield from self._cue(token, "NOUN" if token.pos_ == "NOUN" else "VERB", negated=self._negated(token))
            if down.dep_ == "xcomp":
                yield from self._auxiliaries(token)
            if down.dep_ == "ccomp":
                return  # what stands over a verb of speech or thought is about the saying

    def _cue(self, token: Token, pos: str, *, negated: bool) -> Iterator[str]:
        cues = self.lexicon.of("ModalCue")
        for entry in next((cues[word] for word in (*lemmas(token), token.lower_) if word in cues), ()):
            if entry.one("lex:pos") == pos:
                value = self._value(entry, negated=negated)
                if value:
                    yield value

    def _value(self, entry: Entry, *, negated: bool) -> str:
        plain = entry.one("lex:factuality")
        return (entry.one("lex:negated") or (DENIED if plain else "")) if negated and plain else plain

    def _negated(self, token: Token) -> bool:
        return any(
            child.lower_ in self._negations and child.dep_ in {"advmod", "det", "neg", "mark"}
            for child in token.children
        )
