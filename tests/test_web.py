"""The reconciliation service as its clients meet it: structure by the specification, matches, limits, hostile input."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from kb import cli
from kb.cli import run
from kb.errors import InputError, QueryError
from kb.gazetteer import Gazetteer
from kb.linking.classes import aligned, classes_of
from kb.linking.table import Row
from kb.web.application import MAX_BODY, listen
from kb.web.properties import MOST_ITEMS, MOST_PROPERTIES, PROPERTIES, parse_extension
from kb.web.reconciliation import BATCH, SUGGESTIONS, Service, parse
from tests.serving import ROWS, index, serving, table

SERVICE = Service(Gazetteer(*table()), version="1.2.3")
ORIGIN = {"Origin": "http://openrefine.example"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(headers=ORIGIN, retries=False, timeout=60) as pool:
        yield pool


def post(http: urllib3.PoolManager, url: str, **form: str) -> urllib3.BaseHTTPResponse:
    return http.request_encode_body("POST", url, fields=form, encode_multipart=False)


# Structure: the JSON schemas of https://reconciliation-api.github.io/specs/0.2/, as tables ------------------------------

TEXT, NUMBER, TRUTH, WHOLE = str, (int, float), bool, int
#: Schema → field → type, or the name of another schema, in a list where the field is one; "?" where it may be missing.
SCHEMAS: dict[str, dict[str, Any]] = {
    "manifest": {
        "versions": [TEXT],
        "name": TEXT,
        "identifierSpace": TEXT,
        "schemaSpace": TEXT,
        "?documentation": TEXT,
        "?serviceVersion": TEXT,
        "?defaultTypes": ["type"],
        "?view": "view",
        "?preview": "preview",
        "?suggest": "suggest",
        "?extend": "extend",
        "?batchSize": WHOLE,
    },
    "type": {"id": TEXT, "name": TEXT, "?broader": ["type"]},
    "view": {"url": TEXT},
    "preview": {"url": TEXT, "width": WHOLE, "height": WHOLE},
    "suggest": {"?entity": "suggesting", "?type": "suggesting", "?property": "suggesting"},
    "suggesting": {
        "service_url": TEXT,
        "service_path": TEXT,
        "?flyout_service_url": TEXT,
        "?flyout_service_path": TEXT,
    },
    "extend": {"?propose_properties": "place"},
    "place": {"service_url": TEXT, "service_path": TEXT},
    "result": {"result": ["candidate"]},
    "candidate": {
        "id": TEXT,
        "name": TEXT,
        "score": NUMBER,
        "?description": TEXT,
        "?match": TRUTH,
        "?type": ["type"],
        "?features": ["feature"],
    },
    "feature": {"id": TEXT, "value": NUMBER},
    "suggested entities": {"result": ["entity"]},
    "entity": {"id": TEXT, "name": TEXT, "?description": TEXT, "?notable": ["type"]},
    "suggested": {"result": ["suggestion"]},
    "suggestion": {"id": TEXT, "name": TEXT, "?description": TEXT},
    "flyout": {"id": TEXT, "html": TEXT},
    "proposal": {"type": TEXT, "properties": ["property"], "?limit": WHOLE},
    "property": {"id": TEXT, "name": TEXT},
    "meta": {"id": TEXT, "name": TEXT, "?type": "property"},
    "item": {"id": TEXT, "name": TEXT},
    "text": {"str": TEXT},
}


def faults(value: object, schema: Any, where: str = "") -> Iterator[str]:
    """What in a JSON value is not as a schema has it."""
    if isinstance(schema, list):
        if isinstance(value, list):
            yield from (fault for i, one in enumerate(value) for fault in faults(one, schema[0], f"{where}[{i}]"))
        else:
            yield f"{where} is no list"
    elif not isinstance(schema, str):
        if not isinstance(value, schema) or (isinstance(value, bool) and schema is not TRUTH):
            yield f"{where} is {value!r}"
    elif isinstance(value, dict):
        fields = {name.lstrip("?"): (kind, name[0] != "?") for name, kind in SCHEMAS[schema].items()}
        yield from (
            f"{where}.{name} is missing" for name, (_, needed) in fields.items() if needed and name not in value
        )
        yield from (f"{where}.{name} is unknown" for name in value.keys() - fields.keys())
        for name in value.keys() & fields.keys():
            yield from faults(value[name], fields[name][0], f"{where}.{name}")
    else:
        yield f"{where} is no object"


@pytest.mark.parametrize(
    ("value", "schema", "found"),
    [
        ({"id": "Q5", "name": "human"}, "type", []),
        ({"id": "Q5"}, "type", [".name is missing"]),
        ({"id": 5, "name": "human"}, "type", [".id is 5"]),
        ({"id": "Q5", "name": "human", "x": 1}, "type", [".x is unknown"]),
        ({"result": {}}, "result", [".result is no list"]),
        ({"result": [{"id": "Q1", "name": "a", "score": True}]}, "result", [".result[0].score is True"]),
        ([], "result", [" is no object"]),
    ],
)
def test_the_check_of_structure_finds_faults(value: object, schema: str, found: list[str]) -> None:
    assert list(faults(value, schema)) == found


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/", "manifest"),
        ("/reconcile", "manifest"),
        ("/suggest/entity?prefix=utop", "suggested entities"),
        ("/suggest/entity?prefix=Q3", "suggested entities"),
        ("/suggest/entity?prefix=", "suggested entities"),
        ("/suggest/entity", "suggested entities"),
        ("/suggest/type?prefix=a", "suggested"),
        ("/suggest/property?prefix=c&cursor=1", "suggested"),
        ("/flyout/entity?id=Q8", "flyout"),
        ("/flyout/type?id=Q515", "flyout"),
        ("/flyout/property?id=P17", "flyout"),
        ("/properties?type=Q5", "proposal"),
        ("/properties?type=Q5&limit=1", "proposal"),
    ],
)
def test_an_answer_has_the_structure_of_the_specification(
    http: urllib3.PoolManager, address: str, path: str, schema: str
) -> None:
    response = http.request("GET", address + path)

    assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert list(faults(response.json(), schema)) == []


def test_manifest(http: urllib3.PoolManager, address: str) -> None:
    manifest = http.request("GET", address).json()

    assert manifest["versions"] == ["0.1", "0.2"]
    assert manifest["identifierSpace"] == "http://www.wikidata.org/entity/"
    assert manifest["schemaSpace"] == "http://www.wikidata.org/prop/direct/"
    assert manifest["serviceVersion"] == "1.2.3"
    assert {"id": "Q486972", "name": "city", "broader": [{"id": "Q17334923", "name": "place"}]} in manifest[
        "defaultTypes"
    ]
    assert manifest["preview"]["url"] == address + "/preview?id={{id}}"
    for kind, place in manifest["suggest"].items():
        assert place["service_url"] + place["service_path"] == f"{address}/suggest/{kind}"
        assert place["flyout_service_path"] == f"/flyout/{kind}?id=${{id}}"
    assert manifest["extend"]["propose_properties"] == {"service_url": address, "service_path": "/properties"}
    assert manifest["documentation"] == address + "/"


@pytest.mark.parametrize(
    "path", ["/", "/reconcile", "/suggest/type", "/properties", "/preview?id=Q1", "/flyout/type?id=Q5"]
)
def test_head_is_get_without_its_body(http: urllib3.PoolManager, address: str, path: str) -> None:
    head, get = (http.request(method, address + path) for method in ("HEAD", "GET"))

    assert (head.status, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.data))
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


# Matches --------------------------------------------------------------------------------------------------------------


def country(*values: object, pid: str = "P17") -> list[dict[str, object]]:
    return [{"pid": pid, "v": value} for value in values]


#: A query, the ids of its candidates from the best on, and whether the first is a match.
QUERIES: list[tuple[dict[str, Any], list[str], bool]] = [
    ({"query": "Utopia"}, ["Q1"], True),
    ({"query": "utopia", "type": "Q6256"}, ["Q1"], True),
    ({"query": "Utopia", "type": ["Q5", "Q6256"]}, ["Q1"], True),
    ({"query": "Utopia", "type": {"id": "Country"}}, ["Q1"], True),
    ({"query": "Utopia", "type": "Q5"}, [], False),
    ({"query": "Utopia", "type": "Q11424"}, ["Q1"], False),
    ({"query": "Utopia", "type": ""}, ["Q1"], True),
    ({"query": "Springfield"}, ["Q3", "Q4"], False),
    ({"query": "Springfield", "limit": 1}, ["Q3"], False),
    ({"query": "Springfield", "limit": 0}, ["Q3", "Q4"], False),
    ({"query": "Springfield", "limit": 2.0}, ["Q3", "Q4"], False),
    ({"query": "Springfield", "properties": country("Utopia")}, ["Q3", "Q4"], True),
    ({"query": "Springfield", "properties": country({"id": "Q2", "name": "Erewhon"})}, ["Q4", "Q3"], True),
    ({"query": "Springfield", "properties": country(["Erewhonian"])}, ["Q4", "Q3"], True),
    ({"query": "Springfield", "properties": country("Atlantis", 3, None)}, ["Q3", "Q4"], False),
    ({"query": "Springfield", "properties": country("Erewhon", pid="P1082")}, ["Q3", "Q4"], False),
    ({"query": "Liberation Front", "type": "Q17149090"}, ["Q7"], True),
    ({"query": "LF", "type": "Q43229", "properties": country("Utopia")}, ["Q7"], True),
    ({"query": "LF", "type": "Q43229", "properties": country("Erewhon")}, ["Q7"], False),
    ({"query": "Mary Roe", "type": "Q5", "properties": country("Erewhon", pid="P27")}, ["Q6"], True),
    ({"query": "Mary Roe", "type": "Q515"}, [], False),
    ({"query": "Army", "type": "Q43229", "properties": country("Utopia")}, ["Q5"], True),
    ({"query": "Army", "type": "Q43229"}, [], False),
    ({"query": "Q7"}, ["Q7"], True),
    ({"query": "Q70"}, [], False),
    ({"query": "Nobody"}, [], False),
    ({"query": ""}, [], False),
    ({"properties": country("Utopia")}, [], False),
    ({"query": "Utopia" * 2000}, [], False),
    ({"query": "Q1\tUtopia"}, [], False),
    ({"query": "\x00\u202e\ud800"}, [], False),
    ({"query": "Uto\npia"}, [], False),
    ({"query": "%' OR 1=1 -- .*[("}, [], False),
]


@pytest.mark.parametrize(("query", "qids", "match"), QUERIES)
def test_candidates(
    http: urllib3.PoolManager, address: str, query: dict[str, Any], qids: list[str], match: bool
) -> None:
    response = post(http, address + "/reconcile", queries=json.dumps({"q0": query}))
    answer = response.json()["q0"]
    scores = [candidate["score"] for candidate in answer["result"]]

    assert list(faults(answer, "result")) == []
    assert [candidate["id"] for candidate in answer["result"]] == qids
    assert [candidate["match"] for candidate in answer["result"]] == [match, False, False][: len(qids)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 100 for score in scores)


def test_types_of_candidates_are_those_of_wikidata_where_there_are_some() -> None:
    found = SERVICE.reconcile(parse({"city": {"query": "Q3"}, "bridge": {"query": "Old Bridge"}}))

    assert found["city"]["result"][0]["type"] == [{"id": "Q486972", "name": "city"}]
    assert found["bridge"]["result"][0]["type"] == [
        {"id": "https://w3id.org/newskb/ontology#Facility", "name": "facility"}
    ]


def test_every_class_is_found_by_its_id() -> None:
    assert {name: classes_of(cls.id) for name, cls in aligned().items()} == {name: (name,) for name in aligned()}
    assert {row.cls for row in ROWS} <= aligned().keys()


#: How urllib3 is told to send a form.
FORM: dict[str, dict[str, Any]] = {"GET": {}, "POST": {"encode_multipart": False}}


@pytest.mark.parametrize("method", FORM)
@pytest.mark.parametrize("path", ["", "/", "/reconcile"])
def test_a_batch_comes_by_either_method(http: urllib3.PoolManager, address: str, method: str, path: str) -> None:
    batch = {f"q{i}": {"query": row.label} for i, row in enumerate(ROWS)}
    fields = {"queries": json.dumps(batch)}
    response = http.request(method, address + path, fields=fields, **FORM[method])
    answer = response.json()

    assert answer.keys() == batch.keys()
    assert {row.qid for row in ROWS} <= {c["id"] for result in answer.values() for c in result["result"]}


def test_jsonp(http: urllib3.PoolManager, address: str) -> None:
    fields = {"queries": '{"q0": {"query": "Utopia"}}', "callback": "jQuery_1.f$"}
    response = http.request("GET", address, fields=fields)
    called = re.fullmatch(r"/\*\*/jQuery_1\.f\$\((.*)\);", response.data.decode("ascii"))

    assert response.headers["Content-Type"].startswith("application/javascript")
    assert called and json.loads(called[1])["q0"]["result"][0]["id"] == "Q1"
    assert http.request("GET", f"{address}?callback=f").data.startswith(b"/**/f({")


def test_cors_preflight(http: urllib3.PoolManager, address: str) -> None:
    headers = ORIGIN | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-requested-with"}
    response = http.request("OPTIONS", address + "/reconcile", headers=headers)

    assert response.status == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


# Suggestions and previews ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "prefix", "ids"),
    [
        ("entity", "utop", ["Q1", "Q5"]),
        ("entity", "Utopia", ["Q1", "Q5"]),
        ("entity", "springf", ["Q3", "Q4"]),
        ("entity", "fair c", ["Q3"]),
        ("entity", "lf", ["Q7"]),
        ("entity", "Q9", ["Q9"]),
        ("entity", "Q99", []),
        ("entity", "x" * 10_000, []),
        ("entity", "~=@\t\n", []),
        ("type", "cit", ["Q486972"]),
        ("type", "q5", ["Q5"]),
        ("type", "armed", ["Q772547", "Q17149090"]),
        ("property", "country of", ["P27"]),
        ("property", "P17", ["P17"]),
    ],
)
def test_suggestions(http: urllib3.PoolManager, address: str, kind: str, prefix: str, ids: list[str]) -> None:
    response = http.request("GET", f"{address}/suggest/{kind}", fields={"prefix": prefix})

    assert [suggestion["id"] for suggestion in response.json()["result"]] == ids


def test_suggestions_go_on_at_the_cursor() -> None:
    every = [SERVICE.suggest_types("", cursor)["result"] for cursor in (0, 2, len(aligned()))]

    assert every[0][2:] == every[1]
    assert every[2] == []
    assert len(every[0]) == min(SUGGESTIONS, len(aligned()))
    assert SERVICE.suggest_entities("utop", 1)["result"][0]["id"] == "Q5"


def test_a_preview_is_a_page_without_markup_of_others(http: urllib3.PoolManager, address: str) -> None:
    pages = {row.qid: http.request("GET", f"{address}/preview?id={row.qid}") for row in ROWS}
    text = {qid: page.data.decode() for qid, page in pages.items()}

    assert {page.headers["Content-Type"] for page in pages.values()} == {"text/html; charset=utf-8"}
    assert {page.headers["Content-Security-Policy"][:18] for page in pages.values()} == {"default-src 'none'"}
    assert not any(re.search("<(script|b|War)>", page) for page in text.values())
    assert "Tom &amp; &lt;script&gt;alert(1)&lt;/script&gt;" in text["Q8"]
    assert "land of &lt;b&gt;Nowhere&lt;/b&gt;" in text["Q1"]
    assert "<p>posts: minister of &lt;War&gt; (2000–2002); mayor; mayor (2009–)</p>" in text["Q6"]
    assert "<p>city · Utopia · 1.5° N, 2.25° W</p>" in text["Q3"]
    assert "<p>country</p>\n<p>land of" in text["Q1"]
    assert "<p>demonyms: Utopian, Utopians</p>" in text["Q1"]


@pytest.mark.parametrize(
    ("post", "said"),
    [
        ("chief@", "chief"),
        ("chief@:2000-05-01..", "chief (2000–)"),
        ("chief@:..2002-05", "chief (–2002)"),
        ("chief@:-44..14", "chief (-44–14)"),
        ("chief@:2002-05-01..2002-06", "chief (2002)"),
    ],
)
def test_a_post_is_told_with_its_years(post: str, said: str) -> None:
    row = Row("Q6", "Mary Roe", "Person", [], [], "", 60, [post])

    assert f"<p>posts: {said}</p>" in str(Service(Gazetteer(*table([row]))).preview("Q6"))


def test_flyouts_are_pieces_of_html_without_markup_of_others(http: urllib3.PoolManager, address: str) -> None:
    def html(kind: str, identifier: str) -> str:
        return str(http.request("GET", f"{address}/flyout/{kind}", fields={"id": identifier}).json()["html"])

    assert html("entity", "Q8").startswith("<p><strong>Tom &amp; &lt;script&gt;alert(1)&lt;/script&gt;</strong> Q8</p>")
    assert html("type", aligned()["Facility"].id).startswith("<p><strong>facility</strong> https://w3id.org/")
    assert html("property", "P17") == "<p><strong>country</strong> P17</p><p>the country it is in</p>"


# Data extension -------------------------------------------------------------------------------------------------------


def extend(http: urllib3.PoolManager, address: str, ids: list[str], properties: list[str]) -> Any:
    query = {"ids": ids, "properties": [{"id": pid, "settings": {"limit": "1"}} for pid in properties]}
    return post(http, address + "/reconcile", extend=json.dumps(query)).json()


def test_values_of_every_property(http: urllib3.PoolManager, address: str) -> None:
    answer = extend(http, address, [*(row.qid for row in ROWS), "Q99", "\x00"], [*PROPERTIES, "P1082"])
    kinds = {True: "item", False: "text"}
    values = [value for row in answer["rows"].values() for listed in row.values() for value in listed]

    assert answer.keys() == {"meta", "rows"}
    assert list(faults(answer["meta"], ["meta"])) == []
    assert [fault for value in values for fault in faults(value, kinds["id" in value])] == []
    assert [meta["id"] for meta in answer["meta"]] == [*PROPERTIES, "P1082"]
    assert {tuple(row) for row in answer["rows"].values()} == {(*PROPERTIES, "P1082")}
    assert not any([*answer["rows"]["Q99"].values(), *answer["rows"]["\x00"].values()])


#: An item, a property, and its values.
VALUES: list[tuple[str, str, list[dict[str, str]]]] = [
    ("Q3", "P17", [{"id": "Q1", "name": "Utopia"}]),
    ("Q1", "P17", [{"id": "Q1", "name": "Utopia"}]),
    ("Q3", "P27", []),
    ("Q6", "P27", [{"id": "Q2", "name": "Erewhon"}]),
    ("Q6", "P17", []),
    ("Q3", "P31", [{"id": "Q486972", "name": "city"}]),
    ("Q9", "P31", [{"str": "facility"}]),
    ("Q6", "P39", [{"str": "minister of <War>"}, {"id": "Q77", "name": "mayor"}]),
    ("Q3", "P625", [{"str": "1.5,-2.25"}]),
    ("Q4", "P625", []),
    ("Q1", "P1549", [{"str": "Utopian"}, {"str": "Utopians"}]),
    ("Q6", "Len", [{"str": "Mary Roe"}]),
    ("Q6", "Den", [{"str": "politician"}]),
    ("Q4", "Den", []),
    ("Q7", "Aen", [{"str": "LF"}]),
    ("Q7", "P1082", []),
]


@pytest.mark.parametrize(("qid", "pid", "values"), VALUES)
def test_values(http: urllib3.PoolManager, address: str, qid: str, pid: str, values: list[dict[str, str]]) -> None:
    assert extend(http, address, [qid], [pid])["rows"] == {qid: {pid: values}}


def test_values_that_are_items_have_a_type_and_any_property_a_name(http: urllib3.PoolManager, address: str) -> None:
    assert extend(http, address, [], ["P27", "Len", "P1082"])["meta"] == [
        {"id": "P27", "name": "country of citizenship", "type": {"id": "Q6256", "name": "country"}},
        {"id": "Len", "name": "label"},
        {"id": "P1082", "name": "P1082"},
    ]


def test_values_come_by_get_too(http: urllib3.PoolManager, address: str) -> None:
    fields = {"extend": '{"ids": ["Q7"], "properties": [{"id": "Aen"}]}', "callback": "f"}

    assert b'{"Q7": {"Aen": [{"str": "LF"}]}}' in http.request("GET", address, fields=fields).data


@pytest.mark.parametrize(
    ("type_id", "limit", "ids"),
    [
        ("Q5", "", ["P27", "P31", "P39", "Len", "Den", "Aen"]),
        ("Q6256", "", ["P17", "P31", "P625", "P1549", "Len", "Den", "Aen"]),
        ("Q43229", "3", ["P17", "P31", "Len"]),
        ("Q11424", "", list(PROPERTIES)),
        ("", "1", ["P17"]),
    ],
)
def test_properties_are_proposed_for_a_type(
    http: urllib3.PoolManager, address: str, type_id: str, limit: str, ids: list[str]
) -> None:
    fields = {"type": type_id} | ({"limit": limit} if limit else {})
    answer = http.request("GET", f"{address}/properties", fields=fields).json()

    assert [proposed["id"] for proposed in answer["properties"]] == ids
    assert answer["type"] == type_id
    assert answer.get("limit") == (int(limit) if limit else None)


# Pages ----------------------------------------------------------------------------------------------------------------

#: What browsers say that they accept.
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def page(http: urllib3.PoolManager, url: str, **fields: str) -> tuple[int, str]:
    """Status and text of a page that loads nothing and runs no script."""
    response = http.request("GET", url, fields=fields, headers=ORIGIN | BROWSER)
    text = response.data.decode()
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert "Accept" in response.headers["Vary"]
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert '<meta charset="utf-8">' in text and '<meta name="viewport"' in text
    assert re.findall(r'<script|\bsrc=|url\(|@import|<link (?!rel="icon" href="data:,")', text) == []
    return response.status, text


def test_a_browser_is_told_what_this_is(http: urllib3.PoolManager, address: str) -> None:
    status, text = page(http, address + "/")

    assert status == 200
    assert f"<code>{address}/reconcile</code>" in text
    assert "Candidates" not in text


def test_links_of_the_first_page_lead_somewhere(http: urllib3.PoolManager, address: str) -> None:
    links = re.findall(r'href="(?!data:|https:)([^"]+)"', page(http, address + "/", q="Springfield")[1])

    assert len(links) > 3
    assert {http.request("GET", f"{address}/{unescape(link)}").status for link in links} == {200}


@pytest.mark.parametrize(
    ("text", "shown", "hidden"),
    [
        ("Utopia", ['<a href="preview?id=Q1">Utopia</a> <small>Q1 · country · score 9', " · a match</small>"], []),
        (
            "Utopia",
            ["Other items", '<a href="preview?id=Q5">Utopian Army</a> <small>Q5 · armed force</small></li>'],
            [],
        ),
        ("Utopia", ["land of &lt;b&gt;Nowhere&lt;/b&gt;"], ["<b>"]),
        ("springf", ["Other items", "preview?id=Q3", "preview?id=Q4"], ["Candidates"]),
        ("Q7", ["Liberation Front"], ["Other items"]),
        ("Nobody", ["No item has this name."], ["<ul>"]),
        (" ", ["In OpenRefine"], ["No item"]),
        ('"><script>\x00{q}', ["No item", 'value="&quot;&gt;&lt;script&gt;\x00{q}"'], ["<script>"]),
        ("x" * 10_000, ["No item"], []),
    ],
)
def test_a_name_is_looked_up(
    http: urllib3.PoolManager, address: str, text: str, shown: list[str], hidden: list[str]
) -> None:
    status, found = page(http, address + "/", q=text)

    assert status == 200
    assert [part for part in shown if part not in found] == []
    assert [part for part in hidden if part in found] == []


@pytest.mark.parametrize("accept", ["*/*", "application/json, text/html;q=0.5", "application/json", ""])
def test_programs_get_the_manifest(http: urllib3.PoolManager, address: str, accept: str) -> None:
    response = http.request("GET", address + "/", headers={"Accept": accept})

    assert response.json()["versions"] == ["0.1", "0.2"]


def test_the_endpoint_gives_a_browser_too_what_the_standard_says(http: urllib3.PoolManager, address: str) -> None:
    assert "versions" in http.request("GET", address + "/reconcile", headers=BROWSER).json()
    assert http.request("GET", address + "/?callback=f", headers=BROWSER).data.startswith(b"/**/f({")
    fields = {"queries": '{"q0": {"query": "Utopia"}}'}
    assert "q0" in http.request("GET", address + "/", headers=BROWSER, fields=fields).json()


@pytest.mark.parametrize(
    ("path", "status", "shown"),
    [
        ("/preview?id=Q99", 404, "<h1>Not Found</h1>\n<p>no such item in the linking table</p>"),
        ("/docs", 404, "<h1>Not Found</h1>\n<p><a "),
        ("/?queries=%3Cscript%3E", 400, "<p>queries: malformed JSON</p>"),
        ("/?queries=%7B%22%3Cb%3E%22:3%7D", 400, "<p>query &lt;b&gt;: not an object; see "),
        ("/properties?limit=0", 400, "<p>limit: "),
    ],
)
def test_a_browser_is_refused_with_a_page(
    http: urllib3.PoolManager, address: str, path: str, status: int, shown: str
) -> None:
    refused, text = page(http, address + path)

    assert refused == status
    assert shown in text


# Hostile input --------------------------------------------------------------------------------------------------------

#: Value of the form field, status, and words of the message.
BAD_BATCHES: list[tuple[str, int, str]] = [
    ("", 400, "malformed JSON"),
    ("{", 400, "malformed JSON"),
    ("[" * 100_000, 400, "malformed JSON"),
    ("[]", 400, "not an object of queries"),
    ('"q0"', 400, "not an object of queries"),
    ("null", 400, "not an object of queries"),
    ('{"q0": "Utopia"}', 400, "query q0: not an object"),
    ('{"q0": {}}', 400, 'query q0: neither "query" nor "properties"'),
    ('{"q0": {"properties": []}}', 400, 'neither "query" nor "properties"'),
    ('{"q0": {"query": 3}}', 400, '"query" is no text'),
    ('{"q0": {"query": ["Utopia"]}}', 400, '"query" is no text'),
    ('{"q0": {"query": "a", "type": 3}}', 400, '"type" is no id'),
    ('{"q0": {"query": "a", "type": [["Q5"]]}}', 400, '"type" is no id'),
    ('{"q0": {"query": "a", "limit": "3"}}', 400, '"limit" is no whole number'),
    ('{"q0": {"query": "a", "limit": 1.5}}', 400, '"limit" is no whole number'),
    ('{"q0": {"query": "a", "limit": NaN}}', 400, '"limit" is no whole number'),
    ('{"q0": {"query": "a", "limit": Infinity}}', 400, '"limit" is no whole number'),
    ('{"q0": {"query": "a", "properties": {"pid": "P17"}}}', 400, '"properties" is no list'),
    ('{"q0": {"query": "a", "properties": ["P17"]}}', 400, '"properties" is no list'),
    ('{"q0": {"query": "a", "properties": [{"pid": ["P17"], "v": "b"}]}}', 400, 'one without a "pid"'),
    ('{"q0": {"query": "a", "properties": [{"v": "b"}]}}', 400, 'one without a "pid"'),
    ('{"a\\u0000\\nb": 3}', 400, "query a  b: not an object"),
    (json.dumps({str(i): {"query": "a"} for i in range(BATCH + 1)}), 413, f"more than {BATCH} in a batch"),
    ('{"q0": {"query": "%s"}}' % ("a" * MAX_BODY), 413, "bytes"),
]


@pytest.mark.parametrize(("queries", "status", "said"), BAD_BATCHES, ids=[batch[:40] for batch, _, _ in BAD_BATCHES])
def test_a_bad_batch_is_refused_with_a_reason(
    http: urllib3.PoolManager, address: str, queries: str, status: int, said: str
) -> None:
    response = post(http, address, queries=queries)
    answer = response.json()

    assert (response.status, answer["status"]) == (status, "error")
    assert said in answer["message"]
    assert "\n" not in answer["message"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"


BAD_EXTENSIONS: list[tuple[str, int, str]] = [
    ("{", 400, "extend: malformed JSON"),
    ("[]", 400, "extend: not an object"),
    ("{}", 400, '"properties" is no list'),
    ('{"ids": ["Q1"]}', 400, '"properties" is no list'),
    ('{"ids": ["Q1"], "properties": ["P17"]}', 400, '"properties" is no list of objects'),
    ('{"ids": ["Q1"], "properties": [{}]}', 400, '"properties" has one without an id'),
    ('{"ids": ["Q1"], "properties": [{"id": ["P17"]}]}', 400, '"properties" has one without an id'),
    ('{"ids": "Q1", "properties": []}', 400, '"ids" is no list'),
    ('{"ids": [1], "properties": []}', 400, '"ids" has one without an id'),
    ('{"ids": [{}], "properties": []}', 400, '"ids" has one without an id'),
    (json.dumps({"ids": list(map(str, range(MOST_ITEMS + 1))), "properties": []}), 413, "more than 1,000 ids"),
    (json.dumps({"ids": [], "properties": [{"id": str(i)} for i in range(MOST_PROPERTIES + 1)]}), 413, "50 properties"),
]


@pytest.mark.parametrize(
    ("query", "status", "said"), BAD_EXTENSIONS, ids=[query[:40] for query, _, _ in BAD_EXTENSIONS]
)
def test_a_bad_extension_is_refused_with_a_reason(
    http: urllib3.PoolManager, address: str, query: str, status: int, said: str
) -> None:
    response = post(http, address, extend=query)

    assert response.status == status
    assert said in response.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/", b"", 400, 'no form field "queries"'),
        ("POST", "/reconcile", b"query=Utopia", 400, 'no form field "queries"'),
        ("POST", "/reconcile", b"&".join(b"a%d=1" % i for i in range(100)), 400, "form fields"),
        ("POST", "/reconcile", b"\xff\xfe\x00", 400, 'no form field "queries"'),
        ("GET", "/?callback=alert(1)//", None, 400, "no name of a function"),
        ("GET", "/suggest/type?callback=a%20b", None, 400, "no name of a function"),
        ("GET", "/suggest/entity?prefix=a&cursor=-1", None, 400, "cursor"),
        ("GET", "/suggest/entity?prefix=a&cursor=x", None, 400, "cursor"),
        ("GET", "/preview", None, 404, "no such item"),
        ("GET", "/preview?id=Q99", None, 404, "no such item"),
        ("GET", "/preview?id=Q1%09Utopia", None, 404, "no such item"),
        ("GET", "/preview?id=%3Cscript%3E", None, 404, "no such item"),
        ("GET", "/flyout/entity?id=Q99", None, 404, "nothing is known"),
        ("GET", "/flyout/type", None, 404, "nothing is known"),
        ("GET", "/flyout/property?id=P1082", None, 404, "nothing is known"),
        ("GET", "/properties?type=Q5&limit=0", None, 400, "limit"),
        ("GET", "/docs", None, 404, "Not Found"),
        ("GET", "/../../etc/passwd", None, 404, "Not Found"),
        ("DELETE", "/reconcile", None, 405, "Method Not Allowed"),
    ],
)
def test_a_bad_request_is_refused_with_a_reason(
    http: urllib3.PoolManager, address: str, method: str, path: str, body: bytes | None, status: int, said: str
) -> None:
    response = http.urlopen(method, address + path, body=body)

    assert response.status == status
    assert said in response.json()["message"]


def test_a_refusal_says_which_methods_are_allowed(http: urllib3.PoolManager, address: str) -> None:
    assert {"GET", "HEAD", "POST"} == set(re.findall(r"\w+", http.request("PUT", address).headers["Allow"]))


@pytest.mark.parametrize("host", ["[::1", "a b", '"><script>', "x:port", ""])
def test_a_host_that_is_none_breaks_nothing(http: urllib3.PoolManager, address: str, host: str) -> None:
    response = http.request("GET", address, headers={"Host": host} | BROWSER)

    assert response.status < 500
    assert b"<script>" not in response.data


def test_a_damaged_table_is_told() -> None:
    lines, names = table()
    service = Service(Gazetteer(lines.replace(b"\t50\t", b"\tfifty\t"), names))
    with serving(service) as url:
        response = urllib3.request("GET", f"{url}/preview?id=Q3", timeout=60)

    assert response.status == 500
    assert response.json()["message"] == "Q3: the linking table is damaged; build it again with kb link build"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries({}, optional=dict.fromkeys(("query", "type", "limit", "properties"), JSON))


@given(JSON | st.dictionaries(st.text(max_size=5), FIELDS, max_size=3))
def test_any_json_is_answered_or_refused(batch: object) -> None:
    try:
        queries = parse(batch)
    except QueryError as error:
        assert "\n" not in error.line()
        return

    answer = json.loads(json.dumps(SERVICE.reconcile(queries)))
    assert [fault for result in answer.values() for fault in faults(result, "result")] == []


PROPERTY = st.fixed_dictionaries({}, optional={"pid": JSON | st.just("P17"), "v": JSON})


@given(st.lists(PROPERTY, max_size=3))
def test_any_properties_are_answered_or_refused(properties: object) -> None:
    try:
        queries = parse({"q0": {"query": "Springfield", "properties": properties}})
    except QueryError:
        return

    assert {candidate["id"] for candidate in SERVICE.reconcile(queries)["q0"]["result"]} == {"Q3", "Q4"}


@given(JSON | st.fixed_dictionaries({"ids": JSON | st.lists(st.text()), "properties": st.lists(JSON) | JSON}))
def test_any_extension_is_answered_or_refused(asked: object) -> None:
    try:
        extension = parse_extension(asked)
    except QueryError as error:
        assert "\n" not in error.line()
        return

    assert SERVICE.extend(extension)["rows"].keys() == set(extension.ids)


@given(st.text())
def test_any_text_is_a_query_a_prefix_and_an_id(text: str) -> None:
    assert SERVICE.reconcile(parse({"q": {"query": text}})).keys() == {"q"}
    assert isinstance(SERVICE.suggest_entities(text)["result"], list)
    assert SERVICE.preview(text) is None or text in {row.qid for row in ROWS}
    assert "</html>" in SERVICE.welcome("http://127.0.0.1", text)


# The command ----------------------------------------------------------------------------------------------------------


def test_help_names_the_options() -> None:
    shown = CliRunner().invoke(cli.app, ["serve", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output

    assert all(option in shown for option in ("--host", "--port", "--index"))


def test_a_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = run(["serve", "--port", str(port)])
    lines = capsys.readouterr().err.splitlines()

    assert code == 2
    assert lines == [f"127.0.0.1:{port}: cannot listen (Address already in use); choose another --port or --host"]


@pytest.mark.parametrize("host", ["no.such.host.invalid", "256.0.0.1", "a" * 300, "\u2603"])
def test_a_host_that_is_none_is_an_error(host: str) -> None:
    with pytest.raises(InputError, match=r"cannot listen \(no such address here\)"):
        listen(host, 0)


def test_a_folder_without_a_table_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["serve", "--index", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path}: no linking table here; ")


def test_without_the_extra_one_line_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "kb.web.application")
    monkeypatch.delattr("kb.web.application")
    monkeypatch.setitem(sys.modules, "uvicorn", None)

    assert run(["serve"]) == 2
    assert capsys.readouterr().err == "kb serve needs fastapi and uvicorn; pip install 'newskb[serve]'\n"


@contextmanager
def command(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """``kb serve`` in a process of its own, with its address; killed at the end, and if it takes too long."""
    words = [sys.executable, "-m", "kb", "serve", "--port", "0", "--index", str(index(folder / "index"))]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as served:
        late = threading.Timer(120, served.kill)
        late.start()
        try:
            assert served.stderr is not None
            yield served, served.stderr.readline().split()[0]
        finally:
            late.cancel()
            served.kill()


def interrupted(served: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Exit code and output of a process after Ctrl-C."""
    os.kill(served.pid, signal.SIGINT)
    out, err = served.communicate(timeout=60)
    return served.returncode, out, err


def test_ctrl_c_ends_the_server_quietly(tmp_path: Path) -> None:
    with command(tmp_path) as (served, url):
        answer = urllib3.request("GET", url, fields={"queries": '{"q0": {"query": "Utopia"}}'}, timeout=60)
        ended = interrupted(served)

    assert answer.json()["q0"]["result"][0]["id"] == "Q1"
    assert ended == (0, "", "")


def test_ctrl_c_waits_for_no_client_that_never_ends_its_request(tmp_path: Path) -> None:
    with command(tmp_path) as (served, url):
        port = int(re.findall(r":(\d+)/", url)[0])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
            client.sendall(b"queries=")
            code, out, err = interrupted(served)

    assert (code, out) == (0, "")
    assert err.splitlines() == ["ERROR:    Cancel 1 running task(s), timeout graceful shutdown exceeded"]
