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
from kb.web.application import MAX_BODY, listen
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
        "?serviceVersion": TEXT,
        "?defaultTypes": ["type"],
        "?view": "view",
        "?preview": "preview",
        "?suggest": "suggest",
        "?batchSize": WHOLE,
    },
    "type": {"id": TEXT, "name": TEXT, "?broader": ["type"]},
    "view": {"url": TEXT},
    "preview": {"url": TEXT, "width": WHOLE, "height": WHOLE},
    "suggest": {"?entity": "place", "?type": "place", "?property": "place"},
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
    assert "posts: minister of &lt;War&gt;" in text["Q6"]
    assert "<p>in: Utopia</p>" in text["Q3"]


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


@given(st.text())
def test_any_text_is_a_query_a_prefix_and_an_id(text: str) -> None:
    assert SERVICE.reconcile(parse({"q": {"query": text}})).keys() == {"q"}
    assert isinstance(SERVICE.suggest_entities(text)["result"], list)
    assert SERVICE.preview(text) is None or text in {row.qid for row in ROWS}


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
