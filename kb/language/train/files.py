"""The public corpora, read as they are passed on: columns, CoNLL-U, JSON lines. What their labels mean is decided elsewhere."""

import csv
import io
import json
import lzma
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kb.language.train.sentences import Mention, Proposition, Sentence, Tree

_DROPPED = frozenset({"[", "]"})


@dataclass(frozen=True, slots=True)
class Tagged:
    """A sentence of words with a tag each, BIO or IO."""

    words: tuple[str, ...]
    tags: tuple[str, ...]


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, ``.xz`` or plain, in UTF-8."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        for line in file:
            yield line.rstrip("\r\n")


def blocks(source: Iterable[str]) -> Iterator[list[str]]:
    """The runs of lines between empty ones."""
    block: list[str] = []
    for line in source:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def read_conllu(path: Path) -> list[Sentence]:
    """The sentences of a CoNLL-U file: basic dependencies, without empty nodes and multiword tokens, GUM's mentions."""
    sentences: list[Sentence] = []
    document = ""
    for block in blocks(lines(path)):
        comments = [line[1:].strip() for line in block if line[0] == "#"]
        fresh = next((c.partition("=")[2].strip() for c in comments if c.startswith("newdoc")), None)
        document = document if fresh is None else fresh
        rows = [line.split("\t") for line in block if line[0].isdigit()]
        rows = [r for r in rows if r[0].isdigit()]
        words, lemmas, upos, xpos, feats = (tuple(r[i] for r in rows) for i in range(1, 6))
        tree = Tree(upos, xpos, feats, lemmas, tuple(int(r[6]) for r in rows), tuple(r[7] for r in rows))
        paragraph = fresh is not None or any(c.startswith("newpar") and "_block" not in c for c in comments)
        mentions = tuple(_mentions([r[9] for r in rows])) if any("Entity=" in r[9] for r in rows) else None
        sentences.append(Sentence(words, document, paragraph, tree, None, None, mentions))
    return sentences


def raw_text(path: Path) -> list[tuple[str, list[str]]]:
    """The documents of a CoNLL-U file: text, paragraphs divided by an empty line as UD's raw files do, and token lines.

    Words that one token stands for ("don't") are the parts of its form as far as they cover it.
    """
    found: list[tuple[list[str], list[str]]] = []
    for block in blocks(lines(path)):
        fresh = any(line.startswith("# newdoc") for line in block)
        if fresh or not found:
            found.append(([], []))
        parts, rows = found[-1]
        text = next(line.partition("=")[2].strip() for line in block if line.startswith("# text ="))
        paragraph = any(line.startswith("# newpar") for line in block)
        parts.append(("\n\n" if paragraph and parts else " " if parts else "") + text)
        rows.extend([*(line for line in block if line[0] != "#"), ""])
    return [("".join(parts), rows) for parts, rows in found]


def _mentions(misc: list[str]) -> Iterator[Mention]:
    """Mentions in GUM's bracket notation: ``(12-person-…`` opens, ``12)`` closes, ``(12-person-…)`` does both."""
    begun: dict[str, list[tuple[int, str]]] = {}
    for i, column in enumerate(misc):
        value = next((part[7:] for part in column.split("|") if part.startswith("Entity=")), "")
        for opening, body, closing in re.findall(r"(\()?([^()]+)(\))?", value):
            entity, _, rest = body.partition("-")
            kind = rest.split("-")[0]
            if opening:
                begun.setdefault(entity, []).append((i, kind))
            if closing and begun.get(entity):
                begin, kind = begun[entity].pop()
                if not _DROPPED & set(entity):
                    yield Mention(begin, i + 1, kind, entity)


def read_columns(path: Path, *, word: int, tag: int) -> list[Tagged]:
    """The sentences of a file with a word a line, its columns divided by white space."""
    found = []
    for block in blocks(lines(path)):
        rows = [line.split() for line in block if not line.startswith(("# ", "-DOCSTART-"))]
        if rows:
            found.append(Tagged(tuple(r[word] for r in rows), tuple(r[tag] for r in rows)))
    return found


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the Groningen Meaning Bank's table: a word, its part of speech, its tag."""

    word: str
    pos: str
    tag: str


def read_gmb(path: Path) -> dict[int, list[Row]]:
    """The sentences of ``ner_dataset.csv`` by their numbers, repeated ones left out, in document order."""
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(io.StringIO(file.read())))[1:]
    found: dict[int, list[Row]] = {}
    number = 0
    for first, word, pos, tag in rows:
        number = int(first.split()[1]) if first else number
        found.setdefault(number, []).append(Row(word, pos, tag))
    seen: set[str] = set()
    return {n: rows for n, rows in found.items() if not _repeated(" ".join(r.word for r in rows), seen)}


def _repeated(key: str, seen: set[str]) -> bool:
    if key in seen:
        return True
    seen.add(key)
    return False


def with_propositions(sentences: list[Sentence], path: Path) -> list[Sentence]:
    """Sentences with the propositions of PropBank where its words agree."""
    known: dict[tuple[str, ...], tuple[Proposition, ...]] = {}
    for line in lines(path):
        row = json.loads(line)
        known[tuple(row["words"])] = tuple(
            Proposition(p["pred"], p["roleset"], tuple((role, b, e) for role, b, e in p["args"])) for p in row["props"]
        )
    return [replace(s, propositions=known.get(s.words)) for s in sentences]
