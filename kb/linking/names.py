"""Which names an item goes by: what of a source's names a newspaper could print, and those that follow from a label."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from kb.gazetteer import key, surname
from kb.linking.table import MAX_ALIASES, Row


def latin(text: str) -> bool:
    """Whether every letter is of the Latin script."""
    beyond = _BEYOND_LATIN.search(text)
    return not beyond or all(not c.isalpha() or ord(c) < 0x250 or "LATIN" in unicodedata.name(c, "") for c in text)


#: What may be a letter of another script.
_BEYOND_LATIN = re.compile("[\u0250-\U0010ffff]")


def tidy(name: str) -> str:
    """A name without an explanation in brackets, an asterisk or white space at its ends."""
    # Most names are tidy, and a dump has millions.
    if _UNTIDY.search(name):
        name = _SPACE.sub(" ", _EXPLANATION.sub("", name))
    return name.strip(" ,\u2013-")


_UNTIDY = re.compile(r"[(*|&#]|\s\s|[^\S ]")
_EXPLANATION = re.compile(r"\s*\([^)]*\)|[*|\t\n\r]|&nbsp;|#.*$")
_SPACE = re.compile(r"\s+")


def usable(name: str, cls: str) -> bool:
    """Whether an alias could stand in an English newspaper as a name."""
    if not 2 <= len(name) <= 70 or not capital(name) or _LIST.search(name) or not latin(name):
        return False
    code = cls in {"Country", "Region"} and _CODE.fullmatch(name)
    return not (code or (cls == "Person" and _SHOUTED.search(name)))


def capital(name: str) -> bool:
    """Whether there is a capital in a name."""
    return name != name.lower() if name.isascii() else any(c.isupper() for c in name)


_LIST = re.compile(r"[,:;]")
_CODE = re.compile(r"[A-Z]{2,3}(-\w+)?")
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")


def other_names(
    row: Row, names: Iterable[str], curated: Mapping[str, str], adjectives: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """The names of a row beside its label: cleaned, each normal form once; the generated and the curated ones last.

    Args:
        row: with its label, class and demonyms.
        names: those of the source, the best first.
        curated: the columns "aliases" and "drop" of ``overrides.tsv``, if the item stands there.
        adjectives: of a country, by each of its names.
    """
    dropped = {key(name) for name in (row.label, *curated.get("drop", "").split("|"), *row.demonyms)}
    more = [*generated(row, adjectives), *filter(None, curated.get("aliases", "").split("|"))]
    kept = [name for name in map(tidy, names) if usable(name, row.cls)][:MAX_ALIASES]
    found = {key(name): name for name in reversed(kept)}
    found = dict(reversed(found.items())) | {key(name): name for name in more}
    return [name for normal, name in found.items() if normal and normal not in dropped and "|" not in name]


#: Words for a kind of province, dropped and added.
PROVINCE = re.compile(r"\s+(Governorate|Province|Oblast|Voivodeship|Prefecture|Region|District|State)$")


#: Classes of items from whose labels no name follows.
NAMED_OTHERWISE = frozenset(("Person", "City"))


@cache
def _namings() -> list[tuple[re.Pattern[str], Callable[[re.Match[str], Mapping[str, tuple[str, ...]]], list[str]]]]:
    return [(re.compile(pattern), make) for pattern, make in NAMINGS]


def generated(row: Row, adjectives: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Names that follow from a label: "Israeli government", "Trump administration", "Treasury Department"."""
    if row.cls in NAMED_OTHERWISE:
        return []
    matches = ((make, pattern.search(row.label)) for pattern, make in _namings())
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
