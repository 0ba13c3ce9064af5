"""``kb link --online``: asks a service on the web about the entities that the linker could not link."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kb.cli.data import data_of, keep_inputs, rdf_format, read_quads
from kb.cli.terminal import counted, progress, say
from kb.errors import KbError

if TYPE_CHECKING:
    from kb.linking.online import Client, Question
    from kb.model import Link
    from kb.web.links import Unlinked

OUTPUT = Path("links.nq")


def online(
    data: Annotated[
        list[str] | None,
        typer.Argument(metavar="DATA", show_default=False, help="RDF files, or folders; kb.nq if none is named."),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="Where links go; the syntax by the extension.")
    ] = OUTPUT,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            show_default=False,
            help="A reconciliation service, or an api.php of MediaWiki; that of Wikidata if none is named.",
        ),
    ] = None,
    contact: Annotated[
        str, typer.Option(metavar="ADDRESS", show_default=False, help="Yours, for the operator of the service.")
    ] = "",
    cache: Annotated[
        Path | None,
        typer.Option(metavar="DIR", show_default=False, help="Where answers are kept; your cache folder if not named."),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.01, metavar="X", help="Most requests a second.")] = 1.0,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait for an answer.")] = 30.0,
    retries: Annotated[int, typer.Option(min=0, metavar="N", help="How often to ask again.")] = 4,
) -> None:
    """Ask a service on the web about what stayed without a link; also: kb link --online.

    Writes owl:sameAs where the service is sure, skos:closeMatch where one item
    alone is plausible, in a graph of their own. What is found before an error
    is written too.
    """
    from kb.linking.online import WIKIDATA_SERVICE, Client, Manners, default_cache
    from kb.web import links

    keep_inputs(data_of(data or []), str(output))
    rdf_format(str(output))  # an unknown extension is told before anybody is asked
    manners = Manners(contact=contact, rate=rate, timeout=timeout, retries=retries)
    client = Client(endpoint or WIKIDATA_SERVICE, cache=cache or default_cache(), manners=manners)
    links.source(client.endpoint)
    entities = links.unlinked(read_quads(data or []))
    found: dict[Question, Link] = {}
    try:
        _ask(client, entities, found)
    except (KbError, KeyboardInterrupt):
        if found:
            _write(entities, found, client.endpoint, output)
        raise
    _write(entities, found, client.endpoint, output)


def _ask(client: "Client", entities: "Sequence[Unlinked]", found: "dict[Question, Link]") -> None:
    """Put what is found into ``found`` as it comes, so that an error loses nothing."""
    questions = dict.fromkeys(entity.question for entity in entities)
    with progress("Asking", "names", len(questions)) as tick:
        for question, link in client.links(questions, progress=tick):
            found[question] = link


def _write(entities: "Sequence[Unlinked]", found: "Mapping[Question, Link]", endpoint: str, output: Path) -> None:
    from kb import rdf
    from kb.web import links

    rdf.write(links.quads(entities, found, endpoint, version=version("newskb")), output)
    linked = [found[entity.question] for entity in entities if entity.question in found]
    sure = sum(link.confident for link in linked)
    near = counted(len(linked) - sure, "near match")
    say(f"{counted(len(entities), 'unlinked name')} asked: {sure:,} linked, {near} → {output}")
