"""What training knows of a sentence, whatever corpus it is from: plain values, nothing of files or of the network.

Offsets count words from 0, ends are exclusive. A part is ``None`` where the corpus does not annotate it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

#: Names and quantities, as kb/language/train/annotations/GUIDELINES.md defines them.
NAME_CLASSES = ("PERSON", "ORG", "LOC", "FAC", "NORP", "DATE", "NUM", "EVENT", "WEAPON", "MISC")
#: The kinds of things that GUM's mentions are about (Zeldes 2017).
MENTION_CLASSES = (
    "person", "organization", "place", "object", "event", "abstract", "time", "substance", "animal", "plant",
)  # fmt: skip
#: Words that a headline leaves in lower case.
_SMALL = frozenset("a an the of in on at to for and or but as by with from over n't 's is".split())


@dataclass(frozen=True, slots=True)
class Tree:
    """What a treebank says, one item a word; heads are 1-based, 0 is the root."""

    upos: tuple[str, ...]
    xpos: tuple[str, ...]
    feats: tuple[str, ...]
    lemmas: tuple[str, ...]
    heads: tuple[int, ...]
    deprels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a sentence, with what the corpus leaves open.

    Attributes:
        spans: (begin, end, classes that are right for it).
        silent: classes that the corpus does not annotate; a span without a name may have one of them.
        unsure: words of which nothing is known; spans with one of them count for nothing.
        nested: whether names within names are annotated; else spans within a name count for nothing.
    """

    spans: tuple[tuple[int, int, frozenset[str]], ...]
    silent: frozenset[str] = frozenset()
    unsure: frozenset[int] = frozenset()
    nested: bool = False

    def certain(self) -> list[tuple[int, int, str]]:
        """The spans that have one class only."""
        return [(b, e, next(iter(kinds))) for b, e, kinds in self.spans if len(kinds) == 1]


@dataclass(frozen=True, slots=True)
class Proposition:
    """A predicate with its roleset and its arguments (role, begin, end), after PropBank (Palmer et al. 2005)."""

    predicate: int
    roleset: str
    arguments: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase that refers to something; mentions of one document with the same ``entity`` corefer."""

    begin: int
    end: int
    kind: str
    entity: str


@dataclass(frozen=True, slots=True)
class Event:
    """A trigger word with the class of its event and its roles (role, begin, end)."""

    trigger: int
    kind: str
    roles: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A training sentence.

    Attributes:
        document: sentences that follow each other and have the same document are context for each other.
        paragraph: whether a paragraph begins here.
    """

    words: tuple[str, ...]
    document: str = ""
    paragraph: bool = False
    tree: Tree | None = None
    names: Names | None = None
    propositions: tuple[Proposition, ...] | None = None
    mentions: tuple[Mention, ...] | None = None
    events: tuple[Event, ...] | None = None


def headline(sentence: Sentence) -> Sentence:
    """The sentence as a headline writes it: every word but the small ones with a capital."""
    words = tuple(w if w in _SMALL or not w[0].islower() else w[0].upper() + w[1:] for w in sentence.words)
    return replace(sentence, words=words)


def documents(sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    """Runs of sentences of one document; sentences without one stand alone."""
    runs: list[list[Sentence]] = []
    for name, group in groupby(sentences, key=lambda s: s.document):
        run = list(group)
        runs.extend([run] if name else [[s] for s in run])
    return runs
