"""From the facts of a dump to a row of the table: what of an item is kept while it is read, and what becomes of it.

Class, titles of posts and whether an item is wanted at all depend on items that may stand anywhere in the dump, so that
a *record* of each candidate is kept, a line that begins with its id, and made a `Row` when all is known.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from functools import cache
from typing import TypeAlias

from srsly import ujson

from kb.gazetteer import normal_form
from kb.linking import subclasses
from kb.linking.classes import ids
from kb.linking.dump import ENGLISH, EVERY, Facts, Post
from kb.linking.names import capital, latin, other_names, tidy
from kb.linking.places import PLACES
from kb.linking.table import MAX_BELONGS_TO, MAX_POSTS, Row, coordinates, flat, post, read_overrides
from kb.linking.titles import SEAT
from kb.resources import data_dir, entries

#: Sitelinks from which on an item is as well known as an item can be.
MOST_SITELINKS = 400
#: Longest description, as in Wikidata itself.
MAX_DESCRIPTION = 250

#: Title and country of a post, by its item; empty where they are unknown.
Titles: TypeAlias = Callable[[str], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class World:
    """What is known when a whole dump is read.

    Attributes:
        classes: number of a Wikidata class to the place of ours in `kb.linking.subclasses.PRECEDENCE`.
        wanted: numbers of the classes that an item must be of; any if None.
        titles: of posts.
        curated: rows of ``overrides.tsv``, which are right where the dump is not.
    """

    classes: Mapping[int, int]
    wanted: Mapping[int, int] | None
    titles: Titles
    curated: Mapping[str, Mapping[str, str]]


def prior(sitelinks: int) -> int:
    """How likely a name means an item, in percent, by how many pages there are on it, on a logarithmic scale.

    None is 0, five are 30, twenty are 50, a hundred are 76, and from four hundred on it is 99, as in the table of the
    package, where Boston has 69, a head of state that was much in the news 66, and most who ever held a post 26.
    """
    return min(99, round(99 * math.log1p(sitelinks) / math.log1p(MOST_SITELINKS)))


def label_of(labels: Mapping[str, str]) -> str:
    """The English label, else the one for every language, else another in the Latin script; tidied, maybe empty."""
    for language in (ENGLISH, EVERY, *(sorted(labels) if ENGLISH not in labels and EVERY not in labels else ())):
        if language in labels and latin(name := flat(tidy(labels[language]))) and normal_form(name):
            return name
    return ""


def record(facts: Facts) -> bytes:
    """What is kept of an item, a line; empty if it cannot become a row.

    Raises:
        UnicodeEncodeError: it has half a character.
    """
    label = label_of(facts.labels)
    if not (facts.classes and label and capital(label)):
        return b""
    other = [facts.labels[EVERY]] if EVERY in facts.labels else []
    kept = (
        label,
        [*facts.aliases, *other],
        flat(facts.description)[:MAX_DESCRIPTION],
        facts.demonyms,
        facts.classes,
        facts.countries[:1],
        facts.citizenships[:1],
        list(dict.fromkeys(facts.belongs_to))[:MAX_BELONGS_TO],
        facts.coordinates,
        [astuple(held) for held in facts.posts],
        facts.sitelinks,
    )
    return f"{facts.qid}\t{ujson.dumps(kept, ensure_ascii=False, escape_forward_slashes=False)}\n".encode()


def title(facts: Facts) -> bytes:
    """Label and country of what may be a post, a line; empty if it can be none.

    Raises:
        UnicodeEncodeError: it has half a character.
    """
    label = label_of(facts.labels) if facts.above or not _post_classes().isdisjoint(facts.classes) else ""
    countries = [*facts.jurisdictions, *facts.countries, ""]
    return f"{facts.qid}\t{label}\t{countries[0]}\n".encode() if label else b""


@cache
def _post_classes() -> frozenset[str]:
    """The Wikidata classes of posts; most posts are subclasses of others instead."""
    known = {entry.id: entry for entry in entries([data_dir("ontology") / "alignment.ttl"])}
    return frozenset(ids(known["Position"]))


def row(line: bytes, world: World) -> Row | None:
    """The row of a record, or None if its class is none of ours, or not wanted.

    Args:
        line: as `record` gives it.
        world: what is known of other items.
    """
    qid, _, text = line.decode().partition("\t")
    said = ujson.loads(text)
    label, names, description, demonyms, classes, countries, citizenships, belongs_to, place, posts, sitelinks = said
    curated = world.curated.get(qid, {})
    cls = curated.get("class") or _class(classes, world)
    if not cls or cls == "-":
        return None
    held = _posts([Post(*post) for post in posts], world.titles) if cls == "Person" else {}
    made = Row(
        qid=qid,
        label=curated.get("label") or label,
        cls=cls,
        demonyms=_demonyms(cls, demonyms, curated),
        prior=int(curated["prior"]) if curated.get("prior") else prior(sitelinks),
        posts=list(held),
        description=description,
        coordinates=coordinates(*place) if place and cls in PLACES else "",
        post_qids=[item for item, _ in held.values()],
        belongs_to=belongs_to,
    )
    made.country = curated.get("country") or _country(cls, countries, citizenships, held)
    made.aliases = [flat(name) for name in other_names(made, [*names, label], curated, _adjectives())]
    return made


def _class(classes: list[str], world: World) -> str:
    if world.wanted is not None and not subclasses.ranks(classes, world.wanted):
        return ""
    ranks = subclasses.ranks(classes, world.classes)
    return subclasses.PRECEDENCE[min(ranks)] if ranks else ""


def _country(cls: str, countries: list[str], citizenships: list[str], held: Mapping[str, tuple[str, str]]) -> str:
    if cls == "Country":
        return ""
    served = [country for _, country in held.values() if country]
    return next(iter([*citizenships, *served] if cls == "Person" else countries), "")


def _demonyms(cls: str, demonyms: list[str], curated: Mapping[str, str]) -> list[str]:
    """The curated ones, whose first is the adjective; else, of a country, those of Wikidata."""
    chosen = [name for name in curated.get("demonyms", "").split("|") if name]
    if chosen or cls != "Country":
        return chosen
    return list(dict.fromkeys(name for name in map(tidy, demonyms) if latin(name) and normal_form(name)))


@cache
def _adjectives() -> Mapping[str, tuple[str, ...]]:
    """The adjectives of countries by their labels, for names like "Iraqi government"."""
    rows = read_overrides().values()
    return {row["label"]: (row["demonyms"].partition("|")[0],) for row in rows if row["demonyms"]}


def _posts(posts: list[Post], titles: Titles) -> dict[str, tuple[str, str]]:
    """A person's posts with their items and countries: seats last, preferred ones first, later ones before earlier."""
    found = [(*titles(held.qid), held) for held in posts]
    found = sorted((one for one in found if one[0]), key=lambda one: (one[2].start, one[2].end or "9999"), reverse=True)
    found.sort(key=lambda one: (bool(SEAT.match(one[0])), not one[2].preferred))
    cells: dict[str, tuple[str, str]] = {}
    for name, country, held in found[:MAX_POSTS]:
        where = held.country or country
        cells.setdefault(post(name, where, held.start, held.end), (held.qid, where))
    return cells
