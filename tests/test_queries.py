"""Stored questions: their files, their answers on three stores, their parameters."""

import datetime as dt
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.plugins.sparql import prepareQuery

from kb.errors import QueryError
from kb.queries import (
    Question,
    Value,
    ask,
    ask_online,
    catalogue,
    local,
    question,
    questions,
    resolve,
    services,
    sparql,
)
from kb.resources import data_dir
from kb.store import Answer, EmbeddedStore, Store, Table, Term, Triples, check, open_store, render

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib.*")

CASES = Path(__file__).parent / "cases" / "queries"
KB = CASES / "kb.trig"
LINKED, FACTS = CASES / "linked.trig", CASES / "wikidata.ttl"
ID = "https://w3id.org/newskb/id/"
ISLAMIC_STATE = ox.NamedNode(ID + "entity/Q2429253")

#: Asked with these parameters, answered as in the file of that name under cases/queries.
ASKED: list[tuple[str, str, Mapping[str, Value]]] = [
    ("abductions", "abductions", {}),
    ("abductions", "abductions-none", {"actor": "Lebanese army"}),
    ("agreements", "agreements", {}),
    (
        "agreements",
        "agreements-agreed",
        {"status": "agreed", "party": "ISIS", "mediator": "Q41053", "class": "Ceasefire"},
    ),
    ("articles-about", "articles-about", {"entity": "Islamic State"}),
    ("broken-agreements", "broken-agreements", {"party": "Syria"}),
    ("casualties-by-month", "casualties-by-month", {}),
    ("casualties-by-month", "casualties-by-month-actor", {"actor": "IS", "from": "2017-09"}),
    ("casualties-by-place", "casualties-by-place", {}),
    ("construct-schema-org", "construct-schema-org", {}),
    ("construct-sem", "construct-sem", {}),
    ("construct-wikidata", "construct-wikidata", {}),
    ("critics", "critics", {"about": "Hezbollah"}),
    ("disputed-events", "disputed-events", {}),
    ("disputed-events", "disputed-events-side", {"side": "Lebanese army"}),
    ("entities", "entities", {}),
    ("entities", "entities-class", {"class": "armedgroup"}),
    ("evidence", "evidence-entity", {"resource": "Hezbollah"}),
    ("evidence", "evidence-event", {"resource": ID + "article/one/event/1"}),
    ("fights", "fights", {}),
    ("fights", "fights", {"side": "Lebanese army", "against": "ISIS"}),
    ("leaders", "leaders", {}),
    ("linked-entities", "linked-entities", {}),
    ("mediators", "mediators", {}),
    ("members", "members", {}),
    ("members", "members-organization", {"organization": "Lebanon"}),
    ("military-actions", "military-actions", {}),
    ("military-actions", "military-actions-actor", {"actor": "Islamic State", "class": "Shelling"}),
    ("military-actions", "military-actions-place", {"place": "Lebanon", "factuality": "Actual"}),
    ("military-actions", "military-actions-period", {"from": "2017-08-30", "to": "2017-08-31"}),
    ("military-actions", "military-actions-2014", {"from": "2014-05-01", "to": dt.date(2014, 6, 1)}),
    ("network", "network", {}),
    ("network", "network-entity", {"entity": "Iran", "relation": "supports"}),
    ("overview", "overview", {}),
    ("places", "places", {}),
    ("places", "places-within", {"within": "Lebanon"}),
    ("positions", "positions", {}),
    ("positions", "positions-former", {"former": True, "person": 'Aya "the Hawk" Nasr'}),
    ("spokespersons", "spokespersons", {}),
    ("statements-about", "statements-about", {"about": ID + "article/two/event/3"}),
    ("statements-by", "statements-by", {}),
    ("statements-by", "statements-by-organization", {"organization": "Lebanese army", "attitude": "Criticizes"}),
    ("supporters", "supporters", {}),
    ("supporters", "supporters-supported", {"supported": "Hezbollah"}),
    ("supporters-transitive", "supporters-transitive", {"supporter": "Iran"}),
    ("territory", "territory", {"place": "Lebanon"}),
    ("timeline", "timeline", {}),
    ("timeline", "timeline-class", {"class": "CyberAttack", "entity": "Lebanon"}),
    ("unlinked-entities", "unlinked-entities", {}),
]

#: Asked of two articles with Wikidata's facts about them, which are in the data or at an endpoint.
FEDERATED: list[tuple[str, str, Mapping[str, Value]]] = [
    ("wikidata-countries", "wikidata-countries", {}),
    ("wikidata-countries", "wikidata-countries-class", {"class": "airstrike"}),
    ("wikidata-offices", "wikidata-offices", {}),
    ("wikidata-offices", "wikidata-offices", {"person": "Nasr"}),
    ("wikidata-places", "wikidata-places", {}),
    ("wikidata-places", "wikidata-places-august", {"from": "2017-08", "place": "Lebanon"}),
    ("wikidata-positions", "wikidata-positions", {"person": "Omar Saab"}),
]


class RdflibStore:
    """rdflib's own engine behind the protocol of a store."""

    def __init__(self) -> None:
        self.dataset = rdflib.Dataset(default_union=True)

    def query(self, sparql: str) -> Answer:
        result = self.dataset.query(sparql)
        if result.type == "CONSTRUCT":
            return Triples(tuple(sorted((_triple(t) for t in result), key=str)))
        assert result.vars is not None
        return Table(tuple(map(str, result.vars)), tuple(tuple(map(_term, row)) for row in result))  # type: ignore[arg-type]

    def load(self, path: Path) -> None:
        self.dataset.parse(path, format="trig")

    def add(self, quads: Iterable[ox.Quad]) -> None: ...

    def quads(self) -> Iterator[ox.Quad]:
        return iter(())

    def dump(self, path: Path) -> None: ...


class UnionStore(RdflibStore):
    """Oxigraph as its server answers with --union-default-graph: a triple in two graphs is there twice."""

    def __init__(self) -> None:
        self.store = ox.Store()

    def query(self, sparql: str) -> Answer:
        result = self.store.query(sparql, use_default_graph_as_union=True)
        if isinstance(result, ox.QuerySolutions):
            names = [variable.value for variable in result.variables]
            return Table(tuple(names), tuple(tuple(row[name] for name in names) for row in result))
        return Triples(tuple(sorted(set(result), key=str)))  # type: ignore[arg-type]

    def load(self, path: Path) -> None:
        self.store.load(path=path)


def _term(node: Any) -> Term | None:
    if node is None:
        return None
    if isinstance(node, rdflib.Literal):
        datatype = ox.NamedNode(node.datatype) if node.datatype and not node.language else None
        return ox.Literal(str(node), datatype=datatype, language=node.language)
    return ox.NamedNode(str(node))


def _triple(triple: Any) -> ox.Triple:
    subject, predicate, value = map(_term, triple)
    return ox.Triple(subject, predicate, value)  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def _exact_literals() -> Iterator[None]:
    """Have rdflib give literals as they are written, as the others do."""
    kept, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    yield
    rdflib.NORMALIZE_LITERALS = kept


@pytest.fixture(scope="module", params=[EmbeddedStore, UnionStore, RdflibStore])
def store(request: pytest.FixtureRequest) -> Store:
    store: Store = request.param()
    store.load(KB)
    return store


@pytest.fixture(scope="module")
def embedded() -> Store:
    return open_store(KB)


def expected(case: str, answer: Answer) -> str:
    suffix = "nt" if isinstance(answer, Triples) else "csv"
    return (CASES / f"{case}.{suffix}").read_text(encoding="utf-8")


def rendered(answer: Answer) -> str:
    return render(answer, "nt" if isinstance(answer, Triples) else "csv")


@pytest.mark.parametrize(("name", "case", "parameters"), ASKED, ids=[f"{a[1]}{'+' * bool(a[2])}" for a in ASKED])
def test_answer_is_as_written_down_on_every_engine(
    store: Store, name: str, case: str, parameters: Mapping[str, Value]
) -> None:
    answer = ask(store, name, **parameters)

    assert rendered(answer) == expected(case, answer)


def test_every_question_has_an_answer_written_down() -> None:
    asked = {name for name, _, _ in [*ASKED, *FEDERATED]}

    assert asked == {q.name for q in questions()}
    assert {name for name, _, _ in FEDERATED} == {q.name for q in questions() if services(q.text)}


# The files


@pytest.mark.parametrize("asked", questions(), ids=lambda q: q.name)
def test_file_is_sparql_by_itself_and_says_what_it_is(asked: Question) -> None:
    check(asked.text)
    prepareQuery(asked.text)
    declared = set(re.findall(r"PREFIX (\w+):", asked.text))
    body = re.sub(r"<[^<>\s]*>|#[^\n]*", "", asked.text)

    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", asked.name)
    assert asked.summary and not asked.summary.endswith(".")
    assert asked.description.endswith(".")
    assert asked.tags
    assert all(p.description for p in asked.parameters)
    assert "#= parameters" in asked.text or not asked.parameters
    assert all(f"{name}:" in body.replace(f"PREFIX {name}:", "") for name in declared)


@pytest.mark.parametrize("asked", [q for q in questions() if "CONSTRUCT" not in q.text], ids=lambda q: q.name)
def test_rows_are_ordered_and_no_alias_is_in_scope(asked: Question) -> None:
    head, _, body = asked.text.partition("WHERE {")
    order = asked.text.rpartition("ORDER BY ")[2]
    aliases = re.findall(r"AS \?(\w+)\)", head)

    assert "GRAPH" not in asked.text and "LIMIT" not in asked.text
    assert re.search(r"\?\w+\s*$", order)
    inner = re.search(r"SELECT DISTINCT ([^\n]*)", body)
    scope = inner[1] if inner else body.rpartition("}")[0]
    assert not [name for name in aliases if re.search(rf"\?{name}\b", scope)]


def test_readme_is_the_catalogue() -> None:
    readme = (data_dir("queries") / "README.md").read_text(encoding="utf-8")

    assert catalogue(questions()) in readme


def test_types_come_from_the_endings_of_the_variables() -> None:
    parameters = {p.name: p for p in question("military-actions").parameters}

    assert {name: p.type for name, p in parameters.items()} == {
        "actor": "entity",
        "target": "entity",
        "place": "entity",
        "class": "class",
        "factuality": "text",
        "from": "date",
        "to": "date",
    }
    assert parameters["factuality"].enumerate == ("Actual", "Planned", "Possible", "Denied")
    assert parameters["actor"].variable == "?__actor_iri"
    assert not question("evidence").parameters[0].optional


# Parameters

HOSTILE = [
    'a"b',
    "a'b",
    "a\\b",
    "a\nb\r",
    '" } UNION { ?s ?p ?o } #',
    "} UNION {",
    "\\u0022 }",
    "\u202eesrever\x00",
    "?__actor_iri",
    "#= parameters",
    "",
    " ",
    "...",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_name_is_a_name_of_nothing(store: Store, value: str) -> None:
    with pytest.raises(QueryError, match="nothing is called"):
        ask(store, "military-actions", actor=value)


@pytest.mark.parametrize("value", ["http://a b", "urn:a>b", "http://x/{}", 'http://x/"', "<http://x/> } #", "urn:a\nb"])
def test_hostile_iri_is_refused(embedded: Store, value: str) -> None:
    with pytest.raises(QueryError, match="not a valid IRI"):
        ask(embedded, "military-actions", actor=value)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_one_literal(text: str) -> None:
    asked = Question(
        name="echo",
        summary="",
        description="",
        tags=(),
        parameters=(
            question("network")
            .parameters[1]
            .__class__(
                name="x", type="text", optional=True, default=None, description="", enumerate=(), variable="?__x"
            ),
        ),
        text="SELECT ?__x WHERE {\n  #= parameters\n}",
    )

    table = EmbeddedStore().query(sparql(asked, x=text))

    assert isinstance(table, Table)
    assert table.rows == ((ox.Literal(text),),)


@pytest.mark.parametrize(
    "name", ["ISIS", "isis", "Islamic State", "the islamic state group", "IS", "I.S.", "Q2429253", "q2429253"]
)
def test_entity_is_found_by_any_name_and_by_wikidata_id(store: Store, name: str) -> None:
    assert resolve(store, name) == (ISLAMIC_STATE,)


def test_doubtful_link_and_description_are_found_as_well(store: Store) -> None:
    assert resolve(store, "Q26569") == (ox.NamedNode(ID + "entity/zahle"),)
    assert resolve(store, "Nine soldiers") == (ox.NamedNode(ID + "article/one/participant/1"),)
    assert resolve(store, "<http://www.wikidata.org/entity/Q41053>") == (ox.NamedNode(ID + "entity/Q41053"),)


#: What is wrong, and what the error says of it.
WRONG: list[tuple[str, Mapping[str, Value], str]] = [
    ("military-action", {}, 'no question "military-action"; did you mean "military-actions"?'),
    ("xyz", {}, 'no question "xyz"; the questions are abductions, '),
    ("military-actions", {"actr": "ISIS"}, 'military-actions: no parameter "actr"; it takes actor, target, place'),
    ("overview", {"x": "y"}, 'overview: no parameter "x"; it takes none'),
    ("evidence", {}, 'evidence: the parameter "resource" is missing; give an IRI, a Wikidata id or a name'),
    ("military-actions", {"actor": "Hesbollah"}, 'nothing is called "Hesbollah"; did you mean "Hezbollah"?'),
    ("military-actions", {"actor": "Nasrall"}, 'nothing is called "Nasrall"; did you mean "Nasr", "Hassan Nasrallah"?'),
    ("military-actions", {"actor": "Q1"}, "no entity is linked to Q1; "),
    ("military-actions", {"from": "2017-13-01"}, '"2017-13-01" does not fit the parameter "from"; give a date as YYYY'),
    ("military-actions", {"from": "20170101"}, '"20170101" does not fit the parameter "from"'),
    ("military-actions", {"factuality": "True"}, "choose one of Actual, Planned, Possible, Denied"),
    ("military-actions", {"class": "Airstrikes"}, 'no class "Airstrikes"; did you mean "Airstrike"?'),
    ("positions", {"former": "perhaps"}, '"perhaps" does not fit the parameter "former"; give true or false'),
]


@pytest.mark.parametrize(("name", "parameters", "message"), WRONG)
def test_error_says_what_where_and_what_to_do(
    embedded: Store, name: str, parameters: Mapping[str, Value], message: str
) -> None:
    with pytest.raises(QueryError) as raised:
        ask(embedded, name, **parameters)

    assert message in str(raised.value)


def test_sparql_without_a_store_needs_iris() -> None:
    assert f"VALUES ?__actor_iri {{ {ISLAMIC_STATE} }}" in sparql("military-actions", actor=ISLAMIC_STATE.value)
    assert sparql("timeline") == question("timeline").text
    with pytest.raises(QueryError, match='"ISIS" does not fit the parameter "actor"'):
        sparql("military-actions", actor="ISIS")


def test_class_of_the_ontology_without_an_event_gives_no_rows(embedded: Store) -> None:
    answer = ask(embedded, "military-actions", class_="ChemicalAttack")

    assert isinstance(answer, Table)
    assert answer.rows == ()


def test_question_in_a_folder_of_the_user(embedded: Store, tmp_path: Path) -> None:
    text = "#+ summary: Names\n#+ defaults:\n#+   - n: 1\nSELECT (?_n_integer AS ?n) WHERE {\n  #= parameters\n}\n"
    (tmp_path / "names.rq").write_text(text)

    answer = ask(embedded, question("names", [tmp_path]))
    other = ask(embedded, question("names", [tmp_path]), n=7)

    assert render(answer, "csv") == "n\n1\n"
    assert render(other, "csv") == "n\n7\n"


@pytest.mark.parametrize(
    ("text", "message"), [("#+ a: [\n", "not YAML"), ("#+ - a\n", "no mapping"), ("\xff", "SPARQL")]
)
def test_unreadable_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.rq").write_text(text)

    with pytest.raises(QueryError, match=message):
        ask(EmbeddedStore(), question("bad", [tmp_path]))


def test_folder_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=r"no \*\.rq in this folder"):
        questions([tmp_path])


# Wikidata's part


@pytest.fixture(scope="module", params=[EmbeddedStore, UnionStore, RdflibStore])
def joined(request: pytest.FixtureRequest) -> Store:
    store: Store = request.param()
    store.load(LINKED)
    store.load(FACTS)
    return store


@pytest.mark.parametrize(("name", "case", "parameters"), FEDERATED)
def test_wikidatas_part_is_answered_from_the_data(
    joined: Store, name: str, case: str, parameters: Mapping[str, Value]
) -> None:
    answer = ask(joined, name, **parameters)

    assert rendered(answer) == expected(case, answer)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in FEDERATED}))
def test_without_wikidatas_facts_there_are_no_rows(name: str) -> None:
    answer = ask(open_store(LINKED), name)

    assert isinstance(answer, Table)
    assert answer.rows == ()


class Endpoint(ThreadingHTTPServer):
    """A SPARQL endpoint with Wikidata's facts, on this machine; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.store, self.asked = ox.Store(), list[str]()
        self.store.load(path=FACTS)
        self.iri = f"http://127.0.0.1:{self.server_port}/sparql"


class Answering(BaseHTTPRequestHandler):
    """https://www.w3.org/TR/sparql11-protocol/#query-via-post-direct, answers as SPARQL JSON."""

    server: Endpoint

    def do_POST(self) -> None:
        sparql = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append(sparql)
        result = self.server.store.query(sparql)
        assert isinstance(result, ox.QuerySolutions)
        body = result.serialize(format=ox.QueryResultsFormat.JSON) or b""
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def at(server: str, name: str) -> Question:
    """The question with another endpoint."""
    asked = question(name)
    return replace(asked, text=asked.text.replace("https://query.wikidata.org/sparql", server))


@pytest.mark.parametrize(("name", "case", "parameters"), FEDERATED)
def test_an_endpoint_that_is_asked_gives_the_same_rows(
    endpoint: Endpoint, name: str, case: str, parameters: Mapping[str, Value]
) -> None:
    answer = ask_online(open_store(LINKED), at(endpoint.iri, name), **parameters)

    assert rendered(answer) == expected(case, answer)
    assert len(endpoint.asked) > 0


def test_an_endpoint_is_asked_about_the_linked_items_alone(endpoint: Endpoint) -> None:
    ask_online(open_store(LINKED), at(endpoint.iri, "wikidata-places"))

    assert set(re.findall(r"Q9000\d\d", "".join(endpoint.asked))) == {
        "Q900001", "Q900002", "Q900010", "Q900020", "Q900030",
    }  # fmt: skip


def test_a_question_as_it_stands_asks_the_endpoint_as_well(endpoint: Endpoint) -> None:
    answer = open_store(LINKED).query(at(endpoint.iri, "wikidata-places").text)

    assert rendered(answer) == expected("wikidata-places", answer)


def test_nothing_leaves_the_machine_unless_asked(endpoint: Endpoint) -> None:
    ask(open_store(LINKED), at(endpoint.iri, "wikidata-places"))

    assert endpoint.asked == []


def test_federated_question_names_the_endpoint_it_cannot_reach() -> None:
    with pytest.raises(QueryError, match="localhost:61234/sparql> does not answer"):
        ask_online(open_store(LINKED), at("http://localhost:61234/sparql", "wikidata-positions"))


#: A query, the same with the parts of endpoints as groups, and the endpoints.
PARTS: list[tuple[str, str, tuple[str, ...]]] = [
    ("{ SERVICE <urn:a> { ?s ?p ?o } }", "{  { ?s ?p ?o } }", ("<urn:a>",)),
    ("{ service silent<urn:a>{ ?s ?p ?o } }", "{ { ?s ?p ?o } }", ("<urn:a>",)),
    ("{ SERVICE # of {\n ?where { ?s ?p ?o } }", "{  { ?s ?p ?o } }", ("?where",)),
    ("{ SERVICE wd:x { SERVICE <urn:b> { ?s ?p ?o } } }", "{  {  { ?s ?p ?o } } }", ("wd:x", "<urn:b>")),
    *(
        (text, text, ())
        for text in (
            '{ ?s ?p "SERVICE <urn:a> {" }',
            "{ ?s ?p 'it is a \\' SERVICE <urn:a> {' }",
            '{ ?s ?p """a "quoted" SERVICE <urn:a> {""" }',
            "{ ?s ?p '''a \n SERVICE <urn:a> {''' }",
            "{ ?s ?p ?o } # SERVICE <urn:a> {",
            "{ ?s <urn:#SERVICE> <urn:a> . ?service ?p $SERVICE }",
            "{ ?s ex:SERVICE <urn:a> ; SERVICE:x <urn:b> ; ex:my-SERVICE <urn:c> . _:SERVICE ?p ?o }",
            "{ ?s ?p ?o . FILTER(?o<3 && 2>?o) }",
        )
    ),
]


@pytest.mark.parametrize(("text", "group", "endpoints"), PARTS)
def test_the_part_of_an_endpoint_becomes_a_group(text: str, group: str, endpoints: tuple[str, ...]) -> None:
    assert local(text) == group
    assert services(text) == endpoints


@settings(max_examples=100, deadline=None)
@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\"'\\{}<>#\n"))))
def test_any_text_in_a_part_stays_as_it_is(text: str) -> None:
    literal = ox.Literal(text)
    query = f"SELECT ?x WHERE {{ SERVICE <urn:a> {{ VALUES ?x {{ {literal} }} }} FILTER(?x = {literal}) }}"

    answer = EmbeddedStore().query(local(query))

    assert isinstance(answer, Table)
    assert answer.rows == ((literal,),)


def test_a_long_word_is_read_in_one_go() -> None:
    text = f"{{ ?s ?p {'a' * 50_000} . ?s ex:{'b' * 50_000} '{'c' * 50_000}' }}"

    assert local(text) == text


def test_names_of_wikidata_are_not_entities_of_the_articles(joined: Store) -> None:
    assert resolve(joined, "Lebanon") == (ox.NamedNode(ID + "entity/Q900020"),)
    with pytest.raises(QueryError, match='nothing is called "Syria"'):
        resolve(joined, "Syria")


# Without named graphs


@pytest.mark.parametrize(("name", "case", "parameters"), ASKED[:12], ids=[a[1] for a in ASKED[:12]])
def test_answer_needs_no_named_graphs(name: str, case: str, parameters: Mapping[str, Value], flat: Store) -> None:
    assert rendered(ask(flat, name, **parameters)) == expected(case, ask(flat, name, **parameters))


@pytest.fixture(scope="module")
def flat(embedded: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    file = tmp_path_factory.mktemp("flat") / "kb.ttl"
    embedded.dump(file)
    return open_store(file)
