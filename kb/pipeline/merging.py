"""Which mentions of events are one event.

An article tells an event several times: in the headline, in the lead, and by "the attack" later. Two mentions are one event
when their classes fit, nothing that they say contradicts, and something ties them: the same agent and target, or a definite
noun that adds nothing new. Classes fit when one is the other or above it in the ontology.
"""

from dataclasses import dataclass, field

from spacy.tokens import Doc, Span

from kb.pipeline.fillers import Filler
from kb.pipeline.lexicon import Lexicon


@dataclass(slots=True)
class Candidate:
    """An event while its mentions are gathered; becomes a plain value on the ``Doc`` in the end.

    Attributes:
        definite: told by a definite noun ("the attack") that may refer back.
        sentence: number of its first sentence.
        statuses: statuses of an agreement in the order they are stated.
        apart: set apart from the events told before ("another attack").
        scene: places of the clause around it, less sure than those of its role.
    """

    doc: Doc
    cls: str
    triggers: list[int]
    rule: str
    confidence: float
    factuality: str
    definite: bool
    sentence: int
    roles: dict[str, list[Filler]] = field(default_factory=dict)
    values: dict[str, str | int] = field(default_factory=dict)
    statuses: list[str] = field(default_factory=list)
    scene: list[Filler] = field(default_factory=list)
    apart: bool = False

    def keys(self, prop: str) -> set[str]:
        """What fills a property: entities by key, described participants by their head and number."""
        return {str(f[0]) or _signature(self.doc[f[1] : f[2]]) for f in self.roles.get(prop, [])}

    def only(self, prop: str) -> bool:
        """Whether nothing but one property is told, as in many a headline."""
        told = {name for name, values in self.roles.items() if values} | set(self.values)
        return told == {prop}

    def named(self, prop: str) -> set[str]:
        """The entities that fill a property."""
        return {str(f[0]) for f in self.roles.get(prop, []) if f[0]}


AGREEMENT, ACTUAL = "Agreement", "Actual"


def _signature(phrase: Span) -> str:
    """What tells one described participant from another: "woman 3" for "three young women"."""
    numbers = [token.lower_ for token in phrase if token.pos_ == "NUM"]
    return " ".join([phrase.root.lemma_.lower(), *numbers])


class Merger:
    """Merges candidates in text order.

    Args:
        lexicon: the class tree, and which classes are told once an article (``lex:told kb:Once``).
    """

    #: Roles in which two different named fillers speak of two events.
    _TELLING = ("agent", "target", "place")
    #: A definite noun refers back at most so many sentences.
    _BACK = 6

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def merge(self, candidates: list[Candidate]) -> list[Candidate]:
        """The distinct events, each with the triggers, roles and values of all its mentions."""
        events: list[Candidate] = []
        for candidate in candidates:
            fitting = (event for event in reversed(events) if self._same(event, candidate))
            known = None if candidate.apart else next(fitting, None)
            if known is None:
                events.append(candidate)
            else:
                self._absorb(known, candidate)
        return events

    def _same(self, event: Candidate, new: Candidate) -> bool:
        if not self._classes_fit(event.cls, new.cls):
            return False
        if self._same_by_class(event, new):
            return True
        if self._contradict(event, new):
            return False
        if self.lexicon.isa(new.cls, AGREEMENT):
            return self._one_agreement(event, new)
        if new.factuality != event.factuality and not new.definite:
            return False
        if (
            new.definite
            and not new.named("agent") - event.named("agent")
            and new.sentence - event.sentence <= self._BACK
        ):
            return (
                not new.named("target")
                or bool(new.keys("target") & event.keys("target"))
                or not event.roles.get("target")
            )
        if any(isinstance(v, int) and v > 1 and event.values.get(p) == v for p, v in new.values.items()):
            return True
        agents = bool(event.named("agent") & new.named("agent"))
        if agents and event.keys("agent") == new.keys("agent") and (event.only("agent") or new.only("agent")):
            return True
        if event.named("place") & new.named("place") and (event.only("place") or new.only("place")):
            return True
        counted = {key for key in event.keys("target") & new.keys("target") if " " in key}
        targets = bool(event.named("target") & new.named("target")) or bool(counted)
        places = bool(event.named("place") & new.named("place"))
        return (
            (agents and (targets or places))
            or (targets and places)
            or (targets and not (event.roles.get("agent") and new.roles.get("agent")))
        )

    def _same_by_class(self, event: Candidate, new: Candidate) -> bool:
        """Whether both name the same filler of the property by which their class tells its events apart."""
        props = self.lexicon.entry(new.cls).all("lex:sameBy")
        return event.factuality == new.factuality and any(event.named(prop) & new.named(prop) for prop in props)

    def _one_agreement(self, event: Candidate, new: Candidate) -> bool:
        shared = bool(event.named("party") & new.named("party"))
        if self.lexicon.isa(event.cls, new.cls):
            return shared or new.definite or not (event.named("party") and new.named("party"))
        return shared or (new.definite and event.cls == AGREEMENT)

    def _classes_fit(self, one: str, other: str) -> bool:
        return self.lexicon.isa(one, other) or self.lexicon.isa(other, one)

    def _contradict(self, event: Candidate, new: Candidate) -> bool:
        numbers = any(event.values.get(p, v) != v for p, v in new.values.items() if isinstance(v, int))
        dates = (str(c.values.get("date", "")) for c in (event, new))
        first, second = dates
        apart = bool(first and second) and not (first.startswith(second) or second.startswith(first))
        roles = any(event.named(p) and new.named(p) and event.named(p).isdisjoint(new.named(p)) for p in self._TELLING)
        return numbers or apart or roles

    def _absorb(self, event: Candidate, new: Candidate) -> None:
        if self.lexicon.isa(new.cls, event.cls) and new.cls != event.cls:
            event.cls, event.rule = new.cls, new.rule
        event.triggers.extend(t for t in new.triggers if t not in event.triggers)
        event.statuses.extend(new.statuses)
        if self.lexicon.isa(event.cls, AGREEMENT) and new.factuality == ACTUAL:
            event.factuality = ACTUAL
        event.scene = event.scene or new.scene
        event.confidence = max(event.confidence, new.confidence)
        for prop, more in new.roles.items():
            known = event.roles.setdefault(prop, [])
            if known and any(f[0] for f in known):
                more = [f for f in more if f[0]]
            told = event.keys(prop)
            known.extend(f for f in more if (str(f[0]) or _signature(new.doc[f[1] : f[2]])) not in told)
        for prop, value in new.values.items():
            if len(str(value)) > len(str(event.values.get(prop, ""))):
                event.values[prop] = value
