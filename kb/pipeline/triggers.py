"""Which words of an article evoke an event, by the lexicon's ``lex:Trigger`` entries.

A trigger of several words ends with its head; the longest one that fits wins, then the one with most conditions. Conditions
(``lex:needs``) are about the trigger's own arguments and are checked here, so that a verb that is no attack by itself
("fire", "take") is one with the right object.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc, Span, Token

from kb.pipeline.grammar import Argument, arguments, conjuncts
from kb.pipeline.lemmas import lemmas
from kb.pipeline.lexicon import Lexicon
from kb.resources import Entry

_POS = {"VERB": "VERB", "AUX": "VERB", "NOUN": "NOUN", "PROPN": "NOUN"}
#: A noun in these places only modifies another one: "attack helicopter", "ceasefire violations".
_MODIFIER = frozenset({"compound", "amod", "flat", "nmod:desc"})
_HYPHENS = frozenset("-\u2010\u2011\u2013")


@dataclass(frozen=True, slots=True)
class Trigger:
    """A word that evokes an event: its token, first token of the expression, entry, and arguments."""

    token: Token
    begin: int
    entry: Entry
    args: tuple[Argument, ...]

    @property
    def is_noun(self) -> bool:
        """Whether the event is told as a noun."""
        return self.entry.one("lex:pos", _POS.get(self.token.pos_, "")) == "NOUN"


class Conditions:
    """Checks ``lex:needs`` against a trigger's arguments."""

    def __init__(self, lexicon: Lexicon, index: Mapping[int, Span]) -> None:
        self.lexicon, self.index = lexicon, index

    def hold(self, entry: Entry, token: Token, args: Sequence[Argument]) -> bool:
        """Whether every condition of an entry holds."""
        return all(self._holds(need, token, args) for need in entry.all("lex:needs"))

    def _holds(self, need: str, token: Token, args: Sequence[Argument]) -> bool:
        if "=" in need:
            slot, _, words = need.partition("=")
            found = self._particles(token) if slot == "prt" else self._words(slot, args)
            return not found.isdisjoint(words.split("|"))
        slot, _, classes = need.partition(":")
        heads = [part for name, head in args if name == slot for part in conjuncts(head)]
        return bool(heads) if not classes else any(self._isa(head, classes.split("|")) for head in heads)

    def _words(self, slot: str, args: Sequence[Argument]) -> set[str]:
        heads = [part for name, head in args if name == slot for part in conjuncts(head)]
        parts = [
            word
            for head in heads
            for word in (head, *head.children)
            if word.i == head.i or word.dep_ in {"compound", "nmod"}
        ]
        return {part.lemma_.lower() for part in parts}

    def _particles(self, token: Token) -> set[str]:
        return {child.lower_ for child in token.children if child.dep_ in {"compound:prt", "advmod", "xcomp", "advcl"}}

    def _isa(self, head: Token, classes: Sequence[str]) -> bool:
        span = self.index.get(head.i)
        return span is not None and any(self.lexicon.isa(span.label_, cls) for cls in classes)


class TriggerMatcher:
    """Finds the triggers of a document."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._by_head: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
        for label, entries in lexicon.of("Trigger").items():
            words = tuple(label.split())
            self._by_head.setdefault(words[-1], []).extend((words, entry) for entry in entries)
        for options in self._by_head.values():
            options.sort(key=lambda o: (-len(o[0]), -len(o[1].all("lex:needs")), o[1].id))

    def find(self, doc: Doc, index: Mapping[int, Span]) -> Iterator[Trigger]:
        """The triggers in text order; ``index`` maps tokens to the mentions that cover them."""
        conditions = Conditions(self.lexicon, index)
        named = {i for span in doc.spans.get("entities", []) for i in range(span.start, span.end)}
        for token in doc:
            if token.i in named:
                continue
            found = self._match(token, conditions)
            if found is not None:
                yield found

    def told(self, doc: Doc, known: Collection[int]) -> Iterator[Trigger]:
        """The triggers that the language model finds in words that are none of the lexicon's, nor of a name."""
        named = {i for span in doc.spans.get("entities", []) for i in range(span.start, span.end)}
        for word, label, _ in doc._.kb_triggers:
            entries = self.lexicon.of("ModelTrigger").get(label.lower())
            state = doc[word].pos_ != "VERB" and doc[word].lemma_.lower() in self.lexicon.of("StateNoun")
            if entries and not state and word not in named and word not in known and doc[word].pos_ in _POS:
                yield Trigger(doc[word], word, entries[0], tuple(arguments(doc[word])))

    def _match(self, token: Token, conditions: Conditions) -> Trigger | None:
        pos = _POS.get(token.pos_)
        options = next((found for word in (*lemmas(token), token.lower_) if (found := self._by_head.get(word))), None)
        if pos is None or not options or (pos == "NOUN" and token.dep_ in _MODIFIER and not self.standing(token)):
            return None
        args = tuple(arguments(token) + (arguments(token.head) if self.standing(token) else []))
        for words, entry in options:
            begin = _begins(token, words)
            if begin is not None and entry.one("lex:pos") == pos and conditions.hold(entry, token, args):
                return Trigger(token, begin, entry, args)
        return None

    def standing(self, token: Token) -> Entry | None:
        """The entry of the noun that says how an agreement stands: "violations" over "ceasefire", or "talks" itself."""
        nouns = self.lexicon.of("StandingNoun")
        if own := nouns.get(token.lower_) or nouns.get(token.lemma_.lower()):
            return own[0]
        if token.dep_ not in {*_MODIFIER, "nmod"}:
            return None
        return next(iter(nouns.get(token.head.lemma_.lower(), ())), None)


def _begins(token: Token, words: tuple[str, ...]) -> int | None:
    """The first token of an expression that ends at ``token``, or None where its words do not stand there."""
    at = token.i
    for word in reversed(words[:-1]):
        at -= 1
        if at < 0:
            return None
        if token.doc[at].text in _HYPHENS and word not in _HYPHENS:
            at -= 1
        if at < 0 or word not in {token.doc[at].lower_, token.doc[at].lemma_.lower()}:
            return None
    return at
