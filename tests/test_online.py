"""Links from services on the web: what is decided, what is asked and kept, what goes wrong, and the RDF that comes of it."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import checks
from kb.cli.online import online
from kb.errors import InputError, KbError, OutputError
from kb.linking.online import (
    BATCH,
    MAX_WAIT,
    RECONCILIATION,
    SEARCH,
    Cache,
    Client,
    Manners,
    Proposal,
    Question,
    decide,
    default_cache,
    user_agent,
)
from kb.model import Link
from kb.store import read_quads
from kb.terms import PREFIXES, local_name
from kb.web.links import graph, source, unlinked
from tests.serving import serving

FAST = Manners(rate=1e6, timeout=5.0, retries=1)
PAUSE = time.sleep


# What is decided ------------------------------------------------------------------------------------------------------


def proposal(qid: str, score: float, *classes: str, match: bool = False) -> Proposal:
    return Proposal(qid, score, match, classes)


#: Class asked for, proposals, and the link: its item and whether it is confident.
DECISIONS: list[tuple[str, list[Proposal], tuple[str, bool] | None]] = [
    ("City", [], None),
    ("City", [proposal("Q1", 1.0, "City", match=True)], ("Q1", True)),
    ("City", [proposal("Q1", 1.0, "City")], ("Q1", False)),
    ("City", [proposal("Q1", 0.5, "City")], ("Q1", False)),
    ("City", [proposal("Q1", 0.49, "City")], None),
    ("City", [proposal("Q1", 0.49, "City", match=True)], None),
    ("City", [proposal("Q1", 1.0, match=True)], ("Q1", False)),
    ("City", [proposal("Q1", 1.0, "Person", match=True)], None),
    ("City", [proposal("Q1", 1.0, "Person", "City", match=True)], ("Q1", True)),
    ("City", [proposal("Q1", 1.0, "Country", match=True)], ("Q1", False)),
    ("City", [proposal("Q1", 1.0, "Region", match=True)], ("Q1", True)),
    ("Organization", [proposal("Q1", 1.0, "ArmedGroup", match=True)], ("Q1", True)),
    ("City", [proposal("Q1", 1.0, "City", match=True), proposal("Q2", 0.9, "City")], None),
    ("City", [proposal("Q1", 1.0, "City", match=True), proposal("Q2", 0.9)], None),
    ("City", [proposal("Q1", 1.0, "City", match=True), proposal("Q2", 0.6, "City")], ("Q1", True)),
    ("City", [proposal("Q2", 0.6, "City"), proposal("Q1", 1.0, "City", match=True)], ("Q1", True)),
    ("City", [proposal("Q1", 1.0, "City", match=True), proposal("Q2", 0.6, "City", match=True)], None),
    ("City", [proposal("Q1", 1.0, "City", match=True), proposal("Q2", 0.9, "Person")], ("Q1", True)),
    ("City", [proposal("Q1", 1.0, "City"), proposal("Q2", 0.6, "City")], None),
    ("City", [proposal("Q1", 1.0, "City"), proposal("Q2", 0.4, "City")], ("Q1", False)),
    ("City", [proposal("Q2", 1.0, "City"), proposal("Q1", 1.0, "City")], None),
]


@pytest.mark.parametrize(("cls", "proposals", "link"), DECISIONS)
def test_decision(cls: str, proposals: list[Proposal], link: tuple[str, bool] | None) -> None:
    found = decide(Question("Springfield", cls), proposals)

    assert (found and (found.qid, found.confident)) == link


# A service that says what it is told to say ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """An answer of the service."""

    body: bytes = b"{}"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    after: float = 0.0


@dataclass
class Fake:
    """A service that gives one answer after the other, the last again and again, and remembers what it was asked."""

    answers: list[Said | Callable[["Asked"], Said]]
    url: str = ""
    asked: list["Asked"] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    fields: dict[str, str]
    agent: str

    @property
    def names(self) -> list[str]:
        """The names asked for, in their order."""
        queries = json.loads(self.fields.get("queries", "{}"))
        return [query["query"] for query in queries.values()] or [self.fields["search"]]


@contextmanager
def faking(*answers: Said | Callable[[Asked], Said], path: str = "/api") -> Iterator[Fake]:
    fake = Fake(list(answers))
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, form: str) -> None:
            fields = {name: values[0] for name, values in parse_qs(form).items()}
            fake.asked.append(Asked(self.command, fields, self.headers["User-Agent"]))
            answer = fake.answers.pop(0) if len(fake.answers) > 1 else fake.answers[0]
            said = answer if isinstance(answer, Said) else answer(fake.asked[-1])
            done.wait(said.after)
            self.send_response(said.status)
            for name, value in (*said.headers, ("Content-Length", str(len(said.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not wait is meant to go."""

    with Server(("127.0.0.1", 0), Handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_port}{path}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fake
        finally:
            done.set()
            server.shutdown()
            thread.join()


def candidate(qid: str, score: float = 100, match: bool = True, types: Sequence[object] = ("Q515",)) -> dict[str, Any]:
    return {"id": qid, "name": "x", "score": score, "match": match, "type": list(types)}


def batch(*results: list[dict[str, Any]]) -> Said:
    """An answer of a reconciliation service."""
    return Said(json.dumps({f"q{number}": {"result": result} for number, result in enumerate(results)}).encode())


def matched(asked: Asked) -> Said:
    """A match for each name, whose item has the number that the name ends with."""
    return batch(*([candidate("Q" + name.split()[-1])] for name in asked.names))


def hits(*found: dict[str, Any]) -> Said:
    """An answer of a search."""
    return Said(json.dumps({"search": list(found), "success": 1}).encode())


def towns(*numbers: int) -> list[Question]:
    return [Question(f"Town {number}", "City") for number in numbers]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without making them."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


# Asking ---------------------------------------------------------------------------------------------------------------


def test_a_batch_asks_for_name_and_class(tmp_path: Path) -> None:
    questions = [Question("Springfield", "City"), Question("Old Bridge", "Facility"), Question("Militia", "Militia")]
    with faking(batch([], [], [])) as fake:
        found = list(Client(fake.url, cache=tmp_path, manners=FAST).proposals(questions))

    assert found == [(question, []) for question in questions]
    assert [asked.method for asked in fake.asked] == ["POST"]
    assert json.loads(fake.asked[0].fields["queries"]) == {
        "q0": {"limit": 5, "query": "Springfield", "type": "Q486972"},
        "q1": {"limit": 5, "query": "Old Bridge"},
        "q2": {"limit": 5, "query": "Militia"},
    }


def test_batches_are_small_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    questions = towns(*range(1, 26))
    told: list[object] = []
    with faking(matched) as fake:
        client = Client(fake.url, cache=tmp_path, manners=FAST)
        first = dict(client.links([*questions, *questions], progress=told.append))
        again = dict(Client(fake.url, cache=tmp_path, manners=FAST).links([*questions, *towns(26)]))

    assert [len(asked.names) for asked in fake.asked] == [BATCH, BATCH, 5, 1]
    assert told == questions
    assert first == {q: Link(qid="Q" + q.name.split()[1], score=1.0, confident=True) for q in questions}
    assert again == first | dict(zip(towns(26), [Link(qid="Q26", score=1.0, confident=True)], strict=True))


def test_a_pause_lies_between_two_requests(tmp_path: Path, pauses: list[float]) -> None:
    manners = Manners(rate=0.01)
    with faking(matched) as fake:
        list(Client(fake.url, cache=tmp_path, manners=manners).links(towns(*range(1, 2 * BATCH + 2))))

    assert len(fake.asked) == 3
    assert [round(pause, -1) for pause in pauses] == [100, 200]


#: Answers before the right one, and the pauses that are made for them.
DELAYS: list[tuple[list[Said], list[float]]] = [
    ([Said(status=429, headers=(("Retry-After", "7"),))], [7]),
    ([Said(status=503, headers=(("Retry-After", "2"),)), Said(status=429, headers=(("Retry-After", "3"),))], [2, 3]),
    ([Said(status=429, headers=(("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"),))], [1]),
    ([Said(status=429, headers=(("Retry-After", "soon"),))], [1]),
    ([Said(status=500), Said(status=502), Said(status=504)], [1, 2, 4]),
]


@pytest.mark.parametrize(("answers", "waited"), DELAYS)
def test_a_service_that_is_busy_is_asked_again(
    tmp_path: Path, pauses: list[float], answers: list[Said], waited: list[float]
) -> None:
    with faking(*answers, matched) as fake:
        client = Client(fake.url, cache=tmp_path, manners=Manners(rate=1e6, retries=len(answers)))
        found = list(client.links(towns(1)))

    assert [link.qid for _, link in found] == ["Q1"]
    assert len(fake.asked) == len(answers) + 1
    assert pauses == waited


SHAPELESS = "an answer of another shape than the API's"
#: What a reconciliation service answers, and what is said about it.
BAD_ANSWERS: list[tuple[str, Said, str]] = [
    ("busy", Said(status=429, headers=(("Retry-After", "1"),)), "answers 429 Too Many Requests; try again later"),
    ("very busy", Said(status=429, headers=(("Retry-After", "9999999"),)), f"wait for more than {MAX_WAIT} seconds"),
    ("broken", Said(status=500), "answers 500 Internal Server Error; try again later"),
    ("missing", Said(status=404), "answers 404 Not Found; check the address"),
    ("forbidden", Said(b"<html>", status=403), "answers 403 Forbidden; check the address"),
    (
        "explained",
        Said(b'{"status": "error", "message": "more than 50 in a batch"}', status=413),
        "answers 413 Request Entity Too Large and refuses (more than 50 in a batch); check the address",
    ),
    ("repeated", Said(b'{"message": "Not Found"}', status=404), "answers 404 Not Found; check the address"),
    ("slow", Said(after=60), "no answer (Read timed out"),
    ("empty", Said(b""), "the answer is no JSON"),
    ("page", Said(b"<!DOCTYPE html><title>Log in</title>"), "the answer is no JSON"),
    ("binary", Said(bytes(range(256))), "the answer is no JSON"),
    ("deep", Said(b"[" * 100_000), "the answer is no JSON"),
    ("not gzip", Said(b"junk", headers=(("Content-Encoding", "gzip"),)), "failed to decode it"),
    ("list", Said(b"[]"), SHAPELESS),
    ("number", Said(b"3"), SHAPELESS),
    ("null", Said(b"null"), SHAPELESS),
    ("other object", Said(b'{"versions": []}'), SHAPELESS),
    ("no result", Said(b'{"q0": {}}'), SHAPELESS),
    ("result no list", Said(b'{"q0": {"result": 3}}'), SHAPELESS),
    ("candidate no object", Said(b'{"q0": {"result": [3]}}'), SHAPELESS),
    ("no id", Said(b'{"q0": {"result": [{"score": 3}]}}'), SHAPELESS),
    ("no score", Said(b'{"q0": {"result": [{"id": "Q3"}]}}'), SHAPELESS),
    ("score is text", batch([candidate("Q3") | {"score": "100"}]), SHAPELESS),
    ("score is endless", Said(b'{"q0": {"result": [{"id": "Q3", "score": 1%s}]}}' % (b"0" * 400)), SHAPELESS),
    ("types are no list", batch([candidate("Q3") | {"type": 3}]), SHAPELESS),
    ("type is no id", batch([candidate("Q3", types=[3])]), SHAPELESS),
    ("error", Said(b'{"status": "error", "message": "no\\nway"}'), "refuses (no way)"),
]


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize(("answer", "said"), [row[1:] for row in BAD_ANSWERS], ids=[row[0] for row in BAD_ANSWERS])
def test_a_bad_answer_is_one_line(tmp_path: Path, answer: Said, said: str) -> None:
    with faking(answer) as fake:
        client = Client(fake.url, cache=tmp_path, manners=Manners(rate=1e6, timeout=0.3, retries=1))
        with pytest.raises(InputError) as raised:
            list(client.links(towns(1)))

    assert raised.value.line().startswith(fake.url + ": ")
    assert said in raised.value.line()
    assert "object at 0x" not in raised.value.line()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("http://127.0.0.1:9/api", "no answer (Connection refused)"),
        ("http://no-such-host.invalid/api", "no answer ("),
        ("ftp://example.org/api", "not a web address"),
        ("example.org", "not a web address"),
        ("", "not a web address"),
        ("http://", "not a web address"),
        ("http://[::1/api", "not a web address"),
        ("http://example.org/\n", "not a web address"),
        ("file:///etc/passwd", "not a web address"),
    ],
)
def test_nobody_there(tmp_path: Path, endpoint: str, said: str) -> None:
    with pytest.raises(InputError, match=r"\A[^\n]*\Z") as raised:
        list(Client(endpoint, cache=tmp_path, manners=FAST).links(towns(1)))

    assert said in raised.value.line()


def test_a_packed_answer_is_read(tmp_path: Path) -> None:
    packed = Said(gzip.compress(batch([candidate("Q7")]).body), headers=(("Content-Encoding", "gzip"),))
    with faking(packed) as fake:
        found = list(Client(fake.url, cache=tmp_path, manners=FAST).links(towns(7)))

    assert [link.qid for _, link in found] == ["Q7"]


#: A candidate of a reconciliation service, and what is made of it.
CANDIDATES: list[tuple[dict[str, Any], Proposal | None]] = [
    (candidate("Q3"), Proposal("Q3", 1.0, True, ("City",))),
    (
        candidate("Q3", types=[{"id": "Q515", "name": "city"}, "Q3624078"]),
        Proposal("Q3", 1.0, True, ("City", "Country")),
    ),
    (candidate("Q3", types=["Q1549591"]), Proposal("Q3", 1.0, True, ())),
    (candidate("Q3") | {"type": "Q5"}, Proposal("Q3", 1.0, True, ("Person",))),
    ({"id": "Q3", "score": 61.5}, Proposal("Q3", 0.615, False, ())),
    (candidate("Q3") | {"match": "yes", "type": None}, Proposal("Q3", 1.0, False, ())),
    (candidate("Q3", score=2500), Proposal("Q3", 1.0, True, ("City",))),
    (candidate("Q3", score=-1), Proposal("Q3", 0.0, True, ("City",))),
    (candidate("Q3", score=float("nan")), Proposal("Q3", 0.0, True, ("City",))),
    (candidate("P3"), None),
    (candidate("Q0"), None),
    (candidate("Q3> <x"), None),
    (candidate("/m/0abc"), None),
]


@pytest.mark.parametrize(("given_candidate", "found"), CANDIDATES)
def test_candidate(given_candidate: dict[str, Any], found: Proposal | None) -> None:
    assert RECONCILIATION.proposals(Question("x", "City"), [given_candidate]) == ([found] if found else [])


# A search of MediaWiki ------------------------------------------------------------------------------------------------


def hit(qid: str, label: str, *aliases: str) -> dict[str, Any]:
    return {"id": qid, "label": label, "description": "a place"} | ({"aliases": list(aliases)} if aliases else {})


#: The hits of a search for "Old Town", and the link.
SEARCHES: list[tuple[list[dict[str, Any]], str | None]] = [
    ([], None),
    ([hit("Q1", "Old Town")], "Q1"),
    ([hit("Q1", "OLD TOWN")], "Q1"),
    ([hit("Q1", "Old Town Road")], None),
    ([hit("Q1", "Altstadt", "Old Town")], "Q1"),
    ([hit("Q1", "Old Town"), hit("Q2", "Old Town Road")], "Q1"),
    ([hit("Q1", "Old Town"), hit("Q2", "Old Town")], None),
    ([hit("Q1", "Old Town"), hit("Q2", "Altstadt", "Old Town")], None),
    ([{"id": "Q1"}, hit("P1", "Old Town")], None),
    ([hit("Q1", "Old Town") | {"aliases": None}], "Q1"),
]


@pytest.mark.parametrize(("found", "qid"), SEARCHES)
def test_a_search_gives_near_matches_alone(tmp_path: Path, found: list[dict[str, Any]], qid: str | None) -> None:
    question = Question("Old Town", "City")
    with faking(hits(*found), path="/w/api.php") as fake:
        links = dict(Client(fake.url, cache=tmp_path, manners=FAST).links([question]))

    assert {q: (link.qid, link.confident) for q, link in links.items()} == ({question: (qid, False)} if qid else {})
    assert [asked.method for asked in fake.asked] == ["GET"]
    assert fake.asked[0].fields == {
        "action": "wbsearchentities",
        "format": "json",
        "language": "en",
        "limit": "10",
        "search": "Old Town",
        "type": "item",
    }


def test_a_search_that_is_refused_says_why(tmp_path: Path) -> None:
    with faking(Said(b'{"error": {"code": "badlimit", "info": "The limit is 50."}}'), path="/api.php") as fake:
        client = Client(fake.url, cache=tmp_path, manners=FAST)
        with pytest.raises(InputError, match=r"refuses \(The limit is 50\.\)"):
            list(client.links(towns(1)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["Q5", "id", "q0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("q0 result id score type match search label aliases".split()), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_answer_is_read_or_of_a_wrong_shape(answer: object) -> None:
    for service in (RECONCILIATION, SEARCH):
        try:
            (result,) = service.results(answer, 1)
            proposals = service.proposals(Question("x", "City"), result)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            continue
        assert all(0 <= proposal.score <= 1 for proposal in proposals)


# Manners and memory ---------------------------------------------------------------------------------------------------


def test_user_agent(tmp_path: Path) -> None:
    with faking(matched) as fake:
        list(Client(fake.url, cache=tmp_path, manners=Manners(rate=1e6, contact="me@example.org")).links(towns(1)))
    name, _, rest = fake.asked[0].agent.partition("/")

    assert name == "newskb"
    assert rest.partition(" ")[2].startswith("(https://")
    assert "; me@example.org) urllib3/" in rest
    assert "me@" not in user_agent()


@pytest.mark.parametrize("contact", ["a\r\nX-Evil: 1", "a)", "(a", "\u00e4@example.org", " a", "a" * 300, "\x00"])
def test_a_contact_that_no_header_can_hold_is_refused(contact: str) -> None:
    with pytest.raises(InputError, match="no contact that a header can hold"):
        user_agent(contact)


@pytest.mark.parametrize(
    ("variable", "folder"),
    [
        ("/var/cache/me", "/var/cache/me/newskb/online"),
        ("", "/home/me/.cache/newskb/online"),
        ("a", "/home/me/.cache/newskb/online"),
    ],
)
def test_default_cache(monkeypatch: pytest.MonkeyPatch, variable: str, folder: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", variable)
    monkeypatch.setenv("HOME", "/home/me")

    assert default_cache() == Path(folder)


#: What becomes of what is kept.
DAMAGE: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("emptied", lambda kept: b""),
    ("cut", lambda kept: kept[: len(kept) // 2]),
    ("binary", lambda kept: bytes(range(256))),
    ("list", lambda kept: b"[]"),
    ("deep", lambda kept: b"[" * 100_000),
    ("other query", lambda kept: kept.replace(b"Town", b"City")),
    ("other endpoint", lambda kept: kept.replace(b"http:", b"https:")),
    ("no result", lambda kept: kept.replace(b'"result"', b'"other"')),
    ("other shape", lambda kept: kept.replace(b'"id"', b'"ID"')),
]


@pytest.mark.parametrize("damage", [damage for _, damage in DAMAGE], ids=[name for name, _ in DAMAGE])
def test_what_is_damaged_is_asked_again(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    with faking(matched) as fake:
        first = list(Client(fake.url, cache=tmp_path, manners=FAST).links(towns(1)))
        (file,) = tmp_path.iterdir()
        whole = file.read_bytes()
        file.write_bytes(damage(whole))
        again = list(Client(fake.url, cache=tmp_path, manners=FAST).links(towns(1)))

    assert first == again != []
    assert len(fake.asked) == 2
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [whole]


def test_each_endpoint_and_query_has_a_file_of_its_own(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new" / "folder")
    for endpoint, query in [("http://a", {"query": "x"}), ("http://b", {"query": "x"}), ("http://a", {"query": "y"})]:
        cache.put(endpoint, query, [{"id": endpoint + query["query"]}])

    assert cache.get("http://b", {"query": "x"}) == [{"id": "http://bx"}]
    assert cache.get("http://b", {"query": "y"}) is None
    assert sorted(len(path.stem) for path in cache.folder.iterdir()) == [64, 64, 64]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot be written \(.*\); name another folder as --cache"):
        Cache(tmp_path / "file").put("http://a", {}, [])


# Entities and links in RDF --------------------------------------------------------------------------------------------

TTL = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items()) + "@prefix : <http://e.org/> .\n"
DATA = (
    TTL
    + """
:utopia a kb:Country , kb:Agent ; rdfs:label "Utopia"@en ; kb:confidence 0.9 ; gaf:denotedBy <http://e.org/a#char=0,6> .
:roe a kb:Person , kb:Agent ; rdfs:label "Mary Roe"@en ; kb:confidence 0.9 ; gaf:denotedBy <http://e.org/a#char=9,17> .
:springfield a kb:City , kb:Place ; rdfs:label "Springfield"@en ; kb:confidence 0.9 .
:nobody a kb:Person , kb:Agent ; rdfs:label "Nobody At All"@en ; kb:confidence 0.9 .
:known a kb:City , kb:Place ; rdfs:label "Utopia"@en ; owl:sameAs wd:Q9 ; kb:confidence 0.9 .
"""
)

#: What is said of a subject, and the question about it.
SUBJECTS: list[tuple[str, tuple[str, str] | None]] = [
    (':s a kb:City ; rdfs:label "Springfield"@en .', ("Springfield", "City")),
    (':s a kb:City , kb:Place ; rdfs:label "Springfield" .', ("Springfield", "City")),
    (':s a kb:Place ; rdfs:label "Springfield"@en .', ("Springfield", "Place")),
    (':s a kb:Country , kb:Agent , kb:Place ; rdfs:label "Utopia"@en .', ("Utopia", "Country")),
    (':s a kb:ArmedGroup , kb:Organization , kb:Agent ; rdfs:label "LF"@en .', ("LF", "ArmedGroup")),
    (':s a :Militia , kb:ArmedGroup , kb:Organization ; rdfs:label "LF"@en .', ("LF", "ArmedGroup")),
    (':s a kb:Person ; rdfs:label "Mary\\nRoe"@en .', ("Mary Roe", "Person")),
    (':s a kb:Person ; rdfs:label "Roe"@en .', None),
    (':s a kb:City ; rdfs:label "the town"@en .', None),
    (':s a kb:City ; rdfs:label ""@en .', None),
    (f':s a kb:City ; rdfs:label "{"Spring" * 2000}"@en .', None),
    (":s a kb:City .", None),
    (":s a kb:City ; rdfs:label :label .", None),
    (':s rdfs:label "Springfield"@en .', None),
    (':s a kb:Agent ; rdfs:label "Springfield"@en .', None),
    (':s a kb:Participant ; rdfs:label "Springfield"@en .', None),
    (':s a kb:Airstrike , kb:Event ; rdfs:label "Airstrike"@en .', None),
    ('[] a kb:City ; rdfs:label "Springfield"@en .', None),
    (':s a kb:City ; rdfs:label "Springfield"@en ; owl:sameAs wd:Q3 .', None),
    (':s a kb:City ; rdfs:label "Springfield"@en ; skos:closeMatch wd:Q3 .', None),
    (':s a kb:City ; rdfs:label "B"@en , "A"@en .', ("A", "City")),
]


@pytest.mark.parametrize(("text", "asked"), SUBJECTS, ids=[text[:60] for text, _ in SUBJECTS])
def test_question_about_a_subject(text: str, asked: tuple[str, str] | None) -> None:
    found = unlinked(ox.parse(TTL + text, format=ox.RdfFormat.TURTLE))

    assert [(entity.question.name, entity.question.cls) for entity in found] == ([asked] if asked else [])


def test_the_label_of_most_articles_is_asked_for() -> None:
    said = [('"Zenith"', ":a"), ('"Zenith"', ":b"), ('"Apex"', ":c")]
    text = TTL + "".join(f"{article} {{ :s a kb:City ; rdfs:label {label}@en }}\n" for label, article in said)
    (entity,) = unlinked(ox.parse(text, format=ox.RdfFormat.TRIG))

    assert entity.question == Question("Zenith", "City")


def facts(file: Path) -> list[tuple[str, str, str]]:
    """The triples of a file as plain words, predicates by their local names."""
    words = ([str(getattr(node, "value", node)) for node in quad.triple] for quad in read_quads(file))
    return sorted((subject, local_name(predicate), value) for subject, predicate, value in words)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "data.ttl"
    file.write_text(DATA, encoding="utf-8")
    return file


def test_end_to_end(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "links.nq"
    with serving() as address:
        endpoint = address + "/reconcile"
        online([str(data)], output=output, endpoint=endpoint, cache=tmp_path / "cache", rate=1e6)
    written = output.read_bytes()
    # The service has gone: what it said is at hand.
    online([str(data)], output=output, endpoint=endpoint, cache=tmp_path / "cache", rate=1e6)
    links = [words for words in facts(output) if words[2].startswith(PREFIXES["wd"])]

    assert {quad.graph_name for quad in read_quads(output)} == {graph(endpoint)}
    assert [(subject, predicate, item[-2:]) for subject, predicate, item in links] == [
        ("http://e.org/roe", "sameAs", "Q6"),
        ("http://e.org/utopia", "sameAs", "Q1"),
    ]
    assert output.read_bytes() == written
    assert capsys.readouterr().err.splitlines() == [f"4 unlinked names asked: 2 linked, 0 near matches → {output}"] * 2


def test_links_say_where_they_come_from_and_break_no_shape(data: Path, tmp_path: Path) -> None:
    output = tmp_path / "links.nq"
    with faking(batch([candidate("Q6", 87.5, types=["Q5"])], [], [], [candidate("Q1", types=["Q6256"])])) as fake:
        online([str(data)], output=output, endpoint=fake.url, cache=tmp_path / "cache", rate=1e6)
    said = {(predicate, value): subject for subject, predicate, value in facts(output)}
    before, after = (
        checks.check([q for f in files for q in read_quads(f)], reason=False) for files in ([data], [data, output])
    )

    assert [query for asked in fake.asked for query in asked.names] == [
        "Nobody At All",
        "Mary Roe",
        "Springfield",
        "Utopia",
    ]
    assert said["wasDerivedFrom", fake.url] == graph(fake.url).value
    assert said["used", fake.url].startswith(graph(fake.url).value + "/activity/")
    assert said["taConfidence", "1"] == "http://e.org/a#char=0,6"
    assert set(after) - set(before) == set()


def test_an_error_loses_nothing(data: Path, tmp_path: Path) -> None:
    more = "".join(f':t{i} a kb:City ; rdfs:label "Town {i}"@en .\n' for i in range(1, 16))
    data.write_text(TTL + more, encoding="utf-8")
    output = tmp_path / "links.ttl"
    with faking(matched, Said(status=404)) as fake, pytest.raises(KbError, match="answers 404"):
        online([str(data)], output=output, endpoint=fake.url, cache=tmp_path / "cache", rate=1e6)

    assert sum(predicate == "sameAs" for _, predicate, _ in facts(output)) == BATCH


def test_an_error_before_any_link_leaves_an_earlier_file(data: Path, tmp_path: Path) -> None:
    output = tmp_path / "links.nq"
    output.write_text("as it was")
    with faking(Said(b"junk")) as fake, pytest.raises(KbError, match="no JSON"):
        online([str(data)], output=output, endpoint=fake.url, cache=tmp_path / "cache")

    assert output.read_text() == "as it was"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"data": ["missing.nq"]}, "missing.nq"),
        ({"data": []}, "no data"),
        ({"output": Path("links.xyz")}, "no format known"),
        ({"output": Path("no/folder/links.nq")}, "cannot be written"),
        ({"endpoint": "nowhere"}, "not a web address"),
        ({"contact": "a\nb"}, "no contact"),
        ({"rate": 0.0}, "no sensible rate"),
        ({"rate": float("nan")}, "no sensible rate"),
        ({"timeout": 0.0}, "no sensible rate"),
        ({"timeout": float("inf")}, "no sensible rate"),
        ({"retries": -1}, "no sensible rate"),
    ],
)
def test_a_wrong_option_is_one_line(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with faking(batch([], [], [], [candidate("Q1", types=["Q6256"])])) as fake, pytest.raises(KbError) as raised:
        given_options: dict[str, Any] = {"data": [str(data)], "endpoint": fake.url, "cache": tmp_path / "cache"}
        online(**given_options | options)

    assert said in raised.value.line()


@given(st.text(max_size=30))
def test_who_is_asked_has_an_iri_or_is_refused(text: str) -> None:
    for endpoint in (text, "http://" + text, "https://e.org/" + text):
        try:
            assert ox.NamedNode(source(endpoint).value)
        except InputError as error:
            assert "not a web address" in error.line()
        assert ox.NamedNode(graph("http://e.org/" + text).value)
