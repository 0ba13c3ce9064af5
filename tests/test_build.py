"""The arrows composed: order, errors, workers that die, the threshold of confidence, files that appear whole."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from kb import build
from kb.build import Options, Setup, confident, export_each, export_file, extract, file_name, merged
from kb.errors import InputError, KbError, OutputError
from kb.model import Article, Entity, Event, Extraction, Participant, Position, Provenance, Relation, Span, Statement

NAMES = ["one", "two", "three", "four", "five", "six", "seven"]


def article(name: str) -> Article:
    return Article(name=name, title=None, body=f"Text of {name}.")


def fake_work(batch: tuple[Article, ...], setup: Setup) -> list[Extraction | KbError]:
    """Stands in for the work of a worker process; the articles' names say what goes wrong."""
    if any(a.name.startswith("deadly") for a in batch):
        os._exit(9)
    return [fake_result(a) for a in batch]


def fake_result(a: Article) -> Extraction | KbError:
    return InputError("unreadable", where=a.name) if a.name.startswith("bad") else Extraction(article=a)


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_work", fake_work)
    monkeypatch.setattr(build, "loaded", lambda setup: None)
    monkeypatch.setattr(build, "_attempt", lambda a, nlp, setup: fake_result(a))


def names(extractions: Iterator[Extraction]) -> list[str]:
    return [extraction.article.name for extraction in extractions]


@pytest.mark.usefixtures("faked")
@pytest.mark.parametrize("processes", [1, 2])
def test_order_is_that_of_the_articles(processes: int) -> None:
    assert names(extract(map(article, NAMES), processes=processes)) == NAMES


@pytest.mark.usefixtures("faked")
def test_an_article_that_fails_does_not_stop_the_others() -> None:
    errors, done = list[str](), list[str]()
    found = extract(
        map(article, ["one", "bad", "two"]),
        on_error=lambda error: errors.append(error.line()),
        progress=lambda a: done.append(a.name),
    )

    assert names(found) == ["one", "two"]
    assert errors == ["bad: unreadable"]
    assert done == ["one", "bad", "two"]


@pytest.mark.usefixtures("faked")
def test_without_a_handler_the_first_error_is_raised() -> None:
    with pytest.raises(InputError, match="unreadable"):
        names(extract(map(article, ["one", "bad"])))


@pytest.mark.usefixtures("faked")
def test_a_worker_that_dies_loses_one_article() -> None:
    errors = list[str]()
    articles = map(article, [*NAMES[:3], "deadly", *NAMES[3:]])
    found = extract(articles, processes=2, on_error=lambda error: errors.append(error.line()))

    assert names(found) == NAMES
    assert len(errors) == 1
    assert errors[0].startswith("deadly: the process that read it died; ")


@pytest.mark.usefixtures("faked")
def test_articles_are_read_only_a_little_ahead() -> None:
    read = list[str]()

    def endless() -> Iterator[Article]:
        while True:
            read.append("x")
            yield article("x")

    found = extract(endless(), processes=2)
    next(found)
    found.close()  # type: ignore[attr-defined]

    assert len(read) <= build.BATCH * (2 * build.AHEAD + 2)


# Confidence -----------------------------------------------------------------------------------------------------------


def sure(confidence: float) -> Provenance:
    return Provenance(quote=Span(0, 4), mentions=(), rule="rule", confidence=confidence)


def event(key: str, confidence: float, **roles: str) -> Event:
    filled = tuple(sorted((role, filler) for role, filler in roles.items()))
    return Event(
        key=key,
        cls="Airstrike",
        roles=filled,
        values=(),
        factuality="Actual",
        attributed_to=(),
        provenance=sure(confidence),
    )


def entity(key: str, confidence: float = 1.0) -> Entity:
    return Entity(key=key, cls="Person", label=key, names=(), mentions=(Span(0, 1),), confidence=confidence)


EXTRACTION = Extraction(
    article=article("one"),
    entities=(entity("a"), entity("b", 0.2), entity("c", 0.2)),
    participants=(Participant(key="p", label="p", mentions=()), Participant(key="q", label="q", mentions=())),
    events=(event("sure", 0.9, agent="b", target="p", partOf="doubtful"), event("doubtful", 0.3, target="q")),
    statements=(
        Statement(
            key="s",
            speakers=("a",),
            text="x",
            attitude="Reports",
            about=("sure", "doubtful"),
            date=None,
            provenance=sure(0.8),
        ),
    ),
    positions=(Position(key="h", person="a", title="t", body=None, former=False, provenance=sure(0.1)),),
    relations=(Relation(subject="a", predicate="supports", object="b", provenance=sure(0.4)),),
)


def test_confident_leaves_out_what_is_less_sure_and_what_only_that_names() -> None:
    kept = confident(EXTRACTION, 0.5)

    assert [e.key for e in kept.events] == ["sure"]
    assert kept.events[0].roles == (("agent", "b"), ("target", "p"))
    assert kept.statements[0].about == ("sure",)
    assert (kept.positions, kept.relations) == ((), ())
    assert [e.key for e in kept.entities] == ["a", "b"]
    assert [p.key for p in kept.participants] == ["p"]


def test_confident_keeps_all_at_zero() -> None:
    assert confident(EXTRACTION, 0.0) == EXTRACTION


# Files ----------------------------------------------------------------------------------------------------------------


def quad(name: str, graph: str) -> Quad:
    return Quad(NamedNode(f"http://e.org/{name}"), NamedNode("http://e.org/p"), Literal("o"), NamedNode(graph))


def exported(*names: str) -> Iterator[build.Exported]:
    return (
        (article(n), {quad("shared", f"http://e.org/g/{i}"), quad(str(i), "http://e.org/g")})
        for i, n in enumerate(names)
    )


def test_merged_counts_triples_once() -> None:
    quads, summary = merged(exported("one", "two"))

    assert (len(quads), summary) == (4, build.Summary(articles=2, triples=3))


def test_export_file_replaces_what_is_there(tmp_path: Path) -> None:
    target = tmp_path / "kb.nq"
    target.write_text("old", encoding="utf-8")
    export_file(exported("one"), target, Options())

    assert target.read_text(encoding="utf-8").count("\n") == 2
    assert list(tmp_path.iterdir()) == [target]


def test_export_file_of_nothing_leaves_what_is_there(tmp_path: Path) -> None:
    target = tmp_path / "kb.nq"
    target.write_text("old", encoding="utf-8")
    export_file(exported(), target, Options())

    assert target.read_text(encoding="utf-8") == "old"


def test_an_error_on_the_way_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> Iterator[build.Exported]:
        yield from exported("one")
        raise InputError("broken")

    with pytest.raises(InputError):
        export_file(failing(), tmp_path / "kb.nq", Options())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["missing/kb.ttl", "kb.unknown", "kb", "file/kb.ttl"])
def test_a_bad_target_fails_before_the_work(tmp_path: Path, target: str) -> None:
    (tmp_path / "file").touch()

    def never() -> Iterator[build.Exported]:
        raise AssertionError("work was begun")
        yield

    with pytest.raises(OutputError):
        export_file(never(), tmp_path / target, Options())


def test_export_each_names_files_by_articles(tmp_path: Path) -> None:
    summary = export_each(exported("one", "a/b", "a:b", "A-B", "../up"), tmp_path / "new" / "out", Options())

    assert sorted(f.name for f in (tmp_path / "new" / "out").iterdir()) == [
        "A-B-3.ttl",
        "a-b-2.ttl",
        "a-b.ttl",
        "one.ttl",
        "up.ttl",
    ]
    assert summary.articles == 5


@pytest.mark.parametrize(
    ("name", "expected"),
    [("x", "x"), ("a/b\\c", "a-b-c"), ("..", "article"), (".hidden", "hidden"), ("é ü", "é ü"), ("x" * 300, "x" * 150)],
)
def test_file_name(name: str, expected: str) -> None:
    assert file_name(name) == expected


@pytest.mark.parametrize(
    "base", ["", "relative/", "https://example.org/id", "https://exa mple.org/", "https://e.org/<>/"]
)
def test_a_bad_base_is_an_error(base: str) -> None:
    with pytest.raises(InputError, match="IRI"):
        build.each([], Options(base=base))


def test_each_of_nothing_is_nothing(faked: None) -> None:
    assert list(build.each([], Options())) == []
