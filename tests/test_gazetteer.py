"""The linking table's names: normal forms, lookup, and that the committed files are what they should be."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import gazetteer as names
from kb.errors import InputError
from kb.gazetteer import COLUMNS, Gazetteer, find, fold, key, load_gazetteer, surname
from kb.linking import build_table, table
from kb.linking.table import Row, names_text, read_table, table_text
from tests import tables

#: A table of a dozen lines, with the traps of the big one.
ROWS = (
    Row("Q30", "United States", "Country", ["U.S.", "US", "America"], ["American", "Americans"], "", 99),
    Row("Q822", "Lebanon", "Country", [], ["Lebanese"], "", 96),
    Row("Q796", "Iraq", "Country", [], ["Iraqi", "Iraqis"], "", 99),
    Row("Q858", "Syria", "Country", [], ["Syrian", "Syrians"], "", 99),
    Row("Q100", "Deir ez-Zor", "City", ["Dayr az Zawr"], [], "Q858", 60, [], "city in Syria", "35.3333,40.15"),
    Row("Q101", "Tripoli", "City", [], [], "Q1016", 50),
    Row("Q102", "Tripoli", "City", [], [], "Q822", 30),
    Row("Q103", "Islamic State", "ArmedGroup", ["ISIS", "IS"], [], "", 95),
    Row("Q104", "Jane Roe", "Person", [], [], "Q30", 40, ["Secretary of Defense@Q30:2015-02-17..2017-01-19"]),
    Row("Q105", "Jo Doe", "Person", [], [], "", 40, ["Mayor@:..", "Envoy@Q30:2001.."], "", "", ["", "Q11"]),
)


def small(*more: Row) -> Gazetteer:
    """A gazetteer of the lines above and these."""
    return tables.gazetteer((*ROWS, *more))


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("United States", "united states"),
        ("the United Nations", "united nations"),
        ("The", "the"),
        ("U.S.", "US"),
        ("U. S.", "US"),
        ("US", "US"),
        ("us", "us"),
        ("U.N", "UN"),
        ("Dae\u2019sh", "daesh"),
        ("Da'esh", "daesh"),
        ("Lebanon's", "lebanon"),
        ("Lebanon\u2019s", "lebanon"),
        ("Deir el-Zour", "deir el zour"),
        ("Erdo\u011fan", "erdogan"),
        ("\u0141\u00f3d\u017a", "lodz"),
        ("St. Petersburg", "st petersburg"),
        ("Stephen J. Townsend", "stephen j townsend"),
        ("AT&T", "at and t"),
        ("  a \t b\n", "a b"),
        ("--", ""),
        ("", ""),
    ],
)
def test_normal_form(name: str, normal: str) -> None:
    assert key(name) == normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Deir el-Zour", "Dayr az Zawr"),
        ("Deir ez-Zor", "Dair al-Zour"),
        ("Raqqa", "Ar Raqqah"),
        ("Mohammed Hussein", "Muhammad Husayn"),
        ("Qassem", "Kassem"),
    ],
)
def test_transliterations_fall_together(one: str, other: str) -> None:
    assert fold(key(one)) == fold(key(other))


@pytest.mark.parametrize(
    ("name", "qids"),
    [
        ("U.S.", ["Q30"]),
        ("us", []),
        ("IRAQ", ["Q796"]),
        ("iraq's", ["Q796"]),
        ("Isis", ["Q103"]),
        ("IS", ["Q103"]),
        ("is", []),
        ("Tripoli", ["Q101", "Q102"]),
        ("Nowhere", []),
        ("", []),
    ],
)
def test_lookup(name: str, qids: list[str]) -> None:
    assert [item.qid for item in small().lookup(name)] == qids


def test_folded_surname_and_demonym() -> None:
    gazetteer = small()
    assert [item.qid for item in gazetteer.folded("Deir al-Zour")] == ["Q100"]
    assert [item.qid for item in gazetteer.surname("Roe")] == ["Q104"]
    countries = [item and item.qid for item in map(gazetteer.demonym, ("Lebanese", "IRAQIS", "american", "Martian"))]
    assert countries == ["Q822", "Q796", "Q30", None]


def test_details_of_an_item() -> None:
    gazetteer = small()
    (term,) = gazetteer.terms("Q104")
    assert (term.title, term.country, term.start, term.end) == (
        "Secretary of Defense",
        "Q30",
        "2015-02-17",
        "2017-01-19",
    )
    assert (term.qid, [term.qid for term in gazetteer.terms("Q105")]) == (None, [None, "Q11"])
    place, person = gazetteer.item("Q100"), gazetteer.item("Q104")
    assert place and (place.description, place.coordinates) == ("city in Syria", (35.3333, 40.15))
    assert person and (person.description, person.coordinates) == ("", None)
    assert gazetteer.aliases("Q103") == ("ISIS", "IS")
    assert gazetteer.demonyms("Q796") == ("Iraqi", "Iraqis")
    assert gazetteer.item("Q100000") is None
    assert (gazetteer.aliases("Q100000"), gazetteer.terms("Q100000")) == ((), ())


#: Too long, not of this alphabet, of this file format, or of another language's syntax.
HOSTILE = (
    "a" * 10_000,
    "A." * 5_000,
    "e\u0301" * 5_000,
    "\ufdfa" * 20,
    "'; DROP TABLE names; --",
    ".*+?[](){}|\\^$",
    "\x00\x01\x1f\x7f",
    "Iraq\tQ30\nQ30",
    "\ud800",
    "~dair zur",
    "=iraqi",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_find_nothing_and_cost_nothing(name: str) -> None:
    gazetteer = small()
    started = time.perf_counter()

    assert gazetteer.lookup(name) == gazetteer.surname(name) == ()
    assert gazetteer.item(name) is None
    assert gazetteer.terms(name) == ()
    assert isinstance(gazetteer.folded(name), tuple)
    assert time.perf_counter() - started < 0.1


def test_every_line_is_found_by_bisection() -> None:
    lines = b"head\na\t1\nab\t2\nb\t3\nba\t4\n"
    assert [find(lines, k, start=5) for k in ("a", "ab", "b", "ba")] == ["a\t1", "ab\t2", "b\t3", "ba\t4"]
    assert [find(lines, k, start=5) for k in ("", "aa", "c", "head", "0")] == [""] * 5
    assert find(b"", "a", start=0) == ""


@given(st.text(st.characters(max_codepoint=127), max_size=40) | st.text("aAB.'`& s_-\n\x1c1,", max_size=12))
def test_ascii_names_have_the_normal_form_that_others_have(name: str) -> None:
    plain = names._INITIALS.sub(r"\1", names._POSSESSIVE.sub("", name.translate(names._LETTERS).strip()))
    slow = names._NO_WORD.sub(" ", plain.replace("'", "").replace(".", "")).split()
    assert names._ascii_words(name) == slow


def test_a_table_that_ends_without_a_line_feed_is_read_to_its_end() -> None:
    assert find(b"a\t1\nb\t2", "b", start=0) == "b\t2"
    assert find(b"a\t1\nb\t2", "c", start=0) == ""


def test_surname() -> None:
    assert [surname(name) for name in ("abu bakr al baghdadi", "roe", "")] == ["baghdadi", "roe", ""]


def test_missing_table_says_where(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no linking table"):
        load_gazetteer(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [("\t60\t", "\tx0\t"), ("\tCity\t", "\tCity "), ("35.3333", "35,3333")],
    ids=["no prior", "a column too few", "no coordinates"],
)
def test_a_line_that_is_damaged_says_so(old: str, new: str) -> None:
    damaged = Gazetteer(table_text(sorted(ROWS, key=lambda row: row.qid.encode())).replace(old, new).encode(), b"")

    assert damaged.item("Q822")
    with pytest.raises(InputError, match="Q100: the linking table is damaged; build it again"):
        damaged.item("Q100")


def test_what_is_no_utf8_is_read_as_far_as_it_goes() -> None:
    assert find(b"a\t1\xff\n", "a", start=0) == "a\t1\ufffd"


@pytest.mark.parametrize("card", [b"", b"[]", b"{}", b"[" * 100_000, b'{"format": 2, "bytes": {}}', b"\xff"])
def test_a_damaged_index_says_so(tmp_path: Path, card: bytes) -> None:
    for name, content in (("table.tsv", table_text(ROWS)), ("names.tsv", names_text(ROWS))):
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "index.json").write_bytes(card)

    with pytest.raises(InputError, match=r"the linking table is damaged; build it again with kb link build$"):
        load_gazetteer(tmp_path)


def test_names_are_generated_from_the_table() -> None:
    rows = read_table()
    assert table_text(rows) == (table.HERE / "table.tsv").read_text(encoding="utf-8")
    assert names_text(rows) == (table.HERE / "names.tsv").read_text(encoding="utf-8")


def test_table_is_well_formed() -> None:
    lines = (table.HERE / "table.tsv").read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines]
    assert tuple(cells[0]) == COLUMNS
    assert {len(row) for row in cells} == {len(COLUMNS)}
    qids = [row[0] for row in cells[1:]]
    assert qids == sorted(set(qids), key=str.encode)
    assert {row[2] for row in cells[1:]} <= {cls for _, cls in build_table.TYPES} | {
        "Government",
        "Facility",
        "Company",
    }


#: What a newspaper writes, and what it means.
NAMES = (
    ("U.S.", "United States", "Country"),
    ("Britain", "United Kingdom", "Country"),
    ("Burma", "Myanmar", "Country"),
    ("UN", "United Nations", "InternationalOrganization"),
    ("Nato", "NATO", "InternationalOrganization"),
    ("ISIL", "Islamic State", "ArmedGroup"),
    ("Daesh", "Islamic State", "ArmedGroup"),
    ("Hizbollah", "Hezbollah", "ArmedGroup"),
    ("Pentagon", "United States Department of Defense", "GovernmentBody"),
    ("State Department", "United States Department of State", "GovernmentBody"),
    ("AP", "Associated Press", "MediaOrganization"),
    ("Mosul", "Mosul", "City"),
    ("Washington", "Washington, D.C.", "City"),
    ("Gaza Strip", "Gaza Strip", "Region"),
    ("Bashar Assad", "Bashar al-Assad", "Person"),
)


@pytest.mark.parametrize(("name", "label", "cls"), NAMES)
def test_names_of_newspapers(name: str, label: str, cls: str) -> None:
    item = load_gazetteer().lookup(name)[0]
    assert (item.label, item.cls) == (label, cls)


@pytest.mark.parametrize("word", ["Lebanese", "Iraqis", "Britons", "Saudi", "North Korean", "Palestinians", "Afghans"])
def test_demonyms_of_countries(word: str) -> None:
    item = load_gazetteer().demonym(word)
    assert item is not None and item.cls == "Country"
