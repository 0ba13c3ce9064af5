"""The figures: by hand on one small article, and equal to the reference scorer's on many broken exports."""

import importlib.util
import json
import random
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rdflib import OWL, RDF, RDFS, Graph, Literal, URIRef
from rdflib.term import Node

from kb import evaluation
from kb.errors import InputError, KbError
from kb.evaluation import Outcome, Row, alike, compare, norm, read_gold, rows, words
from kb.resources import KB

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
DEV = SHARED / "gold" / "dev"
needs_gold = pytest.mark.skipif(not DEV.is_dir(), reason="no annotated articles beside this checkout")

EX = "http://example.org/"

ARTICLE = {
    "entities": {
        "dorvia": {"class": "Country", "names": ["Dorvia", "the Dorvian side"], "wikidata": "NIL"},
        "tarsk": {"class": "City", "names": ["Tarsk"], "wikidata": "Q5"},
        "bandi": {"class": "Person", "names": ["Lea Bandi", "Bandi"], "wikidata": None},
    },
    "actions": [
        {
            "class": "Airstrike",
            "agent": ["dorvia"],
            "target": ["a small bridge"],
            "place": ["tarsk"],
            "date": "2031-05-02",
            "killed": 3,
            "injured": None,
            "factuality": "Actual",
            "evidence": ["Dorvian jets hit a small bridge in Tarsk"],
        }
    ],
    "agreements": [],
    "relations": [["bandi", "leaderOf", "dorvia"], ["dorvia", "locatedIn", "tarsk"]],
    "positions": [{"person": "bandi", "title": "president of Dorvia", "in": "dorvia", "former": False}],
    "statements": [{"speaker": "bandi", "evidence": "the bridge was a military target", "attitude": "Reports"}],
}

EXPORT = """
@prefix kb: <https://w3id.org/newskb/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix wd: <http://www.wikidata.org/entity/> .
@prefix : <http://example.org/> .
:dorvia a kb:Country ; rdfs:label "Dorvia"@en ; owl:sameAs wd:Q9 .
:tarsk a kb:Facility ; rdfs:label "Tarsk"@en ; owl:sameAs wd:Q5 .
:bandi a kb:Person ; rdfs:label "Bandi"@en ; kb:leaderOf :dorvia ; kb:memberOf :dorvia ; kb:holds :post .
:post kb:title "president" .
:bridge rdfs:label "the bridge" .
:strike a kb:Airstrike ; kb:agent :dorvia ; kb:target :bridge ; kb:place :tarsk , :dorvia ; kb:killed 4 ; kb:factuality kb:Actual .
:said a kb:Statement ; kb:speaker :bandi ; kb:text "that the bridge was a military target, he said" .
:other a kb:Statement ; kb:speaker :bandi ; kb:text "something else" .
"""

FIGURES = {
    "entities": (1.0, 1.0, 3),
    "entity class": (2 / 3, 2 / 3, 3),
    "links": (0.5, 1.0, 1),
    "actions: class": (1.0, 1.0, 1),
    "actions: factuality": (1.0, 1.0, 1),
    "actions: agent": (1.0, 1.0, 1),
    "actions: target": (1.0, 1.0, 1),
    "actions: place": (0.5, 1.0, 1),
    "actions: date": (0.0, 0.0, 1),
    "actions: killed": (0.0, 0.0, 1),
    "relations: leaderOf": (1.0, 1.0, 1),
    "positions": (1.0, 1.0, 1),
    "statements": (0.5, 1.0, 1),
    "facts": (7 / 10, 7 / 9, 9),
}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    folder = tmp_path_factory.mktemp("gold")
    (folder / "strike.gold.json").write_text(json.dumps(ARTICLE), encoding="utf-8")
    [gold] = read_gold(folder)
    return {row.name: row for row in rows(compare(gold, Graph().parse(data=EXPORT, format="turtle")))}


@pytest.mark.parametrize(("name", "expected"), FIGURES.items())
def test_figures_by_hand(figures: dict[str, Row], name: str, expected: tuple[float, float, int]) -> None:
    row = figures[name]

    assert (row.precision, row.recall, row.gold) == pytest.approx(expected)


def test_rows_are_ordered_groups_first(figures: dict[str, Row]) -> None:
    names = list(figures)

    assert names[:3] == ["entities", "entity class", "links"]
    assert names == [*(n for n in evaluation.FIRST_ROWS if n in names), *sorted(n for n in names if ":" in n)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The U.S.", "us"),
        ("Élysée\u2019s", "elysee"),
        ("al-Qaeda", "al qaeda"),
        ("  A   bridge ", "bridge"),
        ("", ""),
    ],
)
def test_norm(text: str, expected: str) -> None:
    assert norm(text) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a small bridge", "the bridge", True),
        ("nine Lebanese soldiers", "nine soldiers of Lebanon", True),
        ("a road", "a bridge", False),
        ("the", "a bridge", False),
    ],
)
def test_alike(one: str, other: str, expected: bool) -> None:
    assert alike(one, other) is expected


def test_words_leave_out_what_says_nothing() -> None:
    assert words("several of their soldiers") == {"soldiers"}


def test_empty_export_misses_everything(tmp_path: Path) -> None:
    (tmp_path / "a.gold.json").write_text(json.dumps(ARTICLE), encoding="utf-8")
    [gold] = read_gold(tmp_path)
    outcomes = list(compare(gold, Graph()))

    assert {row.f1 for row in rows(outcomes)} == {0.0}
    assert "missing entity dorvia Country" in [outcome.note for outcome in outcomes]


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"entities": {"a": {"class": "Dragon", "names": []}}}', '{"entities": 3}']
)
def test_what_is_no_annotation_is_an_input_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.gold.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.gold\.json"):
        read_gold(tmp_path)


def test_folder_without_annotations(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="annotated articles"):
        read_gold(tmp_path)


def test_without_scipy_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(KbError, match=r"pip install 'newskb\[evaluate\]'"):
        evaluation._solver()


def test_no_outcomes_no_rows() -> None:
    assert rows([]) == []
    assert rows([Outcome("statements")]) == [Row("facts", 0, 0, 0, 0), Row("statements", 0, 0, 0, 0)]


# Against the reference scorer -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", SHARED / "gold" / "score.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_gold
@pytest.mark.parametrize("seed", range(4))
def test_same_figures_as_the_reference(reference: ModuleType, seed: int) -> None:
    scorer, outcomes, chance = reference.Scorer(errors=True), list[Outcome](), random.Random(seed)
    for gold in read_gold(DEV):
        said = json.loads((DEV / f"{gold.name}.gold.json").read_text(encoding="utf-8"))
        graph = Broken(said, chance).graph
        scorer.article(gold.name, said, graph)
        outcomes += compare(gold, graph)

    assert [(r.name, r.precision, r.recall, r.f1, r.gold) for r in rows(outcomes)] == scorer.report()
    assert len([o for o in outcomes if o.note]) == len(scorer.errors)


class Broken:
    """An annotation as an export, with things left out, doubled and mistaken at random."""

    def __init__(self, said: dict[str, Any], chance: random.Random) -> None:
        self.said, self.chance, self.graph = said, chance, Graph()
        self.known: dict[str, Node] = {}
        for key in self.often(said["entities"]):
            self.filler(key)
        self.events("actions", evaluation.ACTIONS)
        self.events("agreements", evaluation.AGREEMENTS)
        self.others()

    def often(self, things: Any) -> list[Any]:
        return [thing for thing in things if self.chance.random() < 0.75]

    def add(self, node: Node, prop: str, value: Node) -> Node:
        self.graph.add((node, URIRef(KB + prop), value))
        return node

    def node(self, cls: str | None = None) -> Node:
        node = URIRef(f"{EX}{len(self.graph)}")
        self.graph.add((node, RDFS.comment, Literal(len(self.graph))))
        if cls:
            self.graph.add((node, RDF.type, URIRef(KB + cls)))
        return node

    def filler(self, ref: str) -> Node:
        if ref not in self.said["entities"]:
            node = self.node()
            self.graph.add((node, RDFS.label, Literal(ref)))
            return node
        if ref not in self.known:
            self.known[ref] = self.entity(self.said["entities"][ref])
        return self.known[ref]

    def entity(self, said: dict[str, Any]) -> Node:
        node = self.node(self.chance.choice([said["class"]] * 4 + list(evaluation.COARSE)[:3]))
        self.graph.add((node, RDFS.label, Literal(self.chance.choice([*said["names"], "Nowhere"]), lang="en")))
        item = self.chance.choice([said.get("wikidata") or "Q1", said.get("wikidata") or "Q1", "Q2"])
        if item != "NIL":
            self.graph.add((node, OWL.sameAs, URIRef(evaluation.WIKIDATA + item)))
        return node

    def events(self, key: str, family: evaluation.Family) -> None:
        for said in self.often(self.said[key] * 2):
            node = self.node(self.chance.choice([said["class"], said["class"], *family.classes]))
            self.add(node, "factuality", URIRef(KB + self.chance.choice(["Actual", "Planned"])))
            for slot in family.slots:
                for value in self.often(self.values(said.get(slot))):
                    self.add(node, slot, self.value(slot, value))

    def values(self, value: Any) -> list[Any]:
        return value if isinstance(value, list) else [] if value is None else [value]

    def value(self, slot: str, value: Any) -> Node:
        if slot in evaluation.FILLERS:
            return self.filler(self.chance.choice([value, value, *self.said["entities"]]))
        return URIRef(KB + value) if slot == "status" else Literal(value)

    def others(self) -> None:
        for subject, prop, value in self.often(self.said["relations"]):
            for name in self.chance.choice([[prop], [prop, "memberOf"], ["fights"]]):
                self.add(self.filler(subject), name, self.filler(value))
                self.add(self.filler(value), self.chance.choice(["fights", "near"]), self.filler(subject))
        for said in self.often(self.said["positions"]):
            post = self.add(self.node(), "title", Literal(self.chance.choice([said["title"], "cook"])))
            self.add(self.filler(said["person"]), "holds", post)
        for said in self.often(self.said["statements"]):
            node = self.add(self.node("Statement"), "speaker", self.filler(said["speaker"]))
            self.add(node, "text", Literal(said["evidence"] + self.chance.choice(["", " and much more was said"])))
