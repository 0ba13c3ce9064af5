"""Builds an index again and again, killed each time at another moment; run by a test, in a process without threads.

    python -m tests.killed DUMP FOLDER RUN

The build that is killed before the Nth file gets its name is left in FOLDER/N, up to the N at which none is killed.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path

from kb.linking import index

rename = Path.replace


def build(dump: str, folder: Path, run: int, moment: int) -> None:
    """Build, and be killed."""
    left = moment

    def replace(self: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)

    Path.replace = replace  # type: ignore[method-assign, assignment]
    index.build(dump, folder, run=run)


def main() -> None:
    """Try every moment."""
    dump, folder, run = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    for moment in count(1):
        child = os.fork()
        if not child:
            build(dump, folder / str(moment), run, moment)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL:
            return


if __name__ == "__main__":
    main()
