"""Stored questions: their files, their answers on three stores, their parameters."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.plugins.sparql import prepareQuery

from kb.errors import QueryError
from kb.queries import Question, Value, ask, catalogue, question, questions, resolve, sparql
from kb.resources import data_dir
from kb.store import Answer, EmbeddedStore, Store, Table, Term, Triples, check, open_store, render

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib.*")

CASES = Path(__file__).parent / "cases" / "queries"
KB = CASES / "kb.trig"
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

#: Questions that cannot be answered without the network.
FEDERATED = {"wikidata-positions"}


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
    asked = {name for name, _, _ in ASKED}

    assert asked | FEDERATED == {q.name for q in questions()}


# The files


@pytest.mark.parametrize("asked", questions(), ids=lambda q: q.name)
def test_file_is_sparql_by_itself_and_says_what_it_is(asked: Question) -> None:
    check(asked.text)
    prepareQuery(asked.text)
    declared = set(re.findall(r"PREFIX (\w+):", asked.text))
    body = re.sub(r"<[^>]*>|#[^\n]*", "", asked.text)

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


def test_federated_question_names_the_endpoint_it_cannot_reach(embedded: Store) -> None:
    text = question("wikidata-positions").text.replace("https://query.wikidata.org", "http://localhost:61234")

    with pytest.raises(QueryError, match="localhost:61234/sparql> does not answer"):
        embedded.query(text)


@pytest.mark.parametrize(("name", "case", "parameters"), ASKED[:12], ids=[a[1] for a in ASKED[:12]])
def test_answer_needs_no_named_graphs(name: str, case: str, parameters: Mapping[str, Value], flat: Store) -> None:
    assert rendered(ask(flat, name, **parameters)) == expected(case, ask(flat, name, **parameters))


@pytest.fixture(scope="module")
def flat(embedded: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    file = tmp_path_factory.mktemp("flat") / "kb.ttl"
    embedded.dump(file)
    return open_store(file)
