"""The stand-off annotations: sound in themselves, and sound with the text that they are of."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kb import evaluation
from kb.errors import InputError
from tests import annotated, guidelines

GMB = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "gmb" / "ner_dataset.csv.xz"
needs_words = pytest.mark.skipif(
    not GMB.is_file(), reason="no words of the Groningen Meaning Bank beside this checkout"
)
STORIES = annotated.stories()
each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)

#: Every string that an annotation may hold besides the terms of the ontology: identifiers, items, dates.
NEUTRAL = re.compile(r"gmb-\d+|[emg]\d+|Q\d+|NIL|\d{4}(-\d\d){0,2}")
SPAN = re.compile(r"(?<!\w)\S.*\S(?!\w)", re.DOTALL)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("annotated")
    annotated.rebuild(GMB, folder)
    return folder


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (found for item in value.values() for found in strings(item))
    elif isinstance(value, list):
        yield from (found for item in value for found in strings(item))


def spans(value: Any) -> Iterator[tuple[int, int]]:
    if annotated.is_span(value):
        yield value[0], value[1]
    elif isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        yield from (found for item in items for found in spans(item))


def terms() -> frozenset[str]:
    values = (guidelines.individuals(cls) for cls in guidelines.VALUES.values())
    return guidelines.classes("Agent", "Place", "Event").union(guidelines.RELATIONS, *values)


def load(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def test_half_of_the_stories_are_unread() -> None:
    assert {story.name for story in annotated.stories("read")} == {f"gmb-{n}" for n in range(1, 11)}
    assert {story.name for story in annotated.stories("unread")} == {f"gmb-{n}" for n in range(11, 21)}


def test_no_sentence_is_in_two_stories() -> None:
    assert all(one.last < two.first for one, two in pairwise(STORIES))


@each_story
def test_an_annotation_holds_no_text(story: annotated.Story) -> None:
    assert {string for string in strings(story.gold) if not NEUTRAL.fullmatch(string)} <= terms()


@each_story
def test_entities_are_numbered_by_first_mention(story: annotated.Story) -> None:
    entities = story.gold["entities"]
    assert list(entities) == [f"e{n}" for n in range(1, len(entities) + 1)]
    first = [min(entity["names"]) for entity in entities.values()]
    assert first == sorted(first)


@each_story
def test_events_have_their_own_ids(story: annotated.Story) -> None:
    ids = [event["id"] for kind in guidelines.EVENTS for event in story.gold[kind]]
    assert len(set(ids)) == len(ids)


@needs_words
@each_story
def test_a_rebuilt_story_is_sound(rebuilt: Path, story: annotated.Story) -> None:
    text = load(rebuilt / "articles" / f"{story.name}.json")["articleBody"]
    assert guidelines.complaints(load(rebuilt / f"{story.name}.gold.json"), text) == []


@needs_words
@each_story
def test_offsets_lie_at_the_edges_of_words(rebuilt: Path, story: annotated.Story) -> None:
    text = load(rebuilt / "articles" / f"{story.name}.json")["articleBody"]
    cut = [text[b:e] for b, e in spans(story.gold) if not 0 <= b < e <= len(text) or not SPAN.fullmatch(text, b, e)]
    assert cut == []


@needs_words
def test_the_scorer_reads_what_is_rebuilt(rebuilt: Path) -> None:
    assert {gold.name for gold in evaluation.read_gold(rebuilt)} == {story.name for story in STORIES}


@needs_words
def test_a_part_is_rebuilt_alone(tmp_path: Path) -> None:
    annotated.rebuild(GMB, tmp_path, part="unread")
    assert {gold.name for gold in evaluation.read_gold(tmp_path)} == {f"gmb-{n}" for n in range(11, 21)}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["He", "'s", "in", "Rome", ",", "isn", "n't", "he", "?"], "He's in Rome, isnn't he?"),
        (["A", '"', "good", '"', "deal", "."], 'A "good" deal.'),
        (["He", "says", ":", "``", "No", ".", "''"], 'He says: "No."'),
        (["It", "(", "MEND", ")", "wants", "$", "5", ",", "or", "10", "%"], "It (MEND) wants $5, or 10%"),
        (["They", "can", "not", "go"], "They cannot go"),
        ([], ""),
    ],
)
def test_words_are_joined(words: list[str], sentence: str) -> None:
    assert annotated.joined(words) == sentence


def test_sentences_are_read_from_a_table(tmp_path: Path) -> None:
    table = tmp_path / "ner_dataset.csv"
    table.write_text(
        'Sentence #,Word,POS,Tag\nSentence: 1,One,CD,O\n,"""",``,O\nSentence: 2,Two,CD,O\n,.,.,O\nSentence: 3,X,X,O\n'
    )
    assert annotated.sentences(table, {1, 2}) == {1: ["One", '"'], 2: ["Two", "."]}


def test_offsets_become_texts() -> None:
    value = {"names": [[0, 3], [4, 7]], "class": "City", "killed": 3, "place": ["e1"], "in": None, "target": [[4, 7]]}
    assert annotated.resolved(value, "One Two") == {
        "names": ["One", "Two"], "class": "City", "killed": 3, "place": ["e1"], "in": None, "target": ["Two"],
    }  # fmt: skip


def test_another_text_is_refused() -> None:
    with pytest.raises(InputError, match="not the text that was annotated"):
        annotated.text_of(STORIES[0], {})


def test_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["annotated", str(tmp_path / "none.csv"), str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        annotated.main()
    assert left.value.code == 1
    assert "none.csv" in capsys.readouterr().err


def broken() -> dict[str, Any]:
    """An annotation with one breach of each rule."""
    action = {"id": "m1", "class": "Ceasefire", "agent": ["x"], "target": [], "place": ["here"], "date": "May", "factuality": "True",
              "evidence": ["never said"]}  # fmt: skip
    return {
        "entities": {"e1": {"class": "Event", "names": ["her"], "wikidata": "12"}},
        "actions": [action],
        "agreements": [],
        "relations": [["e1", "likes", "e1"]],
        "positions": [{"person": "e1", "title": "boss", "in": None, "former": False}],
        "statements": [{"speaker": "e1", "evidence": "here", "attitude": "Reports"}],
    }


def test_complaints_name_every_breach() -> None:
    assert guidelines.complaints(broken(), "here he is") == sorted(
        [
            '"boss" is not in the text',
            '"here" is too long or short',
            '"never said" is not in the text',
            "May is no date",
            "True is no Factuality",
            "e1 is a Event",
            "e1 is item 12",
            "her is no name in the text",
            "here is no entity",
            "likes is no relation",
            "m1 is a Ceasefire",
            "x is neither an entity nor in the text",
        ]
    )
