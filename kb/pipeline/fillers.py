"""Who or what a word stands for: a named entity, or a participant that the article only describes.

Every component that fills a role asks here, so that "the militants", "ISIS militants" and "ISIS" fill it alike. A filler is
a plain list, since it travels on the ``Doc``: ``[key, begin, end]``, where key is an entity's key or "" and begin and end are
the tokens of the phrase.
"""

from spacy.tokens import Doc, Span, Token

from kb.pipeline.grammar import conjuncts, phrase

#: ``[entity key or "", first token, token after the last]``
Filler = list[str | int]


def mention_index(doc: Doc) -> dict[int, Span]:
    """For each token the named mention or sure reference that covers it; names win, then the longer span."""
    found: dict[int, Span] = {}
    for group in ("references", "entities"):
        for span in sorted(doc.spans.get(group, []), key=len):
            found.update(dict.fromkeys(range(span.start, span.end), span))
    return found


def filler(doc: Doc, token: Token, index: dict[int, Span] | None = None) -> Filler | None:
    """The filler that a noun phrase's head stands for; None for what cannot fill a role (pronouns unresolved, dates)."""
    mention = (mention_index(doc) if index is None else index).get(token.i)
    if mention is not None and _heads(mention, token):
        return [mention.id_, mention.start, mention.end]
    if token.pos_ not in {"NOUN", "PROPN", "NUM", "ADJ"}:
        return None
    span = phrase(token)
    return ["", span.start, span.end]


def _heads(mention: Span, token: Token) -> bool:
    """Whether a mention stands for the whole phrase of this head, not for a modifier inside it."""
    return mention.start <= token.i < mention.end


def fillers(doc: Doc, token: Token, index: dict[int, Span] | None = None) -> list[Filler]:
    """The fillers of a head and of what is coordinated with it, text order, without repeats."""
    index = mention_index(doc) if index is None else index
    found: list[Filler] = []
    for part in conjuncts(token):
        one = filler(doc, part, index)
        if one is not None and one not in found and not any(one[0] and one[0] == other[0] for other in found):
            found.append(one)
    return found
