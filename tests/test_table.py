"""The linking table that is in the package, whole: no id in it contradicts the facts it was built from, nor is it too big."""

import functools
import json
import lzma
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kb.gazetteer import NAMES, TABLE, normal_form
from kb.linking.names import tidy
from kb.linking.table import HERE, Row, coordinates, post, read_overrides, read_table

FACTS = Path(__file__).resolve().parents[1].parent / "shared" / "wikidata"
#: What both files may take of a wheel before it is packed, in bytes.
MOST = 15_000_000

needs_facts = pytest.mark.skipif(
    not FACTS.is_dir(), reason="the Wikidata facts that the table was built from are not here"
)


def objects(name: str) -> Iterator[dict[str, Any]]:
    with lzma.open(FACTS / name, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@functools.cache
def items() -> dict[str, dict[str, Any]]:
    return {item["qid"]: item for item in objects("entities.jsonl.xz")}


@functools.cache
def rows() -> list[Row]:
    return read_table()


def names(qid: str) -> set[str]:
    """Every name of an item in the facts."""
    item = items().get(qid, {"label": ""})
    return {*map(tidy, [item["label"], *item.get("aliases", ())]), item.get("enwiki", "")}


def test_the_table_stays_small() -> None:
    assert sum((HERE / name).stat().st_size for name in (TABLE, NAMES)) < MOST


@needs_facts
def test_every_item_is_in_the_facts_under_its_label() -> None:
    assert len(rows()) > 40_000
    assert [(row.qid, row.label) for row in rows() if row.label not in names(row.qid)] == []


@needs_facts
def test_every_override_is_in_the_facts_under_its_label() -> None:
    curated = read_overrides()

    assert [qid for qid, row in curated.items() if row["label"] not in names(qid)] == []
    assert [row["country"] for row in curated.values() if row["country"] and row["country"] not in items()] == []


@needs_facts
def test_every_country_is_one() -> None:
    said = {qid: items().get(qid, {}).get("types", ()) for row in rows() if (qid := row.country)}

    assert len(said) > 150
    assert {qid: types for qid, types in said.items() if "country" not in types} == {}
    # Who is not recognized by all, and a state that is no more, may have offices too.
    assert {where for row in rows() for where in map(_country, row.posts) if where} <= items().keys()


def _country(held: str) -> str:
    return held.rpartition("@")[2].partition(":")[0]


@needs_facts
def test_every_post_is_a_term_of_that_person() -> None:
    stated: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for term in objects("positions.jsonl.xz"):
        if "position" in term:
            dates = term.get("start", ""), term.get("end", "")
            said = post(term["position"], term.get("country_qid", ""), *dates)
            stated[term["qid"]].add((said, term.get("position_qid", "")))
    held = {(row.qid, pair) for row in rows() for pair in zip(row.posts, row.post_qids, strict=True)}

    assert len(held) > 20_000
    assert [(qid, pair) for qid, pair in sorted(held) if pair not in stated[qid]] == []


@needs_facts
def test_what_an_item_belongs_to_is_in_its_description() -> None:
    known = {row.qid: row for row in rows()}
    said = [(row, known[qid]) for row in rows() for qid in row.belongs_to]

    assert len(said) > 3_000
    assert [row.qid for row, other in said if row is other or not _tells(row, other)] == []
    # A place lies in places of its own country.
    places = [(row, other) for row, other in said if {row.cls, other.cls} <= {"City", "Region", "Facility"}]
    assert [row.qid for row, other in places if row.country != other.country] == []


def _tells(row: Row, other: Row) -> bool:
    said = _bare("".join(map(normal_form, row.description.split())))
    return any(name in row.description or _bare(normal_form(name)) in said for name in other.names())


def _bare(normal: str) -> str:
    return normal.replace(" ", "").casefold()


@needs_facts
def test_every_coordinate_is_that_of_the_item() -> None:
    located = {row.qid: row.coordinates for row in rows() if row.coordinates}
    facts = {qid: coordinates(item["lat"], item["lon"]) for qid in located if "lat" in (item := items()[qid])}

    assert len(located) > 5_000
    assert located == facts
