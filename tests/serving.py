"""A small linking table on disk, and the reconciliation service on it, on a free port of this computer."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kb.gazetteer import FORMAT, INDEX, NAMES, TABLE, Gazetteer
from kb.linking.table import Row
from kb.web.application import listen, server
from kb.web.reconciliation import Service
from tests.tables import files

POSTS = ("minister of <War>@Q2:2000..2002", "mayor@:", "mayor@:2009..")
#: Namesakes, a name with markup, an item of a class without Wikidata id.
ROWS = (
    Row("Q1", "Utopia", "Country", [], ["Utopian", "Utopians"], "", 95, [], "land of <b>Nowhere</b>"),
    Row("Q2", "Erewhon", "Country", [], ["Erewhonian"], "", 95),
    Row("Q3", "Springfield", "City", ["Fair City"], [], "Q1", 50, [], "city in Utopia", "1.5,-2.25"),
    Row("Q4", "Springfield", "City", [], [], "Q2", 45),
    Row("Q5", "Utopian Army", "ArmedForce", [], [], "Q1", 70),
    Row("Q6", "Mary Roe", "Person", ["M. Roe"], [], "Q2", 60, list(POSTS), "politician", "", ["", "Q77", "Q77"]),
    Row("Q7", "Liberation Front", "ArmedGroup", ["LF"], [], "Q1", 80),
    Row("Q8", "Tom & <script>alert(1)</script>", "Company", [], [], "Q1", 60),
    Row("Q9", "Old Bridge", "Facility", [], [], "Q1", 60),
)


def table(rows: Sequence[Row] = ROWS) -> tuple[bytes, bytes]:
    """The two files of a linking table."""
    return files(rows)


def index(folder: Path) -> Path:
    """A folder with these files, and the card that says that they are whole."""
    folder.mkdir()
    files = dict(zip((TABLE, NAMES), table(), strict=True))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    card = {"format": FORMAT, "bytes": {name: len(content) for name, content in files.items()}}
    (folder / INDEX).write_text(json.dumps(card), encoding="utf-8")
    return folder


@contextmanager
def serving(service: Service | None = None) -> Iterator[str]:
    """The address of a service, by default that on :data:`ROWS`, while it runs in a thread."""
    with listen("127.0.0.1", 0) as listener:
        running = server(service or Service(Gazetteer(*table()), version="1.2.3"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join()
