"""Linking tables made by hand, as the files that they would be."""

from collections.abc import Iterable

from kb.gazetteer import Gazetteer
from kb.linking.table import Row, names_text, table_text


def files(rows: Iterable[Row]) -> tuple[bytes, bytes]:
    """The table and its names; the rows may come in any order."""
    ordered = sorted(rows, key=lambda row: row.qid.encode())
    return table_text(ordered).encode(), names_text(ordered).encode()


def gazetteer(rows: Iterable[Row]) -> Gazetteer:
    """What looks the rows up."""
    return Gazetteer(*files(rows))
