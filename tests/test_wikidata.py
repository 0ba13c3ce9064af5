"""Wikidata's terms: the extract for a knowledge base, and that ontology, queries and code name one and the same ids."""

import re
from collections.abc import Mapping
from pathlib import Path

import pyoxigraph as ox
import pytest
import typer

from kb import cli, rdf, terms, wikidata
from kb.cli.extract import extract as command
from kb.errors import InputError, OutputError
from kb.gazetteer import COLUMNS, Gazetteer
from kb.queries import ask, question
from kb.rdf import alignment, quickstatements
from kb.resources import data_dir
from kb.store import Table, open_store, render

ROOT = Path(__file__).resolve().parents[1]
CASES = Path(__file__).parent / "cases" / "queries"
SHARED = ROOT.parent / "shared" / "wikidata"
TURTLE = "".join(f"@prefix {name}: <{iri}> . " for name, iri in terms.PREFIXES.items()) + "@prefix x: <urn:x:> . "

#: A linking table made by hand: columns by item.
ITEMS: Mapping[str, Mapping[str, str]] = {
    "Q900001": {
        "label": "Aya Nasr",
        "class": "Person",
        "aliases": 'Aya "the Hawk" Nasr|Aya Nasr',
        "country": "Q900020",
        "posts": "minister@Q900020:2016-12-18..2019-01|envoy@:..|speaker@Q900020:2010..2017-02-30",
        "description": "politician",
        "post_qids": "Q900105||",
    },
    "Q900010": {"label": "Zahle", "class": "City", "country": "Q900020", "coordinates": "33.85,35.9"},
    "Q900011": {"label": "Cape Zero", "class": "Place", "country": "Q900098", "coordinates": "-0.0000001,-70"},
    "Q900020": {"label": "Lebanon", "class": "Country", "country": "", "coordinates": "33.833333,35.766667"},
    "Q900030": {"label": "Hill Brigade", "class": "ArmedGroup", "country": ""},
    "Q900050": {"label": "Not asked for", "class": "City", "country": "Q900020"},
}


def gazetteer(items: Mapping[str, Mapping[str, str]] = ITEMS) -> Gazetteer:
    rows = [{"qid": qid, "prior": "50", **dict(row)} for qid, row in sorted(items.items())]
    lines = ["\t".join(row.get(column, "") for column in COLUMNS) for row in rows]
    return Gazetteer("".join(line + "\n" for line in ["\t".join(COLUMNS), *lines]).encode(), b"")


def quads(turtle: str) -> list[ox.Quad]:
    return list(ox.parse(input=TURTLE + turtle, format=ox.RdfFormat.TURTLE))


def told(turtle: str, **options: str) -> set[str]:
    """The extract for a knowledge base as sorted lines without the nodes of statements."""
    found = wikidata.extract(quads(turtle), gazetteer(), **options)
    return {f"{_written(q.subject)} {_written(q.predicate)} {_written(q.object)}" for q in found}


def _written(node: object) -> str:
    if isinstance(node, ox.Literal):
        tag = f"@{node.language}" if node.language else "^^" + str(terms.shrink(node.datatype.value))
        return f'"{node.value}"{tag}'
    iri = str(getattr(node, "value", node))
    return terms.shrink(iri) or re.sub(r"-[0-9a-f]{10}$", "-…", iri.removeprefix(terms.BASE))


def test_a_place_is_named_classed_and_located() -> None:
    assert told("x:a owl:sameAs wd:Q900010 .") == {
        'wd:Q900010 rdfs:label "Zahle"@en',
        "wd:Q900010 wdt:P31 wd:Q486972",
        "wd:Q900010 wdt:P17 wd:Q900020",
        'wd:Q900010 wdt:P625 "Point(35.9 33.85)"^^geo:wktLiteral',
        'wd:Q900020 rdfs:label "Lebanon"@en',
    }


def test_a_person_is_a_citizen_and_held_offices() -> None:
    assert told("x:a owl:sameAs wd:Q900001 .") == {
        'wd:Q900001 rdfs:label "Aya Nasr"@en',
        'wd:Q900001 skos:altLabel "Aya "the Hawk" Nasr"@en',
        'wd:Q900001 http://schema.org/description "politician"@en',
        "wd:Q900001 wdt:P31 wd:Q5",
        "wd:Q900001 wdt:P27 wd:Q900020",
        'wd:Q900020 rdfs:label "Lebanon"@en',
        "wd:Q900001 wdt:P39 wd:Q900105",
        "wd:Q900001 wdt:P39 office/envoy-…",
        "wd:Q900001 wdt:P39 office/speaker-…",
        "wd:Q900001 p:P39 statement/Q900001-…",
        "statement/Q900001-… ps:P39 wd:Q900105",
        "statement/Q900001-… ps:P39 office/envoy-…",
        "statement/Q900001-… ps:P39 office/speaker-…",
        'wd:Q900105 rdfs:label "minister"@en',
        'office/envoy-… rdfs:label "envoy"@en',
        'office/speaker-… rdfs:label "speaker"@en',
        "office/speaker-… wdt:P17 wd:Q900020",
        'statement/Q900001-… pq:P580 "2016-12-18T00:00:00Z"^^xsd:dateTime',
        'statement/Q900001-… pq:P582 "2019-01"^^xsd:gYearMonth',
        'statement/Q900001-… pq:P580 "2010"^^xsd:gYear',
    }


@pytest.mark.parametrize(
    ("turtle", "lines"),
    [
        ("", set()),
        ("x:a skos:closeMatch wd:Q900010 .", set()),
        ("x:a owl:sameAs wd:Q1 , x:Q900010 , <http://www.wikidata.org/entity/P31> , 'Q900010' , [] .", set()),
        (
            "x:a owl:sameAs wd:Q900030 .",
            {'wd:Q900030 rdfs:label "Hill Brigade"@en', "wd:Q900030 wdt:P31 wd:Q17149090"},
        ),
        (
            "x:a owl:sameAs wd:Q900020 .",
            {
                'wd:Q900020 rdfs:label "Lebanon"@en',
                "wd:Q900020 wdt:P31 wd:Q6256",
                "wd:Q900020 wdt:P17 wd:Q900020",
                'wd:Q900020 wdt:P625 "Point(35.766667 33.833333)"^^geo:wktLiteral',
            },
        ),
        (
            "x:a owl:sameAs wd:Q900011 .",
            {
                'wd:Q900011 rdfs:label "Cape Zero"@en',
                "wd:Q900011 wdt:P31 wd:Q17334923",
                'wd:Q900011 wdt:P625 "Point(-70 0)"^^geo:wktLiteral',
            },
        ),
    ],
)
def test_only_what_is_linked_without_doubt_and_known(turtle: str, lines: set[str]) -> None:
    assert told(turtle) == lines


def test_statements_are_ours_and_named_for_what_they_say() -> None:
    base = "https://my.example/"
    found = wikidata.extract(quads("x:a owl:sameAs wd:Q900001 ."), gazetteer(), base=base)
    statements = {q.object.value for q in found if q.predicate.value == terms.PREFIXES["p"] + "P39"}  # type: ignore[union-attr]

    assert len(statements) == 3
    assert all(iri.startswith(base + "statement/Q900001-") for iri in statements)
    assert found == wikidata.extract(quads("x:b owl:sameAs wd:Q900001 ."), gazetteer(), base=base)


def test_the_questions_find_in_the_extract_what_they_ask_wikidata_for(tmp_path: Path) -> None:
    linked = CASES / "linked.trig"
    rdf.write(wikidata.extract(ox.parse(path=str(linked)), gazetteer()), tmp_path / "wikidata.ttl")
    store = open_store([linked, tmp_path / "wikidata.ttl"])
    answers = {name: ask(store, name) for name in ("wikidata-offices", "wikidata-places", "wikidata-countries")}

    assert [len(a.rows) if isinstance(a, Table) else 0 for a in answers.values()] == [3, 2, 2]
    assert "2017-08-31,Aya Nasr,minister,2016-12-18,2019-01," in render(answers["wikidata-offices"], "csv")


# The command ----------------------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> int:
    app = typer.Typer()
    app.command()(command)
    return int(app([str(argument) for argument in arguments], standalone_mode=False) or 0)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.gazetteer.load_gazetteer", lambda folder: gazetteer())


@pytest.mark.usefixtures("table")
def test_the_command_writes_a_file_twice_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one.ttl", "two.ttl"):
        run(CASES / "linked.trig", "-o", tmp_path / name)

    assert (tmp_path / "one.ttl").read_bytes() == (tmp_path / "two.ttl").read_bytes()
    assert "5 linked items, " in capsys.readouterr().err
    run(CASES / "linked.trig")
    assert capsys.readouterr().out == (tmp_path / "one.ttl").read_text(encoding="utf-8")


@pytest.mark.usefixtures("table")
def test_the_command_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no data; name an RDF file"):
        run()
    with pytest.raises(InputError, match="no such file"):
        run("none.nq")
    with pytest.raises(OutputError, match="no format known by this extension"):
        run(CASES / "linked.trig", "-o", "x.doc")
    assert list(tmp_path.iterdir()) == []


def test_kb_ask_says_who_answers(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.run(["ask", "wikidata-places", str(CASES / "linked.trig"), str(CASES / "wikidata.ttl"), "-f", "csv"])
    found = capsys.readouterr()

    assert (code, found.out) == (0, (CASES / "wikidata-places.csv").read_text(encoding="utf-8"))
    assert found.err == "answered from the data at hand; --online asks <https://query.wikidata.org/sparql>\n"

    cli.run(["ask", "places", str(CASES / "kb.trig")])
    assert capsys.readouterr().err == ""


def test_kb_ask_online_asks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.queries.ask_online", lambda *_, **__: True)

    assert cli.run(["ask", "wikidata-places", "--online", str(CASES / "linked.trig")]) == 0
    assert capsys.readouterr() == ("yes\n", "asking <https://query.wikidata.org/sparql> over the network\n")


# One alignment --------------------------------------------------------------------------------------------------------

CONSTRUCT = question("construct-wikidata").text


def rows(pattern: str) -> set[tuple[str, ...]]:
    """The rows of VALUES that have this form."""
    found = re.findall(pattern, CONSTRUCT)
    return {row if isinstance(row, tuple) else (row,) for row in found}


def test_the_construct_has_the_classes_of_the_alignment() -> None:
    stated = {terms.expand(cls): item for cls, item in rows(r"\((kb:\w+) wd:(Q\d+)\)")}
    nearest = alignment.classes()

    assert stated == {cls: item for cls, item in nearest.items() if cls in stated}
    assert set(nearest.values()) == set(stated.values())


def test_a_class_gives_way_to_those_below_it() -> None:
    stated = {cls for cls, _ in rows(r"\((kb:\w+) wd:(Q\d+)\)")}
    finer = set(re.findall(r"kb:\w+", CONSTRUCT.partition("FILTER(?finer IN (")[2].partition("))")[0]))

    assert finer == stated - {
        "kb:Person", "kb:Organization", "kb:Place", "kb:Event", "kb:MilitaryAction", "kb:Agreement", "kb:Position",
    }  # fmt: skip


def test_the_construct_has_the_posts_of_the_alignment() -> None:
    stated = rows(r"\((lex:[\w-]+) wdt:(P\d+) (kb:\w+)\)")
    countries = {(rule, prop) for rule, prop, body in stated if body == "kb:Country"}

    assert {(terms.expand(rule), prop) for rule, prop, _ in stated} == {
        (rule, prop) for rule, props in alignment.heads().items() for prop in props
    }
    assert countries == {(rule, prop) for rule, prop, _ in stated if prop in quickstatements.OF_COUNTRIES}
    assert {body for _, _, body in stated} == {"kb:Country", "kb:Organization"}


def test_the_construct_has_the_memberships_of_quickstatements() -> None:
    assert rows(r"\(kb:(\w+) kb:(\w+) wdt:(P\d+)\)") == set(quickstatements.MEMBERSHIPS)


def test_properties_are_those_that_the_ontology_is_aligned_with() -> None:
    aligned = (data_dir("ontology") / "alignment.ttl").read_text(encoding="utf-8")
    used = set(re.findall(r"wdt:(P\d+)", CONSTRUCT)) - {"P31"}

    assert used <= set(re.findall(r"wdt:(P\d+)", aligned))
    for role, prop in (*quickstatements.ROLES, *quickstatements.COUNTS):
        assert f"({role} wdt:{prop})" in CONSTRUCT


def test_every_id_is_one_that_was_verified() -> None:
    if not SHARED.is_dir():
        pytest.skip("the tables of Wikidata's ids are not at hand")
    files = [
        *data_dir("queries").glob("*.rq"),
        *(ROOT / "kb" / name for name in ("rdf/quickstatements.py", "wikidata.py")),
    ]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    used = {f"P{number}" for number in re.findall(r"(?:\b(?:wdt|p|ps|pq):P|\"[PS])(\d+)", text)}
    lines = (SHARED / "properties.tsv").read_text(encoding="utf-8").splitlines()
    verified = {line.split("\t")[0] for line in lines if "\tverified\t" in line}

    # The title has one source there, the quotation none; both are what every reference on Wikidata has.
    assert used - verified == {"P1476", "P1683"}
