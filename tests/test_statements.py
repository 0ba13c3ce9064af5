"""Statements over Docs made by hand; the sentence stands above its parse."""

import pytest
from spacy.tokens import Doc

from kb.pipeline.lexicon import load_lexicon
from kb.pipeline.quotations import quotations
from kb.pipeline.statements import StatementFinder
from tests.parsed import VOCAB, parsed, said

Wanted = list[tuple[list[str], str, list[str]]]


def statements(doc: Doc) -> Wanted:
    StatementFinder(load_lexicon())(doc)
    return [
        ([said(doc, one) for one in s["speakers"]], s["attitude"], [doc[begin:end].text for begin, end in s["text"]])
        for s in doc._.kb_statements
    ]


CASES: list[tuple[str, Wanted]] = [
    (
        # Ann Cole said the town was quiet.
        "Ann/PROPN/NNP/Ann/2/nsubj Cole/PROPN/NNP/Cole/0/flat said/VERB/VBD/say/2/ROOT the/DET/DT/the/4/det "
        "town/NOUN/NN/town/6/nsubj was/AUX/VBD/be/6/cop quiet/ADJ/JJ/quiet/2/ccomp _./PUNCT/././2/punct",
        [(["Ann Cole"], "Reports", ["the town was quiet"])],
    ),
    (
        # "The town is quiet," said Ann Cole. "We will stay."
        '"/PUNCT/``/"/4/punct _The/DET/DT/the/2/det town/NOUN/NN/town/4/nsubj is/AUX/VBZ/be/4/cop '
        "quiet/ADJ/JJ/quiet/7/ccomp _,/PUNCT/,/,/4/punct _\"/PUNCT/''/\"/4/punct said/VERB/VBD/say/7/ROOT "
        'Ann/PROPN/NNP/Ann/7/nsubj Cole/PROPN/NNP/Cole/8/flat _./PUNCT/././7/punct "/PUNCT/``/"/14/punct '
        "_We/PRON/PRP/we/14/nsubj will/AUX/MD/will/14/aux stay/VERB/VB/stay/14/ROOT _./PUNCT/././14/punct "
        "_\"/PUNCT/''/\"/14/punct",
        [(["Ann Cole"], "Reports", ["The town is quiet", "We will stay."])],
    ),
    (
        # "The town," Cole said, "is quiet today."
        '"/PUNCT/``/"/2/punct _The/DET/DT/the/2/det town/NOUN/NN/town/10/nsubj _,/PUNCT/,/,/2/punct '
        "_\"/PUNCT/''/\"/2/punct Cole/PROPN/NNP/Cole/6/nsubj said/VERB/VBD/say/6/ROOT _,/PUNCT/,/,/2/punct "
        '"/PUNCT/``/"/10/punct _is/AUX/VBZ/be/10/cop quiet/ADJ/JJ/quiet/6/ccomp today/NOUN/NN/today/10/obl:unmarked '
        "_./PUNCT/././10/punct _\"/PUNCT/''/\"/10/punct",
        [(["Ann Cole"], "Reports", ["The town", "is quiet today."])],
    ),
    (
        # Airstrikes hit the town, according to Ann Cole.
        "Airstrikes/NOUN/NNS/airstrike/1/nsubj hit/VERB/VBD/hit/1/ROOT the/DET/DT/the/3/det town/NOUN/NN/town/1/obj "
        "_,/PUNCT/,/,/7/punct according/VERB/VBG/accord/7/case to/ADP/IN/to/5/fixed Ann/PROPN/NNP/Ann/1/obl "
        "Cole/PROPN/NNP/Cole/7/flat _./PUNCT/././1/punct",
        [(["Ann Cole"], "Reports", ["Airstrikes hit the town"])],
    ),
    (
        # Jordan has accused the Hill Front of attacking the town.
        "Jordan/PROPN/NNP/Jordan/2/nsubj has/AUX/VBZ/have/2/aux accused/VERB/VBN/accuse/2/ROOT the/DET/DT/the/5/det "
        "Hill/PROPN/NNP/Hill/5/compound Front/PROPN/NNP/Front/2/obj of/SCONJ/IN/of/7/mark "
        "attacking/VERB/VBG/attack/2/advcl the/DET/DT/the/9/det town/NOUN/NN/town/7/obj _./PUNCT/././2/punct",
        [(["Jordan"], "Criticizes", ["accused the Hill Front of attacking the town"])],
    ),
    (
        # The army was quoted as saying several rockets landed, Example News reports.
        "The/DET/DT/the/1/det army/NOUN/NN/army/3/nsubj:pass was/AUX/VBD/be/3/aux:pass quoted/VERB/VBN/quote/3/ROOT "
        "as/SCONJ/IN/as/5/mark saying/VERB/VBG/say/3/advcl several/ADJ/JJ/several/7/amod "
        "rockets/NOUN/NNS/rocket/8/nsubj landed/VERB/VBD/land/5/ccomp _,/PUNCT/,/,/12/punct "
        "Example/NOUN/NN/example/12/compound News/NOUN/NN/news/12/compound reports/NOUN/NNS/report/3/parataxis "
        "_./PUNCT/././3/punct",
        [(["The army"], "Reports", ["several rockets landed"])],
    ),
    (
        # Ann Cole welcomes the deal and reiterates support for Lebanon.
        "Ann/PROPN/NNP/Ann/2/nsubj Cole/PROPN/NNP/Cole/0/flat welcomes/VERB/VBZ/welcome/2/ROOT the/DET/DT/the/4/det "
        "deal/NOUN/NN/deal/2/obj and/CCONJ/CC/and/6/cc reiterates/VERB/VBZ/reiterate/2/conj "
        "support/NOUN/NN/support/6/obj for/ADP/IN/for/9/case Lebanon/PROPN/NNP/Lebanon/7/nmod _./PUNCT/././2/punct",
        [
            (["Ann Cole"], "Supports", ["welcomes the deal"]),
            (["Ann Cole"], "Reports", ["reiterates support for Lebanon"]),
        ],
    ),
    (
        # Ann Cole said:
        "Ann/PROPN/NNP/Ann/2/nsubj Cole/PROPN/NNP/Cole/0/flat said/VERB/VBD/say/2/ROOT _:/PUNCT/:/:/2/punct "
        "¶/SPACE/_SP/¶/3/dep We/PRON/PRP/we/7/nsubj are/AUX/VBP/be/7/cop proud/ADJ/JJ/proud/7/ROOT "
        "of/ADP/IN/of/10/case the/DET/DT/the/10/det town/NOUN/NN/town/7/obl _./PUNCT/././7/punct "
        "We/PRON/PRP/we/14/nsubj will/AUX/MD/will/14/aux stay/VERB/VB/stay/14/ROOT _./PUNCT/././14/punct "
        "¶/SPACE/_SP/¶/15/dep I/PRON/PRP/I/18/nsubj thank/VERB/VBP/thank/18/ROOT our/PRON/PRP$/our/20/nmod:poss "
        "friends/NOUN/NNS/friend/18/obj _./PUNCT/././18/punct",
        [(["Ann Cole"], "Reports", ["We are proud of the town. We will stay.", "I thank our friends."])],
    ),
    (
        # U.S. officials rejected the claim, saying no such halt was being considered.
        "U.S./PROPN/NNP/U.S./1/compound officials/NOUN/NNS/official/2/nsubj rejected/VERB/VBD/reject/2/ROOT "
        "the/DET/DT/the/4/det claim/NOUN/NN/claim/2/obj _,/PUNCT/,/,/6/punct saying/VERB/VBG/say/2/advcl "
        "no/DET/DT/no/9/det such/ADJ/JJ/such/9/amod halt/NOUN/NN/halt/12/nsubj:pass was/AUX/VBD/be/12/aux "
        "being/AUX/VBG/be/12/aux:pass considered/VERB/VBN/consider/6/ccomp _./PUNCT/././2/punct",
        [(["U.S. officials"], "Denies", ["rejected the claim", "no such halt was being considered"])],
    ),
    (
        # The truce holds, according to a statement from Omar Saleh.
        "The/DET/DT/the/1/det truce/NOUN/NN/truce/2/nsubj holds/VERB/VBZ/hold/2/ROOT _,/PUNCT/,/,/7/punct "
        "according/VERB/VBG/accord/7/case to/ADP/IN/to/4/fixed a/DET/DT/a/7/det statement/NOUN/NN/statement/2/obl "
        "from/ADP/IN/from/9/case Omar/PROPN/NNP/Omar/7/nmod Saleh/PROPN/NNP/Saleh/9/flat _./PUNCT/././2/punct",
        [(["Omar Saleh"], "Reports", ["The truce holds"])],
    ),
    (
        # Jordan never said the town was quiet.
        "Jordan/PROPN/NNP/Jordan/2/nsubj never/ADV/RB/never/2/advmod said/VERB/VBD/say/2/ROOT the/DET/DT/the/4/det "
        "town/NOUN/NN/town/6/nsubj was/AUX/VBD/be/6/cop quiet/ADJ/JJ/quiet/2/ccomp _./PUNCT/././2/punct",
        [],
    ),
    (
        # The move suggests that the town is quiet.
        "The/DET/DT/the/1/det move/NOUN/NN/move/2/nsubj suggests/VERB/VBZ/suggest/2/ROOT that/SCONJ/IN/that/7/mark "
        "the/DET/DT/the/5/det town/NOUN/NN/town/7/nsubj is/AUX/VBZ/be/7/cop quiet/ADJ/JJ/quiet/2/ccomp "
        "_./PUNCT/././2/punct",
        [],
    ),
    (
        # Omar Saleh offered his condolences to the families.
        "Omar/PROPN/NNP/Omar/2/nsubj Saleh/PROPN/NNP/Saleh/0/flat offered/VERB/VBD/offer/2/ROOT "
        "his/PRON/PRP$/his/4/nmod:poss condolences/NOUN/NNS/condolence/2/obj to/ADP/IN/to/7/case "
        "the/DET/DT/the/7/det families/NOUN/NNS/family/2/obl _./PUNCT/././2/punct",
        [(["Omar Saleh"], "Supports", ["offered his condolences to the families"])],
    ),
    (
        # Ann Cole declined to say who fired.
        "Ann/PROPN/NNP/Ann/2/nsubj Cole/PROPN/NNP/Cole/0/flat declined/VERB/VBD/decline/2/ROOT to/PART/TO/to/4/mark "
        "say/VERB/VB/say/2/xcomp who/PRON/WP/who/6/nsubj fired/VERB/VBD/fire/4/ccomp _./PUNCT/././2/punct",
        [],
    ),
]


@pytest.mark.parametrize(("notation", "wanted"), CASES)
def test_one_cue_is_one_statement(notation: str, wanted: Wanted) -> None:
    assert statements(parsed(notation)) == wanted


def test_a_pronoun_speaks_for_its_reference() -> None:
    # He said the town was quiet.
    notation = CASES[0][0].replace(
        "Ann/PROPN/NNP/Ann/2/nsubj Cole/PROPN/NNP/Cole/0/flat", "So/ADV/RB/so/2/advmod He/PRON/PRP/he/2/nsubj"
    )
    doc = parsed(notation, references={"He": "Omar Saleh"})
    doc._.kb_entities = {"Omar Saleh": {"cls": "Person", "label": "Omar Saleh", "names": []}}

    assert [speakers for speakers, _, _ in statements(doc)] == [["Omar Saleh"]]


def test_a_title_stands_for_the_person_who_holds_it() -> None:
    # Ann Cole said …, with "Ann" read as the title of Omar Saleh.
    doc = parsed(
        CASES[0][0]
        .replace("Ann/PROPN/NNP/Ann", "The/DET/DT/the")
        .replace("Cole/PROPN/NNP/Cole/0/flat", "secretary/NOUN/NN/secretary/2/nsubj")
        .replace("the/2/nsubj", "the/1/det")
    )
    doc._.kb_entities = {"Omar Saleh": {"cls": "Person", "label": "Omar Saleh", "names": []}}
    doc._.kb_positions = [{"person": "Omar Saleh", "title": [1, 2], "body": None, "former": False}]

    assert [speakers for speakers, _, _ in statements(doc)] == [["Omar Saleh"]]


QUOTED = [
    ("He said “ yes ” twice", [(3, 4)]),
    ('" A " , he said , " B "', [(1, 2), (8, 9)]),
    ('he said . " never closed', [(4, 6)]),
    ('a stray mark at the end . "', []),
]


@pytest.mark.parametrize(("words", "wanted"), QUOTED)
def test_quotation_marks_are_paired_within_a_paragraph(words: str, wanted: list[tuple[int, int]]) -> None:
    tokens = words.split(" ")
    opens = [word == '"' and i + 1 < len(tokens) and tokens[i + 1].isalpha() for i, word in enumerate(tokens)]
    doc = Doc(VOCAB, words=tokens, spaces=[not opened for opened in opens])

    assert [(q.begin, q.end) for q in quotations(doc)] == wanted
