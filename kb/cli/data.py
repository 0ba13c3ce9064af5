"""The data that a command is given: RDF files and folders, or the knowledge base in this folder; never overwritten."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import InputError, OutputError

if TYPE_CHECKING:
    from pyoxigraph import Quad

#: The knowledge base that ``make kb`` builds, asked where no data is named.
DEFAULT_DATA = Path("kb.nq")


def data_of(named: Sequence[str]) -> list[str]:
    """The data that are named, or the default knowledge base.

    Raises:
        InputError: none is named, and there is no default.
    """
    if not named and not DEFAULT_DATA.exists():
        raise InputError("no data", hint=f"name an RDF file, or run where make kb has built {DEFAULT_DATA}")
    return list(named) or [str(DEFAULT_DATA)]


def read_quads(named: Sequence[str]) -> "list[Quad]":
    """The quads of RDF files or folders; of kb.nq if none is named.

    Raises:
        InputError: there is no data, or it cannot be read.
    """
    from kb import store

    return [quad for file in store.rdf_files(map(Path, data_of(named))) for quad in store.read_quads(file)]


def rdf_format(output: str) -> str:
    """The RDF syntax that the extension of a file names, Turtle for standard output.

    Raises:
        OutputError: it names none, or commands for Wikidata, which are made of whole exports alone.
    """
    from kb.rdf.syntax import QUICKSTATEMENTS, format_of

    name = format_of(output, "turtle" if output == "-" else None).name
    if name == QUICKSTATEMENTS:
        raise OutputError("no RDF in this format", where=output, hint="name a .ttl or .nq; kb export writes .qs")
    return name


def keep_inputs(inputs: Sequence[str], output: str | None, what: str = "the data") -> None:
    """Refuse to replace what is read by what is written.

    Raises:
        OutputError: the output is one of the inputs.
    """
    if output and output != "-" and any(Path(output).resolve() == Path(given).resolve() for given in inputs):
        raise OutputError(f"would replace {what}", where=output, hint="name another output file")
