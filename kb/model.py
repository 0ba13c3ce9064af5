"""The values that flow from article to RDF: frozen, plain, without behaviour.

Nothing here knows spaCy, RDF or files. Offsets are 0-based Unicode code points of ``Article.text``, end exclusive, and
``article.text[begin:end]`` is the anchor, always. A *key* names an assertion within its article ("e1", "m3"); IRIs are
derived later and never from keys. A *term* is the local name of a term of the newskb ontology ("Airstrike", "agent") or
the full IRI of a term of a user's own.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A source document.

    Attributes:
        name: what a person calls it: the stem of its file, or its identifier in a JSON Lines file.
        title: headline, or None.
        body: the text under the headline.
        published: publication date, ISO 8601 as exact as it is known ("2017-08-31", "2017-08", "2017"), or None.
        source: publisher, or None.
        url: where it was published, or None.
    """

    name: str
    title: str | None
    body: str
    published: str | None = None
    source: str | None = None
    url: str | None = None

    @property
    def text(self) -> str:
        """The annotated text: headline, an empty line, body; the body alone where there is no headline."""
        return f"{self.title}\n\n{self.body}" if self.title else self.body


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of ``Article.text``: code points [begin, end)."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a fact was read, by which rule, and how sure that is.

    Attributes:
        quote: the sentence.
        mentions: the trigger or the mentions within the article, sorted.
        rule: id of the lexicon entry or model head that found it.
        confidence: in [0, 1].
    """

    quote: Span
    mentions: tuple[Span, ...]
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A Wikidata item proposed for an entity, or for the one person whom a described post means.

    Attributes:
        qid: "Q…".
        score: in [0, 1].
        confident: True for ``owl:sameAs``, False for ``skos:closeMatch``.
    """

    qid: str
    score: float
    confident: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Whom or what the article names.

    Attributes:
        key: name within the article.
        cls: most specific class, a term.
        label: preferred name.
        names: every other name used in the article, sorted, without the label.
        mentions: every span that names it, sorted.
        link: Wikidata item or None.
        confidence: in [0, 1], that it is an entity of this class.
    """

    key: str
    cls: str
    label: str
    names: tuple[str, ...]
    mentions: tuple[Span, ...]
    link: Link | None = None
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A filler that the article describes and does not name: "nine Lebanese soldiers".

    Attributes:
        owner: key of the entity that the possessive at its beginning stands for ("its president"), or None.
        link: the item of whoever held the post that it is ("Iraq's president"), never confident, or None.
    """

    key: str
    label: str
    mentions: tuple[Span, ...]
    owner: str | None = None
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A military action, an agreement, or an event of a user's class.

    Attributes:
        roles: (property term, key of an entity, participant or event), sorted, without duplicates.
        values: (property term, value): ISO date, integer, string, or the local name of an individual of the
            ontology ("Agreed").
        factuality: "Actual", "Planned", "Possible" or "Denied".
        attributed_to: keys of those whose claim it is; empty where the article asserts it itself.
    """

    key: str
    cls: str
    roles: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str | int], ...]
    factuality: str
    attributed_to: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a speaker is reported to have said.

    Attributes:
        speakers: keys of entities or participants.
        text: what was said, as in the article.
        attitude: "Reports", "Criticizes", "Supports", "Denies", "Demands", "Threatens" or "Promises".
        about: keys of entities and events.
        date: ISO date or None.
    """

    key: str
    speakers: tuple[str, ...]
    text: str
    attitude: str
    about: tuple[str, ...]
    date: str | None
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A post or title that a person holds or held.

    Attributes:
        person: key of an entity.
        title: the position as written, without the name.
        body: key of the organization, country or participant where it is held, or None.
        former: True if the article says so.
    """

    key: str
    person: str
    title: str
    body: str | None
    former: bool
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A relation between two agents or places: ``leaderOf``, ``supports``, ``controls`` and their like.

    Attributes:
        subject: key of an entity or participant.
        predicate: property term.
        object: key of an entity or participant.
    """

    subject: str
    predicate: str
    object: str
    provenance: Provenance


#: One entity, event, statement, position or relation with its provenance.
Assertion: TypeAlias = Entity | Participant | Event | Statement | Position | Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """All that was read from one article; every key used in an assertion is defined in it."""

    article: Article
    entities: tuple[Entity, ...] = ()
    participants: tuple[Participant, ...] = ()
    events: tuple[Event, ...] = ()
    statements: tuple[Statement, ...] = ()
    positions: tuple[Position, ...] = ()
    relations: tuple[Relation, ...] = ()
