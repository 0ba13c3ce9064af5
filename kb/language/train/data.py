"""The training sentences: treebanks with tags, lemmas and trees; entity corpora brought to one label set.

Entity labels are partial: a corpus that does not know a class leaves its ``O`` open for it. Each word therefore carries the
set of labels that its corpus allows, and training sums their probabilities.
"""

import csv
import io
import lzma
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Persons, organizations, places, nationalities and other groups of people, times, other names.
ENTITY_CLASSES = ("PERSON", "ORG", "LOC", "NORP", "DATE", "MISC")
ENTITY_LABELS = ("O", *(f"{bi}-{c}" for c in ENTITY_CLASSES for bi in "BI"))

GMB = {"per": "PERSON", "org": "ORG", "geo": "LOC", "tim": "DATE", "art": "MISC", "eve": "MISC", "nat": "MISC"}
CROSSNER = {
    "person": "PERSON", "politician": "PERSON", "organisation": "ORG", "politicalparty": "ORG", "country": "LOC",
    "location": "LOC", "event": "MISC", "election": "MISC",
}  # fmt: skip
#: Titles that the Groningen Meaning Bank counts as part of a person's name and the other corpora do not.
TITLES = frozenset(
    "president prime minister secretary general gen. col. lt. sgt. maj. capt. mr. mrs. ms. dr. sen. rep. gov. king queen "
    "prince princess pope sheikh ayatollah chancellor senator governor vice foreign defense state justice judge captain "
    "colonel major lieutenant sergeant admiral ambassador envoy spokesman spokeswoman chairman former ex-president premier "
    "mullah imam cardinal archbishop bishop professor commander chief leader director-general interior finance".split()
)
#: Words that a headline leaves in lower case.
_SMALL = frozenset("a an the of in on at to for and or but as by with from over n't 's is".split())
MAJORITY_COUNT, MAJORITY_SHARE = 4, 0.6
_DEMONYM = re.compile(r"(an|ans|ese|ish|i|is|ch|iot|iots|ic|ite|ites|ard|ards|ks|qs|eks|arb)$")


@dataclass(frozen=True, slots=True)
class Tree:
    """What a treebank says of a sentence, one item a word; heads are 1-based, 0 is the root."""

    upos: tuple[str, ...]
    xpos: tuple[str, ...]
    feats: tuple[str, ...]
    lemmas: tuple[str, ...]
    heads: tuple[int, ...]
    deprels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A training sentence; ``entities`` holds for each word the labels allowed."""

    words: tuple[str, ...]
    tree: Tree | None = None
    entities: tuple[frozenset[str], ...] | None = None


def _lines(path: Path) -> Iterator[str]:
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        for line in file:
            yield line.rstrip("\r\n")


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lines:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def read_conllu(path: Path) -> list[Sentence]:
    """The sentences of a CoNLL-U file, basic dependencies, without empty nodes and multiword tokens."""
    sentences = []
    for block in _blocks(_lines(path)):
        rows = [line.split("\t") for line in block if line[0].isdigit()]
        rows = [r for r in rows if r[0].isdigit()]
        words, lemmas, upos, xpos, feats = (tuple(r[i] for r in rows) for i in range(1, 6))
        heads, deprels = tuple(int(r[6]) for r in rows), tuple(r[7] for r in rows)
        sentences.append(Sentence(words, Tree(upos, xpos, feats, lemmas, heads, deprels)))
    return sentences


def _open(*classes: str) -> frozenset[str]:
    """O, and every label of classes that a corpus does not annotate."""
    return frozenset({"O", *(f"{bi}-{c}" for c in classes for bi in "BI")})


def _spans(
    words: list[str], tags: list[str], classes: dict[str, str | tuple[str, ...]], blank: frozenset[str]
) -> Sentence:
    """A sentence from corpus tags (BIO or IO), each class mapped to one or several of ours."""
    allowed, last = [], "O"
    for tag in tags:
        kind = tag[2:]
        target = classes.get(kind)
        if tag == "O" or target is None:
            allowed.append(blank if tag == "O" else blank | _open(*ENTITY_CLASSES))
        else:
            targets = (target,) if isinstance(target, str) else target
            first = tag[0] == "B" or last[2:] != kind
            allowed.append(frozenset(f"{'B' if first else 'I'}-{t}" for t in targets))
        last = tag
    return Sentence(tuple(words), None, tuple(allowed))


def read_columns(
    path: Path, *, word: int, tag: int, classes: dict[str, str | tuple[str, ...]], blank: frozenset[str]
) -> list[Sentence]:
    """The sentences of a file with a word a line, its columns divided by white space."""
    sentences = []
    for block in _blocks(_lines(path)):
        rows = [line.split() for line in block if not line.startswith(("# ", "-DOCSTART-"))]
        if rows:
            sentences.append(_spans([r[word] for r in rows], [r[tag] for r in rows], classes, blank))
    return sentences


def read_gmb(path: Path) -> list[Sentence]:
    """The Groningen Meaning Bank without repeated sentences, its ``gpe`` divided into places and demonyms."""
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(io.StringIO(file.read())))[1:]
    counts: dict[str, Counter[str]] = {"geo": Counter(), "gpe": Counter()}
    for _, word, _, tag in rows:
        if tag[2:] in counts:
            counts[tag[2:]][word] += 1
    seen: set[str] = set()
    sentences: list[Sentence] = []
    block: list[list[str]] = []
    for row in [*rows, ["Sentence: end", "", "", "O"]]:
        if row[0].startswith("Sentence") and block:
            key = " ".join(r[1] for r in block)
            if key not in seen:
                seen.add(key)
                sentences.append(_gmb_sentence(block, counts))
            block = []
        block.append(row)
    return majority(sentences)


def majority(sentences: list[Sentence]) -> list[Sentence]:
    """The sentences with each name relabelled to the class it mostly has, where one class clearly prevails.

    Silver annotation calls one country a place here, an organization or a person there; a name seen MAJORITY_COUNT times
    or more, MAJORITY_SHARE of them with one class, gets that class everywhere.
    """
    votes: dict[tuple[str, ...], Counter[str]] = {}
    for sentence in sentences:
        for begin, end, label in spans(sentence):
            votes.setdefault(sentence.words[begin:end], Counter())[label] += 1
    winners = {name: top for name, found in votes.items() if (top := _winner(found))}
    return [_relabel(sentence, winners) for sentence in sentences]


def _winner(votes: Counter[str]) -> str | None:
    label, count = votes.most_common(1)[0]
    total = sum(votes.values())
    return label if total >= MAJORITY_COUNT and count / total >= MAJORITY_SHARE else None


def spans(sentence: Sentence) -> list[tuple[int, int, str]]:
    """The entities of a sentence whose labels are certain: first word, word after the last, class."""
    found: list[tuple[int, int, str]] = []
    for i, allowed in enumerate(sentence.entities or ()):
        label = next(iter(allowed)) if len(allowed) == 1 else "O"
        if label.startswith("B-"):
            found.append((i, i + 1, label[2:]))
        elif label.startswith("I-") and found and found[-1][1] == i:
            found[-1] = (found[-1][0], i + 1, found[-1][2])
    return found


def _relabel(sentence: Sentence, winners: dict[tuple[str, ...], str]) -> Sentence:
    labels = list(sentence.entities or ())
    for begin, end, label in spans(sentence):
        better = winners.get(sentence.words[begin:end], label)
        if better != label:
            labels[begin:end] = [frozenset({f"{'I' if i else 'B'}-{better}"}) for i in range(end - begin)]
    return Sentence(sentence.words, sentence.tree, tuple(labels))


def _gmb_sentence(rows: list[list[str]], counts: dict[str, Counter[str]]) -> Sentence:
    words, tags = [], []
    for _, word, pos, tag in _without_titles(rows):
        if tag.endswith("gpe"):
            place = pos == "NNP" and not (_DEMONYM.search(word) and counts["geo"][word] < 0.2 * counts["gpe"][word])
            tag = tag[:2] + ("geo" if place else "norp")
        for part, part_tag in _hyphens(word, tag):
            words.append(part)
            tags.append(part_tag)
    return _spans(words, tags, {**GMB, "norp": "NORP"}, frozenset({"O"}))


def _without_titles(rows: list[list[str]]) -> Iterator[list[str]]:
    """Rows in which a person's name begins after its titles."""
    begins = False
    for number, word, pos, tag in rows:
        begins = tag == "B-per" or (begins and tag == "I-per")
        if begins and word.lower() in TITLES:
            yield [number, word, pos, "O"]
            continue
        yield [number, word, pos, "B-per" if begins else tag]
        begins = False


def _hyphens(word: str, tag: str) -> Iterator[tuple[str, str]]:
    """A hyphenated word in the parts that Universal Dependencies divides it into."""
    parts = (
        re.split(r"(?<=\w\w)(-)(?=\w)|(?<=\.)(-)(?=\w)", word) if "-" in word and not word.startswith("al-") else [word]
    )
    parts = [p for p in parts if p]
    lower_tail = len(parts) > 1 and parts[-1][0].islower()
    for i, part in enumerate(parts):
        if tag == "O" and lower_tail and part[0].isupper():
            yield part, "?-?"
        elif tag != "O" and lower_tail:
            yield part, tag if i == 0 else "O"
        else:
            yield part, tag if i == 0 or tag == "O" else f"I-{tag[2:]}"


def read_all(folder: Path) -> dict[str, list[Sentence]]:
    """Every corpus of the data folder by name; see the README beside this file for the public originals."""
    uner: dict[str, str | tuple[str, ...]] = {"PER": "PERSON", "ORG": "ORG", "LOC": "LOC"}
    wikigold: dict[str, str | tuple[str, ...]] = {**uner, "MISC": ("MISC", "NORP")}
    crossner: dict[str, str | tuple[str, ...]] = {**CROSSNER, "misc": ("MISC", "NORP")}
    uner_blank, other = _open("NORP", "DATE", "MISC"), _open("DATE")
    columns = {
        "uner": ("uner-ewt/en_ewt-ud-{}.iob2", 1, 2, uner, uner_blank),
        "crossner": ("crossner-politics/{}.txt", 0, 1, crossner, other),
    }
    found = {
        "ewt-train": read_conllu(folder / "ud-ewt/en_ewt-ud-train.conllu.xz"),
        "ewt-dev": read_conllu(folder / "ud-ewt/en_ewt-ud-dev.conllu.xz"),
        "ewt-test": read_conllu(folder / "ud-ewt/en_ewt-ud-test.conllu.xz"),
        "gum-train": read_conllu(folder / "gum/gum-free-train.conllu.xz"),
        "gum-dev": read_conllu(folder / "gum/gum-free-dev.conllu.xz"),
        "gmb": read_gmb(folder / "gmb/ner_dataset.csv.xz"),
        "wikigold": read_columns(folder / "wikigold/wikigold.conll.txt", word=0, tag=1, classes=wikigold, blank=other),
    }
    for name, (pattern, word, tag, classes, blank) in columns.items():
        for part in ("train.old" if name == "uner" else "train", "dev", "test"):
            path = folder / pattern.format(part)
            found[f"{name}-{part.split('.')[0]}"] = read_columns(path, word=word, tag=tag, classes=classes, blank=blank)
    return found


def lemma_table(sentences: list[Sentence]) -> dict[str, dict[str, str]]:
    """For each part of speech the lemmas of lower-case words where the treebanks agree, names left out."""
    votes: dict[tuple[str, str], Counter[str]] = {}
    for sentence in sentences:
        if sentence.tree is None:
            continue
        for word, upos, lemma in zip(sentence.words, sentence.tree.upos, sentence.tree.lemmas, strict=True):
            if upos not in {"PROPN", "PUNCT", "SYM", "X", "NUM"}:
                votes.setdefault((upos, word.lower()), Counter())[lemma] += 1
    table: dict[str, dict[str, str]] = {}
    for (upos, word), found in sorted(votes.items()):
        lemma, count = found.most_common(1)[0]
        if count / sum(found.values()) > 0.5:
            table.setdefault(upos, {})[word] = lemma
    return table


def headline(sentence: Sentence) -> Sentence:
    """The sentence as a headline writes it: every word but the small ones with a capital."""
    words = tuple(w if w in _SMALL or not w[0].islower() else w[0].upper() + w[1:] for w in sentence.words)
    return Sentence(words, sentence.tree, sentence.entities)


def with_entities(trees: list[Sentence], named: list[Sentence]) -> list[Sentence]:
    """Treebank sentences with the entity labels of the same sentences in another corpus, where the words agree."""
    labels = {s.words: s.entities for s in named}
    return [Sentence(s.words, s.tree, labels.get(s.words)) for s in trees]
