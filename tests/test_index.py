"""Indexes of Wikidata items: what becomes of a dump, that a killed build ends the same, and what linking finds in one."""

import errno
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import InputError, OutputError
from kb.gazetteer import COLUMNS, INDEX, NAMES, TABLE, Gazetteer, Term, load_gazetteer
from kb.linking import index, subclasses
from kb.linking.classes import aligned
from kb.linking.index import Filters
from kb.linking.names import NAMED_OTHERWISE, capital, latin, tidy
from kb.linking.records import label_of, prior
from kb.linking.table import MAX_ITEMS, names_text, read_overrides, read_table, table_text
from tests import wikidata
from tests.wikidata import claims, entity, lines, statement, text

FILES = (TABLE, NAMES, INDEX)
ALL = Filters()

#: Classes below others, people, bodies, places, posts and what is no entity of ours; towards the end, what is said of them.
WORLD = (
    entity("Q1", "Erewhon", pages=200, claims=claims(P31="Q6256", P1549=["Erewhonian"], P17="Q1", P625=(10.0, 20.0))),
    entity("Q14", "Old Erewhon", claims=claims(P31="Q6256")),
    entity("Q3", "Port Roe", pages=30, aliases=["Roe Harbour", "port"], claims=claims(P31="Q90", P17="Q1", P131="Q3")),
    entity("Q4", "Ann Roe", pages=50, aliases=["A. Roe"], description="politician\tof  Erewhon", claims=claims(
        P31="Q5", P102=["Q6", "Q7"], P463="Q6", P27=[statement("Q14", P582="1991"), statement("Q1")], P39=[
            statement("Q80", P580="2001"), statement("Q81", P580="1999-05-01", P582="2000"), statement("Q82"),
            statement("Q81", "deprecated"), statement("Q89")])),
    entity("Q6", "The Roe Post", claims=claims(P31=["Q91", "Q43229"])),
    entity("Q7", "blue", claims=claims(P31="Q92")),
    entity("Q8", "A law", claims=claims(P31="Q93")),
    entity("Q9", "No class"),
    entity("Q10", "lower case", claims=claims(P31="Q5")),
    entity("Q11", "\u0410\u043d\u043d\u0430", claims=claims(P31="Q5")),
    entity("Q12", claims=claims(P31="Q5"), labels={"mul": text("Jo Doe", "mul"), "ru": text("\u0414\u043e", "ru")}),
    entity("Q13", claims=claims(P31="Q5"), labels={"ru": text("\u0414\u043e", "ru"), "fr": text("Jean D\u00f4", "fr")}),
    entity("Q4", "Zann Roe", claims=claims(P31="Q5")),
    entity("Q80", "member of the Diet", claims=claims(P279="Q4164871", P1001="Q1")),
    entity("Q81", "President of Erewhon", pages=0, claims=claims(P31="Q4164871", P17="Q1")),
    entity("Q82", "\u043f\u043e\u0441\u0442", claims=claims(P31="Q4164871")),
    entity("Q90", "harbour town", claims=claims(P279="Q94")),
    entity("Q91", "weekly", claims=claims(P279="Q11032")),
    entity("Q94", "town", claims=claims(P279=["Q486972", "Q90"])),
)  # fmt: skip


def build(folder: Path, entities: Sequence[Any] = WORLD, filters: Filters = ALL, **more: Any) -> Gazetteer:
    """An index of these entities, in ``folder/index``."""
    (folder / "dump.json").write_bytes(lines(entities))
    index.build(str(folder / "dump.json"), folder / "index", filters, **more)
    load_gazetteer.cache_clear()
    return load_gazetteer(folder / "index")


def qids(folder: Path) -> list[str]:
    """The items of the index, by number."""
    return sorted((row.qid for row in read_table(folder / "index" / TABLE)), key=lambda qid: int(qid[1:]))


# What becomes of a dump -----------------------------------------------------------------------------------------------


def test_items_of_our_classes_with_a_latin_name_are_taken(tmp_path: Path) -> None:
    gazetteer = build(tmp_path)

    assert qids(tmp_path) == ["Q1", "Q3", "Q4", "Q6", "Q12", "Q13", "Q14"]
    found = [gazetteer.item(qid) for qid in qids(tmp_path)]
    assert [(item.label, item.cls, item.country) for item in found if item] == [
        ("Erewhon", "Country", None),
        ("Port Roe", "City", "Q1"),
        ("Ann Roe", "Person", "Q1"),
        ("The Roe Post", "MediaOrganization", None),
        ("Jo Doe", "Person", None),
        ("Jean D\u00f4", "Person", None),
        ("Old Erewhon", "Country", None),
    ]


def test_what_is_said_of_an_item(tmp_path: Path) -> None:
    gazetteer = build(tmp_path)
    country, person = gazetteer.item("Q1"), gazetteer.item("Q4")

    assert country and person
    assert (country.coordinates, person.coordinates) == ((10.0, 20.0), None)
    assert person.description == "politician of Erewhon"
    assert (person.prior, country.prior) == (prior(50) / 100, prior(200) / 100)
    assert gazetteer.aliases("Q3") == ("Roe Harbour",)
    assert gazetteer.demonyms("Q1") == ("Erewhonian",)
    assert gazetteer.belongs_to("Q4") == ("Q6", "Q7")
    assert (gazetteer.around("Q4"), gazetteer.around("Q3"), gazetteer.around("Q99")) == (("Q6", "Q7"), (), ())
    assert gazetteer.terms("Q4") == (
        Term("President of Erewhon", "Q1", "1999-05-01", "2000", "Q81"),
        Term("member of the Diet", "Q1", "2001", None, "Q80"),
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [("Ann Roe", ["Q4"]), ("ROE HARBOUR", ["Q3"]), ("port", []), ("lower case", []), ("Jean Do", ["Q13"])],
)
def test_lookup(name: str, found: list[str], tmp_path: Path) -> None:
    assert [item.qid for item in build(tmp_path).lookup(name)] == found


def test_surname_demonym_and_folded_name(tmp_path: Path) -> None:
    gazetteer = build(tmp_path)
    country = gazetteer.demonym("Erewhonian")

    assert [item.qid for item in gazetteer.surname("Roe")] == ["Q4"]
    assert country and country.qid == "Q1"
    assert [item.qid for item in gazetteer.folded("Poort Roe")] == ["Q3"]
    assert gazetteer.holders("Q1", "president of erewhon") == ("Q4",)


def test_the_files_are_of_the_form_of_the_table(tmp_path: Path) -> None:
    build(tmp_path)
    rows = read_table(tmp_path / "index" / TABLE)

    assert table_text(rows) == (tmp_path / "index" / TABLE).read_text(encoding="utf-8")
    assert names_text(rows) == (tmp_path / "index" / NAMES).read_text(encoding="utf-8")
    assert sorted(file.name for file in (tmp_path / "index").iterdir()) == sorted(FILES)


FILTERS = (
    (Filters(min_sitelinks=30), ["Q1", "Q3", "Q4"]),
    (Filters(limit=3), ["Q1", "Q14"]),
    (Filters(classes=("Q5",)), ["Q4", "Q12", "Q13"]),
    (Filters(classes=("Q486972", "Q6256"), min_sitelinks=2), ["Q1", "Q3"]),
    (Filters(classes=("Q94",)), ["Q3"]),
)


@pytest.mark.parametrize(("filters", "found"), FILTERS)
def test_filters(filters: Filters, found: list[str], tmp_path: Path) -> None:
    build(tmp_path, filters=filters)

    assert qids(tmp_path) == found
    card = json.loads((tmp_path / "index" / INDEX).read_bytes())
    assert card["filters"] == {**card["filters"], "classes": list(filters.classes), "limit": filters.limit}
    assert (card["items"], card["source"]["dump"]) == (len(found), "dump.json")


def test_curated_rows_are_right(tmp_path: Path) -> None:
    curated = next(row for row in read_overrides().values() if row["label"] == "United States")
    build(tmp_path, [entity(curated["qid"], "USA (state)", claims=claims(P31="Q6256"))])
    (row,) = read_table(tmp_path / "index" / TABLE)

    assert (row.label, row.demonyms) == ("United States", ["American", "Americans"])
    assert {"U.S.", "America"} <= {*row.aliases}


def test_the_best_known_of_too_many_namesakes_are_kept(tmp_path: Path) -> None:
    people = [entity(f"Q9000{n}", "Ann Roe", pages=n, claims=claims(P31="Q5")) for n in range(1, 81)]
    found = [item.qid for item in build(tmp_path, people, run=7).lookup("Ann Roe")]
    known = sorted(range(1, 81), key=lambda n: (-prior(n), f"Q9000{n}"))

    assert found == [f"Q9000{n}" for n in known][:MAX_ITEMS]


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        ({"en": "A", "mul": "B", "de": "C"}, "A"),
        ({"mul": "B", "de": "C"}, "B"),
        ({"fr": "F", "de": "C", "ru": "\u0414"}, "C"),
        ({"en": "\u0414", "mul": "B"}, "B"),
        ({"ru": "\u0414"}, ""),
        ({"en": "--", "de": "C"}, ""),
        ({"en": "x" * 121}, ""),
        ({"en": "Tripoli (Libya)"}, "Tripoli"),
        ({}, ""),
    ],
)
def test_label(labels: dict[str, str], label: str) -> None:
    assert label_of(labels) == label


def test_prior_grows_with_the_pages() -> None:
    priors = [prior(pages) for pages in (0, 1, 5, 20, 100, 400, 10_000)]
    assert priors == [0, 11, 30, 50, 76, 99, 99]


# Classes --------------------------------------------------------------------------------------------------------------


def test_every_class_of_entities_has_its_place() -> None:
    assert sorted(subclasses.PRECEDENCE) == sorted({*aligned()} - {"Agent"})
    assert {subclasses.PRECEDENCE[rank] for rank in subclasses.roots().values()} >= {*aligned()} - {"Agent", "Thing"}


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=40),
    st.dictionaries(st.integers(1, 12), st.integers(0, 3), max_size=4),
)
def test_the_nearest_class_above_counts(pairs: list[tuple[int, int]], tops: dict[int, int]) -> None:
    upper = np.array(sorted(pairs, key=lambda pair: pair[1]), dtype=np.uint32).reshape(-1, 2)
    found = subclasses.below(tops, (upper[:, 0], upper[:, 1]))

    def expected(cls: int) -> int | None:
        level, seen = {cls}, {cls}
        while level:
            if ranks := [tops[c] for c in level if c in tops]:
                return min(ranks)
            level = {above for below, above in pairs if below in level} - seen
            seen |= level
        return None

    assert {cls: rank for cls in range(1, 13) if (rank := expected(cls)) is not None} == found


# Names ----------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=30) | st.text("aA.'`&s_-(*|#,: \t\n\u2013\x1c\u00e9", max_size=12))
def test_quick_ways_give_what_the_slow_ones_do(name: str) -> None:
    assert capital(name) == any(c.isupper() for c in name)
    slow = name
    for pattern, by in (("_EXPLANATION", ""), ("_SPACE", " ")):
        slow = getattr(sys.modules[tidy.__module__], pattern).sub(by, slow)
    assert tidy(name) == slow.strip(" ,\u2013-")
    assert latin(name) or not name.isascii()


# Stopped and started again --------------------------------------------------------------------------------------------


def contents(folder: Path) -> list[bytes]:
    """The files of an index."""
    return [(folder / name).read_bytes() for name in FILES]


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no processes that are copies of this one")
def test_a_build_that_was_killed_ends_the_same(tmp_path: Path) -> None:
    build(tmp_path, run=3)
    dump, killed = tmp_path / "dump.json", tmp_path / "killed"
    command = [sys.executable, "-m", "tests.killed", str(dump), str(killed), "3"]
    subprocess.run(command, cwd=Path(__file__).resolve().parents[1], check=True, capture_output=True)
    folders = sorted(killed.iterdir(), key=lambda folder: int(folder.name))

    assert len(folders) > 20
    assert contents(folders[-1]) == contents(tmp_path / "index")
    told: list[str] = []
    for folder in folders[:-1]:
        index.build(str(dump), folder, run=3, tell=told.append)
        assert contents(folder) == contents(tmp_path / "index"), folder.name
        assert not (folder / "build").exists()
    assert len([line for line in told if "goes on after" in line]) > 15


def stopped(folder: Path, monkeypatch: pytest.MonkeyPatch, dump: Path, filters: Filters = ALL) -> None:
    """A build of which two runs are whole when the disk is full."""
    calls = iter(range(20))

    def full(file: Path, chunks: Any) -> None:
        if next(calls) > 8:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, chunks)

    write = index._write
    with monkeypatch.context() as patch, pytest.raises(OutputError, match=r"No space left on device\); make room"):
        patch.setattr(index, "_write", full)
        index.build(str(dump), folder, filters, run=3)


def test_a_full_disk_is_said_and_the_build_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, run=3)
    stopped(tmp_path / "other", monkeypatch, tmp_path / "dump.json")
    told: list[str] = []
    index.build(str(tmp_path / "dump.json"), tmp_path / "other", run=3, tell=told.append)

    assert told == [f"{tmp_path / 'other'}: goes on after 7 items"]
    assert contents(tmp_path / "other") == contents(tmp_path / "index")


def test_other_options_or_another_dump_start_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path)
    dump, other = tmp_path / "dump.json", tmp_path / "other"
    stopped(other, monkeypatch, dump, Filters(min_sitelinks=1))
    told: list[str] = []
    index.build(str(dump), other, tell=told.append)

    assert told == [f"{other}: a build with other options, or of another dump, was begun here; starting anew"]
    assert contents(other) == contents(tmp_path / "index")


@pytest.mark.parametrize("state", [b"", b"{", b"[]", b'{"digest": 1, "x": 2}', b'"x"', b"[" * 100_000])
def test_a_damaged_note_starts_anew(state: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path)
    stopped(tmp_path / "other", monkeypatch, tmp_path / "dump.json")
    (tmp_path / "other" / "build" / "state.json").write_bytes(state)
    index.build(str(tmp_path / "dump.json"), tmp_path / "other")

    assert contents(tmp_path / "other") == contents(tmp_path / "index")


def test_the_result_does_not_depend_on_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "FAN", 2)
    build(tmp_path)
    found = contents(tmp_path / "index")[:2]
    for run in (1, 2, 5):
        build(tmp_path, run=run)
        assert contents(tmp_path / "index")[:2] == found


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "index" / "build"
    other.mkdir(parents=True)
    (other / "work.txt").write_text("of a week")
    with pytest.raises(OutputError, match="not of an index; move it, or name another folder"):
        build(tmp_path)

    assert (other / "work.txt").read_text() == "of a week"


def test_a_missing_dump_leaves_what_was_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path)
    stopped(tmp_path / "other", monkeypatch, tmp_path / "dump.json")
    with pytest.raises(InputError, match="cannot be read"):
        index.build(str(tmp_path / "nothing"), tmp_path / "other")
    assert (tmp_path / "other" / "build" / "state.json").exists()


# What is wrong with a dump --------------------------------------------------------------------------------------------


def test_broken_lines_are_counted_and_the_first_are_told(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.write_bytes(lines(WORLD[:1]) + b"{\n" * 9 + lines([entity("Q5", "A\ud800", claims=claims(P31="Q5"))]))
    told: list[str] = []
    built = index.build(str(dump), tmp_path / "index", tell=told.append)

    assert (built.items, built.broken, built.rows) == (1, 10, 1)
    assert [line.partition(" (")[0] for line in told] == [f"{dump}:{n}: not JSON, or cut off" for n in range(4, 9)]


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"[\n]\n", b"<html>\n</html>\n", b"{}\n", b'{"id": "P1"}', b"\x00" * 99]
)
def test_what_is_no_dump_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(content)
    with pytest.raises(InputError, match="no item of Wikidata in it"):
        index.build(str(tmp_path / "dump"), tmp_path / "index")
    assert not (tmp_path / "index" / "build").exists()


def test_a_dump_without_anything_wanted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of its 19 items is wanted"):
        build(tmp_path, filters=Filters(classes=("Q35120",)))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        build(tmp_path)


# An index that is not as it should be ---------------------------------------------------------------------------------


def spoil(folder: Path, name: str, content: bytes | None) -> None:
    """Replace a file, or remove it."""
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        (TABLE, None, "no linking table here; build one"),
        (NAMES, None, "no linking table here; build one"),
        (INDEX, None, "no linking table here; build one"),
        (INDEX, b"{", "damaged"),
        (INDEX, b"[]", "damaged"),
        (INDEX, b'{"format": 0}', "another version; build it again"),
        (TABLE, b"qid\tlabel\n", "another version"),
        (TABLE, b"\xff" * 2000, "damaged"),
        (TABLE, "\t".join(COLUMNS).encode() + b"\n", "damaged"),
        (NAMES, b"", "damaged"),
    ],
)
def test_a_missing_old_or_damaged_index(name: str, content: bytes | None, what: str, tmp_path: Path) -> None:
    build(tmp_path)
    spoil(tmp_path / "index", name, content)
    load_gazetteer.cache_clear()
    with pytest.raises(InputError, match=what):
        load_gazetteer(tmp_path / "index")


# The facts beside this checkout ---------------------------------------------------------------------------------------

SOME = 6000


@pytest.mark.skipif(not wikidata.SHARED.exists(), reason="the folder of Wikidata facts is not beside this checkout")
def test_an_index_of_real_items_has_their_ids_and_names(tmp_path: Path) -> None:
    curated = read_overrides()
    items = {item["qid"]: item for item in wikidata.facts(SOME) if item["qid"] not in curated}
    gazetteer = build(tmp_path, list(wikidata.dumped(items.values(), wikidata.terms())), run=1000)
    rows = read_table(tmp_path / "index" / TABLE)

    assert len(rows) > SOME / 4
    assert {row.qid for row in rows} <= {*items}
    assert [row.qid for row in rows if row.label != tidy(items[row.qid]["label"])] == []
    assert [row.qid for row in rows if row.qid not in {item.qid for item in gazetteer.lookup(row.label)}] == []
    # Names that follow from a label are not in the source.
    taken = [row for row in rows if row.cls in NAMED_OTHERWISE]
    assert [row.qid for row in taken if not {*row.aliases} <= {*map(tidy, items[row.qid].get("aliases", ()))}] == []
