"""Stores: what is read, how a query sees it, what an answer looks like, and what each error says."""

import gzip
import http.server
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from pyoxigraph import Literal, NamedNode, Quad

from kb.errors import InputError, KbError, OutputError, QueryError
from kb.store import (
    EmbeddedStore,
    RemoteStore,
    Store,
    Table,
    Triples,
    display,
    open_store,
    rdf_files,
    render,
)

A, B, C = (NamedNode(f"https://example.org/{name}") for name in "abc")
ONE, TWO = (NamedNode(f"https://example.org/article/{name}") for name in ("one", "two"))
QUADS = [Quad(A, B, C, ONE), Quad(A, B, C, TWO), Quad(A, B, Literal("x"), ONE), Quad(C, B, A)]
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"

TURTLE = "<https://example.org/a> <https://example.org/b> <https://example.org/c> ."
#: One triple in every syntax that is read.
FILES = {
    "a.ttl": TURTLE,
    "a.nt": TURTLE,
    "a.nq": TURTLE.replace(" .", " <https://example.org/article/one> ."),
    "a.trig": f"<https://example.org/article/one> {{ {TURTLE} }}",
    "a.jsonld": '{"@id": "https://example.org/a", "https://example.org/b": {"@id": "https://example.org/c"}}',
    "a.rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://example.org/">'
    '<rdf:Description rdf:about="https://example.org/a"><e:b rdf:resource="https://example.org/c"/></rdf:Description></rdf:RDF>',
}
FILES["a.xml"] = FILES["a.owl"] = FILES["a.rdf"]


def count(store: Store) -> int:
    table = store.query(COUNT)
    assert isinstance(table, Table)
    return int(getattr(table.rows[0][0], "value", -1))


@pytest.fixture
def store() -> EmbeddedStore:
    store = EmbeddedStore()
    store.add(QUADS)
    return store


# Reading


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_every_syntax_is_read(tmp_path: Path, name: str, packed: bool) -> None:
    data = FILES[name].encode()
    file = tmp_path / (f"{name}.gz" if packed else name)
    file.write_bytes(gzip.compress(data) if packed else data)

    assert open_store(file).query("ASK { <https://example.org/a> ?p <https://example.org/c> }") is True


def test_folder_is_the_merge_of_its_files_and_other_files_are_left_alone(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "notes.txt").write_text("nothing")

    store = open_store(tmp_path)

    assert count(store) == 1
    assert [file.name for file in rdf_files([tmp_path])] == sorted(FILES)


def test_several_sources_are_merged_and_blank_nodes_kept_apart(tmp_path: Path) -> None:
    for name in ("one.ttl", "two.ttl"):
        (tmp_path / name).write_text("_:x <https://example.org/b> 1 .")

    assert count(open_store([tmp_path / "one.ttl", str(tmp_path / "two.ttl")])) == 2


def test_database_on_disk_is_reopened_for_reading(tmp_path: Path) -> None:
    folder = tmp_path / "db"
    written = EmbeddedStore(folder)
    written.add(QUADS)
    del written

    store = open_store(folder)

    assert count(store) == 3
    assert set(store.quads()) == set(QUADS)
    with pytest.raises(OutputError, match="the store cannot be written"):
        store.add(QUADS)


def test_database_of_another_tool_is_queried_as_union(tmp_path: Path) -> None:
    other = ox.Store(str(tmp_path / "db"))
    other.extend(QUADS[:1])
    other.flush()
    del other

    assert count(open_store(tmp_path / "db")) == 1


# Querying


def test_default_graph_is_the_merge_of_all_graphs(store: EmbeddedStore) -> None:
    graphs = store.query("SELECT ?g WHERE { GRAPH ?g { ?s ?p <https://example.org/c> } } ORDER BY ?g")

    assert count(store) == 3
    assert isinstance(graphs, Table)
    assert graphs.column("g") == (ONE, TWO)


def test_quads_are_what_was_added_and_no_more(store: EmbeddedStore) -> None:
    assert sorted(map(str, store.quads())) == sorted(map(str, QUADS))


def test_usual_prefixes_need_not_be_declared(store: EmbeddedStore) -> None:
    assert store.query("ASK { ?s a kb:Person }") is False


def test_construct_gives_sorted_triples_without_duplicates(store: EmbeddedStore) -> None:
    answer = store.query("CONSTRUCT { ?s a ?p } WHERE { ?s ?p ?o }")

    assert isinstance(answer, Triples)
    assert [triple.subject for triple in answer.triples] == [A, C]


#: A query that is wrong, where, and a word of what to do.
BAD_SPARQL = [
    ("SELECT", "query, line 1, column 7", "check the syntax"),
    ("SELECT *\nWHERE { ?s ?p }", "query, line 2, column", "check the syntax"),
    ("SELECT * { ?s ex:a ?o }", "query, line 1", "declare PREFIX ex:"),
    ("SELECT * { ?s ?p 'ex:a' # ex:b\n FILTER }", "query, line 2", "check the syntax"),
    ("INSERT DATA { <urn:a> <urn:b> 1 }", "query, line 1", "check the syntax"),
    ("", "query", "check the syntax"),
    ("\x00\u202e", "query", "check the syntax"),
]


@pytest.mark.parametrize(("sparql", "where", "hint"), BAD_SPARQL)
def test_bad_sparql_says_where_and_what_to_do(store: EmbeddedStore, sparql: str, where: str, hint: str) -> None:
    with pytest.raises(QueryError) as raised:
        store.query(sparql)

    assert where in raised.value.where
    assert hint in raised.value.hint
    assert str(raised.value).isprintable()


# Errors of files

BAD_FILES = [
    ("a.ttl", b"<urn:a> <urn:b>\n1 2 .", "a.ttl, line 2"),
    ("a.nq", b"<urn:a> <urn:b> .", "a.nq, line 1"),
    ("a.rdf", b"<rdf:RDF", "a.rdf"),
    ("a.jsonld", b"{", "a.jsonld"),
    ("a.ttl.gz", b"no gzip", "a.ttl.gz"),
    ("a.ttl.gz", gzip.compress(TURTLE.encode(), mtime=0)[:-9], "a.ttl.gz"),
    ("a.ttl", b"\xff\xfe\x00", "a.ttl"),
    ("a.doc", b"", "a.doc"),
]


@pytest.mark.parametrize(("name", "data", "where"), BAD_FILES)
def test_unreadable_file_is_named(tmp_path: Path, name: str, data: bytes, where: str) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(InputError) as raised:
        open_store(tmp_path / name)

    assert where in raised.value.where
    assert raised.value.hint


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        open_store(tmp_path / "none.ttl")
    with pytest.raises(InputError, match="no RDF files in this folder"):
        open_store(tmp_path)
    with pytest.raises(InputError, match="an endpoint cannot be merged"):
        open_store(["http://localhost/sparql", tmp_path])


def test_database_that_another_writes_to_is_refused(tmp_path: Path) -> None:
    held = EmbeddedStore(tmp_path / "db")

    with pytest.raises(InputError, match="cannot be opened"):
        EmbeddedStore(tmp_path / "db")
    held.add(QUADS)


# Writing


@pytest.mark.parametrize("name", ["a.nq", "a.trig", "a.trig.gz", "a.jsonld"])
def test_dump_is_read_back_with_its_graphs(store: EmbeddedStore, tmp_path: Path, name: str) -> None:
    store.dump(tmp_path / name)
    again = open_store(tmp_path / name)

    assert set(again.quads()) == set(QUADS)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_dump_twice_gives_the_same_bytes(store: EmbeddedStore, tmp_path: Path) -> None:
    store.dump(tmp_path / "a.ttl")
    first = (tmp_path / "a.ttl").read_bytes()
    store.dump(tmp_path / "a.ttl")

    assert (tmp_path / "a.ttl").read_bytes() == first
    assert count(open_store(tmp_path / "a.ttl")) == 3


@pytest.mark.parametrize("name", ["a.doc", "none/a.nq"])
def test_dump_that_cannot_be_written_is_an_output_error(store: EmbeddedStore, tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError):
        store.dump(tmp_path / name)


# Answers as text

TABLE = Table(
    ("name", "n", "iri"),
    (
        (Literal('say "hi"|\n\u202eno', language="en"), Literal(4), NamedNode("http://www.wikidata.org/entity/Q30")),
        (Literal("a,b\t<c> & \\ é"), None, NamedNode("https://example.org/long/path/that/goes/on")),
        (None, Literal("2014", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#gYear")), ox.BlankNode("b")),
    ),
)


RESULTS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "tsv": ox.QueryResultsFormat.TSV,
}


@pytest.mark.parametrize("answer", [TABLE, Table(("a",), ()), True, False])
@pytest.mark.parametrize("format", RESULTS)
def test_results_are_what_the_standards_say(answer: Table | bool, format: str) -> None:
    text = render(answer, format)

    parsed = ox.parse_query_results(input=text, format=RESULTS[format])

    if isinstance(answer, bool):
        assert isinstance(parsed, ox.QueryBoolean)
        assert bool(parsed) is answer
    else:
        assert isinstance(parsed, ox.QuerySolutions)
        names = [variable.value for variable in parsed.variables]
        assert (tuple(names), tuple(tuple(row[name] for name in names) for row in parsed)) == (
            answer.variables,
            answer.rows,
        )


def test_csv_quotes_what_needs_it() -> None:
    assert render(TABLE, "csv") == (
        "name,n,iri\n"
        '"say ""hi""|\n\u202eno",4,http://www.wikidata.org/entity/Q30\n'
        '"a,b\t<c> & \\ é",,https://example.org/long/path/that/goes/on\n'
        ",2014,_:b\n"
    )


def test_text_table_is_aligned_printable_and_short() -> None:
    assert render(TABLE) == (
        "name           n     iri\n"
        "-------------  ----  ------------------------------------------\n"
        'say "hi"|  no  4     wd:Q30\n'
        "a,b <c> & \\ é        https://example.org/long/path/that/goes/on\n"
        "               2014  _:b\n"
    )


def test_text_table_folds_and_leaves_out_long_iris_where_there_is_no_room() -> None:
    table = Table(("what", "event"), ((Literal("one two three four"), NamedNode("https://example.org/long/path/1")),))

    assert render(table, width=12) == "what\n------------\none two\nthree four\n"
    assert "https" in render(table, width=60)


def test_markdown_escapes_cells() -> None:
    assert render(TABLE, "markdown").splitlines()[2:4] == [
        '| say "hi"\\|  no | 4 | wd:Q30 |',
        "| a,b &lt;c> &amp; \\\\ é |  | https://example.org/long/path/that/goes/on |",
    ]


def test_ask_is_yes_or_no() -> None:
    assert render(True) == "yes\n"
    assert render(False, "csv") == "false\n"
    assert render(True, "markdown") == "| answer |\n| --- |\n| yes |\n"


@pytest.mark.parametrize("format", ["text", "turtle", "nt", "jsonld", "xml"])
def test_triples_are_written_in_rdf(format: str) -> None:
    text = render(Triples((ox.Triple(A, B, C),)), format)

    assert "example.org/" in text
    assert text == render(Triples((ox.Triple(A, B, C),)), format)


@pytest.mark.parametrize(("answer", "format"), [(TABLE, "turtle"), (True, "pdf"), (Triples(()), "csv")])
def test_format_that_does_not_fit_is_refused(answer: Table | bool | Triples, format: str) -> None:
    with pytest.raises(OutputError, match=r"choose one|use one"):
        render(answer, format)


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert display(Literal("a\x1b[31m\u202eb\n")) == "a [31m b "
    assert "\x00" not in render(Table(("a",), ((Literal("\x00"),),)), "xml")


# A remote endpoint


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Oxigraph over the SPARQL 1.1 protocol, as little of it as is needed."""

    store = ox.Store()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        try:
            self.answer(*self.result(form))
        except SyntaxError as error:
            self.answer(f"not SPARQL: {error}\nmore".encode(), "text/plain", 400)

    def result(self, form: dict[str, str]) -> tuple[bytes, str, int]:
        if self.path != "/query":
            return b"", "text/html", 404 if self.path == "/none" else 200
        if "update" in form:
            self.store.update(form["update"])
            return b"", "text/plain", 204
        found = self.store.query(form["query"], use_default_graph_as_union=True)
        if isinstance(found, ox.QueryTriples):
            return found.serialize(format=ox.RdfFormat.N_TRIPLES) or b"", "application/n-triples", 200
        return found.serialize(format=ox.QueryResultsFormat.JSON) or b"", "application/sparql-results+json", 200

    def answer(self, data: bytes, media_type: str, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    Endpoint.store = ox.Store()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_endpoint_takes_quads_and_answers(address: str, tmp_path: Path) -> None:
    store = open_store(f"{address}/query")
    store.add([*QUADS, Quad(A, B, Literal('"\n\\', language="en"), TWO)])
    (tmp_path / "more.ttl").write_text("<https://example.org/d> <https://example.org/b> 1 .")
    store.load(tmp_path / "more.ttl")

    table = store.query("SELECT ?s WHERE { ?s ?p 1 }")
    triples = store.query("CONSTRUCT WHERE { ?s ?p <https://example.org/a> }")

    assert isinstance(store, RemoteStore)
    assert isinstance(table, Table)
    assert table.column("s") == (NamedNode("https://example.org/d"),)
    assert triples == Triples((ox.Triple(C, B, A),))
    assert store.query("ASK { ?s a kb:Person }") is False
    assert len(set(store.quads())) == 6


def test_dump_of_an_endpoint_is_what_it_was_given(address: str, tmp_path: Path) -> None:
    store = RemoteStore(f"{address}/query")
    store.add(QUADS)
    store.dump(tmp_path / "a.nq")

    assert set(open_store(tmp_path / "a.nq").quads()) == set(QUADS)


def test_endpoint_that_rejects_a_query_is_quoted_in_one_line(address: str) -> None:
    with pytest.raises(
        QueryError, match=r"the endpoint rejects the query \(400 Bad Request: not SPARQL: error at 1:7"
    ) as raised:
        open_store(f"{address}/query").query("SELECT")

    assert "more" not in str(raised.value)


@pytest.mark.parametrize(("path", "what"), [("/none", "404"), ("/page", "no SPARQL result .it sent text/html")])
def test_address_that_is_no_endpoint_is_named(address: str, path: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as raised:
        open_store(address + path).query("ASK {}")

    assert raised.value.where == address + path


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::bad/", "http://nowhere.invalid/sparql"])
def test_endpoint_that_is_not_there_is_an_input_error(url: str) -> None:
    with pytest.raises(InputError, match="does not answer"):
        open_store(url, timeout=5).query("ASK {}")


def test_endpoint_that_refuses_updates_is_an_output_error(address: str) -> None:
    with pytest.raises(OutputError, match="check that the endpoint allows updates"):
        RemoteStore(f"{address}/query", update_url=f"{address}/none").add(QUADS)


def test_errors_are_ours() -> None:
    assert issubclass(QueryError, KbError)
