"""Shapes, axioms and the checks beside them: an article that is right, and each way to be wrong."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from kb import checks, ontology, store
from kb.checks import Finding, check
from kb.errors import InputError, OntologyError
from kb.ontology import Clash, Verdict

EXAMPLE = Path(__file__).parent / "cases" / "example.trig"
ARTICLE = "https://w3id.org/newskb/id/article/lebanese-jets-strike-hill-post-as-truce-is-agreed-4b1c09e7aa"
KB = "https://w3id.org/newskb/ontology#"
SHAPES = Path(__file__).resolve().parents[1] / "ontology" / "shapes.ttl"

PREFIXES = f"""
@prefix a: <{ARTICLE}/> .
@prefix gaf: <http://groundedannotationframework.org/gaf#> .
@prefix i: <https://w3id.org/newskb/id/> .
@prefix itsrdf: <http://www.w3.org/2005/11/its/rdf#> .
@prefix kb: <{KB}> .
@prefix lex: <https://w3id.org/newskb/lexicon#> .
@prefix nif: <http://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix wd: <http://www.wikidata.org/entity/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix x: <https://w3id.org/newskb/id/x/> .
"""

STRIKE = "a:event\\/8f20b6d1c9"
TRUCE = "a:event\\/2ad7c4e053"
SAID = "a:statement\\/7b3e1a90d6"
POST = "a:position\\/3e9a7d0b12"
ARMY = "i:armedforce\\/lebanese-army-93f0c6d8"
HADDAD = "i:person\\/karim-haddad-18be5f93"
ZAHLE = "i:city\\/zahle-c2d94e10"
JETS = "a:participant\\/d94b0c7e83"

# What is added to the example, and the message that it must bring about. Every message of the shapes stands here.
SHAPE_CASES = [
    ("x:e a kb:Person .", "has no rdfs:label in English"),
    ('x:e a kb:Place ; rdfs:label "Ort"@de .', "has no rdfs:label in English"),
    ("x:e a kb:City .", "is denoted by no mention"),
    (f"x:e a kb:Statement ; gaf:denotedBy {STRIKE} .", "is denoted by no mention"),
    ("x:e a kb:Raid .", "is quoted from no sentence"),
    ("x:e a kb:Company .", "has no kb:confidence from 0 to 1"),
    ("x:e a kb:Company ; kb:confidence 1.5 .", "has no kb:confidence from 0 to 1"),
    (f"{STRIKE} kb:confidence 0.5 .", "has more than one kb:confidence"),
    (f"{STRIKE} kb:rule lex:other .", "has not exactly one kb:rule"),
    (f"{STRIKE} kb:date '2017-08-27'^^xsd:date .", "has more than one kb:date, or one that is no date, month or year"),
    (f"{TRUCE} kb:date 'Monday' .", "has more than one kb:date, or one that is no date, month or year"),
    ("[] a kb:Event .", "is a blank node"),
    ("[] a kb:Person .", "is a blank node"),
    ("[] a kb:Article .", "is a blank node"),
    (f"{ARMY} owl:sameAs x:e .", "is the same as more than one thing, or as something that is no Wikidata item"),
    ("<https://w3id.org/newskb/id/entity/Q822> owl:sameAs wd:Q796 .", "is the same as more than one thing"),
    (f"{ARMY} skos:closeMatch <http://www.wikidata.org/wiki/Q822> .", "is matched with something that is no Wikidata"),
    (f"{ARMY} skos:altLabel ''@en .", "has an empty skos:altLabel, or one that is not in English"),
    (f"{JETS} a kb:ArmedForce .", "is a described participant and a named entity or event at once"),
    (f"{JETS} owl:sameAs wd:Q822 .", "is described and not named, and yet the same as something"),
    ("x:e a kb:Ceasefire .", "has not exactly one kb:factuality"),
    (f"{STRIKE} kb:factuality kb:Denied .", "has not exactly one kb:factuality"),
    (f"{STRIKE} kb:endDate 'later' .", "has more than one kb:endDate, or one that is no date, month or year"),
    (f"{STRIKE} kb:place {HADDAD} .", "happened at something that is no place"),
    (f"{STRIKE} kb:attributedTo {ZAHLE} .", "is attributed to something that is no agent"),
    (f"{STRIKE} kb:partOf {ZAHLE} .", "is part of something that is no event"),
    (f"{STRIKE} kb:agent {ZAHLE} .", "was carried out by something that is no agent"),
    (f"{STRIKE} kb:target {SAID} .", "was directed against something that is no entity or participant"),
    (f"{STRIKE} kb:killed 5 .", "has more than one kb:killed, or one that is no number of people"),
    (f"{STRIKE} kb:injured -1 .", "has more than one kb:injured, or one that is no number of people"),
    (f"{STRIKE} kb:captured 'some' .", "has more than one kb:captured, or one that is no number of people"),
    (f"{TRUCE} kb:party {ZAHLE} .", "binds something that is no agent"),
    (f"{TRUCE} kb:mediator {STRIKE} .", "was brokered by something that is no agent"),
    (f"{TRUCE} kb:status kb:Violated .", "has more than one kb:status, or one that is none of ours"),
    (f"{TRUCE} kb:agent {ARMY} .", "is an agreement with a kb:agent instead of parties"),
    (f"{TRUCE} kb:target {ARMY} .", "is an agreement with a kb:target"),
    (f"{STRIKE} kb:party {ARMY} .", "is a military action with a kb:party"),
    (f"{STRIKE} kb:status kb:Agreed .", "is a military action with the kb:status of an agreement"),
    (f"{SAID} kb:speaker {ZAHLE} .", "has no kb:speaker who is an agent"),
    ("x:e a kb:Statement .", "has no kb:speaker who is an agent"),
    ("x:e a kb:Statement ; kb:text '' .", "has not exactly one kb:text"),
    (f"{SAID} kb:attitude kb:Denied .", "has not exactly one kb:attitude of ours"),
    (f"{SAID} kb:about {SAID} .", "is about something that is no entity or event"),
    ("x:e a kb:Position .", "has not exactly one kb:title"),
    (f"{POST} kb:former true .", "does not say whether it is kb:former"),
    (f"{POST} kb:positionIn {ZAHLE} .", "is in something that is no organization or country"),
    ("x:e a kb:Position .", "is held by nobody"),
    (f"{ZAHLE} kb:supports {ARMY} .", "backs, fights, belongs to, leads or controls, and is no agent"),
    (f"{ARMY} kb:supports {ZAHLE} .", "supports something that is no agent"),
    (f"{ARMY} kb:fights {STRIKE} .", "fights something that is no agent"),
    (f"{ARMY} kb:memberOf {HADDAD} .", "is member of something that is no organization or country"),
    (f"{HADDAD} kb:leaderOf {ZAHLE} .", "leads something that is no organization or country"),
    (f"{ARMY} kb:controls {HADDAD} .", "controls something that is no place"),
    (f"{ARMY} kb:holds {POST} .", "speaks for somebody or holds a position, and is no person"),
    (f"{HADDAD} kb:spokespersonFor {ZAHLE} .", "speaks for something that is no organization or country"),
    (f"{HADDAD} kb:holds {STRIKE} .", "holds something that is no position"),
    (f"{ARMY} kb:locatedIn {ZAHLE} .", "is located somewhere, and is no place"),
    (f"{ZAHLE} kb:locatedIn {ARMY} .", "is located in something that is no place"),
    (f"<{ARTICLE}> schema:datePublished 'today' .", "has more than one schema:datePublished, or one that is no date"),
    (f"<{ARTICLE}> schema:headline 'Another' .", "has more than one schema:headline"),
    (f"<{ARTICLE}> nif:isString 'Another' .", "has more than one nif:isString"),
    ("x:e a nif:OffsetBasedString .", "has an IRI that does not end in #char=begin,end"),
    (f"<{ARTICLE}#char=9,5> a nif:OffsetBasedString .", "has not exactly one nif:beginIndex before its nif:endIndex"),
    (
        f"<{ARTICLE}#char=9,5> a nif:OffsetBasedString ; nif:beginIndex '9'^^xsd:nonNegativeInteger ;"
        " nif:endIndex '5'^^xsd:nonNegativeInteger .",
        "has not exactly one nif:beginIndex before its nif:endIndex",
    ),
    (f"<{ARTICLE}#char=0,8> nif:endIndex 9 .", "has not exactly one nif:endIndex"),
    (f"<{ARTICLE}#char=0,8> nif:anchorOf 'Lebanon' .", "has not exactly one nif:anchorOf"),
    (f"<{ARTICLE}#char=0,8> nif:referenceContext x:e .", "stands in not exactly one article"),
    ("x:e a rdf:Statement .", "is evidence without exactly one rdf:subject"),
    ("x:e a rdf:Statement .", "is evidence without exactly one rdf:predicate"),
    ("x:e a rdf:Statement .", "is evidence without exactly one rdf:object"),
    ("x:e a prov:Activity .", "is a run that used nothing"),
    ("x:e a prov:Activity .", "is a run of no software"),
]

# What is added to the example, and what the ontology says to it.
AXIOM_CASES = [
    (f"{HADDAD} a kb:ArmedForce .", "is both Organization and Person, which are disjoint"),
    (f"{ARMY} a kb:Region .", "is both Organization and Place, which are disjoint"),
    (f"{STRIKE} a kb:Treaty .", "is both Agreement and MilitaryAction, which are disjoint"),
    (f"{HADDAD} owl:sameAs wd:Q822 .", "is both Person and Place, which are disjoint"),
    (f"{STRIKE} kb:party {ARMY} .", "the subject of party is no Agreement"),
    (f"{STRIKE} kb:place {HADDAD} .", "the object of place is no Participant or Place"),
    (f"{ARMY} kb:leaderOf {ARMY} .", "leaderOf relates it to itself, which cannot be"),
    (f"{ARMY} kb:fights {ARMY} .", "fights relates it to itself, which cannot be"),
]

# What is added to the example, and what the checks beside the shapes say to it.
DATA_CASES = [
    (f"<{ARTICLE}#char=0,8> nif:beginIndex '0'^^xsd:nonNegativeInteger .", []),
    (
        f"<{ARTICLE}#char=1,5> nif:anchorOf 'eban' ; nif:beginIndex '1'^^xsd:nonNegativeInteger ;"
        f" nif:endIndex '5'^^xsd:nonNegativeInteger ; nif:referenceContext <{ARTICLE}> .",
        [],
    ),
    (
        f"<{ARTICLE}#char=1,5> nif:anchorOf 'Leba' ; nif:beginIndex '1'^^xsd:nonNegativeInteger ;"
        f" nif:endIndex '5'^^xsd:nonNegativeInteger ; nif:referenceContext <{ARTICLE}> .",
        ["is not what stands there in its article"],
    ),
    (
        f"<{ARTICLE}#char=1,6> nif:anchorOf 'eban' ; nif:beginIndex '1'^^xsd:nonNegativeInteger ;"
        f" nif:endIndex '7'^^xsd:nonNegativeInteger ; nif:referenceContext <{ARTICLE}> .",
        ["has other offsets than its IRI says", "is not as long as its offsets say"],
    ),
    (
        f"<{ARTICLE}#char=990,994> nif:anchorOf 'eban' ; nif:beginIndex '990'^^xsd:nonNegativeInteger ;"
        f" nif:endIndex '994'^^xsd:nonNegativeInteger ; nif:referenceContext <{ARTICLE}> .",
        ["is not what stands there in its article", "ends behind the end of its article"],
    ),
    (f"<{ARTICLE}#char=0,8> itsrdf:taIdentRef x:e .", ["points at something that is not described"]),
    (f"{STRIKE} kb:instrument x:e .", ["points at something that is not described"]),
    (
        f"x:e rdf:subject {ARMY} ; rdf:predicate kb:supports ; rdf:object {ARMY} .",
        ["is evidence of something that is not said"],
    ),
    (f"{STRIKE} kb:endDate '2017-08-27'^^xsd:date .", ["ends before it begins"]),
    (f"{STRIKE} kb:endDate '2017-08'^^xsd:gYearMonth .", []),
    (f"{STRIKE} kb:endDate '2016'^^xsd:gYear .", ["ends before it begins"]),
]


def example(added: str = "") -> list[ox.Quad]:
    more = ox.parse(input=PREFIXES + added, format=ox.RdfFormat.TURTLE)
    return [*store.read_quads(EXAMPLE), *more]


def test_a_good_article_has_no_findings() -> None:
    assert check(EXAMPLE) == []


@pytest.mark.parametrize(("added", "message"), SHAPE_CASES)
def test_shapes_find(added: str, message: str) -> None:
    found = checks.shape_findings(example(added))
    assert any(finding.message.startswith(message) for finding in found), found


def test_every_shape_has_a_case() -> None:
    told = {
        triple.object.value
        for triple in ontology.triples([SHAPES])
        if triple.predicate.value.endswith("shacl#message") and isinstance(triple.object, ox.Literal)
    }
    assert {m for m in told if not any(m.startswith(message) for _, message in SHAPE_CASES)} == set()


@pytest.mark.parametrize(("added", "wanted"), AXIOM_CASES)
def test_axioms_find(added: str, wanted: str) -> None:
    found = checks.axiom_findings(example(added))
    assert wanted in {finding.message for finding in found}
    assert all(finding.kind == "axiom" and finding.focus for finding in found)


@pytest.mark.parametrize(("added", "messages"), DATA_CASES)
def test_data_checks_find(added: str, messages: list[str]) -> None:
    assert sorted(finding.message for finding in checks.data_findings(example(added))) == sorted(messages)


def test_claims_stand_apart_from_facts() -> None:
    swapped = [replace_graph(quad) for quad in store.read_quads(EXAMPLE)]
    found = [finding.message for finding in checks.data_findings(swapped)]
    assert sorted(found) == ["stands among the claims", "stands among the claims", "stands among the facts"]


def replace_graph(quad: ox.Quad) -> ox.Quad:
    claims = str(getattr(quad.graph_name, "value", "")).endswith("/claims")
    graph = ox.NamedNode(ARTICLE if claims else ARTICLE + "/claims")
    return ox.Quad(quad.subject, quad.predicate, quad.object, graph)


def test_findings_are_sorted_and_the_same_in_any_order() -> None:
    quads = example("".join(added for added, _ in SHAPE_CASES if "[]" not in added))
    found = check(quads, reason=False)
    assert found == sorted(found) == check(reversed(quads), reason=False)
    assert len(found) == len(set(found)) > 50


def test_a_finding_says_where() -> None:
    (found,) = checks.shape_findings(example(f"{STRIKE} kb:killed 5 ."))
    assert found == Finding(
        "shape",
        f"{ARTICLE}/event/8f20b6d1c9",
        KB + "killed",
        "has more than one kb:killed, or one that is no number of people",
    )


def test_a_finding_on_an_inverse_path() -> None:
    found = checks.shape_findings(example("x:e a kb:Position ."))
    assert "^" + KB + "holds" in {finding.path for finding in found}


def test_without_java_contradictions_are_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.ontology.reasoner.java", lambda: None)
    assert check(EXAMPLE) == []
    assert checks.axiom_findings(example(f"{HADDAD} a kb:Company ."))


def test_what_only_hermit_finds_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    clash = Clash("", "", "data and ontology contradict each other (HermiT)")
    monkeypatch.setattr(ontology, "check_consistency", lambda *_, **__: Verdict((clash,)))
    assert checks.axiom_findings([]) == [Finding("axiom", "", "", clash.message)]


def test_an_ontology_of_the_user_extends_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.ttl").write_text(
        PREFIXES + "@prefix my: <https://example.org/my#> ."
        "my:CyberAttack a owl:Class ; rdfs:subClassOf kb:Event ; rdfs:label 'cyber attack'@en ."
    )
    (tmp_path / "shapes.ttl").write_text(
        PREFIXES + "@prefix my: <https://example.org/my#> . @prefix sh: <http://www.w3.org/ns/shacl#> ."
        "my:Shape a sh:NodeShape ; sh:targetClass my:CyberAttack ; sh:property my:agent ."
        "my:agent sh:path kb:agent ; sh:minCount 1 ; sh:message 'is done by nobody' ."
    )
    quads = example("x:e a <https://example.org/my#CyberAttack> .")
    messages = {finding.message for finding in checks.shape_findings(quads, ontology_dirs=[tmp_path])}
    assert "is done by nobody" in messages
    assert any(message.startswith("has not exactly one kb:factuality") for message in messages)


@pytest.mark.parametrize(
    "shape",
    [
        "my:S a sh:NodeShape ; sh:targetClass kb:Person ; sh:property my:p . my:p sh:path my:q ; sh:minCount 1.5 .",
        "my:S a sh:NodeShape ; sh:targetClass kb:Person ; sh:property my:p . my:p sh:path rdfs:label ; sh:pattern '(' .",
        "my:S a sh:NodeShape ; sh:targetClass",
    ],
)
def test_shapes_that_are_none(tmp_path: Path, shape: str) -> None:
    head = PREFIXES + "@prefix my: <https://example.org/my#> . @prefix sh: <http://www.w3.org/ns/shacl#> ."
    (tmp_path / "shapes.ttl").write_text(head + shape)
    with pytest.raises(OntologyError, match="shapes"):
        check(EXAMPLE, ontology_dirs=[tmp_path])


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        check(tmp_path / "none.ttl")
