"""Literals and terms as RDF nodes: text kept exact or made a name, numbers, dates by their precision, scores.

No article is known here. What no syntax can hold becomes U+FFFD, one for one, so that offsets stay true.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache

import pyoxigraph as ox

from kb import terms

#: Properties whose values are individuals of the ontology.
INDIVIDUAL_VALUED = frozenset({"status", "attitude", "factuality"})
#: Properties whose values are dates as exact as they are known.
DATE_VALUED = frozenset({"date", "endDate"})

#: Bidirectional controls and the byte order mark, which in a name can only mislead.
MISLEADING = dict.fromkeys([0x61C, 0x200E, 0x200F, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
#: Code points that XML 1.0 cannot hold or UTF-8 cannot write; https://www.w3.org/TR/xml/#charsets
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DATES = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "xsd:date", "{}"),
    (re.compile(r"\d{4}-\d\d"), "xsd:gYearMonth", "{}-01"),
    (re.compile(r"\d{4}"), "xsd:gYear", "{}-01-01"),
)


@lru_cache(maxsize=4096)
def term(term: str) -> ox.NamedNode:
    """The node of a term, as :func:`kb.terms.expand` reads it."""
    return ox.NamedNode(terms.expand(term))


def exact(text: str) -> ox.Literal:
    """A stretch of the text, code point for code point; what no syntax can hold becomes U+FFFD."""
    return ox.Literal(UNWRITABLE.sub("\ufffd", text))


def plain(name: str) -> str:
    """A name in one line, without control characters."""
    seen = "".join(" " if unicodedata.category(c) == "Cc" else c for c in name.translate(MISLEADING))
    return " ".join(UNWRITABLE.sub("\ufffd", seen).split()) or "unnamed"


def english(name: str) -> ox.Literal:
    """A name in one line, tagged as English."""
    return ox.Literal(plain(name), language="en")


def typed(value: object, datatype: str) -> ox.Literal:
    """A value written as Python writes it, with a datatype such as ``xsd:integer``."""
    return ox.Literal(str(value), datatype=term(datatype))


def score(value: float) -> ox.Literal:
    """Two decimals in the canonical form of ``xsd:decimal``, which stores keep as it is."""
    return typed(f"{min(max(value, 0.0), 1.0):.2f}".rstrip("0").rstrip("."), "xsd:decimal")


def dated(text: str) -> ox.Literal:
    """A date typed by its precision; the bare text where it is none."""
    for shape, datatype, whole in _DATES:
        if shape.fullmatch(text) and _exists(whole.format(text)):
            return typed(text, datatype)
    return exact(text)


def _exists(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def valued(prop: str, value: str | int) -> ox.NamedNode | ox.Literal:
    """The value of an event's property: a number, an individual, a date or a text, as the property has it."""
    if isinstance(value, int):
        return typed(value, "xsd:integer")
    if prop in INDIVIDUAL_VALUED:
        return term(value)
    return dated(value) if prop in DATE_VALUED else exact(value)
