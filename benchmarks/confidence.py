"""What a stated confidence is worth on annotated articles, and what ``--min-confidence`` does to precision and recall.

``python -m benchmarks.confidence GOLD_DIR… [--picture FILE.svg] [--fit]`` prints Markdown tables: for each kind of fact how
many facts state a confidence, how many of them are right and how many should be; then precision, recall and F1 of what is
left at each threshold. ``--fit`` prints the rows of ``ontology/lexicon-confidence.ttl`` that these articles would give.

Whether a fact is right is not asked of single facts, since events are paired as wholes: it is what the facts of one confidence
add to the hits and false alarms of the surer ones, in each article. So the parts always sum to what `kb.evaluation` says of the
whole, and a second telling of what a surer fact told already counts as wrong.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import TypeAlias

from rdflib import Graph

from kb import articles, build, rdf
from kb.evaluation import Gold, Outcome, compare, read_gold
from kb.model import Extraction

THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
#: Where the bins of the reliability table begin.
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
#: Row of the evaluation → kind of find in the lexicon. Entities are right if their class is; they are no facts.
KINDS = {
    "actions": "action",
    "agreements": "agreement",
    "relations": "relation",
    "positions": "position",
    "statements": "statement",
    "entities": "entity",
}
FACTS = tuple(row for row in KINDS if row != "entities")
#: Kinds that are several rows together: events of a user's own class are taken to be as good as ours.
TOGETHER = {"event": ("actions", "agreements")}
#: How many facts the share of a whole kind weighs beside those of one grade, and the least step worth a row.
WEIGHT, STEP = 10, 0.05

Read: TypeAlias = tuple[Gold, Extraction]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many facts are right, wrong and missing."""

    right: int = 0
    wrong: int = 0
    missing: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.right + other.right, self.wrong + other.wrong, self.missing + other.missing)

    def __sub__(self, other: "Tally") -> "Tally":
        return Tally(self.right - other.right, self.wrong - other.wrong, self.missing - other.missing)

    @property
    def found(self) -> int:
        """Right and wrong ones."""
        return self.right + self.wrong

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what there is that was found."""
        return self.right / max(1, self.right + self.missing)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / max(1, self.found + self.right + self.missing)


#: Row → confidence → what facts of that confidence add.
Grades: TypeAlias = Mapping[str, Mapping[float, Tally]]


# Reading --------------------------------------------------------------------------------------------------------------


def read(folders: Iterable[Path], *, raw: bool = False) -> list[Read]:
    """The annotated articles of some folders and what the exporter finds in them, if ``raw`` by uncalibrated confidence."""
    nlp = build.loaded(build.Setup())
    with nlp.select_pipes(disable=["kb_confidence"] if raw else []):
        return [
            pair
            for folder in folders
            for pair in _pairs(folder, build.extract(articles.read([folder / "articles"]), nlp=nlp))
        ]


def _pairs(folder: Path, extractions: Iterable[Extraction]) -> Iterator[Read]:
    found = {extraction.article.name: extraction for extraction in extractions}
    return ((gold, found[gold.name]) for gold in read_gold(folder) if gold.name in found)


def confidences(extraction: Extraction) -> list[float]:
    """Those that the extraction states, the highest first."""
    groups = (extraction.events, extraction.relations, extraction.positions, extraction.statements)
    said = {find.provenance.confidence for group in groups for find in group}
    return sorted(said | {entity.confidence for entity in extraction.entities}, reverse=True)


def tallies(gold: Gold, extraction: Extraction, least: float) -> dict[str, Tally]:
    """How each row comes out without the facts that are less sure."""
    quads = build.to_quads(extraction, build.Options(min_confidence=least))
    return summed(compare(gold, Graph().parse(data=rdf.serialize(quads, "turtle"), format="turtle")))


def summed(outcomes: Iterable[Outcome]) -> dict[str, Tally]:
    """Outcomes by row, the factuality of events left out, as it is no fact; an entity of a wrong class is a wrong one."""
    sums: defaultdict[str, Tally] = defaultdict(Tally)
    for outcome in outcomes:
        row, _, slot = outcome.row.partition(":")
        if row in KINDS and slot.strip() != "factuality":
            sums[row] += Tally(outcome.tp, outcome.fp, outcome.fn)
        elif row == "entity class":
            sums["entities"] += Tally(-outcome.fp, outcome.fp, outcome.fn)
    return dict(sums)


def grades(read: Iterable[Read]) -> Grades:
    """What the facts of each confidence add to the surer ones; entities by themselves, as a fact keeps those that it needs."""
    sums: defaultdict[str, defaultdict[float, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for gold, extraction in read:
        named = replace(extraction, events=(), relations=(), positions=(), statements=())
        for part, rows in ((extraction, FACTS), (named, ("entities",))):
            for row, confidence, tally in _added(gold, part, rows):
                sums[row][confidence] += tally
    return {row: {c: t for c, t in sorted(sums[row].items()) if t.found > 0} for row in KINDS}


def _added(gold: Gold, extraction: Extraction, rows: Sequence[str]) -> Iterator[tuple[str, float, Tally]]:
    surer: Mapping[str, Tally] = {}
    for confidence in confidences(extraction):
        now = tallies(gold, extraction, confidence)
        yield from ((row, confidence, now.get(row, Tally()) - surer.get(row, Tally())) for row in rows)
        surer = now


def together(found: Grades, rows: Iterable[str]) -> Mapping[float, Tally]:
    """Several rows as one."""
    sums: defaultdict[float, Tally] = defaultdict(Tally)
    for row in rows:
        for confidence, tally in found[row].items():
            sums[confidence] += tally
    return dict(sorted(sums.items()))


# Reliability ----------------------------------------------------------------------------------------------------------


def brier(row: Mapping[float, Tally]) -> float:
    """The mean square of what is missing to certainty of what turned out to be so; 0 is best, 0.25 says nothing."""
    total = sum(t.right * (1 - c) ** 2 + t.wrong * c**2 for c, t in row.items())
    return total / max(1, sum(t.found for t in row.values()))


def calibration_error(row: Mapping[float, Tally]) -> float:
    """How far, on average, the share that is right lies from the one stated, by bins; 0 is best."""
    found = max(1, sum(t.found for t in row.values()))
    return sum(t.found * abs(t.precision - stated) for _, t, stated in binned(row)) / found


def binned(row: Mapping[float, Tally]) -> list[tuple[float, Tally, float]]:
    """The bins that hold facts: where each begins, its tally, and the mean confidence stated in it."""
    sums: defaultdict[float, Tally] = defaultdict(Tally)
    stated: defaultdict[float, float] = defaultdict(float)
    for confidence, tally in row.items():
        begin = max(b for b in BINS if b <= confidence)
        sums[begin] += tally
        stated[begin] += confidence * tally.found
    return [(b, t, stated[b] / t.found) for b, t in sorted(sums.items()) if t.found > 0]


def reliability(found: Grades) -> Iterator[str]:
    """The lines of the table."""
    yield from ("| facts | confidence from | number | right | expected |", "| --- | --- | --- | --- | --- |")
    named = {**{row: found[row] for row in KINDS}, "all facts": together(found, FACTS)}
    for name, row in named.items():
        for begin, tally, stated in binned(row):
            yield f"| {name} | {begin:.2f} | {tally.found} | {tally.precision:.2f} | {stated:.2f} |"
    yield from ("", "| facts | number | right | Brier score | calibration error |", "| --- | --- | --- | --- | --- |")
    for name, row in named.items():
        total = reduce(Tally.__add__, row.values(), Tally())
        errors = f"{brier(row):.3f} | {calibration_error(row):.3f}"
        yield f"| {name} | {total.found} | {total.precision:.2f} | {errors} |"


# The curve ------------------------------------------------------------------------------------------------------------


def at(read: Iterable[Read], least: float) -> Tally:
    """The facts of all articles that are at least so sure."""
    each = (tallies(gold, extraction, least) for gold, extraction in read)
    return reduce(Tally.__add__, (found.get(row, Tally()) for found in each for row in FACTS), Tally())


def curve(points: Iterable[tuple[float, Tally]]) -> Iterator[str]:
    """The lines of the table of thresholds."""
    yield from ("| `--min-confidence` | facts | precision | recall | F1 |", "| --- | --- | --- | --- | --- |")
    for least, t in points:
        yield f"| {least:.2f} | {t.found} | {t.precision:.3f} | {t.recall:.3f} | {t.f1:.3f} |"


#: Of the picture: width and height, and the margins left, right, top and below.
WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BELOW = 60, 90, 20, 50
#: What is drawn, with colours that differ in brightness too.
LINES = {"precision": "#0b3c6f", "recall": "#d1632a", "f1": "#7a9a3a"}


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - BELOW - share * (HEIGHT - TOP - BELOW), 1)


def picture(points: Sequence[tuple[float, Tally]]) -> str:
    """Precision, recall and F1 over the threshold, as SVG; each point holds from the one before it up to its threshold."""
    shapes = [*_axes(), *(shape for name in LINES for shape in _line(name, points))]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">'
    title = "<title>Precision, recall and F1 of the facts by the least confidence that is kept</title>"
    return "\n".join([head, title, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', *shapes, "</svg>"]) + "\n"


def _axes() -> Iterator[str]:
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        yield f'<path d="M{_x(0)} {_y(share)}H{_x(1)}" stroke="#ddd"/>'
        yield f'<text x="{_x(0) - 8}" y="{_y(share) + 4}" text-anchor="end">{share:.1f}</text>'
        yield f'<text x="{_x(share)}" y="{_y(0) + 18}" text-anchor="middle">{share:.1f}</text>'
    yield f'<path d="M{_x(0)} {_y(1)}V{_y(0)}H{_x(1)}" stroke="#333" fill="none"/>'
    yield f'<text x="{_x(0.5)}" y="{HEIGHT - 10}" text-anchor="middle">--min-confidence</text>'
    middle = _y(0.5)
    yield f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">share</text>'


def _line(name: str, points: Sequence[tuple[float, Tally]]) -> Iterator[str]:
    steps = [(least, float(getattr(tally, name))) for least, tally in points if tally.found]
    path = f"M{_x(0)} {_y(steps[0][1])}" + "".join(f"V{_y(share)}H{_x(least)}" for least, share in steps)
    least, share = steps[-1]
    yield f'<path d="{path}" stroke="{LINES[name]}" stroke-width="2" fill="none"/>'
    label = "F1" if name == "f1" else name
    yield f'<text x="{_x(least) + 6}" y="{_y(share) + 4}" fill="{LINES[name]}">{label}</text>'


# Fitting --------------------------------------------------------------------------------------------------------------


def steps(row: Mapping[float, Tally]) -> list[tuple[float, float]]:
    """From which grade on which share of the facts is right: few steps, never down.

    Few facts are known of a grade, so its share is drawn towards that of the kind, which weighs as much as WEIGHT facts; and
    one fact more is taken to be wrong, so that nothing is ever certain. Neighbouring grades are pooled while the surer one is
    not better by STEP.

    Example:
        >>> steps({0.5: Tally(2, 8), 0.8: Tally(9, 1), 0.9: Tally(9, 1)})
        [(0.0, 0.41), (0.8, 0.76)]
    """
    total = reduce(Tally.__add__, row.values(), Tally())
    mean = total.precision
    blocks: list[tuple[float, Tally]] = []
    for grade, tally in sorted(row.items()):
        blocks.append((grade, tally))
        while len(blocks) > 1 and _drawn(blocks[-1][1], mean) < _drawn(blocks[-2][1], mean) + STEP:
            (least, below), (_, above) = blocks[-2:]
            blocks[-2:] = [(least, below + above)]
    return [(grade if i else 0.0, round(_drawn(tally, mean), 2)) for i, (grade, tally) in enumerate(blocks)]


def _drawn(tally: Tally, mean: float) -> float:
    return (tally.right + WEIGHT * mean) / (tally.found + WEIGHT + 1)


def turtle(found: Grades) -> Iterator[str]:
    """The rows of the lexicon."""
    kinds = {**{kind: found[row] for row, kind in KINDS.items()}}
    kinds |= {kind: together(found, rows) for kind, rows in TOGETHER.items()}
    for kind, row in sorted(kinds.items()):
        for least, means in steps(row) if row else []:
            yield (
                f'lex:{kind}-from-{round(100 * least)} a lex:Calibration ; rdfs:label "{kind}"@en ; lex:from {least} ; '
                f"lex:means {means} ; dct:source <https://w3id.org/newskb/lexicon> ."
            )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.confidence", description="What a confidence is worth.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="GOLD_DIR", help="a folder of annotated articles")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw the curve")
    parser.add_argument("--fit", action="store_true", help="print the calibration that these articles give instead")
    options = parser.parse_args(arguments)
    found = read(options.folders, raw=options.fit)
    graded = grades(found)
    if options.fit:
        print("\n".join(turtle(graded)))
        return
    print(f"{len(found)} articles\n")
    print("\n".join([*reliability(graded), "", *curve((least, at(found, least)) for least in THRESHOLDS)]))
    if options.picture:
        stated = sorted(together(graded, FACTS))
        options.picture.write_text(picture([(c, at(found, c)) for c in stated]), encoding="utf-8")


if __name__ == "__main__":
    main()
