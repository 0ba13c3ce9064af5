"""Wikidata's facts about the items of a knowledge base, from the linking table, in Wikidata's own data model.

https://www.mediawiki.org/wiki/Wikibase/Indexing/RDF_Dump_Format. With this extract beside it, a knowledge base answers
without network what it would ask of https://query.wikidata.org. Items and properties have Wikidata's IRIs; the nodes of
statements, and offices whose item is not known, have IRIs of ours, made from what they say. Nothing is fetched here.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import pyoxigraph as ox

from kb import terms
from kb.gazetteer import Gazetteer, Item, Term
from kb.rdf.alignment import item_of
from kb.rdf.literals import dated, english, term, typed
from kb.terms import BASE, WIKIDATA

#: The namespace of schema.org as Wikidata writes it, unlike ours.
SCHEMA = "http://schema.org/"
#: Digits behind the point of a degree: some ten centimetres.
DIGITS = 6

_ITEM = re.compile(re.escape(WIKIDATA) + r"(Q[1-9][0-9]*)")

_Fact: TypeAlias = tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]


def extract(quads: Iterable[ox.Quad], gazetteer: Gazetteer, *, base: str = BASE) -> set[ox.Quad]:
    """What the linking table knows of every item that the quads link to without doubt.

    Names, description, class (P31), country (P17) or citizenship (P27), coordinates (P625) as WKT, and offices (P39) with
    start (P580) and end (P582). Whole days are ``xsd:dateTime``, as in Wikidata; a month or a year says by its type that
    it is no more.

    Args:
        quads: a knowledge base.
        gazetteer: the linking table.
        base: IRI under which statements are minted; ends with ``/`` or ``#``.

    Returns:
        Quads of the default graph; none about items that the table has not.
    """
    items = [item for qid in linked(quads) if (item := gazetteer.item(qid))]
    facts = {fact for item in items for fact in _item(item, gazetteer)}
    facts |= {fact for item in items for held in gazetteer.terms(item.qid) for fact in _office(item.qid, held, base)}
    return {ox.Quad(*fact) for fact in facts}


def linked(quads: Iterable[ox.Quad]) -> list[str]:
    """The ids of the items that entities are linked to without doubt, sorted."""
    same = {quad.object for quad in quads if quad.predicate == term("owl:sameAs")}
    found = (_ITEM.fullmatch(node.value) for node in same if isinstance(node, ox.NamedNode))
    return sorted(match[1] for match in found if match)


def _wd(qid: str) -> ox.NamedNode:
    return ox.NamedNode(WIKIDATA + qid)


def _item(item: Item, gazetteer: Gazetteer) -> Iterator[_Fact]:
    """What an item is called, is, and where."""
    node = _wd(item.qid)
    yield node, term("rdfs:label"), english(item.label)
    for name in gazetteer.aliases(item.qid):
        if english(name) != english(item.label):
            yield node, term("skos:altLabel"), english(name)
    if item.description:
        yield node, ox.NamedNode(SCHEMA + "description"), english(item.description)
    if kind := item_of({terms.expand(item.cls)}):
        yield node, term("wdt:P31"), _wd(kind)
    if item.coordinates:
        yield node, term("wdt:P625"), typed(_point(*item.coordinates), "geo:wktLiteral")
    yield from _country(item, gazetteer)


def _country(item: Item, gazetteer: Gazetteer) -> Iterator[_Fact]:
    """The country of an item with its name; a person is its citizen, and a country is, as in Wikidata, in itself."""
    country = item if item.cls == "Country" else gazetteer.item(item.country or "")
    if country:
        yield _wd(item.qid), term("wdt:P27" if item.cls == "Person" else "wdt:P17"), _wd(country.qid)
        yield _wd(country.qid), term("rdfs:label"), english(country.label)


def _office(qid: str, held: Term, base: str) -> Iterator[_Fact]:
    """A term of office as a claim and as a statement with its dates."""
    post = _wd(held.qid) if held.qid else ox.NamedNode(f"{base}office/{_name(held.title, held.country)}")
    said = ox.NamedNode(f"{base}statement/{qid}-{terms.digest(post.value, held.start, held.end)}")
    yield _wd(qid), term("wdt:P39"), post
    yield _wd(qid), term("p:P39"), said
    yield said, term("ps:P39"), post
    yield post, term("rdfs:label"), english(held.title)
    if held.country and not held.qid:
        yield post, term("wdt:P17"), _wd(held.country)
    for prop, date in (("pq:P580", held.start), ("pq:P582", held.end)):
        if date and (time := _time(date)):
            yield said, term(prop), time


def _name(title: str, country: str | None) -> str:
    return terms.named(title, terms.digest(title, country))


def _time(date: str) -> ox.Literal | None:
    """A date as Wikidata has it; None if it is none."""
    found = dated(date)
    if found.datatype == term("xsd:string"):
        return None
    return typed(f"{date}T00:00:00Z", "xsd:dateTime") if found.datatype == term("xsd:date") else found


def _point(latitude: float, longitude: float) -> str:
    """Well-known text, longitude first: https://www.ogc.org/standard/geosparql/."""
    return f"Point({_degrees(longitude)} {_degrees(latitude)})"


def _degrees(number: float) -> str:
    return f"{round(number, DIGITS) + 0.0:.{DIGITS}f}".rstrip("0").rstrip(".")
