"""``kb link extract``: Wikidata's facts about the items that a knowledge base is linked to, as an RDF file."""

from pathlib import Path
from typing import Annotated

import typer

from kb.cli.data import data_of, keep_inputs, rdf_format, read_quads
from kb.cli.terminal import counted, say, show


def extract(
    data: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATA", show_default=False, help="RDF files or folders of them; kb.nq if none is named."
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where to write, the syntax by the extension; - is Turtle."
        ),
    ] = "-",
    index: Annotated[
        Path | None,
        typer.Option(metavar="DIR", show_default=False, help="An index from kb link build, not ours."),
    ] = None,
) -> None:
    """Write what the linking table knows of the linked items, in Wikidata's terms, for questions about Wikidata."""
    from kb import rdf, wikidata
    from kb.gazetteer import load_gazetteer

    keep_inputs(data_of(data or []), output)
    syntax = rdf_format(output)
    quads = read_quads(data or [])
    found = wikidata.extract(quads, load_gazetteer(index))
    if output == "-":
        show(rdf.serialize(found, syntax))
    else:
        rdf.write(found, output)
    items = counted(len(wikidata.linked(quads)), "linked item")
    say(f"{items}, {counted(len(found), 'triple')} → {'standard output' if output == '-' else output}")
