"""The language pipeline: its parts over tables and properties, the trained whole on a few plain sentences."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

from kb.errors import ModelError
from kb.language import ModelWarning, load
from kb.language.lemmas import apply_rule, rule_of
from kb.language.pieces import CASES, case_of
from kb.language.tokenizer import blank
from kb.language.trees import decode


@cache
def nlp() -> Language:
    return load()


@pytest.mark.parametrize(
    ("word", "lemma"),
    [
        ("Cities", "city"),
        ("was", "be"),
        ("Syria", "Syria"),
        ("struck", "strike"),
        ("US", "US"),
        ("n't", "not"),
        ("", ""),
    ],
)
def test_edit_rules_lead_from_word_to_lemma(word: str, lemma: str) -> None:
    assert apply_rule(word, rule_of(word, lemma)) == (lemma or word)


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_every_lemma_is_reached(word: str, lemma: str) -> None:
    assert apply_rule(word, rule_of(word, lemma)) == lemma


@pytest.mark.parametrize(
    ("word", "case"),
    [
        ("army", "lower"),
        ("Army", "title"),
        ("ISIS", "upper"),
        ("McGurk", "mixed"),
        ("2017", "digit"),
        ("A", "letter"),
        ("-", "mark"),
    ],
)
def test_letter_cases(word: str, case: str) -> None:
    assert CASES[case_of(word)] == case


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.lists(st.floats(-9, 9, width=32), min_size=n * (n + 1), max_size=n * (n + 1))
    )
)
def test_every_decoded_tree_is_a_tree_with_one_root(values: list[float]) -> None:
    count = next(n for n in range(1, 13) if n * (n + 1) == len(values))

    heads = decode(np.array(values, dtype=np.float32).reshape(count, count + 1))

    assert list(heads).count(0) == 1
    for word in range(1, count + 1):
        seen = set()
        while word:
            assert word not in seen
            seen.add(word)
            word = int(heads[word - 1])


def test_the_best_tree_wins() -> None:
    scores = np.full((3, 4), -5.0, dtype=np.float32)
    scores[0, 2] = scores[1, 0] = scores[2, 2] = 5.0

    assert list(decode(scores)) == [2, 0, 2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("U.S.-led coalition", ["U.S.", "-", "led", "coalition"]),
        ("Hezbollah-negotiated", ["Hezbollah", "-", "negotiated"]),
        ("Col. Ryan Dillon", ["Col.", "Ryan", "Dillon"]),
        ("aren't", ["are", "n't"]),
        ("Deir el-Zour", ["Deir", "el", "-", "Zour"]),
        ("at 7:30PM on Wed. or Sat. (11am)", ["at", "7:30", "PM", "on", "Wed.", "or", "Sat.", "(", "11", "am", ")"]),
        ("the person(s) named", ["the", "person", "(", "s", ")", "named"]),
        ("(one)(two)", ["(", "one", ")", "(", "two", ")"]),
        ("DON'T SHOOT", ["DO", "N'T", "SHOOT"]),
        ("the 60's, 345-9945, x3-5213", ["the", "60's", ",", "345-9945", ",", "x3-5213"]),
        ("#ceasefire now", ["#ceasefire", "now"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [token.text for token in blank()(text)] == words


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He left. She stayed.", ["He left.", "She stayed."]),
        ("A headline without a stop\n\nThe text begins.", ["A headline without a stop", "The text begins."]),
        ("Gen. Joseph Aoun met U.S. officials. They talked.", ["Gen. Joseph Aoun met U.S. officials.", "They talked."]),
        ('"We went," he said. "We came back."', ['"We went," he said.', '"We came back."']),
        ("They moved to the U.S. The war went on.", ["They moved to the U.S.", "The war went on."]),
        ("Rain fell (see below.) Snow fell.", ["Rain fell (see below.)", "Snow fell."]),
        ("MINSK, Belarus, Feb. 12 (AP) - Both sides agreed.", ["MINSK, Belarus, Feb. 12 (AP) -", "Both sides agreed."]),
        ("- one item\n- another item", ["- one item", "- another item"]),
        ("It rose 2.5 percent on Jan. 3 in Aleppo.", ["It rose 2.5 percent on Jan. 3 in Aleppo."]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    pipeline = blank()
    pipeline.add_pipe("kb_sentences")

    assert [sent.text.strip() for sent in pipeline(text).sents] == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He left. She stayed.", ["He left.", "She stayed."]),
        ("Rebels seize town\n\nThe army left.", ["Rebels seize town", "The army left."]),
        ("Gen. Joseph Aoun met U.S. officials. They talked.", ["Gen. Joseph Aoun met U.S. officials.", "They talked."]),
        ("MINSK, Belarus, Feb. 12 (AP) - Both sides agreed.", ["MINSK, Belarus, Feb. 12 (AP) -", "Both sides agreed."]),
        ("They moved to the U.S. The war went on.", ["They moved to the U.S.", "The war went on."]),
        ("- one item\n- another item", ["- one item", "- another item"]),
        ('"We will fight," he said. "We will win."', ['"We will fight," he said.', '"We will win."']),
        ("It rose 2.5 percent on Jan. 3 in Aleppo.", ["It rose 2.5 percent on Jan. 3 in Aleppo."]),
    ],
)
def test_the_model_divides_sentences(text: str, sentences: list[str]) -> None:
    assert [sent.text.strip() for sent in nlp()(text).sents] == sentences


def test_a_plain_sentence_is_read_whole() -> None:
    doc = nlp()("Syrian troops attacked the city of Aleppo on Wednesday.")

    assert [token.dep_ for token in doc][:3] == ["amod", "nsubj", "ROOT"]
    assert doc[2].lemma_ == "attack"
    assert doc[2].pos_ == "VERB"
    assert ("Aleppo", "LOC") in [(ent.text, ent.label_) for ent in doc.ents]


_STORY = (
    "Syrian troops attacked the city of Aleppo on Wednesday. They killed five rebels, President Bashar Assad said. "
    "The U.S. State Department condemned the attack."
)


def test_names_are_nested_and_the_outermost_are_entities() -> None:
    doc = nlp()(_STORY)

    names = {(span.text, span.label_) for span in doc.spans["names"]}
    assert {("U.S. State Department", "ORG"), ("U.S.", "LOC"), ("five", "NUM"), ("Syrian", "NORP")} <= names
    assert "U.S." not in [ent.text for ent in doc.ents]


def test_predicates_have_rolesets_and_arguments() -> None:
    doc = nlp()(_STORY)

    found = {
        doc[word].text: (roleset, {role: doc[b:e].text for role, b, e in args})
        for word, roleset, args in doc._.kb_propositions
    }
    assert found["attacked"][0] == found["attack"][0] == "attack.01"
    assert found["attacked"][1]["ARG0"] == "Syrian troops"
    assert found["killed"][0] == "kill.01"
    assert found["killed"][1]["ARG1"] == "five rebels"


def test_triggers_have_classes_and_roles() -> None:
    doc = nlp()(_STORY)

    found = {doc[word].text: {role: doc[b:e].text for role, b, e in roles} for word, _, roles in doc._.kb_triggers}
    assert found["attacked"]["agent"] == "Syrian troops"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "The president met the rebels in Doha. He said they had agreed.",
            [{"The president", "He"}, {"the rebels", "they"}],
        ),
        ("The minister resigned on Friday. She had led the party since 2011.", [{"The minister", "She"}]),
        ("Hezbollah said it had agreed to the truce.", [{"Hezbollah", "it"}]),
    ],
)
def test_clusters_hold_pronouns_and_what_they_mean(text: str, wanted: list[set[str]]) -> None:
    doc = nlp()(text)

    groups = [{span.text for span in doc.spans[key]} for key in doc.spans if key.startswith("coref_clusters_")]
    assert groups == wanted


def test_spacy_finds_it_by_its_name() -> None:
    pipeline = spacy.load("newskb", disable=["kb_neural"])

    assert pipeline.meta["name"] == "newskb_en_news"
    assert pipeline.meta["license"] == "CC BY-SA 4.0"
    assert pipeline.pipe_names == []


def test_two_processes_give_what_one_gives() -> None:
    texts = [_STORY, "Iran backs Hezbollah."] * 2

    single = [doc.to_json() for doc in nlp().pipe(texts)]
    double = list(nlp().pipe(texts, n_process=2, batch_size=1))

    assert [doc.to_json() for doc in double] == single
    assert double[0]._.kb_propositions == nlp()(_STORY)._.kb_propositions


def test_a_document_survives_being_stored() -> None:
    doc = nlp()(_STORY)

    again = Doc(doc.vocab).from_bytes(doc.to_bytes())

    assert again._.kb_triggers == doc._.kb_triggers
    assert [[s.text for s in again.spans[k]] for k in again.spans] == [
        [s.text for s in doc.spans[k]] for k in doc.spans
    ]


def test_what_an_article_gives_does_not_depend_on_its_neighbours() -> None:
    alone = nlp()(_STORY).to_bytes(exclude=["tensor"])

    among = list(nlp().pipe(["A short one.", _STORY, "Iran backs Hezbollah. " * 40]))[1]

    assert among.to_bytes(exclude=["tensor"]) == alone


def test_parts_can_be_left_out() -> None:
    doc = load(roles=False, coreference=False)(_STORY)

    assert doc._.kb_propositions == [] and list(doc.spans) == ["names"]


def test_a_pipeline_of_the_users_is_told_what_it_lacks(tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path)

    with pytest.warns(ModelWarning, match="parts of speech, lemmas, a dependency tree, named entities"):
        load(str(tmp_path))


def test_pipe_gives_what_single_calls_give() -> None:
    texts = ["Iran backs Hezbollah.", "", "The U.N. met in New York.\n\nIt agreed.", "   "]

    single = [nlp()(text).to_json() for text in texts]

    assert [doc.to_json() for doc in nlp().pipe(texts)] == single


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    doc = nlp()(text)

    assert doc.text == text
    assert all(token.has_head() or token.is_space or token.head.i == token.i for token in doc)


@pytest.mark.parametrize(
    "text",
    ["." * 3000, "word " * 3000, "\n" * 500, "😀" * 500, "سوريا " * 500, "x" * 20_000, "a-" * 2000, "war " * 25_000],
)
def test_odd_texts_are_read(text: str) -> None:
    assert nlp()(text).text == text


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ModelError, match="no_such_pipeline"):
        load("no_such_pipeline")
