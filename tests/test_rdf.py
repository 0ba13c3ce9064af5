import gzip
import importlib.util
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

from kb import rdf, terms
from kb.errors import OutputError
from kb.model import Article, Entity, Event, Extraction, Link
from kb.rdf import literals
from kb.resources import entries, ontology_files
from tests.extractions import ALL, HOSTILE, MERGED, TRUCE, WAR, entity

CHECKOUT = Path(__file__).resolve().parents[1]
SCORER = CHECKOUT.parent / "shared" / "gold" / "score.py"
ABOVE = rdf.hierarchy(entries(ontology_files()))
ARTICLE = rdf.article_iri(TRUCE)


def node(curie: str) -> ox.NamedNode:
    return ox.NamedNode(terms.expand(curie))


def value(node: object) -> str:
    return str(getattr(node, "value", node))


def said(extraction: Extraction = WAR, **options: object) -> set[ox.Quad]:
    return rdf.quads(extraction, above=ABOVE, **options)  # type: ignore[arg-type]


def objects(found: set[ox.Quad], subject: str, predicate: str) -> set[str]:
    at, prop = ox.NamedNode(subject), node(predicate)
    return {value(q.object) for q in found if q.subject == at and q.predicate == prop}


def one(found: set[ox.Quad], cls: str, *, label: str = "") -> str:
    """The one node of a class whose label or title begins as given."""
    nodes = {value(q.subject) for q in found if q.predicate == node("rdf:type") and q.object == node(cls)}
    (only,) = {
        n for n in nodes if any(t.startswith(label) for p in ("rdfs:label", "kb:title") for t in objects(found, n, p))
    }
    return only


def kb(*names: str) -> set[str]:
    return {terms.expand(name) for name in names}


# --- the article -----------------------------------------------------------------------------------------------------


def test_an_article_is_described() -> None:
    found = said()

    assert objects(found, ARTICLE, "rdf:type") == kb("kb:Article", "schema:NewsArticle", "prov:Entity", "nif:Context")
    assert objects(found, ARTICLE, "schema:headline") == {TRUCE.title}
    assert objects(found, ARTICLE, "schema:creditText") == {"Example News"}
    assert objects(found, ARTICLE, "schema:url") == {TRUCE.url}
    assert objects(found, ARTICLE, "nif:endIndex") == {str(len(TRUCE.text))}
    assert len(objects(found, ARTICLE, "schema:sha256").pop()) == 64


def test_the_text_is_published_only_if_asked() -> None:
    assert objects(said(), ARTICLE, "nif:isString") == set()
    assert objects(said(text=True), ARTICLE, "nif:isString") == {TRUCE.text}


def test_an_article_is_named_for_its_content_not_its_file() -> None:
    assert ARTICLE == rdf.article_iri(replace(TRUCE, name="other"))
    assert ARTICLE.startswith(terms.BASE + "article/lebanese-jets-strike-hill-post-as-truce-is-agreed-")
    for change in ({"body": "x"}, {"url": "https://x.example/"}, {"published": "2017"}):
        assert ARTICLE != rdf.article_iri(replace(TRUCE, **change))


@pytest.mark.parametrize("base", ["", "no base", "https://x.example/<", "\ud800"])
def test_a_base_that_is_no_iri_is_named(base: str) -> None:
    with pytest.raises(OutputError, match="not an absolute IRI"):
        rdf.quads(WAR, base=base)


def test_another_base_moves_every_resource() -> None:
    text = rdf.serialize(rdf.quads(WAR, base="https://my.example/kb/"), "nquads").decode()

    assert terms.BASE not in text
    assert "<https://my.example/kb/entity/Q822>" in text


# --- literals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "datatype"),
    [
        ("2017-08-30", "date"),
        ("2016-02-29", "date"),
        ("2017-08", "gYearMonth"),
        ("2017", "gYear"),
        ("2017-02-30", "string"),
        ("2017-13", "string"),
        ("0000", "string"),
        ("soon", "string"),
        ("٢٠١٧", "string"),
        ("2017-08-30T10:00:00Z", "string"),
    ],
)
def test_a_date_is_typed_by_its_precision(text: str, datatype: str) -> None:
    assert literals.dated(text) == ox.Literal(text, datatype=node("xsd:" + datatype))


@pytest.mark.parametrize(
    ("value", "text"), [(0.9, "0.9"), (0.123456, "0.12"), (1.0, "1"), (0.0, "0"), (1.7, "1"), (-1.0, "0"), (0.999, "1")]
)
def test_a_score_has_two_decimals_that_a_store_keeps(value: float, text: str) -> None:
    score, store = literals.score(value), ox.Store()
    store.add(ox.Quad(node("kb:agent"), node("kb:confidence"), score))

    assert score.value == text
    assert [quad.object for quad in store] == [score]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (" two\r\n lines\t", "two lines"),
        ("a\x00b\x07", "a b"),
        ("\u202egnik\u202c", "gnik"),
        ("\ufeff\u200e", "unnamed"),
        ("می‌خواهم", "می‌خواهم"),
        ("\ud800", "\ufffd"),
    ],
)
def test_a_name_is_one_visible_line(name: str, label: str) -> None:
    assert literals.english(name) == ox.Literal(label, language="en")


def test_text_keeps_its_length() -> None:
    text = "a\x00\r\n\ud800\u202e\U0001f600"

    assert literals.exact(text).value == "a\ufffd\r\n\ufffd\u202e\U0001f600"


# --- entities --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "start"),
    [
        ("n1", "entity/Q822"),
        ("n4", "armedgroup/cedar-brigade-"),
        ("n7", "city/zahle-"),
        ("n8", "person/karim-haddad-"),
    ],
)
def test_an_entity_is_named_for_what_it_is(key: str, start: str) -> None:
    label = next(e.label for e in WAR.entities if e.key == key)
    found = {value(q.subject) for q in said() if q.predicate == node("rdfs:label") and value(q.object) == label}

    assert [iri.startswith(terms.BASE + start) for iri in found] == [True]


def persons(*labels: str, article: Article = TRUCE) -> set[str]:
    people = tuple(entity(article, f"n{i}", "Person", label) for i, label in enumerate(labels))
    found = rdf.quads(Extraction(article=article, entities=people))
    return {value(q.subject) for q in found if q.object == node("kb:Person")}


def test_a_full_name_is_one_person_in_all_articles_and_a_surname_is_not() -> None:
    other = replace(TRUCE, url=None)

    assert persons("Karim Haddad") == persons("Karim  HADDAD", article=other)
    assert persons("Haddad") != persons("Haddad", article=other)


def test_entities_of_one_item_become_one() -> None:
    found = said(MERGED)
    iri = terms.BASE + "entity/Q41053"

    assert objects(found, iri, "rdfs:label") == {"Hezbollah"}
    assert objects(found, iri, "skos:altLabel") == {"Party of God"}
    assert objects(found, iri, "rdf:type") == kb("ArmedGroup", "Organization", "Agent")


def test_a_confident_link_is_the_same_and_a_doubtful_one_is_close() -> None:
    found = said()
    zahle = one(found, "City")

    assert objects(found, terms.BASE + "entity/Q822", "owl:sameAs") == {terms.WIKIDATA + "Q822"}
    assert objects(found, zahle, "owl:sameAs") == set()
    assert objects(found, zahle, "skos:closeMatch") == {terms.WIKIDATA + "Q26569"}


def test_every_mention_is_complete_and_its_anchor_is_the_text() -> None:
    found = said()
    mentions = {value(q.subject) for q in found if q.object == node("nif:OffsetBasedString")}

    assert len(mentions) > 20
    for iri in mentions:
        (begin,), (end,) = objects(found, iri, "nif:beginIndex"), objects(found, iri, "nif:endIndex")
        assert iri == f"{ARTICLE}#char={begin},{end}"
        assert objects(found, iri, "nif:anchorOf") == {TRUCE.text[int(begin) : int(end)]}
        assert objects(found, iri, "nif:referenceContext") == {ARTICLE}


def test_mentions_and_entities_point_to_each_other() -> None:
    found = said()
    there = {(q.subject, q.object) for q in found if q.predicate == node("itsrdf:taIdentRef")}
    back = {(q.object, q.subject) for q in found if q.predicate == node("gaf:denotedBy")}
    scored = {q.subject for q in found if q.predicate == node("itsrdf:taConfidence")}

    assert there <= back
    assert len(there) == sum(len(e.mentions) for e in WAR.entities)
    assert len(scored) == sum(len(e.mentions) for e in WAR.entities if e.link)


# --- classes and properties above ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "above"),
    [
        ("Airstrike", {"Event", "MilitaryAction"}),
        ("ArmedGroup", {"Agent", "Organization"}),
        ("Country", {"Agent", "Place"}),
        ("leaderOf", {"memberOf"}),
    ],
)
def test_the_hierarchy_is_the_ontologys(term: str, above: set[str]) -> None:
    assert set(ABOVE[term]) == above


def test_a_hierarchy_tolerates_cycles_and_leaves_out_others(tmp_path: Path) -> None:
    (tmp_path / "own.ttl").write_text(
        "@prefix kb: <https://w3id.org/newskb/ontology#> . @prefix : <https://example.org/terms#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix sem: <https://sem.example/> .\n"
        "kb:Event rdfs:subClassOf sem:Event . :Attack rdfs:subClassOf kb:Event , [ a kb:Restriction ] .\n"
        ":CyberAttack rdfs:subClassOf :Attack . kb:A rdfs:subClassOf kb:B . kb:B rdfs:subClassOf kb:A ."
    )

    assert rdf.hierarchy(entries([tmp_path / "own.ttl"])) == {
        "A": ("B",),
        "B": ("A",),
        "https://example.org/terms#Attack": ("Event",),
        "https://example.org/terms#CyberAttack": ("Event", "https://example.org/terms#Attack"),
    }


def test_without_a_hierarchy_the_most_specific_class_stands_alone() -> None:
    found = rdf.quads(WAR)

    assert objects(found, one(found, "Airstrike"), "rdf:type") == kb("Airstrike")


def test_superclasses_are_stated_and_a_country_is_no_mere_place() -> None:
    found = said()

    assert objects(found, one(found, "Airstrike"), "rdf:type") == kb("Airstrike", "MilitaryAction", "Event")
    assert objects(found, terms.BASE + "entity/Q822", "rdf:type") == kb("Country", "Agent")
    assert objects(found, one(found, "City"), "rdf:type") == kb("City", "Place")


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    if not SCORER.exists():
        pytest.skip("the scorer lies beside the checkout and is not there")
    pytest.importorskip("scipy")
    spec = importlib.util.spec_from_file_location("score", SCORER)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_scorer_reads_every_class_as_it_was_meant(scorer: ModuleType) -> None:
    kinds = [*scorer.COARSE, "Agent"]
    named = tuple(Entity(key=f"n{i}", cls=c, label=f"name {c}", names=(), mentions=()) for i, c in enumerate(kinds))
    events = tuple(
        replace(WAR.events[0], key=c, cls=c, roles=()) for c in (*scorer.ACTIONS, *scorer.AGREEMENTS) if c != "Event"
    )
    export = scorer.Export(rdf.dataset(said(Extraction(article=TRUCE, entities=named, events=events))))

    assert sorted(export.of(scorer.COARSE).values()) == sorted(scorer.COARSE)
    assert sorted(export.of(scorer.ACTIONS).values()) == sorted(scorer.ACTIONS)
    assert sorted(export.of(scorer.AGREEMENTS).values()) == sorted(scorer.AGREEMENTS)


def test_the_scorer_does_not_count_what_is_implied(scorer: ModuleType) -> None:
    scored = scorer.Scorer()
    scored.relations("war", {"relations": [], "entities": {}}, scorer.Export(rdf.dataset(said())))

    assert {name: tally.fp for name, tally in scored.t.items()} == {
        "relations: spokespersonFor": 1,
        "relations: supports": 1,
        "relations: fights": 1,
    }


# --- events, statements, positions, relations ------------------------------------------------------------------------


def test_an_event_says_all_that_is_known_of_it() -> None:
    found = said()
    strike = one(found, "Airstrike")

    assert objects(found, strike, "kb:agent") == {terms.BASE + "entity/Q822"}
    assert objects(found, strike, "kb:target") == {one(found, "Participant", label="a hill post")}
    assert objects(found, strike, "kb:killed") == {"4"}
    assert objects(found, strike, "kb:date") == {"2017-08-28"}
    assert objects(found, strike, "kb:factuality") == kb("Actual")
    assert objects(found, strike, "kb:rule") == kb("lex:bomb-v")
    assert objects(found, strike, "kb:confidence") == {"0.91"}
    assert objects(found, strike, "gaf:denotedBy") == {f"{ARTICLE}#char=89,95"}
    (sentence,) = objects(found, strike, "prov:wasQuotedFrom")
    assert objects(found, sentence, "rdf:type") == kb("nif:OffsetBasedString", "nif:Sentence")


def test_an_agreement_has_a_status_and_what_it_provides() -> None:
    found = said()
    truce = one(found, "Ceasefire")

    assert objects(found, truce, "kb:status") == kb("Agreed")
    assert objects(found, truce, "kb:provides") == {"an end of the fighting"}
    assert objects(found, truce, "kb:attributedTo") == {one(found, "Person")}
    assert len(objects(found, truce, "kb:party")) == 2


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({}, "Airstrike by Lebanon on a hill post of the Cedar Brigade, Zahle"),
        ({"cls": "TroopMovement", "roles": (("agent", "n1"), ("target", "n7"))}, "Troop movement by Lebanon to Zahle"),
        ({"cls": "Siege", "roles": (("place", "n7"), ("target", "n7"))}, "Siege of Zahle"),
        ({"factuality": "Denied", "roles": ()}, "Airstrike (denied)"),
        (
            {"cls": "Ceasefire", "roles": (("party", "n2"), ("party", "n4"))},
            "Ceasefire between Cedar Brigade and Hezbollah",
        ),
        ({"cls": "Treaty", "roles": (("party", "n2"),)}, "Treaty by Hezbollah"),
        (
            {"cls": "Raid", "roles": tuple(("agent", f"n{i}") for i in (1, 2, 3, 4))},
            "Raid by Cedar Brigade, Hezbollah and 2 more",
        ),
        ({"cls": "https://example.org/terms#CyberAttack", "roles": (("target", "n3"),)}, "Cyber attack on Iran"),
        ({"cls": "Shelling", "roles": (("target", "e2"),)}, "Shelling on Ceasefire"),
    ],
)
def test_an_event_has_a_label_for_people(change: dict[str, object], label: str) -> None:
    event = replace(WAR.events[0], key="e9", **change)  # type: ignore[arg-type]
    found = rdf.quads(replace(WAR, events=(*WAR.events[1:2], event), statements=()))

    assert label in {value(q.object) for q in found if q.predicate == node("rdfs:label")}


def test_what_is_not_actual_stands_apart_with_what_only_it_needs() -> None:
    claims = {q for q in said() if q.graph_name == ox.NamedNode(ARTICLE + "/claims")}
    facts = {q for q in said() if q.graph_name == ox.NamedNode(ARTICLE)}

    assert {q.graph_name for q in said()} == {q.graph_name for q in claims | facts}
    assert {value(q.subject) for q in claims} == {
        one(claims, "Shelling"),
        one(claims, "Participant", label="a barracks"),
    }
    assert not any("shelling" in value(q.object).lower() for q in facts if q.predicate == node("rdf:type"))
    assert {q.predicate for q in claims}.isdisjoint({node("nif:anchorOf"), node("itsrdf:taIdentRef")})


@pytest.mark.parametrize("factuality", ["Planned", "Possible", "Denied"])
def test_only_the_actual_is_a_fact(factuality: str) -> None:
    events = (replace(WAR.events[0], factuality=factuality),)
    found = said(Extraction(article=TRUCE, entities=WAR.entities, participants=WAR.participants, events=events))

    assert {value(q.graph_name) for q in found if q.predicate == node("kb:factuality")} == {ARTICLE + "/claims"}


def test_a_statement_and_a_position_say_all() -> None:
    found = said()
    haddad = one(found, "Person")
    (statement,) = {value(q.subject) for q in found if q.object == node("kb:Statement")}
    former = one(found, "Position", label="commander")

    assert objects(found, statement, "kb:speaker") == {haddad}
    assert objects(found, statement, "kb:text") == {WAR.statements[0].text}
    assert objects(found, statement, "kb:attitude") == kb("Reports")
    assert objects(found, statement, "kb:about") == {one(found, "Ceasefire"), terms.BASE + "entity/Q41053"}
    assert former in objects(found, haddad, "kb:holds")
    assert objects(found, former, "kb:former") == {"true"}
    assert objects(found, former, "kb:positionIn") == {one(found, "ArmedForce", label="Bekaa")}


def test_relations_imply_what_the_vocabulary_says() -> None:
    found = rdf.quads(WAR)
    army, haddad = one(found, "ArmedForce", label="Lebanese"), one(found, "Person")
    lebanon, cedar = terms.BASE + "entity/Q822", one(found, "ArmedGroup", label="Cedar")

    assert objects(found, haddad, "kb:spokespersonFor") == objects(found, haddad, "kb:memberOf") == {army}
    assert objects(found, lebanon, "kb:fights") == {cedar}
    assert objects(found, cedar, "kb:fights") == {lebanon}


def test_a_relation_has_its_evidence() -> None:
    found = said()
    (evidence,) = {value(q.subject) for q in found if q.object == node("kb:supports")}

    assert evidence.startswith(f"{ARTICLE}/evidence/")
    assert objects(found, evidence, "rdf:type") == kb("rdf:Statement")
    assert objects(found, evidence, "rdf:subject") == {terms.BASE + "entity/Q794"}
    assert objects(found, evidence, "rdf:object") == {terms.BASE + "entity/Q41053"}
    assert objects(found, evidence, "kb:confidence") == {"0.9"}
    assert objects(found, evidence, "kb:rule") == kb("lex:arm-v")
    assert objects(found, evidence, "prov:wasQuotedFrom") == {f"{ARTICLE}#char=442,477"}


def test_evidence_for_roles_is_asked_for() -> None:
    plain, full = said(), said(evidence="roles")
    more = {q.object for q in full - plain if q.predicate == node("rdf:predicate")}

    assert plain < full
    assert {node("kb:agent"), node("kb:killed"), node("kb:status"), node("kb:mediator")} <= more


EVIDENCE = {
    "gaf:denotedBy",
    "prov:wasQuotedFrom",
    "kb:confidence",
    "kb:rule",
    "prov:wasGeneratedBy",
    "itsrdf:taIdentRef",
}


def test_provenance_is_at_most_four_triples_a_fact() -> None:
    """All is counted that is not a fact of the article's world, the spans that annotate the text left out."""
    found = said()
    kinds = kb("rdf:Statement", "prov:Activity", "prov:SoftwareAgent")
    apart = {q.subject for q in found if q.predicate == node("rdf:type") and value(q.object) in kinds}
    spans = {q.subject for q in found if "#char=" in value(q.subject)}
    evidence = {q for q in found if q.subject in apart or q.predicate in set(map(node, EVIDENCE))} - {
        q for q in found if q.subject in spans
    }
    facts = {q for q in found if q.subject not in apart | spans} - evidence

    assert len(evidence) / len(facts) <= 1
    assert (len(found) - len(facts)) / len(facts) <= 4


def test_one_activity_with_the_software_and_no_clock() -> None:
    found = said(software=rdf.Software(version="1.2.3", model="7", ended=1_500_000_000))
    (activity,) = {value(q.subject) for q in found if q.object == node("prov:Activity")}

    assert objects(found, activity, "prov:used") == {ARTICLE}
    assert objects(found, activity, "prov:wasAssociatedWith") == {
        terms.BASE + "software/newskb-1.2.3",
        terms.BASE + "software/newskb-model-7",
    }
    assert objects(found, activity, "prov:endedAtTime") == {"2017-07-14T02:40:00Z"}
    assert objects(found, ARTICLE, "prov:wasGeneratedBy") == {activity}
    assert objects(found, ARTICLE + "/claims", "prov:wasGeneratedBy") == {activity}
    assert not any(q.predicate == node("prov:endedAtTime") for q in said())


# --- the whole -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_there_are_no_blank_nodes_and_only_known_terms(name: str) -> None:
    for quad in rdf.quads(ALL[name], above=ABOVE, evidence="roles", text=True):
        assert isinstance(quad.subject, ox.NamedNode)
        assert not isinstance(quad.object, ox.BlankNode)
        local = value(quad.predicate).removeprefix(terms.PREFIXES["kb"])
        assert ":" in local or local in terms.PROPERTIES


def test_keys_do_not_show() -> None:
    """IRIs come from what things are: other keys and another order give the same quads."""
    key = {k: f"other{k}" for e in (WAR.entities, WAR.participants, WAR.events) for k in (x.key for x in e)}

    def event(e: Event) -> Event:
        roles = tuple((role, key[filler]) for role, filler in e.roles)
        return replace(e, key=key[e.key], roles=roles, attributed_to=tuple(key[k] for k in e.attributed_to))

    turned = Extraction(
        article=TRUCE,
        entities=tuple(replace(e, key=key[e.key]) for e in reversed(WAR.entities)),
        participants=tuple(replace(p, key=key[p.key]) for p in WAR.participants),
        events=tuple(event(e) for e in reversed(WAR.events)),
        statements=tuple(
            replace(s, speakers=(key["n8"],), about=tuple(key[k] for k in s.about)) for s in WAR.statements
        ),
        positions=tuple(replace(p, person=key[p.person], body=key[p.body or ""]) for p in WAR.positions),
        relations=tuple(replace(r, subject=key[r.subject], object=key[r.object]) for r in WAR.relations),
    )

    assert rdf.quads(turned) == rdf.quads(WAR)


def test_events_may_be_part_of_each_other() -> None:
    first, second = replace(WAR.events[0], roles=(("partOf", "e2"),)), replace(WAR.events[1], roles=(("partOf", "e1"),))
    found = rdf.quads(replace(WAR, events=(first, second)))

    assert len({q.subject for q in found if q.predicate == node("kb:partOf")}) == 2


def test_a_users_property_implies_what_it_stands_below() -> None:
    hacker = "https://example.org/terms#hacker"
    found = rdf.quads(HOSTILE, above={hacker: ("agent",)})
    event = one(found, HOSTILE.events[0].cls)

    assert objects(found, event, "kb:agent") == objects(found, event, hacker) != set()
    assert objects(found, event, "kb:rule") == {terms.PREFIXES["lex"] + "head%20events%2Fv1%20%C3%A9"}
    assert objects(found, event, "kb:killed") == {"0"}


def test_a_link_alone_makes_no_same() -> None:
    doubtful = replace(WAR.entities[0], link=Link(qid="Q822", score=0.4, confident=False))
    found = rdf.quads(Extraction(article=TRUCE, entities=(doubtful,)))

    assert not any(q.predicate == node("owl:sameAs") for q in found)


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name", "format"),
    [
        ("kb.ttl", None, "turtle"),
        ("a.b/kb.TRIG", None, "trig"),
        ("kb.nt.gz", None, "ntriples"),
        ("kb.nq", None, "nquads"),
        ("kb.jsonld", None, "jsonld"),
        ("kb.rdf", None, "rdfxml"),
        ("kb.xml.gz", None, "rdfxml"),
        ("kb.qs", None, "quickstatements"),
        ("kb.txt", "turtle", "turtle"),
        ("", "json-ld", "jsonld"),
        ("kb.ttl", "nt", "ntriples"),
    ],
)
def test_the_format_is_the_names_or_the_extensions(path: str, name: str | None, format: str) -> None:
    assert rdf.format_of(path, name).name == format


@pytest.mark.parametrize(
    ("path", "name"), [("kb.docx", None), ("kb", None), ("kb.gz", None), ("kb.ttl", "hdt"), (".ttl", None)]
)
def test_an_unknown_format_is_named_with_those_there_are(path: str, name: str | None) -> None:
    with pytest.raises(OutputError, match=r"use one of .*t"):
        rdf.format_of(path, name)


@pytest.mark.parametrize("suffix", [f.suffix + packed for f in rdf.FORMATS.values() for packed in ("", ".gz")])
def test_a_file_is_written_whole_and_twice_the_same(tmp_path: Path, suffix: str) -> None:
    shuffled = sorted(said(), key=lambda _: random.random())
    one, two = tmp_path / f"one{suffix}", tmp_path / "elsewhere"
    two.mkdir()
    rdf.write(said(), one)
    rdf.write(shuffled, two / f"two{suffix}")

    assert one.read_bytes() == (two / f"two{suffix}").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["elsewhere", one.name]
    content = gzip.decompress(one.read_bytes()) if suffix.endswith(".gz") else one.read_bytes()
    assert content == rdf.serialize(said(), rdf.format_of(one).name)


def test_a_packed_file_tells_neither_name_nor_time(tmp_path: Path) -> None:
    rdf.write(said(), tmp_path / "kb.nt.gz")
    head = (tmp_path / "kb.nt.gz").read_bytes()[:10]

    assert head[3] == 0
    assert head[4:8] == b"\0\0\0\0"


def test_a_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    rdf.write(said(), tmp_path / "kb.ttl")

    assert (tmp_path / "kb.ttl").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_to_a_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "kb.ttl").symlink_to(tmp_path / "there" / "kb.ttl")
    rdf.write(said(), tmp_path / "kb.ttl")

    assert (tmp_path / "kb.ttl").is_symlink()
    assert (tmp_path / "there" / "kb.ttl").read_bytes() == rdf.serialize(said(), "turtle")


def test_a_device_is_written_to_and_not_replaced() -> None:
    rdf.write(said(), "/dev/null", format="turtle")

    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named() -> None:
    with pytest.raises(OutputError, match=r"/dev/full: cannot be written \(No space left on device\)"):
        rdf.write(said(), "/dev/full", format="nquads")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        rdf.write(said(), tmp_path / "none" / "kb.ttl")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "kb.ttl").mkdir()
    with pytest.raises(OutputError, match="Is a directory"):
        rdf.write(said(), tmp_path / "kb.ttl")


def failing() -> Iterator[ox.Quad]:
    yield from said()
    raise OSError("the source went away")


def test_on_failure_the_old_file_stays_and_nothing_is_left(tmp_path: Path) -> None:
    file = tmp_path / "kb.nq"
    file.write_text("old")
    with pytest.raises(OutputError, match="the source went away"):
        rdf.write(failing(), file)

    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["kb.nq"]


#: Writes 100 kB where the system lets files have 10 kB; the argument says what the process does about the signal.
CRAMPED = """
import resource, signal, sys
from kb import rdf
from tests.extractions import WAR
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL if sys.argv[2] == "dies" else signal.SIG_IGN)
rdf.write(rdf.quads(WAR), sys.argv[1])
"""


def cramped(file: Path, what: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("resource", reason="this system has no limits on processes")
    command = [sys.executable, "-c", CRAMPED, str(file), what]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path) -> None:
    done = cramped(tmp_path / "kb.nq", "raises")

    assert "OutputError" in done.stderr
    assert "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_leaves_no_half_file(tmp_path: Path) -> None:
    file = tmp_path / "kb.nq"
    file.write_text("old")
    done = cramped(file, "dies")

    assert done.returncode == -signal.SIGXFSZ
    assert file.read_text() == "old"


def test_a_large_set_is_written_in_seconds(tmp_path: Path) -> None:
    many = set[ox.Quad]()
    for number in range(60):
        many |= rdf.quads(replace(WAR, article=replace(TRUCE, url=f"https://news.example/{number}")))
    begun = time.perf_counter()
    rdf.write(many, tmp_path / "kb.ttl")

    assert len(many) > 20_000
    assert time.perf_counter() - begun < 10


def test_a_dataset_is_the_same_graph_with_our_prefixes() -> None:
    found = said(HOSTILE) | said()
    dataset = rdf.dataset(found)

    assert {str(g.identifier) for g in dataset.graphs() if len(g)} == {value(q.graph_name) for q in found}
    assert sum(1 for _ in dataset.quads()) == len(found)
    assert len(dataset) == len({q.triple for q in found})
    assert (rdflib.URIRef(ARTICLE), rdflib.RDF.type, terms.KB.Article) in dataset
    assert dataset.namespace_manager.curie(terms.KB.Article) == "kb:Article"


def test_a_dataset_takes_the_default_graph_and_blank_nodes() -> None:
    triple = ox.Triple(ox.BlankNode("b"), node("rdf:value"), ox.Literal("1", datatype=node("xsd:integer")))
    dataset = rdf.dataset([ox.Quad(triple.subject, triple.predicate, triple.object)])

    assert [*dataset] == [(rdflib.BNode("b"), rdflib.RDF.value, rdflib.Literal(1), DATASET_DEFAULT_GRAPH_ID)]
