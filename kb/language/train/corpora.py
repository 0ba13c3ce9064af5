"""Every corpus of the data folder, by name; see the README beside this file for the public originals."""

import json
from collections import Counter
from pathlib import Path

from kb.language.train import files, names
from kb.language.train.sentences import Sentence

#: Sentences of the silver corpus that training never sees: those among the first that our test sample is drawn from.
HELD = 1000
#: Words that are auxiliaries less often are not taken for such.
RARE_AUXILIARY = 20
#: Stories annotated in tests/annotations, first and last sentence: training leaves them out, so that they stay unseen.
STORIES = Path(__file__).parent / "annotations" / "unseen.json"


def read_all(folder: Path) -> dict[str, list[Sentence]]:
    """The corpora: ``ewt-*`` with trees, names and propositions, ``gum-*``, ``wikigold``, ``crossner-*``, ``gmb`` (silver), ``news-*`` (ours)."""
    found = {f"ewt-{part}": _ewt(folder, part) for part in ("train", "dev", "test")}
    for part in ("train", "dev"):
        found[f"gum-{part}"] = [
            names.gum_names(s) for s in files.read_conllu(folder / f"gum/gum-free-{part}.conllu.xz")
        ]
    for part in ("train", "dev", "test"):
        tagged = files.read_columns(folder / f"crossner-politics/{part}.txt", word=0, tag=1)
        found[f"crossner-{part}"] = [names.tagged(s, names.CROSSNER, names.SILENT["crossner"]) for s in tagged]
    tagged = files.read_columns(folder / "wikigold/wikigold.conll.txt", word=0, tag=1)
    found["wikigold"] = [names.tagged(s, names.WIKIGOLD, names.SILENT["wikigold"]) for s in tagged]
    return {**found, **_gmb(folder)}


def _ewt(folder: Path, part: str) -> list[Sentence]:
    trees = files.read_conllu(folder / f"ud-ewt/en_ewt-ud-{part}.conllu.xz")
    name = "train.old" if part == "train" else part
    tagged = files.read_columns(folder / f"uner-ewt/en_ewt-ud-{name}.iob2", word=1, tag=2)
    named = [names.tagged(s, names.UNER, names.SILENT["uner"]) for s in tagged]
    return files.with_propositions(names.with_names(trees, named), folder / f"propbank-ewt/ewt-srl-{part}.jsonl.xz")


def _gmb(folder: Path) -> dict[str, list[Sentence]]:
    rows = files.read_gmb(folder / "gmb/ner_dataset.csv.xz")
    own = {part: names.ours(rows, part) for part in ("train", "dev", "test")}
    held = set(list(rows)[:HELD])
    stories = {n for first, last in json.loads(STORIES.read_text()) for n in range(first, last + 1)}
    unseen = held | stories | {number for part in own.values() for number in part}
    silver = [s for number, s in names.silver(rows).items() if number not in unseen]
    return {"gmb": silver, **{f"news-{part}": list(found.values()) for part, found in own.items()}}


def lemma_table(sentences: list[Sentence]) -> dict[str, dict[str, str]]:
    """The lemmas of lower-case words where the treebanks mostly agree, names left out.

    By part of speech ("PRON"), and by part of speech and tag ("PRON PRP") where that says something else.
    """
    votes: dict[tuple[str, str], Counter[str]] = {}
    for sentence in sentences:
        if sentence.tree is None:
            continue
        tree = sentence.tree
        for word, upos, xpos, lemma in zip(sentence.words, tree.upos, tree.xpos, tree.lemmas, strict=True):
            if upos not in {"PROPN", "SYM", "X", "NUM"} and xpos not in {"NNP", "NNPS"}:
                for pos in (upos, f"{upos} {xpos}"):
                    votes.setdefault((pos, word.lower()), Counter())[lemma] += 1
    table: dict[str, dict[str, str]] = {}
    for (pos, word), found in sorted(votes.items()):
        lemma, count = found.most_common(1)[0]
        if count / found.total() > 0.5 and table.get(pos.partition(" ")[0], {}).get(word) != lemma:
            table.setdefault(pos, {})[word] = lemma
    return table


def rolesets(sentences: list[Sentence]) -> dict[str, list[str]]:
    """For each lemma the rolesets that PropBank gives its words, most frequent first."""
    votes: dict[str, Counter[str]] = {}
    for sentence in sentences:
        if sentence.tree and sentence.propositions:
            for proposition in sentence.propositions:
                lemma = sentence.tree.lemmas[proposition.predicate].lower()
                votes.setdefault(lemma, Counter())[proposition.roleset] += 1
    return {
        lemma: [r for r, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))]
        for lemma, found in sorted(votes.items())
    }


def bare(sentences: list[Sentence]) -> dict[str, str]:
    """For each auxiliary's lemma the roleset that PropBank gives it as an auxiliary, where it has no arguments."""
    votes: dict[str, Counter[str]] = {}
    for sentence in sentences:
        for proposition in sentence.propositions or ():
            assert sentence.tree is not None
            if sentence.tree.deprels[proposition.predicate].split(":")[0] == "aux":
                lemma = sentence.tree.lemmas[proposition.predicate].lower()
                votes.setdefault(lemma, Counter())[proposition.roleset if not proposition.arguments else ""] += 1
    tops = {lemma: found.most_common(1)[0] for lemma, found in sorted(votes.items()) if found.total() >= RARE_AUXILIARY}
    return {
        lemma: roleset for lemma, (roleset, count) in tops.items() if roleset and count > 0.9 * votes[lemma].total()
    }
