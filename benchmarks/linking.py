"""Links names in texts of every subject to Wikidata: ``python -m benchmarks.linking LINKING_DIR WIKIDATA_DIR``.

LINKING_DIR holds ``*.benchmark.jsonl`` as ELEVANT has them (Bast, Hertel and Prange 2022): texts with labels, each a span and a
Wikidata item. WIKIDATA_DIR holds the facts that ``kb.linking.build_table`` reads; what was read from the lists of the
benchmark itself is left out of the index. Two indexes are measured: the selection that the package carries, and all that has a
class of ours. Scored as ELEVANT's mode "IGNORED": exact spans; labels without an item, optional ones, dates and quantities are
neither right nor wrong; of nested labels it is enough to find the outer one or all inner ones. Named is what begins with
a capital letter.
"""

import argparse
import json
import lzma
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from kb import articles, assertions, build, linking, pipeline
from kb.gazetteer import Gazetteer, load_gazetteer
from kb.linking import build_table, disambiguation
from kb.model import Article, Entity, Extraction, Span

#: Sources that were read from the candidate lists of this benchmark.
OWN = frozenset(("ad-freiburg/elevant", "ad-freiburg/grasp"))
#: Precision and recall on the same texts, end to end, as ELEVANT publishes them (named and not named mentions).
PUBLISHED = (
    ("prior probability baseline", (60.5, 44.3), (55.7, 52.0)),
    ("DBpedia Spotlight", (48.5, 42.9), (52.7, 44.9)),
    ("WAT", (58.5, 41.7), (47.2, 42.0)),
    ("Ambiverse", (63.9, 46.6), (53.1, 48.0)),
    ("REL (2014)", (64.9, 49.1), (57.9, 54.0)),
    ("GENRE (YAGO)", (79.4, 45.7), (57.0, 51.5)),
    ("ReFinED (AIDA)", (78.0, 60.9), (60.9, 60.7)),
)
_Links = Mapping[Span, str]


@dataclass(frozen=True, slots=True)
class Label:
    """A span that the benchmark annotates; ``qid`` is None where it is neither right nor wrong."""

    number: int
    span: Span
    qid: str | None
    parent: int | None


@dataclass(frozen=True, slots=True)
class Text:
    """An annotated text; spans are looked at within ``inside`` only."""

    article: Article
    inside: Span
    labels: tuple[Label, ...]

    def anchor(self, span: Span) -> str:
        """What stands at a span."""
        return self.article.text[span.begin : span.end]

    def named(self, span: Span) -> bool:
        """Whether a capital letter begins it."""
        return self.anchor(span)[:1].isupper()

    def items(self) -> Mapping[Span, Set[str]]:
        """What may be linked at each span that has a label: one of these items, or anything where there is none."""
        found: dict[Span, set[str]] = defaultdict(set)
        for label in self.labels:
            found[label.span].update([label.qid] if label.qid else ())
        return found


@dataclass(slots=True)
class Score:
    """What was right, wrong and missed.

    Attributes:
        known: items of the index.
        labels: how many there are, the outermost of nested ones.
        covered: of how many of them the item is known.
        answered, settled: how many of those were linked, and how many rightly.
    """

    known: Set[str]
    right: int = 0
    wrong: int = 0
    missed: int = 0
    labels: int = 0
    covered: int = 0
    answered: int = 0
    settled: int = 0
    errors: list[str] = field(default_factory=list)

    def row(self) -> str:
        """Precision, recall, F1, coverage and accuracy where covered, in per cent, as cells."""
        precision = self.right / max(1, self.right + self.wrong)
        recall = self.right / max(1, self.right + self.missed)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        shares = (
            self.covered / max(1, self.labels),
            self.settled / max(1, self.answered),
            self.settled / max(1, self.covered),
        )
        return " | ".join(f"{100 * value:.1f}" for value in (precision, recall, f1, *shares))


# Reading --------------------------------------------------------------------------------------------------------------


def read_texts(file: Path) -> list[Text]:
    """The texts of a benchmark."""
    return [_text(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def _text(said: Mapping[str, Any]) -> Text:
    labels = tuple(
        Label(label["id"], Span(*label["span"]), _item(label), label.get("parent")) for label in said["labels"]
    )
    article = Article(name=str(said["id"]), title=None, body=said["text"])
    return Text(article, Span(*said["evaluation_span"]), labels)


def _item(label: Mapping[str, Any]) -> str | None:
    qid = str(label["entity_id"])
    return qid if qid.startswith("Q") and not label.get("optional") else None


def honest(folder: Path, target: Path) -> None:
    """The facts without the rows that were read from the benchmark."""
    kept = set()
    with lzma.open(target / "entities.jsonl.xz", "wt", preset=0, encoding="utf-8") as out:
        for item in build_table.read_lines(folder / "entities.jsonl.xz"):
            if not set(item["sources"]) <= OWN:
                kept.add(item["qid"])
                out.write(json.dumps(item | {"sources": [s for s in item["sources"] if s not in OWN]}) + "\n")
    with lzma.open(target / "positions.jsonl.xz", "wt", preset=0, encoding="utf-8") as out:
        for term in build_table.read_lines(folder / "positions.jsonl.xz"):
            if term["qid"] in kept:
                out.write(json.dumps(term) + "\n")


def index(facts: Path, *, everything: bool) -> tuple[Gazetteer, set[str]]:
    """An index of the facts, and the ids in it."""
    rows = build_table.build(facts, everything=everything)
    table, names = build_table.table_text(rows).encode(), build_table.names_text(rows).encode()
    return Gazetteer(table, names), {row.qid for row in rows}


# Scoring --------------------------------------------------------------------------------------------------------------


def score(text: Text, links: _Links, keep: Callable[[Span], bool], total: Score) -> None:
    """Add what the links of a text have right and wrong, of the spans to keep."""
    gold = text.items()
    ignored = [span for span, qids in gold.items() if not qids]
    for span, qid in links.items():
        if not keep(span) or not (text.inside.begin <= span.begin and span.end <= text.inside.end):
            continue
        if qid not in gold.get(span, ()) and not any(_overlap(span, other) for other in ignored):
            total.wrong += 1
            total.errors.append(f"{text.article.name} {text.anchor(span)!r} is {_listed(gold.get(span))}, not {qid}")
    for label in text.labels:
        if label.parent is None and keep(label.span):
            _count(label, text, gold, links, total)


def _count(label: Label, text: Text, gold: Mapping[Span, Set[str]], links: _Links, total: Score) -> None:
    """A label of the same span as the one it stands in says what else is right; the others are its parts."""
    qids = gold[label.span]
    parts = [part for part in text.labels if part.parent == label.number and part.span != label.span]
    if not qids:
        for part in parts:
            _count(part, text, gold, links, total)
        return
    whole = links.get(label.span) in qids
    named = [part for part in parts if part.qid]
    right = whole or (bool(named) and all(links.get(part.span) in gold[part.span] for part in named))
    total.right += (1 if whole else len(named)) if right else 0
    total.missed += not right
    total.labels += 1
    if not qids.isdisjoint(total.known):
        total.covered += 1
        total.answered += right or label.span in links
        total.settled += right
    if not right:
        total.errors.append(f"{text.article.name} {text.anchor(label.span)!r} is {_listed(qids)}, not found")


def _listed(qids: Iterable[str] | None) -> str:
    return " or ".join(sorted(qids or ())) or "nothing"


def _overlap(one: Span, other: Span) -> bool:
    return one.begin < other.end and other.begin < one.end


# Linking --------------------------------------------------------------------------------------------------------------


def links_of(entities: Iterable[Entity]) -> dict[Span, str]:
    """Item by mention, of confident links."""
    return {span: e.link.qid for e in entities if e.link and e.link.confident for span in e.mentions}


def unlinked(article: Article) -> Extraction:
    """What is read in an article before anything is linked: the package's own table must not help."""
    nlp = build.loaded(build.Setup())
    return assertions.extract(nlp(pipeline.document(nlp, article)), article)


def end_to_end(texts: Sequence[Text], read: Sequence[Extraction], gazetteer: Gazetteer) -> Iterator[_Links]:
    """The links of each text in what the whole system reads."""
    for text, extraction in zip(texts, read, strict=True):
        yield links_of(linking.link(extraction.entities, text.article, gazetteer=gazetteer))


def given(texts: Sequence[Text], read: Sequence[Extraction], gazetteer: Gazetteer) -> Iterator[_Links]:
    """The links of each text where the named mentions are given; their classes are what the system reads there, if anything."""
    for text, extraction in zip(texts, read, strict=True):
        yield links_of(linking.link(_given(text, extraction), text.article, gazetteer=gazetteer))


def _given(text: Text, extraction: Extraction) -> list[Entity]:
    classes: dict[str, Counter[str]] = defaultdict(Counter)
    own = {span: entity for entity in extraction.entities for span in entity.mentions}
    spans: dict[object, list[Span]] = defaultdict(list)
    for label in text.labels:
        if text.named(label.span) and label.qid:
            entity = own.get(label.span)
            place = entity.key if entity else text.anchor(label.span)
            spans[place].append(label.span)
            classes[place][entity.cls if entity else disambiguation.ANYTHING] += 1
    return [_entity(text, str(place), classes[place].most_common(1)[0][0], found) for place, found in spans.items()]


def _entity(text: Text, key: str, cls: str, spans: list[Span]) -> Entity:
    names = Counter(text.anchor(span) for span in spans)
    label = max(names, key=lambda name: (len(name), name))
    return Entity(
        key=key, cls=cls, label=label, names=tuple(sorted(names.keys() - {label})), mentions=tuple(sorted(spans))
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linking", description=__doc__)
    parser.add_argument("linking", type=Path)
    parser.add_argument("wikidata", type=Path)
    parser.add_argument("--errors", action="store_true", help="list what is wrong and what is missed")
    parser.add_argument("--fit", action="store_true", help="fit the weights of kb.linking.disambiguation instead")
    parser.add_argument("--gold", type=Path, help="annotated articles, of which --fit learns too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        honest(args.wikidata, Path(folder))
        indexes = {name: index(Path(folder), everything=name == "all") for name in ("embedded", "all")}
        files = sorted(args.linking.glob("*.benchmark.jsonl"))
        if args.fit:
            fit(files, indexes["all"][0], args.gold)
        else:
            for file in files:
                report(file, indexes, errors=args.errors)


def report(file: Path, indexes: Mapping[str, tuple[Gazetteer, set[str]]], *, errors: bool) -> None:
    """Print the table of one benchmark."""
    texts = read_texts(file)
    read = [unlinked(text.article) for text in texts]
    print(f"\n{file.name.partition('.')[0]}\n")
    print("| index, mentions | P | R | F1 | in the index | right of those linked | of all in the index |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, (gazetteer, known) in indexes.items():
        for way, found in (("end to end", end_to_end), ("given", given)):
            links = list(found(texts, read, gazetteer))
            for kind in ("named", "every") if way == "end to end" else ("named",):
                print(
                    f"| {name}, {kind}, {way} | {_figures(texts, links, known, kind, errors=errors and name == 'all')} |"
                )
    column = 1 if file.name.startswith("wiki-fair") else 2
    for row in PUBLISHED:
        precision, recall = row[column]  # type: ignore[misc]
        f1 = 2 * precision * recall / (precision + recall)
        print(f"| {row[0]} (published), every, end to end | {precision} | {recall} | {f1:.1f} | | | |")


def _figures(texts: Sequence[Text], links: Sequence[_Links], known: set[str], kind: str, *, errors: bool) -> str:
    total = Score(known)
    for text, found in zip(texts, links, strict=True):
        score(text, found, text.named if kind == "named" else lambda span: True, total)
    if errors:
        print("\n".join(total.errors))
    return total.row()


# Fitting --------------------------------------------------------------------------------------------------------------


def fit(files: Iterable[Path], gazetteer: Gazetteer, gold: Path | None) -> None:
    """Print the weights of the logistic regression, by Newton's method, and how well they are calibrated."""
    seen = [row for file in files for row in _benchmark_rows(read_texts(file), gazetteer)]
    seen += list(_gold_rows(gold)) if gold else []
    names = list(disambiguation.WEIGHTS)
    x = np.array([[row[name] for name in names] for row, _ in seen])
    y = np.array([right for _, right in seen], dtype=float)
    weights, ridge = np.zeros(len(names)), np.diag([0.0] + [1.0] * (len(names) - 1))
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        weights -= np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + ridge, x.T @ (p - y) + ridge @ weights)
    print(", ".join(f'"{name}": {value:.1f}' for name, value in zip(names, weights, strict=True)))
    p = 1 / (1 + np.exp(-x @ weights))
    for low, high in pairwise((0, 0.5, 0.6, 0.7, 0.8, 0.9, 1)):
        inside = (p >= low) & (p < high)
        print(f"{low:.1f} to {high:.1f}: {inside.sum()} of which right {100 * y[inside].mean():.0f} %")


def _benchmark_rows(texts: Sequence[Text], gazetteer: Gazetteer) -> Iterator[tuple[dict[str, float], bool]]:
    for text, extraction in zip(texts, (unlinked(text.article) for text in texts), strict=True):
        gold = text.items()
        entities = _given(text, extraction)
        for entity, ranked in _ranked(entities, text.article, gazetteer):
            yield disambiguation.evidence(entity, ranked), ranked[0].item.qid in gold[entity.mentions[0]]


def _gold_rows(folder: Path) -> Iterator[tuple[dict[str, float], bool]]:
    for extraction in map(unlinked, articles.read([folder / "articles"])):
        said = json.loads((folder / f"{extraction.article.name}.gold.json").read_text(encoding="utf-8"))
        gold = {name: e.get("wikidata") for e in said["entities"].values() for name in e["names"]}
        for entity, ranked in _ranked(extraction.entities, extraction.article, load_gazetteer()):
            if entity.label in gold:
                yield disambiguation.evidence(entity, ranked), gold[entity.label] == ranked[0].item.qid


def _ranked(
    entities: Sequence[Entity], article: Article, gazetteer: Gazetteer
) -> Iterator[tuple[Entity, list[disambiguation.Candidate]]]:
    around = disambiguation.scene(entities, article, gazetteer)
    for entity in entities:
        ranked = disambiguation.candidates(entity, around, gazetteer)
        if ranked and disambiguation.lead(ranked) >= disambiguation.TIE:
            yield entity, ranked


if __name__ == "__main__":
    main()
