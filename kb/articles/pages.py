"""News pages: the text without what surrounds it, and what the page itself states of title, date, publisher, address.

trafilatura finds the text. The rest comes from markup that states it, schema.org data first, then ``meta``, then what a
reader sees: a date in a footer or a sidebar is none of the article's, and a wrong one is worse than none. Only ISO 8601
dates count.
"""

import html
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from kb.articles.records import articles, fields
from kb.articles.texts import address, iso_date, normalise, one_line

#: What a ``meta`` element calls the field, in lower case; in the order in which they are believed.
_META: Mapping[str, tuple[str, ...]] = {
    "title": ("og:title", "twitter:title", "headline", "dc.title", "dcterms.title"),
    "published": (
        *("article:published_time", "og:article:published_time", "datepublished", "date", "pubdate", "publishdate"),
        *("publish-date", "publication_date", "parsely-pub-date", "sailthru.date", "dc.date", "dc.date.issued"),
        *("dcterms.date", "dcterms.issued", "dcterms.created"),
    ),
    "source": ("og:site_name", "publisher", "dc.publisher", "dcterms.publisher"),
    "url": ("og:url",),
}
_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page says, normalised; no paragraphs where there is no text."""

    paragraphs: tuple[str, ...] = ()
    title: str | None = None
    published: str | None = None
    source: str | None = None
    url: str | None = None


def read_page(markup: str) -> Page:
    """The article of a page."""
    tree = _trafilatura().load_html(_DECLARATION.sub("", markup, count=1))
    text = _text(tree) if tree is not None else ""
    return _page(tree, text) if text else Page()


@cache
def _trafilatura() -> Any:
    # Imported here: no other format needs it, and it takes longer to load than all the rest of this layer.
    import trafilatura

    for library in ("trafilatura", "htmldate", "courlan", "justext"):
        logging.getLogger(library).addHandler(logging.NullHandler())  # else Python itself prints their warnings
    return trafilatura


def _text(tree: Any) -> str:
    """The text that trafilatura finds, a paragraph a line; empty where it finds none."""
    from trafilatura.settings import use_config

    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "50")  # at its 250 a short article becomes one run of the whole page
    document = _trafilatura().bare_extraction(tree, include_comments=False, config=config)
    return normalise(document.text or "") if document else ""


def _page(tree: Any, text: str) -> Page:
    linked, meta = _embedded(tree), _meta(tree)

    def stated(field: str) -> Iterator[str]:
        """What the page states of a field, the most believed first."""
        yield linked.get(field, "")
        yield from (meta[name] for name in _META[field] if name in meta)

    headings = [one_line(heading) for heading in _headings(tree)]
    return Page(
        paragraphs=tuple(_paragraphs(text, headings)),
        title=_first(map(one_line, stated("title"))) or _first(headings),
        published=_first(map(iso_date, stated("published"))) or _time(tree),
        source=_first(map(one_line, stated("source"))),
        url=_first(map(address, (*stated("url"), *tree.xpath("//link[@rel='canonical']/@href")))),
    )


def _paragraphs(text: str, headings: Iterable[str]) -> list[str]:
    """The paragraphs of the text, without the headline where it comes first."""
    lines = (line.removeprefix("- ") for line in text.split("\n"))  # "- " marks an item of a list
    paragraphs = [line for line in lines if line.strip()]
    return paragraphs[1:] if paragraphs and one_line(paragraphs[0]) in headings else paragraphs


def _headings(tree: Any) -> list[str]:
    """What may be the headline: headings within the article, a heading that is the only one, the title of the page."""
    within, anywhere = tree.xpath("//article//h1"), tree.xpath("//h1")
    headings = within or (anywhere if len(anywhere) == 1 else [])
    return [str(heading.text_content()) for heading in [*headings, *tree.xpath("//title")]]


def _embedded(tree: Any) -> Mapping[str, str]:
    """The fields of the first article in the schema.org data of a page; broken data counts as none."""
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        for record in filter(None, articles(_value(script.text or ""))):
            return {field: html.unescape(text) for field, text in fields(record).items()}
    return {}


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _meta(tree: Any) -> Mapping[str, str]:
    """What the ``meta`` elements of a page say, by name; the first of a name counts."""
    return {_name(element): element.get("content", "") for element in reversed(list(tree.iter("meta")))}


def _name(element: Any) -> str:
    return (_first(element.get(attribute) for attribute in ("property", "name", "itemprop")) or "").lower()


def _time(tree: Any) -> str | None:
    """The date of a ``time`` marked as that of publication, or the only date of those within the article."""
    marked = tree.xpath("//time[@itemprop='datePublished' or @pubdate]/@datetime")
    within = {date for value in tree.xpath("//article//time/@datetime") if (date := iso_date(value))}
    return _first(map(iso_date, marked)) or (within.pop() if len(within) == 1 else None)


def _first(values: Iterable[str | None]) -> str | None:
    return next(filter(None, values), None)
