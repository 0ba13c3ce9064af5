"""Extractions made by hand, for tests: texts of our own about an invented war, every offset found in the text."""

from dataclasses import replace

from kb.model import (
    Article,
    Entity,
    Event,
    Extraction,
    Link,
    Participant,
    Position,
    Provenance,
    Relation,
    Span,
    Statement,
)

TRUCE = Article(
    name="truce",
    title="Lebanese jets strike hill post as truce is agreed",
    body="BEIRUT (Example News) — Lebanese jets bombed a hill post of the Cedar Brigade near Zahle on Monday, "
    "killing at least four fighters.\n\n"
    "Hezbollah brokered a cease-fire between the Cedar Brigade and the Lebanese government, Gen. Karim "
    "Haddad, a spokesman for the Lebanese army, said Tuesday.\n\n"
    'Haddad, a former commander of the Bekaa garrison, criticized the deal. "It may fall apart," he said.\n\n'
    "Iran has armed Hezbollah for years. The Cedar Brigade threatened to shell a barracks.",
    published="2017-08-29",
    source="Example News",
    url="https://news.example/2017/08/29/truce",
)


def spans(article: Article, *anchors: str) -> tuple[Span, ...]:
    """Every place where one of the strings stands in the article's text, sorted."""
    found = set()
    for anchor in anchors:
        at = article.text.find(anchor)
        while at >= 0:
            found.add(Span(at, at + len(anchor)))
            at = article.text.find(anchor, at + 1)
    return tuple(sorted(found))


def read(article: Article, trigger: str, start: str, end: str, rule: str, confidence: float) -> Provenance:
    """The first sentence that begins and ends with the given words, and the trigger in it."""
    begin = article.text.index(start)
    quote = Span(begin, article.text.index(end, begin) + len(end))
    at = article.text.index(trigger, begin)
    return Provenance(quote=quote, mentions=(Span(at, at + len(trigger)),), rule=rule, confidence=confidence)


def entity(article: Article, key: str, cls: str, label: str, *names: str, link: Link | None = None) -> Entity:
    found = spans(article, label, *names)
    return Entity(key=key, cls=cls, label=label, names=tuple(sorted(names)), mentions=found, link=link, confidence=0.97)


_BOMBED = read(TRUCE, "bombed", "BEIRUT", "fighters.", "lex:bomb-v", 0.91)
_BROKERED = read(TRUCE, "cease-fire", "Hezbollah brokered", "Tuesday.", "lex:cease-fire-n", 0.88)
_ARMED = read(TRUCE, "armed", "Iran has", "years.", "lex:arm-v", 0.9)
_SAID = read(TRUCE, "said", "Hezbollah brokered", "Tuesday.", "lex:say-v", 0.95)
_SPOKESMAN = read(TRUCE, "spokesman", "Hezbollah brokered", "Tuesday.", "lex:spokesman-n", 0.93)
_COMMANDER = read(TRUCE, "commander", "Haddad, a former", "deal.", "lex:commander-n", 0.9)
_SHELL = read(TRUCE, "shell", "The Cedar Brigade threatened", "barracks.", "lex:shell-v", 1.0)

#: A short war report with every kind of assertion; one event is only planned.
WAR = Extraction(
    article=TRUCE,
    entities=(
        entity(TRUCE, "n1", "Country", "Lebanon", "Lebanese", link=Link(qid="Q822", score=0.98, confident=True)),
        entity(TRUCE, "n2", "ArmedGroup", "Hezbollah", link=Link(qid="Q41053", score=0.97, confident=True)),
        entity(TRUCE, "n3", "Country", "Iran", link=Link(qid="Q794", score=0.99, confident=True)),
        entity(TRUCE, "n4", "ArmedGroup", "Cedar Brigade"),
        entity(TRUCE, "n5", "Government", "Lebanese government"),
        entity(TRUCE, "n6", "ArmedForce", "Lebanese army"),
        entity(TRUCE, "n7", "City", "Zahle", link=Link(qid="Q26569", score=0.5, confident=False)),
        entity(TRUCE, "n8", "Person", "Karim Haddad", "Haddad"),
        entity(TRUCE, "n9", "ArmedForce", "Bekaa garrison"),
    ),
    participants=(
        Participant(key="p1", label="a hill post of the Cedar Brigade", mentions=spans(TRUCE, "a hill post")),
        Participant(key="p2", label="a barracks", mentions=spans(TRUCE, "a barracks")),
    ),
    events=(
        Event(
            key="e1",
            cls="Airstrike",
            roles=(("agent", "n1"), ("place", "n7"), ("target", "p1")),
            values=(("date", "2017-08-28"), ("killed", 4)),
            factuality="Actual",
            attributed_to=(),
            provenance=_BOMBED,
        ),
        Event(
            key="e2",
            cls="Ceasefire",
            roles=(("mediator", "n2"), ("party", "n4"), ("party", "n5")),
            values=(("date", "2017-08"), ("provides", "an end of the fighting"), ("status", "Agreed")),
            factuality="Actual",
            attributed_to=("n8",),
            provenance=_BROKERED,
        ),
        Event(
            key="e3",
            cls="Shelling",
            roles=(("agent", "n4"), ("partOf", "e1"), ("target", "p2")),
            values=(),
            factuality="Planned",
            attributed_to=(),
            provenance=_SHELL,
        ),
    ),
    statements=(
        Statement(
            key="s1",
            speakers=("n8",),
            text="Hezbollah brokered a cease-fire between the Cedar Brigade and the Lebanese government",
            attitude="Reports",
            about=("e2", "n2"),
            date="2017-08-29",
            provenance=_SAID,
        ),
    ),
    positions=(
        Position(
            key="o1",
            person="n8",
            title="spokesman for the Lebanese army",
            body="n6",
            former=False,
            provenance=_SPOKESMAN,
        ),
        Position(
            key="o2",
            person="n8",
            title="commander of the Bekaa garrison",
            body="n9",
            former=True,
            provenance=_COMMANDER,
        ),
    ),
    relations=(
        Relation(subject="n8", predicate="spokespersonFor", object="n6", provenance=_SPOKESMAN),
        Relation(subject="n3", predicate="supports", object="n2", provenance=_ARMED),
        Relation(subject="n4", predicate="fights", object="n1", provenance=_BOMBED),
    ),
)

#: A note without headline, date or source, in which nothing was found.
EMPTY = Extraction(article=Article(name="note", title=None, body="Nothing happened."))

HOSTILE_NAME = 'O\'Neil "the <b>Fox</b>"\r\n\x07 \\u0041 {x} \u202egnik\u202c & co\u2028'
_HOSTILE = Article(
    name="hostile",
    title='Re: "<script>" \u202e & more\r\n',
    body=f"Then {HOSTILE_NAME} struck back \U0001f600\x85.",
    source="A & B <press>",
    url="https://news.example/a b?q=<ü>&x=[1]#y#z",
)

#: Names and text with whatever breaks a careless writer.
HOSTILE = Extraction(
    article=_HOSTILE,
    entities=(entity(_HOSTILE, "n1", "Person", HOSTILE_NAME), entity(_HOSTILE, "n2", "Person", "\u202e")),
    events=(
        Event(
            key="e1",
            cls="https://example.org/terms#CyberAttack",
            roles=(("https://example.org/terms#hacker", "n1"),),
            values=(("date", "2017-02-30"), ("https://example.org/terms#motto", HOSTILE_NAME), ("killed", 0)),
            factuality="Actual",
            attributed_to=(),
            provenance=read(_HOSTILE, "struck", "Then", ".", "head events/v1 é", 0.123456),
        ),
    ),
)

#: The war report again as another article that calls two of its entities by one name.
MERGED = replace(
    WAR,
    article=replace(TRUCE, url=None),
    entities=(
        *WAR.entities,
        replace(WAR.entities[1], key="n10", label="Party of God", mentions=(), cls="PoliticalParty"),
    ),
)

ALL = {"war": WAR, "empty": EMPTY, "hostile": HOSTILE, "merged": MERGED}
