"""The floor of the quality: figures that were reached on the annotated articles, less a margin, and must not sink.

These are the articles that the rules are developed on, so the figures say whether a change does harm. They do not say how
well the exporter reads articles that nobody has looked at: expect less there.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from pyoxigraph import Quad
from rdflib import Graph

from kb import rdf
from kb.evaluation import Outcome, compare, read_gold, rows

FLOOR_FILE = Path(__file__).with_name("quality.json")
#: How far below what was reached the floor lies, what an innocent change may cost: so much, or so many annotated items. The
#: model computes with 8 bits, and from one kind of processor or version of onnxruntime to another a few facts differ.
MARGIN, ITEMS = 0.01, 2
#: The rows that have a floor.
ROWS = ("entities", "links", "facts", "actions", "agreements", "relations", "positions", "statements")
#: The one article that is measured by itself too.
ALONE = "seed"


class Figure(NamedTuple):
    """A figure in [0, 1] and how many annotated items it is of."""

    value: float
    items: int


#: "all: facts: f1" → figure; and to the least that it must be.
Figures: TypeAlias = dict[str, Figure]
Floor: TypeAlias = dict[str, float]


def digest(folder: Path) -> str:
    """What stands for the annotated articles: nobody edits them unnoticed."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{file.relative_to(folder).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return total.hexdigest()


def measure(folder: Path, export: Mapping[str, set[Quad]]) -> Figures:
    """The figures of an export, over all articles and over the one."""
    outcomes = {gold.name: list(compare(gold, _graph(export.get(gold.name, set())))) for gold in read_gold(folder)}
    every = [outcome for found in outcomes.values() for outcome in found]
    return _figures("all", every) | _figures(ALONE, outcomes[ALONE])


def _graph(quads: Iterable[Quad]) -> Graph:
    return Graph().parse(data=rdf.serialize(quads, "turtle"), format="turtle")


def _figures(name: str, outcomes: Iterable[Outcome]) -> Figures:
    found = {row.name: row for row in rows(outcomes)}
    wanted = [found[row] for row in ROWS if row in found]
    kinds = ("precision", "f1")
    return {f"{name}: {row.name}: {kind}": Figure(getattr(row, kind), row.gold) for row in wanted for kind in kinds}


def floor(figures: Figures) -> Floor:
    """The floor that belongs to figures that were reached."""
    margins = {name: max(MARGIN, ITEMS / max(1, figure.items)) for name, figure in figures.items()}
    return {name: max(0.0, round(figure.value - margins[name], 3)) for name, figure in figures.items()}


def recorded() -> tuple[str, Floor]:
    """The digest of the annotated articles, and the floor."""
    said = json.loads(FLOOR_FILE.read_text(encoding="utf-8"))
    return said["gold"], said["floor"]


def record(gold: str, least: Floor) -> None:
    """Write the floor down."""
    FLOOR_FILE.write_text(json.dumps({"gold": gold, "floor": least}, indent=1) + "\n", encoding="utf-8")


def sunk(figures: Figures, least: Floor) -> list[str]:
    """What lies below the floor, in words."""
    reached = {name: figures[name].value if name in figures else 0.0 for name in least}
    return [
        f"{name} is {reached[name]:.3f}, was at least {low:.3f}" for name, low in least.items() if reached[name] < low
    ]
