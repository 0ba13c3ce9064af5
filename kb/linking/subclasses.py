"""Which Wikidata classes lie below those that ours are aligned with, by the statements "subclass of" of a dump.

Wikidata has millions of classes, so that the statements are kept in arrays of ids, and walked from the top a level at a
time. A class below several of the given ones counts as the nearest.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kb.linking.classes import aligned

#: Our classes in the order in which one that an item is also of wins.
PRECEDENCE = (
    "Person", "ArmedGroup", "MediaOrganization", "ArmedForce", "PoliticalParty", "Country",
    "InternationalOrganization", "Government", "GovernmentBody", "City", "Facility", "Company", "Region",
    "Organization", "Place",
)  # fmt: skip

#: Numbers of items: that of "Q5" is 5.
Ids: TypeAlias = NDArray[np.uint32]


def number(qid: str) -> int:
    """The number of an item."""
    return int(qid[1:])


def roots() -> dict[int, int]:
    """The Wikidata classes that ours are aligned with, to the places of ours in `PRECEDENCE`."""
    found: dict[int, int] = {}
    for rank, name in enumerate(PRECEDENCE):
        cls = aligned()[name]
        for qid in (*cls.same, *cls.narrower):
            found.setdefault(number(qid), rank)
    return found


def read(files: Iterable[Path]) -> tuple[Ids, Ids]:
    """Statements from files of pairs, as two arrays: the classes, and what each is right below."""
    parts = [np.fromfile(file, dtype="<u4").reshape(-1, 2) for file in files]
    pairs = np.concatenate(parts) if parts else np.empty((0, 2), "<u4")
    order = np.argsort(pairs[:, 1], kind="stable")
    return pairs[order, 0], pairs[order, 1]


def below(tops: Mapping[int, int], statements: tuple[Ids, Ids]) -> dict[int, int]:
    """Every class at or below the given ones, to what the nearest of them stands for; the lowest of those as near.

    Args:
        tops: class to what it stands for.
        statements: as `read` gives them, sorted by the upper class.
    """
    found: dict[int, int] = {}
    level = dict(tops)
    while level:
        found |= level
        lower, ranks = _step(level, statements)
        order = np.lexsort((ranks, lower))
        first: Mapping[int, int] = dict(zip(lower[order][::-1].tolist(), ranks[order][::-1].tolist(), strict=True))
        level = {cls: rank for cls, rank in first.items() if cls not in found}
    return found


def _step(level: Mapping[int, int], statements: tuple[Ids, Ids]) -> tuple[Ids, NDArray[np.int64]]:
    """The classes right below those of a level, with what those stand for."""
    lower, upper = statements
    classes = np.fromiter(level.keys(), dtype=np.uint32)
    begins, ends = np.searchsorted(upper, classes, "left"), np.searchsorted(upper, classes, "right")
    counts = ends - begins
    places = np.repeat(begins - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) + np.arange(counts.sum())
    return lower[places], np.repeat(np.fromiter(level.values(), dtype=np.int64), counts)


def ranks(classes: Sequence[str], known: Mapping[int, int]) -> list[int]:
    """What the classes of an item stand for, those that are unknown left out."""
    return [known[n] for n in map(number, classes) if n in known]
