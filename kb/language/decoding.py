"""From scores to spans: names and mentions that may be nested but never cross, and roles by BIO labels."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Spans = list[tuple[int, int, str]]
#: Roles with their first and last word, exclusive.
Roles = list[tuple[str, int, int]]

#: Roles that a predicate has once.
_CORE = re.compile(r"ARG[0-5]$")

#: How much surer than nothing a name must be that lies around another one, in nats.
AROUND = 1.0


def nested_spans(classes: Ints, margins: Floats, labels: Sequence[str], *, names: bool = False) -> Spans:
    """The spans that are more likely something than nothing, the surest first where two cross.

    Args:
        classes: (W, W) class indices; row i, column j is the span from word i to word j inclusive.
        margins: (W, W) how much more likely the class is than nothing, in nats.
        labels: name of each class; 0 is none.
        names: whether the spans are names, which unlike mentions are no coordinations: "Iran and Iraq" is two.

    Returns:
        (first word, word after the last, label) in text order, longer spans first.
    """
    begins, ends = np.nonzero(np.triu(margins > 0))
    order = np.lexsort((ends, begins, -margins[begins, ends]))
    found: Spans = []
    for k in order.tolist():
        begin, end = int(begins[k]), int(ends[k]) + 1
        span = (begin, end, labels[classes[begin, end - 1]])
        if any(b < begin < e < end or begin < b < end < e for b, e, _ in found):
            continue
        inner = [s for s in found if begin <= s[0] and s[1] <= end] if names else []
        if not inner or (margins[begin, end - 1] >= AROUND and not _coordinates(span, inner)):
            found.append(span)
    return sorted(found, key=lambda s: (s[0], -s[1]))


def _coordinates(span: tuple[int, int, str], inner: Spans) -> bool:
    """Whether a span begins with one and ends with another span of its own class."""
    alike = [s for s in inner if s[2] == span[2]]
    return any(s[0] == span[0] for s in alike) and any(s[1] == span[1] for s in alike)


def outermost(spans: Spans) -> Spans:
    """The spans that lie within no other."""
    found: Spans = []
    for span in sorted(spans, key=lambda s: (s[0], -s[1])):
        if not found or span[0] >= found[-1][1]:
            found.append(span)
    return found


def viterbi(scores: Floats, lengths: Ints) -> Ints:
    """The best BIO labelling in which I only follows B or I of the same role.

    Args:
        scores: (P, W, 1 + 2 R), columns O, B of role 1, I of role 1, B of role 2 …
        lengths: (P,) how many words count.

    Returns:
        (P, W) label indices; what stands after a row's length means nothing.
    """
    rows, count, _ = scores.shape
    best = scores[:, 0].copy()
    best[:, 2::2] = -np.inf
    back = np.zeros(scores.shape, dtype=np.int64)
    every = np.arange(rows)
    frozen = best
    for w in range(1, count):
        top = best.argmax(1)
        step = np.repeat(best[every, top][:, None], scores.shape[2], axis=1)
        back[:, w] = top[:, None]
        stay = best[:, 2::2] >= best[:, 1::2]
        step[:, 2::2] = np.where(stay, best[:, 2::2], best[:, 1::2])
        back[:, w, 2::2] = np.where(stay, np.arange(2, scores.shape[2], 2), np.arange(1, scores.shape[2], 2))
        best = step + scores[:, w]
        frozen = np.where((lengths > w)[:, None], best, frozen)
    labels = np.zeros((rows, count), dtype=np.int64)
    labels[every, lengths - 1] = frozen.argmax(1)
    for w in range(count - 2, -1, -1):
        inside = w < lengths - 1
        labels[inside, w] = back[every, w + 1, labels[:, w + 1]][inside]
    return labels


def bio_spans(labels: Ints, names: Sequence[str]) -> Roles:
    """The roles of a labelled sentence with their spans."""
    found: Roles = []
    for i, label in enumerate(labels.tolist()):
        name = names[label]
        if name.startswith("B-"):
            found.append((name[2:], i, i + 1))
        elif name.startswith("I-") and found:
            found[-1] = (found[-1][0], found[-1][1], i + 1)
    return found


def distinct(spans: Roles, scores: Floats, names: Sequence[str]) -> Roles:
    """The roles of a predicate with each core role ("ARG0" to "ARG5") once: of several spans the surest keeps it.

    The others get the role that is next likely and free, or none if that is likelier (Punyakanok et al. 2008 decide so).

    Args:
        spans: (role, first, last) of one predicate, as `bio_spans` gives them.
        scores: (W, 1 + 2 R), of BIO labels in the order of ``names``.
        names: the labels.
    """
    taken = Counter(role for role, _, _ in spans)
    if all(count == 1 for role, count in taken.items() if _CORE.match(role)):
        return spans
    chances = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    free = {name[2:] for name in names[1::2]} - {role for role in taken if _CORE.match(role)}
    found: Roles = []
    for role, begin, end in sorted(spans, key=lambda span: -_chance(span, chances, names)):
        if taken[role] > 1 and _CORE.match(role) and role in {other for other, _, _ in found}:
            role = max(sorted(free), key=lambda other: _chance((other, begin, end), chances, names))
            if _chance((role, begin, end), chances, names) < float(chances[begin:end, 0].sum()):
                continue
            free -= {role} if _CORE.match(role) else set()
        found.append((role, begin, end))
    return sorted(found, key=lambda span: span[1])


def _chance(span: tuple[str, int, int], chances: Floats, names: Sequence[str]) -> float:
    """The logarithm of how likely a span has its role, by the labels of its words."""
    role, begin, end = span
    first = names.index(f"B-{role}")
    return float(chances[begin, first] + chances[begin + 1 : end, first + 1].sum())
