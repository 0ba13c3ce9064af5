"""One reader for each format: a source in, drafts of articles out, or the error that stands in the place of one.

``READERS`` is the dispatch, by extension. A reader raises where the whole source is bad and yields an error where one
article of many is, so that the others are still read.
"""

import codecs
import html
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from itertools import chain
from typing import Any, TypeAlias

from kb.articles.files import Source, content, gathered, lines
from kb.articles.records import Draft, articles, drafts, fields, parse
from kb.articles.texts import address, decode, iso_date, normalise, one_line
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
_EMBEDDED = re.compile(r"<script[^>]*?application/ld\+json[^>]*>(.*?)</script\s*>", re.I | re.S)
_XML = re.compile(r"\s*<\?xml[^>]*>")
#: How a document begins, and the extension of its format; what begins otherwise is text.
_BEGINNINGS = (
    (re.compile(rb"\s*(\[\s*)?\{\s*[\"}]"), ".json"),
    (re.compile(rb"\s*<(!doctype\s+html|html|\?xml|!--|head|body|article|main|div)\b", re.I), ".html"),
)
_MARKS = b"\xef\xbb\xbf\xff\xfe"
#: For htmldate: the date of publication, from markup alone; without a latest date it would ask the clock.
_DATES = {"original_date": True, "extensive_search": False, "min_date": "1800-01-01", "max_date": "2999-12-31"}


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
    """A page: its text as trafilatura finds it; title, date, site rather from embedded schema.org data."""
    page = _XML.sub("", decode(data, source.where, declared=_declared(data)), count=1)
    found = _extracted(page)
    lines_found = normalise(found.get("text") or "").split("\n")
    paragraphs = [line.removeprefix("- ") for line in lines_found if line.strip()]  # "- " is its mark of a list item
    stated = _embedded(page)
    title = one_line(stated.get("title") or found.get("title") or "")
    if paragraphs and one_line(paragraphs[0]) == title:
        del paragraphs[0]
    if not paragraphs:
        raise InputError("no text in this HTML", where=source.where, hint="save the page of the article itself")
    yield Draft(
        name=source.stem,
        title=title or None,
        body="\n\n".join(paragraphs),
        published=iso_date(stated.get("published")) or iso_date(found.get("date")),
        source=one_line(stated.get("source") or found.get("sitename") or "") or None,
        url=address(stated.get("url")) or address(found.get("url")),
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
    """The lines up to the first that is not blank, with it."""
    for line in stream:
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


def _extracted(page: str) -> Mapping[str, Any]:
    """What trafilatura makes of a page; empty where it finds no text."""
    document = _extractor()(page)
    return document.as_dict() if document else {}


@cache
def _extractor() -> Callable[[str], Any]:
    # Imported here: no other format needs it, and it takes longer to load than all the rest of this layer.
    from trafilatura import bare_extraction
    from trafilatura.settings import use_config

    for library in ("trafilatura", "htmldate", "courlan", "justext"):
        logging.getLogger(library).addHandler(logging.NullHandler())  # else Python itself prints their warnings
    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "50")  # at its 250 a short article becomes one run of the whole page
    return partial(
        bare_extraction, include_comments=False, with_metadata=True, date_extraction_params=_DATES, config=config
    )


def _embedded(page: str) -> Mapping[str, str]:
    """The fields of the first article in the schema.org data of a page; broken data counts as none."""
    for script in _EMBEDDED.finditer(page):
        try:
            found = articles(json.loads(script[1]))
        except (ValueError, RecursionError):
            continue
        for record in filter(None, found):
            return {field: html.unescape(text) for field, text in fields(record).items()}
    return {}


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
