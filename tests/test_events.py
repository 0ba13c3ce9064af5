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
        "Russia and Ukraine signed a ceasefire brokered by Turkey in Istanbul.",
        {"class": "Ceasefire", "party": ["Russia", "Ukraine"], "mediator": ["Turkey"], "status": "Agreed"},
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
