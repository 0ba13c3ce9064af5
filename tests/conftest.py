"""What several test files share and what is too slow to make twice."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pyoxigraph import Quad

from kb import build

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def gold_folder() -> Path:
    """The annotated articles, which are no part of this repository."""
    folder = SHARED / "gold" / "dev"
    if not folder.is_dir():
        pytest.skip("no annotated articles beside this checkout")
    return folder


@pytest.fixture(scope="session")
def gold_export(gold_folder: Path) -> Mapping[str, set[Quad]]:
    """What the annotated articles say, by article: the whole flow, run once."""
    return {article.name: quads for article, quads in build.each([gold_folder / "articles"])}
