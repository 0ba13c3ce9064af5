"""Builds ``table.tsv`` and ``names.tsv`` from a folder of Wikidata facts; for developers, never run by the package.

    python -m kb.linking.build_table FOLDER

FOLDER holds ``entities.jsonl.xz`` and ``positions.jsonl.xz``. Which items are taken, as which class and under which
names is decided by the tables below and by ``overrides.tsv``; the same input gives the same bytes.
"""

import argparse
import json
import lzma
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kb.gazetteer import key
from kb.linking.descriptions import belong
from kb.linking.names import PROVINCE, latin, other_names, tidy, usable
from kb.linking.places import PLACES
from kb.linking.table import (
    HERE,
    MAX_POSTS,
    Row,
    coordinates,
    flat,
    names_text,
    post,
    read_overrides,
    read_table,
    table_text,
)

Facts = dict[str, Any]

#: Coarse type of the source to class, the first that an item has wins.
TYPES = (
    ("person", "Person"),
    ("armed_group", "ArmedGroup"),
    ("news_agency", "MediaOrganization"),
    ("media", "MediaOrganization"),
    ("armed_force", "ArmedForce"),
    ("party", "PoliticalParty"),
    ("country", "Country"),
    ("international_org", "InternationalOrganization"),
    ("city", "City"),
    ("admin_area", "Region"),
    ("government_body", "GovernmentBody"),
    ("organization", "Organization"),
    ("place", "Region"),
)
#: Types that no item of the table has.
FOREIGN_TYPES = frozenset(
    "event agreement resolution position work class product occupation name people historical_country language award "
    "fictional ideology".split()
)
#: Classes (P31) of things that a type calls a country or a body wrongly: international organizations, former states.
INTERNATIONAL = frozenset(("Q484652", "Q245065", "Q1127126", "Q170156", "Q1335818"))
FORMER = "Q3024240"
#: Classes of states, whatever else they are.
STATES = frozenset(("Q6256", "Q3624078"))
#: Realms, under whose names sources list what others know as that of their greatest part.
REALMS = {"Q29999": "Q55", "Q756617": "Q35"}
#: Class of capitals.
CAPITAL = "Q5119"

#: Pattern of a label to class, for items without type or of a coarse one; the first that matches wins.
LABELS: tuple[tuple[str, str], ...] = (
    (r"\b(Airport|Air ?[Bb]ase|Airfield|Airbase|Naval Base|Barracks|Dam|Refinery|Prison|Penitentiary"
     r"|Power (Plant|Station)|Bridge|Border Crossing|Crossing|Refugee Camp|Hospital|Palace|Mosque|Citadel|Castle"
     r"|Cathedral|Synagogue|Stadium|Embassy|Canal|Pipeline|Detention (Camp|Center))$", "Facility"),
    (r"\b(Sea|Gulf|Ocean|Straits?|River|Mountains?|Desert|Peninsula|Valley|Plateau|Islands?|Heights|Governorate|Oblast"
     r"|County|National Park|Krai|Okrug|Province|Voivodeship|Prefecture|Autonomous Region|Region|Republic|Delta|Bay|Lake|Territory)$"
     r"|^(Gulf|Sea|Strait|Bay|Lake|Mount|Isthmus|Horn) ", "Region"),
    (r"\b(Armed Forces|Army|Navy|Air Force|Marine Corps|Marines|Defen[cs]e Forces?|Military|Coast Guard|National Guard"
     r"|Special Forces|Gendarmerie|Border Guard|Police( Service| Force| Department)?|Space Force|Revolutionary Guards?"
     r"|Ground Forces)$", "ArmedForce"),
    (r"^(The )?((Federal|Royal|Interim|Transitional) )?Government of|^Cabinet of|^cabinet of|(^| )presidency of"
     r"|\b(Regional )?Government$|^Presidency of|Transitional Council$", "Government"),
    (r"^(Ministry|Department|Parliament|Senate|House|National Assembly|Supreme Court|Knesset|Congress|Directorate"
     r"|Federal Agency|General Directorate|Embassy) of\b|\b(Ministry|Parliament|Senate|House of Representatives"
     r"|National Assembly|Supreme Court|Intelligence Agency|Intelligence Service|Security Agency|Security Service"
     r"|Security Council|Intelligence Directorate|Constitutional Court)$|^United States Department of",
     "GovernmentBody"),
    (r"\b(News|Times|Post|Television|TV|Radio|Broadcasting Corporation|Gazette|Herald|Tribune|Daily|News Agency"
     r"|Newspaper|Press)$", "MediaOrganization"),
    (r"\b(Brigades?|Militia|Liberation Front|Liberation Army|Insurgent Army|Mujahideen|Resistance Front)$",
     "ArmedGroup"),
    (r"\bParty$|\bParty of\b|^Communist Party|\bParty \(", "PoliticalParty"),
)  # fmt: skip
#: Pattern of a description to class, likewise; searched before the labels.
DESCRIPTIONS: tuple[tuple[str, str], ...] = (
    (r"militant|rebel (group|organi|movement|army)|guerrilla (group|organi|movement|army)|insurgent|paramilitary"
     r"|\bmilitia|terrorist (group|organi)|armed group", "ArmedGroup"),
    (r"newspaper|news agency|broadcaster|television (channel|network|station)|news (website|channel|magazine)"
     r"|radio (station|network)", "MediaOrganization"),
    (r"intergovernmental organi|international organi[sz]ation", "InternationalOrganization"),
    (r"^(\w+ )?political party|party in\b", "PoliticalParty"),
    (r"government (ministry|agency|department)|executive (office|department)|legislature", "GovernmentBody"),
    (r"\b(city|town|village|municipality|settlement|capital) (in|of|and)\b|human settlement", "City"),
    (r"\b(province|governorate|oblast|region|peninsula|island|sea|gulf|strait|valley|mountain range|river|district)"
     r" (in|of|between)\b", "Region"),
    (r"\b(airport|air base|airbase|military base|bridge|dam|prison|hospital) (in|of)\b", "Facility"),
    (r"\b(company|corporation|manufacturer|bank|conglomerate|airline|retailer|automaker|producer) ?(in|of|based|$)"
     r"|(oil|gas|defen[cs]e|technology|aerospace|bank\w*|financial|energy|tele\w+) (company|corporation|services)"
     r"|multinational", "Company"),
)  # fmt: skip
#: What only looks like one of the classes above.
NOT_WANTED = re.compile(
    r"\b(school|album|song|film|genre|season|tournament|championship|football club|sports? team|species|asteroid|novel"
    r"|video game|cemetery|list of|county seat of|census-designated|unincorporated community|railway station"
    r"|series|edition|campaign|operation|movement in|faction in the|education in|manga|opera|novel)\b",
    re.IGNORECASE,
)
#: What the name of a body has and that of a town has not.
BODY = re.compile(
    r"Universit|College|School|Museum|Institut|Company|Church|Diocese|Archdiocese|Congregation|Council|Corporation|Club"
    r"|Librar|Laborator|Observatory|Studio|Academy|Galler|Theat|Group|Societ|Department|Service|Records|Team|[A-Z]{3}"
    r"|Kingdom|Inc$|Cent(er|re)|Hospital"
)
#: How the description of a settlement begins.
SETTLEMENT = re.compile(
    r"(\w+ ){0,3}(city|town|village|municipality|borough|neighbou?rhood|suburb|commune|hamlet|settlement)\b"
)
#: A kind of place: "city of Portugal", "town in Hungary".
KIND = re.compile(r"[a-z]{3,} ([a-z]+ )*(of|in) ")
NUMBERED = re.compile(r"\d|\b(First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|I{2,3}|IV|VI*)\b")

#: Countries of the domain: what lies in them is taken even where one source alone has it.
CONFLICT = frozenset(
    (
        "Syria|Iraq|Lebanon|Israel|Palestine|Turkey|Iran|Yemen|Afghanistan|Pakistan|Libya|Sudan|South Sudan|"
        "Ethiopia|Somalia|Ukraine|Russia|Georgia|Colombia|Myanmar|Sri Lanka|Serbia|Kosovo|Bosnia and Herzegovina|"
        "Croatia|North Macedonia|Albania|Montenegro|Democratic Republic of the Congo|Republic of the Congo|"
        "Rwanda|Burundi|Jordan|Egypt|Saudi Arabia|Kuwait|Qatar|United Arab Emirates|Bahrain|Oman|Armenia|"
        "Azerbaijan|Belarus|Moldova|Eritrea|Djibouti|Nigeria|Mali|Niger|Chad|Cameroon|Central African Republic|"
        "Burkina Faso|Algeria|Tunisia|Morocco|Kenya|Uganda|Mozambique|Venezuela|North Korea|South Korea|Taiwan|"
        "Philippines|India|Indonesia|Cyprus|Haiti|Nepal|Bangladesh|Tajikistan|Uzbekistan|Kyrgyzstan|Kazakhstan|"
        "Turkmenistan|Angola|Liberia|Sierra Leone|Ivory Coast|Guinea|Zimbabwe|Cambodia|Vietnam|Laos"
    ).split("|")
)
POLITICAL = re.compile(
    r"politic|minister|president|general\b|commander|militant|guerrilla|warlord|cleric|leader|diplomat|military|officer"
    r"|ambassador|governor|revolutionary",
    re.IGNORECASE,
)
#: Sources that hold what is well known rather than what is in an official list.
WELL_KNOWN = (
    "tsafavi/codex",
    "amir-zeldes/gum",
    "opensanctions/rigour",
    "sanjaykrishnabaishya/multimodal-trust-safety-ai",
)
#: Registers of everything, whose abbreviations few people know.
REGISTERS = frozenset(("ror-community/ror-records", "osmlab/name-suggestion-index", "hdigital/partyfactsdata"))
READERS = ("ad-freiburg/elevant", "ad-freiburg/grasp")


# Reading the facts.


def read_lines(file: Path) -> Iterator[Facts]:
    """The objects of a compressed JSON Lines file."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


# Which class.


def class_of(item: Facts) -> str | None:
    """The class of an item by its types, its classes in Wikidata, its description and its label, or None."""
    types = set(item.get("types", ()))
    p31 = set(item.get("p31", ()))
    coarse = next((cls for kind, cls in TYPES if kind in types), None)
    if coarse == "Country" or p31 & INTERNATIONAL:
        return _state(item, p31)
    if coarse in {None, "Organization", "GovernmentBody", "ArmedForce", "Region"} and types & FOREIGN_TYPES:
        return None
    return REFINE.get(coarse or "", _by_pattern)(item, coarse)


def _state(item: Facts, p31: set[str]) -> str | None:
    if p31 & INTERNATIONAL and not p31 & STATES:
        return "InternationalOrganization"
    if FORMER in p31 and "iso2" not in item:
        return None
    if "iso2" in item or "iso3" in item or p31 & STATES:
        return "Country"
    # Parts of the world and of states, which the sources call countries as well.
    return "Region" if item["confidence"] == "cross_checked" else None


def _match(patterns: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((cls for pattern, cls in patterns if re.search(pattern, text)), None)


def _unwanted(item: Facts) -> bool:
    return bool(NOT_WANTED.search(item["label"]) or NOT_WANTED.search(item.get("description", "")))


def _by_pattern(item: Facts, coarse: str | None) -> str | None:
    named = item["label"][:1].isupper() or item["label"].startswith(("cabinet of", "presidency"))
    if _unwanted(item) or not named:
        return None
    return _match(DESCRIPTIONS, item.get("description", "")) or _match(LABELS, item["label"])


def _body(item: Facts, coarse: str | None) -> str | None:
    pattern = _match(LABELS[3:5], item["label"])
    return pattern or (None if "ministry" in item["label"] else coarse)


def _force(item: Facts, coarse: str | None) -> str | None:
    if _match(LABELS[2:3], item["label"]) and not _unwanted(item):
        return coarse
    return _match(DESCRIPTIONS[:1], _about(item))


def _organization(item: Facts, coarse: str | None) -> str | None:
    found = _by_pattern(item, coarse)
    if "place" in item.get("types", ()) and (SETTLEMENT.match(_about(item)) or not (_about(item) or _body_named(item))):
        # A town is an organization too, in some sources.
        return found if found in PLACES else "City"
    return found if found and found not in {"City", "Region"} else None if _unwanted(item) else coarse


def _body_named(item: Facts) -> bool:
    return bool(BODY.search(item["label"]))


def _place(item: Facts, coarse: str | None) -> str | None:
    if _unwanted(item):
        return None
    known = item["confidence"] == "cross_checked" or any(source in WELL_KNOWN for source in item["sources"])
    return _match(DESCRIPTIONS[5:8], _about(item)) or _match(LABELS[:2], item["label"]) or (coarse if known else None)


def _about(item: Facts) -> str:
    return str(item.get("description", ""))


def _keep(item: Facts, coarse: str | None) -> str | None:
    return coarse


#: What becomes of a class that the types gave.
REFINE: Mapping[str, Callable[[Facts, str | None], str | None]] = {
    "GovernmentBody": _body,
    "ArmedForce": _force,
    "Organization": _organization,
    "Region": lambda item, coarse: _place(item, coarse) if "place" in item.get("types", ()) else coarse,
} | dict.fromkeys(
    ("Person", "ArmedGroup", "MediaOrganization", "PoliticalParty", "InternationalOrganization", "City"), _keep
)


# Which items.


def wanted(item: Facts, cls: str, terms: list[Facts], conflict: frozenset[str]) -> bool:
    """Whether an item earns its line."""
    if (item["confidence"] == "cross_checked" and cls != "GovernmentBody") or cls in ALWAYS:
        return True
    return WANTED.get(cls, _known)(item, terms, conflict)


def _known(item: Facts, terms: list[Facts], conflict: frozenset[str]) -> bool:
    return item.get("country") in conflict or any(s in WELL_KNOWN or s in READERS for s in item["sources"])


def _known_person(item: Facts, terms: list[Facts], conflict: frozenset[str]) -> bool:
    if any(term.get("kind") != "legislature" for term in terms):
        return True
    political = item.get("country") in conflict and bool(POLITICAL.search(_about(item)))
    return (political and "enwiki" in item) or any(s in WELL_KNOWN or s == READERS[0] for s in item["sources"])


def _known_government(item: Facts, terms: list[Facts], conflict: frozenset[str]) -> bool:
    return not NUMBERED.search(item["label"]) or "presidency" in item["label"]


def _known_body(item: Facts, terms: list[Facts], conflict: frozenset[str]) -> bool:
    if "government in" in _about(item):
        return item.get("country") in conflict or item["confidence"] == "cross_checked"
    return not NUMBERED.search(item["label"]) and not re.match(r"(Government|Gouvernement|Gabinete) ", item["label"])


def _known_city(item: Facts, terms: list[Facts], conflict: frozenset[str]) -> bool:
    return item["confidence"] != "single_wikidata_export" or _known(item, terms, conflict)


ALWAYS = frozenset(("Country", "ArmedGroup", "InternationalOrganization"))
WANTED: Mapping[str, Callable[[Facts, list[Facts], frozenset[str]], bool]] = {
    "Person": _known_person,
    "Government": _known_government,
    "GovernmentBody": _known_body,
    "City": _known_city,
}


# Under which names.


def aliases_of(item: Facts) -> list[str]:
    """The names of an item in the source beside its label, which stands last: the row may have another."""
    title = item.get("enwiki") or ""
    names: list[str] = [*([] if "," in title else [title]), *item.get("aliases", []), item["label"]]
    if set(item["sources"]) <= REGISTERS:
        return [name for name in names if not re.fullmatch(r"[A-Z]{2,3}", tidy(name))]
    return names


# How likely.

#: What an atlas shows first.
NATURE = re.compile(r"\b(Sea|Ocean|Peninsula|Strait|Channel)$|^(Gulf of|Strait of|Persian Gulf|Bay of)")
#: Points of a class on top of those of the item.
CLASS_POINTS = {"Country": 30, "ArmedGroup": 10, "InternationalOrganization": 10, "City": 4, "MediaOrganization": 6}


def prior_of(item: Facts, cls: str, terms: Sequence[Facts]) -> int:
    """How likely a name means the item, in percent, by how many and which sources know it."""
    sources = item["sources"]
    points: float = 12 * math.log2(1 + len(sources)) + CLASS_POINTS.get(cls, 0)
    points += 8 * (item["confidence"] == "cross_checked") + 7 * ("enwiki" in item)
    points += 5 * sum(source in WELL_KNOWN for source in sources) + min(6, len(item.get("aliases", ())))
    points += 10 * (CAPITAL in item.get("p31", ())) if cls == "City" else 0
    points += 20 * bool(cls == "Region" and NATURE.search(item["label"]))
    points += 14 * any("role" in term for term in terms) + 6 * any(term.get("kind") != "legislature" for term in terms)
    return min(99, round(points))


# Posts.


def posts_of(terms: list[Facts]) -> dict[str, str]:
    """A person's posts with their items, leading a country first, seats in a parliament last, later before earlier."""
    best = sorted((term for term in terms if "position" in term), key=_later, reverse=True)
    best.sort(key=lambda t: ("role" not in t, t.get("kind") == "legislature"))
    items = {_post(term): term.get("position_qid", "") for term in reversed(best)}
    return {cell: items[cell] for cell in list(dict.fromkeys(map(_post, best)))[:MAX_POSTS]}


def _later(term: Facts) -> tuple[str, str, str]:
    return term.get("start", ""), term.get("end", "9999"), term["position"]


def _post(term: Facts) -> str:
    return post(term["position"], term.get("country_qid", ""), term.get("start", ""), term.get("end", ""))


# Putting it together.


def build(folder: Path, *, everything: bool = False) -> list[Row]:
    """All rows, sorted by the bytes of their ids; with ``everything`` also those that do not earn their line."""
    terms: dict[str, list[Facts]] = defaultdict(list)
    for term in read_lines(folder / "positions.jsonl.xz"):
        terms[term["qid"]].append(term)
    items = {item["qid"]: item for item in read_lines(folder / "entities.jsonl.xz")}
    overrides = read_overrides()
    conflict = frozenset(q for q, i in items.items() if i["label"] in CONFLICT and "country" in i.get("types", ()))
    states = frozenset(q for q, i in items.items() if _is_state(i))
    chosen = None if everything else conflict
    made = (make_row(item, overrides.get(q, {}), terms.get(q, []), chosen, states) for q, item in items.items())
    kept = sorted((row for row in made if row), key=lambda row: row.qid.encode())
    rows = name_all(outshone(kept), items, overrides)
    belong(rows)
    return rows


def _is_state(item: Facts) -> bool:
    return "iso2" in item and "country" in item.get("types", ()) and FORMER not in item.get("p31", ())


def outshone(rows: list[Row]) -> list[Row]:
    """The rows without those that hardly anybody means by a name that everybody uses of another."""
    famous = {key(row.label): row.qid for row in rows if row.prior >= 80}
    return [row for row in rows if row.prior >= 20 or famous.get(key(row.label), row.qid) == row.qid]


def make_row(
    item: Facts, curated: Mapping[str, str], terms: list[Facts], conflict: frozenset[str] | None, states: frozenset[str]
) -> Row | None:
    """The row of an item without its other names, or None if it is not wanted; without ``conflict`` all are."""
    cls = curated.get("class") or class_of(item)
    label = _label(item, curated)
    if not cls or cls == "-" or not latin(label) or not any(c.isupper() for c in label):
        return None
    if not curated and cls in PLACES and KIND.match(label):
        return None
    if not curated and conflict is not None and not wanted(item, cls, terms, conflict):
        return None
    country = curated.get("country") or _country(item, terms, states)
    prior = int(curated["prior"]) if curated.get("prior") else prior_of(item, cls, terms)
    demonyms = [d for d in curated.get("demonyms", "").split("|") if d]
    posts = posts_of(terms)
    return Row(
        qid=item["qid"],
        label=label,
        cls=cls,
        demonyms=demonyms,
        country="" if cls == "Country" else country,
        prior=prior,
        posts=list(posts),
        description=flat(item.get("description", "")),
        coordinates=coordinates(item["lat"], item["lon"]) if cls in PLACES and "lat" in item else "",
        post_qids=list(posts.values()),
    )


def _country(item: Facts, terms: list[Facts], states: frozenset[str]) -> str:
    """The state of today that an item belongs to; empty if there is none or more than one."""
    stated = [item["country"]] if item.get("country") in states else item.get("countries", ())
    held = [term["country_qid"] for term in terms if "country_qid" in term]
    found = dict.fromkeys(qid for qid in stated or held if qid in states)
    country = next(iter(found), "") if len(found) == 1 or held else ""
    return REALMS.get(country, country)


def infer_countries(rows: list[Row]) -> None:
    """Give bodies the country that their label names, and provinces that of the city of the same name."""
    states = {key(n): row.qid for row in reversed(rows) if row.cls == "Country" for n in [*row.names(), *row.demonyms]}
    cities = {key(row.label): row.country for row in sorted(rows, key=lambda row: row.prior) if row.cls == "City"}
    for row in rows:
        if not row.country and row.cls in BODIES:
            row.country = next((states[part] for part in _parts(row.label) if part in states), "")
        elif not row.country and row.cls == "Region" and PROVINCE.search(row.label):
            row.country = cities.get(key(PROVINCE.sub("", row.label)), "")


def _parts(label: str) -> Iterator[str]:
    words = label.replace("(", "").replace(")", "").split()
    for size in (4, 3, 2, 1):
        if size < len(words):
            yield key(" ".join(words[:size]))
            yield key(" ".join(words[-size:]))


BODIES = frozenset(("Government", "GovernmentBody", "ArmedForce", "PoliticalParty", "Organization"))


def _label(item: Facts, curated: Mapping[str, str]) -> str:
    label = tidy(curated.get("label") or item["label"])
    return label if latin(label) else next((tidy(a) for a in item.get("aliases", ()) if usable(a, "Person")), label)


def name_all(rows: list[Row], items: Mapping[str, Facts], overrides: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """The rows with their other names: those of the source, those that follow from the label, the curated ones."""
    countries = [row for row in rows if row.cls == "Country" and row.demonyms]
    infer_countries(rows)
    adjectives = {name: tuple(row.demonyms[:1]) for row in countries for name in _country_names(row, items[row.qid])}
    for row in rows:
        row.aliases = other_names(row, aliases_of(items[row.qid]), overrides.get(row.qid, {}), adjectives)
    return rows


def _country_names(row: Row, item: Facts) -> list[str]:
    more = (name for name in item.get("aliases", ()) if name.startswith(("Republic", row.label)))
    return [row.label, item["label"], *more]


def main() -> None:
    """Read the folder named on the command line and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="without it only names.tsv is made again, from table.tsv")
    folder = parser.parse_args().folder
    rows = build(folder) if folder else read_table()
    (HERE / "table.tsv").write_text(table_text(rows), encoding="utf-8", newline="\n")
    (HERE / "names.tsv").write_text(names_text(rows), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
