"""Confidences: the lexicon's calibration, the threshold, and the benchmark that measures both, on data made by hand."""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab

from benchmarks import confidence as benchmark
from benchmarks.confidence import (
    Tally,
    brier,
    calibration_error,
    curve,
    grades,
    picture,
    steps,
    summed,
    tallies,
    turtle,
)
from kb.evaluation import Gold, GoldEntity, GoldEvent, Outcome
from kb.pipeline.confidence import Calibration
from kb.pipeline.lexicon import load_lexicon
from kb.resources import entries
from tests.extractions import WAR

LEXICON = load_lexicon()
CALIBRATION = Calibration(LEXICON)
MEASURED = ("action", "agreement", "entity", "event", "position", "relation", "statement")
HUNDREDTHS = [n / 100 for n in range(101)]

# The calibration ------------------------------------------------------------------------------------------------------


def test_every_kind_of_find_is_calibrated() -> None:
    assert sorted(CALIBRATION.steps) == sorted(MEASURED)


@pytest.mark.parametrize("kind", MEASURED)
def test_a_surer_find_never_ends_below(kind: str) -> None:
    worths = [CALIBRATION.worth(kind, grade) for grade in HUNDREDTHS]

    assert worths == sorted(worths)
    assert 0 < worths[0] <= worths[-1] < 1


def test_what_the_lexicon_states_of_each_entry_has_a_worth() -> None:
    rows = {entry.id: entry for label in LEXICON.of("Trigger").values() for entry in label}

    for entry in rows.values():
        stated = float(entry.one("lex:confidence", "0.8"))
        worth = CALIBRATION.worth(CALIBRATION.kind(entry.one("lex:evokes")), stated)
        assert 0 <= stated <= 1 and 0 < worth < 1, entry.id


@pytest.mark.parametrize(
    ("cls", "kind"), [("Airstrike", "action"), ("Ceasefire", "agreement"), ("https://example.org/#Protest", "event")]
)
def test_events_are_of_a_kind_by_their_class(cls: str, kind: str) -> None:
    assert CALIBRATION.kind(cls) == kind


def lexicon_of(folder: Path, rows: str) -> Calibration:
    prefixes = (
        "@prefix lex: <https://w3id.org/newskb/lexicon#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
    )
    (folder / "x.ttl").write_text(f"{prefixes}\n{rows}", encoding="utf-8")
    return Calibration(type(LEXICON)(entries([folder / "x.ttl"])))


def test_a_step_holds_from_its_grade_on_and_the_first_below_it_too(tmp_path: Path) -> None:
    rows = (
        'lex:a a lex:Calibration ; rdfs:label "relation" ; lex:from 0.5 ; lex:means 0.4 .\n'
        'lex:b a lex:Calibration ; rdfs:label "relation" ; lex:from 0.8 ; lex:means 0.9 .\n'
    )
    calibration = lexicon_of(tmp_path, rows)

    assert [calibration.worth("relation", grade) for grade in (0.1, 0.5, 0.79, 0.8, 1.0)] == [0.4, 0.4, 0.4, 0.9, 0.9]


def test_a_kind_without_rows_stays_as_it_is(tmp_path: Path) -> None:
    assert lexicon_of(tmp_path, "").worth("relation", 0.37) == 0.37


def test_the_component_rewrites_what_the_others_wrote(tmp_path: Path) -> None:
    calibration = lexicon_of(tmp_path, 'lex:a a lex:Calibration ; rdfs:label "relation" ; lex:means 0.7 .')
    doc = Doc(Vocab(), words=["x"])
    doc._.kb_entities, doc._.kb_events, doc._.kb_positions = {}, [], []
    doc._.kb_relations = [{"confidence": 0.3}]
    doc._.kb_statements = [{"confidence": 0.3}]
    calibration(doc)

    assert (doc._.kb_relations, doc._.kb_statements) == ([{"confidence": 0.7}], [{"confidence": 0.3}])


# The benchmark --------------------------------------------------------------------------------------------------------

NAMES = {
    "iran": "Iran",
    "hezbollah": "Hezbollah",
    "army": "Lebanese army",
    "haddad": "Karim Haddad",
    "cedar": "Cedar Brigade",
}


def event(cls: str, factuality: str, **slots: tuple[str, ...]) -> GoldEvent:
    empty = dict.fromkeys("agent target place party mediator date killed injured status".split(), ())
    return GoldEvent(cls, factuality, {**empty, **slots}, ())


GOLD = Gold(
    name="truce",
    entities={key: GoldEntity("ArmedGroup", frozenset({name.casefold()}), None) for key, name in NAMES.items()},
    events={
        "actions": (event("Airstrike", "Actual", target=("a hill post",), date=("2017-08-28",)),),
        "agreements": (event("Ceasefire", "Actual", mediator=("hezbollah",)),),
    },
    relations=(("iran", "supports", "hezbollah"),),
    positions=(("haddad", "spokesman for the Lebanese army"),),
    statements=(),
)


def found(rows: Iterable[Tally]) -> int:
    return sum(row.found for row in rows)


def test_a_higher_threshold_leaves_fewer_facts() -> None:
    numbers = [found(tallies(GOLD, WAR, least).values()) for least in benchmark.THRESHOLDS]

    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > numbers[-1] > 0


def test_facts_of_each_confidence_sum_to_all_facts() -> None:
    graded, whole = grades([(GOLD, WAR)]), tallies(GOLD, WAR, 0.0)

    assert {row: found(of.values()) for row, of in graded.items() if of} == {
        row: tally.found for row, tally in whole.items() if tally.found
    }
    assert graded["actions"][0.91].right == 3
    assert graded["actions"][1.0].right == 0


def test_factuality_is_no_fact_and_a_wrong_class_is_a_wrong_entity() -> None:
    outcomes = [
        Outcome("actions: class", tp=1),
        Outcome("actions: factuality", fp=1, fn=1),
        Outcome("entities", tp=1),
        Outcome("entity class", fp=1, fn=1),
        Outcome("links", tp=1),
    ]

    assert summed(outcomes) == {"actions": Tally(1), "entities": Tally(0, 1, 1)}


def test_scores_of_confidence_by_hand() -> None:
    row = {0.5: Tally(right=1, wrong=1), 0.9: Tally(right=2)}

    assert brier(row) == pytest.approx((0.25 + 0.25 + 0.01 + 0.01) / 4)
    assert calibration_error(row) == pytest.approx((2 * 0.0 + 2 * 0.1) / 4)


def test_steps_pool_what_is_out_of_order_and_are_never_certain() -> None:
    pooled = steps({0.6: Tally(30, 30), 0.7: Tally(90, 10), 0.8: Tally(80, 20), 0.9: Tally(200, 0)})

    assert [least for least, _ in pooled] == [0.0, 0.7, 0.9]
    assert [means for _, means in pooled] == sorted(means for _, means in pooled)
    assert steps({0.9: Tally(50, 0)}) == [(0.0, 0.98)]


def test_rows_that_are_fitted_are_rows_that_are_read(tmp_path: Path) -> None:
    graded = {row: {0.5: Tally(5, 45), 0.9: Tally(45, 5)} for row in benchmark.KINDS}
    calibration = lexicon_of(tmp_path, "@prefix dct: <http://purl.org/dc/terms/> .\n" + "\n".join(turtle(graded)))

    assert sorted(calibration.steps) == sorted(MEASURED)
    assert calibration.worth("action", 0.89) < 0.3 < 0.7 < calibration.worth("action", 0.9)


def test_the_curve_as_a_table_and_as_a_picture() -> None:
    points = [(0.5, Tally(8, 2, 2)), (0.9, Tally(5, 0, 5)), (1.0, Tally(missing=10))]
    lines = list(curve(points))

    assert lines[2:4] == ["| 0.50 | 10 | 0.800 | 0.800 | 0.800 |", "| 0.90 | 5 | 1.000 | 0.500 | 0.667 |"]
    assert [text.text for text in ElementTree.fromstring(picture(points)).iter() if text.text][-3:] == [
        "precision",
        "recall",
        "F1",
    ]
