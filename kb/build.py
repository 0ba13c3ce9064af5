"""The arrows composed: article → assertions → linked assertions → quads, in one process or several, in input order.

What an article gives depends on nothing but the article and the `Options`: a corpus is a map without a reduce. Workers
load the pipeline once and are handed articles; what comes out does not depend on how many there are. An article that
fails, or over which a worker dies, is reported with its name, and the rest goes on. Nothing is printed here.
"""

import hashlib
import itertools
import json
import os
import platform
import re
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from pyoxigraph import Quad
from rdflib import Dataset

from kb import articles as sources
from kb import assertions, linking, pipeline, rdf, resources, terms
from kb.errors import InputError, KbError, ModelError, OutputError
from kb.gazetteer import Gazetteer, load_gazetteer
from kb.model import Article, Event, Extraction
from kb.terms import BASE

if TYPE_CHECKING:
    from spacy.language import Language

#: Articles handed to a worker at a time: enough to make the handing over cheap, few enough to keep all workers busy.
BATCH = 4
#: Most characters of an article, some 30,000 words: what is longer is a book or a dump, and costs minutes and gigabytes.
LONGEST = 200_000
#: Batches on their way, per worker: one in work, one waiting.
AHEAD = 2

#: The files of the language model.
MODEL = resources.PACKAGE / "language" / "model"

OnError: TypeAlias = Callable[[KbError], None]
Progress: TypeAlias = Callable[[Article], None]
Evidence: TypeAlias = Literal["facts", "roles"]
#: An article and what it says in RDF.
Exported: TypeAlias = tuple[Article, set[Quad]]
_Batch: TypeAlias = tuple[Article, ...]
_Result: TypeAlias = Extraction | KbError


@dataclass(frozen=True, slots=True)
class Setup:
    """What a process loads.

    Attributes:
        model: a spaCy pipeline to use in place of ours.
        ontology: folders with Turtle files that extend the ontology.
        threads: how many the model may use.
        index: folder of an index to link with in place of the package's table.
    """

    model: str | None = None
    ontology: tuple[Path, ...] = ()
    threads: int = 2
    index: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an export depends on beside the articles.

    Attributes:
        published: publication date of the articles that state none: YYYY, YYYY-MM or YYYY-MM-DD.
        source: publisher of the articles that state none.
        model: a spaCy pipeline to use in place of ours.
        ontology: folders with Turtle files that extend the ontology.
        base: IRI under which resources are minted.
        evidence: "roles" states the evidence of every single role, "facts" that of the event as a whole.
        with_text: whether the text of the articles is exported too.
        min_confidence: facts below are left out; in [0, 1].
        index: folder of an index of Wikidata items to link with in place of the package's table.
    """

    published: str | None = None
    source: str | None = None
    model: str | None = None
    ontology: tuple[Path, ...] = ()
    base: str = BASE
    evidence: Evidence = "facts"
    with_text: bool = False
    min_confidence: float = 0.0
    index: Path | None = None

    @property
    def setup(self) -> Setup:
        """The part that the extraction depends on."""
        return Setup(self.model, self.ontology, index=self.index)


@dataclass(frozen=True, slots=True)
class Summary:
    """How much was exported: articles, and triples without those that several articles share."""

    articles: int
    triples: int


# Articles to extractions ----------------------------------------------------------------------------------------------


def extract(
    articles: Iterable[Article],
    *,
    nlp: "Language | None" = None,
    model: str | None = None,
    ontology: Sequence[Path] = (),
    index: Path | None = None,
    processes: int = 1,
    on_error: OnError | None = None,
    progress: Progress | None = None,
) -> Iterator[Extraction]:
    """What the articles say, in their order, whatever the number of processes.

    With more than one process the caller's main module is imported again by each, so a script guards its own work with
    ``if __name__ == "__main__":``.

    Args:
        articles: read as needed, a few ahead of the work.
        nlp: a loaded pipeline to use as it is, in this process alone.
        model: a spaCy pipeline to load in place of ours.
        ontology: folders with Turtle files that extend the ontology.
        index: folder of an index of Wikidata items to link with in place of the package's table.
        processes: how many to use; each takes the memory of a loaded model.
        on_error: takes the error of an article, and the rest goes on; without it the first is raised.
        progress: called with each article that is done, also if it failed.

    Raises:
        KbError: an article cannot be processed and there is no ``on_error``; or the pipeline cannot be loaded.
    """
    setup = Setup(model, tuple(ontology), index=index)
    if processes > 1 and nlp is None:
        results = _in_parallel(articles, setup, processes)
    else:
        results = _in_turn(articles, nlp or loaded(setup), setup)
    for article, result in results:
        if progress:
            progress(article)
        if isinstance(result, Extraction):
            yield result
        elif on_error:
            on_error(result)
        else:
            raise result


@cache
def loaded(setup: Setup) -> "Language":
    """The pipeline, loaded once per process."""
    return pipeline.load(setup.model, ontology=setup.ontology, threads=setup.threads)


def extract_one(article: Article, nlp: "Language", gazetteer: Gazetteer | None = None) -> Extraction:
    """What one article says, its entities and posts linked with a table of Wikidata items, that of the package if None.

    Raises:
        InputError: the text is too long to be one article.
    """
    length = len(article.text)
    if length > LONGEST:
        hint = "split it; JSON Lines holds many articles in one file"
        raise InputError(f"{length:,} characters are too long for one article", where=article.name, hint=hint)
    found = assertions.extract(nlp(pipeline.document(nlp, article)), article)
    found = replace(found, entities=tuple(linking.link(found.entities, article, gazetteer=gazetteer)))
    return replace(found, participants=linking.link_offices(found, gazetteer=gazetteer))


def _attempt(article: Article, nlp: "Language", setup: Setup) -> _Result:
    try:
        return extract_one(article, nlp, load_gazetteer(setup.index))
    except KbError as error:
        return error if error.where else InputError(error.what, where=article.name, hint=error.hint)


def _in_turn(articles: Iterable[Article], nlp: "Language", setup: Setup) -> Iterator[tuple[Article, _Result]]:
    return ((article, _attempt(article, nlp, setup)) for article in articles)


# Several processes ----------------------------------------------------------------------------------------------------


def _in_parallel(articles: Iterable[Article], setup: Setup, processes: int) -> Iterator[tuple[Article, _Result]]:
    source, waiting = iter(articles), deque[tuple[_Batch, Future[list[_Result]]]]()
    with _Workers(setup, processes) as workers:
        while batch := tuple(itertools.islice(source, BATCH)):
            waiting.append((batch, workers.submit(batch)))
            if len(waiting) > AHEAD * processes:
                yield from _collect(*waiting.popleft(), setup)
        while waiting:
            yield from _collect(*waiting.popleft(), setup)


def _collect(batch: _Batch, future: Future[list[_Result]], setup: Setup) -> Iterator[tuple[Article, _Result]]:
    try:
        results = future.result()
    except BrokenProcessPool:
        results = [_alone(article, setup) for article in batch]
    yield from zip(batch, results, strict=True)


def _alone(article: Article, setup: Setup) -> _Result:
    """The article in a worker of its own, so that only the one that kills its worker is lost."""
    with _executor(1) as executor:
        try:
            return executor.submit(_work, (article,), setup).result()[0]
        except BrokenProcessPool:
            hint = "it may need more memory than there is: split it, or try --processes 1"
            return InputError("the process that read it died", where=article.name, hint=hint)


def _work(batch: _Batch, setup: Setup) -> list[_Result]:
    """Runs in a worker."""
    nlp = loaded(setup)
    return [_attempt(article, nlp, setup) for article in batch]


def _executor(processes: int) -> ProcessPoolExecutor:
    # Spawned, not forked: a fork copies the locks of threads (onnxruntime's, for one) that do not exist in the copy.
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_parent)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Workers:
    """Processes that are replaced when one of them dies: Python's own executor takes no work after that."""

    def __init__(self, setup: Setup, processes: int) -> None:
        # A process for each core is parallel enough; threads of their own would fight for the same cores.
        self.setup, self.processes = replace(setup, threads=1), processes
        self.executor = _executor(processes)

    def submit(self, batch: _Batch) -> Future[list[_Result]]:
        try:
            return self.executor.submit(_work, batch, self.setup)
        except BrokenProcessPool:
            self.executor = _executor(self.processes)
            return self.executor.submit(_work, batch, self.setup)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.executor.shutdown(cancel_futures=True)


# Extractions to quads -------------------------------------------------------------------------------------------------


def confident(extraction: Extraction, least: float) -> Extraction:
    """The extraction without what is less sure than that, and without what only such things name."""
    events = tuple(event for event in extraction.events if event.provenance.confidence >= least)
    lost = {event.key for event in extraction.events} - {event.key for event in events}
    said = tuple(s for s in extraction.statements if s.provenance.confidence >= least)
    kept = replace(
        extraction,
        events=tuple(_without(event, lost) for event in events),
        statements=tuple(replace(s, about=tuple(key for key in s.about if key not in lost)) for s in said),
        positions=tuple(p for p in extraction.positions if p.provenance.confidence >= least),
        relations=tuple(r for r in extraction.relations if r.provenance.confidence >= least),
    )
    return _only_named(kept, least)


def _without(event: Event, lost: set[str]) -> Event:
    return replace(event, roles=tuple((role, filler) for role, filler in event.roles if filler not in lost))


def _only_named(extraction: Extraction, least: float) -> Extraction:
    named = set(_fillers(extraction))
    participants = tuple(p for p in extraction.participants if p.key in named)
    named |= {p.owner for p in participants if p.owner}
    entities = tuple(e for e in extraction.entities if e.key in named or e.confidence >= least)
    return replace(extraction, entities=entities, participants=participants)


def _fillers(extraction: Extraction) -> Iterator[str]:
    for event in extraction.events:
        yield from (*(filler for _, filler in event.roles), *event.attributed_to)
    for statement in extraction.statements:
        yield from (*statement.speakers, *statement.about)
    for position in extraction.positions:
        yield from (position.person, *filter(None, [position.body]))
    for relation in extraction.relations:
        yield from (relation.subject, relation.object)


@cache
def _above(ontology: tuple[Path, ...]) -> rdf.Hierarchy:
    return rdf.hierarchy(resources.entries(resources.ontology_files(ontology)))


def _software(options: Options) -> rdf.Software:
    """What made the export. The clock is not asked: https://reproducible-builds.org/specs/source-date-epoch/."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    model = options.model or model_digest()
    return rdf.Software(version=version("newskb"), model=model, ended=int(epoch) if epoch.isdecimal() else None)


@cache
def model_digest() -> str:
    """Twelve digits that stand for the trained model: another training, another digest.

    Raises:
        ModelError: there is no model.
    """
    digest = hashlib.sha256()
    try:
        for file in sorted(MODEL.glob("*.onnx")):
            digest.update(file.read_bytes())
        digest.update((MODEL / "labels.json").read_bytes())
    except OSError as error:
        hint = "install the package again, or train the model"
        raise ModelError(f"cannot be read ({error.strerror})", where=str(MODEL), hint=hint) from error
    return digest.hexdigest()[:12]


def to_quads(extraction: Extraction, options: Options) -> set[Quad]:
    """What an extraction says in RDF."""
    return rdf.quads(
        confident(extraction, options.min_confidence),
        base=options.base,
        above=_above(options.ontology),
        evidence=options.evidence,
        text=options.with_text,
        software=_software(options),
    )


def each(
    paths: Sequence[str | Path],
    options: Options = Options(),
    *,
    processes: int = 1,
    on_error: OnError | None = None,
    progress: Progress | None = None,
) -> Iterator[Exported]:
    """Every article under the paths with what it says in RDF, in their order.

    Raises:
        KbError: the options are wrong; or, without ``on_error``, a path or an article is.
    """
    _check_base(options.base)
    _check_ontology(options.ontology)
    load_gazetteer(options.index)
    read = sources.read(paths, published=options.published, source=options.source, on_error=on_error)
    found = extract(
        read,
        model=options.model,
        ontology=options.ontology,
        index=options.index,
        processes=processes,
        on_error=on_error,
        progress=progress,
    )
    return ((extraction.article, to_quads(extraction, options)) for extraction in found)


def _check_base(base: str) -> None:
    """Fail before the work: a base that ends within a name would make IRIs of something else."""
    if not terms.legal(base) or base[-1] not in "/#":
        hint = f"give an absolute IRI that ends in / or #, such as {BASE}"
        raise InputError("not a base IRI", where=base, hint=hint)


def _check_ontology(folders: tuple[Path, ...]) -> None:
    """Fail before the work: a user's ontology that contradicts ours would make every export inconsistent."""
    if folders:
        # Loading OWL is not free, and few runs bring an ontology of their own.
        from kb.ontology import require_consistent

        require_consistent(folders)


# Quads to what was asked for ------------------------------------------------------------------------------------------


def export(
    paths: Sequence[str | Path],
    *,
    processes: int = 1,
    on_error: OnError | None = None,
    progress: Progress | None = None,
    published: str | None = None,
    source: str | None = None,
    model: str | None = None,
    ontology: Sequence[str | Path] = (),
    base: str = BASE,
    evidence: Evidence = "facts",
    with_text: bool = False,
    min_confidence: float = 0.0,
    index: str | Path | None = None,
) -> Dataset:
    """What the articles say, as an RDF dataset with a named graph for each article.

    Args:
        paths: files, folders, globs, or ``-`` for standard input.
        processes: how many to use, see `extract`.
        on_error: takes each error, and the rest goes on; without it the first is raised.
        progress: called with each article that is done.
        published: publication date of the articles that state none: YYYY, YYYY-MM or YYYY-MM-DD.
        source: publisher of the articles that state none.
        model: a spaCy pipeline to use in place of ours.
        ontology: folders with Turtle files that extend the ontology.
        base: IRI under which resources are minted.
        evidence: "roles" states the evidence of every single role, "facts" that of the event as a whole.
        with_text: whether the text of the articles is exported too.
        min_confidence: facts below are left out; in [0, 1].
        index: folder of an index of Wikidata items, as ``kb link build`` makes, to link with in place of our table.

    Raises:
        KbError: an option is wrong; or, without ``on_error``, a path or an article is.
    """
    options = Options(
        published=published,
        source=source,
        model=model,
        ontology=tuple(map(Path, ontology)),
        base=base,
        evidence=evidence,
        with_text=with_text,
        min_confidence=min_confidence,
        index=Path(index) if index else None,
    )
    found = each(paths, options, processes=processes, on_error=on_error, progress=progress)
    return rdf.dataset(quad for _, quads in found for quad in quads)


def merged(found: Iterable[Exported]) -> tuple[set[Quad], Summary]:
    """All quads as one set, and how much that is."""
    union, articles = set[Quad](), 0
    for _, quads in found:
        union |= quads
        articles += 1
    return union, Summary(articles, _triples(union))


def export_file(found: Iterable[Exported], target: Path, options: Options, *, format: str | None = None) -> Summary:
    """Write all articles to one file, which appears whole or not at all; where there is no article, not at all.

    Args:
        found: as `each` gives it.
        target: the file; one that is there is replaced.
        options: those given to `each`.
        format: name of a syntax; by the extension if None.

    Raises:
        OutputError: there is no such syntax, or the file cannot be written.
    """
    rdf.format_of(target, format)
    check_folder(target.parent)
    union, summary = merged(found)
    if summary.articles:
        rdf.write(union, target, format=format, base=options.base)
    return summary


def export_each(found: Iterable[Exported], folder: Path, options: Options, *, format: str = "turtle") -> Summary:
    """Write each article ``NAME`` to a file ``NAME.ttl`` (or as the format asks) in a folder, made if need be.

    Raises:
        OutputError: there is no such format, or a file cannot be written.
    """
    syntax, taken = rdf.format_of(folder, format), set[str]()
    check_folder(folder, make=True)
    articles = triples = 0
    for article, quads in found:
        file = folder / f"{_free(file_name(article.name), taken)}{syntax.suffix}"
        rdf.write(quads, file, format=syntax.name, base=options.base)
        articles, triples = articles + 1, triples + _triples(quads)
    return Summary(articles, triples)


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number where another article has it; case does not tell names apart everywhere."""
    numbered = itertools.chain([name], (f"{name}-{n}" for n in itertools.count(2)))
    free = next(candidate for candidate in numbered if candidate.casefold() not in taken)
    taken.add(free.casefold())
    return free


def file_name(name: str) -> str:
    """The name of an article as that of a file: no separators, not hidden, not too long.

    Example:
        >>> file_name("../a b:c")
        'a b-c'
    """
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]+', "-", name).lstrip(".-")[:150] or "article"


def check_folder(folder: Path, *, make: bool = False) -> None:
    """Fail before the work, not after it.

    Raises:
        OutputError: there is no such folder, or it cannot be written to.
    """
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot be made ({error.strerror})", where=str(folder), hint="name another folder"
        ) from error
    if not folder.is_dir():
        raise OutputError("no such folder", where=str(folder), hint="make it, or name another")
    if not os.access(folder, os.W_OK):
        raise OutputError("this folder cannot be written to", where=str(folder), hint="name another")


def _triples(quads: Iterable[Quad]) -> int:
    return len({quad.triple for quad in quads})


# What is installed ----------------------------------------------------------------------------------------------------

LIBRARIES = ("spacy", "onnxruntime", "rdflib", "pyoxigraph", "owlready2", "pyshacl")


def inventory() -> dict[str, str | int]:
    """Versions, and what the model, the ontology and the tables hold, by name."""
    return {
        "newskb": version("newskb"),
        "Python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES},
        **_model_card(),
        **_ontology_card(),
        "entities known to the linker": _lines(resources.PACKAGE / "linking" / "table.tsv") - 1,  # the heading
        "stored questions": len(list(resources.data_dir("queries").glob("*.rq"))),
    }


def _model_card() -> dict[str, str | int]:
    """The model's digest and what its training measured."""
    card = json.loads((MODEL / "meta.json").read_text(encoding="utf-8"))
    told = {f"model: {name}": card[name] for name in ("name", "version", "license")}
    figures = {
        f"model: {corpus}": ", ".join(f"{name} {value}" for name, value in values.items())
        for corpus, values in card["performance"].items()
    }
    return {"model": model_digest(), **told, **figures}


def _ontology_card() -> dict[str, str | int]:
    known = resources.entries(resources.ontology_files())
    owl, kind = "http://www.w3.org/2002/07/owl#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    ours = [entry for entry in known if ":" not in entry.id]
    return {
        "ontology": next((v for entry in known for v in entry.all(f"{owl}versionInfo")), "unknown"),
        "classes": sum(f"{owl}Class" in entry.all(kind) for entry in ours),
        "properties": sum(
            bool({f"{owl}ObjectProperty", f"{owl}DatatypeProperty"} & {*entry.all(kind)}) for entry in ours
        ),
        "lexicon entries": sum(entry.id.startswith("lex:") for entry in known),
    }


def _lines(file: Path) -> int:
    return sum(1 for _ in file.open("rb"))
