"""Lines of Wikidata's dumps: what an item says of itself, in JSON and in N-Triples, whatever is wrong with other lines."""

import bz2
import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import InputError
from kb.linking import dump
from kb.linking.dump import Broken, Facts, Mark, Post, Read
from tests.wikidata import claims, entity, lines, snak, statement, text


def read(content: bytes, mark: Mark | None = None) -> list[Read]:
    """What a dump of these bytes holds."""
    return list(dump.entities(io.BufferedReader(io.BytesIO(content)), mark or Mark(), "d"))


def one(**more: Any) -> Facts:
    """The facts of an item with these parts."""
    (found,) = read(json.dumps(entity("Q1", "A") | more).encode())
    assert isinstance(found, Facts)
    return found


# JSON -----------------------------------------------------------------------------------------------------------------


def test_all_that_is_wanted_of_an_item() -> None:
    found = one(
        labels={"en": text("Ann Roe"), "de": text("Anna Roe", "de")},
        aliases={"en": [text("A. Roe")], "mul": [text("Roe", "mul")], "fr": [text("Anne", "fr")]},
        descriptions={"en": text("politician")},
        sitelinks={"enwiki": {"title": "Ann Roe (politician)"}, "dewiki": {"title": "Anna"}},
        claims=claims(
            P31="Q5",
            P279="Q9",
            P27=["Q30", "Q16"],
            P17="Q17",
            P1001="Q18",
            P607="Q23",
            P131=["Q20", "Q21"],
            P102="Q22",
            P625=(33.5, -36.25),
            P1549="Roean",
            P39=statement("Q11696", P580="2015-02-17", P582="2017-01", P1001="Q30"),
        ),
    )

    assert found == Facts(
        qid="Q1",
        labels={"en": "Ann Roe", "de": "Anna Roe"},
        aliases=["Ann Roe (politician)", "A. Roe", "Roe"],
        description="politician",
        demonyms=["Roean"],
        classes=["Q5"],
        above=["Q9"],
        countries=["Q17"],
        citizenships=["Q30", "Q16"],
        jurisdictions=["Q18"],
        belongs_to=["Q20", "Q21", "Q22", "Q23"],
        coordinates=(33.5, -36.25),
        posts=[Post("Q11696", "Q30", "2015-02-17", "2017-01")],
        sitelinks=2,
    )


def test_empty_parts_may_be_lists_or_missing() -> None:
    empty: dict[str, list[None]] = {part: [] for part in ("labels", "aliases", "descriptions", "claims", "sitelinks")}
    assert read(json.dumps({"id": "Q1", **empty}).encode()) == read(b'{"id": "Q1"}') == [Facts("Q1")]


#: Statements of one property and the items that count.
RANKS: tuple[tuple[list[Any], list[str]], ...] = (
    (["Q1", "Q2"], ["Q1", "Q2"]),
    ([statement("Q1"), statement("Q2", "preferred")], ["Q2"]),
    ([statement("Q1", "deprecated"), statement("Q2")], ["Q2"]),
    ([statement("Q1", "deprecated")], []),
    (["novalue", "somevalue", "Q3"], ["Q3"]),
    ([statement("novalue", "preferred"), statement("Q1")], ["Q1"]),
    ([statement("Q15180", P582="1991"), statement("Q159")], ["Q159", "Q15180"]),
)


@pytest.mark.parametrize(("statements", "items"), RANKS)
def test_rank_and_unknown_values(statements: list[Any], items: list[str]) -> None:
    assert one(claims=claims(P27=statements)).citizenships == items


def test_posts_keep_those_of_lower_rank() -> None:
    held = [statement("Q1", P580="2001"), statement("Q2", "preferred"), statement("Q3", "deprecated")]
    assert one(claims=claims(P39=held)).posts == [Post("Q2", preferred=True), Post("Q1", start="2001")]


#: Time and precision, and the ISO date.
DATES = (
    ("+2015-02-17T00:00:00Z", 11, "2015-02-17"),
    ("+2015-02-00T00:00:00Z", 10, "2015-02"),
    ("+2015-00-00T00:00:00Z", 9, "2015"),
    ("+2010-00-00T00:00:00Z", 8, ""),
    ("-0044-03-15T00:00:00Z", 11, ""),
)


@pytest.mark.parametrize(("time", "precision", "date"), DATES)
def test_dates(time: str, precision: int, date: str) -> None:
    start = {"snaktype": "value", "datavalue": {"value": {"time": time, "precision": precision}}}
    held = statement("Q1") | {"qualifiers": {"P580": [start], "P582": [snak("somevalue")]}}
    assert one(claims={"P39": [held]}).posts == [Post("Q1", start=date)]


def test_coordinates_on_another_globe_are_none() -> None:
    moon = {"latitude": 1.0, "longitude": 2.0, "globe": "http://www.wikidata.org/entity/Q405"}
    there = {"mainsnak": {"snaktype": "value", "datavalue": {"value": moon}}, "rank": "normal"}
    assert one(claims={"P625": [there]}).coordinates is None


def test_older_dumps_have_numbers_of_items() -> None:
    value = {"entity-type": "item", "numeric-id": 5}
    said = {"mainsnak": {"snaktype": "value", "datavalue": {"value": value}}, "rank": "normal"}
    assert one(claims={"P31": [said]}).classes == ["Q5"]


@pytest.mark.parametrize("id", ["P31", "L7", "M1"])
def test_other_entities_are_passed_over(id: str) -> None:
    assert read(json.dumps({"type": "property", "id": id}).encode()) == [None]


def test_brackets_commas_and_empty_lines_are_no_items() -> None:
    content = b'[\n{"id": "Q1"},\r\n\n{"id": "Q2"}\n]\n'
    assert read(content) == [Facts("Q1"), Facts("Q2")]
    assert read(b"") == read(b"[\n]\n") == []


GOOD = entity("Q7", "A", aliases=["B"], description="C", claims=claims(P31="Q5", P39=statement("Q8", P580="2001")))
#: Lines that are no items, and a word of what is said of them.
BROKEN: tuple[tuple[bytes, str], ...] = (
    (b'{"id": "Q1", "labels": {"en": {"langu', "not JSON"),
    (b"\xff\xfe{}", "not UTF-8"),
    ('{"id": "Q1", "labels": "Z\u00fcrich"}'.encode("latin-1"), "not UTF-8"),
    (b"{}", "no 'id'"),
    (b"17", "no object"),
    (b"null", "no object"),
    (b'"Q1"', "no object"),
    (b'{"id": 5}', "not an entity"),
    (b'{"id": "Q"}', "no item"),
    (b'{"id": "Q01"}', "no item"),
    (b'{"id": "Q12345678901234567890"}', "no item"),
    (b'{"id": "Q1", "claims": "x"}', "claims of the wrong type"),
    (b'{"id": "Q1", "claims": [1]}', "claims of the wrong type"),
    (b'{"id": "Q1", "claims": {"P31": [1]}}', "not an entity"),
    (b'{"id": "Q1", "claims": {"P31": [{}]}}', "no 'rank'"),
    (b'{"id": "Q1", "labels": {"en": {"value": 5}}}', "5 is no text"),
    (b'{"id": "Q1", "labels": {"en": "x"}}', "not an entity"),
    (b'{"id": "Q1", "aliases": {"en": {"value": "x"}}}', "not an entity"),
    (b'{"id": "Q1", "sitelinks": {"enwiki": "x"}}', "enwiki of the wrong type"),
    (b"[" * 100_000 + b"1", "no object"),
    (b'{"id":' + b"[" * 100_000, "not JSON"),
    (b'{"id": "Q1", "n": ' + b"9" * 400 + b"}", "not JSON"),
    (b"<html>", "not JSON"),
)  # fmt: skip


@pytest.mark.parametrize(("line", "why"), BROKEN)
def test_a_broken_line_is_told_and_the_rest_goes_on(line: bytes, why: str) -> None:
    good = json.dumps(GOOD).encode()
    before, broken, after = read(good + b",\n" + line + b",\n" + good + b"\n")

    assert isinstance(broken, Broken)
    assert (broken.line, why in broken.why) == (2, True), broken
    assert before == after == read(good)[0]


def parts(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """The places within a JSON value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from parts(part, (*path, name))


@given(
    st.sampled_from([path for path in parts(GOOD) if path]),
    st.sampled_from([None, 1, -1.5, "", "x", [], {}, [1], {"x": 1}, True, "Q5", [[]]]),
)
def test_a_wrong_type_anywhere_breaks_no_more_than_its_line(path: tuple[Any, ...], wrong: Any) -> None:
    changed = json.loads(json.dumps(GOOD))
    part = changed
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = wrong
    found, good = read(json.dumps(changed).encode() + b"\n" + json.dumps(GOOD).encode())

    assert isinstance(found, Broken | Facts | None)
    assert good == read(json.dumps(GOOD).encode())[0]


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(content: bytes) -> None:
    assert all(isinstance(found, Broken | Facts | None) for found in read(content))


def test_a_line_without_end_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump, "MAX_LINE", 30)
    found = read(b'{"id": "Q1"}\n' + b"x" * 100 + b'\n{"id": "Q2"}\n')
    assert [f.qid if isinstance(f, Facts) else type(f) for f in found] == ["Q1", *[Broken] * 4, "Q2"]
    assert [f.line for f in found if isinstance(f, Broken)] == [2] * 4


# N-Triples ------------------------------------------------------------------------------------------------------------

TRIPLES = """\
<https://www.wikidata.org/wiki/Special:EntityData/Q1> <http://schema.org/about> <http://www.wikidata.org/entity/Q1> .
<http://www.wikidata.org/entity/Q1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://wikiba.se/ontology#Item> .
<http://www.wikidata.org/entity/Q1> <http://www.w3.org/2000/01/rdf-schema#label> "Z\\u00FCrich \\"A\\""@en .
<http://www.wikidata.org/entity/Q1> <http://www.w3.org/2000/01/rdf-schema#label> "Zurigo"@it .
<http://www.wikidata.org/entity/Q1> <http://www.w3.org/2004/02/skos/core#altLabel> "Turicum"@en .
<http://www.wikidata.org/entity/Q1> <http://www.w3.org/2004/02/skos/core#altLabel> "Z\u00fcri"@gsw .
<http://www.wikidata.org/entity/Q1> <http://schema.org/description> "a city"@en .
<http://www.wikidata.org/entity/Q1> <http://www.wikidata.org/prop/direct/P31> <http://www.wikidata.org/entity/Q515> .
<http://www.wikidata.org/entity/Q1> <http://www.wikidata.org/prop/direct/P17> <http://www.wikidata.org/entity/Q39> .
<http://www.wikidata.org/entity/Q1> <http://www.wikidata.org/prop/direct/P27> _:b0 .
<http://www.wikidata.org/entity/Q1> <http://www.wikidata.org/prop/direct/P27> <http://www.wikidata.org/.well-known/genid/1> .
<http://www.wikidata.org/entity/Q1> <http://www.wikidata.org/prop/direct/P39> <http://www.wikidata.org/entity/Q3> .
<http://www.wikidata.org/entity/Q1> <http://www.wikidata.org/prop/direct/P131> <http://www.wikidata.org/entity/Q4> .
<http://www.wikidata.org/entity/Q1> <http://www.wikidata.org/prop/direct/P361> _:b1 .
<http://www.wikidata.org/entity/Q1> <http://www.wikidata.org/prop/direct/P1549> "Zuricher"@en .
<http://www.wikidata.org/entity/Q1> <http://www.wikidata.org/prop/direct/P625> "Point(8.54 47.37)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .
<http://www.wikidata.org/entity/P17> <http://www.w3.org/2000/01/rdf-schema#label> "country"@en .

# a comment
<http://www.wikidata.org/entity/Q2> <http://www.wikidata.org/prop/direct/P279> <http://www.wikidata.org/entity/Q1> .
<https://en.wikipedia.org/wiki/B> <http://schema.org/about> <http://www.wikidata.org/entity/Q2> .
<https://en.wikipedia.org/wiki/B> <http://schema.org/inLanguage> "en" .
"""


def test_triples() -> None:
    first, *rest = [found for found in read(TRIPLES.encode()) if found]

    assert rest == [Facts("Q2", above=["Q1"], sitelinks=1)]
    assert first == Facts(
        qid="Q1",
        labels={"en": 'Z\u00fcrich "A"', "it": "Zurigo"},
        aliases=["Turicum"],
        description="a city",
        demonyms=["Zuricher"],
        classes=["Q515"],
        countries=["Q39"],
        belongs_to=["Q4"],
        coordinates=(47.37, 8.54),
        posts=[Post("Q3")],
        sitelinks=2,
    )


ABOUT = "<http://www.wikidata.org/entity/Q5>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f'{ABOUT} {LABEL} "cut of', "not N-Triples"),
        (f"{ABOUT} {LABEL} 5 .", "not N-Triples"),
        (f"{ABOUT} {LABEL} <http://e.org/> .", "is no text"),
        ("nothing", "not N-Triples"),
        ("{}", "not N-Triples"),
        (f'{ABOUT} <http://www.wikidata.org/prop/direct/P625> "Point(1e999 3)"^^<x> .', "no coordinates"),
        (f'{ABOUT} {LABEL} "\\U99999999"@en .', "C int"),
    ],
)
def test_a_broken_triple_is_told_and_the_rest_goes_on(line: str, why: str) -> None:
    good = f'{ABOUT} {LABEL} "A"@en .\n'
    found = [f for f in read(f"{good}{line}\n{good.replace('Q5', 'Q6')}".encode()) if f]

    assert [f.line for f in found if isinstance(f, Broken) and why in f.why] == [2]
    assert [f.qid for f in found if isinstance(f, Facts)] == ["Q5", "Q6"]


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read_as_triples(content: bytes) -> None:
    assert all(isinstance(found, Broken | Facts | None) for found in read(b"#\n" + content))


# Files and marks ------------------------------------------------------------------------------------------------------

TWO = lines([entity("Q1", "A"), entity("Q2", "B"), entity("Q3", "C")])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_packed_dumps_are_known_by_their_bytes(pack: Any, tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_bytes(pack(TWO))
    with dump.opened(str(file)) as stream:
        found = list(dump.entities(stream, Mark(), str(file)))
    assert [f.qid for f in found if isinstance(f, Facts)] == ["Q1", "Q2", "Q3"]


@pytest.mark.parametrize(("pack", "content"), [(bytes, TWO), (gzip.compress, TWO), (bytes, TRIPLES.encode())])
@pytest.mark.parametrize("piped", [True, False])
def test_reading_goes_on_from_any_mark(
    pack: Any, content: bytes, piped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dump"
    file.write_bytes(pack(content))
    name = "-" if piped else str(file)

    def opened() -> Any:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.FileIO(file))))
        return dump.opened(name)

    mark = Mark()
    with opened() as stream:
        stages = [(mark.saved(), found) for found in dump.entities(stream, mark, name) if found]
    for number, (saved, _) in enumerate(stages):
        with opened() as stream:
            rest = [f for f in dump.entities(stream, dump.forward(stream, saved, name), name) if f]
        assert rest == [found for _, found in stages[number + 1 :]]


def test_another_dump_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_bytes(TWO)
    mark = Mark()
    with dump.opened(str(file)) as stream:
        next(iter(dump.entities(stream, mark, str(file))))
    for other in (TWO.replace(b"A", b"X"), TWO[:5]):
        file.write_bytes(other)
        with dump.opened(str(file)) as stream, pytest.raises(InputError, match="not the dump"):
            dump.forward(stream, mark.saved(), str(file))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(TWO * 50, mtime=0)[:60], "ends too early"),
        (bz2.compress(TWO * 50)[:60], "ends too early"),
        (gzip.compress(TWO, mtime=0)[:15] + b"x" * 200, "cannot be read"),
        (b"BZhnothing", "cannot be read"),
    ],
)
def test_damaged_packing_is_said_in_one_line(content: bytes, what: str, tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_bytes(content)
    with pytest.raises(InputError, match=what), dump.opened(str(file)) as stream:
        list(dump.entities(stream, Mark(), str(file)))


@pytest.mark.parametrize("name", ["nothing", "."])
def test_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"), dump.opened(str(tmp_path / name)):
        pass
