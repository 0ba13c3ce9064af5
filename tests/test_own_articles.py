"""The articles written for these tests, annotated: the annotation is sound, and the export says enough of what it says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph

from kb import build, evaluation, rdf
from kb.evaluation import Outcome
from tests import guidelines

CASES = Path(__file__).with_name("cases")
GOLD = CASES / "gold"
NAMES = sorted(file.stem for file in (CASES / "articles").glob("*.txt"))
each_article = pytest.mark.parametrize("name", NAMES)

#: What the facts of all articles together reached, F1, less 0.03.
FLOOR = 0.659


def load(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def text_of(name: str) -> str:
    article = load(GOLD / "articles" / f"{name}.json")
    return f"{article['headline']}\n\n{article['articleBody']}"


def outcomes() -> Iterator[Outcome]:
    """Each comparison of the export with the annotation, over all articles."""
    golds = {gold.name: gold for gold in evaluation.read_gold(GOLD)}
    for article, quads in build.each([GOLD / "articles"]):
        graph = Graph().parse(data=rdf.serialize(quads, "turtle"), format="turtle")
        yield from evaluation.compare(golds[article.name], graph)


def test_every_article_is_annotated() -> None:
    assert [gold.name for gold in evaluation.read_gold(GOLD)] == NAMES


@each_article
def test_the_annotated_text_is_the_article(name: str) -> None:
    assert text_of(name) == (CASES / "articles" / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")


@each_article
def test_an_annotation_is_sound(name: str) -> None:
    assert guidelines.complaints(load(GOLD / f"{name}.gold.json"), text_of(name)) == []


def test_the_export_says_what_is_annotated() -> None:
    facts = {row.name: row for row in evaluation.rows(outcomes())}["facts"]
    assert facts.f1 >= FLOOR
