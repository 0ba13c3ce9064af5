import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from kb import terms
from kb.errors import OntologyError
from kb.resources import data_dir, entries

RDF_TYPE = terms.PREFIXES["rdf"] + "type"


@pytest.mark.parametrize(
    ("term", "iri"),
    [
        ("Airstrike", "https://w3id.org/newskb/ontology#Airstrike"),
        ("CyberAttack", "https://w3id.org/newskb/ontology#CyberAttack"),
        ("kb:agent", "https://w3id.org/newskb/ontology#agent"),
        ("lex:bomb-v", "https://w3id.org/newskb/lexicon#bomb-v"),
        ("lex:head of events", "https://w3id.org/newskb/lexicon#head%20of%20events"),
        ("prov:used", "http://www.w3.org/ns/prov#used"),
        ("https://example.org/x#Y", "https://example.org/x#Y"),
        ("urn:isbn:1", "urn:isbn:1"),
    ],
)
def test_a_term_expands(term: str, iri: str) -> None:
    assert terms.expand(term) == iri


@pytest.mark.parametrize("term", ["", "two words", "https://example.org/<x>", "nothing here: x", "1st", "\ud800"])
def test_what_is_no_term_is_named(term: str) -> None:
    with pytest.raises(OntologyError, match="not a term"):
        terms.expand(term)


def test_the_namespace_knows_its_terms() -> None:
    assert str(terms.KB.Airstrike) == "https://w3id.org/newskb/ontology#Airstrike"
    assert "agent" in terms.KB
    assert list(terms.KB) == sorted(terms.CLASSES | terms.PROPERTIES | terms.INDIVIDUALS)


def test_a_mistyped_term_fails() -> None:
    with pytest.raises(AttributeError, match="Airstrik is not a term"):
        _ = terms.KB.Airstrik


def test_the_table_holds_what_the_ontology_declares() -> None:
    declared = {e.id for e in entries([data_dir("ontology") / "newskb.ttl"]) if e.all(RDF_TYPE) and e.all(_LABEL)}

    assert set(terms.KB) == {term for term in declared if ":" not in term}


_LABEL = terms.PREFIXES["rdfs"] + "label"


@pytest.mark.parametrize("iri", [*terms.PREFIXES.values(), terms.BASE])
def test_each_namespace_ends_where_a_name_begins(iri: str) -> None:
    assert terms.legal(iri)
    assert iri[-1] in "#/"


@pytest.mark.parametrize(
    ("iri", "short"),
    [
        ("http://www.wikidata.org/entity/Q30", "wd:Q30"),
        ("http://www.wikidata.org/prop/direct/P31", "wdt:P31"),
        ("https://w3id.org/newskb/lexicon#bomb-v", "lex:bomb-v"),
        ("https://w3id.org/newskb/lexicon#a%20b", None),
        ("http://www.w3.org/ns/prov#", None),
        ("https://example.org/x", None),
    ],
)
def test_an_iri_shrinks(iri: str, short: str | None) -> None:
    assert terms.shrink(iri) == short


@pytest.mark.parametrize(
    ("url", "iri"),
    [
        ("https://news.example/2017/a-b?c=1&d=%20#e", "https://news.example/2017/a-b?c=1&d=%20#e"),
        (" http://news.example/ü<x> ", "http://news.example/%C3%BC%3Cx%3E"),
        ("http://news.example/100%", "http://news.example/100%25"),
        ("javascript:alert(1)", None),
        ("news.example/a", None),
        ("http://", None),
        ("http://a#b#c", None),
    ],
)
def test_a_web_address_becomes_legal(url: str, iri: str | None) -> None:
    assert terms.web_address(url) == iri


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("ISIS\u2019 convoy — U.S. strike!", "isis-convoy-u-s-strike"),
        ("Émile Lahoud", "emile-lahoud"),
        ("حزب الله", ""),
        ("a" * 70, "a" * 60),
        ("one two " * 10, "one-two-one-two-one-two-one-two-one-two-one-two-one-two-one"),
    ],
)
def test_a_slug_is_readable(text: str, slug: str) -> None:
    assert terms.slug(text) == slug


@pytest.mark.parametrize(
    ("one", "other"), [("The U.S.", "US"), ("Deir el-Zour", "deir el zour"), ("Zahlé", "Zahle"), ("Syria's", "Syria")]
)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert terms.normal_name(one) == terms.normal_name(other)


def test_parts_of_a_digest_stay_apart() -> None:
    assert terms.digest("ab", "c") != terms.digest("a", "bc")
    assert terms.digest("\ud800") == terms.digest("\ud800")
    assert len(terms.digest("x", size=8)) == 8


@given(st.text())
def test_whatever_a_slug_is_made_of_it_is_a_piece_of_an_iri(text: str) -> None:
    for piece in (terms.slug(text), terms.part(text), terms.named(text, "0a")):
        assert NamedNode(terms.BASE + piece).value.isascii()
        assert "/" not in piece


@given(st.text())
def test_a_web_address_is_legal_or_none(text: str) -> None:
    address = terms.web_address("https://news.example/" + text)

    assert address is None or terms.legal(address)
