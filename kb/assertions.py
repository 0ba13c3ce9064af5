"""From an annotated ``Doc`` to assertions: the one module that knows both spaCy and the model's values.

Keys of entities are those of the ``Doc``; participants get theirs here, one for each described phrase, so that a phrase that
fills two roles is one participant. Token indices become characters of the article's text.
"""

from collections.abc import Iterable
from typing import Any

from spacy.tokens import Doc

from kb.model import Article, Entity, Event, Extraction, Participant, Position, Provenance, Relation, Span, Statement

#: What is told of an event, a relation or a statement on the ``Doc``: plain values under the names of the components.
Told = dict[str, Any]

#: ``[entity key or "", first token, token after the last]``, as in :mod:`kb.pipeline.fillers`.
Filler = list[Any]


def extract(doc: Doc, article: Article) -> Extraction:
    """The assertions of one article.

    Args:
        doc: the article's text, read by every component of the pipeline.
        article: where the text came from.

    Returns:
        everything the components found, entities not yet linked.
    """
    return _Reader(doc, article).extraction()


class _Reader:
    def __init__(self, doc: Doc, article: Article) -> None:
        self.doc, self.article = doc, article
        self.participants: dict[tuple[int, int], Participant] = {}
        self.keys: set[str] = set(doc._.kb_entities)
        #: The entity that a possessive surely means, by its token.
        self.owners = {s.start: s.id_ for s in doc.spans.get("references", []) if len(s) == 1 and s.root.tag_ == "PRP$"}
        self.sentences = [(sent.start, sent.end) for sent in doc.sents]
        self.claims = [(b, e, told["speakers"]) for told in doc._.kb_statements for b, e in told["text"]]

    def extraction(self) -> Extraction:
        events = tuple(self.event(i, told) for i, told in enumerate(self.doc._.kb_events))
        statements = tuple(self.statement(i, told) for i, told in enumerate(self.doc._.kb_statements))
        positions = tuple(self.position(i, told) for i, told in enumerate(self.doc._.kb_positions))
        relations = tuple(self.relation(told) for told in self.doc._.kb_relations)
        return Extraction(
            article=self.article,
            entities=tuple(self.entities()),
            participants=tuple(self.participants.values()),
            events=events,
            statements=statements,
            positions=positions,
            relations=relations,
        )

    # characters ---------------------------------------------------------------------------------------------------
    def span(self, begin: int, end: int) -> Span:
        """Characters of tokens [begin, end), without white space at either side."""
        while end - 1 > begin and self.doc[end - 1].is_space:
            end -= 1
        while begin < end - 1 and self.doc[begin].is_space:
            begin += 1
        last = self.doc[end - 1]
        return Span(self.doc[begin].idx, last.idx + len(last))

    def sentence(self, token: int) -> Span:
        begin, end = next(((b, e) for b, e in self.sentences if b <= token < e), (token, token + 1))
        return self.span(begin, end)

    def provenance(self, told: Told, tokens: Iterable[tuple[int, int]]) -> Provenance:
        spans = sorted({self.span(b, e) for b, e in tokens})
        first = min(b for b, _ in tokens)
        return Provenance(
            quote=self.sentence(first),
            mentions=tuple(spans),
            rule=told["rule"],
            confidence=round(told["confidence"], 2),
        )

    # assertions ---------------------------------------------------------------------------------------------------
    def entities(self) -> Iterable[Entity]:
        spans: dict[str, list[Span]] = {}
        for mention in self.doc.spans.get("entities", []):
            spans.setdefault(mention.id_, []).append(Span(mention.start_char, mention.end_char))
        for key, told in self.doc._.kb_entities.items():
            yield Entity(
                key=key,
                cls=told["cls"],
                label=told["label"],
                names=tuple(sorted(set(told["names"]) - {told["label"]})),
                mentions=tuple(sorted(spans.get(key, []))),
                confidence=round(told["confidence"], 2),
            )

    def key(self, filler: Filler) -> str:
        """The key of a filler's entity, or of the participant for its phrase."""
        key, begin, end = filler
        if key in self.keys:
            return str(key)
        found = self.participants.get((begin, end))
        if found is None:
            span = self.span(begin, end)
            label = " ".join(self.article.text[span.begin : span.end].split())
            key, owner = f"p{len(self.participants) + 1}", self.owners.get(begin) if end - begin > 1 else None
            found = Participant(key=key, label=label, mentions=(span,), owner=owner)
            self.participants[begin, end] = found
        return found.key

    def attributed(self, told: Told) -> list[Filler]:
        """Whose claim an event is: the speaker in whose words every mention of it stands; nobody if the article tells it."""
        claims = [next((who for b, e, who in self.claims if b <= i < e), None) for i in told["triggers"]]
        if any(who is None for who in claims):
            return []
        return list(claims[0] or [])

    def events_in(self, told: Told) -> set[str]:
        """The keys of the events that a statement's words speak of."""
        inside = {i for b, e in told["text"] for i in range(b, e)}
        return {f"m{n + 1}" for n, event in enumerate(self.doc._.kb_events) if inside & set(event["triggers"])}

    def event(self, number: int, told: Told) -> Event:
        roles = {
            (prop, f"m{filler[1] + 1}" if filler[0] == "event" else self.key(filler)) for prop, filler in told["roles"]
        }
        return Event(
            key=f"m{number + 1}",
            cls=told["cls"],
            roles=tuple(sorted(roles)),
            values=tuple(sorted({(prop, value) for prop, value in told["values"]}, key=lambda v: (v[0], str(v[1])))),
            factuality=told["factuality"],
            attributed_to=tuple(sorted({self.key(f) for f in [*told["attributed"], *self.attributed(told)]})),
            provenance=self.provenance(told, [(i, i + 1) for i in told["triggers"]]),
        )

    def statement(self, number: int, told: Told) -> Statement:
        pieces = [self.span(b, e) for b, e in told["text"]]
        text = " … ".join(" ".join(self.article.text[s.begin : s.end].split()) for s in pieces)
        return Statement(
            key=f"s{number + 1}",
            speakers=tuple(sorted({self.key(f) for f in told["speakers"]})),
            text=text,
            attitude=told["attitude"],
            about=tuple(
                sorted({key for group in told["about"] for key in group if key in self.keys} | self.events_in(told))
            ),
            date=told.get("date"),
            provenance=self.provenance(told, [(told["cue"], told["cue"] + 1), *map(tuple, told["text"])]),
        )

    def position(self, number: int, told: Told) -> Position:
        begin, end = told["title"]
        span = self.span(begin, end)
        return Position(
            key=f"o{number + 1}",
            person=told["person"],
            title=" ".join(self.article.text[span.begin : span.end].split()),
            body=self.key(told["body"]) if told["body"] else None,
            former=told["former"],
            provenance=self.provenance(told, [(begin, end)]),
        )

    def relation(self, told: Told) -> Relation:
        return Relation(
            subject=self.key(told["subject"]),
            predicate=told["predicate"],
            object=self.key(told["object"]),
            provenance=self.provenance(told, [(told["token"], told["token"] + 1)]),
        )
