"""Builds an index of Wikidata items of any size from a dump: facts → sorted runs → merged folder, read by ``kb.gazetteer``.

The dump is read once, a stretch at a time. What is wanted of a stretch is sorted and written as a run; then how far
the reading is, is noted. A build that is stopped, however hard, goes on from its last run when it is started again and
ends with the same bytes. At the end the runs are merged, by which the classes (by the statements "subclass of" met
anywhere in the dump) and the titles of posts are known. Memory does not grow with the dump, but for those statements.
All that is unfinished lies in the folder ``build`` within that of the index, and is gone at the end.
"""

import hashlib
import heapq
import json
import mmap
import os
import shutil
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from kb.errors import InputError, OutputError
from kb.gazetteer import FORMAT, INDEX, NAMES, TABLE, find
from kb.linking import dump as dumps
from kb.linking import records, subclasses
from kb.linking.dump import Broken, Facts, Mark, Read
from kb.linking.records import Titles, World
from kb.linking.table import HEADING, Row, keys, line, most, read_overrides

#: Items of a run, times more lines of names; a run also ends after so many times more items that are not wanted.
RUN, NAMES_A_RUN, SPARSE = 100_000, 5, 10
#: Most files that are merged at once; systems allow a process 256 open files or more.
FAN = 100
#: Broken lines that are told of one by one.
TOLD = 5

#: Takes a line for the user.
Tell: TypeAlias = Callable[[str], None]
#: Takes each thousand of items read.
Tick: TypeAlias = Callable[[object], None]

#: How far a build is: reading, then these are whole: the runs; the table and the runs of names; all files.
READING, READ, TABLED, NAMED = "reading", "read", "tabled", "named"
STEP = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which items of a dump are taken.

    Attributes:
        classes: those that are an instance of one of these Wikidata classes or of one below; all if empty.
        min_sitelinks: those with so many pages in the projects of Wikimedia.
        limit: only the first so many items of the dump are read; all if None.
    """

    classes: tuple[str, ...] = ()
    min_sitelinks: int = 0
    limit: int | None = None


@dataclass(slots=True)
class State:
    """How far a build is, as ``build/state.json`` has it after each run.

    Attributes:
        digest: of the options and the dump.
        stage: see `READING`.
        mark: where the reading stands, see `kb.linking.dump.Mark`.
        runs: of items that are whole; those of names.
        items: items read.
        broken: lines that could not be read.
        rows: lines of the table.
        names: lines of the names.
    """

    digest: str
    stage: str = READING
    mark: dict[str, Any] = field(default_factory=dict)
    runs: int = 0
    name_runs: int = 0
    items: int = 0
    broken: int = 0
    rows: int = 0
    names: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """What is built, and who is told.

    Attributes:
        dump: a file, or ``-`` for standard input.
        folder: of the index.
        filters: which items are taken.
        tell: takes a line for the user.
        tick: takes each thousand of items read.
        run: items of a run.
    """

    dump: str
    folder: Path
    filters: Filters
    tell: Tell
    tick: Tick
    run: int = RUN

    @property
    def work(self) -> Path:
        """Where the runs lie."""
        return self.folder / "build"


def build(
    dump: str,
    folder: Path,
    filters: Filters = Filters(),
    *,
    tell: Tell = lambda line: None,
    tick: Tick | None = None,
    run: int = RUN,
) -> State:
    """Write an index of a dump, or go on with one that was begun; what it holds is returned.

    Raises:
        InputError: the dump cannot be read, has no item, or none that is wanted.
        OutputError: the index cannot be written; the next call goes on from here.
    """
    job = Job(dump, folder, filters, tell, tick or (lambda done: None), run)
    with _writing(folder):
        state = _resumed(job)
        for stage, step in STEPS:
            if state.stage == stage:
                step(job, state)
        _publish(job, state)
    return state


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Whatever the system refuses while a dump is read is about our files: `kb.linking.dump` keeps its own errors."""
    try:
        yield
    except OSError as error:
        hint = "make room or name another folder; the same command goes on from here"
        raise OutputError(f"cannot be written ({error.strerror or error})", where=str(folder), hint=hint) from error


# How far it is --------------------------------------------------------------------------------------------------------


def _resumed(job: Job) -> State:
    digest, file = _digest(job), job.work / "state.json"
    try:
        state = State(**json.loads(file.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError, RecursionError):
        state = None
    if state and state.digest == digest:
        if state.items:
            job.tell(f"{job.folder}: goes on after {state.items:,} items")
        return state
    return State(digest)


def _begin(job: Job, state: State) -> None:
    """Make room for a build from the start, and note that the folder is ours.

    Raises:
        OutputError: a folder is in the way that is not.
    """
    noted, there = job.work / "state.json", {file.name for file in job.work.glob("*")}
    if there and there.isdisjoint({noted.name, f"{noted.name}.part"}):
        raise OutputError("not of an index", where=str(job.work), hint="move it, or name another folder")
    if noted.exists() and state.digest not in noted.read_text(encoding="utf-8", errors="replace"):
        job.tell(f"{job.folder}: a build with other options, or of another dump, was begun here; starting anew")
    if there:
        shutil.rmtree(job.work)
    job.work.mkdir(parents=True, exist_ok=True)
    _save(job, state)


def _digest(job: Job) -> str:
    """Of all that the runs depend on; of a file its size, and a stream is known again by what it has at a run's end."""
    size = Path(job.dump).stat().st_size if os.path.isfile(job.dump) else None
    facts = [FORMAT, size, asdict(job.filters), job.run]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _save(job: Job, state: State, **changed: Any) -> None:
    for name, value in changed.items():
        setattr(state, name, value)
    _write(job.work / "state.json", [json.dumps(asdict(state)).encode()])


def _write(file: Path, chunks: Iterable[bytes]) -> None:
    """Write a file that is there whole or not at all, whenever the machine stops."""
    part = file.with_name(file.name + ".part")
    with part.open("wb") as stream:
        stream.writelines(chunks)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)


# From the dump to runs ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Run:
    """What is wanted of a stretch of the dump."""

    read: int = 0
    items: list[bytes] = field(default_factory=list)
    titles: list[bytes] = field(default_factory=list)
    above: "array[int]" = field(default_factory=lambda: array("I"))

    def add(self, facts: Facts, least: int) -> None:
        """Take what is wanted of an item; of one that has too few pages, what it says of classes and posts.

        Raises:
            ValueError: it has half a character, or a number that no item has.
        """
        title = records.title(facts)
        record = records.record(facts) if facts.sitelinks >= least else b""
        self.above.extend(number for pair in _pairs(facts) for number in pair)
        self.titles += [title] * bool(title)
        self.items += [record] * bool(record)
        self.read += 1


def _pairs(facts: Facts) -> list[tuple[int, int]]:
    return [(subclasses.number(facts.qid), subclasses.number(above)) for above in facts.above]


def _read(job: Job, state: State) -> None:
    """The dump as runs of items, of titles of posts, and of statements on classes."""
    with dumps.opened(job.dump) as stream:
        mark, run = dumps.forward(stream, state.mark, job.dump) if state.mark else Mark(), _Run()
        if not state.mark:
            _begin(job, state)
        for found in dumps.entities(stream, mark, job.dump):
            if state.items == job.filters.limit:
                break
            if not _added(run, found, job, state, mark):
                continue
            if len(run.items) >= job.run or run.read >= SPARSE * job.run:
                _flush(run, job, state, mark=mark.saved())
                run = _Run()
    if not state.items:
        shutil.rmtree(job.work)
        raise InputError("no item of Wikidata in it", where=job.dump, hint="name a dump in JSON or truthy N-Triples")
    _flush(run, job, state, stage=READ)


def _added(run: _Run, found: Read, job: Job, state: State, mark: Mark) -> bool:
    """Whether it was an item, which is now in the run."""
    if isinstance(found, Facts):
        try:
            run.add(found, job.filters.min_sitelinks)
        except ValueError:
            found = Broken(mark.lines, "half a character in it")
        else:
            state.items += 1
            if state.items % STEP == 0:
                job.tick(state.items)
            return True
    if found is not None:
        state.broken += 1
        if state.broken <= TOLD:
            job.tell(f"{job.dump}:{found.line}: {found.why}; left out")
    return False


def _flush(run: _Run, job: Job, state: State, **changed: Any) -> None:
    """Write a run, and only then note that it is there."""
    _write(job.work / f"items.{state.runs}", sorted(run.items))
    _write(job.work / f"titles.{state.runs}", sorted(run.titles))
    if sys.byteorder == "big":
        run.above.byteswap()
    _write(job.work / f"classes.{state.runs}", [run.above.tobytes()])
    _save(job, state, runs=state.runs + 1, **changed)


# From runs to the index -----------------------------------------------------------------------------------------------


def _merged(files: Sequence[Path]) -> Iterator[bytes]:
    """The lines of sorted files, sorted, each once."""
    while len(files) > FAN:
        first = files[0].with_name(f"{files[0].name}+")
        _write(first, _merged(files[:FAN]))
        files = [*files[FAN:], first]
    with ExitStack() as stack:
        streams = [stack.enter_context(file.open("rb", buffering=1 << 18)) for file in files]
        for line, _ in groupby(heapq.merge(*streams)):
            yield line


def _runs(job: Job, kind: str, count: int) -> list[Path]:
    return [job.work / f"{kind}.{number}" for number in range(count)]


def _tabulate(job: Job, state: State) -> None:
    """The table, and the names of its rows as runs."""
    with _titles(job, state) as titles:
        world = _world(job, state, titles)
        names = _Names(job)
        state.rows = 0
        _write(job.work / TABLE, _rows(job, state, world, names))
    if not state.rows:
        shutil.rmtree(job.work)
        raise InputError(f"none of its {state.items:,} items is wanted", where=job.dump, hint=NONE_WANTED)
    names.flush()
    _save(job, state, stage=TABLED, name_runs=names.runs)


NONE_WANTED = "ask for other classes or fewer sitelinks; the classes of persons, bodies and places alone are taken"


def _rows(job: Job, state: State, world: World, names: "_Names") -> Iterator[bytes]:
    yield HEADING.encode()
    lines = _merged(_runs(job, "items", state.runs))
    # An item that a dump has twice counts once, whichever of the two it is.
    for _, same in groupby(lines, key=_id):
        if row := records.row(next(same), world):
            names.add(row)
            state.rows += 1
            yield line(row).encode()


def _id(line: bytes) -> bytes:
    return line[: line.index(b"\t")]


def _world(job: Job, state: State, titles: Titles) -> World:
    statements = subclasses.read(_runs(job, "classes", state.runs))
    asked = {subclasses.number(qid): 0 for qid in job.filters.classes}
    wanted = subclasses.below(asked, statements) if asked else None
    return World(subclasses.below(subclasses.roots(), statements), wanted, titles, read_overrides())


@contextmanager
def _titles(job: Job, state: State) -> Iterator[Titles]:
    """Looks up titles of posts in a sorted file, as `kb.gazetteer` looks up items."""
    file = job.work / "titles"
    _write(file, _merged(_runs(job, "titles", state.runs)))
    with mapped(file) as lines:

        @lru_cache(maxsize=1 << 16)
        def title(qid: str) -> tuple[str, str]:
            _, label, country = (find(lines, qid, start=0) or "\t\t").split("\t")
            return label, country

        yield title


@contextmanager
def mapped(file: Path) -> Iterator[bytes | mmap.mmap]:
    """The bytes of a file, which may be empty, without reading it."""
    with file.open("rb") as stream:
        if not file.stat().st_size:
            yield b""
            return
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as lines:
            yield lines


class _Names:
    """Names as sorted runs: a line has normal form, how far from certain the item is in percent, and item."""

    def __init__(self, job: Job) -> None:
        self.job, self.runs = job, 0
        self.lines: list[bytes] = []

    def add(self, row: Row) -> None:
        """Take the names of a row."""
        end = f"\t{99 - row.prior:02}\t{row.qid}\n"
        self.lines += [(normal + end).encode() for normal in set(keys(row))]
        if len(self.lines) >= NAMES_A_RUN * self.job.run:
            self.flush()

    def flush(self) -> None:
        """Write what is left."""
        _write(self.job.work / f"names.{self.runs}", sorted(self.lines))
        self.lines, self.runs = [], self.runs + 1


def _name(job: Job, state: State) -> None:
    """The names, each with its items."""
    state.names = 0
    _write(job.work / NAMES, _name_lines(job, state))
    _save(job, state, stage=NAMED)


def _name_lines(job: Job, state: State) -> Iterator[bytes]:
    cells = (line.split(b"\t") for line in _merged(_runs(job, "names", state.name_runs)))
    for normal, same in groupby(cells, key=itemgetter(0)):
        qids = [qid[:-1] for _, _, qid in islice(same, most(normal.decode()))]
        state.names += 1
        yield normal + b"\t" + b" ".join(qids) + b"\n"


#: What leads from each stage to the next.
STEPS: tuple[tuple[str, Callable[[Job, State], None]], ...] = ((READING, _read), (READ, _tabulate), (TABLED, _name))


def _publish(job: Job, state: State) -> None:
    """Put the files in their place; that which says what the others are comes last."""
    if (job.work / NAMES).exists():
        _write(job.work / INDEX, [_card(job, state)])
    for name in (TABLE, NAMES, INDEX):
        if (job.work / name).exists():
            (job.work / name).replace(job.folder / name)
    shutil.rmtree(job.work)


def _card(job: Job, state: State) -> bytes:
    """What the index is, as JSON."""
    sizes = {name: _size(job, name) for name in (TABLE, NAMES)}
    source = {"dump": Path(job.dump).name, "items": state.items, "broken": state.broken}
    card = {"format": FORMAT, "source": source, "filters": asdict(job.filters)}
    counts = {"items": state.rows, "names": state.names, "bytes": sizes}
    return (json.dumps(card | counts, indent=1) + "\n").encode()


def _size(job: Job, name: str) -> int:
    built = job.work / name
    return (built if built.exists() else job.folder / name).stat().st_size
