"""From arc scores to a dependency tree: always a tree, always one root.

The maximum spanning arborescence by Chu and Liu 1965 and Edmonds 1967; the single root that Universal Dependencies asks for
by trying the best candidates as the only child of the root mark (Zmigrod, Vieira and Cotterell 2020 discuss the problem).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: How many words are tried as the root when the greedy choice is no tree.
ROOTS = 3
_NEVER = np.float32(-1e9)


def decode(scores: Floats) -> Ints:
    """The best tree of one sentence.

    Args:
        scores: (W, 1 + W); row i, column j scores word j as head of word i + 1; column 0 is the root.

    Returns:
        (W,) heads, 1-based, 0 for the one root.
    """
    count = len(scores)
    square = np.full((count + 1, count + 1), _NEVER, dtype=np.float32)
    square[1:] = scores
    np.fill_diagonal(square, _NEVER)
    heads: Ints = square.argmax(1)
    heads[0] = 0
    if (heads[1:] == 0).sum() == 1 and not _cycle(heads):
        return heads[1:]
    margin = square[1:, 0] - square[1:, 1:].max(1, initial=_NEVER)
    candidates = np.argsort(-margin, kind="stable")[:ROOTS] + 1
    trees = [_rooted(square, int(root)) for root in candidates]
    best = max(trees, key=lambda heads: float(square[np.arange(1, count + 1), heads[1:]].sum()))
    found: Ints = best[1:]
    return found


def _rooted(square: Floats, root: int) -> Ints:
    fixed = square.copy()
    fixed[:, 0] = _NEVER
    fixed[root, :] = _NEVER
    fixed[root, 0] = 0.0
    return _arborescence(fixed)


def _cycle(heads: Sequence[int] | Ints) -> list[int]:
    """The nodes of one cycle, or an empty list; node 0 has no head."""
    state = [0] * len(heads)
    state[0] = 2
    for start in range(len(heads)):
        path, node = [], start
        while state[node] == 0:
            state[node] = 1
            path.append(node)
            node = int(heads[node])
        if state[node] == 1:
            return path[path.index(node) :]
        for seen in path:
            state[seen] = 2
    return []


def _arborescence(square: Floats) -> Ints:
    """Heads of the maximum arborescence from node 0 over a (N, N) matrix of [dependent, head] scores."""
    heads: Ints = square.argmax(1)
    heads[0] = 0
    cycle = _cycle(heads)
    if not cycle:
        return heads
    inside = np.zeros(len(square), dtype=bool)
    inside[cycle] = True
    rest = np.flatnonzero(~inside)
    new = len(rest)
    smaller = np.full((new + 1, new + 1), _NEVER, dtype=np.float32)
    smaller[:new, :new] = square[np.ix_(rest, rest)]
    gain = square[cycle] - square[cycle, heads[cycle]][:, None]
    entered = gain.argmax(0)[rest]
    smaller[new, :new] = gain.max(0)[rest]
    left = square[np.ix_(rest, np.array(cycle))]
    smaller[:new, new] = left.max(1)
    leaving = left.argmax(1)
    np.fill_diagonal(smaller, _NEVER)
    solved = _arborescence(smaller)
    result: Ints = heads.copy()
    for i, node in enumerate(rest):
        result[node] = cycle[leaving[i]] if solved[i] == new else rest[solved[i]]
    outer = int(solved[new])
    result[cycle[int(entered[outer])]] = rest[outer]
    result[0] = 0
    return result
