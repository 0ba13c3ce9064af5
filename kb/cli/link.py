"""The commands ``kb link …``; that of an index of Wikidata items, of any size, is here. The work is done in ``kb.linking``."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from kb.cli.explain import explain
from kb.cli.extract import extract
from kb.cli.online import online
from kb.cli.terminal import counted, progress, say

if TYPE_CHECKING:
    from kb.linking.index import State


class Commands(typer.core.TyperGroup):
    """``kb link --online …`` is ``kb link online …``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the option for the command, where no command is named."""
        if "--online" in args and args[0] not in self.commands:
            args = ["online", *(word for word in args if word != "--online")]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=Commands, help="Names and Wikidata items: indexes, reasons, services, facts.")


@app.callback(invoke_without_command=True)
def root(context: typer.Context) -> None:
    """Names and Wikidata items: indexes, reasons, services, facts."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command()(explain)
app.command()(extract)
app.command()(online)


def _qid(text: str) -> str:
    number = text.removeprefix("http://www.wikidata.org/entity/").removeprefix("wd:")
    if not (number[:1] == "Q" and number[1:].isascii() and number[1:].isdecimal() and len(number) < 11):
        raise typer.BadParameter(f"{text!r} is no item of Wikidata; write Q515")
    return number


@app.command()
def build(
    dump: Annotated[
        str,
        typer.Argument(
            metavar="DUMP",
            show_default=False,
            help="Wikidata's dump in JSON or truthy N-Triples, plain, .gz or .bz2; - for standard input.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", show_default=False, help="The folder of the index.")
    ],
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            metavar="QID",
            show_default=False,
            parser=_qid,
            help="Only instances of this class or one below it, by the statements in the dump; may be repeated.",
        ),
    ] = None,
    min_sitelinks: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Only items with so many pages in Wikipedia and its sister projects."),
    ] = 0,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", show_default=False, help="Read only the first N items.")
    ] = None,
) -> None:
    """An index of the persons, bodies and places in a dump of Wikidata.

    Dumps are at https://dumps.wikimedia.org/wikidatawiki/entities/.
    latest-all.json.bz2 says most; latest-truthy.nt.bz2 is smaller, but has no
    dates of office and no sitelinks, so that labels are counted instead.
    A dump is read once, and may come through a pipe:
    curl URL | kb link build - -o DIR

    Stopped, the same command goes on from where it was, with the same result.
    What is unfinished lies in DIR/build: tens of gigabytes for all of
    Wikidata, of which --min-sitelinks 1 leaves out most.
    """
    from kb.linking import index

    filters = index.Filters(classes=tuple(classes or ()), min_sitelinks=min_sitelinks, limit=limit)
    start = time.monotonic()
    with progress("Reading", "thousand items") as tick:
        built = index.build(dump, output, filters, tell=say, tick=tick)
    say(_summary(built, output, time.monotonic() - start))


def _summary(built: "State", output: Path, seconds: float) -> str:
    read = f"read {counted(built.items, 'item')}, left out {counted(built.broken, 'broken line')}"
    return f"{read}; {counted(built.rows, 'item')}, {counted(built.names, 'name')} → {output} in {seconds:.1f} s"
