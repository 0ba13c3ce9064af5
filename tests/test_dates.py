"""Expressions of time become ISO values as exact as the text allows; trees are given by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from kb.language import sentences, tokenizer
from kb.pipeline.dates import Anchor, date_of, dates

_NLP = tokenizer.blank()
_THURSDAY = "2017-08-31"


def _read(text: str, published: str) -> Doc:
    doc = sentences.mark(_NLP(text))
    doc._.kb_published = published
    return dates(doc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They left on Wednesday.", ["2017-08-30"]),
        ("They left on Thursday.", ["2017-08-31"]),
        ("Last Thursday they left.", ["2017-08-24"]),
        ("They meet next Friday.", ["2017-09-08"]),
        ("late Wednesday", ["2017-08-30"]),
        ("yesterday and today", ["2017-08-30", "2017-08-31"]),
        ("the night before last", ["2017-08-29"]),
        ("It fell last month and last year.", ["2017-07", "2016"]),
        ("earlier this year", ["2017"]),
        ("last week", ["2017-08"]),
        ("this week", ["2017"]),
        ("two days ago", ["2017-08-29"]),
        ("three months ago", ["2017-05"]),
        ("a year ago", ["2016"]),
        ("nearly two years ago", []),
        ("In April they met.", ["2017-04"]),
        ("in November", ["2016-11"]),
        ("on Jan. 3", ["2017-01-03"]),
        ("on Dec. 6th", ["2016-12-06"]),
        ("on 29 December", ["2016-12-29"]),
        ("It may rain in March.", ["2017-03"]),
        ("in recent weeks, for years", []),
        ("over the last year", []),
    ],
)
def test_relative_to_the_publication(text: str, expected: list[str]) -> None:
    doc = _read(text, _THURSDAY)

    assert [span.label_ for span in doc.spans["dates"]] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on October 26, 2008.", [("October 26, 2008", "2008-10-26")]),
        ("on 24 November 2016", [("24 November 2016", "2016-11-24")]),
        ("on Monday, Nov. 24, 2016,", [("Monday, Nov. 24, 2016", "2016-11-24")]),
        ("2016-11-24", [("2016-11-24", "2016-11-24")]),
        ("in March 2015", [("March 2015", "2015-03")]),
        ("since 2012", [("2012", "2012")]),
        ("a 2008 raid", [("2008", "2008")]),
        ("on 30 February 2016", []),
        ("on Wednesday and in April, yesterday, two days ago", []),
        ("between 1977-1979", []),
        ("Resolution 2012", []),
        ("2,014 people, 2014 people, $2014, 20145", []),
        ("UN resolutions 2254 and 2118", []),
    ],
)
def test_without_publication_only_what_has_a_year(text: str, expected: list[tuple[str, str]]) -> None:
    doc = _read(text, "")

    assert [(span.text, span.label_) for span in doc.spans["dates"]] == expected


@pytest.mark.parametrize(
    ("published", "expected"),
    [("2017-08", ["2016", "2017-07", "2017-04"]), ("2017", ["2016"]), ("soon", []), ("2017-99", [])],
)
def test_a_coarse_publication_gives_coarse_values(published: str, expected: list[str]) -> None:
    doc = _read("last year, last month, in April, on Monday", published)

    assert [span.label_ for span in doc.spans["dates"]] == expected


def _tree(words: str, heads: list[int], deps: str, pos: str, published: str) -> Doc:
    doc = Doc(_NLP.vocab, words=words.split(), heads=heads, deps=deps.split(), pos=pos.split())
    doc._.kb_published = published
    return dates(doc)


def test_the_future_looks_ahead() -> None:
    doc = _tree("They will meet Friday", [2, 2, 2, 2], "nsubj aux ROOT obl:tmod", "PRON AUX VERB PROPN", _THURSDAY)

    assert [span.label_ for span in doc.spans["dates"]] == ["2017-09-01"]


def test_date_of_a_verb_and_of_its_arguments() -> None:
    doc = _tree(
        "Jets struck Mosul Monday , killing two", [1, 1, 1, 1, 5, 1, 5], "nsubj ROOT obj obl:tmod punct advcl obj",
        "NOUN VERB PROPN PROPN PUNCT VERB NUM", _THURSDAY,
    )  # fmt: skip

    assert [date_of(doc, doc[i]) for i in (0, 1, 5)] == ["2017-08-28"] * 3


def test_date_of_does_not_cross_into_what_is_said() -> None:
    doc = _tree(
        "He said Monday rebels attacked", [1, 1, 1, 4, 1], "nsubj ROOT obl:tmod nsubj ccomp",
        "PRON VERB PROPN NOUN VERB", _THURSDAY,
    )  # fmt: skip

    assert (date_of(doc, doc[1]), date_of(doc, doc[4])) == ("2017-08-28", None)


def test_date_of_a_relative_clause_stays_in_it() -> None:
    doc = _tree(
        "Troops found soldiers that rebels kidnapped in 2014", [1, 1, 1, 5, 5, 2, 7, 5],
        "nsubj ROOT obj obj nsubj acl:relcl case obl", "NOUN VERB NOUN PRON NOUN VERB ADP NUM", "",
    )  # fmt: skip

    assert (date_of(doc, doc[5]), date_of(doc, doc[1])) == ("2014", None)


def test_date_of_a_raid_conducted_then() -> None:
    doc = _tree(
        "He died in a raid conducted in 2008", [1, 1, 4, 4, 1, 4, 7, 5],
        "nsubj ROOT case det obl acl case obl", "PRON VERB ADP DET NOUN VERB ADP NUM", "",
    )  # fmt: skip

    assert [date_of(doc, doc[i]) for i in (1, 4, 5)] == ["2008"] * 3


@given(st.text(max_size=60), st.sampled_from(["", "2017", "2017-08", "2017-08-31", "0001-01-01", "9999-12-31"]))
def test_any_text_gives_iso_values_or_nothing(text: str, published: str) -> None:
    doc = _read(text + " last week, on Monday, 30 days ago, next year", published)

    for span in doc.spans["dates"]:
        assert len(span.label_) in (4, 7, 10)


def test_an_anchor_knows_how_exact_it_is() -> None:
    assert [Anchor.of(value).exact for value in ("2017-08-31", "2017-08-31T10:00:00Z", "2017-08", "2017", "", "x")] == [
        10,
        10,
        7,
        4,
        0,
        0,
    ]
