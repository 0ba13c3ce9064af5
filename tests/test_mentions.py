"""Names are found, bounded, classed and merged; no trained model is used: tags and entities are given."""

import pytest
from spacy.tokens import Doc, Span

from kb.errors import OntologyError
from kb.gazetteer import load_gazetteer
from kb.language import sentences, tokenizer
from kb.pipeline.clusters import decide, initials
from kb.pipeline.lexicon import Lexicon, load_lexicon
from kb.pipeline.mentions import Mentions, choose
from kb.pipeline.names import acronym
from kb.pipeline.texts import MODEL, PATTERN, Name
from kb.resources import Entry

_TAGS = {"the": "DET", "a": "DET", "of": "ADP", "in": "ADP", "by": "ADP", "and": "CCONJ", "to": "PART", "for": "ADP"}
_NLP = tokenizer.blank()
_FIND = Mentions(load_lexicon(), load_gazetteer())


def _tag(word: str) -> str:
    return _TAGS.get(word.lower()) or ("PROPN" if word[0].isupper() else "NUM" if word.isdigit() else "NOUN")


def _read(text: str, *, people: str = "", bodies: str = "", places: str = "", title: str = "") -> Doc:
    """A tagged document whose model entities are given as "A|B"."""
    doc = sentences.mark(_NLP(f"{title}\n\n{text}" if title else text))
    for token in doc:
        token.pos_ = _tag(token.text)
    ents: list[Span] = []
    for label, names in (("PERSON", people), ("ORG", bodies), ("LOC", places)):
        for name in filter(None, names.split("|")):
            begin = doc.text.rindex(name)
            span = doc.char_span(begin, begin + len(name), label=label)
            assert span is not None, name
            ents.append(span)
    doc.set_ents(ents)
    doc._.kb_title_end = sum(token.idx < len(title) for token in doc)
    return _FIND(doc)


def _entities(doc: Doc) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(e["cls"], e["label"], tuple(e["names"])) for e in doc._.kb_entities.values()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the Lebanese army said", {("ArmedForce", "Lebanese army", ())}),
        ("the Syrian government said", {("Government", "Syrian government", ())}),
        ("talks with the government of Iraq", {("Government", "government of Iraq", ())}),
        ("Lebanon's parliament met", {("Country", "Lebanon", ()), ("GovernmentBody", "Lebanon's parliament", ())}),
        (
            "the U.S. Senate voted after the U.S. House of Representatives",
            {("GovernmentBody", "U.S. Senate", ()), ("GovernmentBody", "U.S. House of Representatives", ())},
        ),
        ("fighting in Bamyan province", {("Region", "Bamyan province", ("Bamyan",))}),
        ("shells hit the Kosovim checkpoint", {("Facility", "Kosovim checkpoint", ())}),
        ("in the village of Alkarara", {("City", "Alkarara", ())}),
        (
            "the U.S.-led coalition said",
            {("Country", "U.S.", ()), ("InternationalOrganization", "U.S.-led coalition", ())},
        ),
        ("they asked the Coalition for help", {("InternationalOrganization", "Coalition", ())}),
        ("he left the coalition", set()),
        ("money from the Syria Recovery Trust Fund", {("Organization", "Syria Recovery Trust Fund", ())}),
        ("an attack on the Free Mountain Army", {("ArmedGroup", "Free Mountain Army", ())}),
        ("the Ministry of Transport closed it", {("GovernmentBody", "Ministry of Transport", ())}),
        ("they began Operation Red Storm", set()),
        ("the Brussels Conference began", {("City", "Brussels", ())}),
        ("the Drakmar movement said", {("Organization", "Drakmar", ())}),
        ("BOGOTA - The talks began", {("City", "BOGOTA", ())}),
        ("the Attorney General's Office said", {("GovernmentBody", "Attorney General's Office", ())}),
        (
            "the Egyptian General Intelligence Directorate",
            {("GovernmentBody", "Egyptian General Intelligence Directorate", ())},
        ),
        ("Japan's Self-Defense Forces", {("Country", "Japan", ()), ("ArmedForce", "Self-Defense Forces", ())}),
        ("the Front for the Freedom of Elbonia", {("ArmedGroup", "Front for the Freedom of Elbonia", ())}),
    ],
)
def test_patterns(text: str, expected: set[tuple[str, str, tuple[str, ...]]]) -> None:
    assert _entities(_read(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Syrian troops fired",
        "Israeli jets flew",
        "the Iraqi government troops fled",
        "a Lebanese man",
        "two POWs",
        "Syrian police officers",
    ],
)
def test_descriptions_are_no_names(text: str) -> None:
    assert _entities(_read(text)) == set()


def test_a_dateline_gives_city_and_agency() -> None:
    doc = _read("KABUL, Afghanistan (AP) _ The minister spoke.")

    assert _entities(doc) == {("City", "KABUL", ()), ("Country", "Afghanistan", ()), ("MediaOrganization", "AP", ())}


def test_a_group_is_known_by_its_people() -> None:
    doc = sentences.mark(_NLP("near them Q23 rebels fled"))
    for token in doc:
        token.pos_, token.tag_ = _tag(token.text), "NNS" if token.text == "rebels" else ""

    assert _entities(_FIND(doc)) == {("ArmedGroup", "Q23", ())}


def test_an_unknown_kind_of_pattern_is_an_error() -> None:
    row = Entry("lex:x", {"http://www.w3.org/1999/02/22-rdf-syntax-ns#type": ("lex:NameHead",), "lex:before": ("sky",)})
    label = {"http://www.w3.org/2000/01/rdf-schema#label": ("club",), "lex:class": ("Organization",)}
    find = Mentions(Lexicon([Entry("lex:x", {**row.fields, **label})]), load_gazetteer())

    with pytest.raises(OntologyError, match="lex:x"):
        find(sentences.mark(_NLP("a club")))


def test_titles_stand_outside_and_surnames_merge() -> None:
    doc = _read("Later Prime Minister Hakim Dorvali met them. Dorvali left.", people="Prime Minister Hakim Dorvali")

    assert _entities(doc) == {("Person", "Hakim Dorvali", ("Dorvali",))}
    assert [span.text for span in doc.spans["entities"]] == ["Hakim Dorvali", "Dorvali"]


def test_a_title_divides_a_span_of_the_model() -> None:
    doc = _read("said the UN Special Envoy Marko Velt", bodies="UN Special Envoy Marko Velt")

    assert {(cls, label) for cls, label, _ in _entities(doc)} == {
        ("InternationalOrganization", "UN"),
        ("Person", "Marko Velt"),
    }


def test_acronyms_merge_with_what_they_stand_for() -> None:
    doc = _read("the Dunmore Relief Fund (DRF) said. Then DRF left.", bodies="Dunmore Relief Fund")

    assert _entities(doc) == {("Organization", "Dunmore Relief Fund", ("DRF",))}


def test_names_of_one_country_merge_and_its_bodies_stay_apart() -> None:
    doc = _read(
        "the United States and the U.S. government met the Lebanese army. Then the Lebanese military left the U.S. quickly"
    )

    assert _entities(doc) == {
        ("Country", "United States", ("U.S.",)),
        ("Government", "U.S. government", ()),
        ("ArmedForce", "Lebanese military", ("Lebanese army",)),
    }


def test_borders_merge_whichever_side_names_them() -> None:
    doc = _read(
        "at the Lebanon-Syria border. Later the Syria-Lebanon border. He saw the Iraqi-Syrian border and the Iraqi border"
    )

    labels = {(cls, names) for cls, _, names in _entities(doc) if cls == "Region"}
    assert labels == {("Region", ("Syria-Lebanon border",)), ("Region", ("Iraqi border",))}


def test_capitals_of_a_headline_tell_nothing() -> None:
    doc = _read("the army left Mosul", title="Deadly Strikes Hit Mosul Market", bodies="")

    assert _entities(doc) == {("City", "Mosul", ())}


def test_keys_follow_the_text_and_spans_carry_them() -> None:
    doc = _read("the Lebanese army left Mosul and Mosul fell")

    assert [(span.text, span.label_, span.id_) for span in doc.spans["entities"]] == [
        ("Lebanese army", "ArmedForce", "e1"),
        ("Mosul", "City", "e2"),
        ("Mosul", "City", "e2"),
    ]


def test_the_higher_rank_wins_then_the_longer() -> None:
    def name(begin: int, end: int, rank: int, *, nests: bool = False) -> Name:
        return Name(begin=begin, end=end, cls="Place", weight=1.0, rank=rank, rule="x", nests=nests)

    assert choose([name(0, 2, MODEL), name(1, 4, PATTERN)]) == [name(1, 4, PATTERN)]
    assert choose([name(0, 2, MODEL), name(0, 3, MODEL)]) == [name(0, 3, MODEL)]
    assert choose([name(0, 1, MODEL), name(0, 3, PATTERN, nests=True)]) == [
        name(0, 3, PATTERN, nests=True),
        name(0, 1, MODEL),
    ]


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([("Organization", 1.0, "a"), ("ArmedGroup", 2.0, "b")], "ArmedGroup"),
        ([("Place", 1.0, "a")], "City"),
        ([("Place", 9.0, "a"), ("Country", 4.0, "b"), ("City", 1.5, "c")], "Country"),
        ([("Person", 1.5, "a"), ("Person", 1.5, "a"), ("City", 2.5, "b")], "Person"),
        ([], "Organization"),
    ],
)
def test_decide(votes: list[tuple[str, float, str]], expected: str) -> None:
    assert decide(votes, load_lexicon()) == expected


@pytest.mark.parametrize(
    ("words", "expected"), [("YPG", True), ("U.S.", True), ("CJTF-OIR", True), ("McGurk", False), ("A", False)]
)
def test_acronym(words: str, expected: bool) -> None:
    assert acronym(words) is expected


def test_initials_with_and_without_small_words() -> None:
    assert {"ISIL", "ISoIaL"} <= initials("Islamic State of Iraq and Levant")
    assert initials("Hezbollah") == set()


@pytest.mark.parametrize(
    "text", ["", "\n\n", "(AP) _", "The", "'s", "\u202eMosul\u202c \u200e", "of of of", "U.S.-led"]
)
def test_odd_text_does_no_harm(text: str) -> None:
    assert len(_read(text).spans["entities"]) <= 2


def test_values_on_the_document_are_plain() -> None:
    doc = _read("the Lebanese army left Mosul")

    assert Doc(doc.vocab).from_bytes(doc.to_bytes())._.kb_entities == doc._.kb_entities
