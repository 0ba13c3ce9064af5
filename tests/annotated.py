"""``python -m tests.annotated GMB_FILE OUT_DIR``: annotated news stories, rebuilt from a public file and our annotation of it.

In: the rows (sentence, word, …) of ``ner_dataset.csv`` and ``annotations/NAME.json``, where every text is ``[begin, end]``.
Out: ``OUT_DIR/articles/NAME.json`` and ``OUT_DIR/NAME.gold.json``, for ``kb evaluate OUT_DIR``. The text is the story's
words, joined by fixed rules; a digest says whether it is the text that was annotated. ``--part read`` gives the stories
that rules are tuned on, ``unread`` those that nobody looks at while tuning.
"""

import argparse
import csv
import hashlib
import json
import lzma
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

from kb.errors import InputError

FOLDER = Path(__file__).with_name("annotations")
PARTS = ("read", "unread", "all")
PUBLISHER = "Voice of America"

#: How words are joined: these stand next to the word before them,
TIGHT = frozenset(""", . ; : ? ! ) % 's ' n't 're 've 'll 'd 'm""".split())
#: these next to the word after them,
OPENING = frozenset("($")
#: and these open and close by turns.
QUOTES = frozenset(("``", "''", '"'))

#: A value of an annotation: what JSON holds.
Value: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Story:
    """A stand-off annotation: the numbers of its first and last sentence, the digest of its text, its part, what it says."""

    name: str
    first: int
    last: int
    digest: str
    part: str
    gold: Mapping[str, Value]

    @property
    def numbers(self) -> range:
        """The numbers of its sentences."""
        return range(self.first, self.last + 1)


def stories(part: str = "all") -> list[Story]:
    """The annotated stories of a part, in the order of the file they are from."""
    found = sorted((_story(file) for file in FOLDER.glob("*.json")), key=lambda story: story.first)
    return [story for story in found if part in (story.part, "all")]


def _story(file: Path) -> Story:
    said = json.loads(file.read_text(encoding="utf-8"))
    first, last = said["sentences"]
    return Story(file.stem, first, last, said["sha256"], said["part"], said["gold"])


# The text -------------------------------------------------------------------------------------------------------------


def joined(words: Iterable[str]) -> str:
    """A sentence from its words."""
    text, quoted, glued = "", False, True
    for word in words:
        quote = word in QUOTES
        tight = glued or (quoted if quote else word in TIGHT)
        text += ("" if tight else " ") + ('"' if quote else word)
        glued = not quoted if quote else word in OPENING
        quoted ^= quote
    return text.replace("can not", "cannot")


def sentences(file: Path, numbers: Collection[int]) -> dict[int, list[str]]:
    """The words of the sentences that are wanted, by number."""
    with _opened(file) as lines:
        return _gathered(csv.reader(lines), frozenset(numbers))


def _opened(file: Path) -> IO[str]:
    opener = lzma.open if file.suffix == ".xz" else open
    return opener(file, "rt", encoding="utf-8", errors="replace", newline="")


def _gathered(rows: Iterable[list[str]], numbers: frozenset[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    last = max(numbers, default=0)
    for number, word in _numbered(rows):
        if number > last:
            break
        if number in numbers:
            found.setdefault(number, []).append(word)
    return found


def _numbered(rows: Iterable[list[str]]) -> Iterator[tuple[int, str]]:
    """Each word with the number of its sentence, which only the sentence's first row has."""
    number = 0
    for label, word, *_ in rows:
        number = int(label.removeprefix("Sentence: ")) if label.startswith("Sentence: ") else number
        if number:
            yield number, word


def text_of(story: Story, words: Mapping[int, Iterable[str]]) -> str:
    """The story's text, a paragraph for each sentence.

    Raises:
        InputError: it is not the text that was annotated.
    """
    text = "\n\n".join(joined(words.get(number, ())) for number in story.numbers)
    if hashlib.sha256(text.encode()).hexdigest() != story.digest:
        raise InputError("not the text that was annotated", where=story.name, hint="see tests/annotations/README.md")
    return text


# The annotation -------------------------------------------------------------------------------------------------------


def is_span(value: Value) -> bool:
    """Whether a value of an annotation is offsets that stand for a text."""
    return isinstance(value, list) and len(value) == 2 and all(type(item) is int for item in value)


def resolved(value: Value, text: str) -> Value:
    """An annotation with its texts in place of their offsets."""
    if is_span(value):
        return text[slice(*value)]
    if isinstance(value, list):
        return [resolved(item, text) for item in value]
    return {key: resolved(item, text) for key, item in value.items()} if isinstance(value, dict) else value


def article(text: str) -> dict[str, str]:
    """The article of a story."""
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "articleBody": text,
        "publisher": PUBLISHER,
    }


def rebuild(file: Path, folder: Path, *, part: str = "all") -> list[Path]:
    """Write the articles and annotations of a part; the annotations' files."""
    wanted = stories(part)
    words = sentences(file, {number for story in wanted for number in story.numbers})
    return [_write(story, text_of(story, words), folder) for story in wanted]


def _write(story: Story, text: str, folder: Path) -> Path:
    gold = folder / f"{story.name}.gold.json"
    _dump(folder / "articles" / f"{story.name}.json", article(text))
    _dump(gold, resolved(story.gold, text))
    return gold


def _dump(file: Path, value: Value) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.annotated", description="Rebuild annotated news stories.")
    parser.add_argument("file", metavar="GMB_FILE", type=Path, help="ner_dataset.csv, or its .xz")
    parser.add_argument("folder", metavar="OUT_DIR", type=Path, help="where NAME.gold.json and articles/ go")
    parser.add_argument("--part", choices=PARTS, default="all", help="which stories (default: all)")
    said = parser.parse_args()
    try:
        rebuild(said.file, said.folder, part=said.part)
    except (OSError, InputError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
