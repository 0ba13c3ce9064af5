"""Entity corpora brought to one set of classes, with what each corpus leaves open; the silver one cleaned.

Labels are partial: a corpus that does not know a class leaves every span without a name open for it, and training sums the
probabilities of what the corpus allows.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from kb.language.train.files import Row, Tagged
from kb.language.train.sentences import Event, Names, Sentence

ANNOTATIONS = Path(__file__).with_name("annotations")
#: Classes of each corpus; a class that is not here leaves its words open.
UNER = {
    "PER": ("PERSON",),
    "ORG": ("ORG",),
    "LOC": ("LOC", "FAC"),
    "OTH": ("NORP", "DATE", "NUM", "EVENT", "WEAPON", "MISC"),
}
WIKIGOLD = {
    "PER": ("PERSON",),
    "ORG": ("ORG",),
    "LOC": ("LOC", "FAC"),
    "MISC": ("MISC", "NORP", "EVENT", "DATE", "WEAPON"),
}
CROSSNER = {
    "person": ("PERSON",), "politician": ("PERSON",), "organisation": ("ORG",), "politicalparty": ("ORG",), "country": ("LOC",),
    "location": ("LOC", "FAC"), "event": ("EVENT", "MISC"), "election": ("EVENT", "MISC"), "misc": ("MISC", "NORP"),
}  # fmt: skip
GMB = {
    "per": ("PERSON",), "org": ("ORG",), "geo": ("LOC", "FAC"), "norp": ("NORP",), "tim": ("DATE",), "art": ("MISC", "WEAPON"),
    "eve": ("EVENT",), "nat": ("MISC", "EVENT"),
}  # fmt: skip
#: What each corpus is silent about.
SILENT = {
    "uner": ("NORP", "DATE", "NUM", "EVENT", "WEAPON", "MISC"),
    "wikigold": ("DATE", "NUM", "WEAPON"),
    "crossner": ("DATE", "NUM", "WEAPON"),
    "gmb": ("DATE", "NUM", "EVENT", "WEAPON", "MISC", "FAC"),
}
GUM_NAMES = {
    "person": ("PERSON", "NORP"), "organization": ("ORG",), "place": ("LOC", "FAC"), "event": ("EVENT",), "object": ("MISC", "WEAPON", "FAC"),
    "abstract": ("MISC", "EVENT", "NORP"), "time": ("DATE",), "animal": ("MISC",), "plant": ("MISC",), "substance": ("MISC",),
}  # fmt: skip
#: Titles that the Groningen Meaning Bank counts as part of a person's name and the other corpora do not.
TITLES = frozenset(
    "president prime minister secretary general gen. col. lt. sgt. maj. capt. mr. mrs. ms. dr. sen. rep. gov. king queen "
    "prince princess pope sheikh ayatollah chancellor senator governor vice foreign defense state justice judge captain "
    "colonel major lieutenant sergeant admiral ambassador envoy spokesman spokeswoman chairman former ex-president premier "
    "mullah imam cardinal archbishop bishop professor commander chief leader director-general interior finance".split()
)
MAJORITY_COUNT, MAJORITY_SHARE = 4, 0.6
_DEMONYM = re.compile(r"(an|ans|ese|ish|i|is|ch|iot|iots|ic|ite|ites|ard|ards|ks|qs|eks|arb)$")
#: Universal Dependencies divides hyphenated words; so do we.
_HYPHEN = re.compile(r"(?<=\w\w)(-)(?=\w)|(?<=\.)(-)(?=\w)")


def tagged(sentence: Tagged, classes: Mapping[str, tuple[str, ...]], silent: Iterable[str]) -> Sentence:
    """A sentence from corpus tags (BIO or IO), each class mapped to those of ours that are right for it."""
    spans: list[tuple[int, int, str]] = []
    last = "O"
    for i, tag in enumerate(sentence.tags):
        if tag != "O":
            if tag[0] == "B" or last[2:] != tag[2:]:
                spans.append((i, i + 1, tag[2:]))
            else:
                spans[-1] = (spans[-1][0], i + 1, tag[2:])
        last = tag
    known = tuple((b, e, frozenset(classes[kind])) for b, e, kind in spans if kind in classes)
    unsure = frozenset(i for b, e, kind in spans if kind not in classes for i in range(b, e))
    return Sentence(sentence.words, names=Names(known, frozenset(silent), unsure))


def with_names(trees: list[Sentence], named: list[Sentence]) -> list[Sentence]:
    """Sentences with the names of the same sentences in another corpus, where the words agree."""
    known = {s.words: s.names for s in named}
    return [replace(s, names=known.get(s.words)) for s in trees]


def gum_names(sentence: Sentence) -> Sentence:
    """A sentence of GUM with its names: mentions whose words are all proper nouns, articles and titles left out.

    GUM annotates phrases, not names; of spans with proper nouns that are no such mention nothing is known.
    """
    if sentence.mentions is None or sentence.tree is None:
        return sentence
    upos, found = sentence.tree.upos, []
    for mention in sentence.mentions:
        begin = mention.begin + (sentence.words[mention.begin].lower() == "the")
        if begin < mention.end and all(upos[i] == "PROPN" for i in range(begin, mention.end)):
            if sentence.words[begin].lower() not in TITLES:
                found.append((begin, mention.end, frozenset(GUM_NAMES[mention.kind])))
    unsure = frozenset(i for i, pos in enumerate(upos) if pos == "PROPN")
    names = Names(
        tuple(dict.fromkeys(found)), frozenset(("NORP", "DATE", "NUM", "MISC", "EVENT", "WEAPON")), unsure, True
    )
    return replace(sentence, names=names)


# The silver corpus ----------------------------------------------------------------------------------------------------


def silver(rows: Mapping[int, list[Row]]) -> dict[int, Sentence]:
    """The Groningen Meaning Bank's sentences with cleaned names.

    Titles are taken off persons' names, ``gpe`` is divided into places and demonyms, hyphenated words are divided, and a
    name that has one class in most places has it everywhere. What it says of times, of other names and of buildings is not
    trusted: those classes stay open.
    """
    counts: dict[str, Counter[str]] = {"geo": Counter(), "gpe": Counter()}
    for sentence in rows.values():
        for row in sentence:
            if row.tag[2:] in counts:
                counts[row.tag[2:]][row.word] += 1
    found = {number: _silver(sentence, counts) for number, sentence in rows.items()}
    winners = _winners(found.values())
    return {number: replace(_relabelled(s, winners), document="gmb", paragraph=True) for number, s in found.items()}


def _silver(rows: list[Row], counts: Mapping[str, Counter[str]]) -> Sentence:
    words, tags = [], []
    for row in _without_titles(rows):
        tag = row.tag
        if tag.endswith("gpe"):
            rare = counts["geo"][row.word] < 0.2 * counts["gpe"][row.word]
            tag = tag[:2] + ("norp" if row.pos != "NNP" or (_DEMONYM.search(row.word) and rare) else "geo")
        for part, part_tag in _divided(row.word, tag):
            words.append(part)
            tags.append(part_tag)
    return tagged(Tagged(tuple(words), tuple(tags)), GMB, SILENT["gmb"])


def _without_titles(rows: list[Row]) -> Iterator[Row]:
    """Rows in which a person's name begins after its titles."""
    begins = False
    for row in rows:
        begins = row.tag == "B-per" or (begins and row.tag == "I-per")
        if begins and row.word.lower() in TITLES:
            yield replace(row, tag="O")
            continue
        yield replace(row, tag="B-per" if begins else row.tag)
        begins = False


def divided(word: str) -> list[str]:
    """A word in the parts that Universal Dependencies divides it into at hyphens."""
    if "-" not in word or word.startswith("al-"):
        return [word]
    return [part for part in _HYPHEN.split(word) if part]


def _divided(word: str, tag: str) -> Iterator[tuple[str, str]]:
    """The parts of a word, each with its tag; a capitalised part before a small one is left open."""
    parts = divided(word)
    lower_tail = len(parts) > 1 and parts[-1][0].islower()
    for i, part in enumerate(parts):
        if tag == "O" and lower_tail and part[0].isupper():
            yield part, "?-?"
        elif tag != "O" and lower_tail:
            yield part, tag if i == 0 else "O"
        else:
            yield part, tag if i == 0 or tag == "O" else f"I-{tag[2:]}"


def _winners(sentences: Iterable[Sentence]) -> dict[tuple[str, ...], frozenset[str]]:
    votes: dict[tuple[str, ...], Counter[frozenset[str]]] = {}
    for sentence in sentences:
        for begin, end, kinds in sentence.names.spans if sentence.names else ():
            votes.setdefault(sentence.words[begin:end], Counter())[kinds] += 1
    found = {}
    for name, counts in votes.items():
        kinds, count = counts.most_common(1)[0]
        if counts.total() >= MAJORITY_COUNT and count / counts.total() >= MAJORITY_SHARE:
            found[name] = kinds
    return found


def _relabelled(sentence: Sentence, winners: Mapping[tuple[str, ...], frozenset[str]]) -> Sentence:
    names = sentence.names
    if names is None:
        return sentence
    spans = tuple((b, e, winners.get(sentence.words[b:e], kinds)) for b, e, kinds in names.spans)
    return replace(sentence, names=replace(names, spans=spans))


# Our own annotation ---------------------------------------------------------------------------------------------------


def annotated(file: Path, rows: Mapping[int, list[Row]]) -> dict[int, Sentence]:
    """Sentences of the Groningen Meaning Bank as a file of ``annotations`` annotates them, by their numbers.

    Offsets of the file count characters of the sentence's words joined by single blanks.
    """
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        number = said["sentence"]
        words, places, at = [], [], 0
        for row in rows[number]:
            for part in divided(row.word):
                words.append(part)
                places.append((at, at + len(part)))
                at += len(part)
            at += 1
        spans = [(*_words(places, b, e), frozenset({kind})) for b, e, kind in said["names"]]
        names = Names(tuple(s for s in spans if s[0] < s[1]), nested=True)
        events = tuple(_event(event, places) for event in said["events"]) if "events" in said else None
        found[number] = Sentence(tuple(words), "gmb", True, None, names, None, None, events)
    return found


def _words(places: list[tuple[int, int]], begin: int, end: int) -> tuple[int, int]:
    """The words that lie in a stretch of characters, wholly or in part."""
    inside = [i for i, (b, e) in enumerate(places) if b < end and begin < e]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def _event(said: Mapping[str, object], places: list[tuple[int, int]]) -> Event:
    trigger, roles = said["trigger"], said["roles"]
    assert isinstance(trigger, list) and isinstance(roles, list)
    last = _words(places, *trigger)[1] - 1
    return Event(last, str(said["class"]), tuple((role, *_words(places, b, e)) for role, b, e in roles))


def ours(rows: Mapping[int, list[Row]], part: str) -> dict[int, Sentence]:
    """The annotated sentences of a part: ``train``, ``dev`` or ``test``."""
    files = sorted(ANNOTATIONS.glob(f"{part}*.jsonl"))
    return {number: s for file in files for number, s in annotated(file, rows).items()}
