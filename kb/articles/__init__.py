"""Articles from files, folders, globs and standard input, as plain text, HTML, JSON or JSON Lines.

Bytes go in, :class:`kb.model.Article` values come out, in the order of the inputs and the same on every machine: no
clock, no network, no guessed date, no guessed encoding. ``files`` finds and reads bytes, ``texts`` makes harmless text
of them, ``formats`` knows the four formats, ``records``
and ``pages`` what is in JSON and HTML. An error is a value until it reaches :func:`read`, the one place that hands
it to the caller or raises it, so that one bad article does not lose the others.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kb.articles.files import LIMIT, Source, find
from kb.articles.formats import READERS
from kb.articles.records import Draft
from kb.articles.texts import iso_date, one_line
from kb.errors import InputError
from kb.model import Article

__all__ = ["LIMIT", "read"]


def read(
    paths: Sequence[str | Path],
    *,
    published: str | None = None,
    source: str | None = None,
    on_error: Callable[[InputError], None] | None = None,
) -> Iterator[Article]:
    r"""The articles under the given paths, each file once, in the order of the paths.

    A folder is read recursively in sorted order; what is hidden in it or has another extension is passed over, links to
    folders are not followed. A glob that the shell left unexpanded is treated likewise. ``-`` is standard input, its
    format told from its first line.

    The text is in NFC. Line ends are ``\n``, every other space character but the tab is a plain space, control
    characters are a space, bidirectional controls and invisible format characters are left out, what XML cannot hold is
    U+FFFD. A headline is one line; a text of one line has none. Offsets count in ``Article.text`` as it is given here.

    Args:
        paths: files, folders, globs, or ``-``.
        published: publication date of the articles that state none: YYYY, YYYY-MM or YYYY-MM-DD.
        source: publisher of the articles that state none.
        on_error: takes each error; the rest is then still read. Without it the first error is raised.

    Returns:
        An iterator that reads as it goes. ``Article.name`` is unique in it.

    Raises:
        InputError: ``published`` is no date; or, without ``on_error``, a path or an article cannot be read.

    Example:
        >>> list(read([]))
        []
    """
    date = iso_date(published)
    if published is not None and date is None:
        raise InputError(f"no date: {published!r}", where="published", hint="give YYYY, YYYY-MM or YYYY-MM-DD")
    return _articles(paths, date, one_line(source or "") or None, on_error or _raise)


def _articles(
    paths: Sequence[str | Path], published: str | None, source: str | None, report: Callable[[InputError], None]
) -> Iterator[Article]:
    taken: dict[str, int] = {}
    for result in itertools.chain.from_iterable(map(_drafts, find(paths, READERS))):
        if isinstance(result, InputError):
            report(result)
        else:
            yield Article(
                name=_unique(result.name, taken),
                title=result.title,
                body=result.body,
                published=result.published or published,
                source=result.source or source,
                url=result.url,
            )


def _drafts(source: Source | InputError) -> Iterator[Draft | InputError]:
    if isinstance(source, InputError):
        yield source
        return
    try:
        yield from READERS[source.extension](source)
    except InputError as error:
        yield error


def _unique(name: str, taken: dict[str, int]) -> str:
    """The name, with "-2", "-3" … where it is taken; names that differ in case alone are one on some file systems."""
    key = name.casefold()
    if key not in taken:
        taken[key] = 1
        return name
    taken[key] += 1
    return _unique(f"{name}-{taken[key]}", taken)


def _raise(error: InputError) -> None:
    raise error
