"""The error browser: what the page shows is what was counted, hostile text stays text, and nothing is fetched."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pyoxigraph import Quad
from rdflib import Graph

from kb import browser, rdf
from kb.browser import Compared, Fact, View, page, places, together, within, write
from kb.errors import OutputError
from kb.evaluation import FIRST_ROWS, Export, Outcome, compare, read_gold, totals

TEXT = "Dorvia strikes\n\nDorvian jets hit a small bridge in Tarsk. Bandi said the bridge was a military target.\n"
EVIL = "</script><img src=x onerror=alert(1)>\"'&\ud800"

ARTICLE = {
    "entities": {
        "dorvia": {"class": "Country", "names": ["Dorvia", "the Dorvian side"], "wikidata": "NIL"},
        "tarsk": {"class": "City", "names": ["Tarsk"], "wikidata": "Q5"},
        "bandi": {"class": "Person", "names": ["Lea Bandi", "Bandi"], "wikidata": None},
        "orim": {"class": "City", "names": ["Orim"], "wikidata": None},
    },
    "actions": [
        {
            "class": "Airstrike",
            "agent": ["dorvia"],
            "target": ["a small bridge"],
            "place": ["tarsk"],
            "date": "2031-05-02",
            "killed": 3,
            "factuality": "Actual",
            "evidence": ["Dorvian jets hit a small bridge in Tarsk"],
        }
    ],
    "relations": [["bandi", "leaderOf", "dorvia"], ["dorvia", "fights", "orim"]],
    "positions": [{"person": "bandi", "title": "president"}],
    "statements": [{"speaker": "bandi", "evidence": "the bridge was a military target", "attitude": "Reports"}],
}

EXPORT = """
@prefix kb: <https://w3id.org/newskb/ontology#> .
@prefix lex: <https://w3id.org/newskb/lexicon#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix gaf: <http://groundedannotationframework.org/gaf#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix nif: <http://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#> .
@prefix wd: <http://www.wikidata.org/entity/> .
@prefix : <http://example.org/> .
:dorvia a kb:Country ; rdfs:label "Dorvia"@en ; owl:sameAs wd:Q9 ; kb:confidence 0.9 ; gaf:denotedBy :m1 .
:tarsk a kb:Facility ; rdfs:label "Tarsk"@en ; owl:sameAs wd:Q5 ; gaf:denotedBy :m2 .
:bandi a kb:Person ; rdfs:label "Bandi"@en ; kb:leaderOf :dorvia ; kb:holds :post .
:post kb:title "president" .
:bridge rdfs:label "the bridge" .
:strike a kb:Airstrike ; kb:agent :dorvia ; kb:target :bridge ; kb:place :tarsk , :dorvia ; kb:killed 4 ;
    kb:rule lex:hit-v ; kb:confidence 0.75 ; gaf:denotedBy :m3 ; prov:wasQuotedFrom :m4 .
:led a rdf:Statement ; rdf:subject :bandi ; rdf:predicate kb:leaderOf ; rdf:object :dorvia ; kb:rule lex:leader-n ;
    prov:wasQuotedFrom :m4 .
:said a kb:Statement ; kb:speaker :bandi ; kb:text "that the bridge was a military target, he said" .
:other a kb:Statement ; kb:speaker :bandi ; kb:text "something else" .
:m1 nif:beginIndex "0" ; nif:endIndex "6" . :m2 nif:beginIndex "51" ; nif:endIndex "56" .
:m3 nif:beginIndex "29" ; nif:endIndex "32" . :m4 nif:beginIndex "16" ; nif:endIndex "57" .
"""


def compared(folder: Path, said: object = ARTICLE, export: str = EXPORT, text: str = TEXT) -> Compared:
    (folder / "strike.gold.json").write_text(json.dumps(said), encoding="utf-8")
    [gold] = read_gold(folder)
    graph = Graph().parse(data=export, format="turtle")
    return Compared(gold, Export(graph), text, tuple(compare(gold, graph)))


@pytest.fixture
def article(tmp_path: Path) -> Compared:
    return compared(tmp_path)


@pytest.fixture
def view(article: Compared) -> View:
    return View(article)


class Reader(HTMLParser):
    """The elements of a page with their attributes; fails where they do not nest."""

    EMPTY = frozenset({"meta", "input", "br", "img", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open.pop() != tag:
            assert tag in self.open


def shown(facts: Sequence[Fact]) -> list[tuple[str, str, str, str]]:
    return [(f.row, f.kind, f.gold.said if f.gold else "", f.system.said if f.system else "") for f in facts]


# What is shown --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        ("entities", "matched", "Dorvia / the Dorvian side", "Dorvia"),
        ("entities", "matched", "Tarsk", "Tarsk"),
        ("entity class", "missing extra", "City", "Facility"),
        ("entities", "missing", "Orim", ""),
        ("links", "extra", "", "Q9"),
        ("actions: class", "matched", "Airstrike", "Airstrike"),
        ("actions: target", "matched", "“a small bridge”", "“the bridge”"),
        ("actions: place", "matched", "Tarsk", "Tarsk"),
        ("actions: place", "extra", "", "Dorvia"),
        ("actions: killed", "missing extra", "3", "4"),
        ("actions: date", "missing", "2031-05-02", ""),
        ("relations: leaderOf", "matched", "Lea Bandi → Dorvia", "Bandi → Dorvia"),
        ("relations: fights", "missing", "Dorvia → Orim", ""),
        ("positions", "matched", "Lea Bandi: president", "Bandi: president"),
        ("statements", "extra", "", "Bandi: “something else”"),
    ],
)
def test_facts(view: View, line: tuple[str, str, str, str]) -> None:
    assert line in shown(view.facts)


def test_the_facts_of_an_event_stand_together(view: View) -> None:
    [event] = [group for group in view.groups if group.section == "actions"]

    assert event.facts[0].row == "actions: class"
    assert {fact.system.rule for fact in event.facts if fact.system} == {"lex:hit-v"}
    assert {fact.system.confidence for fact in event.facts if fact.system} == {"0.75"}


def test_facts_lead_to_their_evidence(view: View) -> None:
    at = {(f.row, f.kind): (f.gold.at if f.gold else (), f.system.at if f.system else ()) for f in view.facts}

    assert at["actions: class", "matched"] == (((16, 56),), ((29, 32),))
    assert at["actions: target", "matched"][0] == ((33, 47),)
    assert at["actions: place", "matched"] == (((51, 56),), ((51, 56),))
    assert at["relations: leaderOf", "matched"][1] == ((16, 57),)


def test_a_fight_leads_to_its_evidence_from_either_side(tmp_path: Path) -> None:
    fight = (
        ":orim a kb:City ; rdfs:label 'Orim' . :orim kb:fights :dorvia . :dorvia kb:fights :orim . :fight a rdf:Statement ;"
        "rdf:subject :orim ; rdf:predicate kb:fights ; rdf:object :dorvia ; kb:rule lex:war-n ; prov:wasQuotedFrom :m4 ."
    )
    facts = View(compared(tmp_path, export=EXPORT + fight)).facts
    [fact] = [fact for fact in facts if fact.row == "relations: fights"]

    assert fact.kind == "matched"
    assert fact.system is not None
    assert (fact.system.said, fact.system.rule, fact.system.at) == ("Orim → Dorvia", "lex:war-n", ((16, 57),))


def test_what_the_text_does_not_say_is_told(tmp_path: Path) -> None:
    assert "not found in the text" in page([compared(tmp_path, text="Nothing of the kind.")])
    assert 'data-article="strike"' in page([compared(tmp_path, text="")])


def test_the_text_is_whole_and_marked(article: Compared) -> None:
    text = page([article]).partition("<div class=text>")[2].partition("</div>")[0]

    assert unescape(re.sub(r"<[^>]+>", "", text)) == TEXT
    assert re.search(r'class="gold gold-matched system system-matched first"[^>]*>Dorvia</span>', text)
    assert re.search(r'class="trigger trigger-matched first" title="trigger: Airstrike, lex:hit-v">hit</span>', text)


def test_what_is_shown_is_what_was_counted(article: Compared) -> None:
    found = Counter[tuple[str, str]]()
    for fact in View(article).facts:
        found.update((fact.row, kind) for kind in fact.kind.split())
    counts = {row: tuple(found[row, kind] for kind in ("matched", "extra", "missing")) for row, _ in found}

    assert counts == {row: n for row, n in totals(article.outcomes).items() if row in counts}


def test_what_is_shown_of_the_annotated_articles_is_what_was_counted(
    gold_folder: Path, gold_export: dict[str, set[Quad]]
) -> None:
    found, outcomes = Counter[tuple[str, str]](), list[Outcome]()
    for gold in read_gold(gold_folder):
        graph = Graph().parse(data=rdf.serialize(gold_export[gold.name], "turtle"), format="turtle")
        one = Compared(gold, Export(graph), "", tuple(compare(gold, graph)))
        outcomes += one.outcomes
        found.update((fact.row, kind) for fact in View(one).facts for kind in fact.kind.split())
    counts = totals(outcomes)
    single = {row for row in counts if ":" in row or row in ("entities", "entity class", "links")}

    assert {row: tuple(found[row, kind] for kind in ("matched", "extra", "missing")) for row in single} == {
        row: counts[row] for row in single
    }


# The page -------------------------------------------------------------------------------------------------------------


def test_filters_find_what_they_need(article: Compared) -> None:
    elements = Reader(page([article])).elements
    facts = [attributes for _, attributes in elements if "data-slot" in attributes]
    offered = {attributes.get("value") for tag, attributes in elements if tag == "option"}
    ids = {attributes["id"] for _, attributes in elements if "id" in attributes}

    assert {fact["data-slot"] for fact in facts} <= offered
    assert {"matched", "missing", "extra", "missing extra"} == {fact["data-kind"] for fact in facts}
    assert "lex:hit-v" in {fact["data-rule"] for fact in facts}
    assert {"article", "slot", "rule", "words", "count"} <= ids
    assert {*FIRST_ROWS} - {"agreements"} <= offered


def test_figures_are_those_of_the_evaluation(article: Compared) -> None:
    text = page([article])

    assert '<tr data-go-slot="actions: place"><th scope="row"><a href="#">actions: place</a></th>' in text
    assert "<td>0.500</td><td>1.000</td><td>0.667</td><td>1</td><td>1</td><td>0</td><td>1</td></tr>" in text
    assert '<tr data-go-rule="lex:hit-v">' in text


def test_the_page_needs_nothing_else(article: Compared) -> None:
    text = page([article])
    elements = Reader(text).elements

    assert [
        tag for tag, attributes in elements if {"src", "srcset"} & attributes.keys() or tag in ("link", "img")
    ] == []
    assert {attributes["href"] for _, attributes in elements if "href" in attributes} == {"#"}
    assert not re.search(r"url\(|@import|fetch\(|https?:", text)
    assert "{{" not in text


def test_only_our_script_may_run(article: Compared) -> None:
    [policy] = [a["content"] for _, a in Reader(page([article])).elements if "http-equiv" in a]

    assert policy is not None
    assert re.search(r"default-src 'none';.* script-src 'sha256-[\w+/]{43}='$", policy)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    said = json.loads(json.dumps(ARTICLE).replace("Tarsk", json.dumps(EVIL)[1:-1]))
    quoted = EVIL.replace("\ud800", "").replace('"', '\\"')
    export = EXPORT.replace("Tarsk", quoted).replace("something else", quoted)
    text = page([compared(tmp_path, said, export, TEXT.replace("Tarsk", EVIL))])
    tags = {tag for tag, _ in Reader(text).elements}

    text.encode()
    assert "img" not in tags
    assert text.count("<script>") == text.count("</script>") == 1
    assert not any(name.startswith("on") for _, attributes in Reader(text).elements for name in attributes)
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;" in text


def test_a_placeholder_in_a_text_stays_as_it_is(tmp_path: Path) -> None:
    assert "{{script}} {{body}} {{none}}" in page([compared(tmp_path, export="", text="{{script}} {{body}} {{none}}")])


def test_same_bytes_again(tmp_path: Path) -> None:
    lines = EXPORT.splitlines()
    turned = "\n".join(lines[:12] + lines[-2:] + lines[12:-2])

    assert page([compared(tmp_path)]) == page([compared(tmp_path)]) == page([compared(tmp_path, export=turned)])


def test_no_articles_no_facts() -> None:
    assert "class=fact" not in page([])


def test_writing_is_whole_or_not_at_all(article: Compared, tmp_path: Path) -> None:
    write([article], tmp_path / "errors.html")

    assert (tmp_path / "errors.html").read_text(encoding="utf-8") == page([article])
    with pytest.raises(OutputError, match="cannot be written"):
        write([article], tmp_path)
    with pytest.raises(OutputError, match="nowhere"):
        write([article], tmp_path / "nowhere" / "errors.html")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["errors.html", "strike.gold.json"]


# Places in the text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "phrase", "expected"),
    [
        ("US bus us US", "US", ((0, 2), (10, 12))),
        ("in the\n bus.", "the bus", ((3, 11),)),
        ("in the bus", "The Bus", ((3, 10),)),
        ("in the bus", "bu", ()),
        ("in the (bus", "(bus", ((7, 11),)),
        ("in the bus", "", ()),
    ],
)
def test_places(text: str, phrase: str, expected: browser.Places) -> None:
    assert places(text, phrase) == expected


def test_within_and_together() -> None:
    assert within(((0, 2), (5, 7)), ((4, 9),)) == ((5, 7),)
    assert within(((0, 2),), ((4, 9),)) == ((0, 2),)
    assert together(((0, 2), (50, 52)), ((40, 44),)) == ((40, 44), (50, 52))
    assert together((), ((40, 44),)) == ((40, 44),)
