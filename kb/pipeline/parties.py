"""Whom a noun phrase means when it acts, speaks or is acted upon: a name, or a description that stands for one.

Over ``kb.pipeline.fillers`` it adds what relations and statements share: "Raqqa, the group's capital" means Raqqa,
"Coalition jets" the Coalition, and inside a name ("U.S.-led coalition") the parts can be told apart.
"""

from collections.abc import Iterator, Mapping

from spacy.tokens import Doc, Span, Token

from kb.pipeline.fillers import Filler, filler, mention_index
from kb.pipeline.grammar import arguments, children, conjuncts, phrase, preposition
from kb.pipeline.lexicon import Lexicon

__all__ = ["Parties"]

#: Slots in which a description names the body whose part it is.
_OWNERS = ("of", "compound", "poss")
#: Prepositions that name examples of a description.
_EXAMPLES = frozenset({"including", "like", "such as"})


class Parties:
    """The parties of one ``Doc``.

    Args:
        doc: a document with mentions.
        lexicon: the lexicon, for the nouns of agents and the class tree.
    """

    def __init__(self, doc: Doc, lexicon: Lexicon) -> None:
        self.doc, self.isa = doc, lexicon.isa
        self.index = mention_index(doc)
        self.spans = sorted(doc.spans.get("entities", []), key=len, reverse=True)
        self.agents = lexicon.of("AgentNoun")
        self.entities: Mapping[str, Mapping[str, object]] = doc._.kb_entities

    def cls(self, key: str) -> str:
        """The class of an entity; empty for a description."""
        return str(self.entities.get(key, {}).get("cls", ""))

    def of(self, token: Token, *, apart: Token | None = None) -> list[Filler]:
        """The fillers of a head and of its conjuncts.

        Args:
            token: the head.
            apart: a word that may not lie inside the names: of "U.S." in "U.S.-led coalition", apart from "led".
        """
        found: list[Filler] = []
        for part in conjuncts(token):
            found += [one for one in self._one(part, apart) if one not in found]
        return found

    def _one(self, token: Token, apart: Token | None) -> list[Filler]:
        mention = self.index.get(token.i)
        if mention is not None and apart is not None and mention.start <= apart.i < mention.end:
            return [as_filler(s) for s in self.spans if s.start <= token.i < s.end and not s.start <= apart.i < s.end][
                :1
            ]
        one = filler(self.doc, token, self.index)
        if one is None or one[0]:
            return [one] if one is not None else []
        return self._named(token) or [one, *self._examples(token)]

    def _named(self, token: Token) -> list[Filler]:
        """The name of what a phrase describes: by apposition, by copula, or as the owner of agents."""
        for other in (*children(token, "appos"), *_described_by(token)):
            one = filler(self.doc, other, self.index) if other.i in self.index else None
            if one is not None and one[0]:
                return [one]
        return self._owner(token) if token.lemma_.lower() in self.agents else []

    def _owner(self, token: Token) -> list[Filler]:
        shared = [a for t in children(token, "conj") for a in arguments(t) if a[0] == "of"]
        for slot, other in (*arguments(token), *shared):
            mention = self.index.get(other.i)
            if slot in _OWNERS and mention is not None:
                cls = self.cls(mention.id_)
                if self.isa(cls, "Organization") or (slot == "of" and self.isa(cls, "Country")):
                    return [as_filler(mention)]
        return []

    def _examples(self, token: Token) -> list[Filler]:
        heads = [t for t in token.children if t.dep_ == "nmod" and preposition(t) in _EXAMPLES]
        found = [filler(self.doc, part, self.index) for head in heads for part in conjuncts(head)]
        return [one for one in found if one is not None and one[0]]


def as_filler(span: Span) -> Filler:
    """A mention as a filler."""
    return [span.id_, span.start, span.end]


def _described_by(token: Token) -> Iterator[Token]:
    """The noun that a noun phrase is in apposition to, or is said of; in "the fall of X, its capital" that is X."""
    if token.dep_ == "appos":
        yield token.head
        comma = phrase(token).start - 1
        if comma > token.head.i + 1 and token.doc[comma].text == ",":
            yield token.doc[comma - 1]
    elif children(token, "cop"):
        yield from children(token, "nsubj")
