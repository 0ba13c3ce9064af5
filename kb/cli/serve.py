"""``kb serve``: the linking table as a reconciliation service, for OpenRefine and whoever else speaks that protocol."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from kb.cli.terminal import say
from kb.errors import KbError


def serve(
    host: Annotated[str, typer.Option(metavar="NAME", help="Who can ask: by default programs on this computer.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="Where; 0 takes one that is free.")] = 8000,
    index: Annotated[
        Path | None,
        typer.Option(metavar="DIR", show_default=False, help="An index from kb link build, not ours."),
    ] = None,
) -> None:
    """Offer the linking table to OpenRefine, by the W3C Reconciliation Service API; until Ctrl-C."""
    from kb.gazetteer import load_gazetteer
    from kb.web.reconciliation import Service

    try:
        from kb.web import application
    except ImportError as error:
        raise KbError("kb serve needs fastapi and uvicorn", hint="pip install 'newskb[serve]'") from error
    service = Service(load_gazetteer(index), version=version("newskb"))
    with application.listen(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{listener.getsockname()[1]}/"
        say(f"{address}reconcile is ready, {address} says more in a browser; Ctrl-C ends it")
        try:
            application.server(service).run(sockets=[listener])
        except KeyboardInterrupt:
            # The usual way to end a server is no failure.
            return
