"""What we write is read by rdflib, pyoxigraph and raptor's ``rapper`` as one and the same graph."""

import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

from kb import rdf
from kb.errors import OutputError
from kb.model import Article, Extraction, Statement
from kb.rdf import literals
from kb.terms import BASE
from tests.extractions import ALL, WAR, entity, read

NAMED_GRAPHS = ("trig", "nquads", "jsonld")
EXAMPLE = Path(__file__).parent / "cases" / "example.trig"
#: The formats that are RDF; QuickStatements are commands, which say less.
OX = {
    "turtle": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}
RDFLIB = {
    "turtle": "turtle",
    "trig": "trig",
    "ntriples": "nt11",
    "nquads": "nquads",
    "jsonld": "json-ld",
    "rdfxml": "xml",
}
#: JSON-LD is not among raptor's syntaxes.
RAPPER = {"turtle": "turtle", "trig": "trig", "ntriples": "ntriples", "nquads": "nquads", "rdfxml": "rdfxml"}

Lines = set[str]


def lines(quads: set[ox.Quad], *, named: bool) -> Lines:
    """Quads, or their triples, as N-Quads lines."""
    return {str(quad if named else quad.triple) for quad in quads}


def by_oxigraph(data: bytes, name: str) -> Lines:
    return lines(set(ox.parse(data, format=OX[name])), named=name in NAMED_GRAPHS)


def by_rdflib(data: bytes, name: str) -> Lines:
    dataset = rdflib.Dataset()
    dataset.parse(data=data, format=RDFLIB[name])
    return lines({_quad(*quad) for quad in dataset.quads()}, named=name in NAMED_GRAPHS)


def _quad(s: rdflib.term.Node, p: rdflib.term.Node, o: rdflib.term.Node, graph: object) -> ox.Quad:
    name = ox.DefaultGraph() if graph in (None, DATASET_DEFAULT_GRAPH_ID) else ox.NamedNode(str(graph))
    return ox.Quad(ox.NamedNode(str(s)), ox.NamedNode(str(p)), _object(o), name)


def _object(node: rdflib.term.Node) -> ox.NamedNode | ox.Literal:
    if isinstance(node, rdflib.URIRef):
        return ox.NamedNode(str(node))
    assert isinstance(node, rdflib.Literal), "a blank node"
    if node.language:
        return ox.Literal(str(node), language=node.language)
    return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype or rdflib.XSD.string)))


def by_rapper(file: Path, name: str) -> Lines:
    command = ["rapper", "--quiet", "--input", RAPPER[name], "--output", "ntriples", str(file)]
    done = subprocess.run(command, capture_output=True, check=True)
    return by_oxigraph(done.stdout, "ntriples")


@pytest.fixture(scope="module", autouse=True)
def _exact_literals() -> object:
    """Have rdflib compare literals as they are written, as the others do."""
    kept, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    yield
    rdflib.NORMALIZE_LITERALS = kept


def everything(extraction: Extraction) -> set[ox.Quad]:
    return rdf.quads(extraction, evidence="roles", text=True, software=rdf.Software(version="1", model="2", ended=3))


@pytest.mark.parametrize("name", OX)
@pytest.mark.parametrize("case", ALL)
def test_oxigraph_reads_what_we_say(case: str, name: str) -> None:
    said = everything(ALL[case])

    assert by_oxigraph(rdf.serialize(said, name), name) == lines(said, named=name in NAMED_GRAPHS)


@pytest.mark.parametrize("name", OX)
@pytest.mark.parametrize("case", ALL)
def test_rdflib_reads_what_we_say(case: str, name: str) -> None:
    said = everything(ALL[case])

    assert by_rdflib(rdf.serialize(said, name), name) == lines(said, named=name in NAMED_GRAPHS)


@pytest.mark.skipif(not shutil.which("rapper"), reason="rapper is not installed (Debian: raptor2-utils)")
@pytest.mark.parametrize("name", RAPPER)
@pytest.mark.parametrize("case", ALL)
def test_rapper_reads_what_we_say(case: str, name: str, tmp_path: Path) -> None:
    said, file = everything(ALL[case]), tmp_path / f"kb{rdf.FORMATS[name].suffix}"
    rdf.write(said, file)

    assert by_rapper(file, name) == lines(said, named=False)


@pytest.mark.parametrize("name", rdf.FORMATS)
@pytest.mark.parametrize("case", ALL)
def test_order_does_not_show(case: str, name: str) -> None:
    said = sorted(everything(ALL[case]), key=str)
    first = rdf.serialize(said, name)
    for seed in range(3):
        random.Random(seed).shuffle(said)

        assert rdf.serialize(said, name) == first


@pytest.mark.parametrize("name", rdf.FORMATS)
def test_the_bytes_are_the_same_in_any_process(name: str) -> None:
    """Whatever the seed of hashes, ours and the libraries'."""
    program = (
        "import sys; from kb import rdf; from tests.extractions import WAR; "
        f"sys.stdout.buffer.write(rdf.serialize(rdf.quads(WAR), {name!r}))"
    )
    root = Path(__file__).resolve().parents[1]

    def run(seed: str) -> bytes:
        environment = os.environ | {"PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", program], cwd=root, env=environment, capture_output=True, check=True
        ).stdout

    assert run("1") == run("2") == rdf.serialize(rdf.quads(WAR), name)


def test_the_pattern_written_by_hand_survives_every_syntax() -> None:
    pattern = set(ox.parse(path=str(EXAMPLE)))
    for name in OX:
        assert by_oxigraph(rdf.serialize(pattern, name), name) == lines(pattern, named=name in NAMED_GRAPHS)


# --- any quads, not only ours ----------------------------------------------------------------------------------------

X = "https://example.org/"
RDF_TYPE = str(rdflib.RDF.type)
XSD = str(rdflib.XSD)
ODD = [
    ox.Triple(ox.NamedNode(X + "s"), ox.NamedNode(X + "p"), value)
    for value in (
        ox.Literal(""),
        ox.Literal("1"),
        ox.Literal("1", language="en-gb"),
        ox.Literal("1", datatype=ox.NamedNode(XSD + "decimal")),
        ox.Literal("1.", datatype=ox.NamedNode(XSD + "decimal")),
        ox.Literal("1.0", datatype=ox.NamedNode(XSD + "decimal")),
        ox.Literal("+01", datatype=ox.NamedNode(XSD + "integer")),
        ox.Literal("1e0", datatype=ox.NamedNode(XSD + "double")),
        ox.Literal("True", datatype=ox.NamedNode(XSD + "boolean")),
        ox.Literal("<a/>", datatype=ox.NamedNode(X + "datatype/1")),
        ox.Literal("a#char=1,2 b"),
        ox.Literal("a#char=1,2 a"),
        ox.Literal("\r\n\t\\u0041'''\"\"\""),
        ox.NamedNode(BASE),
        ox.NamedNode(BASE + "a:b/c"),
        ox.NamedNode(BASE + "a/../b"),
        ox.NamedNode(BASE + "a//b"),
        ox.NamedNode(BASE + "/a"),
        ox.NamedNode(BASE + "a/b?c#d"),
        ox.NamedNode(X + "\u00fc#char=01,2"),
        ox.NamedNode(X + "#char=1,2"),
        ox.NamedNode("urn:x:y"),
        ox.NamedNode("geo:1,2"),
        ox.NamedNode("http://www.opengis.net/ont/geosparql#Feature"),
        ox.NamedNode("http://www.wikidata.org/entity/"),
        ox.NamedNode("https://schema.org/a.b"),
    )
]


@pytest.mark.parametrize("name", OX)
def test_odd_terms_are_read_back(name: str) -> None:
    graph = ox.NamedNode(BASE + "g/1")
    odd = {
        ox.Quad(triple.subject, triple.predicate, triple.object, g)
        for triple in ODD
        for g in (graph, ox.DefaultGraph())
    }
    data = rdf.serialize(odd, name)

    assert by_oxigraph(data, name) == lines(odd, named=name in NAMED_GRAPHS)
    assert by_rdflib(data, name) == lines(odd, named=name in NAMED_GRAPHS)


@pytest.mark.parametrize("name", OX)
def test_types_that_are_no_iris_and_blank_nodes_are_read_back(name: str) -> None:
    """CONSTRUCT may give what we never say."""
    b, p = ox.BlankNode("b"), ox.NamedNode(X + "p")
    odd = {ox.Quad(b, ox.NamedNode(RDF_TYPE), ox.BlankNode("c")), ox.Quad(b, p, b), ox.Quad(b, p, ox.Literal("x"))}
    back = ox.Dataset(ox.parse(rdf.serialize(odd, name), format=OX[name]))
    back.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    there = ox.Dataset(odd)
    there.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)

    assert back == there


def test_what_xml_cannot_say_is_named() -> None:
    bell = ox.Quad(ox.NamedNode(X), ox.NamedNode(X + "p"), ox.Literal("\x07"))
    digit = ox.Quad(ox.NamedNode(X), ox.NamedNode(X + "1"), ox.Literal("x"))
    for quad in (bell, digit):
        with pytest.raises(OutputError, match="cannot be said in rdfxml"):
            rdf.serialize([quad], "rdfxml")


@pytest.mark.parametrize("name", OX)
def test_nothing_said_is_read_as_nothing(name: str) -> None:
    assert by_oxigraph(rdf.serialize([], name), name) == by_rdflib(rdf.serialize([], name), name) == set()


# --- layout ----------------------------------------------------------------------------------------------------------


def test_turtle_is_laid_out_for_eyes() -> None:
    text = rdf.serialize(rdf.quads(WAR), "turtle").decode()
    paragraphs = text.split("\n\n")

    assert "@prefix kb: <https://w3id.org/newskb/ontology#> ." in paragraphs[0]
    assert "@prefix foaf:" not in text
    assert '\n<entity/Q822> a kb:Country ;\n    rdfs:label "Lebanon"@en ;\n    skos:altLabel "Lebanese"@en ;\n' in text
    assert text.count("\n<entity/Q822> ") == 1
    places = [p.partition("#char=")[2].partition(">")[0] for p in paragraphs if p.partition(" ")[0].count("#char=")]
    assert places == sorted(places, key=lambda p: [int(n) for n in p.split(",")])


@pytest.mark.parametrize("name", ["turtle", "trig", "ntriples", "nquads"])
def test_nothing_hides_in_a_line(name: str) -> None:
    text = rdf.serialize(everything(ALL["hostile"]), name).decode()

    assert text.splitlines() == text.split("\n")[:-1]
    assert not set(text) & {chr(c) for c in literals.MISLEADING}


@pytest.mark.parametrize("name", ["ntriples", "nquads"])
def test_lines_are_sorted_as_bytes(name: str) -> None:
    data = rdf.serialize(everything(ALL["hostile"]), name).splitlines()

    assert data == sorted(set(data))


# --- any text at all -------------------------------------------------------------------------------------------------


def article_about(name: str, title: str) -> Extraction:
    article = Article(
        name=name, title=title, body=f"He said {name} fell.", url=f"https://news.example/{title}", source=name
    )
    told = read(article, "said", "He said", "fell.", name, 0.5)
    statement = Statement(
        key="s1", speakers=("n1",), text=name, attitude="Reports", about=(), date=title, provenance=told
    )
    return Extraction(article=article, entities=(entity(article, "n1", "Person", name),), statements=(statement,))


HOSTILE_TEXT = st.text(
    st.one_of(st.characters(), st.sampled_from("\"'\\<>{}\r\n\t\x00\x85\u2028\u202e\ufeff\ud800 %#")), min_size=1
)


@given(HOSTILE_TEXT, HOSTILE_TEXT)
@settings(max_examples=60, deadline=None)
def test_any_name_and_title_are_read_back(name: str, title: str) -> None:
    said = everything(article_about(name, title))
    for syntax in OX:
        data = rdf.serialize(said, syntax)

        assert by_oxigraph(data, syntax) == lines(said, named=syntax in NAMED_GRAPHS)
        if syntax in ("turtle", "jsonld", "rdfxml"):
            assert by_rdflib(data, syntax) == lines(said, named=syntax in NAMED_GRAPHS)


@given(HOSTILE_TEXT)
@settings(max_examples=60, deadline=None)
def test_anchors_are_the_text_whatever_it_is(name: str) -> None:
    extraction = article_about(name, "x")
    text = literals.exact(extraction.article.text).value
    said = rdf.quads(extraction)
    anchors = {(str(q.subject)[1:-1], q.object) for q in said if q.predicate.value.endswith("#anchorOf")}

    assert len(text) == len(extraction.article.text)
    for iri, anchor in anchors:
        begin, end = map(int, iri.partition("#char=")[2].split(","))
        assert anchor == ox.Literal(text[begin:end])


def test_one_article_more_changes_nothing_of_the_others() -> None:
    other = everything(replace(WAR, article=replace(WAR.article, url=None)))
    graphs = {quad.graph_name for quad in everything(WAR)}

    assert {quad for quad in everything(WAR) | other if quad.graph_name in graphs} == everything(WAR)
