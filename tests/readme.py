"""``python -m tests.readme``: put into the README what its commands print.

A block of a language and a name (```turtle events.ttl) is a file that a reader saves under that name. A ``console`` block
holds commands (``$``, continued with ``>``) and, below each, what it prints on a terminal of 118 columns; messages and
progress are left out. ``lines=N`` cuts what a command prints to N lines and ``…``. All run one after the other in one
folder that holds the seed articles as ``seeds`` and, where there are any, annotated articles as ``annotated``.
"""

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SEEDS = ROOT / "seeds"
ANNOTATED = ROOT.parent / "shared" / "gold" / "dev"
COLUMNS = 118
SECONDS = 300
FENCED = re.compile(r"^```(?P<language>\w+)[ ]?(?P<info>.*)\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)
#: The command as a reader has it, also where the tests run without its script.
PRELUDE = 'kb() { python -m kb "$@"; }\n'


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, what stands after it, its text, and where it stands in the README."""

    language: str
    info: str
    text: str
    begin: int
    end: int

    @property
    def commands(self) -> list[str]:
        """The commands of a console block, each with the lines that continue it."""
        return re.findall(r"^\$ .*\n(?:> .*\n)*", self.text, re.MULTILINE) if self.language == "console" else []

    @property
    def lines(self) -> int | None:
        """To how many lines each output is cut."""
        cut = re.search(r"lines=(\d+)", self.info)
        return int(cut[1]) if cut else None

    @property
    def needs_annotated(self) -> bool:
        """Whether it is about the annotated articles, which are not part of the project."""
        return "annotated" in self.text

    @property
    def runs(self) -> bool:
        """Whether what it needs is here."""
        return not self.needs_annotated or ANNOTATED.is_dir()


def blocks(text: str) -> list[Block]:
    """The blocks of a Markdown text that are files or commands."""
    found = (Block(m["language"], m["info"], m["text"], m.start("text"), m.end("text")) for m in FENCED.finditer(text))
    return [block for block in found if block.commands or (block.info and block.language != "console")]


def told(found: Iterable[Block], folder: Path) -> Iterator[str]:
    """What the text of each block is to be, its files written and its commands run in a folder."""
    prepare(folder)
    for block in found:
        if block.language != "console":
            file = folder / block.info
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        yield _printed(block, folder) if block.commands and block.runs else block.text


def prepare(folder: Path) -> None:
    """Lay the articles where the commands of the README look for them."""
    shutil.copytree(SEEDS, folder / "seeds")
    if ANNOTATED.is_dir():
        (folder / "annotated").symlink_to(ANNOTATED)


def _printed(block: Block, folder: Path) -> str:
    return "".join(command + _cut(terminal(command, folder), block.lines) for command in block.commands)


def _cut(text: str, lines: int | None) -> str:
    every = text.splitlines(keepends=True)
    return text if lines is None or len(every) <= lines else "".join([*every[:lines], "…\n"])


def terminal(command: str, folder: Path) -> str:
    """What a command prints on a terminal."""
    script = PRELUDE + re.sub(r"^[$>] ", "", command, flags=re.MULTILINE)
    ours, theirs = pty.openpty()
    with tempfile.TemporaryFile() as messages, os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(["sh", "-c", script], cwd=folder, env=_environment(), stdout=theirs, stderr=messages)
        os.close(theirs)
        text = b"".join(_read(screen.fileno())).decode().replace("\r\n", "\n")
        if process.wait(SECONDS) not in (0, 1):
            messages.seek(0)
            raise RuntimeError(f"{command}{text}{messages.read().decode()}")
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


def _read(screen: int) -> Iterator[bytes]:
    """What comes until the other end is closed, which Linux reports as an error."""
    try:
        while chunk := os.read(screen, 1 << 16):
            yield chunk
    except OSError:
        return


def _environment() -> dict[str, str]:
    ours = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": str(COLUMNS),
        "LINES": "50",
        "TERM": "dumb",
    }
    return {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"} | ours


def rewritten(text: str, folder: Path) -> str:
    """A README with each block as it is to be."""
    done, parts = 0, []
    found = blocks(text)
    for block, new in zip(found, told(found, folder), strict=True):
        parts += [text[done : block.begin], new]
        done = block.end
    return "".join([*parts, text[done:]])


def main() -> None:
    """Rewrite the README."""
    with tempfile.TemporaryDirectory() as folder:
        README.write_text(rewritten(README.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
