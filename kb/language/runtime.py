"""The exported network as functions: words to vectors, sentences to analyses, predicates to roles, phrases to clusters.

Runs the four graphs with onnxruntime. All batches are made within one document: quantised sums depend on what is summed
together, and what an article gives must not depend on its neighbours.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from kb.errors import ModelError
from kb.language.coreference import Phrases, Words, candidates, features, pair_features
from kb.language.decoding import bio_spans, distinct, nested_spans, viterbi
from kb.language.lemmas import Lemmatiser
from kb.language.pieces import Pieces
from kb.language.trees import decode

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: Word pieces in a batch of the encoder, words in a batch of sentences, words in a batch of rows of roles.
PIECES, WORDS, ROWS = 640, 500, 700
#: Word pieces of a chunk: sentences that the encoder sees together.
CHUNK = 160
#: Pairs of phrases scored at a time.
PAIRS = 20_000
#: How much surer than nothing a trigger must be, in nats.
TRIGGER = 3.5
PROPOSITION, EVENT = 0, 1
GRAPHS = ("encoder", "heads", "roles", "coreference")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A document's words as the encoder sees them.

    Attributes:
        vectors: (W, width).
        marks: (W, width), for each word the mark before its segment.
        starts: (W,) how much speaks for a sentence beginning there, in nats; 0 is even.
    """

    vectors: Floats
    marks: Floats
    starts: Floats


@dataclass(frozen=True, slots=True)
class Proposition:
    """A predicate or trigger: its word, what it is, its arguments (role, first word, word after the last)."""

    word: int
    label: str
    arguments: list[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the network says of one sentence of W words; words are counted in the sentence.

    Attributes:
        tags: for each tag head its (W,) label indices.
        heads: (W,) heads, 1-based, 0 for the root.
        deprels: (W,) label indices.
        names, mentions: (first word, word after the last, class), possibly nested.
        sure: for each name how much likelier its class is than nothing, in nats.
        predicates: words that are predicates.
        triggers: words that tell of an event, with its class.
        words, rows: (W, role) each word as roles see it, as a word and as a predicate.
    """

    tags: dict[str, Ints]
    heads: Ints
    deprels: Ints
    names: list[tuple[int, int, str]]
    sure: list[float]
    mentions: list[tuple[int, int, str]]
    predicates: list[int]
    triggers: list[tuple[int, str]]
    words: Floats
    rows: Floats


class Network:
    """The exported graphs and their label inventories.

    Raises:
        ModelError: a file is missing or cannot be loaded.
    """

    TAGS = ("upos", "xpos", "feats", "lemma")

    def __init__(self, folder: Path, *, threads: int) -> None:
        self.folder, self.threads = folder, threads
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Idle threads that spin take the core from another process that reads articles beside this one.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
            table: dict[str, dict[str, str]] = json.loads((folder / "lemmas.json").read_text(encoding="utf-8"))
            self.pieces = Pieces.from_file(folder / "tokenizer.json")
            self._sessions = {
                name: onnxruntime.InferenceSession(
                    str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
                )
                for name in GRAPHS
            }
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"the language model cannot be loaded ({error})", where=str(folder)) from error
        self.lemmatiser = Lemmatiser(table, self.pieces.tokenizer.get_vocab())
        self.width = int(self._sessions["encoder"].get_outputs()[0].shape[2])
        self.bare: dict[str, str] = labels.pop("bare")
        self.candidates: dict[str, list[str]] = labels.pop("candidates")
        self.labels: dict[str, list[str]] = labels
        self._rolesets = {name: i for i, name in enumerate(self.labels["roleset"])}

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process loads the files anew: what onnxruntime holds cannot be handed over."""
        return partial(Network, threads=self.threads), (self.folder,)

    def _run(self, graph: str, **inputs: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        session = self._sessions[graph]
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, inputs), strict=True))

    # Words ------------------------------------------------------------------------------------------------------------

    def encode(self, segments: Sequence[Sequence[str]]) -> Encoded:
        """Encode a document's words; a boundary is known to lie between segments, each of at most 500 pieces."""
        chunks = list(self._chunks(segments))
        count = sum(len(segment) for segment in segments)
        vectors, marks = np.zeros((2, count, self.width), np.float32)
        starts = np.zeros(count, np.float32)
        begins = np.cumsum([0, *(sum(map(len, chunk)) for chunk in chunks)])
        lengths = [self.pieces.length(chunk) for chunk in chunks]
        for batch in _batches(lengths, PIECES):
            ids, cases, places = self.pieces.batch([chunks[i] for i in batch])
            out = self._run("encoder", ids=ids, cases=cases)
            flat = out["vectors"].reshape(-1, out["vectors"].shape[2])
            for i, found in zip(batch, places, strict=True):
                firsts = [first for place in found for first in place.firsts]
                owners = [place.mark for place in found for _ in place.firsts]
                part = slice(begins[i], begins[i + 1])
                vectors[part], marks[part] = flat[firsts], flat[owners]
                starts[part] = out["starts"].reshape(-1)[firsts]
        return Encoded(vectors, marks, starts)

    def _chunks(self, segments: Sequence[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
        chunk: list[Sequence[str]] = []
        size = 1
        for segment in segments:
            length = 1 + self.pieces.count(segment)
            if chunk and size + length > CHUNK:
                yield chunk
                chunk, size = [], 1
            chunk.append(segment)
            size += length
        if chunk:
            yield chunk

    # Sentences --------------------------------------------------------------------------------------------------------

    def analyse(self, encoded: Encoded, sentences: Sequence[tuple[int, int]], texts: Sequence[str]) -> list[Analysis]:
        """Analyse the sentences of a document, each from its first word to the word after its last; order is kept."""
        found: dict[int, Analysis] = {}
        for batch in _batches([end - begin for begin, end in sentences], WORDS):
            spans = [sentences[i] for i in batch]
            out = self._run(
                "heads",
                words=_stacked([encoded.vectors[b:e] for b, e in spans]),
                marks=encoded.marks[[b for b, _ in spans]],
            )
            for row, (i, (begin, end)) in enumerate(zip(batch, spans, strict=True)):
                found[i] = self._analysis(out, row, end - begin)
        return _consistent([found[i] for i in range(len(sentences))], sentences, texts)

    def _analysis(self, out: dict[str, npt.NDArray[Any]], row: int, n: int) -> Analysis:
        heads = decode(out["arcs"][row, :n, : n + 1])
        triggers = [
            (int(i), self.labels["trigger"][out["trigger"][row, i]])
            for i in np.flatnonzero(out["trigger_margin"][row, :n] > TRIGGER)
        ]
        names, mentions = (
            nested_spans(
                out[kind][row, :n, :n], out[f"{kind}_margin"][row, :n, :n], self.labels[kind], names=kind == "name"
            )
            for kind in ("name", "mention")
        )
        return Analysis(
            tags={name: out[name][row, :n] for name in self.TAGS},
            heads=heads,
            deprels=out["deprel"][row, np.arange(n), heads],
            names=names,
            sure=[float(out["name_margin"][row, begin, end - 1]) for begin, end, _ in names],
            mentions=mentions,
            predicates=np.flatnonzero(out["predicate"][row, :n] > 0).tolist(),
            triggers=triggers,
            words=out["role_word"][row, :n],
            rows=out["role_row"][row, :n],
        )

    def lemmatise(self, words: Sequence[str], tags: dict[str, Ints]) -> Iterator[str]:
        """The lemma of each word."""
        rows = zip(words, *(tags[name].tolist() for name in ("upos", "xpos", "lemma")), strict=True)
        for word, pos, tag, rule in rows:
            labels = self.labels["upos"][pos], self.labels["xpos"][tag], self.labels["lemma"][rule]
            yield self.lemmatiser.lemma(word, *labels)

    # Roles ------------------------------------------------------------------------------------------------------------

    def propositions(
        self,
        encoded: Encoded,
        sentences: Sequence[tuple[int, int]],
        analyses: Sequence[Analysis],
        predicates: Sequence[Sequence[tuple[int, str]]],
    ) -> list[list[Proposition]]:
        """The rolesets and arguments of the predicates of each sentence, given as words with their lemmas.

        An auxiliary that PropBank gives no arguments has its roleset and nothing else.
        """
        result: list[list[Proposition]] = [[] for _ in sentences]
        rows: list[tuple[int, int, int]] = []
        for i, found in enumerate(predicates):
            for word, lemma in found:
                if lemma in self.bare and self._auxiliary(analyses[i], word):
                    result[i].append(Proposition(word, self.bare[lemma], []))
                else:
                    rows.append((i, word, PROPOSITION))
        lemmas = {(i, word): lemma for i, found in enumerate(predicates) for word, lemma in found}
        for (i, word, _), (labels, out) in zip(
            rows, self._roles(encoded, sentences, analyses, rows, "role"), strict=True
        ):
            result[i].append(Proposition(word, self._roleset(lemmas[i, word], out), labels))
        return [sorted(found, key=lambda p: p.word) for found in result]

    def events(
        self, encoded: Encoded, sentences: Sequence[tuple[int, int]], analyses: Sequence[Analysis]
    ) -> list[list[Proposition]]:
        """The triggers of each sentence, with the class of their event and its roles."""
        rows = [(i, word, EVENT) for i, analysis in enumerate(analyses) for word, _ in analysis.triggers]
        kinds = [kind for analysis in analyses for _, kind in analysis.triggers]
        result: list[list[Proposition]] = [[] for _ in sentences]
        found = self._roles(encoded, sentences, analyses, rows, "event_role")
        for (i, word, _), kind, (labels, _) in zip(rows, kinds, found, strict=True):
            result[i].append(Proposition(word, kind, labels))
        return result

    def _auxiliary(self, analysis: Analysis, i: int) -> bool:
        deprel: str = self.labels["deprel"][int(analysis.deprels[i])]
        return deprel.split(":")[0] == "aux"

    def _roles(
        self,
        encoded: Encoded,
        sentences: Sequence[tuple[int, int]],
        analyses: Sequence[Analysis],
        rows: Sequence[tuple[int, int, int]],
        name: str,
    ) -> list[tuple[list[tuple[str, int, int]], Floats]]:
        """For each row (sentence, word, kind) its roles, and the scores of rolesets."""
        found: dict[int, tuple[list[tuple[str, int, int]], Floats]] = {}
        lengths = [sentences[i][1] - sentences[i][0] for i, _, _ in rows]
        for batch in _batches(lengths, ROWS):
            own = [rows[r] for r in batch]
            length = np.array([lengths[r] for r in batch])
            out = self._run(
                "roles",
                words=_stacked([analyses[i].words for i, _, _ in own]),
                own=np.stack([analyses[i].rows[word] for i, word, _ in own]),
                at=np.array([word for _, word, _ in own]),
                kind=np.array([kind for _, _, kind in own]),
                length=length,
                predicate=encoded.vectors[[sentences[i][0] + word for i, word, _ in own]],
            )
            labels = viterbi(out["event_roles" if name == "event_role" else "roles"], length)
            for row, r in enumerate(batch):
                spans = bio_spans(labels[row, : length[row]], self.labels[name])
                if name == "role":
                    spans = distinct(spans, out["roles"][row, : length[row]], self.labels[name])
                found[r] = (spans, out["rolesets"][row])
        return [found[r] for r in range(len(rows))]

    def _roleset(self, lemma: str, scores: Floats) -> str:
        """The best roleset among those that PropBank gives words of this lemma; the first sense of a lemma that it lacks."""
        known = self.candidates.get(lemma.lower())
        if not known:
            return f"{lemma.lower()}.01"
        return max(known, key=lambda name: float(scores[self._rolesets[name]]))

    # Coreference ------------------------------------------------------------------------------------------------------

    def clusters(
        self,
        encoded: Encoded,
        sentences: Sequence[tuple[int, int]],
        analyses: Sequence[Analysis],
        texts: Sequence[str],
        lemmas: Sequence[str],
    ) -> list[list[tuple[int, int]]]:
        """The mentions of a document (first word, word after the last) in groups that mean the same, in document order."""
        spans = [
            (begin + first, begin + last, kind)
            for (begin, _), analysis in zip(sentences, analyses, strict=True)
            for first, last, kind in analysis.mentions
        ]
        if not spans:
            return []
        words = self._words(sentences, analyses, texts, lemmas)
        kinds = {name: i for i, name in enumerate(self.labels["mention"])}
        phrases = Phrases.of([(b, e, kinds[kind]) for b, e, kind in spans])
        found = features(words, phrases)
        later, earlier = candidates(found)
        scores, new = self._antecedents(
            encoded.vectors, phrases, found.heads, later, earlier, pair_features(phrases, found, later, earlier)
        )
        return _groups(phrases, later, earlier, scores, new)

    def _words(
        self,
        sentences: Sequence[tuple[int, int]],
        analyses: Sequence[Analysis],
        texts: Sequence[str],
        lemmas: Sequence[str],
    ) -> Words:
        labels = self.labels
        return Words(
            texts=texts,
            lemmas=lemmas,
            upos=[labels["upos"][i] for a in analyses for i in a.tags["upos"]],
            feats=[labels["feats"][i] for a in analyses for i in a.tags["feats"]],
            deprels=[labels["deprel"][i] for a in analyses for i in a.deprels],
            heads=[
                begin + int(head) - 1 if head else begin + i
                for (begin, _), a in zip(sentences, analyses, strict=True)
                for i, head in enumerate(a.heads)
            ],
            sentences=[number for number, (begin, end) in enumerate(sentences) for _ in range(begin, end)],
        )

    def _antecedents(
        self, vectors: Floats, phrases: Phrases, heads: Ints, later: Ints, earlier: Ints, table: Ints
    ) -> tuple[Floats, Floats]:
        count = len(heads)
        inputs = {"first": vectors[phrases.begins], "last": vectors[phrases.ends - 1], "head": vectors[heads]}
        scores, new = np.zeros(len(later), np.float32), np.zeros(count, np.float32)
        for begin in range(0, max(len(later), 1), PAIRS):
            part = slice(begin, begin + PAIRS)
            low, high = (int(earlier[part].min()), int(later[part].max()) + 1) if len(later) else (0, count)
            some = {name: values[low:high] for name, values in inputs.items()}
            out = self._run(
                "coreference", **some, later=later[part] - low, earlier=earlier[part] - low, features=table[part]
            )
            scores[part], new[low:high] = out["pairs"], out["new"]
        return scores, new


def _batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Indices in batches of like length, none with more than ``most`` in all, padding included."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[i] > most:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _consistent(analyses: list[Analysis], sentences: Sequence[tuple[int, int]], texts: Sequence[str]) -> list[Analysis]:
    """A name that a document writes several times has one class: the one for which most speaks in all places together."""
    votes: dict[tuple[str, ...], dict[str, float]] = {}
    for analysis, (start, _) in zip(analyses, sentences, strict=True):
        for (begin, end, kind), sure in zip(analysis.names, analysis.sure, strict=True):
            told = votes.setdefault(tuple(texts[start + begin : start + end]), {})
            told[kind] = told.get(kind, 0.0) + sure
    best = {name: max(sorted(told), key=lambda kind: told[kind]) for name, told in votes.items()}
    return [
        replace(a, names=[(b, e, best[tuple(texts[start + b : start + e])]) for b, e, _ in a.names])
        for a, (start, _) in zip(analyses, sentences, strict=True)
    ]


def _stacked(parts: Sequence[Floats]) -> Floats:
    """Arrays (W, width) as one (parts, longest, width)."""
    found = np.zeros((len(parts), max(map(len, parts)), parts[0].shape[1]), np.float32)
    for row, part in enumerate(parts):
        found[row, : len(part)] = part
    return found


def _groups(phrases: Phrases, later: Ints, earlier: Ints, scores: Floats, new: Floats) -> list[list[tuple[int, int]]]:
    """Each phrase joins its best antecedent where that is better than being new."""
    group = list(range(len(new)))
    edges = np.searchsorted(later, np.arange(len(new) + 1))
    for i in range(len(new)):
        part = slice(edges[i], edges[i + 1])
        if edges[i] < edges[i + 1]:
            best = int(scores[part].argmax())
            if scores[part][best] > new[i]:
                group[i] = group[int(earlier[part][best])]
    members: dict[int, list[tuple[int, int]]] = {}
    for i, (begin, end) in enumerate(zip(phrases.begins.tolist(), phrases.ends.tolist(), strict=True)):
        members.setdefault(group[i], []).append((begin, end))
    return list(members.values())
