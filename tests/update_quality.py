"""``python -m tests.update_quality``: measure, and raise the floor; with ``--lower`` also lower it, or take other articles."""

import sys
from pathlib import Path

from kb import build
from tests import quality

GOLD = Path(__file__).resolve().parents[1].parent / "shared" / "gold" / "dev"


def main() -> str | None:
    """Raise the floor, or say why not."""
    export = {article.name: quads for article, quads in build.each([GOLD / "articles"])}
    figures, gold = quality.measure(GOLD, export), quality.digest(GOLD)
    new, lower = quality.floor(figures), "--lower" in sys.argv[1:]
    if quality.FLOOR_FILE.exists() and not lower:
        known, least = quality.recorded()
        if known != gold:
            return "the annotated articles are others than those of the floor; --lower takes them"
        if sunk := quality.sunk(figures, least):
            return "\n".join([*sunk, "--lower lowers the floor"])
        new = {name: max(value, least.get(name, 0.0)) for name, value in new.items()}
    quality.record(gold, new)
    return None


if __name__ == "__main__":
    sys.exit(main())
