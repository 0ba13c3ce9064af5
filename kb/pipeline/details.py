"""What else is told of an event: when it ended, what larger event it is part of, what an agreement provides.

Each is read off the trigger's neighbourhood by cues of the lexicon (``lex:EndCue``, ``lex:PartCue``, ``lex:ProvisionCue``).
"""

from collections.abc import Iterator

from spacy.tokens import Doc, Token

from kb.pipeline.dates import date_of
from kb.pipeline.grammar import arguments, children, conjuncts, preposition
from kb.pipeline.lexicon import Lexicon

#: A provision longer than this many words is a paragraph, not what was agreed.
MOST_WORDS = 60


class Details:
    """Reads the details of events in one document."""

    def __init__(self, lexicon: Lexicon, doc: Doc) -> None:
        self.lexicon, self.doc = lexicon, doc
        spans = doc.spans.get("dates", [])
        self.ends = {span.label_ for span in spans if preposition(span.root) in lexicon.of("EndCue")}

    def times(self, tokens: list[Token]) -> dict[str, str]:
        """``date`` or ``endDate`` by the first of the tokens that is dated: the trigger, then the verbs over it."""
        value = next((found for token in tokens if (found := date_of(self.doc, token))), None)
        if value is None:
            return {}
        return {"endDate" if value in self.ends else "date": value}

    def wholes(self, token: Token, classes: dict[int, str]) -> list[int]:
        """The triggers of larger events that an event is part of.

        Args:
            token: its trigger.
            classes: for each trigger token the class of its event.
        """
        return [
            part.i for slot, head in arguments(token) for part in conjuncts(head) if self._holds(slot, part, classes)
        ]

    def _holds(self, slot: str, part: Token, classes: dict[int, str]) -> bool:
        if part.i not in classes:
            return False
        wholes = [whole for cue in self.lexicon.of("PartCue").get(slot, ()) for whole in cue.all("lex:whole")]
        return any(self.lexicon.isa(classes[part.i], whole) for whole in wholes)

    def provisions(self, token: Token) -> Iterator[str]:
        """What an agreement provides, as in the text: its relative clause, or the clause it stands "under"."""
        for clause in children(token, "acl:relcl", "acl"):
            if self._is_cue(clause.lemma_, "VERB"):
                yield from self._text(clause, clause.i, clause.right_edge.i + 1)
        if self._is_cue(preposition(token), "ADP") and token.head.pos_ == "VERB":
            begin = token.right_edge.i + 1
            yield from self._text(token.head, begin, token.head.right_edge.i + 1) if begin <= token.head.i else ()

    def _is_cue(self, word: str, pos: str) -> bool:
        return any(cue.one("lex:pos") == pos for cue in self.lexicon.of("ProvisionCue").get(word.lower(), ()))

    def _text(self, clause: Token, begin: int, end: int) -> Iterator[str]:
        words = [token for token in self.doc[begin:end] if not token.is_space]
        while words and words[0].is_punct:
            words.pop(0)
        while words and words[-1].is_punct:
            words.pop()
        if words and len(words) <= MOST_WORDS:
            yield " ".join(self.doc[words[0].i : words[-1].i + 1].text.split())
