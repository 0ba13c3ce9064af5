"""One reader for each format: a source in, drafts of articles out, or the error that stands in the place of one.

``READERS`` is the dispatch, by extension. A reader raises where the whole source is bad and yields an error where one
article of many is, so that the others are still read.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import TypeAlias

from kb.articles.files import Source, content, gathered, lines
from kb.articles.pages import read_page
from kb.articles.records import Draft, drafts, parse
from kb.articles.texts import decode, normalise, one_line
from kb.errors import InputError

#: What a reader gives.
Drafts: TypeAlias = Iterator[Draft | InputError]

_NOTHING = "give a file that holds an article"
_CHARSET = re.compile(
    rb"""(?:<meta[^>]{0,200}?charset|<\?xml[^>]{0,200}?encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""", re.I
)
#: Encodings that a page in English may declare, of those that Python knows; "base64" or "utf-7" are none of a page.
_CODEC = re.compile(r"windows-125\d|iso-?8859-\d+|latin-?1|(us-)?ascii|koi8-[ru]|macintosh", re.I)
#: "iso-8859-1" and "ascii" are labels of windows-1252: https://encoding.spec.whatwg.org/#names-and-labels
_WESTERN = ("iso8859-1", "ascii")
#: How a document begins, and the extension of its format; what begins otherwise is text.
_BEGINNINGS = (
    (re.compile(rb"\s*(\[\s*)?\{\s*[\"}]"), ".json"),
    (re.compile(rb"\s*<(!--|!doctype\s+html\b|\?xml\b|(html|head|body|article|main|div)\b)", re.I), ".html"),
)
_MARKS = b"\xef\xbb\xbf\xff\xfe"


def _text(source: Source, data: bytes) -> Drafts:
    """Plain text: the first line is the headline, unless it is the only one."""
    text = normalise(decode(data, source.where)).strip()
    title, _, body = text.partition("\n")
    if not text:
        raise InputError("nothing but white space", where=source.where, hint=_NOTHING)
    yield Draft(name=source.stem, title=one_line(title) if body else None, body=(body or title).strip())


def _json(source: Source, data: bytes) -> Drafts:
    """A schema.org article, a list of them or a ``@graph`` with them; or plain objects with title and text."""
    text = decode(data, source.where)
    if not text.strip():
        raise InputError("nothing but white space", where=source.where, hint=_NOTHING)
    yield from drafts(parse(text, source.where), source.where, source.stem)


def _html(source: Source, data: bytes) -> Drafts:
    """A page: its text as trafilatura finds it; date and site as its markup states them, for a wrong guess is a lie."""
    page = read_page(decode(data, source.where, declared=_declared(data)))
    if not page.paragraphs:
        raise InputError("no text in this HTML", where=source.where, hint="save the page of the article itself")
    yield Draft(
        name=source.stem,
        title=page.title,
        body="\n\n".join(page.paragraphs),
        published=page.published,
        source=page.source,
        url=page.url,
    )


def _lines(source: Source, stream: Iterable[bytes]) -> Drafts:
    """JSON Lines: an article a line; blank lines count and are passed over."""
    empty = True
    for number, line in enumerate(stream, start=1):
        if line.strip(b"\xef\xbb\xbf \t\r\n"):
            empty = False
            yield from _line(source, line, number)
    if empty:
        raise InputError("empty", where=source.where, hint=_NOTHING)


def _line(source: Source, line: bytes, number: int) -> Drafts:
    where = f"{source.where}:{number}"
    try:
        value = parse(decode(line, where), source.where, line=number)
    except InputError as error:
        yield error
    else:
        yield from drafts(value, where, source.stem, first=number)


def _any(source: Source) -> Drafts:
    """A source without extension: its format is told from its beginning. A first line that is JSON means JSON Lines."""
    stream = lines(source)
    head = list(_up_to_text(stream))
    if head and _is_json(head[-1]):
        yield from _lines(source, chain(head, stream))
        return
    data = gathered(source, chain(head, stream))
    start = data[:1000].lstrip(_MARKS).replace(b"\0", b"")
    extension = next((extension for beginning, extension in _BEGINNINGS if beginning.match(start)), ".txt")
    yield from _PARSERS[extension](source, data)


def _up_to_text(stream: Iterator[bytes]) -> Iterator[bytes]:
    """The lines up to the first that is not blank, with it; a thousand at most."""
    for line in islice(stream, 1000):
        yield line
        if line.strip(_MARKS + b" \t\r\n"):
            return


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.lstrip(_MARKS)), dict | list)
    except (ValueError, RecursionError):
        return False


def _declared(data: bytes) -> str | None:
    """The codec of the encoding that a page declares in its first 4096 bytes."""
    label = _CHARSET.search(data[:4096])
    name = label[1].decode("ascii") if label else ""
    try:
        codec = codecs.lookup(name).name if _CODEC.fullmatch(name) else None
    except LookupError:
        return None
    return "cp1252" if codec in _WESTERN else codec


def _whole(parser: Callable[[Source, bytes], Drafts]) -> Callable[[Source], Drafts]:
    return lambda source: parser(source, content(source))


_PARSERS: Mapping[str, Callable[[Source, bytes], Drafts]] = {
    ".txt": _text,
    ".text": _text,
    ".html": _html,
    ".htm": _html,
    ".json": _json,
}
#: Extension, in lower case, to the reader of its format; the empty one is standard input.
READERS: Mapping[str, Callable[[Source], Drafts]] = {
    "": _any,
    **{extension: _whole(parser) for extension, parser in _PARSERS.items()},
    ".jsonl": lambda source: _lines(source, lines(source)),
    ".ndjson": lambda source: _lines(source, lines(source)),
}
