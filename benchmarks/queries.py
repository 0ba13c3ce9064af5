"""Prints a Markdown table: how long each stored question takes on a large knowledge base, and how that grows with it.

    python -m benchmarks.queries [KB.nq]

The knowledge base, by default that of the seed articles, is copied under new names until it has 300,000 quads, and once
more to a quarter of them. Entities that are linked to Wikidata stay one in all copies, as they do when more articles are
read. A question that grows four times is linear; one that grows sixteen times compares everything with everything. A
question that must be asked about something is asked about what the articles name most.
"""

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox

from benchmarks.__main__ import SEEDS, run
from benchmarks.measure import peak
from kb import queries
from kb.store import Answer, Store, Table, open_store

QUADS, TIMES, RUNS = 300_000, 4, 3
#: What a copy names anew: all of ours but linked entities.
OWN = re.compile(r"<https://w3id\.org/newskb/id/(?!entity/)")
MOST_NAMED = """SELECT ?entity WHERE { ?mention itsrdf:taIdentRef ?entity }
GROUP BY ?entity ORDER BY DESC(COUNT(?mention)) ?entity LIMIT 1"""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(sys.argv[1]) if len(sys.argv) > 1 else exported(Path(folder, "seeds.nq"))
        large, small = Path(folder, "large.nq"), Path(folder, "small.nq")
        copies = -(-QUADS // len(base.read_bytes().splitlines()))
        copy(base, large, copies)
        copy(base, small, -(-copies // TIMES))
        print("\n".join(table(large, small)))


def exported(target: Path) -> Path:
    """The knowledge base of the seed articles."""
    run([sys.executable, "-m", "kb", "export", str(SEEDS), "-o", str(target)])
    return target


def copy(base: Path, target: Path, copies: int) -> None:
    """Write a knowledge base several times, each time under names of its own."""
    text = base.read_text(encoding="utf-8")
    with target.open("w", encoding="utf-8") as stream:
        stream.writelines(OWN.sub(f"<https://w3id.org/newskb/id/{i}-", text) for i in range(copies))


# The measurements -----------------------------------------------------------------------------------------------------


def table(large: Path, small: Path) -> Iterator[str]:
    """The lines of the table, those of loading first; the large one is loaded first, so that the peak is its own."""
    parsing, (loading, big) = parse(large), load(large)
    most = peak()
    loading_small, little = load(small)
    yield f"| question | answers | of {lines(small):,} quads | of {lines(large):,} quads | times |"
    yield "| --- | --- | --- | --- | --- |"
    yield f"| loading, {most:,.0f} MB, {loading / parsing:.1f} times only parsing | | {growth(loading_small, loading)} |"
    for asked in queries.questions():
        found, seconds = ask(big, asked)
        yield f"| `{asked.name}` | {found:,} | {growth(ask(little, asked)[1], seconds)} |"


def lines(file: Path) -> int:
    """The number of quads, one a line."""
    with file.open("rb") as stream:
        return sum(1 for _ in stream)


def growth(small: float, large: float) -> str:
    """Three cells: seconds of both, and how many times as long the second takes."""
    return f"{small:.3f} s | {large:.3f} s | {large / small:.1f}"


def parse(file: Path) -> float:
    """Seconds to parse and do nothing else."""
    start = time.perf_counter()
    for _ in ox.parse(path=file):
        pass
    return time.perf_counter() - start


def load(file: Path) -> tuple[float, Store]:
    """Seconds to load, and the store."""
    start = time.perf_counter()
    store = open_store(file)
    return time.perf_counter() - start, store


def ask(store: Store, asked: queries.Question) -> tuple[int, float]:
    """How many rows or triples answer a question, and the seconds of the fastest of some runs."""
    times, found, values = [], 0, about(store, asked)
    for _ in range(RUNS):
        start = time.perf_counter()
        answer = queries.ask(store, asked, **values)
        times.append(time.perf_counter() - start)
        found = size(answer)
    return found, min(times)


def size(answer: Answer) -> int:
    """The number of rows or triples; a yes or no is one."""
    if isinstance(answer, bool):
        return 1
    return len(answer.rows if isinstance(answer, Table) else answer.triples)


def about(store: Store, asked: queries.Question) -> Mapping[str, str]:
    """What a question must be asked about, if anything: what the articles name most."""
    needed = [p.name for p in asked.parameters if not p.optional]
    return dict.fromkeys(needed, most_named(store)) if needed else {}


def most_named(store: Store) -> str:
    """The IRI of the entity with most mentions."""
    answer = store.query(MOST_NAMED)
    assert isinstance(answer, Table)
    return str(answer.rows[0][0]).strip("<>")


if __name__ == "__main__":
    main()
