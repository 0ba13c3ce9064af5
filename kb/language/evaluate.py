"""Measure the language model: ``python -m kb.language.evaluate DATA_DIR``.

Prints one table over the development and test parts of the public corpora, words as the corpora divide them, and with
``--card`` writes the figures into the model's ``meta.json``. Needs the data folder that training reads and nothing else.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from kb.language.neural import MODEL, Analysis, Network
from kb.language.train.data import Sentence, read_all, spans, with_entities

#: Sentences analysed at a time.
_STEP = 200
_UNER = frozenset({"PERSON", "ORG", "LOC"})
_MAIN = frozenset({"PERSON", "ORG", "LOC", "NORP", "DATE"})

Figures = dict[str, float]


def tree_figures(network: Network, sentences: list[Sentence]) -> Figures:
    """Shares of words with the right tag, lemma, head, and head with label, in per cent."""
    right = dict.fromkeys(("UPOS", "XPOS", "lemma", "UAS", "LAS"), 0)
    words = 0
    for sentence, analysis in _analysed(network, sentences):
        tree = sentence.tree
        assert tree is not None
        words += len(sentence.words)
        labels = network.labels
        lemmas = list(network.lemmatise(list(sentence.words), analysis.tags))
        for i in range(len(sentence.words)):
            head = int(analysis.heads[i]) == tree.heads[i]
            right["UPOS"] += labels["upos"][analysis.tags["upos"][i]] == tree.upos[i]
            right["XPOS"] += labels["xpos"][analysis.tags["xpos"][i]] == tree.xpos[i]
            right["lemma"] += lemmas[i] == tree.lemmas[i]
            right["UAS"] += head
            right["LAS"] += head and labels["deprel"][analysis.deprels[i]] == tree.deprels[i]
    return {name: round(100 * n / words, 1) for name, n in right.items()}


def entity_figures(network: Network, sentences: list[Sentence], classes: frozenset[str]) -> Figures:
    """Precision, recall and F1 of exact spans of the classes, in per cent."""
    hit = found = wanted = 0
    for sentence, analysis in _analysed(network, sentences):
        gold = {s for s in spans(sentence) if s[2] in classes}
        system = {s for s in _spans(network.labels["entity"], analysis.entities) if s[2] in classes}
        hit, found, wanted = hit + len(gold & system), found + len(system), wanted + len(gold)
    precision, recall = hit / max(found, 1), hit / max(wanted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"P": round(100 * precision, 1), "R": round(100 * recall, 1), "F1": round(100 * f1, 1)}


def _analysed(network: Network, sentences: list[Sentence]) -> Iterator[tuple[Sentence, Analysis]]:
    fit = [s for s in sentences if network.pieces.count(s.words) <= 512]
    for begin in range(0, len(fit), _STEP):
        part = fit[begin : begin + _STEP]
        yield from zip(part, network.analyse([list(s.words) for s in part]), strict=True)


def _spans(labels: list[str], indices: Iterable[int]) -> list[tuple[int, int, str]]:
    words = [frozenset({labels[i]}) for i in indices]
    return spans(Sentence(("",) * len(words), None, tuple(words)))


def table(network: Network, folder: Path) -> dict[str, Figures]:
    """All figures by corpus."""
    corpora = read_all(folder)
    rows = {f"UD EWT {part}": tree_figures(network, corpora[f"ewt-{part}"]) for part in ("dev", "test")}
    for part in ("dev", "test"):
        named = with_entities(corpora[f"ewt-{part}"], corpora[f"uner-{part}"])
        rows[f"UNER EWT {part}"] = entity_figures(network, named, _UNER)
    rows["CrossNER politics dev"] = entity_figures(network, corpora["crossner-dev"], _UNER)
    rows["GMB held out (silver)"] = entity_figures(network, corpora["gmb"][:1000], _MAIN)
    return rows


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m kb.language.evaluate", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, default=MODEL, help="folder of model files")
    parser.add_argument("--card", action="store_true", help="write the figures into the model's meta.json")
    args = parser.parse_args()
    rows = table(Network(args.model), args.data)
    for name, figures in rows.items():
        sys.stdout.write(f"{name:24}" + "".join(f"{key:>7}{value:6.1f}" for key, value in figures.items()) + "\n")
    if args.card:
        card = args.model / "meta.json"
        meta = json.loads(card.read_text(encoding="utf-8"))
        card.write_text(json.dumps({**meta, "performance": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
