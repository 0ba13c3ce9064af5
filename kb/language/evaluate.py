"""Measure the language model: ``python -m kb.language.evaluate DATA_DIR``.

Prints one table over the development and test parts of the public corpora and over our own sample of news, and with
``--card`` writes the figures into the model's ``meta.json``. "gold words" are those that a corpus gives, with its sentences;
"raw text" goes through the whole pipeline, its own words and sentences. Needs SciPy and the folder that training reads.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy.language import Language

from kb.language import load
from kb.language.coreference import Words, head_of
from kb.language.decoding import outermost
from kb.language.neural import MODEL
from kb.language.runtime import Analysis, Network, Proposition
from kb.language.train import clusters, files
from kb.language.train.corpora import read_all
from kb.language.train.sentences import NAME_CLASSES, Sentence, documents
from kb.language.train.taught import analysed, runs

#: A class of ours as the corpora with three classes call it.
_THREE = {"PERSON": "PERSON", "ORG": "ORG", "LOC": "LOC", "FAC": "LOC"}

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence with what the network says of it."""

    sentence: Sentence
    analysis: Analysis
    lemmas: list[str]
    propositions: list[Proposition]
    given: list[Proposition]


# Reading --------------------------------------------------------------------------------------------------------------


def read(network: Network, sentences: Sequence[Sentence]) -> list[Read]:
    """Gold words and sentences through the network, the sentences of a document as context for each other."""
    found: list[Read] = []
    for run in runs(sentences):
        found.extend(_read(network, run))
    return found


def _read(network: Network, run: Sequence[Sentence]) -> Iterator[Read]:
    encoded, spans, analyses = analysed(network, run)
    lemmas = [list(network.lemmatise(s.words, a.tags)) for s, a in zip(run, analyses, strict=True)]
    chosen = [[(i, lemmas[k][i]) for i in a.predicates] for k, a in enumerate(analyses)]
    gold = [[(p.predicate, lemmas[k][p.predicate]) for p in s.propositions or ()] for k, s in enumerate(run)]
    own, given = (network.propositions(encoded, spans, analyses, some) for some in (chosen, gold))
    for row in zip(run, analyses, lemmas, own, given, strict=True):
        yield Read(*row)


def _texts(run: Sequence[Sentence]) -> list[str]:
    return [word for s in run for word in s.words]


# Figures --------------------------------------------------------------------------------------------------------------


def prf(right: int, found: int, wanted: int) -> Figures:
    """Precision, recall and F1 in per cent."""
    precision, recall = right / max(found, 1), right / max(wanted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"P": round(100 * precision, 1), "R": round(100 * recall, 1), "F1": round(100 * f1, 1)}


def agreement(pairs: Iterable[tuple[set[Hashable], set[Hashable]]]) -> Figures:
    """Of pairs of gold and system items."""
    counts = [(len(g & s), len(s), len(g)) for g, s in pairs]
    return prf(*(sum(c[k] for c in counts) for k in range(3)))


def universal(deprel: str) -> str:
    """A relation without its subtype, as the CoNLL 2018 shared task scores it."""
    return deprel.split(":")[0]


def tree_figures(network: Network, reads: Sequence[Read]) -> Figures:
    """Shares of words with the right tag, lemma, head, head and universal relation, head and relation with subtype."""
    right: Counter[str] = Counter()
    labels = network.labels
    for r in reads:
        tree, analysis = r.sentence.tree, r.analysis
        assert tree is not None
        for i in range(len(r.sentence.words)):
            head, deprel = int(analysis.heads[i]) == tree.heads[i], labels["deprel"][analysis.deprels[i]]
            right["UPOS"] += labels["upos"][analysis.tags["upos"][i]] == tree.upos[i]
            right["XPOS"] += labels["xpos"][analysis.tags["xpos"][i]] == tree.xpos[i]
            right["lemma"] += r.lemmas[i] == tree.lemmas[i]
            right["UAS"] += head
            right["LAS"] += head and universal(deprel) == universal(tree.deprels[i])
            right["subtypes"] += head and deprel == tree.deprels[i]
    words = sum(len(r.sentence.words) for r in reads)
    return {name: round(100 * right[name] / words, 1) for name in ("UPOS", "XPOS", "lemma", "UAS", "LAS", "subtypes")}


def name_figures(reads: Sequence[Read], classes: Callable[[str], str | None], *, nested: bool = False) -> Figures:
    """Exact spans of names; ``classes`` maps ours to the corpus's, None for those that it lacks."""
    pairs: list[tuple[set[Hashable], set[Hashable]]] = []
    for r in reads:
        if r.sentence.names is not None:
            gold = [(b, e, k) for b, e, kinds in r.sentence.names.spans if (k := _one(kinds, classes))]
            own = r.analysis.names if nested else outermost(r.analysis.names)
            system = {(b, e, kind) for b, e, k in own if (kind := classes(k))}
            pairs.append((set(gold if nested else outermost(gold)), set(system)))
    return agreement(pairs)


def _one(kinds: Iterable[str], classes: Callable[[str], str | None]) -> str | None:
    mapped = {classes(kind) for kind in kinds}
    return mapped.pop() if len(mapped) == 1 else None


def role_figures(reads: Sequence[Read], *, given: bool, pos: str | None = None) -> Figures:
    """Predicates with their rolesets and their arguments together; ``pos`` keeps the predicates of one part of speech."""
    pairs: list[tuple[set[Hashable], set[Hashable]]] = []
    arguments: list[tuple[set[Hashable], set[Hashable]]] = []
    for r in reads:
        if r.sentence.propositions is not None and r.sentence.tree:
            upos = r.sentence.tree.upos
            kept = {i for i in range(len(upos)) if pos is None or (upos[i] in {"NOUN", "PROPN"}) == (pos == "NOUN")}
            gold = {(p.predicate, p.roleset): p.arguments for p in r.sentence.propositions if p.predicate in kept}
            own = {(p.word, p.label): p.arguments for p in (r.given if given else r.propositions) if p.word in kept}
            args = [{(word, *arg) for (word, _), found in some.items() for arg in found} for some in (gold, own)]
            arguments.append((set(args[0]), set(args[1])))
            pairs.append((set(gold) | args[0], set(own) | args[1]))
    return {**agreement(pairs), "arguments F1": agreement(arguments)["F1"]}


# Raw text -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A word by its characters, white space not counted, with its sentence's beginning and its tree's edge."""

    begin: int
    end: int
    sentence: int
    upos: str
    lemma: str
    head: tuple[int, int] | None
    deprel: str


def raw_figures(nlp: Language, path: Path) -> Figures:
    """F1 of words, sentences, tags and trees from raw text, as the CoNLL 2018 shared task counts."""
    right: Counter[str] = Counter()
    found = wanted = 0
    sentences = [0, 0, 0]
    for text, rows in files.raw_text(path):
        gold, own = _gold_words(rows), _system_words(nlp, text)
        found, wanted = found + len(own), wanted + len(gold)
        known = {(w.begin, w.end): w for w in own}
        for word in gold:
            other = known.get((word.begin, word.end))
            if other:
                same = other.head == word.head
                right["words"] += 1
                right["UPOS"] += other.upos == word.upos
                right["lemma"] += other.lemma == word.lemma
                right["UAS"] += same
                right["LAS"] += same and universal(other.deprel) == universal(word.deprel)
                right["subtypes"] += same and other.deprel == word.deprel
        ends = [_sentence_spans(words) for words in (gold, own)]
        sentences = [sentences[0] + len(ends[0] & ends[1]), sentences[1] + len(ends[1]), sentences[2] + len(ends[0])]
    shares = {
        name: prf(right[name], found, wanted)["F1"] for name in ("words", "UPOS", "lemma", "UAS", "LAS", "subtypes")
    }
    return {"sentences": prf(*sentences)["F1"], **shares}


def _sentence_spans(words: Sequence[Word]) -> set[tuple[int, int]]:
    ends: dict[int, int] = {}
    for word in words:
        ends[word.sentence] = word.end
    return set(ends.items())


def _system_words(nlp: Language, text: str) -> list[Word]:
    doc = nlp(text)
    solid = [0]
    for character in text:
        solid.append(solid[-1] + (not character.isspace()))
    tokens = [t for t in doc if not t.is_space]
    place = {t.i: (solid[t.idx], solid[t.idx + len(t.text)]) for t in tokens}
    first = {t.i: solid[sent[0].idx] for sent in doc.sents for t in sent}
    return [
        Word(
            *place[t.i],
            first[t.i],
            t.pos_,
            t.lemma_,
            None if t.dep_ == "ROOT" else place[t.head.i],
            "root" if t.dep_ == "ROOT" else t.dep_,
        )
        for t in tokens
    ]


def _gold_words(rows: Sequence[str]) -> list[Word]:
    found: list[Word] = []
    at = 0
    for lines in files.blocks(rows):
        block = [line.split("\t") for line in lines]
        places: dict[str, tuple[int, int]] = {}
        covered, first, end = 0, at, at
        for number, form, *_ in block:
            if "-" in number:
                covered, end = int(number.partition("-")[2]), at + len(form.replace(" ", ""))
            elif "." not in number:
                size = len("".join(form.split()))
                within = int(number) <= covered
                stop = (end if int(number) == covered else min(at + size, end)) if within else at + size
                places[number] = (at, stop)
                at = stop
        for row in block:
            if row[0] in places:
                head = places.get(row[6])
                found.append(Word(*places[row[0]], first, row[3], row[2], head, row[7]))
    return found


# Coreference ----------------------------------------------------------------------------------------------------------


def coreference_figures(network: Network, sentences: Sequence[Sentence]) -> dict[str, Figures]:
    """Clusters of whole documents by exact spans and by head words, without and with things mentioned once."""
    golds, systems, heads = [], [], []
    for run in documents(sentences):
        encoded, spans, analyses = analysed(network, run)
        lemmas = [lemma for s, a in zip(run, analyses, strict=True) for lemma in network.lemmatise(s.words, a.tags)]
        systems.append([frozenset(group) for group in network.clusters(encoded, spans, analyses, _texts(run), lemmas)])
        gold: dict[str, set[tuple[int, int]]] = {}
        taken: set[tuple[int, int]] = set()
        for (b, _), s in zip(spans, run, strict=True):
            for m in s.mentions or ():
                if (b + m.begin, b + m.end) not in taken:
                    taken.add((b + m.begin, b + m.end))
                    gold.setdefault(m.entity, set()).add((b + m.begin, b + m.end))
        golds.append([frozenset(group) for group in gold.values()])
        heads.append(_heads(run, spans))
    rows = {}
    for name, key in (("exact spans", False), ("head words", True)):
        for singles in (False, True):
            gold_, own = (
                [_kept(doc, h if key else None, singles) for doc, h in zip(docs, heads, strict=True)]
                for docs in (golds, systems)
            )
            figures = clusters.figures(gold_, own)
            label = f"GUM dev coreference, {name}, {'with' if singles else 'no'} singletons"
            rows[label] = {k: round(v, 1) for k, v in figures.items()}
    return rows


def _kept(doc: Sequence[frozenset[tuple[int, int]]], words: Words | None, singles: bool) -> list[frozenset[Hashable]]:
    found: list[frozenset[Hashable]] = []
    taken: set[Hashable] = set()
    for cluster in doc:
        if singles or len(cluster) > 1:
            keys = {head_of(words, *span) if words else span for span in cluster} - taken
            taken |= keys
            if keys:
                found.append(frozenset(keys))
    return found


def _heads(run: Sequence[Sentence], spans: Sequence[tuple[int, int]]) -> Words:
    heads = [
        begin + h - 1 if h else begin + i
        for s, (begin, _) in zip(run, spans, strict=True)
        for i, h in enumerate(s.tree.heads if s.tree else ())
    ]
    return Words([], [], [], [], [], heads, [])


def event_figures(network: Network, sentences: Sequence[Sentence]) -> dict[str, Figures]:
    """Triggers with their classes, and roles of right triggers with exact spans and with their last words."""
    triggers: list[tuple[set[Hashable], set[Hashable]]] = []
    roles: list[tuple[set[Hashable], set[Hashable]]] = []
    for run in documents(sentences):
        encoded, spans, analyses = analysed(network, run)
        told = network.events(encoded, spans, analyses)
        for s, own in zip(run, told, strict=True):
            gold = {(e.trigger, e.kind) for e in s.events or ()}
            triggers.append((set(gold), {(p.word, p.label) for p in own}))
            system = {(p.word, role, end) for p in own for role, _, end in p.arguments}
            roles.append(({(e.trigger, role, end) for e in s.events or () for role, _, end in e.roles}, set(system)))
    return {"news dev events: triggers": agreement(triggers), "news dev events: roles": agreement(roles)}


# The table ------------------------------------------------------------------------------------------------------------


def table(folder: Path, model: Path) -> Iterator[tuple[str, Figures]]:
    """All figures by corpus."""
    nlp = load(path=str(model))
    network: Network = nlp.get_pipe("kb_neural").network  # type: ignore[attr-defined]
    corpora = read_all(folder)
    for part in ("dev", "test"):
        reads = read(network, corpora[f"ewt-{part}"])
        yield f"UD EWT {part}, gold words", tree_figures(network, reads)
        yield f"UD EWT {part}, raw text", raw_figures(nlp, folder / f"ud-ewt/en_ewt-ud-{part}.conllu.xz")
        yield f"UNER EWT {part}", name_figures(reads, _THREE.get)
        yield f"PropBank EWT {part}, end to end", role_figures(reads, given=False)
        yield f"PropBank EWT {part}, gold predicates", role_figures(reads, given=True)
        yield f"PropBank EWT {part}, nouns, end to end", role_figures(reads, given=False, pos="NOUN")
        yield f"PropBank EWT {part}, nouns, gold predicates", role_figures(reads, given=True, pos="NOUN")
    yield "CrossNER politics dev", name_figures(read(network, corpora["crossner-dev"]), _THREE.get)
    for part in ("dev", "test"):
        news = read(network, corpora[f"news-{part}"])
        yield f"GMB news {part}, corrected by hand", name_figures(news, _own)
        yield f"GMB news {part}, nested names too", name_figures(news, _own, nested=True)
    yield "GUM dev, gold words", tree_figures(network, read(network, corpora["gum-dev"]))
    yield from coreference_figures(network, corpora["gum-dev"]).items()
    yield from event_figures(network, corpora["news-dev"]).items()


def _own(kind: str) -> str | None:
    return kind if kind in NAME_CLASSES else None


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m kb.language.evaluate", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, default=MODEL, help="folder of model files")
    parser.add_argument("--card", action="store_true", help="write the figures into the model's meta.json")
    args = parser.parse_args()
    rows = {}
    for name, figures in table(args.data, args.model):
        rows[name] = figures
        sys.stdout.write(f"{name:56}" + "".join(f"  {key} {value:.1f}" for key, value in figures.items()) + "\n")
        sys.stdout.flush()
    if args.card:
        card = args.model / "meta.json"
        meta = json.loads(card.read_text(encoding="utf-8"))
        card.write_text(json.dumps({**meta, "performance": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
