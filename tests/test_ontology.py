"""The ontology as it stands: complete, documented, consistent, aligned; and what is derived from it."""

import csv
import json
import re
import tempfile
from collections import defaultdict
from pathlib import Path

import owlready2
import pyoxigraph as ox
import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, SKOS, URIRef
from rdflib.collection import Collection
from rdflib.namespace import SH

from kb import ontology, terms
from kb.errors import OntologyError, OutputError
from kb.ontology import clashes, reasoner
from kb.ontology.published import published
from kb.resources import KB

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "ontology"
SHARED = ROOT.parent / "shared"
DCT = terms.PREFIXES["dct"]
PLOVER = "https://w3id.org/newskb/plover#"
PREFIXES = "".join(f"@prefix {name}: <{iri}> . " for name, iri in terms.PREFIXES.items())

#: Individuals by the class whose values they are.
VALUES = {
    "Factuality": "Actual Planned Possible Denied",
    "AgreementStatus": "Proposed Negotiating Agreed Violated Collapsed Rejected",
    "Attitude": "Reports Criticizes Supports Denies Demands Threatens Promises",
}


def graph(*names: str) -> rdflib.Graph:
    found = rdflib.Graph()
    for name in names:
        found.parse(FOLDER / name)
    return found


def local(node: object) -> str:
    return str(node).removeprefix(KB)


@pytest.fixture(scope="module")
def own() -> rdflib.Graph:
    return graph("newskb.ttl")


@pytest.fixture(scope="module")
def java() -> Path:
    found = ontology.java()
    return found if found else pytest.skip("no Java on this machine")


# The vocabulary ----------------------------------------------------------------------------------------------------


def test_every_term_of_the_code_is_declared(own: rdflib.Graph) -> None:
    classes = {local(node) for node in own.subjects(RDF.type, OWL.Class) if isinstance(node, URIRef)}
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
    properties = {local(node) for kind in kinds for node in own.subjects(RDF.type, kind)}
    assert classes >= terms.CLASSES
    assert properties >= terms.PROPERTIES
    assert {local(node) for node in own.subjects(RDF.type, OWL.NamedIndividual)} == terms.INDIVIDUALS


@pytest.mark.parametrize(("cls", "names"), VALUES.items())
def test_values_are_all_different_individuals_of_their_class(own: rdflib.Graph, cls: str, names: str) -> None:
    assert {local(node) for node in own.subjects(RDF.type, URIRef(KB + cls))} == set(names.split())
    groups = [{local(node) for node in Collection(own, head)} for head in own.objects(None, OWL.distinctMembers)]
    assert set(names.split()) in groups


def vocabulary() -> tuple[dict[str, str], set[str]]:
    """Classes with what they are classes of, and properties, as the page of the contract lists them."""
    page = SHARED / "design" / "vocabulary.md"
    if not page.is_file():
        pytest.skip("the page that states the vocabulary is not at hand")
    rows = [line.split("|") for line in page.read_text().splitlines() if line.startswith("| `kb:")]
    classes, properties = {}, set()
    for row in rows:
        for name in re.findall(r"`kb:(\w+)`", row[1]):
            if name[0].isupper():
                classes[name] = row[2].strip()
            else:
                properties.add(name)
    return classes, properties


def test_the_ontology_states_the_vocabulary(own: rdflib.Graph) -> None:
    classes, properties = vocabulary()
    assert len(classes) > 40
    assert len(properties) > 30
    for name, parents in classes.items():
        stated = {local(node) for node in own.objects(URIRef(KB + name), RDFS.subClassOf)}
        assert stated == set(parents.replace(" and ", " ").split()), name
    assert [name for name in sorted(properties) if (URIRef(KB + name), RDF.type, None) not in own] == []


def test_every_term_is_documented(own: rdflib.Graph) -> None:
    declared = {node for node in own.subjects(RDF.type, None) if str(node).startswith(KB)}
    needed = (RDFS.label, RDFS.comment, URIRef(DCT + "source"), RDFS.isDefinedBy)
    assert len(declared) > 100
    assert [(local(node), p) for node in declared for p in needed if own.value(node, p) is None] == []
    texts = [text for p in (RDFS.label, RDFS.comment) for text in own.objects(None, p)]
    assert {text.language for text in texts if isinstance(text, rdflib.Literal)} == {"en"}


def test_the_header(own: rdflib.Graph) -> None:
    header = URIRef(KB.rstrip("#"))
    for relation in (OWL.versionIRI, *(URIRef(DCT + name) for name in ("title", "license", "creator", "description"))):
        assert own.value(header, relation) is not None, relation


def test_classes_are_ordered_from_general_to_specific(own: rdflib.Graph) -> None:
    order = {node: int(str(own.value(node, SH.order))) for node in own.subjects(SH.order, None)}
    assert sorted(order.values()) == list(range(1, len(order) + 1))
    for child, parent in own.subject_objects(RDFS.subClassOf):
        assert order[parent] < order[child], child


def test_properties_above_and_around(own: rdflib.Graph) -> None:
    above = ontology.hierarchy(ontology.axiom_files(), relation=str(RDFS.subPropertyOf))
    for name, parent in [("leaderOf", "memberOf"), ("spokespersonFor", "memberOf"), ("agent", "participant")]:
        assert KB + parent in above[KB + name]
    for name, kind in [("fights", OWL.SymmetricProperty), ("locatedIn", OWL.TransitiveProperty)]:
        assert (URIRef(KB + name), RDF.type, kind) in own
    inverses = {local(node) for node in own.objects(None, OWL.inverseOf)}
    assert inverses >= {"holds", "leaderOf", "locatedIn", "memberOf", "supports"}
    assert list(own.subjects(RDF.type, OWL.FunctionalProperty)) == []
    assert list(own.subjects(RDF.type, OWL.InverseFunctionalProperty)) == []


def test_hierarchy_is_transitive_and_leaves_the_class_out() -> None:
    tree = ontology.hierarchy([FOLDER / "newskb.ttl"])
    assert {local(name) for name in tree[KB + "Airstrike"]} == {"Event", "MilitaryAction"}
    assert {local(name) for name in tree[KB + "Country"]} == {"Agent", "Place"}
    assert KB + "Event" not in tree


def test_materialise_states_superclasses_in_the_same_graph() -> None:
    tree = ontology.hierarchy([FOLDER / "newskb.ttl"])
    one, kind, name = ox.NamedNode("https://example.org/1"), ox.NamedNode(str(RDF.type)), ox.NamedNode("https://g/")
    found = ontology.materialise([ox.Quad(one, kind, ox.NamedNode(KB + "City"), name)], tree)
    assert [(local(quad.object.value), quad.graph_name) for quad in found if isinstance(quad.object, ox.NamedNode)] == [
        ("City", name),
        ("Place", name),
    ]


def test_shapes_close_the_lists_that_the_ontology_leaves_open(own: rdflib.Graph) -> None:
    shapes = graph("shapes.ttl")
    closed = {frozenset(local(node) for node in Collection(shapes, head)) for head in shapes.objects(None, SH["in"])}
    assert closed == {frozenset(names.split()) for names in VALUES.values()}
    asked = {local(node) for node in shapes.objects(None, SH.path) if str(node).startswith(KB)}
    asked |= {local(node) for node in shapes.objects(None, SH["class"]) if str(node).startswith(KB)}
    assert [name for name in asked if (URIRef(KB + name), None, None) not in own] == []


# Alignment ---------------------------------------------------------------------------------------------------------


def registry() -> dict[str, str]:
    with (FOLDER / "wikidata-registry.tsv").open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row["label"] for row in csv.DictReader(stream, delimiter="\t")}


def test_every_wikidata_id_is_registered() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in ontology.axiom_files())
    used = set(re.findall(r"\bwdt?:([QP]\d+)", text)) | set(re.findall(r"wikidata\.org/[\w/]+/([QP]\d+)", text))
    assert used == set(registry())


@pytest.mark.parametrize(("letter", "name"), [("Q", "classes.tsv"), ("P", "properties.tsv")])
def test_every_registered_id_has_the_label_that_wikidata_gives_it(letter: str, name: str) -> None:
    table = SHARED / "wikidata" / name
    if not table.is_file():
        pytest.skip("the table of Wikidata's labels is not at hand")
    labels = dict(line.split("\t")[:2] for line in table.read_text(encoding="utf-8").splitlines())
    ours = {key: label for key, label in registry().items() if key[0] == letter}
    assert ours == {key: labels.get(key) for key in ours}


def test_alignment_adds_to_terms_that_exist(own: rdflib.Graph) -> None:
    subjects = {node for node in graph("alignment.ttl").subjects() if str(node).startswith(KB)}
    assert len(subjects) > 50
    assert [local(node) for node in subjects if (node, None, None) not in own] == []


def test_wikidata_items_are_matched_and_never_classes() -> None:
    for subject, relation, value in graph("alignment.ttl"):
        if "wikidata.org" in str(value):
            assert str(relation).startswith(str(SKOS)), subject


# PLOVER ------------------------------------------------------------------------------------------------------------

PLOVER_TYPES = (
    "AGREE CONSULT SUPPORT CONCEDE COOPERATE AID RETREAT DEMAND ACCUSE REJECT THREATEN PROTEST SANCTION MOBILIZE "
    "COERCE ASSAULT"
)


def test_plover_is_a_complete_scheme() -> None:
    scheme = graph("plover.ttl")
    concepts = set(scheme.subjects(RDF.type, SKOS.Concept))
    tops = set(scheme.subjects(SKOS.topConceptOf, None))
    types = {node for top in tops for node in scheme.subjects(SKOS.broader, top)}
    assert len(tops) == 4
    assert {str(scheme.value(node, SKOS.notation)) for node in types} == set(PLOVER_TYPES.split())
    for node in concepts:
        for relation in (SKOS.prefLabel, SKOS.definition, SKOS.inScheme, URIRef(DCT + "source")):
            assert scheme.value(node, relation) is not None, node
        assert (scheme.value(node, SKOS.broader) in concepts) is (node not in tops)
    notations = [str(text) for text in scheme.objects(None, SKOS.notation)]
    assert len(notations) == len(set(notations)) == len(concepts - tops)


def test_plover_is_mapped_from_our_terms(own: rdflib.Graph) -> None:
    scheme = graph("plover.ttl")
    mapped = defaultdict(set)
    for relation in (SKOS.broadMatch, SKOS.closeMatch, SKOS.relatedMatch):
        for subject, value in scheme.subject_objects(relation):
            assert (subject, RDF.type, None) in own, subject
            assert (value, RDF.type, SKOS.Concept) in scheme, value
            mapped[local(subject)].add(value)
    tree = ontology.hierarchy([FOLDER / "newskb.ttl"])
    events = {local(cls) for cls, above in tree.items() if KB + "Event" in above}
    assert events <= set(mapped)


# Reasoning ---------------------------------------------------------------------------------------------------------


def quads(turtle: str) -> list[ox.Quad]:
    return list(ox.parse(input=PREFIXES + "@prefix x: <https://example.org/> . " + turtle, format=ox.RdfFormat.TURTLE))


def statements(turtle: str) -> list[ox.Triple]:
    return [*ontology.triples(ontology.axiom_files()), *(quad.triple for quad in quads(turtle))]


def test_hermit_finds_ontology_and_alignment_consistent(java: Path) -> None:
    assert ontology.check_consistency() == ontology.Verdict(())
    assert reasoner.reason(ontology.triples(ontology.axiom_files()), java) == ()


CONTRADICTIONS = [
    "x:a a kb:Person , kb:Organization .",
    "x:a a kb:Airstrike , kb:Ceasefire .",
    "x:a kb:leaderOf x:a .",
    "x:a a kb:Airstrike ; kb:place x:b . x:b a kb:Person .",
    "x:a a kb:Country ; owl:sameAs wd:Q822 . x:b a kb:Person ; owl:sameAs wd:Q822 .",
    "x:a kb:speaker x:b . x:b a kb:Offensive . x:a a kb:Statement .",
]


@pytest.mark.parametrize("turtle", CONTRADICTIONS)
def test_a_contradiction_is_found_by_name_and_by_hermit(turtle: str, java: Path) -> None:
    named = ontology.check_consistency(quads(turtle))
    (found,) = reasoner.reason(statements(turtle), java)
    assert named.clashes
    assert all(clash.focus for clash in named.clashes)
    assert found.message == "data and ontology contradict each other (HermiT)"


AGREEABLE = [
    "x:a a kb:Country . x:s a kb:Airstrike ; kb:agent x:a ; kb:place x:a ; kb:target x:a .",
    "x:p a kb:Participant . x:s a kb:Airstrike ; kb:agent x:p ; kb:target x:p ; kb:place x:p ; kb:instrument x:p .",
    "x:c a kb:City , kb:Country . x:o a kb:ArmedGroup , kb:PoliticalParty . x:o kb:controls x:c .",
    "x:a a kb:Country ; kb:leaderOf x:i . x:i a kb:InternationalOrganization . x:b a kb:Country ; kb:memberOf x:i .",
    "x:s a kb:Airstrike ; kb:date '2017-08-29'^^xsd:date , '2017-08'^^xsd:gYearMonth , '2017'^^xsd:gYear .",
    "x:t a kb:Treaty ; kb:provides 'that fighting stops' , x:s . x:s a kb:TroopMovement .",
    "x:p a kb:Person ; kb:holds x:h . x:h a kb:Position ; kb:positionIn x:g ; kb:former true . x:g a kb:Government .",
]


@pytest.mark.parametrize("turtle", AGREEABLE)
def test_what_articles_say_contradicts_nothing(turtle: str, java: Path) -> None:
    assert ontology.check_consistency(quads(turtle)).clashes == ()


def test_a_contradiction_without_a_name_is_left_to_hermit(java: Path) -> None:
    # the chain place, locatedIn makes the person a place of the strike
    turtle = "x:a a kb:Raid ; kb:place x:b . x:b kb:locatedIn x:c . x:c kb:contains x:d . x:d a kb:Person ."
    (clash,) = ontology.check_consistency(quads(turtle)).clashes
    assert (clash.focus, clash.message) == ("", "data and ontology contradict each other (HermiT)")


def test_no_temporary_files_stay(java: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert reasoner.reason(statements(CONTRADICTIONS[0]), java)
    assert list(tmp_path.iterdir()) == []
    assert tempfile.tempdir == str(tmp_path)


def test_without_java_the_verdict_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasoner, "java", lambda: None)
    assert ontology.check_consistency() == ontology.Verdict((), ontology.NO_JAVA)
    assert ontology.check_consistency(quads(CONTRADICTIONS[0])).clashes


def test_java_is_looked_for_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for found in ("/usr/bin/java", None):
        monkeypatch.setattr("shutil.which", lambda name, found=found: found)
        assert ontology.java() == (Path(found) if found else None)


def test_a_users_class_under_disjoint_classes_is_inconsistent(tmp_path: Path) -> None:
    (tmp_path / "mine.ttl").write_text(
        f"<https://example.org/Pact> a <{OWL.Class}> ; <{RDFS.subClassOf}> <{KB}Treaty> , <{KB}Raid> ."
    )
    assert ontology.check_consistency(ontology_dirs=[tmp_path]).clashes == (
        clashes.Clash(
            "https://example.org/Pact",
            str(RDF.type),
            "is both Agreement and MilitaryAction, which are disjoint",
            KB + "MilitaryAction",
        ),
    )
    with pytest.raises(OntologyError, match=r"inconsistent: https://example\.org/Pact is both"):
        ontology.require_consistent([tmp_path])


def test_a_users_consistent_ontology(tmp_path: Path) -> None:
    (tmp_path / "mine.ttl").write_text(
        f"<https://example.org/Leak> a <{OWL.Class}> ; <{RDFS.subClassOf}> <{KB}Event> ."
    )
    ontology.require_consistent([tmp_path])
    tree = ontology.hierarchy(ontology.axiom_files([tmp_path]))
    assert KB + "Event" in tree["https://example.org/Leak"]


@pytest.mark.parametrize("text", ["<a> <b>", "no Turtle at all", "<http://x/ y> a <http://z> ."])
def test_an_ontology_that_is_not_turtle(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.ttl").write_text(text)
    with pytest.raises(OntologyError, match=r"mine\.ttl: not readable as Turtle"):
        ontology.check_consistency(ontology_dirs=[tmp_path])


def test_what_is_not_owl_dl_is_told_in_one_line(tmp_path: Path, java: Path) -> None:
    # a property of both kinds whose range is a class and a datatype at once
    (tmp_path / "mine.ttl").write_text(
        f"{PREFIXES} <https://example.org/p> a owl:ObjectProperty ; owl:propertyChainAxiom ( <https://example.org/p> "
        "<https://example.org/q> <https://example.org/p> ) . <https://example.org/q> a owl:ObjectProperty ."
    )
    with pytest.raises(OntologyError) as caught:
        ontology.check_consistency(ontology_dirs=[tmp_path])
    assert "\n" not in caught.value.line()


# Derived files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["context.jsonld", "void.ttl"])
def test_generated_files_are_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == published()[name]


def test_the_context_reads_json_as_our_terms() -> None:
    text = ontology.context()
    node = {"id": "https://example.org/1", "type": "Airstrike", "killed": "4", "agent": "https://example.org/2"}
    found = rdflib.Graph().parse(data=json.dumps([{**json.loads(text), **node}]), format="json-ld")
    one = URIRef("https://example.org/1")
    assert (one, RDF.type, URIRef(KB + "Airstrike")) in found
    assert (one, URIRef(KB + "agent"), URIRef("https://example.org/2")) in found
    assert (one, URIRef(KB + "killed"), rdflib.Literal(4)) in found


def test_the_description_names_every_class() -> None:
    found = rdflib.Graph().parse(data=ontology.void_description(), format="turtle")
    named = {local(node) for node in found.objects(None, URIRef(terms.PREFIXES["void"] + "class"))}
    assert named >= terms.CLASSES


def test_the_owl_file_says_the_same_and_opens(tmp_path: Path) -> None:
    one, two = tmp_path / "one.owl", tmp_path / "two.owl"
    ontology.write_owl(one)
    ontology.write_owl(two)
    assert one.read_bytes() == two.read_bytes()
    assert len(rdflib.Graph().parse(one, format="xml")) == len(graph("newskb.ttl", "alignment.ttl"))
    world = owlready2.World()
    classes = {cls.iri for cls in world.get_ontology(one.as_uri()).load().classes()}
    assert {KB + name for name in terms.CLASSES} <= classes


def test_an_owl_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        ontology.write_owl(tmp_path / "none" / "x.owl")
