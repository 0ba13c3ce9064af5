"""QuickStatements: what is given back to Wikidata, with which references, and that no text ever becomes a command."""

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb import rdf, terms
from kb.queries import ask
from kb.rdf import alignment, quickstatements
from kb.store import Triples, open_store

CASES = Path(__file__).parent / "cases"
CASE = CASES / "quickstatements.trig"
SAID = frozenset(ox.parse(path=str(CASE)))
ARTICLE = terms.BASE + "article/"

#: What a cell may hold: https://www.wikidata.org/wiki/Help:QuickStatements#Add_simple_statement.
VALUE = re.compile(
    r'Q[1-9]\d*|\d+|"[^"\u201c\u201d|\t\n]*"|en:"[^"\u201c\u201d|\t\n]+"|\+\d{4}-\d\d-\d\dT00:00:00Z/(9|10|11)',
    re.ASCII,
)

Row = list[str]


def written(said: frozenset[ox.Quad] | set[ox.Quad] = SAID) -> str:
    return rdf.serialize(said, "quickstatements").decode()


def commands(text: str) -> list[Row]:
    """The commands as both readers of version 1 take them, the one that splits at bars too; each cell is checked."""
    lines = text.replace("||", "\n").replace("|", "\t").split("\n")
    rows = [line.split("\t") for line in map(str.strip, lines) if line and not line.startswith("#")]
    for row in rows:
        assert not row[-1].endswith("*/"), "would be a comment"
        assert row == ["CREATE"] or re.fullmatch(r"LAST|Q[1-9]\d*", row[0], re.ASCII)
        assert all(re.fullmatch(r"[PS][1-9]\d*|[LD]en", key, re.ASCII) for key in row[1::2])
        assert all(VALUE.fullmatch(value) for value in row[2::2])
        assert len(row) in (1, 3) or len(row) % 2
    return rows


def keys(text: str) -> list[tuple[str, ...]]:
    return [(row[0], *row[1::2]) for row in commands(text)]


def test_the_pattern_written_by_hand_gives_the_commands_written_by_hand() -> None:
    assert written() == (CASES / "quickstatements.qs").read_text(encoding="utf-8")


def test_commands_are_the_same_after_a_file() -> None:
    back = set(ox.parse(rdf.serialize(SAID, "nquads"), format=ox.RdfFormat.N_QUADS))

    assert written(back) == written()


def test_every_statement_has_a_reference_and_only_an_address_is_a_url() -> None:
    rows = [row for row in commands(written()) if len(row) > 3]

    assert len(rows) > 20
    assert all({"S248", "S854", "S1476"} & set(row[3::2]) for row in rows)
    assert {row[row.index("S854") + 1] for row in rows if "S854" in row} == {
        '"https://news.example/one?a=%7C"',
        '"https://paper.example/2"',
    }
    assert [line for line in written().splitlines() if line.startswith("# No")] == [
        f"# No reference URL for what {ARTICLE}{name} says: the article has no address." for name in ("four", "three")
    ]


@pytest.mark.parametrize(
    "label", ["claimed", "proposed", "undated", "nobody known", "neither action nor agreement", "planned"]
)
def test_what_is_not_sure_is_not_given_back(label: str) -> None:
    assert label in {getattr(quad.object, "value", "") for quad in SAID}
    assert f'"{label}"' not in written()


def test_nothing_is_said_that_the_construct_does_not_say() -> None:
    """New items stand for our events: each claim is among the direct claims of the same knowledge base."""
    answer = ask(open_store(CASE), "construct-wikidata")
    assert isinstance(answer, Triples)
    claims = {(_short(t.subject), t.predicate.value, _short(t.object)) for t in answer.triples}
    labels = {o: s for s, p, o in claims if p.endswith("label")}
    subject, checked = "", 0
    for row in commands(written()):
        if row[0] == "LAST" and row[1] == "Len":
            subject = labels.get(row[2].strip('"').replace("'", '"'), ARTICLE + "one/event/3")
        elif len(row) > 3:
            said = subject if row[0] == "LAST" else row[0]
            assert (said, terms.PREFIXES["wdt"] + row[1], _time(row[2])) in claims or row[2] == "Q900101"
            checked += 1
    assert checked > 20


def _short(node: object) -> str:
    return str(getattr(node, "value", node)).removeprefix(terms.WIKIDATA)


def _time(value: str) -> str:
    """A date as RDF has it."""
    return re.sub(r"(-00)+T.*", "", value.removeprefix("+")) if "-00T" in value else re.sub(r"^\+|/11$", "", value)


@pytest.mark.parametrize(
    ("date", "kind", "time"),
    [
        ("2017-08-28", "date", "+2017-08-28T00:00:00Z/11"),
        ("2017-08", "gYearMonth", "+2017-08-00T00:00:00Z/10"),
        ("2017", "gYear", "+2017-00-00T00:00:00Z/9"),
        ("2017", "date", None),
        ("2017-08-28", "string", None),
        ("2017\tP31", "gYear", None),
        ("2017-08-28\n", "date", None),
        ("\u0662\u0660\u0661\u0667", "gYear", None),
        ("-0500", "gYear", None),
        ("", "date", None),
    ],
)
def test_a_date_says_its_precision(date: str, kind: str, time: str | None) -> None:
    assert quickstatements._time(ox.Literal(date, datatype=ox.NamedNode(terms.expand("xsd:" + kind)))) == time


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ('He said "no"\t|\n\u2028 twice', "He said 'no' \u00a6 twice"),
        ("\u201cyes\u201d", "\u2018yes\u2019"),
        ("word " * 60, "word " * 49 + "word\u2026"),
        ("a" * 10_000, "a" * 249 + "\u2026"),
        ("a" * 250, "a" * 250),
        ("\x00\u202e", "unnamed"),
    ],
)
def test_a_text_is_one_short_cell(text: str, safe: str) -> None:
    assert quickstatements._safe(text) == safe
    assert len(safe) <= quickstatements.LONGEST


PIECES = [
    "\t",
    "\n",
    "\r",
    '"',
    "|",
    "||",
    "\u201c",
    "\u201d",
    "\u2028",
    "/*",
    "*/",
    "\\",
    "\nCREATE\n",
    "\tS1\tQ1",
    " ",
]
HOSTILE = st.lists(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(PIECES), st.text("ab ", max_size=300))
).map("".join)
TEXTS = {terms.expand(name) for name in ("schema:headline", "nif:anchorOf")}


def _replaced(said: frozenset[ox.Quad], predicates: set[str] | None, text: str) -> set[ox.Quad]:
    """The quads with another text in the literals of some properties, or of all; types and languages stay."""
    found = set()
    for quad in said:
        value = quad.object
        if isinstance(value, ox.Literal) and (predicates is None or quad.predicate.value in predicates):
            tag = {"language": value.language} if value.language else {"datatype": value.datatype}
            quad = ox.Quad(quad.subject, quad.predicate, ox.Literal(text, **tag), quad.graph_name)
        found.add(quad)
    return found


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_no_title_and_no_quotation_changes_a_command(text: str) -> None:
    assert keys(written(_replaced(SAID, TEXTS, "x" + text))) == keys(written())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["", "2017-08-28", "2017", "4", "Q5"]), HOSTILE)
def test_no_name_date_or_number_makes_a_command(begin: str, text: str) -> None:
    assert len(commands(written(_replaced(SAID, None, begin + text)))) <= len(commands(written()))


def test_an_item_is_an_item_and_nothing_more() -> None:
    same = ox.NamedNode(terms.expand("owl:sameAs"))
    for item in ("Q5\u2028CREATE", "Q5/x", "Q05", "L1", "Q1,Q2"):
        said = {
            ox.Quad(q.subject, q.predicate, ox.NamedNode(terms.WIKIDATA + item)) if q.predicate == same else q
            for q in SAID
        }
        assert commands(written(said)) == []


def test_an_articles_iri_stays_in_its_comment() -> None:
    article = ox.NamedNode("https://news.example/\u2028Q1\u202e")
    said = {ox.Quad(article, ox.NamedNode(terms.expand("rdf:type")), ox.NamedNode(terms.expand("Article")))}

    assert written(said).splitlines()[1:] == [
        "# No reference URL for what https://news.example/ Q1 says: the article has no address."
    ]


def test_nothing_said_is_no_command() -> None:
    assert commands(written(set())) == []


def test_a_class_has_the_item_of_the_nearest_class_above_it() -> None:
    kinds = {terms.expand(name) for name in ("Event", "MilitaryAction", "TroopMovement")}

    assert alignment.item_of(kinds | {terms.expand("Airstrike")}) == "Q2380335"
    assert alignment.item_of(kinds) == alignment.item_of({terms.expand("MilitaryAction")}) == "Q645883"
    assert alignment.item_of({"https://example.org/terms#CyberAttack", terms.expand("Event")}) == "Q1190554"
    assert alignment.item_of({terms.expand("Statement")}) is None
