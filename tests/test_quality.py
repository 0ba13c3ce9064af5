"""The whole flow on annotated articles: as good as it has been, and nothing in it contradicts the ontology."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pyoxigraph import Quad

from kb import checks
from tests import quality, update_quality
from tests.quality import Figure


@pytest.fixture(scope="module")
def figures(gold_folder: Path, gold_export: Mapping[str, set[Quad]]) -> quality.Figures:
    return quality.measure(gold_folder, gold_export)


def test_the_annotated_articles_are_those_of_the_floor(gold_folder: Path) -> None:
    assert quality.digest(gold_folder) == quality.recorded()[0]


def test_quality_does_not_sink(figures: quality.Figures) -> None:
    assert quality.sunk(figures, quality.recorded()[1]) == []


def test_an_export_of_the_annotated_articles_has_no_findings(gold_export: Mapping[str, set[Quad]]) -> None:
    assert checks.check(quad for quads in gold_export.values() for quad in quads) == []


def test_sunk_names_what_is_missing_or_lower() -> None:
    assert quality.sunk({"a": Figure(0.5, 9)}, {"a": 0.5, "b": 0.1}) == ["b is 0.000, was at least 0.100"]


def test_floor_lies_a_margin_below() -> None:
    figures = {"a": Figure(0.5, 1000), "b": Figure(0.0, 1000), "few": Figure(0.5, 20), "none": Figure(0.5, 0)}

    assert quality.floor(figures) == {"a": 0.49, "b": 0.0, "few": 0.4, "none": 0.0}


@pytest.mark.parametrize(
    ("reached", "arguments", "expected"),
    [(0.6, [], 0.59), (0.5, [], 0.495), (0.3, [], None), (0.3, ["--lower"], 0.29)],
)
def test_the_floor_is_lowered_only_on_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reached: float, arguments: list[str], expected: float | None
) -> None:
    monkeypatch.setattr(quality, "FLOOR_FILE", tmp_path / "quality.json")
    monkeypatch.setattr(quality, "measure", lambda folder, export: {"a": Figure(reached, 1000)})
    monkeypatch.setattr("kb.build.each", lambda paths: [])
    monkeypatch.setattr(update_quality, "GOLD", tmp_path / "gold")
    monkeypatch.setattr("sys.argv", ["update_quality", *arguments])
    (tmp_path / "gold").mkdir()
    quality.record(quality.digest(tmp_path / "gold"), {"a": 0.495})
    refused = update_quality.main()

    assert (refused is not None) == (expected is None)
    assert json.loads(quality.FLOOR_FILE.read_text(encoding="utf-8"))["floor"]["a"] == (expected or 0.495)
