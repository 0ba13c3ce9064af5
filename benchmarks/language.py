"""``python -m benchmarks.language DATA_DIR``: the language model beside a spaCy CNN pipeline, both trained on the same treebank.

Prints a Markdown table: words per second from text to ``Doc``, in one run on the same news text, of a CNN pipeline of
en_core_web_sm's shape (trained for some seconds, which changes nothing of its speed), of ours in one process and in two,
each the best of some runs; then the time to load, the files' size, and the peak memory for one long article. DATA_DIR is the folder
that training reads.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import spacy
from spacy.lang.en import English
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from kb import language
from kb.language.neural import MODEL
from kb.language.train import files, names

#: Documents of so many sentences are read; one of LONG words tells the memory.
DOCUMENTS, SENTENCES, LONG = 120, 25, 20_000
RUNS = 3
#: Sentences of the treebank that the CNN pipeline is trained on, once.
TRAINED = 1500
WIDTH = 96


def tok2vec(rows: list[int], attributes: list[str]) -> dict[str, Any]:
    """The configuration of en_core_web_sm's embedding and encoder."""
    return {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2", "width": WIDTH, "attrs": attributes, "rows": rows, "include_static_vectors": False,
        },
        "encode": {"@architectures": "spacy.MaxoutWindowEncoder.v2", "width": WIDTH, "depth": 4, "window_size": 1, "maxout_pieces": 3},
    }  # fmt: skip


def transitions(state: str, encoder: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a transition-based model."""
    return {
        "@architectures": "spacy.TransitionBasedParser.v2", "state_type": state, "extra_state_tokens": False,
        "hidden_width": 64, "maxout_pieces": 2, "use_upper": True, "tok2vec": encoder,
    }  # fmt: skip


def cnn(data: Path) -> Language:
    """A pipeline of tok2vec, tagger, parser and ner, trained briefly."""
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": WIDTH, "upstream": "*"}
    wide = tok2vec([5000, 1000, 2500, 2500, 50, 50], ["NORM", "PREFIX", "SUFFIX", "SHAPE", "SPACY", "IS_SPACE"])
    own = tok2vec([5000, 1000, 2500, 2500], ["NORM", "PREFIX", "SUFFIX", "SHAPE"])
    config = {
        "nlp": {"lang": "en", "pipeline": ["tok2vec", "tagger", "parser", "ner"]},
        "components": {
            "tok2vec": {"factory": "tok2vec", "model": wide},
            "tagger": {"factory": "tagger", "model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}},
            "parser": {"factory": "parser", "model": transitions("parser", listener)},
            "ner": {"factory": "ner", "model": transitions("ner", own)},
        },
    }
    nlp = English.from_config(config)
    examples = list(examples_of(nlp, data))
    nlp.initialize(lambda: examples)
    random.seed(1)
    for batch in spacy.util.minibatch(examples, 64):
        nlp.update(batch)
    return nlp


def examples_of(nlp: Language, data: Path) -> list[Example]:
    """The first sentences of the treebank with the names of Universal NER."""
    trees = files.read_conllu(data / "ud-ewt/en_ewt-ud-train.conllu.xz")[:TRAINED]
    tagged = files.read_columns(data / "uner-ewt/en_ewt-ud-train.old.iob2", word=1, tag=2)
    found = []
    for s in names.with_names(trees, [names.tagged(t, names.UNER, ()) for t in tagged]):
        assert s.tree is not None
        heads = [h - 1 if h else i for i, h in enumerate(s.tree.heads)]
        deps = ["ROOT" if d == "root" else d for d in s.tree.deprels]
        first = [i == 0 for i in range(len(s.words))]
        doc = Doc(nlp.vocab, words=list(s.words), tags=list(s.tree.xpos), heads=heads, deps=deps, sent_starts=first)  # type: ignore[arg-type]
        doc.ents = [Span(doc, b, e, label=k) for b, e, k in (s.names.certain() if s.names else ())]
        found.append(Example(Doc(nlp.vocab, words=list(s.words)), doc))
    return found


def texts(data: Path) -> list[str]:
    """News: stretches of the Groningen Meaning Bank, two sentences a paragraph."""
    rows = list(files.read_gmb(data / "gmb/ner_dataset.csv.xz").values())
    sentences = [" ".join(r.word for r in sentence) for sentence in rows[: DOCUMENTS * SENTENCES]]
    parts = [sentences[i : i + SENTENCES] for i in range(0, len(sentences), SENTENCES)]
    return ["\n\n".join(" ".join(part[i : i + 2]) for i in range(0, len(part), 2)) for part in parts]


def speed(nlp: Language, corpus: list[str], *, processes: int = 1) -> float:
    """Words per second, the best of some runs."""
    words = sum(len(text.split()) for text in corpus)
    best = 0.0
    for _ in range(RUNS):
        start = time.perf_counter()
        for _ in nlp.pipe(corpus, n_process=processes, batch_size=2):
            pass
        best = max(best, words / (time.perf_counter() - start))
    return best


def alone() -> None:
    """In a process of its own: seconds to load, peak memory of one long article given on standard input."""
    start = time.perf_counter()
    nlp = language.load()
    loaded = time.perf_counter() - start
    nlp(sys.stdin.read())
    sys.stdout.write(json.dumps({"load": loaded, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.language", description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    args = parser.parse_args()
    if args.data is None:
        alone()
        return
    corpus = texts(args.data)
    long = "\n\n".join(corpus * 3).split(" ")[:LONG]
    command = [sys.executable, "-m", "benchmarks.language"]
    own = json.loads(
        subprocess.run(command, input=" ".join(long), capture_output=True, encoding="utf-8", check=True).stdout
    )
    ours, other = language.load(), cnn(args.data)
    one, theirs = speed(ours, corpus), speed(other, corpus)
    two = speed(ours, corpus, processes=2)
    size = sum(f.stat().st_size for f in MODEL.iterdir()) / 1e6
    rows = [
        ("spaCy CNN pipeline, one process", f"{theirs:,.0f} words/s"),
        ("ours, one process", f"{one:,.0f} words/s, {one / theirs:.2f} of the CNN's"),
        ("ours, two processes", f"{two:,.0f} words/s, {two / one:.2f} times one"),
        ("loading, after importing", f"{own['load']:.2f} s"),
        ("model files", f"{size:.0f} MB"),
        (f"peak memory, an article of {LONG:,} words", f"{own['peak']:,.0f} MB"),
    ]
    print("| what | figure |\n| --- | --- |")
    print("\n".join(f"| {what} | {figure} |" for what, figure in rows))


if __name__ == "__main__":
    main()
