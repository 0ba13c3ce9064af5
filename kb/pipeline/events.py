"""Military actions, agreements, and the events of a user's own classes: triggers to events with roles and values.

Reads ``doc.spans["entities"]``, ``["references"]`` and ``["dates"]``; writes ``doc._.kb_events``: a list of dictionaries with
the class, the trigger tokens, roles as ``[property, filler]``, values as ``[property, value]``, factuality, the lexicon entry
that found it, and a confidence. What evokes and fills an event stands in the lexicon alone.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Token

from kb.gazetteer import load_gazetteer
from kb.pipeline.counts import Casualties, Counter
from kb.pipeline.details import Details
from kb.pipeline.factuality import Factuality
from kb.pipeline.fillers import Filler, fillers, mention_index
from kb.pipeline.grammar import arguments, children, conjuncts, preposition
from kb.pipeline.lexicon import Lexicon, load_lexicon
from kb.pipeline.merging import Candidate, Merger
from kb.pipeline.roles import Governor, Roles
from kb.pipeline.triggers import Trigger, TriggerMatcher

#: What each filled role leaves of the doubt about a trigger.
DOUBT_LEFT = 0.4
#: A trigger of this confidence means what it says even where nobody is named.
SURE = 0.8
#: A trigger below this is no event in the bare plural; below LONELY it is none unless another mention tells the same.
WEAK, LONELY = 0.6, 0.5
#: The confidence of a trigger that states none, as a user's own may.
DEFAULT = "0.8"
AGREEMENT = "Agreement"
#: The roles that the language model may fill in agreements, and in all other events.
_AGREED, _ACTED = frozenset({"party", "mediator", "place"}), frozenset({"agent", "target", "instrument"})


class EventComponent:
    """Finds events (:meth:`find`) and writes them on the document (:meth:`__call__`)."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.gazetteer = load_gazetteer()
        self.matcher = TriggerMatcher(lexicon)
        self.factuality = Factuality(lexicon)
        self.counter = Counter(lexicon)
        self.merger = Merger(lexicon)

    def __call__(self, doc: Doc) -> Doc:
        """Write the document's events."""
        doc._.kb_events = [self._plain(event) for event in self.find(doc)]
        return doc

    def find(self, doc: Doc) -> list[Candidate]:
        """The distinct events of a document, in text order."""
        reader = _Reader(self, doc)
        events = [event for event in self.merger.merge(reader.candidates()) if self._tells(event)]
        reader.compose(events)
        for event in events:
            event.roles["place"] = event.roles.get("place") or event.scene
        return events

    def _tells(self, event: Candidate) -> bool:
        """Whether an event says who, whom, where or how many; a trigger that is often harmless must name one of them."""
        if event.confidence < LONELY or (self._is_models(event) and not self._full(event)):
            return False
        if event.confidence < SURE:
            described = event.scene and any(event.roles.get(prop) for prop in ("agent", "target"))
            return bool(
                described or any(event.named(p) for p in event.roles) or {"killed", "injured"} & set(event.values)
            )
        return any(values for prop, values in event.roles.items() if prop != "instrument") or "killed" in event.values

    def _is_models(self, event: Candidate) -> bool:
        """Whether it is the language model alone that says that this is an event."""
        return any(event.rule == entry.id for entry in self.lexicon.of("ModelTrigger").get(event.cls.lower(), ()))

    def _full(self, event: Candidate) -> bool:
        """Whether at least two things are told of an event."""
        told = [prop for prop, values in event.roles.items() if values and prop != "instrument"]
        return len(told) + len({"killed", "injured"} & set(event.values)) >= 2

    def _plain(self, event: Candidate) -> dict[str, Any]:
        if self.lexicon.isa(event.cls, AGREEMENT):
            event.values["status"] = event.statuses[-1] if event.statuses else _standing("Agreed", event.factuality)
        filled = sum(bool(values) for prop, values in event.roles.items() if prop != "partOf")
        return {
            "cls": event.cls,
            "triggers": sorted(event.triggers),
            "roles": [[prop, value] for prop, values in sorted(event.roles.items()) for value in values],
            "values": [[prop, value] for prop, value in sorted(event.values.items())],
            "factuality": event.factuality,
            "attributed": [],
            "rule": event.rule,
            "confidence": round(1 - (1 - event.confidence) * DOUBT_LEFT**filled, 2),
        }


class _Reader:
    """The candidates of one document."""

    def __init__(self, component: EventComponent, doc: Doc) -> None:
        self.c, self.doc = component, doc
        self.index = mention_index(doc)
        lexical = list(component.matcher.find(doc, self.index))
        self.triggers = sorted(
            [*lexical, *component.matcher.told(doc, self._covered(lexical))], key=lambda t: t.token.i
        )
        self.told = {word: roles for word, _, roles in doc._.kb_triggers}
        events = frozenset(trigger.token.i for trigger in self.triggers if trigger.is_noun)
        self.roles = Roles(component.lexicon, doc, self.index, component.gazetteer, events)
        self.heads = {trigger.token.i: trigger for trigger in self.triggers}
        self.details = Details(component.lexicon, doc)
        self.sentences = [i for i, sent in enumerate(doc.sents) for _ in sent]

    @staticmethod
    def _covered(triggers: list[Trigger]) -> set[int]:
        """The words of the triggers' expressions."""
        return {i for t in triggers for i in range(t.begin, t.token.i + 1)}

    def candidates(self) -> list[Candidate]:
        """One candidate a trigger, with the people counted around it; verbs that only say what a trigger noun did join it."""
        found: dict[int, Candidate] = {}
        owners = {trigger.token.i: self._owner(trigger) for trigger in self.triggers}
        for trigger in self.triggers:
            if owners[trigger.token.i] is None:
                found[trigger.token.i] = self._candidate(trigger)
        for trigger in self.triggers:
            owner = owners[trigger.token.i]
            if owner is not None and owner.token.i in found:
                self._join(found[owner.token.i], trigger)
        for casualties in self.c.counter.find(self.doc):
            self._count(casualties, found)
        kept = [i for i in sorted(found) if not self._vague(self.heads[i]) and not self._idle(found[i])]
        return [part for i in kept for part in self._distributed(self.heads[i], found[i])]

    def _distributed(self, trigger: Trigger, candidate: Candidate) -> list[Candidate]:
        """One event for each side of a plural that repeats its preposition: "offensives by X here and by Y there"."""
        if not trigger.is_noun or trigger.token.tag_ != "NNS":
            return [candidate]
        repeated = [c for _, head in trigger.args for c in children(head, "conj") if preposition(c) == "by"]
        rest, parts = candidate.roles.get("agent", []), list[Candidate]()
        for head in repeated:
            tokens = {part.i for part in conjuncts(head)}
            agents = [f for f in rest if tokens & set(range(int(f[1]), int(f[2])))]
            rest = [f for f in rest if f not in agents]
            if agents and rest:
                parts.append(replace(candidate, roles={**candidate.roles, "agent": agents}))
        candidate.roles["agent"] = rest
        return [candidate, *parts]

    def _idle(self, candidate: Candidate) -> bool:
        """Whether a verb that is often no event of war counts nobody and names nobody: "instead of killing them"."""
        return candidate.confidence < LONELY and not (
            candidate.values.keys() & {"killed", "injured"} and candidate.factuality == "Actual"
        )

    def _vague(self, trigger: Trigger) -> bool:
        """Whether a noun that is often no event stands in the bare plural: "operations against militants"."""
        weak = float(trigger.entry.one("lex:confidence", "1")) < WEAK
        bare = trigger.token.tag_ == "NNS" and not children(trigger.token, "det", "nummod", "nmod:poss")
        return weak and trigger.is_noun and bare

    def _owner(self, trigger: Trigger) -> Trigger | None:
        """The trigger whose event this verb only tells more of: "the strike hit a bridge", "an offensive to retake Mosul"."""
        if trigger.is_noun:
            return None
        token = trigger.token
        nouns = [self.heads[part.i] for _, head in trigger.args for part in conjuncts(head) if part.i in self.heads]
        governed = [n for n in nouns if n.is_noun and any(g.verb.i == token.i for g in self.roles.governors(n.token))]
        return next(iter(governed), None) or self._purpose(token) or self._coordinated(trigger)

    def _coordinated(self, trigger: Trigger) -> Trigger | None:
        """The verb that this one continues: "struck a bridge and cratered a road" is one action on two targets."""
        token = trigger.token
        head = self.heads.get(token.head.i) if token.dep_ == "conj" else None
        if head is None or children(token, "nsubj", "nsubj:pass"):
            return None
        return head if head.entry.one("lex:evokes") == trigger.entry.one("lex:evokes") else None

    def _purpose(self, verb: Token) -> Trigger | None:
        """The event of which an infinitive tells the aim or a participle the outcome ("fired missiles, hitting a school")."""
        infinitive = any(child.lower_ == "to" for child in children(verb, "mark"))
        participle = verb.tag_ == "VBG" and not children(verb, "mark", "aux")
        if verb.dep_ not in {"acl", "advcl", "xcomp"} or not (infinitive or participle):
            return None
        head = self.heads.get(verb.head.i)
        if head is not None:
            return head if head.is_noun == infinitive else None
        if not infinitive or verb.dep_ == "xcomp":
            return None
        return next(
            (
                t
                for t in self.triggers
                if t.is_noun and any(g.verb.i == verb.head.i for g in self.roles.governors(t.token))
            ),
            None,
        )

    def _join(self, event: Candidate, trigger: Trigger) -> None:
        """Add what a further verb tells of an event: its target and place where the event has none, or further ones of its kind."""
        event.triggers.append(trigger.token.i)
        frame = self.c.lexicon.entry(trigger.entry.one("lex:frame"))
        roles = self.roles.fill(frame, self.roles.slots(trigger, []))
        for prop in ("target", "place"):
            known = event.roles.setdefault(prop, [])
            if not known or trigger.token.dep_ == "conj":
                known.extend(value for value in roles.get(prop, []) if value not in known)

    def _candidate(self, trigger: Trigger) -> Candidate:
        token, entry = trigger.token, trigger.entry
        governors = self.roles.governors(token) if trigger.is_noun else []
        frame = self.c.lexicon.entry(entry.one("lex:frame"))
        candidate = Candidate(
            doc=self.doc,
            cls=entry.one("lex:evokes"),
            triggers=[token.i],
            rule=entry.id,
            confidence=float(entry.one("lex:confidence", DEFAULT)),
            factuality=self._factuality(trigger, governors),
            definite=trigger.is_noun and _definite(token),
            sentence=self.sentences[token.i],
            apart=any(c.lower_ in self.c.lexicon.of("ApartCue") for c in children(token, "det", "amod")),
            roles=self.roles.fill(frame, self.roles.slots(trigger, governors)),
        )
        self._complete(candidate)
        candidate.statuses = [_standing(s, candidate.factuality) for s in self._statuses(trigger, governors)]
        candidate.scene = self.roles.scene(frame, [token, *(g.verb for g in governors)])
        candidate.values.update(self.details.times([token, *(g.verb for g in governors)]))
        if self.c.lexicon.isa(candidate.cls, AGREEMENT):
            candidate.values.update(("provides", text) for text in list(self.details.provisions(token))[:1])
        return candidate

    def _complete(self, candidate: Candidate) -> None:
        """Fill the roles that the frame left empty with what the language model says of the trigger."""
        agreement = self.c.lexicon.isa(candidate.cls, AGREEMENT)
        empty = {role for role in (_AGREED if agreement else _ACTED) if not candidate.roles.get(role)}
        for role, begin, end in self.told.get(candidate.triggers[0], ()):
            if role in empty:
                known = candidate.roles.setdefault(role, [])
                known.extend(f for f in self.roles.told(role, self.doc[begin:end]) if f not in known)

    def _factuality(self, trigger: Trigger, governors: list[Governor]) -> str:
        pairs = [(g.verb, g.entry) for g in governors]
        if trigger.is_noun and not pairs:
            verbs = self.roles.governed_by(trigger.token)
            values = {self.c.factuality.of(verb, []) for verb, _ in verbs[:1]}
            return values.pop() if len(values) == 1 and not _definite(trigger.token) else "Actual"
        return self.c.factuality.of(trigger.token, pairs)

    def _statuses(self, trigger: Trigger, governors: list[Governor]) -> list[str]:
        standing = self.c.matcher.standing(trigger.token)
        entries = [g.entry for g in governors] + ([standing] if standing else [])
        return [status for entry in entries for status in entry.all("lex:status")]

    # people counted -----------------------------------------------------------------------------------------------
    def compose(self, events: list[Candidate]) -> None:
        """Say of each event which other one it is part of."""
        numbers = {i: number for number, event in enumerate(events) for i in event.triggers}
        classes = {i: events[number].cls for i, number in numbers.items()}
        for number, event in enumerate(events):
            wholes = {numbers[i] for t in event.triggers for i in self.details.wholes(self.doc[t], classes)} - {number}
            event.roles["partOf"] = [["event", whole, whole] for whole in sorted(wholes)[:1]]

    def _count(self, casualties: Casualties, found: dict[int, Candidate]) -> None:
        event = self._event_of(casualties.cue, casualties.number, found)
        if event is None or self.c.lexicon.isa(event.cls, AGREEMENT):
            return
        if casualties.number is not None and casualties.prop not in event.values:
            event.values[casualties.prop] = casualties.number
        targets = event.roles.setdefault("target", [])
        victims = [f for f in fillers(self.doc, casualties.people, self.index) if self._is_person_like(f)]
        if not targets:
            targets.extend(victims)

    def _is_person_like(self, value: Filler) -> bool:
        return not value[0] or not self.c.lexicon.isa(self.doc._.kb_entities[value[0]]["cls"], "Place")

    def _event_of(self, cue: Token, number: int | None, found: dict[int, Candidate]) -> Candidate | None:
        """The event that a count belongs to: its own, one tied to it by the sentence's structure, else the nearest."""
        own = found.get(cue.i)
        if own is not None and own.confidence >= LONELY:
            return own
        tied = next((found[i] for i in self._tied(cue) if i in found and i != cue.i), None)
        if tied is not None or (own is not None and cue.dep_ not in {"acl:relcl", "acl", "advcl", "xcomp"}):
            return tied or own
        return next((found[i] for i in self._nearest(cue, number, found)), own)

    def _tied(self, cue: Token) -> list[int]:
        """Tokens that may be the trigger of the event in which people come to harm, the surest first."""
        owner = self._owner(self.heads[cue.i]) if cue.i in self.heads else None
        coordinated = [
            c for c in (*children(cue, "conj"), *([cue.head] if cue.dep_ == "conj" else [])) if c.pos_ == "VERB"
        ]
        slots = [part.i for verb in (cue, *coordinated) for _, head in arguments(verb) for part in conjuncts(head)]
        around = [cue.head.i, *(c.i for c in children(cue, "advcl", "obl", "conj", "ccomp", "xcomp"))]
        return [*([owner.token.i] if owner else []), *slots, *around]

    def _nearest(self, cue: Token, number: int | None, found: dict[int, Candidate]) -> list[int]:
        """The triggers of the sentence, nearest first, then the last one of the sentence before, for a stated number."""
        here = [i for i in found if self.sentences[i] == self.sentences[cue.i] and i != cue.i]
        before = [i for i in found if self.sentences[i] == self.sentences[cue.i] - 1]
        return sorted(here, key=lambda i: abs(i - cue.i)) + (sorted(before)[-1:] if number is not None else [])


def _standing(status: str, factuality: str) -> str:
    """How an agreement stands by what is said of it: one that may be or will be agreed is proposed."""
    return "Proposed" if status == "Agreed" and factuality != "Actual" else status


def _definite(noun: Token) -> bool:
    articles = any(child.lower_ in {"the", "this", "that", "these", "those"} for child in children(noun, "det"))
    return articles or bool(children(noun, "nmod:poss"))


@Language.factory(
    "kb_events",
    requires=["doc.spans", "token.dep", "token.lemma"],
    assigns=["doc._.kb_events"],
    default_config={"ontology": []},
)
def make_events(nlp: Language, name: str, ontology: list[str]) -> Callable[[Doc], Doc]:
    """Create the component; ``ontology`` names folders of Turtle files that extend the package's lexicon."""
    return EventComponent(load_lexicon(tuple(Path(folder) for folder in ontology)))
