"""Events from sentences, by the package's lexicon and by a user's own, with the trained pipeline."""

from functools import cache
from pathlib import Path

import pytest
from spacy.language import Language

from kb import pipeline
from kb.assertions import extract
from kb.model import Article, Event, Extraction


@cache
def nlp(*folders: Path) -> Language:
    return pipeline.load(ontology=folders)


def read(text: str, *folders: Path, title: str | None = None, published: str | None = None) -> Extraction:
    article = Article(name="case", title=title, body=text, published=published)
    doc = pipeline.document(nlp(*folders), article)
    for _, component in nlp(*folders).pipeline:
        doc = component(doc)
    return extract(doc, article)


def told(extraction: Extraction, event: Event) -> dict[str, object]:
    """An event as names: class, factuality, roles and values."""
    labels = {e.key: e.label for e in extraction.entities} | {p.key: p.label for p in extraction.participants}
    found: dict[str, object] = {"class": event.cls, "factuality": event.factuality}
    for prop, key in event.roles:
        found[prop] = sorted([*found.get(prop, []), labels[key]])  # type: ignore[misc]
    return found | dict(event.values)


CASES = [
    (
        "Israeli warplanes bombed the city of Gaza on Monday.",
        {"class": "Airstrike", "agent": ["Israeli warplanes"]},
    ),
    (
        "Boko Haram militants kidnapped 200 schoolgirls in Nigeria in 2014.",
        {
            "class": "Abduction",
            "agent": ["Boko Haram"],
            "target": ["200 schoolgirls"],
            "place": ["Nigeria"],
            "captured": 200,
        },
    ),
    (
        "A suicide bombing in Kabul killed at least 12 people and wounded 30.",
        {"class": "Bombing", "place": ["Kabul"], "killed": 12, "injured": 30},
    ),
    (
        "Russia may attack Ukraine, officials fear.",
        {"class": "MilitaryAction", "agent": ["Russia"], "target": ["Ukraine"], "factuality": "Possible"},
    ),
    (
        "Turkey will launch an offensive against the Islamic State.",
        {"class": "Offensive", "agent": ["Turkey"], "target": ["Islamic State"], "factuality": "Planned"},
    ),
    (
        "Russia and Ukraine signed a ceasefire, which was brokered by Turkey in Istanbul.",
        {"class": "Ceasefire", "party": ["Russia", "Ukraine"], "mediator": ["Turkey"], "status": "Agreed"},
    ),
    (
        "The Sri Lankan government and Tamil Tiger rebels held peace talks in Geneva.",
        {"class": "PeaceAgreement", "place": ["Geneva"], "status": "Negotiating"},
    ),
    (
        "A U.N. resolution gives Kenya a month to disarm the militias.",
        {"class": "Treaty", "party": ["U.N."], "status": "Agreed"},
    ),
    (
        "The rebels have besieged Aleppo since 2012.",
        {"class": "Siege", "target": ["Aleppo"], "place": ["Aleppo"]},
    ),
    (
        "The capture of Mosul by the Islamic State shocked the world.",
        {"class": "Capture", "agent": ["Islamic State"], "target": ["Mosul"]},
    ),
    (
        "Three soldiers were killed in a NATO airstrike near Kandahar.",
        {"class": "Airstrike", "agent": ["NATO"], "place": ["Kandahar"], "killed": 3},
    ),
]


@pytest.mark.parametrize(("text", "wanted"), CASES, ids=[text[:40] for text, _ in CASES])
def test_one_sentence_tells_one_event(text: str, wanted: dict[str, object]) -> None:
    extraction = read(text)

    assert len(extraction.events) == 1
    found = told(extraction, extraction.events[0])
    assert {name: found.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    "text",
    [
        "He fired his assistant after the meeting.",
        "The strike hit the song charts.",
        "The company launched a new phone.",
        "They reached the end of the road.",
        "Attack helicopters were shown at the fair.",
    ],
)
def test_no_event_where_nobody_fights(text: str) -> None:
    assert read(text).events == ()


def test_mentions_of_one_action_are_one_event() -> None:
    text = "U.S. airstrikes hit a convoy in Syria on Monday. The airstrikes were the first this year."

    extraction = read(text)

    assert len(extraction.events) == 1
    assert len(extraction.events[0].provenance.mentions) >= 2


def _with_triggers(text: str, word: str, cls: str, **roles: str) -> list[dict[str, object]]:
    """The events of a text in which the language model is said to have found one trigger."""
    article = Article(name="case", title=None, body=text, published=None)
    doc = pipeline.document(nlp(), article)
    for name, component in nlp().pipeline:
        if name == "kb_events":
            at = next(token.i for token in doc if token.text == word)
            spans = {role: doc.char_span(begin := text.index(part), begin + len(part)) for role, part in roles.items()}
            doc._.kb_triggers = [[at, cls, [[role, s.start, s.end] for role, s in spans.items() if s is not None]]]
        doc = component(doc)
    extraction = extract(doc, article)
    return [told(extraction, event) for event in extraction.events]


def test_a_word_that_the_lexicon_lacks_is_an_event_where_the_model_finds_one() -> None:
    text = "Turkey pacified the Kurdistan Workers Party."

    found = _with_triggers(text, "pacified", "Offensive", agent="Turkey", target="Kurdistan Workers Party")

    wanted = {"class": "Offensive", "agent": ["Turkey"], "target": ["Kurdistan Workers Party"]}
    assert [{name: event.get(name) for name in wanted} for event in found] == [wanted]


def test_the_model_fills_what_the_lexicon_leaves_empty() -> None:
    found = _with_triggers(
        "The raid on Mosul came after Turkey lost patience.", "raid", "Raid", agent="Turkey", target="patience"
    )

    assert [(event["agent"], event["target"]) for event in found] == [(["Turkey"], ["Mosul"])]


OWN_CLASS = """
@prefix ex:   <https://example.org/cyber#> .
@prefix kb:   <https://w3id.org/newskb/ontology#> .
@prefix lex:  <https://w3id.org/newskb/lexicon#> .
@prefix owl:  <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:CyberAttack a owl:Class ; rdfs:subClassOf kb:Event ; rdfs:label "cyber attack"@en .
ex:attacker a owl:ObjectProperty ; rdfs:range kb:Agent ; lex:takes kb:Agent .
ex:victim a owl:ObjectProperty .
ex:hackFrame a lex:Frame ; ex:attacker "subj" ; ex:victim "obj", "of" ; kb:place "in" .
ex:hack a lex:Trigger ; rdfs:label "hack"@en ; lex:pos "VERB" ; lex:evokes ex:CyberAttack ; lex:frame ex:hackFrame .
ex:breach a lex:Trigger ; rdfs:label "data breach"@en ; lex:pos "NOUN" ; lex:evokes ex:CyberAttack ; lex:frame ex:hackFrame .
"""


def test_a_class_of_the_users_own_is_extracted_by_its_lexicon_alone(tmp_path: Path) -> None:
    (tmp_path / "cyber.ttl").write_text(OWN_CLASS, encoding="utf-8")

    extraction = read("Russia hacked the State Department in 2014.", tmp_path)

    assert [event.cls for event in extraction.events] == ["https://example.org/cyber#CyberAttack"]
    found = told(extraction, extraction.events[0])
    assert found["https://example.org/cyber#attacker"] == ["Russia"]
    assert found["https://example.org/cyber#victim"] == ["State Department"]
