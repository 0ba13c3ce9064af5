"""The trained component: words in; sentences, tags, lemmas, trees, names, propositions, triggers and clusters out.

Finding is done by :mod:`kb.language.runtime`, here it is written on the ``Doc``, in one call where spaCy has a place for it:

- ``doc.ents``: names and quantities, the outermost; ``doc.spans["names"]``: with those nested in them.
- ``doc.spans["coref_clusters_1"]`` …: phrases that mean the same, a group for each thing that is mentioned twice or more.
- ``doc._.kb_propositions``: a list of ``[word, roleset, [[role, first word, word after the last], …]]`` with PropBank's rolesets.
- ``doc._.kb_triggers``: the same with classes and roles of the ontology's events.

White space is kept from the network and hung on the word before it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from spacy.attrs import DEP, HEAD, LEMMA, MORPH, POS, SENT_START, TAG
from spacy.language import Language
from spacy.tokens import Doc, Span
from srsly.msgpack import msgpack_decoders, msgpack_encoders

from kb.language.decoding import outermost
from kb.language.runtime import CHUNK, Analysis, Encoded, Network, Proposition
from kb.language.sentences import CERTAIN, LIKELY, MOST_WORDS, barred, boundaries

MODEL = Path(__file__).parent / "model"
#: Threads of the network. With one, two processes are twice as fast as one on two cores.
THREADS = 1
#: What a boundary by punctuation adds to the model's opinion, and what is asked in all, in nats.
PUNCTUATION, LEAST = 2.0, 0.0

#: First and last word of each sentence, exclusive, counted over the words that are no white space.
Spans = list[tuple[int, int]]


class NeuralComponent:
    """Writes the network's analysis on documents; keeps finding and writing down apart."""

    def __init__(
        self, nlp: Language, name: str, *, path: str | None, threads: int, roles: bool, coreference: bool
    ) -> None:
        self.name, self.vocab, self.roles, self.coreference = name, nlp.vocab, roles, coreference
        self.network = Network(Path(path) if path else MODEL, threads=threads)
        strings, labels = nlp.vocab.strings, self.network.labels
        self._ids = {
            POS: np.array([strings.add(v) for v in labels["upos"]], dtype=np.uint64),
            TAG: np.array([strings.add(v) for v in labels["xpos"]], dtype=np.uint64),
            DEP: np.array([strings.add(_spacy_label(v)) for v in labels["deprel"]], dtype=np.uint64),
            MORPH: np.array([nlp.vocab.morphology.add(v) for v in labels["feats"]], dtype=np.uint64),
        }
        for label in labels["name"]:
            strings.add(label)

    def __call__(self, doc: Doc) -> Doc:
        """Analyse one document."""
        index = [token.i for token in doc if not token.is_space]
        texts = [doc[i].text for i in index]
        encoded, sentences = self._sentences(doc, index, texts)
        analyses = self.network.analyse(encoded, sentences, texts)
        lemmas = [
            lemma
            for (begin, end), analysis in zip(sentences, analyses, strict=True)
            for lemma in self.network.lemmatise(texts[begin:end], analysis.tags)
        ]
        self._write_words(doc, index, sentences, analyses, lemmas)
        self._write_names(doc, index, sentences, analyses)
        if self.roles:
            self._write_roles(doc, index, encoded, sentences, analyses, lemmas)
        if self.coreference:
            self._write_clusters(doc, index, self.network.clusters(encoded, sentences, analyses, texts, lemmas))
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 1) -> Iterator[Doc]:
        """Analyse documents one by one; the batches are within each."""
        for doc in stream:
            yield self(doc)

    # Finding ----------------------------------------------------------------------------------------------------------

    def _sentences(self, doc: Doc, index: list[int], texts: list[str]) -> tuple[Encoded, Spans]:
        """Encode the words between certain boundaries, then find the other boundaries."""
        levels = boundaries(doc)
        segments = list(self._segments([levels[i] for i in index], texts))
        encoded = self.network.encode([texts[begin:end] for begin, end in segments])
        fixed = {begin for begin, _ in segments}
        begins: list[int] = []
        for i in range(len(index)):
            likely = float(encoded.starts[i]) + (PUNCTUATION if levels[index[i]] == LIKELY else 0.0)
            begins_here = likely > LEAST and not barred(texts, i)
            if i in fixed or begins_here or i - begins[-1] >= MOST_WORDS:
                begins.append(i)
        return encoded, list(pairwise([*begins, len(index)])) if index else []

    def _segments(self, levels: Sequence[int], texts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Stretches of words between certain boundaries; longer ones are cut at likely ones, or where the room ends."""
        begin, cut, size = 0, 0, 0
        for i, text in enumerate(texts):
            pieces = len(self.network.pieces.of(text))
            if i > begin and levels[i] == CERTAIN:
                yield begin, i
                begin = cut = i
                size = 0
            elif size + pieces > CHUNK - 2 and i > begin:
                stop = cut if cut > begin else i
                yield begin, stop
                begin = cut = stop
                size = self.network.pieces.count(texts[stop:i])
            cut = i if levels[i] == LIKELY else cut
            size += pieces
        if begin < len(texts):
            yield begin, len(texts)

    # Writing ----------------------------------------------------------------------------------------------------------

    def _write_words(
        self, doc: Doc, index: list[int], sentences: Spans, analyses: list[Analysis], lemmas: list[str]
    ) -> None:
        columns = [HEAD, DEP, POS, TAG, MORPH, LEMMA, SENT_START]
        values: Any = np.zeros((len(doc), len(columns)), dtype=np.uint64)
        values[:, 1:4] = [self.vocab.strings.add(name) for name in ("dep", "SPACE", "_SP")]
        values[:, 5] = [t.orth for t in doc]
        values[:, 6] = np.array(-1, dtype=np.int64).astype(np.uint64)
        values[:, 0] = np.array(_space_heads(len(doc), index), dtype=np.int64).astype(np.uint64)
        places = np.array(index, dtype=np.int64)
        values[places, 5] = [self.vocab.strings.add(lemma) for lemma in lemmas]
        for (begin, end), analysis in zip(sentences, analyses, strict=True):
            own = places[begin:end]
            heads = np.where(analysis.heads == 0, own, own[analysis.heads - 1])
            values[own, 0] = (heads - own).astype(np.int64).astype(np.uint64)
            values[own, 1] = self._ids[DEP][analysis.deprels]
            for column, (attribute, name) in enumerate(((POS, "upos"), (TAG, "xpos"), (MORPH, "feats")), start=2):
                values[own, column] = self._ids[attribute][analysis.tags[name]]
            values[own[0], 6] = 1
        if len(doc):
            values[0, 6] = 1
        doc.from_array(columns, values)

    def _write_names(self, doc: Doc, index: list[int], sentences: Spans, analyses: list[Analysis]) -> None:
        names, outer = [], []
        for (begin, _), analysis in zip(sentences, analyses, strict=True):
            top = set(outermost(analysis.names))
            for name in analysis.names:
                span = Span(doc, index[begin + name[0]], index[begin + name[1] - 1] + 1, label=name[2])
                names.append(span)
                outer.extend([span] if name in top else [])
        doc.spans["names"] = names
        doc.set_ents(outer)

    def _write_roles(
        self,
        doc: Doc,
        index: list[int],
        encoded: Encoded,
        sentences: Spans,
        analyses: list[Analysis],
        lemmas: list[str],
    ) -> None:
        predicates = [
            [(i, lemmas[begin + i]) for i in analysis.predicates]
            for (begin, _), analysis in zip(sentences, analyses, strict=True)
        ]
        propositions = self.network.propositions(encoded, sentences, analyses, predicates)
        events = self.network.events(encoded, sentences, analyses)
        for name, told in (("kb_propositions", propositions), ("kb_triggers", events)):
            plain = [_plain(p, index, begin) for (begin, _), found in zip(sentences, told, strict=True) for p in found]
            doc._.set(name, plain)

    def _write_clusters(self, doc: Doc, index: list[int], groups: list[list[tuple[int, int]]]) -> None:
        for number, group in enumerate((g for g in groups if len(g) > 1), start=1):
            doc.spans[f"coref_clusters_{number}"] = [Span(doc, index[b], index[e - 1] + 1) for b, e in group]


def _plain(found: Proposition, index: list[int], begin: int) -> list[Any]:
    arguments = [[role, index[begin + b], index[begin + e - 1] + 1] for role, b, e in found.arguments]
    return [index[begin + found.word], found.label, arguments]


def _spacy_label(deprel: str) -> str:
    """SpaCy writes the root's label in capitals; all others stay as Universal Dependencies names them."""
    return "ROOT" if deprel == "root" else deprel


def _space_heads(count: int, index: list[int]) -> list[int]:
    """For each token the distance to the word before it (the first word, for leading space): where white space hangs."""
    if not index:
        return [-i for i in range(count)]
    heads, at = [], index[0]
    known = set(index)
    for i in range(count):
        at = i if i in known else at
        heads.append(at - i)
    return heads


@Language.factory(
    "kb_neural",
    assigns=[
        "token.tag",
        "token.pos",
        "token.morph",
        "token.lemma",
        "token.dep",
        "token.head",
        "token.is_sent_start",
        "doc.ents",
        "doc.spans",
    ],
    default_config={"path": None, "threads": THREADS, "roles": True, "coreference": True},
)
def make_neural(
    nlp: Language, name: str, path: str | None, threads: int, roles: bool, coreference: bool
) -> Callable[[Doc], Doc]:
    """Create the component.

    Args:
        nlp: the pipeline.
        name: the component's name in it.
        path: another folder of model files.
        threads: of the network, at least 1.
        roles: whether propositions and triggers are found, which takes about a fifth of the time.
        coreference: whether clusters are found.
    """
    for registry in (msgpack_encoders, msgpack_decoders):
        _look_once(registry)
    return NeuralComponent(nlp, name, path=path, threads=threads, roles=roles, coreference=coreference)


def _look_once(registry: Any) -> None:
    """Let a catalogue know now what other packages bring.

    Otherwise it looks through all installed packages for each group of spans of a document that goes to another process.
    """
    if registry.entry_points:
        for name, found in registry.get_entry_points().items():
            registry.register(name, func=found)
        registry.entry_points = False


for _name in ("kb_propositions", "kb_triggers"):
    if not Doc.has_extension(_name):
        Doc.set_extension(_name, default=[])
