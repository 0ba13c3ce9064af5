"""Scores become spans that never cross, labels that are well formed, clusters that hold; all over hand-made numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kb.language.coreference import TYPES, Phrases, Words, candidates, features, head_of, pair_features
from kb.language.decoding import bio_spans, nested_spans, outermost, viterbi

_LABELS = ("O", "LOC", "ORG")
_BIO = ("O", "B-ARG0", "I-ARG0", "B-ARG1", "I-ARG1")


def _spans(cells: dict[tuple[int, int], tuple[int, float]], words: int = 4) -> list[tuple[int, int, str]]:
    classes, margins = np.zeros((words, words), np.int64), np.full((words, words), -1.0, np.float32)
    for (begin, last), (label, margin) in cells.items():
        classes[begin, last], margins[begin, last] = label, margin
    return nested_spans(classes, margins, _LABELS)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, []),
        ({(0, 0): (1, 0.5)}, [(0, 1, "LOC")]),
        ({(0, 2): (2, 3.0), (0, 0): (1, 1.0)}, [(0, 3, "ORG"), (0, 1, "LOC")]),
        ({(0, 1): (2, 3.0), (1, 2): (1, 2.0)}, [(0, 2, "ORG")]),
        ({(0, 1): (2, 1.0), (1, 2): (1, 2.0)}, [(1, 3, "LOC")]),
        ({(2, 1): (2, 9.0)}, []),
    ],
    ids=["nothing", "one", "nested", "crossing", "the surer one wins", "backwards"],
)
def test_spans(cells: dict[tuple[int, int], tuple[int, float]], expected: list[tuple[int, int, str]]) -> None:
    assert _spans(cells) == expected


def test_outermost_spans_lie_in_no_other() -> None:
    assert outermost([(0, 3, "ORG"), (0, 1, "LOC"), (3, 4, "LOC")]) == [(0, 3, "ORG"), (3, 4, "LOC")]


def _labelled(rows: list[list[float]]) -> list[tuple[str, int, int]]:
    scores = np.array([rows], np.float32)
    return bio_spans(viterbi(scores, np.array([len(rows)]))[0], _BIO)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1, 0, 0, 0, 0]] * 3, []),
        ([[0, 2, 0, 0, 0], [0, 0, 2, 0, 0], [2, 0, 0, 0, 0]], [("ARG0", 0, 2)]),
        ([[0, 2, 0, 0, 0], [0, 2, 0, 0, 0]], [("ARG0", 0, 1), ("ARG0", 1, 2)]),
        ([[0, 0, 5, 0, 0], [3, 0, 0, 0, 0]], []),
        ([[0, 2, 0, 0, 0], [1, 0, 0, 0, 5]], [("ARG1", 0, 2)]),
    ],
    ids=["nothing", "one", "two side by side", "none begins inside", "the inside decides the beginning"],
)
def test_roles(rows: list[list[float]], expected: list[tuple[str, int, int]]) -> None:
    assert _labelled(rows) == expected


@given(
    arrays.arrays(np.float32, (3, 6, 5), elements=st.floats(-5, 5, width=32)),
    st.lists(st.integers(1, 6), min_size=3, max_size=3),
)
def test_no_role_continues_what_has_not_begun(scores: np.ndarray, lengths: list[int]) -> None:
    labels = viterbi(scores, np.array(lengths))

    for row, length in zip(labels.tolist(), lengths, strict=True):
        for before, label in zip([0, *row], row[:length], strict=False):
            assert label not in (2, 4) or before in (label - 1, label)


@given(arrays.arrays(np.float32, (1, 4, 5), elements=st.floats(-5, 5, width=32)))
def test_the_best_labelling_is_found(scores: np.ndarray) -> None:
    def allowed(labels: tuple[int, ...]) -> bool:
        return all(b not in (2, 4) or a in (b - 1, b) for a, b in zip((0, *labels), labels, strict=False))

    every = [labels for labels in np.ndindex(5, 5, 5, 5) if allowed(labels)]
    worth = {labels: float(sum(scores[0, i, label] for i, label in enumerate(labels))) for labels in every}

    found = tuple(viterbi(scores, np.array([4]))[0].tolist())

    assert worth[found] == pytest.approx(max(worth.values()), abs=1e-4)


# What phrases have in common -------------------------------------------------------------------------------------------

_TEXT = "Turkey closed its border . President Aslan said Turkey is safe . He left .".split()
_UPOS = "PROPN VERB PRON NOUN PUNCT PROPN PROPN VERB PROPN AUX ADJ PUNCT PRON VERB PUNCT".split()
_HEADS = [1, 1, 3, 1, 1, 7, 5, 7, 10, 10, 7, 7, 13, 13, 13]
_WORDS = Words(
    texts=_TEXT, lemmas=_TEXT, upos=_UPOS, feats=["Number=Sing"] * 15, deprels=["nsubj"] * 15, heads=_HEADS,
    sentences=[0] * 5 + [1] * 7 + [2] * 3,
)  # fmt: skip
_PHRASES = Phrases.of([(0, 1, 3), (2, 4, 3), (2, 3, 3), (5, 7, 1), (8, 9, 3), (12, 13, 1)])


def test_phrases_are_in_text_order_longer_ones_first() -> None:
    assert list(zip(_PHRASES.begins.tolist(), _PHRASES.ends.tolist(), strict=True)) == [
        (0, 1),
        (2, 4),
        (2, 3),
        (5, 7),
        (8, 9),
        (12, 13),
    ]


@pytest.mark.parametrize(("begin", "end", "head"), [(2, 4, 3), (5, 7, 5), (0, 1, 0)])
def test_the_head_depends_on_a_word_outside(begin: int, end: int, head: int) -> None:
    assert head_of(_WORDS, begin, end) == head


def test_features_of_phrases() -> None:
    found = features(_WORDS, _PHRASES)

    assert [TYPES[i] for i in found.types] == ["name", "definite", "it", "name", "name", "he"]
    assert found.strings[0] == found.strings[4]


def test_every_phrase_meets_those_before_it() -> None:
    later, earlier = candidates(features(_WORDS, _PHRASES))

    assert set(zip(later.tolist(), earlier.tolist(), strict=True)) == {(i, j) for i in range(6) for j in range(i)}
    assert list(later) == sorted(later)


@pytest.mark.parametrize(
    ("later", "earlier", "column", "value"),
    [(4, 0, 3, 5), (5, 4, 3, 0), (2, 1, 4, 1), (4, 0, 1, 1), (5, 0, 1, 2), (5, 3, 7, 0), (3, 0, 8, 1), (4, 0, 8, 0)],
    ids=["same words", "no word", "within", "next sentence", "two sentences", "both subjects", "two names", "one name"],
)
def test_features_of_pairs(later: int, earlier: int, column: int, value: int) -> None:
    table = pair_features(_PHRASES, features(_WORDS, _PHRASES), np.array([later]), np.array([earlier]))

    assert table[0, column] == value


def test_names_are_no_coordinations_and_mentions_may_be() -> None:
    classes, margins = np.ones((3, 3), np.int64), np.full((3, 3), -1.0, np.float32)
    margins[0, 0] = margins[2, 2] = 3.0
    margins[0, 2] = 2.0

    assert nested_spans(classes, margins, _LABELS, names=True) == [(0, 1, "LOC"), (2, 3, "LOC")]
    assert nested_spans(classes, margins, _LABELS) == [(0, 3, "LOC"), (0, 1, "LOC"), (2, 3, "LOC")]
