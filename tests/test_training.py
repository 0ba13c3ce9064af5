"""What training reads: corpora in their formats, names that are partly open, our own annotation, measures of clusters."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kb.language.neural import MODEL
from kb.language.runtime import Network
from kb.language.train import clusters, files, names
from kb.language.train.sentences import NAME_CLASSES, Names, Sentence, headline
from kb.language.train.taught import taught

_CONLLU = """\
# newdoc id = one
# newpar
# text = The army left.
1\tThe\tthe\tDET\tDT\t_\t2\tdet\t_\tEntity=(1-organization-new-cf1-2-coref
2\tarmy\tarmy\tNOUN\tNN\t_\t3\tnsubj\t_\tEntity=1)
3\tleft\tleave\tVERB\tVBD\t_\t0\troot\t_\tSpaceAfter=No
4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

# text = It won't return to Sudan.
1\tIt\tit\tPRON\tPRP\t_\t4\tnsubj\t_\tEntity=(1-organization-giv-cf1-1-ana)
2-3\twon't\t_\t_\t_\t_\t_\t_\t_\t_
2\two\twill\tAUX\tMD\t_\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\treturn\treturn\tVERB\tVB\t_\t0\troot\t_\t_
5\tto\tto\tADP\tIN\t_\t6\tcase\t_\t_
6\tSudan\tSudan\tPROPN\tNNP\t_\t4\tobl\t_\tEntity=(2-place-new-cf2-1-sgl-Sudan)|SpaceAfter=No
7\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_

"""


@pytest.fixture
def conllu(tmp_path: Path) -> Path:
    file = tmp_path / "a.conllu"
    file.write_text(_CONLLU, encoding="utf-8")
    return file


def test_trees_documents_and_mentions_are_read(conllu: Path) -> None:
    first, second = files.read_conllu(conllu)

    assert (first.document, first.paragraph, second.document, second.paragraph) == ("one", True, "one", False)
    assert second.words == ("It", "wo", "n't", "return", "to", "Sudan", ".")
    assert second.tree is not None and second.tree.heads == (4, 4, 4, 0, 6, 4, 4)
    assert [(m.begin, m.end, m.kind, m.entity) for m in first.mentions or ()] == [(0, 2, "organization", "1")]
    assert [(m.begin, m.end, m.entity) for m in second.mentions or ()] == [(0, 1, "1"), (5, 6, "2")]


def test_raw_text_joins_the_sentences_of_a_paragraph(conllu: Path) -> None:
    assert files.raw_text(conllu)[0][0] == "The army left. It won't return to Sudan."


def test_proper_nouns_among_the_mentions_are_names(conllu: Path) -> None:
    found = names.gum_names(files.read_conllu(conllu)[1]).names

    assert found is not None and found.spans == ((5, 6, frozenset({"LOC", "FAC"})),)


@pytest.mark.parametrize(
    ("tags", "spans", "unsure"),
    [
        ("O B-PER I-PER O", ((1, 3, frozenset({"PERSON"})),), set()),
        ("B-LOC B-LOC O O", ((0, 1, frozenset({"LOC", "FAC"})), (1, 2, frozenset({"LOC", "FAC"}))), set()),
        ("O B-O I-O O", (), {1, 2}),
    ],
    ids=["one name", "two side by side", "a class that says nothing"],
)
def test_tags_become_names(tags: str, spans: tuple[object, ...], unsure: set[int]) -> None:
    sentence = names.tagged(files.Tagged(("a", "b", "c", "d"), tuple(tags.split())), names.UNER, names.SILENT["uner"])

    assert sentence.names == Names(spans, frozenset(names.SILENT["uner"]), frozenset(unsure))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("U.S.-led", ["U.S.", "-", "led"]),
        ("Israeli-Palestinian", ["Israeli", "-", "Palestinian"]),
        ("al-Qaida", ["al-Qaida"]),
        ("peace", ["peace"]),
    ],
)
def test_hyphens_divide(word: str, parts: list[str]) -> None:
    assert names.divided(word) == parts


def test_titles_are_no_part_of_a_person_and_demonyms_no_places() -> None:
    rows = [
        files.Row("President", "NNP", "B-per"),
        files.Row("Aslan", "NNP", "I-per"),
        files.Row("met", "VBD", "O"),
        files.Row("Syrian", "JJ", "B-gpe"),
    ]

    found = names.silver({1: rows})[1].names

    assert found is not None
    assert found.certain() == [(1, 2, "PERSON"), (3, 4, "NORP")]


def test_our_annotation_is_placed_by_its_characters(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    said = {
        "sentence": 7,
        "names": [[4, 8, "LOC"]],
        "events": [{"class": "Airstrike", "trigger": [13, 20], "roles": [["agent", 4, 12]], "factuality": "Actual"}],
    }
    file.write_text(json.dumps(said) + "\n", encoding="utf-8")
    rows = {7: [files.Row(word, "", "O") for word in "The U.S.-led strikes".split()]}

    found = names.annotated(file, rows)[7]

    assert found.words == ("The", "U.S.", "-", "led", "strikes")
    assert found.names is not None and found.names.certain() == [(1, 2, "LOC")]
    assert found.events is not None and found.events[0].trigger == 4
    assert found.events[0].roles == (("agent", 1, 4),)


@pytest.mark.parametrize("classes", [names.UNER, names.WIKIGOLD, names.CROSSNER, names.GMB, names.GUM_NAMES])
def test_every_corpus_is_mapped_to_our_classes(classes: dict[str, tuple[str, ...]]) -> None:
    assert {kind for kinds in classes.values() for kind in kinds} <= set(NAME_CLASSES)


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_annotation_files_hold_known_labels_and_no_text(part: str) -> None:
    rows = [json.loads(line) for line in (names.ANNOTATIONS / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()]

    assert len({row["sentence"] for row in rows}) == len(rows) >= 300
    assert {kind for row in rows for _, _, kind in row["names"]} <= set(NAME_CLASSES)
    assert all(begin < end for row in rows for begin, end, _ in row["names"])
    assert set().union(*rows) <= {"sentence", "names", "events"}


def test_headlines_have_capitals() -> None:
    words = ("Army", "kills", "five", "in", "raid")

    assert headline(Sentence(words)).words == ("Army", "Kills", "Five", "in", "Raid")


_A, _B = frozenset({1, 2, 3}), frozenset({4, 5})


@pytest.mark.parametrize(
    ("system", "muc", "b3", "lea"),
    [
        ([_A, _B], 100.0, 100.0, 100.0),
        ([frozenset({1, 2}), frozenset({3}), _B], 80.0, 84.6, 68.6),
        ([], 0.0, 0.0, 0.0),
    ],
    ids=["the same", "one mention apart", "nothing"],
)
def test_measures_of_clusters(system: list[clusters.Cluster], muc: float, b3: float, lea: float) -> None:
    found = clusters.figures([[_A, _B]], [system])

    assert (round(found["MUC"], 1), round(found["B3"], 1), round(found["LEA"], 1)) == (muc, b3, lea)


def test_ceafe_aligns_each_cluster_once() -> None:
    pytest.importorskip("scipy")

    found = clusters.figures([[_A, _B]], [[frozenset({1, 2}), frozenset({3}), _B]])

    assert found["CEAFe"] == pytest.approx(100 * 2 * 1.8 / 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [("U.S.-led", ["U.S.", "-", "led"]), ("al-Qaida", ["al-Qaida"]), ("north", ["north"])],
)
def test_hyphens_divide_words(text: str, words: list[str]) -> None:
    assert names.divided(text) == words


def test_a_teacher_gives_trees_to_those_that_have_none(conllu: Path) -> None:
    network = Network(MODEL, threads=1)
    first, second = files.read_conllu(conllu)
    found = taught(network, [first, replace(second, tree=None)])

    assert found[0].tree is first.tree
    tree = found[1].tree
    assert tree is not None
    assert [len(column) for column in (tree.upos, tree.xpos, tree.feats, tree.lemmas, tree.heads, tree.deprels)] == [
        7
    ] * 6
    assert tree.heads.count(0) == 1 and tree.lemmas[3] == "return"
