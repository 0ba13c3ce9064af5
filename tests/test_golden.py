"""The whole flow, article to bytes, on articles written for it: nothing changes unnoticed.

The files are no promise that all they say is right; they show what a change changes.
"""

import difflib
from pathlib import Path

import pytest

from tests.update_golden import articles, exported, golden, orphans

#: Lines of a difference that are shown; the rest is seen with git.
SHOWN = 40
ADVICE = (
    "The export of {name} has changed. If that is meant: python -m tests.update_golden, then read git diff "
    "tests/cases/articles, fact by fact (- no longer read, + now read), and commit it with the change that caused it."
)


def difference(article: Path, found: bytes) -> str:
    before, after = golden(article).read_text(encoding="utf-8"), found.decode()
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "expected", "exported", n=1, lineterm="")
    return "\n".join([ADVICE.format(name=article.name), "", *list(lines)[:SHOWN]])


@pytest.mark.parametrize("article", articles(), ids=lambda article: article.stem)
def test_an_article_gives_what_it_gave(article: Path) -> None:
    assert golden(article).exists(), f"no {golden(article).name}: python -m tests.update_golden writes it"
    found = exported(article)

    if found != golden(article).read_bytes():
        pytest.fail(difference(article, found), pytrace=False)


def test_no_expectation_without_an_article() -> None:
    assert list(orphans()) == []


def test_there_are_articles() -> None:
    assert len(articles()) >= 5
