"""Builds ``table.tsv`` and ``names.tsv`` from a folder of Wikidata facts; for developers, never run by the package.

    python -m kb.linking.build_table FOLDER

FOLDER holds ``entities.jsonl.xz`` and ``positions.jsonl.xz``. Which items are taken, as which class and under which
names is decided by the tables below and by ``overrides.tsv``; the same input gives the same bytes.
"""

import argparse
import csv
import json
import lzma
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kb.gazetteer import COLUMNS, DEMONYM, FOLDED, SURNAME, fold, key, surname

HERE = Path(__file__).resolve().parent
#: At most so many other names, posts of a person, and persons of one surname.
MAX_ALIASES, MAX_POSTS, MAX_NAMESAKES = 14, 5, 12
#: A person without an office is found by surname alone only from this prior on.
SURNAME_PRIOR = 45

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
#: Class of capitals.
CAPITAL = "Q5119"

#: Pattern of a label to class, for items without type or of a coarse one; the first that matches wins.
LABELS: tuple[tuple[str, str], ...] = (
    (r"\b(Airport|Air ?[Bb]ase|Airfield|Airbase|Naval Base|Barracks|Dam|Refinery|Prison|Penitentiary"
     r"|Power (Plant|Station)|Bridge|Border Crossing|Crossing|Refugee Camp|Hospital|Palace|Mosque|Citadel|Castle"
     r"|Cathedral|Synagogue|Stadium|Embassy|Canal|Pipeline|Detention (Camp|Center))$", "Facility"),
    (r"\b(Sea|Gulf|Ocean|Straits?|River|Mountains?|Desert|Peninsula|Valley|Plateau|Islands?|Heights|Governorate|Oblast"
     r"|Krai|Okrug|Province|Voivodeship|Prefecture|Autonomous Region|Region|Republic|Delta|Bay|Lake|Territory)$"
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
NUMBERED = re.compile(r"\d|\b(First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|I{2,3}|IV|VI*)\b")
ROMAN_OR_SUFFIX = re.compile(r"^(i{1,3}|iv|vi?|jr|sr|iii|obe|mbe|ben|bin|ibn)$")

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


@dataclass(slots=True)
class Row:
    """A line of the table, while it is built."""

    qid: str
    label: str
    cls: str
    aliases: list[str] = field(default_factory=list)
    demonyms: list[str] = field(default_factory=list)
    country: str = ""
    prior: int = 0
    posts: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """The label and every other name."""
        return [self.label, *self.aliases]


# Reading the facts.


def read_lines(file: Path) -> Iterator[Facts]:
    """The objects of a compressed JSON Lines file."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read_overrides(file: Path = HERE / "overrides.tsv") -> dict[str, dict[str, str]]:
    """The curated rows by item; a cell is empty where nothing changes."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = (line for line in lines if not line.startswith("#"))
        return {row["qid"]: row for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)}


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
    if p31 & INTERNATIONAL:
        return "InternationalOrganization"
    if FORMER in p31 and "iso2" not in item:
        return None
    return "Country" if "iso2" in item or "iso3" in item or item["confidence"] == "cross_checked" else None


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
    return found if found and found not in {"City", "Region"} else None if _unwanted(item) else coarse


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


def latin(text: str) -> bool:
    """Whether every letter is of the Latin script."""
    return all(not c.isalpha() or ord(c) < 0x250 or "LATIN" in unicodedata.name(c, "") for c in text)


def tidy(name: str) -> str:
    """A name without an explanation in brackets, an asterisk or white space at its ends."""
    return re.sub(r"\s+", " ", re.sub(r"\s*\([^)]*\)|[*|\t\n\r]|&nbsp;|#.*$", "", name)).strip(" ,\u2013-")


def usable(name: str, cls: str) -> bool:
    """Whether an alias could stand in an English newspaper as a name."""
    code = cls in {"Country", "Region"} and re.fullmatch(r"[A-Z]{2,3}(-\w+)?", name)
    word = any(c.isupper() for c in name) and 2 <= len(name) <= 70 and not re.search(r"[,:;]", name)
    shouted = cls == "Person" and re.search(r"\b[A-Z]{4,}\b", name)
    return bool(word and latin(name) and not (code or shouted) and not name.isdigit())


def aliases_of(label: str, cls: str, item: Facts, more: Iterable[str]) -> list[str]:
    """The other names of an item, cleaned, each normal form once, the generated ones last."""
    title = item.get("enwiki") or ""
    names = [tidy(name) for name in ([] if "," in title else [title]) + item.get("aliases", [])]
    if set(item["sources"]) <= REGISTERS:
        names = [name for name in names if not re.fullmatch(r"[A-Z]{2,3}", name)]
    kept = {key(name): name for name in reversed([n for n in names if usable(n, cls)][:MAX_ALIASES])}
    found = dict(reversed(kept.items())) | {key(n): n for n in more}
    return [name for normal, name in found.items() if normal and normal != key(label) and "|" not in name]


#: Words for a kind of province, dropped and added.
PROVINCE = re.compile(r"\s+(Governorate|Province|Oblast|Voivodeship|Prefecture|Region|District|State)$")


def generated(row: Row, adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Names that follow from a label: "Israeli government", "Trump administration", "Treasury Department"."""
    matches = ((make, re.search(pattern, row.label)) for pattern, make in NAMINGS)
    found = [name for make, match in matches if match for name in make(match, adjectives)]
    if row.cls == "Region" and (province := PROVINCE.search(row.label)):
        stem = row.label[: province.start()]
        found += [stem] if province[1] in {"Governorate", "Oblast", "Province"} else []
        found += [f"{stem} province"] if province[1] == "Governorate" else []
    return found


def _government(m: re.Match[str], adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    place = m["place"].removeprefix("the ")
    return [f"Government of {place}"] + [f"{word} government" for word in adjectives.get(place, ())]


def _presidency(m: re.Match[str], adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    person = m["place"]
    return [f"{surname(person)} administration", f"{person} administration"]


def _department(m: re.Match[str], adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    name = m["place"]
    words = [name] + ([name.replace(" and Urban Development", "")] if "Urban" in name else [])
    return [f"{lead}{word} Department" for word in words for lead in ("", "US ", "United States ")] + [
        f"US Department of {name}", f"US Department of the {name}", f"Department of {name}"
    ]  # fmt: skip


#: "Ministry of Foreign Affairs" and the short names of newspapers.
MINISTRIES = {
    "Foreign Affairs": ("Foreign",), "Defence": ("Defence", "Defense"), "Defense": ("Defence", "Defense"),
    "Interior": ("Interior",), "Internal Affairs": ("Interior",), "Finance": ("Finance",), "Health": ("Health",),
    "Justice": ("Justice",), "Oil": ("Oil",), "Energy": ("Energy",), "Information": ("Information",),
    "Education": ("Education",), "Agriculture": ("Agriculture",), "Trade": ("Trade",),
}  # fmt: skip


def _ministry(m: re.Match[str], adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    subject, place = re.sub(r"^(the )?(National )?", "", m["what"]).strip(), m["place"].removeprefix("the ")
    words = adjectives.get(place, ())
    short = [f"{word} {s} Ministry" for word in words for s in MINISTRIES.get(subject, (subject,))]
    return short + [f"{word} Ministry of {subject}" for word in words] + [f"Ministry of {subject} of {place}"]


def _force_of(m: re.Match[str], adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    place = m["place"].removeprefix("the ")
    words = adjectives.get(place, (place,) if any(place in w for w in adjectives.values()) else ())
    return [f"{word} {kind}" for word in words for kind in ("Armed Forces", "military")]


def _initials(m: re.Match[str], adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [f"{'UN' if m['place'] == 'United Nations' else 'US'} {m['what']}", f"{m['place']} {m['what']}"]


def _shortened(m: re.Match[str], adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [f"{m['place']} {m['what']}"] if any(m["place"] in words for words in adjectives.values()) else []


def _service_of(m: re.Match[str], adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    place = m["place"].removeprefix("the ")
    same = [f"US {m['what']}"] if place == "United States" else []
    return [f"{word} {m['what']}" for word in adjectives.get(place, ())] + same


#: Pattern of a label to the names that follow from it.
NAMINGS: tuple[tuple[str, Callable[[re.Match[str], Mapping[str, tuple[str, ...]]], list[str]]], ...] = (
    (r"^(?:[Cc]abinet|(?:Federal )?Government) of (?P<place>[\w ]+)$", _government),
    (r"^(?:first |second )?presidency of (?P<place>[\w. ]+)$", _presidency),
    (r"^United States Department of (?:the )?(?P<place>[\w ]+)$", _department),
    (r"^(?:Office of the )?(?P<place>United (?:Nations|States)) (?P<what>[A-Z].+)$", _initials),
    (r"^Ministry of (?P<what>[\w' ]+?)(?: of |, | \()(?P<place>(?:the )?[A-Z][\w ]+)\)?$", _ministry),
    (r"^(?P<place>[\w ]+?) (?:Armed|Defen[cs]e) Forces?$", _force_of),
    (r"^Armed Forces of (?P<place>[\w ]+)$", _force_of),
    (r"^(?P<place>\w+) (?:Arab|National) (?P<what>Army|Air Force|Navy|Armed Forces|Police)$", _shortened),
    (
        r"^(?P<place>[\w ]+) (?P<what>Army|Navy|Air Force|Coast Guard|Marine Corps|(?:Ground|Special) Forces)$",
        _service_of,
    ),
)


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


def posts_of(terms: list[Facts]) -> list[str]:
    """A person's posts, leading a country first, seats in a parliament last, later ones before earlier ones."""
    best = sorted((term for term in terms if "position" in term), key=_later, reverse=True)
    best.sort(key=lambda t: ("role" not in t, t.get("kind") == "legislature"))
    return list(dict.fromkeys(_post(term) for term in best))[:MAX_POSTS]


def _later(term: Facts) -> tuple[str, str, str]:
    return term.get("start", ""), term.get("end", "9999"), term["position"]


def _post(term: Facts) -> str:
    title = re.sub(r"[@|:\t]|\.\.", " ", term["position"])
    return f"{title}@{term.get('country_qid', '')}:{term.get('start', '')}..{term.get('end', '')}"


# Putting it together.


def build(folder: Path) -> list[Row]:
    """All rows, sorted by the bytes of their ids."""
    terms: dict[str, list[Facts]] = defaultdict(list)
    for term in read_lines(folder / "positions.jsonl.xz"):
        terms[term["qid"]].append(term)
    items = {item["qid"]: item for item in read_lines(folder / "entities.jsonl.xz")}
    overrides = read_overrides()
    conflict = frozenset(q for q, i in items.items() if i["label"] in CONFLICT and "country" in i.get("types", ()))
    states = frozenset(q for q, i in items.items() if _is_state(i))
    rows = (make_row(item, overrides.get(q, {}), terms.get(q, []), conflict, states) for q, item in items.items())
    kept = sorted((row for row in rows if row), key=lambda row: row.qid.encode())
    return name_all(outshone(kept), items, overrides)


def _is_state(item: Facts) -> bool:
    return "iso2" in item and "country" in item.get("types", ()) and FORMER not in item.get("p31", ())


def outshone(rows: list[Row]) -> list[Row]:
    """The rows without those that hardly anybody means by a name that everybody uses of another."""
    famous = {key(row.label): row.qid for row in rows if row.prior >= 80}
    return [row for row in rows if row.prior >= 20 or famous.get(key(row.label), row.qid) == row.qid]


def make_row(
    item: Facts, curated: Mapping[str, str], terms: list[Facts], conflict: frozenset[str], states: frozenset[str]
) -> Row | None:
    """The row of an item without its other names, or None if it is not wanted."""
    cls = curated.get("class") or class_of(item)
    label = _label(item, curated)
    if not cls or cls == "-" or not latin(label) or not any(c.isupper() for c in label):
        return None
    if not curated and not wanted(item, cls, terms, conflict):
        return None
    country = curated.get("country") or _country(item, terms, states)
    prior = int(curated["prior"]) if curated.get("prior") else prior_of(item, cls, terms)
    demonyms = [d for d in curated.get("demonyms", "").split("|") if d]
    return Row(item["qid"], label, cls, [], demonyms, "" if cls == "Country" else country, prior, posts_of(terms))


def _country(item: Facts, terms: list[Facts], states: frozenset[str]) -> str:
    """The state of today that an item belongs to; empty if there is none or more than one."""
    stated = [item["country"]] if item.get("country") in states else item.get("countries", ())
    held = [term["country_qid"] for term in terms if "country_qid" in term]
    found = dict.fromkeys(qid for qid in stated or held if qid in states)
    return next(iter(found), "") if len(found) == 1 or held else ""


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
        curated = overrides.get(row.qid, {})
        dropped = {key(name) for name in [*curated.get("drop", "").split("|"), *row.demonyms]}
        more = [*generated(row, adjectives), *filter(None, curated.get("aliases", "").split("|"))]
        item = items[row.qid] | ({"aliases": [*items[row.qid].get("aliases", []), items[row.qid]["label"]]})
        row.aliases = [a for a in aliases_of(row.label, row.cls, item, more) if key(a) not in dropped]
    return rows


def _country_names(row: Row, item: Facts) -> list[str]:
    more = (name for name in item.get("aliases", ()) if name.startswith(("Republic", row.label)))
    return [row.label, item["label"], *more]


def names_of(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Every normal form with the ids of the items that have it, best first."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        for normal in _keys(row):
            found[normal].setdefault(row.qid, row.prior)
    return {normal: _best(normal, priors) for normal, priors in found.items()}


def _best(normal: str, priors: Mapping[str, int]) -> list[str]:
    ordered = sorted(priors, key=lambda qid: (-priors[qid], qid))
    return ordered[:MAX_NAMESAKES] if normal.startswith(SURNAME) else ordered


#: Classes whose names are transliterated.
TRANSLITERATED = frozenset(("Person", "City", "Region", "Facility", "ArmedGroup", "MediaOrganization"))


def _keys(row: Row) -> Iterator[str]:
    normals = [normal for name in row.names() if (normal := key(name))]
    yield from normals
    if row.cls in TRANSLITERATED:
        yield from (FOLDED + fold(normal) for normal in normals if fold(normal) != normal)
    if row.cls == "Person" and (row.posts or row.prior >= SURNAME_PRIOR):
        last = (surname(normal).casefold() for normal in normals if " " in normal)
        yield from (SURNAME + word for word in last if not ROMAN_OR_SUFFIX.match(word))
    yield from (DEMONYM + key(word).casefold() for word in row.demonyms)


def table_text(rows: Iterable[Row]) -> str:
    """The table as text."""
    return "\t".join(COLUMNS) + "\n" + "".join(_line(row) for row in rows)


def _line(row: Row) -> str:
    lists = "|".join(row.aliases), "|".join(row.demonyms), row.country, str(row.prior), "|".join(row.posts)
    return "\t".join((row.qid, row.label, row.cls, *lists)) + "\n"


def names_text(rows: Iterable[Row]) -> str:
    """The names as text, sorted by their bytes."""
    lines = (f"{normal}\t{' '.join(qids)}\n" for normal, qids in names_of(rows).items())
    return "".join(sorted(lines, key=lambda line: line.encode()))


def read_table(file: Path = HERE / "table.tsv") -> list[Row]:
    """The rows of a table that is already built."""
    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    return [_row(line.split("\t")) for line in lines]


def _row(cells: list[str]) -> Row:
    qid, label, cls, aliases, demonyms, country, prior, posts = cells
    return Row(qid, label, cls, _split(aliases), _split(demonyms), country, int(prior), _split(posts))


def _split(cell: str) -> list[str]:
    return cell.split("|") if cell else []


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
