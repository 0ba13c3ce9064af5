"""Who fills which role of an event: the trigger's frame over its arguments and those of the verbs around it.

The frame (``lex:Frame``) says which slots fill which property; ``lex:takes`` on a property says which classes fit it. A slot
that two properties share goes to the first that its filler fits, so that in "Mosul offensive" and "U.S. offensive" the same
slot is a place here and an agent there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc, Span, Token

from kb.gazetteer import Gazetteer
from kb.pipeline.capitals import state_of
from kb.pipeline.fillers import Filler, filler, fillers
from kb.pipeline.grammar import Argument, arguments, children, conjuncts, preposition
from kb.pipeline.lemmas import lemmas
from kb.pipeline.lexicon import Lexicon
from kb.pipeline.triggers import Trigger
from kb.resources import KB, Entry

#: Slots that a lower-case noun or adjective fills with a kind, not with somebody: "rocket attack".
_KINDS = frozenset({"compound", "amod"})
#: A modifier fills one property only, the first that it fits: the country in "U.S. offensive" is no place.
_MODIFIERS = frozenset({"compound", "amod", "poss"})
#: Dependencies through which an event shares the place of the clause above it.
_SCENE = frozenset(
    {"obj", "nsubj", "nsubj:pass", "obl", "obl:agent", "ccomp", "xcomp", "advcl", "conj", "parataxis", "acl:relcl"}
)
#: Slots of who acts.
_ACTING = frozenset({"subj", "by"})
#: Prepositions that lead from a described place to the named one: "the outskirts of Aleppo".
_INWARD = ("of", "in", "near", "outside", "around", "at", "from", "on")
#: Containers last: the most specific named place is the one that counts.
_RANK = ("Facility", "City", "Region", "Country", "Place")


@dataclass(frozen=True, slots=True)
class Governor:
    """A verb over a trigger noun, the entry by which it governs it, and the slot where the noun hangs."""

    verb: Token
    entry: Entry
    slot: str


class Roles:
    """Fills frames in one document.

    Args:
        lexicon: frames, governors, and what properties take.
        doc: the document, with mentions.
        index: the mention that covers each token.
        gazetteer: knows which country a demonym points to.
        events: the tokens of all triggers; an event is no participant.
    """

    def __init__(
        self, lexicon: Lexicon, doc: Doc, index: dict[int, Span], gazetteer: Gazetteer, events: frozenset[int]
    ) -> None:
        self.lexicon, self.doc, self.index, self.gazetteer, self.events = lexicon, doc, index, gazetteer, events
        self._governed = self._invert()

    def _invert(self) -> dict[int, list[tuple[Token, str]]]:
        """For each token the verbs that have it as an argument, with the slot."""
        found: dict[int, list[tuple[Token, str]]] = {}
        for verb in self.doc:
            if verb.pos_ == "VERB" or (verb.tag_ in {"VBN", "VBD", "VBG"} and verb.dep_ in {"acl", "amod"}):
                for slot, head in arguments(verb):
                    for part in conjuncts(head):
                        found.setdefault(part.i, []).append((verb, slot))
        return found

    # governors ----------------------------------------------------------------------------------------------------
    def governors(self, noun: Token) -> list[Governor]:
        """The verbs that say what becomes of a trigger noun, found also through "a series of"."""
        noun = self._container(noun)
        found = []
        for verb, slot in self._governed.get(noun.i, []):
            for label in self._labels(verb):
                entries = [e for e in self.lexicon.of("Governor").get(label, ()) if slot in e.all("lex:slot")]
                if entries:
                    found.append(Governor(verb, entries[0], slot))
                    break
        return found

    def governed_by(self, noun: Token) -> list[tuple[Token, str]]:
        """Every verb that has the noun as an argument, with the slot."""
        return self._governed.get(self._container(noun).i, [])

    def _labels(self, verb: Token) -> list[str]:
        forms, particles = list(lemmas(verb)), children(verb, "compound:prt", "advmod")
        return [*(f"{form} {particle.lower_}" for form in forms for particle in particles), *forms]

    def _container(self, noun: Token) -> Token:
        """The noun through which a trigger is seen: "series" for "strikes" in "a series of strikes"."""
        head = noun.head
        if noun.dep_ != "nmod":
            return noun
        entries = self.lexicon.of("Container").get(head.lemma_.lower(), ())
        slots = {slot for entry in entries for slot in entry.all("lex:slot") or ("of",)}
        return head if preposition(noun) in slots else noun

    # slots --------------------------------------------------------------------------------------------------------
    def slots(self, trigger: Trigger, governors: list[Governor]) -> list[Argument]:
        """The arguments of a trigger, those that governing verbs lend it included."""
        found = [a for a in trigger.args if trigger.begin > a[1].i or a[1].i >= trigger.token.i]
        if not trigger.is_noun:
            return found
        container = self._container(trigger.token)
        if container.i != trigger.token.i:
            found += arguments(container)
        for governor in governors:
            found += self._lent(governor, trigger.token)
        return found

    def _lent(self, governor: Governor, noun: Token) -> Iterator[Argument]:
        entry = governor.entry
        names = {"subj": entry.one("lex:subject"), "obj": entry.one("lex:object")}
        for slot, head in arguments(governor.verb):
            if noun.i in {part.i for part in conjuncts(head)} or head.i == self._container(noun).i:
                continue
            if slot in names:
                if names[slot]:
                    yield names[slot], head
            elif slot not in {"iobj", "advmod", "bare", "by"}:
                yield slot, head

    # properties ---------------------------------------------------------------------------------------------------
    def fill(self, frame: Entry, args: list[Argument]) -> dict[str, list[Filler]]:
        """The properties of a frame with their fillers, in text order, without repeats."""
        properties = [(name, slots) for name, slots in sorted(frame.fields.items()) if _is_role(name)]
        found: dict[str, list[Filler]] = {}
        for slot, head in args:
            for name, slots in properties:
                names = {slot, "demonym"} if slot == "amod" else {slot}
                if names.isdisjoint(slots):
                    continue
                chosen = [f for f in self._candidates(name, slot, head) if self._fits(name, f)]
                chosen = chosen or [f for f in self._states(slot, head) if self._fits(name, f)]
                _extend(found.setdefault(name, []), chosen)
                if chosen and slot in _MODIFIERS:
                    break
        if "place" in found:
            found["place"] = self._most_specific(found["place"])
        return {name: values for name, values in found.items() if values}

    def told(self, name: str, span: Span) -> list[Filler]:
        """The fillers of a property among a phrase that the language model names for it: entities, and described weapons."""
        head = span.root
        found = self._named(head) if not self._described(name) else fillers(self.doc, head, self.index)
        inside = [f for f in found if span.start <= int(f[1]) < span.end]
        among = bool(self.lexicon.entry(name).all("lex:among"))
        return [f for f in map(self._owner, inside) if (f[0] or among) and self._fits(name, f)]

    def scene(self, frame: Entry, heads: list[Token]) -> list[Filler]:
        """Where an event happens by the clause it stands in: "In Kandahar, officials said troops killed two rebels".

        A city over a verb of speech is where the speaker was, so only wider places reach down from there.
        """
        slots = set(frame.all("place")) - {"obj", "of", "on", *_MODIFIERS}
        for token in heads:
            for down, up in self._clauses(token):
                said = down.dep_ in {"ccomp", "parataxis"}
                args = arguments(up)
                if down.i == up.i:
                    args += [pair for _, head in args if head.i not in self.index for pair in _inside(head)]
                places = [f for slot, head in args if slot in slots for f in self._named(head)]
                places = [f for f in places if not said or not self._isa(f, "City")]
                if places:
                    return self._most_specific(places)
        return []

    def _clauses(self, token: Token) -> Iterator[tuple[Token, Token]]:
        """A trigger and the clauses over it, each with the word below."""
        yield token, token
        while token.head.i != token.i and token.dep_ in _SCENE:
            yield token, token.head
            token = token.head

    def _candidates(self, name: str, slot: str, head: Token) -> list[Filler]:
        if slot == "amod":
            country = self._demonym(head)
            return [country] if country else []
        if not self._described(name):
            return [f for part in conjuncts(head) for f in self._named(part)]
        if slot in _KINDS:
            return [f for f in fillers(self.doc, head, self.index) if f[0]]
        return self._listed(head) or [self._owner(f) for f in fillers(self.doc, head, self.index)]

    def _states(self, slot: str, head: Token) -> list[Filler]:
        """The countries that capitals stand for where they act: "Moscow will withdraw its troops"."""
        if slot not in _ACTING:
            return []
        found = fillers(self.doc, head, self.index)
        keys = [(state_of(self.doc, self.gazetteer, str(f[0])), f) for f in found]
        return [[key, f[1], f[2]] for key, f in keys if key]

    def _owner(self, value: Filler) -> Filler:
        """Whose people or weapons a described participant is: the coalition for "its warplanes" and "coalition forces"."""
        root = self.doc[value[1] : value[2]].root
        if value[0] or not any(root.lemma_.lower() in self.lexicon.of(kind) for kind in ("MemberNoun", "Weapon")):
            return value
        for child in children(root, "nmod:poss", "compound"):
            mention = self.index.get(child.i)
            pronoun = child.pos_ == "PRON" and child.dep_ == "nmod:poss"
            if mention is None or not mention.id_ or self._isa([mention.id_, 0, 0], "Person"):
                continue
            if pronoun or not self._isa([mention.id_, 0, 0], "Country"):
                return [mention.id_, value[1], value[2]]
        return value

    def _listed(self, head: Token) -> list[Filler]:
        """The named members that a description is said to include: "nations that took part include A, B and C"."""
        verb = head.head
        if head.i in self.index or head.dep_ != "nsubj" or verb.lemma_.lower() not in self.lexicon.of("Enumerator"):
            return []
        return [f for member in children(verb, "obj") for f in fillers(self.doc, member, self.index) if f[0]]

    def _named(self, head: Token, depth: int = 0) -> list[Filler]:
        """The named place that a phrase is or leads to: Aleppo in "a village on the outskirts of Aleppo"."""
        own = filler(self.doc, head, self.index)
        if own and own[0] and self._isa(own, "Place"):
            return [own]
        if depth > 2:
            return []
        inner = [
            c
            for c in children(head, "nmod", "appos", "flat", "compound")
            if c.dep_ != "nmod" or preposition(c) in _INWARD
        ]
        return [f for child in inner for part in conjuncts(child) for f in self._named(part, depth + 1)]

    def _demonym(self, word: Token) -> Filler | None:
        """The country of the article that a demonym points to."""
        item = self.gazetteer.demonym(word.text) if word.text[:1].isupper() else None
        if item is None:
            return None
        for key, told in self.doc._.kb_entities.items():
            if told["cls"] == "Country" and any(
                found.qid == item.qid for n in told["names"] for found in self.gazetteer.lookup(n)[:1]
            ):
                return [key, word.i, word.i + 1]
        return None

    def _described(self, name: str) -> bool:
        entry = self.lexicon.entry(name)
        return entry.one("lex:described", "true") == "true"

    def _fits(self, name: str, value: Filler) -> bool:
        entry = self.lexicon.entry(name)
        takes = [cls.removeprefix(KB) for cls in entry.all("lex:takes")]
        if value[0]:
            return not takes or any(self._isa(value, cls) for cls in takes)
        root = self.doc[value[1] : value[2]].root
        among = [kind for kind in entry.all("lex:among") if root.lemma_.lower() not in self.lexicon.of(kind)]
        return self._described(name) and not among and not self._is_time(value) and root.i not in self.events

    def _is_time(self, value: Filler) -> bool:
        root = self.doc[value[1] : value[2]].root
        return root.ent_type_ == "DATE" or any(s.start <= root.i < s.end for s in self.doc.spans.get("dates", []))

    def _isa(self, value: Filler, cls: str) -> bool:
        return self.lexicon.isa(self.doc._.kb_entities[value[0]]["cls"], cls)

    def _most_specific(self, places: list[Filler]) -> list[Filler]:
        ranks = [
            _RANK.index(cls) if (cls := self.doc._.kb_entities[p[0]]["cls"]) in _RANK else len(_RANK) for p in places
        ]
        return [p for p, rank in zip(places, ranks, strict=True) if rank == min(ranks)]


def _inside(head: Token) -> Iterator[Argument]:
    """The prepositional phrases of a noun, those of "houses" for "thousands of houses" too."""
    for child in children(head, "nmod"):
        yield preposition(child), child
        if preposition(child) == "of":
            yield from _inside(child)


def _is_role(name: str) -> bool:
    """Whether a field of a frame is a property to fill, not what is said of the frame itself."""
    return not name.startswith(("lex:", "http://www.w3.org/", "http://purl.org/dc/"))


def _extend(values: list[Filler], more: list[Filler]) -> None:
    for value in more:
        if not any(v == value or (value[0] and v[0] == value[0]) for v in values):
            values.append(value)
