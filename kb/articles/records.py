"""Articles in JSON: schema.org objects in the shapes publishers give them, and plain objects of corpora.

The names of the fields are those of https://schema.org/NewsArticle. A key counts by its local name ("headline",
"schema:headline", "https://schema.org/headline"), and a reference to another node of the same document is followed.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

from kb.articles.texts import address, iso_date, normalise, one_line
from kb.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article as its source states it, normalised; its name may not be unique yet."""

    name: str
    title: str | None
    body: str
    published: str | None = None
    source: str | None = None
    url: str | None = None


#: A JSON object with the local names of its keys.
Record: TypeAlias = Mapping[str, Any]

#: schema.org/Article and the types under it.
_TYPES = frozenset(
    "Article AdvertiserContentArticle NewsArticle AnalysisNewsArticle AskPublicNewsArticle BackgroundNewsArticle"
    " OpinionNewsArticle ReportageNewsArticle ReviewNewsArticle Report SatiricalArticle ScholarlyArticle"
    " SocialMediaPosting BlogPosting LiveBlogPosting DiscussionForumPosting TechArticle".split()
)
#: Field: its keys, the first that has a value wins; the keys looked up where the value is itself an object.
_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "title": (("headline", "title", "name"), ("@value",)),
    "body": (("articleBody", "text", "body"), ("@value",)),
    "published": (("datePublished", "published"), ("@value",)),
    "source": (("publisher", "source"), ("name", "@value")),
    "url": (("url", "mainEntityOfPage", "@id"), ("@id", "url")),
    "id": (("identifier", "id"), ("@value", "value")),
}
_HINT = "give headline and articleBody as https://schema.org/NewsArticle has them, or title and text"


def parse(text: str, where: str, *, line: int | None = None) -> object:
    """The value of a JSON document, or of one line of JSON Lines.

    Args:
        text: the document or the line.
        where: the source as an error names it.
        line: the number of the line; None for a document.

    Raises:
        InputError: it is no JSON.
    """
    try:
        return json.loads(text.rstrip())
    except json.JSONDecodeError as error:
        place = f"{where}:{line or error.lineno}"
        raise InputError(f"malformed JSON: {error.msg}, column {error.colno}", where=place, hint="mend it") from error
    except (RecursionError, ValueError) as error:
        place = f"{where}:{line}" if line else where
        raise InputError("JSON nested too deep or with a number too long", where=place, hint="simplify it") from error


def articles(value: object) -> list[Record | None]:
    """The article objects of a JSON value: itself, those of a list or a ``@graph``; None for what is no object at all.

    An object whose ``@type`` is no article's is passed over; one without ``@type`` counts as an article.
    """
    nodes = [_local(node) if isinstance(node, dict) else None for node in _nodes(value)]
    index = {node["@id"]: node for node in nodes if node and isinstance(node.get("@id"), str)}
    return [node and _resolved(node, index) for node in nodes if node is None or _is_article(node)]


def drafts(value: object, where: str, stem: str, *, first: int | None = None) -> Iterator[Draft | InputError]:
    """The articles of a JSON value, each a draft or the error that says why it is none.

    Args:
        value: what :func:`parse` gives.
        where: the source, and line, as an error names it.
        stem: the name of an article that is alone or has no identifier.
        first: the number of the first article if it is one of several; None if the value may be the only one.
    """
    found = articles(value)
    if not found:
        yield InputError("no article in this JSON", where=where, hint=_HINT)
    several = first is not None or len(found) > 1
    for number, record in enumerate(found, start=first or 1):
        name = _name(record or {}, f"{stem}-{number}") if several else stem
        yield _draft(record, name, where, f"article {number}: " if len(found) > 1 else "")


def fields(record: Record) -> dict[str, str]:
    """The fields of an article object that it states, as strings as they stand there."""
    return {field: text for field in _FIELDS if (text := _field(record, field))}


def _draft(record: Record | None, name: str, where: str, prefix: str) -> Draft | InputError:
    if record is None:
        return InputError(f"{prefix}not an object", where=where, hint=_HINT)
    stated = fields(record)
    title, body = one_line(stated.get("title", "")), normalise(stated.get("body", "")).strip()
    if not body:
        lacks = "no text" if title else "neither headline nor text"
        return InputError(f"{prefix}{lacks}", where=where, hint=_HINT)
    return Draft(
        name=name,
        title=title or None,
        body=body,
        published=iso_date(stated.get("published")),
        source=one_line(stated.get("source", "")) or None,
        url=address(stated.get("url")),
    )


def _nodes(value: object) -> Iterator[object]:
    items: Iterable[object] = value if isinstance(value, list) else [value]
    return chain.from_iterable(_graph(item) for item in items)


def _graph(item: object) -> list[object]:
    graph = item.get("@graph") if isinstance(item, dict) else None
    return graph if isinstance(graph, list) else [item]


def _local(node: Mapping[str, Any]) -> dict[str, Any]:
    return {_term(key): value for key, value in node.items()}


def _term(name: str) -> str:
    return name if name.startswith("@") else re.split(r"[/#:]", name)[-1]


def _resolved(node: Record, index: Mapping[str, Record]) -> Record:
    """The node with each bare reference, ``{"@id": …}``, replaced by the node of the document that it refers to."""
    return {key: index.get(_reference(value), value) for key, value in node.items()}


def _reference(value: object) -> str:
    reference = value.get("@id") if isinstance(value, dict) and len(value) == 1 else None
    return reference if isinstance(reference, str) else ""


def _is_article(node: Record) -> bool:
    stated = node.get("@type")
    types = stated if isinstance(stated, list) else [stated]
    return stated is None or any(_term(str(kind)) in _TYPES for kind in types)


def _field(record: Record, field: str) -> str | None:
    keys, inner = _FIELDS[field]
    texts = next(filter(None, (_texts(record.get(key), inner) for key in keys)), [])
    return "\n\n".join(texts) if field == "body" else next(iter(texts), None)


def _texts(value: object, inner: tuple[str, ...]) -> list[str]:
    """The strings that a value holds: itself, those of a list, or of the inner keys of an object."""
    values = value if isinstance(value, list) else [value]
    plain = (_inner(item, inner) if isinstance(item, dict) else item for item in values)
    return [
        str(item) for item in plain if isinstance(item, str | int) and not isinstance(item, bool) and str(item).strip()
    ]


def _inner(item: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    node = _local(item)
    return next((node[key] for key in keys if node.get(key)), None)


def _name(record: Record, default: str) -> str:
    """The identifier in letters, digits, ".", "_" and "-", or the default."""
    identifier = _field(record, "id") or ""
    return re.sub(r"[^A-Za-z0-9._-]", "-", identifier).strip(".-")[:100] or default
