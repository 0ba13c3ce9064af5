"""Sentences to arrays: chunks of consecutive sentences in batches of like size, with the targets of every task.

In half of the chunks the sentences' boundaries are marked, as where the evaluation gives them; in the others only
paragraphs are, as in running text. Targets are flat: a value for each word, span, predicate or trigger that has one.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from kb.language.coreference import Phrases, Words, candidates, features, pair_features
from kb.language.lemmas import rule_of
from kb.language.pieces import Pieces
from kb.language.train.network import EVENT, PROPOSITION
from kb.language.train.sentences import MENTION_CLASSES, NAME_CLASSES, Mention, Sentence, documents

TAGS = ("upos", "xpos", "feats", "lemma")
#: Words of the longest span that is a name, and of the longest mention.
LONGEST_NAME, LONGEST_MENTION = 16, 48
#: Word pieces of the chunks that training draws from; chunks of none are single sentences.
LENGTHS = (0, 48, 96, 144, 192)
#: Sentences of one run that are cut into chunks of one length.
STRETCH = 40
#: The share of words that the encoder does not see in training; it knows of their letter case only.
HIDDEN = 0.1
#: Rows of roles that are padded together.
BUCKET = 64

Arrays = dict[str, npt.NDArray[Any]]
Index = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk: consecutive sentences of one document, with or without their boundaries marked."""

    sentences: tuple[Sentence, ...]
    marked: bool

    def segments(self) -> list[list[str]]:
        """The words between marks."""
        found: list[list[str]] = []
        for sentence in self.sentences:
            if not found or self.marked or sentence.paragraph:
                found.append([])
            found[-1].extend(sentence.words)
        return found


def chunks(run: Sequence[Sentence], pieces: Pieces, *, length: int, marked: bool) -> Iterator[Piece]:
    """A run cut into chunks of about ``length`` word pieces."""
    found: list[Sentence] = []
    size = 1
    for sentence in run:
        count = pieces.count(sentence.words) + 1
        if found and size + count > length:
            yield Piece(tuple(found), marked)
            found, size = [], 1
        found.append(sentence)
        size += count
    if found:
        yield Piece(tuple(found), marked)


@dataclass(slots=True)
class Encoder:
    """Turns batches of chunks into tensors; ``index`` holds the number of each label of each head."""

    pieces: Pieces
    index: Index
    _cache: dict[Sentence, Arrays] = field(default_factory=dict)

    def arrays(
        self, batch: Sequence[Piece], *, document: bool = False, rng: random.Random | None = None
    ) -> dict[str, Tensor]:
        """Inputs and targets.

        Args:
            batch: the chunks.
            document: whether they are one document, whose pairs of phrases are targets too.
            rng: hides a share of the words, where given.
        """
        ids, cases, places = self.pieces.batch([piece.segments() for piece in batch])
        sentences = [s for piece in batch for s in piece.sentences]
        marks, firsts, starts = _flat(batch, places)
        hidden = self._hide(ids, firsts, [w for s in sentences for w in s.words], rng) if rng else []
        lengths = np.array([len(s.words) for s in sentences])
        begins = np.concatenate([[0], np.cumsum(lengths)])
        grid = np.zeros((len(sentences), int(lengths.max())), dtype=np.int64)
        for row, (begin, length) in enumerate(zip(begins[:-1], lengths, strict=True)):
            grid[row, :length] = np.arange(begin, begin + length)
        found: Arrays = {
            "ids": ids,
            "cases": cases,
            "marks": marks,
            "firsts": firsts,
            "starts": starts,
            "lengths": lengths,
            "grid": grid,
        }
        found |= _joined([self._sentence(s) for s in sentences], begins)
        found["lemma"][hidden] = -100
        if document:
            found |= _pairs(sentences, begins)
        return {name: torch.from_numpy(a) for name, a in found.items()}

    def _hide(
        self, ids: npt.NDArray[np.int64], firsts: Sequence[int], words: Sequence[str], rng: random.Random
    ) -> list[int]:
        """Put marks in the place of some words' pieces; which words."""
        hidden = [i for i in range(len(words)) if rng.random() < HIDDEN]
        flat, mask = ids.reshape(-1), self.pieces.mark("[MASK]")
        for i in hidden:
            flat[firsts[i] : firsts[i] + len(self.pieces.of(words[i]))] = mask
        return hidden

    def _sentence(self, sentence: Sentence) -> Arrays:
        if sentence not in self._cache:
            self._cache[sentence] = self._targets(sentence)
        return self._cache[sentence]

    def _targets(self, sentence: Sentence) -> Arrays:
        found: Arrays = {}
        count = len(sentence.words)
        if sentence.tree:
            tree = sentence.tree
            rules = tuple(rule_of(w, lemma) for w, lemma in zip(sentence.words, tree.lemmas, strict=True))
            values = {"upos": tree.upos, "xpos": tree.xpos, "feats": tree.feats, "lemma": rules, "deprel": tree.deprels}
            for name, column in values.items():
                found[name] = np.array([self.index[name].get(v, -100) for v in column])
            found["arc"] = np.array(tree.heads)
        if sentence.names:
            found |= self._names(sentence)
        if sentence.mentions is not None:
            found |= self._mentions(sentence.mentions, count)
        if sentence.propositions is not None:
            found |= self._rows(sentence, "proposition")
        if sentence.events is not None:
            found |= self._rows(sentence, "event")
        return found

    def _names(self, sentence: Sentence) -> Arrays:
        names, count = sentence.names, len(sentence.words)
        assert names is not None
        allowed = np.zeros((count, count, 1 + len(NAME_CLASSES)), dtype=bool)
        allowed[..., 0] = True
        for kind in names.silent:
            allowed[..., 1 + NAME_CLASSES.index(kind)] = True
        for i in names.unsure:
            allowed[: i + 1, i:] = True
        if not names.nested:
            for begin, end, _ in names.spans:
                allowed[begin:end, begin:end] = True
        for begin, end, kinds in names.spans:
            allowed[begin, end - 1] = [False, *(kind in kinds for kind in NAME_CLASSES)]
        begins, ends = _cells(count, LONGEST_NAME)
        return {"name_begin": begins, "name_end": ends, "name_allowed": allowed[begins, ends]}

    def _mentions(self, mentions: Sequence[Mention], count: int) -> Arrays:
        labels = np.zeros((count, count), dtype=np.int64)
        for mention in mentions:
            if mention.kind in MENTION_CLASSES:
                labels[mention.begin, mention.end - 1] = 1 + MENTION_CLASSES.index(mention.kind)
        begins, ends = _cells(count, LONGEST_MENTION)
        return {"mention_begin": begins, "mention_end": ends, "mention_label": labels[begins, ends]}

    def _rows(self, sentence: Sentence, kind: str) -> Arrays:
        count = len(sentence.words)
        marks = np.zeros(count, dtype=np.int64)
        rows: list[tuple[int, int, list[int]]] = []
        if kind == "proposition":
            for p in sentence.propositions or ():
                marks[p.predicate] = 1
                rows.append(
                    (p.predicate, self.index["roleset"].get(p.roleset, -100), self._bio("role", p.arguments, count))
                )
        else:
            for e in sentence.events or ():
                marks[e.trigger] = self.index["trigger"][e.kind]
                rows.append((e.trigger, 0, self._bio("event_role", e.roles, count)))
        return {
            f"{kind}_mark": marks,
            f"{kind}_at": np.array([r[0] for r in rows], dtype=np.int64),
            f"{kind}_label": np.array([r[1] for r in rows], dtype=np.int64),
            f"{kind}_bio": np.array([r[2] for r in rows], dtype=np.int64).reshape(len(rows), count),
        }

    def _bio(self, name: str, spans: Sequence[tuple[str, int, int]], count: int) -> list[int]:
        labels = [0] * count
        for role, begin, end in spans:
            if f"B-{role}" in self.index[name]:
                labels[begin:end] = [self.index[name][f"{'I' if i else 'B'}-{role}"] for i in range(end - begin)]
        return labels


def _flat(batch: Sequence[Piece], places: list[list[Any]]) -> tuple[Any, Any, Any]:
    """For each sentence its mark; for each word its first piece, and whether it begins a sentence (-100 where a mark says so)."""
    marks: list[int] = []
    firsts: list[int] = []
    starts: list[int] = []
    for piece, found in zip(batch, places, strict=True):
        segments = iter(found)
        place, used = next(segments), 0
        for number, sentence in enumerate(piece.sentences):
            fresh = number == 0 or piece.marked or sentence.paragraph
            if fresh and number:
                place, used = next(segments), 0
            marks.append(place.mark)
            firsts.extend(place.firsts[used : used + len(sentence.words)])
            used += len(sentence.words)
            starts.extend([-100 if fresh else 1, *[-100 if piece.marked else 0] * (len(sentence.words) - 1)])
    return np.array(marks), np.array(firsts), np.array(starts)


def _cells(count: int, longest: int) -> tuple[Any, Any]:
    """First and last words of all spans of at most ``longest`` words."""
    begins, ends = np.triu_indices(count)
    near = ends - begins < longest
    return begins[near], ends[near]


_PER_WORD = (*TAGS, "deprel", "arc", "proposition_mark", "event_mark")


def _joined(found: Sequence[Arrays], begins: npt.NDArray[np.int64]) -> Arrays:
    """The targets of sentences as those of a batch; -100 for a word that has none."""
    joined: Arrays = {name: np.full(int(begins[-1]), -100) for name in _PER_WORD}
    for row, arrays in enumerate(found):
        for name in _PER_WORD:
            if name in arrays:
                joined[name][begins[row] : begins[row + 1]] = arrays[name]
    for kind in ("name", "mention"):
        parts = [(row, a) for row, a in enumerate(found) if f"{kind}_begin" in a]
        if parts:
            joined[f"{kind}_row"] = np.concatenate([np.full(len(a[f"{kind}_begin"]), row) for row, a in parts])
            for name in (f"{kind}_begin", f"{kind}_end", "name_allowed" if kind == "name" else "mention_label"):
                joined[name] = np.concatenate([a[name] for _, a in parts])
    return joined | _role_rows(found)


def _role_rows(found: Sequence[Arrays]) -> Arrays:
    """Rows of roles of both kinds, by their lengths: sentence, word, kind, label, BIO labels padded with -100."""
    rows: list[tuple[int, int, int, int, int, npt.NDArray[np.int64]]] = []
    for number, arrays in enumerate(found):
        for kind, name in ((PROPOSITION, "proposition"), (EVENT, "event")):
            for at, label, bio in zip(
                *(arrays.get(f"{name}_{part}", ()) for part in ("at", "label", "bio")), strict=True
            ):
                rows.append((len(bio), number, int(at), kind, int(label), bio))
    rows.sort(key=lambda row: row[:4])
    if not rows:
        return {}
    padded = np.full((len(rows), rows[-1][0]), -100)
    for i, row in enumerate(rows):
        padded[i, : row[0]] = row[5]
    columns = np.array([row[1:5] for row in rows]).T
    return dict(zip(("row_sentence", "row_at", "row_kind", "row_label"), columns, strict=True)) | {"row_bio": padded}


def _pairs(sentences: Sequence[Sentence], begins: npt.NDArray[np.int64]) -> Arrays:
    """The phrases of a document with the pairs that training looks at, and which are right."""
    words = _document(sentences)
    spans = {
        (int(begin) + m.begin, int(begin) + m.end): (1 + MENTION_CLASSES.index(m.kind), m.entity)
        for begin, sentence in zip(begins[:-1], sentences, strict=True)
        for m in sentence.mentions or ()
        if m.kind in MENTION_CLASSES
    }
    phrases = Phrases.of([(b, e, kind) for (b, e), (kind, _) in spans.items()])
    found = features(words, phrases)
    later, earlier = candidates(found)
    entities = [spans[b, e][1] for b, e in zip(phrases.begins.tolist(), phrases.ends.tolist(), strict=True)]
    ids = np.array([{e: i for i, e in enumerate(dict.fromkeys(entities))}[e] for e in entities])
    return {
        "phrase_first": phrases.begins,
        "phrase_last": phrases.ends - 1,
        "phrase_head": found.heads,
        "pair_later": later,
        "pair_earlier": earlier,
        "pair_features": pair_features(phrases, found, later, earlier),
        "pair_same": ids[later] == ids[earlier],
    }


def _document(sentences: Sequence[Sentence]) -> Words:
    trees = [s.tree for s in sentences if s.tree]
    heads: list[int] = []
    for tree in trees:
        base = len(heads)
        heads.extend(base + h - 1 if h else base + i for i, h in enumerate(tree.heads))
    return Words(
        texts=[word for s in sentences for word in s.words],
        lemmas=[lemma for tree in trees for lemma in tree.lemmas],
        upos=[pos for tree in trees for pos in tree.upos],
        feats=[feats for tree in trees for feats in tree.feats],
        deprels=[deprel for tree in trees for deprel in tree.deprels],
        heads=heads,
        sentences=[number for number, s in enumerate(sentences) for _ in s.words],
    )


def plan(
    corpora: Mapping[str, Sequence[Sentence]], pieces: Pieces, rng: random.Random, *, size: int
) -> list[tuple[list[Piece], bool]]:
    """The batches of one epoch from runs of sentences; a document of GUM with mentions is a batch of its own."""
    loose: list[Piece] = []
    whole: list[tuple[list[Piece], bool]] = []
    for name, sentences in corpora.items():
        for run in documents(sentences):
            if name.startswith("gum"):
                marked = rng.random() < 0.5
                for part in _parts(run, pieces, 2 * size):
                    whole.append((list(chunks(part, pieces, length=LENGTHS[-1], marked=marked)), True))
                continue
            for begin in range(0, len(run), STRETCH):
                length, marked = rng.choice(LENGTHS), rng.random() < 0.5
                loose.extend(chunks(run[begin : begin + STRETCH], pieces, length=length, marked=marked))
    return _shuffled([*((batch, False) for batch in _batches(loose, pieces, rng, size)), *whole], rng)


def _parts(run: list[Sentence], pieces: Pieces, size: int) -> Iterator[list[Sentence]]:
    part: list[Sentence] = []
    total = 0
    for sentence in run:
        total += pieces.count(sentence.words)
        if part and total > size:
            yield part
            part, total = [], pieces.count(sentence.words)
        part.append(sentence)
    yield part


def _batches(loose: list[Piece], pieces: Pieces, rng: random.Random, size: int) -> Iterator[list[Piece]]:
    keyed = sorted(((pieces.length(p.segments()) + rng.randrange(12), rng.random(), i) for i, p in enumerate(loose)))
    batch: list[Piece] = []
    for length, _, i in keyed:
        if batch and (len(batch) + 1) * length > size:
            yield batch
            batch = []
        batch.append(loose[i])
    if batch:
        yield batch


def _shuffled(batches: list[Any], rng: random.Random) -> list[Any]:
    rng.shuffle(batches)
    return batches


def augmented(sentences: Sequence[Sentence], change: Any, share: float, rng: random.Random) -> list[Sentence]:
    """Sentences, a share of which is changed."""
    return [change(s) if rng.random() < share else s for s in sentences]
