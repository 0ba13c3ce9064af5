"""What an annotation must be to be one: the rules of its format that a machine can check, as words for each breach.

In: an annotation with its texts, and the text of the article. Out: complaints, none for a sound annotation.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Any, TypeAlias

from rdflib import RDF

from kb import ontology
from kb.resources import KB, entries, ontology_files

Gold: TypeAlias = Mapping[str, Any]

RELATIONS = frozenset("leaderOf spokespersonFor memberOf supports fights controls locatedIn".split())
#: Key of a fact → the class whose individuals it has.
VALUES = {"factuality": "Factuality", "status": "AgreementStatus", "attitude": "Attitude"}
#: Kind of event → its class, and its slots that somebody or something fills.
EVENTS = {
    "actions": ("MilitaryAction", ("agent", "target", "place")),
    "agreements": ("Agreement", ("party", "mediator", "place")),
}
KINDS = ("actions", "agreements", "positions", "statements")
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
ITEM = re.compile(r"Q[1-9]\d*|NIL")
#: How long a piece of a statement is.
SHORTEST, LONGEST = 20, 120
TYPE = str(RDF.type)


@cache
def classes(*ancestors: str) -> frozenset[str]:
    """The classes of the ontology that are one of these or below it, as local names."""
    tree = ontology.hierarchy(ontology_files())
    above = {KB + ancestor for ancestor in ancestors}
    return frozenset(ancestors) | {child.removeprefix(KB) for child, known in tree.items() if above & known}


@cache
def individuals(cls: str) -> frozenset[str]:
    """The individuals of a class, as local names."""
    return frozenset(entry.id for entry in entries(ontology_files()) if cls in entry.all(TYPE))


def complaints(gold: Gold, text: str) -> list[str]:
    """What is wrong with an annotation."""
    found = chain(_entities(gold, text), _classes(gold), _values(gold), _fillers(gold, text), _evidence(gold, text))
    return sorted(set(found))


def _entities(gold: Gold, text: str) -> Iterator[str]:
    for key, entity in gold["entities"].items():
        if entity["class"] not in classes("Agent", "Place"):
            yield f"{key} is a {entity['class']}"
        if entity["wikidata"] is not None and not ITEM.fullmatch(entity["wikidata"]):
            yield f"{key} is item {entity['wikidata']}"
        yield from (f"{name} is no name in the text" for name in entity["names"] if not _stands(name, text))


def _stands(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _classes(gold: Gold) -> Iterator[str]:
    for kind, (cls, _) in EVENTS.items():
        yield from (f"{e['id']} is a {e['class']}" for e in gold[kind] if e["class"] not in classes(cls))
    yield from (f"{relation} is no relation" for _, relation, _ in gold["relations"] if relation not in RELATIONS)


def _values(gold: Gold) -> Iterator[str]:
    for fact in chain.from_iterable(gold[kind] for kind in KINDS):
        for key, cls in VALUES.items():
            if key in fact and fact[key] not in individuals(cls):
                yield f"{fact[key]} is no {cls}"
        if fact.get("date") and not DATE.fullmatch(fact["date"]):
            yield f"{fact['date']} is no date"


def _fillers(gold: Gold, text: str) -> Iterator[str]:
    for filler in filter(None, _used(gold)):
        if filler not in gold["entities"] and filler not in text:
            yield f"{filler} is neither an entity nor in the text"
    for event in gold["actions"] + gold["agreements"]:
        yield from (f"{place} is no entity" for place in event["place"] if place not in gold["entities"])


def _used(gold: Gold) -> Iterator[str | None]:
    for kind, (_, slots) in EVENTS.items():
        yield from chain.from_iterable(event[slot] for event in gold[kind] for slot in slots)
    yield from chain.from_iterable((subject, value) for subject, _, value in gold["relations"])
    yield from chain.from_iterable((post["person"], post["in"]) for post in gold["positions"])
    yield from (statement["speaker"] for statement in gold["statements"])


def _evidence(gold: Gold, text: str) -> Iterator[str]:
    said = [statement["evidence"] for statement in gold["statements"]]
    titles = [post["title"] for post in gold["positions"]]
    events = chain.from_iterable(event["evidence"] for event in gold["actions"] + gold["agreements"])
    yield from (f"{json.dumps(piece)} is not in the text" for piece in chain(events, titles, said) if piece not in text)
    yield from (f"{json.dumps(piece)} is too long or short" for piece in said if not SHORTEST <= len(piece) <= LONGEST)
