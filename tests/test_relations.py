"""Positions and relations over Docs made by hand; the sentence stands above its parse."""

from pathlib import Path

import pytest
from spacy.tokens import Doc

from kb.pipeline.lexicon import load_lexicon
from kb.pipeline.relations import RelationFinder
from tests.parsed import parsed, said


def read(notation: str) -> Doc:
    return RelationFinder(load_lexicon())(parsed(notation))


def relations(doc: Doc) -> list[tuple[str, str, str]]:
    return [(said(doc, r["subject"]), r["predicate"], said(doc, r["object"])) for r in doc._.kb_relations]


POSITIONS: list[tuple[str, list[tuple[str, str, str | None, bool]]]] = [
    (
        # Army commander Gen. Samir Haddad led the Lebanese army.
        "Army/PROPN/NNP/Army/1/compound commander/NOUN/NN/commander/5/nsubj Gen./PROPN/NNP/Gen./3/nmod:desc "
        "Samir/PROPN/NNP/Samir/1/flat Haddad/PROPN/NNP/Haddad/3/flat led/VERB/VBD/lead/5/ROOT the/DET/DT/the/8/det "
        "Lebanese/ADJ/JJ/Lebanese/8/amod army/NOUN/NN/army/5/obj _./PUNCT/././5/punct",
        [("Samir Haddad", "Army commander", "Lebanese army", False), ("Samir Haddad", "Gen.", None, False)],
    ),
    (
        # Lebanese Prime Minister Karim Nassar left Lebanon.
        "Lebanese/ADJ/JJ/Lebanese/2/amod Prime/ADJ/NNP/Prime/2/amod Minister/PROPN/NNP/Minister/3/nmod:desc "
        "Karim/PROPN/NNP/Karim/5/nsubj Nassar/PROPN/NNP/Nassar/3/flat left/VERB/VBD/leave/5/ROOT "
        "Lebanon/PROPN/NNP/Lebanon/5/obj _./PUNCT/././5/punct",
        [("Karim Nassar", "Lebanese Prime Minister", "Lebanon", False)],
    ),
    (
        # A spokesman for the Cedar Brigade, Omar Saleh, resigned.
        "A/DET/DT/a/1/det spokesman/NOUN/NN/spokesman/10/nsubj for/ADP/IN/for/5/case the/DET/DT/the/5/det "
        "Cedar/PROPN/NNP/Cedar/5/compound Brigade/PROPN/NNP/Brigade/1/nmod _,/PUNCT/,/,/7/punct "
        "Omar/PROPN/NNP/Omar/5/appos Saleh/PROPN/NNP/Saleh/7/flat _,/PUNCT/,/,/1/punct "
        "resigned/VERB/VBD/resign/10/ROOT _./PUNCT/././10/punct",
        [("Omar Saleh", "spokesman for the Cedar Brigade", "Cedar Brigade", False)],
    ),
    (
        # Ann Cole, 42, the top U.S. envoy for the Coalition, arrived.
        "Ann/PROPN/NNP/Ann/13/nsubj Cole/PROPN/NNP/Cole/0/flat _,/PUNCT/,/,/3/punct 42/NUM/CD/42/0/nmod:unmarked "
        "_,/PUNCT/,/,/8/punct the/DET/DT/the/8/det top/ADJ/JJ/top/8/amod U.S./PROPN/NNP/U.S./8/compound "
        "envoy/NOUN/NN/envoy/0/appos for/ADP/IN/for/11/case the/DET/DT/the/11/det "
        "Coalition/PROPN/NNP/Coalition/8/nmod _,/PUNCT/,/,/0/punct arrived/VERB/VBD/arrive/13/ROOT "
        "_./PUNCT/././13/punct",
        [("Ann Cole", "top U.S. envoy for the Coalition", "Coalition", False)],
    ),
    (
        # Former President Ann Cole visited Zahle.
        "Former/ADJ/JJ/former/1/amod President/PROPN/NNP/President/2/nmod:desc Ann/PROPN/NNP/Ann/4/nsubj "
        "Cole/PROPN/NNP/Cole/2/flat visited/VERB/VBD/visit/4/ROOT Zahle/PROPN/NNP/Zahle/4/obj _./PUNCT/././4/punct",
        [("Ann Cole", "Former President", None, True)],
    ),
    (
        # Example News writers Ann Cole and Omar Saleh contributed.
        "Example/NOUN/NN/example/2/compound News/NOUN/NN/news/2/compound writers/NOUN/NNS/writer/8/nsubj "
        "Ann/PROPN/NNP/Ann/2/flat Cole/PROPN/NNP/Cole/3/flat and/CCONJ/CC/and/6/cc Omar/PROPN/NNP/Omar/3/conj "
        "Saleh/PROPN/NNP/Saleh/6/flat contributed/VERB/VBD/contribute/8/ROOT _./PUNCT/././8/punct",
        [
            ("Ann Cole", "Example News writers", "Example News", False),
            ("Omar Saleh", "Example News writers", "Example News", False),
        ],
    ),
    (
        # Ann Cole is the president of Lebanon.
        "Ann/PROPN/NNP/Ann/4/nsubj Cole/PROPN/NNP/Cole/0/flat is/AUX/VBZ/be/4/cop the/DET/DT/the/4/det "
        "president/NOUN/NN/president/4/ROOT of/ADP/IN/of/6/case Lebanon/PROPN/NNP/Lebanon/4/nmod "
        "_./PUNCT/././4/punct",
        [("Ann Cole", "president of Lebanon", "Lebanon", False)],
    ),
    (
        # Ann Cole was appointed deputy chairman of the Cedar Brigade.
        "Ann/PROPN/NNP/Ann/3/nsubj:pass Cole/PROPN/NNP/Cole/0/flat was/AUX/VBD/be/3/aux:pass "
        "appointed/VERB/VBN/appoint/3/ROOT deputy/NOUN/NN/deputy/5/compound chairman/NOUN/NN/chairman/3/xcomp "
        "of/ADP/IN/of/9/case the/DET/DT/the/9/det Cedar/PROPN/NNP/Cedar/9/compound Brigade/PROPN/NNP/Brigade/5/nmod "
        "_./PUNCT/././3/punct",
        [("Ann Cole", "deputy chairman of the Cedar Brigade", "Cedar Brigade", False)],
    ),
    (
        # The Coalition, led by Secretary General Ann Cole, met Omar Saleh, who knew the general.
        "The/DET/DT/the/1/det Coalition/PROPN/NNP/Coalition/10/nsubj _,/PUNCT/,/,/1/punct led/VERB/VBN/lead/1/acl "
        "by/ADP/IN/by/7/case Secretary/PROPN/NNP/Secretary/7/nmod:desc General/PROPN/NNP/General/7/nmod:desc "
        "Ann/PROPN/NNP/Ann/3/obl:agent Cole/PROPN/NNP/Cole/7/flat _,/PUNCT/,/,/3/punct met/VERB/VBD/meet/10/ROOT "
        "Omar/PROPN/NNP/Omar/10/obj Saleh/PROPN/NNP/Saleh/11/flat _,/PUNCT/,/,/15/punct who/PRON/WP/who/15/nsubj "
        "knew/VERB/VBD/know/11/acl:relcl the/DET/DT/the/17/det general/NOUN/NN/general/15/obj _./PUNCT/././10/punct",
        [("Ann Cole", "Secretary General", "Coalition", False)],
    ),
]


@pytest.mark.parametrize(("notation", "wanted"), POSITIONS)
def test_a_title_before_or_after_a_name_is_a_position(
    notation: str, wanted: list[tuple[str, str, str | None, bool]]
) -> None:
    doc = read(notation)

    found = [
        (p["person"], doc[slice(*p["title"])].text, said(doc, p["body"]) if p["body"] else None, p["former"])
        for p in doc._.kb_positions
    ]
    assert found == wanted


FOLLOWING: list[tuple[str, list[tuple[str, str, str]]]] = [
    (
        # Army commander Gen. Samir Haddad led the Lebanese army.
        "Army/PROPN/NNP/Army/1/compound commander/NOUN/NN/commander/5/nsubj Gen./PROPN/NNP/Gen./3/nmod:desc "
        "Samir/PROPN/NNP/Samir/1/flat Haddad/PROPN/NNP/Haddad/3/flat led/VERB/VBD/lead/5/ROOT the/DET/DT/the/8/det "
        "Lebanese/ADJ/JJ/Lebanese/8/amod army/NOUN/NN/army/5/obj _./PUNCT/././5/punct",
        [("Samir Haddad", "leaderOf", "Lebanese army")],
    ),
    (
        # A spokesman for the Cedar Brigade, Omar Saleh, resigned.
        "A/DET/DT/a/1/det spokesman/NOUN/NN/spokesman/10/nsubj for/ADP/IN/for/5/case the/DET/DT/the/5/det "
        "Cedar/PROPN/NNP/Cedar/5/compound Brigade/PROPN/NNP/Brigade/1/nmod _,/PUNCT/,/,/7/punct "
        "Omar/PROPN/NNP/Omar/5/appos Saleh/PROPN/NNP/Saleh/7/flat _,/PUNCT/,/,/1/punct "
        "resigned/VERB/VBD/resign/10/ROOT _./PUNCT/././10/punct",
        [("Omar Saleh", "spokespersonFor", "Cedar Brigade")],
    ),
    (
        # Ann Cole, 42, the top U.S. envoy for the Coalition, arrived.
        "Ann/PROPN/NNP/Ann/13/nsubj Cole/PROPN/NNP/Cole/0/flat _,/PUNCT/,/,/3/punct 42/NUM/CD/42/0/nmod:unmarked "
        "_,/PUNCT/,/,/8/punct the/DET/DT/the/8/det top/ADJ/JJ/top/8/amod U.S./PROPN/NNP/U.S./8/compound "
        "envoy/NOUN/NN/envoy/0/appos for/ADP/IN/for/11/case the/DET/DT/the/11/det "
        "Coalition/PROPN/NNP/Coalition/8/nmod _,/PUNCT/,/,/0/punct arrived/VERB/VBD/arrive/13/ROOT "
        "_./PUNCT/././13/punct",
        [("Ann Cole", "memberOf", "Coalition"), ("Ann Cole", "memberOf", "U.S.")],
    ),
    (
        # Former President Ann Cole visited Zahle.
        "Former/ADJ/JJ/former/1/amod President/PROPN/NNP/President/2/nmod:desc Ann/PROPN/NNP/Ann/4/nsubj "
        "Cole/PROPN/NNP/Cole/2/flat visited/VERB/VBD/visit/4/ROOT Zahle/PROPN/NNP/Zahle/4/obj _./PUNCT/././4/punct",
        [],
    ),
    (
        # Ann Cole is the president of Lebanon.
        "Ann/PROPN/NNP/Ann/4/nsubj Cole/PROPN/NNP/Cole/0/flat is/AUX/VBZ/be/4/cop the/DET/DT/the/4/det "
        "president/NOUN/NN/president/4/ROOT of/ADP/IN/of/6/case Lebanon/PROPN/NNP/Lebanon/4/nmod "
        "_./PUNCT/././4/punct",
        [("Ann Cole", "leaderOf", "Lebanon")],
    ),
    (
        # Ann Cole was appointed deputy chairman of the Cedar Brigade.
        "Ann/PROPN/NNP/Ann/3/nsubj:pass Cole/PROPN/NNP/Cole/0/flat was/AUX/VBD/be/3/aux:pass "
        "appointed/VERB/VBN/appoint/3/ROOT deputy/NOUN/NN/deputy/5/compound chairman/NOUN/NN/chairman/3/xcomp "
        "of/ADP/IN/of/9/case the/DET/DT/the/9/det Cedar/PROPN/NNP/Cedar/9/compound Brigade/PROPN/NNP/Brigade/5/nmod "
        "_./PUNCT/././3/punct",
        [("Ann Cole", "memberOf", "Cedar Brigade")],
    ),
]


@pytest.mark.parametrize(("notation", "wanted"), FOLLOWING)
def test_a_post_says_what_its_holder_is_to_the_body(notation: str, wanted: list[tuple[str, str, str]]) -> None:
    assert [r for r in relations(read(notation)) if r[0] in {"Ann Cole", "Omar Saleh", "Samir Haddad"}] == wanted


CUES: list[tuple[str, list[tuple[str, str, str]]]] = [
    (
        # The U.S.-backed Cedar Brigade fights the Hill Front.
        "The/DET/DT/the/5/det U.S./PROPN/NNP/U.S./3/obl:unmarked _-/PUNCT/HYPH/-/1/punct "
        "_backed/VERB/VBN/back/5/amod Cedar/PROPN/NNP/Cedar/5/compound Brigade/PROPN/NNP/Brigade/6/nsubj "
        "fights/VERB/VBZ/fight/6/ROOT the/DET/DT/the/9/det Hill/PROPN/NNP/Hill/9/compound "
        "Front/PROPN/NNP/Front/6/obj _./PUNCT/././6/punct",
        [("U.S.", "supports", "Cedar Brigade"), ("Cedar Brigade", "fights", "Hill Front")],
    ),
    (
        # Coalition nations include Jordan, Canada and France.
        "Coalition/NOUN/NN/coalition/1/compound nations/NOUN/NNS/nation/2/nsubj include/VERB/VBP/include/2/ROOT "
        "Jordan/PROPN/NNP/Jordan/2/obj _,/PUNCT/,/,/5/punct Canada/PROPN/NNP/Canada/3/conj and/CCONJ/CC/and/7/cc "
        "France/PROPN/NNP/France/3/conj _./PUNCT/././2/punct",
        [("Jordan", "memberOf", "Coalition"), ("Canada", "memberOf", "Coalition"), ("France", "memberOf", "Coalition")],
    ),
    (
        # Zahle, Lebanon, is a Cedar Brigade-held city.
        "Zahle/PROPN/NNP/Zahle/10/nsubj _,/PUNCT/,/,/2/punct Lebanon/PROPN/NNP/Lebanon/0/appos _,/PUNCT/,/,/0/punct "
        "is/AUX/VBZ/be/10/cop a/DET/DT/a/10/det Cedar/PROPN/NNP/Cedar/7/compound "
        "Brigade/PROPN/NNP/Brigade/9/compound _-/PUNCT/HYPH/-/7/punct _held/VERB/VBN/hold/10/amod "
        "city/NOUN/NN/city/10/ROOT _./PUNCT/././10/punct",
        [("Cedar Brigade", "controls", "Zahle"), ("Zahle", "locatedIn", "Lebanon")],
    ),
    (
        # The Hill Front took control of Zahle.
        "The/DET/DT/the/2/det Hill/PROPN/NNP/Hill/2/compound Front/PROPN/NNP/Front/3/nsubj "
        "took/VERB/VBD/take/3/ROOT control/NOUN/NN/control/3/obj of/ADP/IN/of/6/case Zahle/PROPN/NNP/Zahle/4/nmod "
        "_./PUNCT/././3/punct",
        [("Hill Front", "controls", "Zahle")],
    ),
    (
        # The war between Jordan and Lebanon goes on.
        "The/DET/DT/the/1/det war/NOUN/NN/war/6/nsubj between/ADP/IN/between/3/case Jordan/PROPN/NNP/Jordan/1/nmod "
        "and/CCONJ/CC/and/5/cc Lebanon/PROPN/NNP/Lebanon/3/conj goes/VERB/VBZ/go/6/ROOT on/ADP/RP/on/6/compound:prt "
        "_./PUNCT/././6/punct",
        [("Jordan", "fights", "Lebanon")],
    ),
    (
        # Jordan does not support the Hill Front.
        "Jordan/PROPN/NNP/Jordan/3/nsubj does/AUX/VBZ/do/3/aux not/PART/RB/not/3/advmod "
        "support/VERB/VB/support/3/ROOT the/DET/DT/the/6/det Hill/PROPN/NNP/Hill/6/compound "
        "Front/PROPN/NNP/Front/3/obj _./PUNCT/././3/punct",
        [],
    ),
    (
        # Canada provided air support for the Lebanese army in Zahle.
        "Canada/PROPN/NNP/Canada/1/nsubj provided/VERB/VBD/provide/1/ROOT air/NOUN/NN/air/3/compound "
        "support/NOUN/NN/support/1/obj for/ADP/IN/for/7/case the/DET/DT/the/7/det Lebanese/ADJ/JJ/Lebanese/7/amod "
        "army/NOUN/NN/army/3/nmod in/ADP/IN/in/9/case Zahle/PROPN/NNP/Zahle/7/nmod _./PUNCT/././1/punct",
        [("Canada", "supports", "Lebanese army")],
    ),
    (
        # A delegation headed by Omar Saleh left.
        "A/DET/DT/a/1/det delegation/NOUN/NN/delegation/6/nsubj headed/VERB/VBN/head/1/acl by/ADP/IN/by/4/case "
        "Omar/PROPN/NNP/Omar/2/obl:agent Saleh/PROPN/NNP/Saleh/4/flat left/VERB/VBD/leave/6/ROOT "
        "_./PUNCT/././6/punct",
        [("Omar Saleh", "leaderOf", "A delegation")],
    ),
    (
        # The Hill Front, backed by Jordan and local militias, attacked.
        "The/DET/DT/the/2/det Hill/PROPN/NNP/Hill/2/compound Front/PROPN/NNP/Front/11/nsubj _,/PUNCT/,/,/4/punct "
        "backed/VERB/VBN/back/2/acl by/ADP/IN/by/6/case Jordan/PROPN/NNP/Jordan/4/obl:agent and/CCONJ/CC/and/9/cc "
        "local/ADJ/JJ/local/9/amod militias/NOUN/NNS/militia/6/conj _,/PUNCT/,/,/4/punct "
        "attacked/VERB/VBD/attack/11/ROOT _./PUNCT/././11/punct",
        [("Jordan", "supports", "Hill Front"), ("local militias", "supports", "Hill Front")],
    ),
    (
        # Omar Saleh is a member of the Cedar Brigade.
        "Omar/PROPN/NNP/Omar/4/nsubj Saleh/PROPN/NNP/Saleh/0/flat is/AUX/VBZ/be/4/cop a/DET/DT/a/4/det "
        "member/NOUN/NN/member/4/ROOT of/ADP/IN/of/8/case the/DET/DT/the/8/det Cedar/PROPN/NNP/Cedar/8/compound "
        "Brigade/PROPN/NNP/Brigade/4/nmod _./PUNCT/././4/punct",
        [("Omar Saleh", "memberOf", "Cedar Brigade")],
    ),
    (
        # Coalition troops and Hill Front fighters shared tea.
        "Coalition/PROPN/NNP/Coalition/1/compound troops/NOUN/NNS/troops/6/nsubj and/CCONJ/CC/and/5/cc "
        "Hill/PROPN/NNP/Hill/5/compound Front/ADJ/NNP/front/5/amod fighters/NOUN/NNS/fighter/1/conj "
        "shared/VERB/VBD/share/6/ROOT tea/NOUN/NN/tea/6/obj _./PUNCT/././6/punct",
        [],
    ),
    (
        # The fall of Zahle, the capital of the Hill Front, came early.
        "The/DET/DT/the/1/det fall/NOUN/NN/fall/12/nsubj of/ADP/IN/of/3/case Zahle/PROPN/NNP/Zahle/1/nmod "
        "_,/PUNCT/,/,/6/punct the/DET/DT/the/6/det capital/NOUN/NN/capital/3/appos of/ADP/IN/of/10/case "
        "the/DET/DT/the/10/det Hill/PROPN/NNP/Hill/10/compound Front/PROPN/NNP/Front/6/nmod _,/PUNCT/,/,/1/punct "
        "came/VERB/VBD/come/12/ROOT early/ADV/RB/early/12/xcomp _./PUNCT/././12/punct",
        [("Hill Front", "controls", "Zahle")],
    ),
]


@pytest.mark.parametrize(("notation", "wanted"), CUES)
def test_a_cue_relates_its_arguments(notation: str, wanted: list[tuple[str, str, str]]) -> None:
    assert sorted(relations(read(notation))) == sorted(wanted)


BOMBED = (
    # U.S. warplanes bombed Hill Front positions.
    "U.S./PROPN/NNP/U.S./1/compound warplanes/NOUN/NNS/warplane/2/nsubj bombed/VERB/VBD/bomb/2/ROOT "
    "Hill/PROPN/NNP/Hill/5/compound Front/ADJ/NNP/front/5/amod positions/NOUN/NNS/position/2/obj "
    "_./PUNCT/././2/punct"
)


@pytest.mark.parametrize(("factuality", "wanted"), [("Actual", [("U.S.", "fights", "Hill Front")]), ("Planned", [])])
def test_the_sides_of_an_action_fight_if_it_happened(factuality: str, wanted: list[tuple[str, str, str]]) -> None:
    event = {
        "cls": "Airstrike",
        "triggers": [2],
        "roles": [["agent", ["", 0, 2]], ["target", ["", 3, 6]]],
        "factuality": factuality,
    }

    doc = RelationFinder(load_lexicon())(parsed(BOMBED, events=[event]))

    assert relations(doc) == wanted


PAMPERS = (
    # Jordan pampers the Hill Front.
    "Jordan/PROPN/NNP/Jordan/1/nsubj pampers/VERB/VBZ/pamper/1/ROOT the/DET/DT/the/4/det "
    "Hill/PROPN/NNP/Hill/4/compound Front/PROPN/NNP/Front/1/obj _./PUNCT/././1/punct"
)
OWN = """
@prefix kb: <https://w3id.org/newskb/ontology#> .
@prefix lex: <https://w3id.org/newskb/lexicon#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
lex:pamper a lex:RelationCue ; rdfs:label "pamper"@en ; lex:pos "VERB" ;
    lex:relation kb:supports ; lex:subject "subj" ; lex:object "obj" .
"""


def test_a_cue_of_a_users_own_needs_no_code(tmp_path: Path) -> None:
    (tmp_path / "own.ttl").write_text(OWN, encoding="utf-8")

    doc = RelationFinder(load_lexicon((tmp_path,)))(parsed(PAMPERS))

    assert relations(doc) == [("Jordan", "supports", "Hill Front")]
    assert relations(read(PAMPERS)) == []


def test_every_relation_names_its_rule_and_confidence() -> None:
    doc = read(CUES[0][0])

    assert {r["rule"] for r in doc._.kb_relations} == {"lex:back-v-supports", "lex:fight-v-fights"}
    assert all(0 < r["confidence"] <= 1 for r in doc._.kb_relations)
