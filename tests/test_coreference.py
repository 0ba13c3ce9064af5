"""References are resolved where one entity can be meant; entities and trees are given by hand."""

from dataclasses import dataclass

import pytest
from spacy.tokens import Doc, Span

from kb.language import tokenizer
from kb.pipeline.coreference import Coreference
from kb.pipeline.lexicon import load_lexicon

_VOCAB = tokenizer.blank().vocab
_FIND = Coreference(load_lexicon())
_PLURAL = frozenset({"militants", "fighters", "rebels", "terrorists"})


@dataclass(frozen=True)
class _Case:
    """Words with heads and labels ("word/head/dep"), entities as (class, name, begin, end)."""

    words: str
    entities: tuple[tuple[str, str, int, int], ...]
    expected: tuple[tuple[str, str], ...]


def _pos(word: str, dep: str) -> str:
    by_word = {"he": "PRON", "it": "PRON", "they": "PRON", "its": "PRON", "his": "PRON", "the": "DET", "The": "DET"}
    by_dep = {"ROOT": "VERB", "ccomp": "VERB", "advcl": "VERB", "conj": "VERB", "case": "ADP", "punct": "PUNCT"}
    return by_word.get(word) or by_dep.get(dep) or ("PROPN" if word[0].isupper() else "NOUN")


def _read(case: _Case) -> Doc:
    parts = [part.rsplit("/", 2) for part in case.words.split()]
    words, deps = [p[0] for p in parts], [p[2] for p in parts]
    doc = Doc(_VOCAB, words=words, heads=[int(p[1]) for p in parts], deps=deps, pos=[_pos(w, d) for w, _, d in parts])
    for token in doc:
        token.tag_ = "NNS" if token.text.lower() in _PLURAL else ""
        token.lemma_ = token.text.removesuffix("s") if token.text.lower() in _PLURAL else token.text
    keys: dict[str, str] = {}
    spans = []
    for cls, name, begin, end in case.entities:
        key = keys.setdefault(name, f"e{len(keys) + 1}")
        spans.append(Span(doc, begin, end, label=cls, span_id=key))
    doc.spans["entities"] = spans
    classes = {name: cls for cls, name, _, _ in case.entities}
    doc._.kb_entities = {k: {"cls": classes[n], "label": n, "names": [], "confidence": 1.0} for n, k in keys.items()}
    return _FIND(doc)


_CASES = {
    "members stand for their group": _Case(
        "ISIS/1/compound militants/2/nsubj fled/2/ROOT", (("ArmedGroup", "ISIS", 0, 1),), (("ISIS militants", "ISIS"),)
    ),
    "a country's soldiers do not": _Case(
        "Syria/1/compound militants/2/nsubj fled/2/ROOT", (("Country", "Syria", 0, 1),), ()
    ),
    "members of a group": _Case(
        "rebels/3/nsubj of/2/case ISIS/0/nmod fled/3/ROOT", (("ArmedGroup", "ISIS", 2, 3),), (("rebels of ISIS", "ISIS"),)
    ),
    "the one group": _Case(
        "ISIS/1/nsubj fled/1/ROOT ./1/punct The/4/det group/5/nsubj regrouped/5/ROOT",
        (("ArmedGroup", "ISIS", 0, 1),),
        (("The group", "ISIS"),),
    ),
    "two groups": _Case(
        "ISIS/2/nsubj Hamas/0/conj fled/2/ROOT ./2/punct The/5/det group/6/nsubj regrouped/6/ROOT",
        (("ArmedGroup", "ISIS", 0, 1), ("ArmedGroup", "Hamas", 1, 2)),
        (),
    ),
    "those who were called so": _Case(
        "ISIS/1/compound militants/2/nsubj fought/2/ROOT Hamas/2/obj ./2/punct The/6/det militants/7/nsubj fled/7/ROOT",
        (("ArmedGroup", "ISIS", 0, 1), ("ArmedGroup", "Hamas", 3, 4)),
        (("ISIS militants", "ISIS"), ("The militants", "ISIS")),
    ),
    "the noun of the name": _Case(
        "Lebanese/1/amod army/2/nsubj joined/2/ROOT Navy/2/obj ./2/punct The/6/det army/7/nsubj left/7/ROOT",
        (("ArmedForce", "Lebanese army", 0, 2), ("ArmedForce", "Navy", 3, 4)),
        (("The army", "Lebanese army"),),
    ),
    "narrowed by another word": _Case(
        "ISIS/1/nsubj fled/1/ROOT ./1/punct The/5/det smaller/5/amod group/6/nsubj regrouped/6/ROOT",
        (("ArmedGroup", "ISIS", 0, 1),),
        (),
    ),
    "a title that was given": _Case(
        "Secretary/1/compound Carter/2/nsubj spoke/2/ROOT ./2/punct The/5/det secretary/6/nsubj left/6/ROOT",
        (("Person", "Carter", 1, 2),),
        (("The secretary", "Carter"),),
    ),
    "a title that was not": _Case(
        "Carter/1/nsubj spoke/1/ROOT ./1/punct The/4/det president/5/nsubj left/5/ROOT", (("Person", "Carter", 0, 1),), ()
    ),
    "he is the subject above": _Case(
        "Dillon/1/nsubj said/1/ROOT he/3/nsubj left/1/ccomp", (("Person", "Dillon", 0, 1),), (("he", "Dillon"),)
    ),
    "he among two in one sentence before": _Case(
        "Dillon/1/nsubj met/1/ROOT Carter/1/obj ./1/punct he/5/nsubj left/5/ROOT",
        (("Person", "Dillon", 0, 1), ("Person", "Carter", 2, 3)),
        (("he", "Dillon"),),
    ),
    "it is the country that speaks": _Case(
        "Iraq/1/nsubj said/1/ROOT it/3/nsubj left/1/ccomp", (("Country", "Iraq", 0, 1),), (("it", "Iraq"),)
    ),
    "it is no person": _Case("Dillon/1/nsubj said/1/ROOT it/3/nsubj left/1/ccomp", (("Person", "Dillon", 0, 1),), ()),
    "its with a rival": _Case(
        "Iraq/1/nsubj backed/1/ROOT NATO/1/obj in/5/case its/5/nmod:poss effort/1/obl",
        (("Country", "Iraq", 0, 1), ("InternationalOrganization", "NATO", 2, 3)),
        (),
    ),
    "its fighters are the group": _Case(
        "ISIS/1/nsubj sent/1/ROOT its/3/nmod:poss fighters/1/obj",
        (("ArmedGroup", "ISIS", 0, 1),),
        (("its", "ISIS"), ("its fighters", "ISIS")),
    ),
    "in a quotation nothing": _Case(
        'Dillon/1/nsubj said/1/ROOT "/4/punct he/4/nsubj left/1/ccomp "/4/punct', (("Person", "Dillon", 0, 1),), ()
    ),
    "forces that are listed": _Case(
        "Iraqi/2/amod Security/2/compound Forces/3/nsubj left/3/ROOT Iraqi/5/amod forces/3/obj",
        (("ArmedForce", "Iraqi Security Forces", 0, 3),),
        (("Iraqi forces", "Iraqi Security Forces"),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES)
def test_references(case: _Case) -> None:
    doc = _read(case)

    found = [(span.text, doc._.kb_entities[span.id_]["label"]) for span in doc.spans["references"]]
    assert tuple(found) == case.expected


def test_a_document_without_entities_has_no_references() -> None:
    doc = Doc(_VOCAB, words=["he", "left"], heads=[1, 1], deps=["nsubj", "ROOT"], pos=["PRON", "VERB"])

    _FIND(doc)

    assert list(doc.spans["references"]) == []
