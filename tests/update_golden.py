"""``python -m tests.update_golden``: what the articles in ``cases/articles`` give is what they are to give.

Read the difference (``git diff tests/cases/articles``) before it is committed: each changed line is a fact that the
exporter now reads, no longer reads, or reads otherwise. Lines of mentions and of the model's digest follow from those.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from kb import build, rdf

FOLDER = Path(__file__).with_name("cases") / "articles"


def golden(article: Path) -> Path:
    """The file with what an article is to give."""
    return article.with_suffix(".trig")


def articles() -> list[Path]:
    """The articles that have, or are to have, such a file."""
    return sorted(FOLDER.glob("*.txt"))


def exported(article: Path) -> bytes:
    """What ``kb export ARTICLE --format trig`` prints."""
    return rdf.serialize(build.merged(build.each([article]))[0], "trig")


def orphans() -> Iterator[Path]:
    """Files whose article is gone."""
    return (file for file in FOLDER.glob("*.trig") if file not in map(golden, articles()))


def main() -> None:
    """Write them all; say which have changed."""
    for file in list(orphans()):
        file.unlink()
    for article in articles():
        found, file = exported(article), golden(article)
        if not file.exists() or file.read_bytes() != found:
            file.write_bytes(found)
            sys.stdout.write(f"{file.name} has changed\n")


if __name__ == "__main__":
    main()
