"""The trained component: words of each sentence in, tags, lemmas, tree and entities out.

Runs the exported network with onnxruntime on batches of sentences of like length and writes the results on the ``Doc`` in
one call. Sentences come from an earlier component; white-space tokens are kept out of the network and hung on the word
before them.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from spacy.attrs import DEP, HEAD, LEMMA, MORPH, POS, TAG
from spacy.language import Language
from spacy.tokens import Doc, Span

from kb.errors import ModelError
from kb.language.edits import apply_rule
from kb.language.pieces import Pieces
from kb.language.trees import decode

MODEL = Path(__file__).parent / "model"
#: Word pieces in a batch: measured best on two cores, larger batches only wait for memory.
BATCH = 600
#: Threads of one session; more than two do not help sentences of news length.
THREADS = 2
#: Documents that ``pipe`` reads ahead, to find sentences of like length.
AHEAD = 16
#: Word pieces of the longest sentence the encoder can see, its two marks included.
LONGEST = 512

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the network says of one sentence of W words.

    Attributes:
        tags: for each tag head its (W,) label indices.
        heads: (W,) heads, 1-based, 0 for the root.
        deprels: (W,) label indices.
        entities: (W,) indices of entity labels.
    """

    tags: dict[str, Ints]
    heads: Ints
    deprels: Ints
    entities: Ints


class Network:
    """The exported network and its label inventories.

    Raises:
        ModelError: a file is missing or cannot be loaded.
    """

    TAGS = ("upos", "xpos", "feats", "lemma")

    def __init__(self, folder: Path = MODEL, *, threads: int = THREADS) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Idle threads that spin take the core from another process that reads articles beside this one.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self.labels: dict[str, list[str]] = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
            self.lemmas: dict[str, dict[str, str]] = json.loads((folder / "lemmas.json").read_text(encoding="utf-8"))
            self.pieces = Pieces.from_file(folder / "tokenizer.json")
            self._session = onnxruntime.InferenceSession(str(folder / "network.onnx"), options)
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"the language model cannot be loaded ({error})", where=str(folder)) from error
        self._outputs = [o.name for o in self._session.get_outputs()]

    def analyse(self, sentences: list[list[str]]) -> list[Analysis]:
        """Analyse sentences, each at most LONGEST word pieces; order is kept."""
        order = sorted(range(len(sentences)), key=lambda i: (self.pieces.count(sentences[i]), i))
        found: dict[int, Analysis] = {}
        for batch in self._batches(sentences, order):
            found.update(zip(batch, self._run([sentences[i] for i in batch]), strict=True))
        return [found[i] for i in range(len(sentences))]

    def lemmatise(self, words: list[str], tags: dict[str, Ints]) -> Iterator[str]:
        """The lemma of each word: from the treebanks' table where they know it, else by the predicted edit rule."""
        upos, rules = self.labels["upos"], self.labels["lemma"]
        for word, pos, rule in zip(words, tags["upos"], tags["lemma"], strict=True):
            yield self.lemmas.get(upos[pos], {}).get(word.lower()) or apply_rule(word, rules[rule])

    def _batches(self, sentences: list[list[str]], order: list[int]) -> Iterator[list[int]]:
        batch: list[int] = []
        for i in order:
            if batch and (len(batch) + 1) * self.pieces.count(sentences[i]) > BATCH:
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch

    def _run(self, batch: list[list[str]]) -> Iterator[Analysis]:
        ids, cases, firsts = self.pieces.batch(batch)
        results = self._session.run(self._outputs, {"ids": ids, "cases": cases, "firsts": firsts})
        out = dict(zip(self._outputs, results, strict=True))
        for row, words in enumerate(batch):
            n = len(words)
            heads = decode(out["arcs"][row, :n, : n + 1])
            tags = {name: out[name][row, :n] for name in self.TAGS}
            deprels = out["deprel"][row, np.arange(n), heads]
            yield Analysis(tags, heads, deprels, out["entity"][row, :n].argmax(-1))


class NeuralComponent:
    """Writes the network's analysis on documents; keeps finding and writing down apart."""

    def __init__(self, nlp: Language, name: str, *, path: str | None, threads: int) -> None:
        self.name, self.vocab = name, nlp.vocab
        self.network = Network(Path(path) if path else MODEL, threads=threads)
        strings, labels = nlp.vocab.strings, self.network.labels
        self._ids = {
            POS: np.array([strings.add(v) for v in labels["upos"]], dtype=np.uint64),
            TAG: np.array([strings.add(v) for v in labels["xpos"]], dtype=np.uint64),
            DEP: np.array([strings.add(_spacy_label(v)) for v in labels["deprel"]], dtype=np.uint64),
            MORPH: np.array([nlp.vocab.morphology.add(v) for v in labels["feats"]], dtype=np.uint64),
        }
        for label in {v[2:] for v in labels["entity"] if v != "O"}:
            strings.add(label)

    def __call__(self, doc: Doc) -> Doc:
        """Analyse one document."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = AHEAD) -> Iterator[Doc]:
        """Analyse documents, ``batch_size`` at a time."""
        for docs in _groups(stream, min(batch_size, AHEAD)):
            sentences = [list(self._sentences(doc)) for doc in docs]
            flat = [[doc[i].text for i in words] for doc, found in zip(docs, sentences, strict=True) for words in found]
            analyses = iter(self.network.analyse(flat))
            for doc, found in zip(docs, sentences, strict=True):
                self.set_annotations(doc, [(words, next(analyses)) for words in found])
                yield doc

    def _sentences(self, doc: Doc) -> Iterator[list[int]]:
        """The token indices of each sentence without white space, cut where the encoder's sight ends."""
        for sent in doc.sents:
            words: list[int] = []
            size = 2
            for token in sent:
                if token.is_space:
                    continue
                pieces = len(self.network.pieces.of(token.text))
                if words and size + pieces > LONGEST:
                    yield words
                    words, size = [], 2
                words.append(token.i)
                size += pieces
            if words:
                yield words

    def set_annotations(self, doc: Doc, found: list[tuple[list[int], Analysis]]) -> None:
        """Write the analyses of a document's sentences on it."""
        columns = [HEAD, DEP, POS, TAG, MORPH, LEMMA]
        values: Any = np.zeros((len(doc), len(columns)), dtype=np.uint64)
        values[:, 1] = self.vocab.strings.add("dep")
        values[:, 2] = self.vocab.strings.add("SPACE")
        values[:, 3] = self.vocab.strings.add("_SP")
        values[:, 5] = [t.orth for t in doc]
        values[:, 0] = np.array(_space_heads(doc, found), dtype=np.int64).astype(np.uint64)
        entities: list[Span] = []
        for words, analysis in found:
            index = np.array(words)
            heads = np.where(analysis.heads == 0, index, index[analysis.heads - 1])
            values[index, 0] = (heads - index).astype(np.int64).astype(np.uint64)
            values[index, 1] = self._ids[DEP][analysis.deprels]
            values[index, 2] = self._ids[POS][analysis.tags["upos"]]
            values[index, 3] = self._ids[TAG][analysis.tags["xpos"]]
            values[index, 4] = self._ids[MORPH][analysis.tags["feats"]]
            texts = [doc[i].text for i in words]
            values[index, 5] = [self.vocab.strings.add(lemma) for lemma in self.network.lemmatise(texts, analysis.tags)]
            entities.extend(self._entities(doc, words, analysis.entities))
        doc.from_array(columns, values)
        doc.set_ents(entities)

    def _entities(self, doc: Doc, words: list[int], labels: Ints) -> Iterator[Span]:
        names = [self.network.labels["entity"][i] for i in labels]
        begin = 0
        while begin < len(words):
            kind, end = names[begin][2:], begin + 1
            while end < len(words) and names[end] == f"I-{kind}":
                end += 1
            if kind:
                yield Span(doc, words[begin], words[end - 1] + 1, label=kind)
            begin = end


def _groups(stream: Iterable[Doc], size: int) -> Iterator[list[Doc]]:
    docs = iter(stream)
    while group := list(islice(docs, size)):
        yield group


def _spacy_label(deprel: str) -> str:
    """SpaCy writes the root's label in capitals; all others stay as Universal Dependencies names them."""
    return "ROOT" if deprel == "root" else deprel


def _space_heads(doc: Doc, found: list[tuple[list[int], Analysis]]) -> list[int]:
    """For each token the distance to the word before it (the first word, for leading space): where white space hangs."""
    words = [i for sentence, _ in found for i in sentence]
    if not words:
        return [-i for i in range(len(doc))]
    heads, at = [], words[0]
    known = set(words)
    for i in range(len(doc)):
        at = i if i in known else at
        heads.append(at - i)
    return heads


@Language.factory(
    "kb_neural",
    assigns=["token.tag", "token.pos", "token.morph", "token.lemma", "token.dep", "token.head", "doc.ents"],
    requires=["token.is_sent_start"],
    default_config={"path": None, "threads": THREADS},
)
def make_neural(nlp: Language, name: str, path: str | None, threads: int) -> Callable[[Doc], Doc]:
    """Create the component; ``path`` names another folder of model files."""
    return NeuralComponent(nlp, name, path=path, threads=threads)
