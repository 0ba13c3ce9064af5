"""What two phrases have in common: the features from which the coreference model decides whether they mean the same.

Shared by training and runtime. Mention ranking over candidate antecedents (Denis and Baldridge 2008; Lee et al. 2017) with
string, distance and agreement features, vectorised over all pairs of a document. Words are counted over the document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

#: Antecedents that are tried: so many phrases before, and so many before them that share the head word.
NEAR, SAME = 50, 10
#: What kind of phrase it is: a class of pronoun, a name, a description.
TYPES = (
    "first", "second", "he", "she", "it", "they", "demonstrative", "relative", "name", "definite", "indefinite", "bare",
)  # fmt: skip
_PRONOUNS = {
    "first": "i me my mine myself we us our ours ourselves", "second": "you your yours yourself yourselves",
    "he": "he him his himself", "she": "she her hers herself", "it": "it its itself",
    "they": "they them their theirs themselves", "demonstrative": "this that these those here there then",
    "relative": "who whom whose which",
}  # fmt: skip
_TYPE_OF = {word: TYPES.index(name) for name, words in _PRONOUNS.items() for word in words.split()}
_DEFINITE = frozenset("the this that these those my your his her its our their both".split())
_INDEFINITE = frozenset("a an some any another many several few most all no every each one two three".split())
_IGNORED = frozenset({"DET", "ADP", "PUNCT", "PART", "CCONJ", "PRON"})
_ROLES = {name: i for i, name in enumerate(("nsubj", "obj", "obl", "nmod", "appos", "conj", "compound"))}
_DISTANCES = np.array([0, 1, 2, 3, 5, 8, 16])
#: Values of each feature of a pair.
SIZES = (len(TYPES) ** 2, 8, 8, 7, 3, 12 * 12, 9, 64, 2)


@dataclass(frozen=True, slots=True)
class Words:
    """A document's words, one item a word.

    Attributes:
        sentences: the number of each word's sentence.
        heads: the word that each word depends on, itself for a root.
    """

    texts: Sequence[str]
    lemmas: Sequence[str]
    upos: Sequence[str]
    feats: Sequence[str]
    deprels: Sequence[str]
    heads: Sequence[int]
    sentences: Sequence[int]


@dataclass(frozen=True, slots=True)
class Phrases:
    """The mentions of a document in the order of their beginnings, longer ones first; arrays of M."""

    begins: Ints
    ends: Ints
    kinds: Ints

    @classmethod
    def of(cls, spans: Sequence[tuple[int, int, int]]) -> "Phrases":
        """From (begin, end, index of the mention class)."""
        table = np.array(sorted(spans, key=lambda s: (s[0], -s[1])), dtype=np.int64).reshape(-1, 3)
        return cls(table[:, 0], table[:, 1], table[:, 2])


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of each phrase by itself, arrays of M; ``bags`` are sets of words as bits."""

    heads: Ints
    types: Ints
    numbers: Ints
    roles: Ints
    strings: Ints
    lemmas: Ints
    bags: npt.NDArray[np.uint64]
    sentences: Ints


def head_of(words: Words, begin: int, end: int) -> int:
    """The word of a span that depends on a word outside it; the last such word."""
    found = end - 1
    for i in range(begin, end):
        if not begin <= words.heads[i] < end or words.heads[i] == i:
            found = i
            break
    return found


def features(words: Words, phrases: Phrases) -> Features:
    """The features of each phrase."""
    rows = []
    for begin, end in zip(phrases.begins.tolist(), phrases.ends.tolist(), strict=True):
        head = head_of(words, begin, end)
        content = [i for i in range(begin, end) if words.upos[i] not in _IGNORED] or [head]
        texts = [words.texts[i].lower() for i in content]
        rows.append(
            (
                head,
                _type(words, begin, end, head),
                1 if "Number=Sing" in words.feats[head] else 2 if "Number=Plur" in words.feats[head] else 0,
                _ROLES.get(words.deprels[head].split(":")[0], 7),
                _code(" ".join(texts)),
                _code(words.lemmas[head].lower()),
                sum(1 << bit for bit in {_code(text) % 63 for text in texts}),
                words.sentences[head],
            )
        )
    heads, types, numbers, roles, strings, lemmas, bags, sentences = np.array(rows, dtype=np.int64).reshape(-1, 8).T
    return Features(heads, types, numbers, roles, strings, lemmas, bags.astype(np.uint64), sentences)


def _type(words: Words, begin: int, end: int, head: int) -> int:
    first = words.texts[begin].lower()
    if end - begin == 1 and first in _TYPE_OF and words.upos[head] != "NOUN":
        return _TYPE_OF[first]
    name = "name" if words.upos[head] == "PROPN" else "definite" if first in _DEFINITE else None
    return TYPES.index(name or ("indefinite" if first in _INDEFINITE else "bare"))


def _code(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))


def candidates(found: Features) -> tuple[Ints, Ints]:
    """Pairs (phrase, earlier phrase) that are worth a look, two arrays of N, ordered by phrase."""
    count = len(found.heads)
    near = np.arange(count)[:, None] - np.arange(NEAR, 0, -1)[None, :]
    far = np.full((count, SAME), -1)
    latest: dict[int, list[int]] = {}
    named = TYPES.index("name")
    for i, (lemma, kind) in enumerate(zip(found.lemmas.tolist(), found.types.tolist(), strict=True)):
        if kind < named:
            continue
        earlier = [j for j in latest.get(lemma, [])[-SAME - NEAR :] if j < i - NEAR][-SAME:]
        far[i, : len(earlier)] = earlier
        latest.setdefault(lemma, []).append(i)
    both = np.concatenate([far, near], axis=1)
    rows, columns = np.nonzero(both >= 0)
    return rows, both[rows, columns]


def pair_features(phrases: Phrases, found: Features, later: Ints, earlier: Ints) -> Ints:
    """Indices (N, features) of what each pair has in common; the sizes are SIZES."""
    i, j = later, earlier
    inner = (phrases.begins[j] <= phrases.begins[i]) & (phrases.ends[i] <= phrases.ends[j])
    outer = (phrases.begins[i] <= phrases.begins[j]) & (phrases.ends[j] <= phrases.ends[i])
    named = TYPES.index("name")
    strings = _strings(found, i, j)
    strings[(found.types[i] < named) & (found.types[j] < named) & (strings > 0)] = 6
    columns = (
        found.types[i] * len(TYPES) + found.types[j],
        np.searchsorted(_DISTANCES, found.sentences[i] - found.sentences[j]),
        np.searchsorted(_DISTANCES, i - j),
        strings,
        np.where(inner, 1, np.where(outer, 2, 0)),
        phrases.kinds[i] * 12 + phrases.kinds[j],
        found.numbers[i] * 3 + found.numbers[j],
        found.roles[i] * 8 + found.roles[j],
        ((found.types[i] == named) & (found.types[j] == named) & (strings == 0)).astype(np.int64),
    )
    return np.stack(columns, axis=1)


def _strings(found: Features, i: Ints, j: Ints) -> Ints:
    """How the words of two phrases agree: not at all, a word, the head in the other, all words of one, the head, everything."""
    bags_i, bags_j = found.bags[i], found.bags[j]
    one = np.uint64(1)
    head_i = one << (found.lemmas[i] % 63).astype(np.uint64)
    shared: Ints = np.where((bags_i & bags_j) > 0, 1, 0)
    shared = np.where((head_i & bags_j) > 0, 2, shared)
    shared = np.where(((bags_i & ~bags_j) == 0) | ((bags_j & ~bags_i) == 0), 3, shared)
    shared = np.where(found.lemmas[i] == found.lemmas[j], 4, shared)
    return np.where(found.strings[i] == found.strings[j], 5, shared)
