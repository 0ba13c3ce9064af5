"""What the commands say and how: data to standard output, talk and progress to standard error."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from kb.errors import KbError

FINDINGS, ERROR, INTERRUPTED, NO_READER = 1, 2, 130, 141


def say(line: str) -> None:
    """A line of talk."""
    typer.echo(line, err=True)


def show(text: str | bytes) -> None:
    """Data, at once: whoever reads may have gone ("kb ask … | head")."""
    try:
        typer.echo(text, nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer would fail again when Python ends: https://docs.python.org/3/library/signal.html
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(NO_READER) from None


def width() -> int | None:
    """To fold tables to; a file is as wide as it needs to be."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


class Errors:
    """Prints errors as they come and remembers that there were some."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, error: KbError) -> None:
        """Print one error."""
        self.count += 1
        say(error.line())


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 article", "2,000 articles", "2 matches"."""
    ending = "es" if noun.endswith(("ch", "sh", "s", "x")) else "s"
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}{ending}"


@contextmanager
def progress(verb: str, noun: str = "articles", total: int | None = None) -> Iterator[Callable[[object], None] | None]:
    """A line that tells how far the work is; only where somebody watches. What is yielded is called with each thing done."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    things = noun if total is None else f"of {total:,} {noun}"
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:,.0f} " + things), TimeElapsedColumn())
    # Standard output is data and stays ours.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(verb)
        yield lambda done: bar.advance(task)
