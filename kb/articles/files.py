"""Where the bytes come from: paths to sources, sources to bytes or lines. The only file access of the layer.

Knows files, folders, globs, standard input and gzip, and how much of each is read; knows nothing of what is in them.
"""

import glob
import gzip
import os
import sys
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kb.errors import InputError

#: Most bytes read of a file, or of a line of JSON Lines, after unpacking.
LIMIT = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that can be opened.

    Attributes:
        path: the file, or None for standard input.
        stem: its name without ``.gz`` and without extension, printable.
        extension: in lower case with its dot, ``.gz`` taken off; empty for standard input.
        packed: whether it is gzip.
    """

    path: Path | None
    stem: str
    extension: str
    packed: bool = False

    @property
    def where(self) -> str:
        """The source as an error names it."""
        return "-" if self.path is None else str(self.path)


#: Standard input.
STDIN = Source(path=None, stem="stdin", extension="")


def find(paths: Iterable[str | Path], known: Collection[str]) -> Iterator[Source | InputError]:
    """The sources that the paths name, each file once, or why a path names none.

    Args:
        paths: files, folders, globs, or ``-``.
        known: the extensions that can be read.
    """
    seen: set[str] = set()
    for path in paths:
        for found in _expand(str(path), known):
            if isinstance(found, InputError):
                yield found
            elif (key := _identity(found)) not in seen:
                seen.add(key)
                yield found


def content(source: Source) -> bytes:
    """All of a source.

    Raises:
        InputError: it is empty, over :data:`LIMIT`, or cannot be read.
    """
    with _opened(source) as stream:
        return _checked(stream.read(LIMIT + 1), source.where)


def gathered(source: Source, parts: Iterable[bytes]) -> bytes:
    """All of a source of which parts were read already; errors as of :func:`content`."""
    data = bytearray()
    for part in parts:
        data += part
        if len(data) > LIMIT:
            break
    return _checked(bytes(data), source.where)


def lines(source: Source) -> Iterator[bytes]:
    """The lines of a source with their line ends, read one at a time.

    Raises:
        InputError: a line is over :data:`LIMIT`, or the source cannot be read.
    """
    with _opened(source) as stream:
        while line := stream.readline(LIMIT + 1):
            yield _checked(line, source.where)


def _checked(data: bytes, where: str) -> bytes:
    if not data:
        raise InputError("empty", where=where, hint="give a file that holds an article")
    if len(data) > LIMIT:
        limit = f"over {LIMIT // 1_000_000} MB"
        raise InputError(limit, where=where, hint="split it; many articles go into JSON Lines, one a line")
    return data


@contextmanager
def _opened(source: Source) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """The open source; whatever goes wrong while it is open becomes an InputError."""
    try:
        if source.path is None:
            yield sys.stdin.buffer
        else:
            with _file(source.path, packed=source.packed) as stream:
                yield stream
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"not gzip ({error})", where=source.where, hint="pack it again or drop .gz") from error
    except EOFError as error:
        raise InputError("gzip data ends too early", where=source.where, hint="fetch or pack it again") from error
    except OSError as error:
        hint = "check that it is a file that you may read"
        raise InputError(f"cannot be read ({error.strerror})", where=source.where, hint=hint) from error


def _file(path: Path, *, packed: bool) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path) if packed else path.open("rb")


def _identity(source: Source) -> str:
    return "-" if source.path is None else os.path.realpath(source.path)


def _expand(path: str, known: Collection[str]) -> Iterator[Source | InputError]:
    if path == "-":
        yield STDIN
    elif os.path.isdir(path):
        yield from _some(_walk(Path(path), known), path, "no articles in this folder", known)
    elif os.path.lexists(path):
        yield _named(Path(path), known)
    elif glob.has_magic(path):
        yield from _some(_matches(path, known), path, "no article matches", known)
    else:
        yield InputError("no such file or folder", where=path or "''", hint="check the path")


def _named(path: Path, known: Collection[str]) -> Source | InputError:
    source = _source(path)
    if source.extension in known and source.extension:
        return source
    what = f"unknown extension {source.extension!r}" if source.extension else "no extension"
    return InputError(what, where=str(path), hint=_readable(known))


def _some(
    found: Iterable[Source | InputError], where: str, what: str, known: Collection[str]
) -> Iterator[Source | InputError]:
    """What was found, or the error that says that nothing was."""
    empty = True
    for item in found:
        empty = False
        yield item
    if empty:
        yield InputError(what, where=where, hint=_readable(known))


def _walk(folder: Path, known: Collection[str]) -> Iterator[Source | InputError]:
    errors: list[OSError] = []
    files: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=errors.append):
        folders[:] = (name for name in folders if not name.startswith("."))
        files += (Path(root, name) for name in names if not name.startswith("."))
    for error in errors:
        yield InputError(
            f"cannot be listed ({error.strerror})", where=str(error.filename), hint="check its permissions"
        )
    yield from _known(sorted(files), known)


def _matches(pattern: str, known: Collection[str]) -> Iterator[Source | InputError]:
    for path in map(Path, sorted(glob.glob(pattern, recursive=True))):
        yield from _walk(path, known) if path.is_dir() else _known([path], known)


def _known(files: Iterable[Path], known: Collection[str]) -> Iterator[Source]:
    return (source for source in map(_source, files) if source.extension in known and source.extension)


def _source(path: Path) -> Source:
    packed = path.suffix.lower() == ".gz"
    plain = Path(path.stem if packed else path.name)
    stem = "".join(c if c.isprintable() else "-" for c in plain.stem)
    return Source(path=path, stem=stem, extension=plain.suffix.lower(), packed=packed)


def _readable(known: Collection[str]) -> str:
    return f"read are {', '.join(sorted(filter(None, known)))}, each also with .gz"
