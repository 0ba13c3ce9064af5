"""Relations between agents, and between agents and places: who leads, backs and fights whom, who holds what, what lies where.

One interpreter of the lexicon's ``lex:RelationCue`` rows over the grammar's slots; relations that follow from a post
(``kb.pipeline.positions``) and from the roles of an event (``lex:EventRelation``) are added. Writes ``doc._.kb_positions``
and ``doc._.kb_relations``; reads the mentions, references and events.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span, Token

from kb.pipeline.factuality import Factuality
from kb.pipeline.fillers import Filler
from kb.pipeline.grammar import arguments, children, clause_heads, conjuncts, preposition
from kb.pipeline.lemmas import lemmas
from kb.pipeline.lexicon import Lexicon, load_lexicon
from kb.pipeline.parties import Parties, as_filler
from kb.pipeline.positions import Body, Holding, Titles, find_positions, with_relations
from kb.resources import Entry

__all__ = ["RelationFinder", "create"]

_HYPHENS = frozenset("-\u2010\u2011\u2013")
#: What the subject and the object of a relation must be, unless an entry narrows it.
_DOMAINS = {
    "leaderOf": (("Person", "Country"), ("Organization", "Country")),
    "controls": (("Agent",), ("Place",)),
    "memberOf": (("Agent",), ("Organization", "Country")),
}
_DEFAULT_DOMAIN = (("Agent",), ("Agent",))
#: Relations whose subject, or whose object, an article must name.
_NAMED_SUBJECT, _NAMED_OBJECT = frozenset({"leaderOf", "memberOf"}), frozenset({"memberOf", "fights"})
#: Classes of places from small to large; a smaller one lies in a larger one.
_SIZES = {"Facility": 0, "City": 1, "Region": 2, "Country": 3}
#: Slots of a description that name the side it belongs to.
_SIDES = frozenset({"poss", "compound", "of", "amod"})
_NEGATIONS = frozenset({"not", "n't", "never", "no"})


@dataclass(frozen=True, slots=True)
class Found:
    """A relation between two fillers.

    Attributes:
        subject: filler.
        predicate: property.
        object: filler.
        token: the word that says so.
        rule: id of the lexical entry.
        confidence: in [0, 1].
    """

    subject: Body
    predicate: str
    object: Body
    token: int
    rule: str
    confidence: float

    def plain(self) -> dict[str, Any]:
        """The relation as it travels on the ``Doc``."""
        return {
            "subject": list(self.subject),
            "predicate": self.predicate,
            "object": list(self.object),
            "token": self.token,
            "rule": self.rule,
            "confidence": self.confidence,
        }


class RelationFinder:
    """The relations and positions of a ``Doc``.

    Args:
        lexicon: the lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon, self.titles = lexicon, Titles(lexicon)
        self._cues: dict[tuple[str, str], list[tuple[str, Entry]]] = {}
        for label, rows in lexicon.of("RelationCue").items():
            first, _, second = label.partition(" ")
            for row in rows:
                self._cues.setdefault((first, row.one("lex:pos")), []).append((second, row))

    def __call__(self, doc: Doc) -> Doc:
        """Write the positions and relations of a document."""
        holdings = find_positions(doc, self.titles)
        doc._.kb_positions = [_position(holding) for holding in holdings]
        doc._.kb_relations = [found.plain() for found in self.find(doc, holdings)]
        return doc

    def find(self, doc: Doc, holdings: Sequence[Holding]) -> list[Found]:
        """The relations, each once, those that follow from positions first."""
        reader = _Reader(doc, self.lexicon)
        found = [*self._of_positions(doc, holdings)]
        for token in doc:
            for cue in self._at(token):
                found.extend(reader.read(token, cue))
        held = {str(f.object[0]): list(f.subject) for f in found if f.predicate == "controls" and f.object[0]}
        found += [*self._of_events(doc, reader, held), *_located(doc, self.lexicon)]
        return _unique(doc, found)

    def _at(self, token: Token) -> Iterator[Entry]:
        pos = {"PROPN": "NOUN", "AUX": "VERB"}.get(token.pos_, token.pos_)
        pos = "VERB" if token.tag_ in {"VBN", "VBG"} else pos
        for second, row in next((rows for lemma in lemmas(token) if (rows := self._cues.get((lemma, pos)))), ()):
            if not second or _companion(token, second):
                yield row
        yield from (row for _, row in self._cues.get((token.lower_, "PREFIX"), ()))

    def _of_positions(self, doc: Doc, holdings: Sequence[Holding]) -> Iterator[Found]:
        classes = {key: str(entity["cls"]) for key, entity in doc._.kb_entities.items()}
        for h in holdings:
            person = (h.person.id_, h.person.start, h.person.end)
            for predicate, body in with_relations(self.lexicon, h, classes):
                yield Found(person, predicate, body, h.head - 1, h.entry.id, h.confidence)

    def _of_events(self, doc: Doc, reader: "_Reader", held: Mapping[str, Filler]) -> Iterator[Found]:
        """What the roles of events imply; who attacks a place that somebody holds attacks the holder."""
        rows = {row.one("lex:event"): row for rows in self.lexicon.of("EventRelation").values() for row in rows}
        for event in doc._.kb_events:
            row = rows.get(event["cls"])
            if row is None or event["factuality"] != "Actual":
                continue
            subjects, objects = (
                [reader.side(f) for role, f in event["roles"] if role == row.one(slot)]
                for slot in ("lex:subject", "lex:object")
            )
            for one in subjects:
                for other in [*objects, *(held[str(f[0])] for f in objects if f[0] in held)]:
                    yield from reader.related(one, other, row, event["triggers"][0], named=True)


def _position(holding: Holding) -> dict[str, object]:
    return {
        "person": holding.person.id_,
        "title": [holding.begin, holding.end],
        "body": list(holding.bodies[0]) if holding.bodies else None,
        "former": holding.former,
        "rule": holding.entry.id,
        "confidence": holding.confidence,
    }


def _companion(token: Token, word: str) -> bool:
    """Whether a verb has this word as its particle, preposition or object."""
    particles = {child.lower_ for child in children(token, "compound:prt")}
    if particles:
        return word in particles  # "give up weapons" is not to give them
    for child in token.children:
        if child.dep_ in {"obj", "advmod", "obl"} and child.lemma_.lower() == word:
            return True
        if child.dep_ == "obl" and preposition(child) == word:
            return True
    return False


class _Reader:
    """Applies one cue after the other to one ``Doc``."""

    def __init__(self, doc: Doc, lexicon: Lexicon) -> None:
        self.doc, self.isa, self.parties = doc, lexicon.isa, Parties(doc, lexicon)
        self.agents, self.members = lexicon.of("AgentNoun"), lexicon.of("MembersNoun")
        self.assets = lexicon.of("AssetNoun")
        self.factuality = Factuality(lexicon)

    def read(self, token: Token, cue: Entry) -> Iterator[Found]:
        """The relations that a cue states at a token."""
        if _negated(token) or self._doubted(token) or not self._fits(token, cue):
            return
        subjects = self._fillers(token, cue, "lex:subject")
        objects = self._fillers(token, cue, "lex:object")
        pairs = [(s, o) for s in subjects for o in objects] or self._sides(token, cue)
        for one, other in pairs:
            yield from self.related(one, other, cue, token.i)

    def _doubted(self, token: Token) -> bool:
        """Whether a relation is denied or only possible: "denies that it supports the rebels"."""
        return token.pos_ == "VERB" and self.factuality.of(token, []) in {"Denied", "Possible"}

    def _fits(self, token: Token, cue: Entry) -> bool:
        case = cue.one("lex:case")
        if case and case not in {t.lower_ for t in children(token, "case")}:
            return False
        slot = cue.one("lex:membersOf")
        return not slot or any(t.lemma_.lower() in self.members for t in _path(token, slot))

    def _sides(self, token: Token, cue: Entry) -> list[tuple[Filler, Filler]]:
        """The sides of a symmetric relation: all that fill one slot."""
        for slot in cue.all("lex:pair"):
            sides = [f for t in _path(token, slot) for f in self.parties.of(t, apart=token)]
            if len(sides) < 2:
                sides = [f for t in _joined(token) for f in self.parties.of(t, apart=token)]
            if len(sides) > 1:
                return [(sides[0], other) for other in sides[1:]]
        return []

    def _fillers(self, token: Token, cue: Entry, role: str) -> list[Filler]:
        """The fillers of a role; what stands at the cue itself wins over its surroundings."""
        slots = cue.all(role)
        for near in (True, False):
            chosen = [slot for slot in slots if slot.startswith("host.") != near]
            tokens = dict.fromkeys(t for slot in chosen for t in _path(token, slot))
            apart = token if (role == "lex:subject") != (cue.one("lex:pos") == "PREFIX") else None
            found = [f for t in tokens for f in self.parties.of(t, apart=apart)]
            if found:
                return found
        return []

    def side(self, one: Filler) -> Filler:
        """The named side that a described participant of an event belongs to ("U.S. warplanes", "ISIS positions")."""
        root = self.doc[int(one[1]) : int(one[2])].root
        if one[0] or root.lemma_.lower() not in {*self.agents, *self.assets}:
            return one
        return next((f for slot, t in arguments(root) if slot in _SIDES for f in self.parties.of(t) if f[0]), one)

    def related(self, one: Filler, other: Filler, row: Entry, token: int, *, named: bool = False) -> Iterator[Found]:
        """The relation of an entry between two fillers, if they are what it holds between."""
        predicate = row.one("lex:relation")
        domain, range_ = _DOMAINS.get(predicate, _DEFAULT_DOMAIN)
        needs = named or not (one[0] or other[0] or self._places(other))
        if (needs and not (one[0] and other[0])) or (one[0] and one[0] == other[0]):
            return
        if (predicate in _NAMED_SUBJECT and not one[0]) or (predicate in _NAMED_OBJECT and named and not other[0]):
            return
        if not other[0] and row.one("lex:named"):
            return
        fits = self._is(one, row.all("lex:subjectClass") or domain, predicate)
        if fits and self._is(other, row.all("lex:objectClass") or range_, predicate):
            yield Found(tuple(one), predicate, tuple(other), token, row.id, 0.85 if one[0] and other[0] else 0.6)

    def _places(self, one: Filler) -> bool:
        """Whether a description names the place that it is a part of ("five percent of Afghanistan")."""
        inside = (s for s in self.parties.spans if int(one[1]) <= s.start and s.end <= int(one[2]))
        return any(self.isa(s.label_, "Place") for s in inside)

    def _is(self, one: Filler, classes: Sequence[str], predicate: str) -> bool:
        """Whether a filler is of one of the classes; a description if its noun can be."""
        if one[0]:
            cls = self.parties.cls(str(one[0]))
            if predicate == "fights" and self.isa(cls, "Person"):
                return False
            return any(self.isa(cls, wanted) for wanted in classes)
        span = self.doc[int(one[1]) : int(one[2])]
        if "Place" in classes:
            return self._places(one)
        own = any(t.tag_ in {"PRP$", "WP$"} for t in span)
        return (span.root.lemma_.lower() in self.agents and not own) or span.root.ent_type_ == "NORP"


def _negated(token: Token) -> bool:
    return any(t.dep_ in {"advmod", "det", "neg"} and t.lower_ in _NEGATIONS for t in token.children)


def _path(token: Token, path: str) -> list[Token]:
    """The words at the end of a path of slots."""
    here = [token]
    for step in path.split("."):
        here = [
            t for head in here for start in (conjuncts(head) if head != token else [head]) for t in _step(start, step)
        ]
    return here


def _step(token: Token, step: str) -> list[Token]:
    if step == "self":
        return [token]
    if step == "prefixed":
        return _prefixed(token)
    if step == "host":
        return [t for t in clause_heads(token) if t.pos_ == "VERB" and any(s == "subj" for s, _ in arguments(t))][:1]
    if step == "noun":
        return [token.head]
    if step == "before":
        return [token.head] if token.dep_ == "conj" else []
    found = [t for slot, t in arguments(token) if slot == step]
    return found or (_owner(token) if step == "subj" else [])


def _owner(verb: Token) -> list[Token]:
    """The subject of an infinitive behind a noun: whose noun it is ("the coalition's strategy to defeat")."""
    if verb.dep_ not in {"acl", "advcl"} or not children(verb, "mark") or verb.head.pos_ not in {"NOUN", "PROPN"}:
        return []
    return [t for slot, t in arguments(verb.head) if slot in {"poss", "compound"}]


def _prefixed(token: Token) -> list[Token]:
    doc = token.doc
    if token.i + 2 >= len(doc) or doc[token.i + 1].text not in _HYPHENS:
        return []
    return [doc[token.i + 2]]


def _joined(noun: Token) -> list[Token]:
    """Two nouns with a hyphen before a noun: "the Iran-Iraq war"."""
    doc, i = noun.doc, noun.i
    return [doc[i - 3], doc[i - 1]] if i > 2 and doc[i - 2].text in _HYPHENS else []


# Where places lie
def _located(doc: Doc, lexicon: Lexicon) -> Iterator[Found]:
    places = [s for s in doc.spans.get("entities", []) if s.label_ in _SIZES]
    for one, other in pairwise(places):
        if one.end <= other.start and _SIZES[one.label_] < _SIZES[other.label_] and _joins(doc, one, other):
            yield Found(
                tuple(as_filler(one)), "locatedIn", tuple(as_filler(other)), one.root.i, "lex:place-in-place", 0.8
            )


def _joins(doc: Doc, one: Span, other: Span) -> bool:
    """Whether only a comma, or a preposition that belongs to the first name, stands between two places."""
    words = [t.lower_ for t in doc[one.end : other.start] if t.pos_ != "ADJ"]
    if words == [","]:
        return not any(t.pos_ == "CCONJ" for t in doc[other.end : other.end + 2])
    inside = one.start <= other.root.head.i < one.end
    return (words[:1] == ["in"] and words[1:] in ([], ["the"])) or (words == ["of"] and inside)


def _unique(doc: Doc, found: Sequence[Found]) -> list[Found]:
    """Each relation once, without what another implies."""
    kept: dict[tuple[object, ...], Found] = {}
    for one in found:
        ends = [f[0] or doc[int(f[1]) : int(f[2])].text.lower() for f in (one.subject, one.object)]
        key = (one.predicate, *(sorted(map(str, ends)) if one.predicate == "fights" else ends))
        kept.setdefault(key, one)
    implied = {(s, o) for (p, s, o) in kept if p in {"leaderOf", "spokespersonFor"}}
    return [one for (p, s, o), one in kept.items() if p != "memberOf" or (s, o) not in implied]


@Language.factory(
    "kb_relations",
    default_config={"ontology": []},
    requires=["doc.spans"],
    assigns=["doc._.kb_relations", "doc._.kb_positions"],
)
def create(nlp: Language, name: str, ontology: list[str]) -> RelationFinder:
    """The component that finds positions and relations.

    Args:
        nlp: the pipeline.
        name: the component's name in it.
        ontology: folders of Turtle files that extend the lexicon.
    """
    return RelationFinder(load_lexicon(tuple(Path(folder) for folder in ontology)))
