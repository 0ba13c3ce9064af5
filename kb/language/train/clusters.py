"""How well clusters of mentions agree with gold ones: MUC, B3, CEAFe, their mean (Pradhan et al. 2014), and LEA (Moosavi and Strube 2016)."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

import numpy as np

Cluster: TypeAlias = frozenset[Hashable]
#: Numerator and denominator of recall of the first clusters in the second; precision is the same the other way round.
Share: TypeAlias = tuple[float, float]


def figures(gold: Sequence[Sequence[Cluster]], system: Sequence[Sequence[Cluster]]) -> dict[str, float]:
    """F1 of each metric over documents, in per cent."""
    metrics: dict[str, Callable[[Sequence[Cluster], Sequence[Cluster]], tuple[Share, Share]]] = {
        "MUC": _both(_muc), "B3": _both(_b3), "CEAFe": _ceafe, "LEA": _both(_lea),
    }  # fmt: skip
    found = {name: _f1([metric(g, s) for g, s in zip(gold, system, strict=True)]) for name, metric in metrics.items()}
    mentions = [({m for c in g for m in c}, {m for c in s for m in c}) for g, s in zip(gold, system, strict=True)]
    found["mentions"] = _f1([((len(g & s), len(g)), (len(g & s), len(s))) for g, s in mentions])
    return {**found, "CoNLL": (found["MUC"] + found["B3"] + found["CEAFe"]) / 3}


def _f1(shares: Sequence[tuple[Share, Share]]) -> float:
    recall, precision = (
        sum(pair[k][0] for pair in shares) / max(sum(pair[k][1] for pair in shares), 1e-9) for k in (0, 1)
    )
    return 200 * precision * recall / max(precision + recall, 1e-9)


def _both(
    share: Callable[[Sequence[Cluster], Sequence[Cluster]], Share],
) -> Callable[[Sequence[Cluster], Sequence[Cluster]], tuple[Share, Share]]:
    return lambda gold, system: (share(gold, system), share(system, gold))


def _of(clusters: Sequence[Cluster]) -> dict[Hashable, Cluster]:
    return {mention: cluster for cluster in clusters for mention in cluster}


def _muc(these: Sequence[Cluster], others: Sequence[Cluster]) -> Share:
    where = _of(others)
    right = total = 0
    for cluster in these:
        parts = {id(where[m]) for m in cluster if m in where}
        right += len(cluster) - len(parts) - sum(m not in where for m in cluster)
        total += len(cluster) - 1
    return right, total


def _b3(these: Sequence[Cluster], others: Sequence[Cluster]) -> Share:
    where = _of(others)
    right = sum(len(cluster & where[m]) / len(cluster) for cluster in these for m in cluster if m in where)
    return right, sum(map(len, these))


def _lea(these: Sequence[Cluster], others: Sequence[Cluster]) -> Share:
    where = _of(others)
    right = 0.0
    for cluster in these:
        if len(cluster) == 1:
            right += any(where.get(m) == cluster for m in cluster)
            continue
        met = {where[m] for m in cluster if m in where}
        links = sum(_links(len(cluster & other)) for other in met)
        right += len(cluster) * links / _links(len(cluster))
    return right, sum(map(len, these))


def _links(count: int) -> float:
    return count * (count - 1) / 2


def _ceafe(gold: Sequence[Cluster], system: Sequence[Cluster]) -> tuple[Share, Share]:
    from scipy.optimize import linear_sum_assignment

    table = np.array([[2 * len(g & s) / (len(g) + len(s)) for s in system] for g in gold]).reshape(
        len(gold), len(system)
    )
    rows, columns = linear_sum_assignment(-table)
    right = float(table[rows, columns].sum())
    return (right, len(gold)), (right, len(system))
