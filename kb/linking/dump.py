"""Wikidata's dumps, read a line at a time: what each item says of itself, in either format, as plain facts.

JSON: https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html, an entity a line, all in one array. "Truthy"
N-Triples: https://www.mediawiki.org/wiki/Wikibase/Indexing/RDF_Dump_Format, the triples of an entity one after another;
they have no qualifiers, no deprecated statements and no sitelinks. Packing and format are told by the first bytes.
Deprecated statements, unknown values and those that are known to be none are skipped. Nothing is written here.
"""

import bz2
import gzip
import hashlib
import io
import math
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from srsly import ujson

from kb.errors import InputError

#: Longest line that is read, in bytes; the longest of Wikidata is a tenth of that.
MAX_LINE = 64 << 20
#: Bytes read at a time.
BUFFER = 1 << 20

INSTANCE_OF, SUBCLASS_OF, COUNTRY, CITIZENSHIP = "P31", "P279", "P17", "P27"
COORDINATES, POSITION_HELD, JURISDICTION, DEMONYM = "P625", "P39", "P1001", "P1549"
START, END = "P580", "P582"
#: Where a place lies, which whole, organization, party, force, employer or war something belongs to, the telling first.
BELONGS_TO = ("P131", "P361", "P749", "P463", "P102", "P241", "P108", "P607")
#: Languages of names: English, and what is written so in every language.
ENGLISH, EVERY = "en", "mul"

_QID = re.compile(r"Q[1-9][0-9]{0,8}")
_DATE = re.compile(r"\+(\d{4})-(\d\d)-(\d\d)T")
#: Precision of a time in Wikidata to the characters of the ISO date that are known: a year, a month, a day.
_KNOWN = {9: 4, 10: 7, 11: 10}
#: Globes on which our coordinates lie: Earth, or not stated.
_EARTH = ("http://www.wikidata.org/entity/Q2", "https://www.wikidata.org/entity/Q2", "")

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Post:
    """A term of office: the items of post and country, and dates as exact as known, empty where they are not."""

    qid: str
    country: str = ""
    start: str = ""
    end: str = ""
    preferred: bool = False


@dataclass(slots=True)
class Facts:
    """What a dump says of an item; ids are "Q…", texts are as they stand there, what is not said is empty.

    Attributes:
        qid: the item.
        labels: by language.
        aliases: in English and for every language.
        description: in English.
        demonyms: in English.
        classes: what it is an instance of.
        above: what it is a subclass of.
        countries: where it lies or belongs to, those of today first.
        citizenships: of a person, likewise.
        jurisdictions: of a post, likewise.
        belongs_to: where it lies, and what it belongs to, by `BELONGS_TO`.
        coordinates: latitude and longitude in degrees (WGS 84), or None.
        posts: terms of office.
        sitelinks: pages on it in the projects of Wikimedia; where a dump has none, languages in which it has a label.
    """

    qid: str
    labels: dict[str, str] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)
    description: str = ""
    demonyms: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    citizenships: list[str] = field(default_factory=list)
    jurisdictions: list[str] = field(default_factory=list)
    belongs_to: list[str] = field(default_factory=list)
    coordinates: tuple[float, float] | None = None
    posts: list[Post] = field(default_factory=list)
    sitelinks: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that cannot be read.

    Attributes:
        line: its number, from 1.
        why: in a few words.
    """

    line: int
    why: str


@dataclass(slots=True)
class Mark:
    """How far a dump is read: bytes and lines after unpacking, and the last line, by which the dump is known again."""

    offset: int = 0
    lines: int = 0
    last: bytes = b""

    def saved(self) -> Json:
        """As JSON."""
        return {"offset": self.offset, "lines": self.lines, "size": len(self.last), "digest": _digest(self.last)}


#: An item, a line that cannot be read, or None for an entity of another kind.
Read: TypeAlias = Facts | Broken | None


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()[:16]


# Bytes ----------------------------------------------------------------------------------------------------------------


@contextmanager
def opened(dump: str) -> Iterator[io.BufferedReader]:
    """The unpacked bytes of a file or, for ``-``, of standard input.

    Raises:
        InputError: it cannot be opened.
    """
    try:
        raw = sys.stdin.buffer if dump == "-" else Path(dump).open("rb", buffering=BUFFER)
    except OSError as error:
        hint = "name a dump of Wikidata, or - for standard input"
        raise InputError(f"cannot be read ({error.strerror})", where=dump, hint=hint) from error
    try:
        with _reading(dump):
            stream = _unpacked(raw)
        yield stream
    finally:
        if dump != "-":
            raw.close()


def _unpacked(raw: Any) -> io.BufferedReader:
    start: bytes = raw.peek(3)[:3]
    if start[:2] == b"\x1f\x8b":
        return io.BufferedReader(gzip.GzipFile(fileobj=raw), BUFFER)
    if start == b"BZh":
        return io.BufferedReader(bz2.BZ2File(raw), BUFFER)
    return raw  # type: ignore[no-any-return]


@contextmanager
def _reading(dump: str) -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        raise InputError("packed data ends too early", where=dump, hint="fetch the dump again") from error
    except (OSError, zlib.error) as error:
        hint = "check that it is a file that you may read, or fetch it again"
        raise InputError(f"cannot be read ({error})", where=dump, hint=hint) from error


def _lines(stream: io.BufferedReader, dump: str) -> Iterator[bytes]:
    """The lines; of one that is too long, the beginning and then the rest in pieces that end in no line feed."""
    while True:
        with _reading(dump):
            line = stream.readline(MAX_LINE)
        if not line:
            return
        yield line


def forward(stream: io.BufferedReader, saved: Mapping[str, Any], dump: str) -> Mark:
    """Go on from where an earlier reading stood.

    Raises:
        InputError: what stands there is not what was read then.
    """
    left = saved["offset"] - saved["size"]
    with _reading(dump):
        if dump != "-":
            stream.seek(left)
        while dump == "-" and left and (skipped := stream.read(min(left, BUFFER))):
            left -= len(skipped)
        last = stream.read(saved["size"])
    if _digest(last) != saved["digest"]:
        hint = "give that dump again, or write to another folder"
        raise InputError("not the dump that this index was begun from", where=dump, hint=hint)
    return Mark(saved["offset"], saved["lines"], last)


def entities(stream: io.BufferedReader, mark: Mark, dump: str) -> Iterator[Read]:
    """What a dump holds, in its order; the mark moves along.

    Raises:
        InputError: it cannot be read further.
    """
    with _reading(dump):
        start = stream.peek(1)[:1]
    reader = _triples if start in {b"<", b"#", b"_"} else _array
    return reader(_lines(stream, dump), mark)


def _array(lines: Iterable[bytes], mark: Mark) -> Iterator[Read]:
    for line in lines:
        number = mark.lines + 1
        mark.offset, mark.last = mark.offset + len(line), line
        mark.lines += line.endswith(b"\n")
        if text := line.strip(b"[], \t\r\n"):
            yield _entity(text, number)


def _entity(text: bytes, number: int) -> Read:
    try:
        entity = ujson.loads(text.decode())
    except ValueError as error:
        what = "not UTF-8" if isinstance(error, UnicodeDecodeError) else f"not JSON, or cut off ({error})"
        return Broken(number, what)
    try:
        return facts(entity)
    except KeyError as error:
        return Broken(number, f"not an entity as Wikidata writes it (no {error})")
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        return Broken(number, f"not an entity as Wikidata writes it ({error})")


# JSON -----------------------------------------------------------------------------------------------------------------


def facts(entity: Json) -> Facts | None:
    """The facts of an entity of the JSON dump; None if it is no item.

    Raises:
        ValueError, TypeError, KeyError, AttributeError, IndexError: it is not as Wikidata writes it.
    """
    if not isinstance(entity, dict):
        raise TypeError("no object")
    if entity["id"][:1] in {"P", "L", "M"} and entity.get("type") != "item":
        return None
    claims = _map(entity, "claims")
    names = {language: _text(label) for language, label in _map(entity, "labels").items()}
    other = _map(entity, "aliases")
    description = _map(entity, "descriptions").get(ENGLISH)
    title = _map(_map(entity, "sitelinks"), "enwiki")
    return Facts(
        qid=_qid(entity["id"]),
        labels=names,
        aliases=[
            *([_text(title, "title")] if title else []),
            *(_text(alias) for language in (ENGLISH, EVERY) for alias in other.get(language, ())),
        ],
        description=_text(description) if description else "",
        demonyms=[v["text"] for v in _values(claims, DEMONYM) if _text(v, "text") and v["language"] == ENGLISH],
        classes=_items(claims, INSTANCE_OF),
        above=[_item(s["mainsnak"]) for s in _statements(claims, SUBCLASS_OF)],
        countries=_items(claims, COUNTRY),
        citizenships=_items(claims, CITIZENSHIP),
        jurisdictions=_items(claims, JURISDICTION),
        belongs_to=[item for name in BELONGS_TO if name in claims for item in _items(claims, name)],
        coordinates=next(filter(None, map(_point, _values(claims, COORDINATES))), None),
        posts=[_post(statement) for statement in _statements(claims, POSITION_HELD)],
        sitelinks=len(_map(entity, "sitelinks")),
    )


def _map(entity: Json, name: str) -> Json:
    """A part of an entity; an empty one is written as a list, or not at all."""
    found = entity.get(name)
    if found and not isinstance(found, dict):
        raise TypeError(f"{name} of the wrong type")
    return found or {}


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _text(value: Json, name: str = "value") -> str:
    return _string(value[name])


def _qid(value: str) -> str:
    if not _QID.fullmatch(value):
        raise ValueError(f"{value!r:.40} is no item")
    return value


def _statements(claims: Json, property: str) -> list[Json]:
    """The statements of a property that are not deprecated and have a value, preferred ones first."""
    found = [
        statement
        for statement in claims.get(property, ())
        if statement["rank"] != "deprecated" and statement["mainsnak"]["snaktype"] == "value"
    ]
    return sorted(found, key=_rank) if len(found) > 1 else found


def _rank(statement: Json) -> bool:
    return bool(statement["rank"] != "preferred")


def _best(claims: Json, property: str) -> list[Json]:
    """The statements of the best rank, those that have not ended first."""
    if property not in claims:
        return []
    found = _statements(claims, property)
    best = [statement for statement in found if statement["rank"] == found[0]["rank"]]
    return sorted(best, key=_ended) if len(best) > 1 else best


def _ended(statement: Json) -> bool:
    return END in _map(statement, "qualifiers")


def _values(claims: Json, property: str) -> list[Any]:
    return [statement["mainsnak"]["datavalue"]["value"] for statement in _best(claims, property)]


def _items(claims: Json, property: str) -> list[str]:
    return [_item(statement["mainsnak"]) for statement in _best(claims, property)]


def _item(snak: Json) -> str:
    value = snak["datavalue"]["value"]
    return _qid(value["id"] if "id" in value else f"Q{value['numeric-id']}")


def _point(value: Json) -> tuple[float, float] | None:
    return _degrees(value["latitude"], value["longitude"], value.get("globe") or "")


def _degrees(latitude: float, longitude: float, globe: str) -> tuple[float, float] | None:
    place = float(latitude), float(longitude)
    if not (math.isfinite(place[0]) and math.isfinite(place[1])) or abs(place[0]) > 90 or abs(place[1]) > 360:
        raise ValueError("no coordinates on a globe")
    return place if globe in _EARTH else None


def _post(statement: Json) -> Post:
    said = _map(statement, "qualifiers")
    countries = [_item(snak) for name in (JURISDICTION, COUNTRY) for snak in _known(said, name)]
    start, end = (next(map(_date, _known(said, name)), "") for name in (START, END))
    preferred = statement["rank"] == "preferred"
    return Post(_item(statement["mainsnak"]), next(iter(countries), ""), start, end, preferred)


def _known(qualifiers: Json, name: str) -> list[Json]:
    return [snak for snak in qualifiers.get(name, ()) if snak["snaktype"] == "value"]


def _date(snak: Json) -> str:
    """An ISO date as exact as it is known; empty if not even the year is, or if it is before our era."""
    value = snak["datavalue"]["value"]
    found = _DATE.match(value["time"])
    return "-".join(found.groups())[: _KNOWN.get(value["precision"], 0)] if found else ""


# N-Triples ------------------------------------------------------------------------------------------------------------

_TRIPLE = re.compile(rb"(?:<([^<> ]*)>|_:\S+) <([^<> ]*)> (<[^<> ]*>|_:\S+|\".*\"\S*) \.\s*")
_ENTITY = re.compile(rb"https?://www\.wikidata\.org/(?:entity|wiki/Special:EntityData)/([A-Z][0-9A-Z-]*)")
_ABOUT = b"http://schema.org/about"
_OBJECT = re.compile(r"<https?://www\.wikidata\.org/entity/(Q[1-9][0-9]{0,8})>")
_LITERAL = re.compile(r'"(.*)"(?:@([\w-]+)|\^\^<.*>)?', re.DOTALL)
_POINT = re.compile(r"(?:<([^>]*)> )?Point\(([-\d.eE+]+) ([-\d.eE+]+)\)")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def _triples(lines: Iterable[bytes], mark: Mark) -> Iterator[Read]:
    """The entities; the mark stands before the triple that began the next one."""
    found, ahead = Facts(""), replace(mark)
    for line in lines:
        number = ahead.lines + 1
        try:
            subject, predicate, said = _triple(line)
            if subject and subject != found.qid:
                mark.offset, mark.lines, mark.last = ahead.offset, ahead.lines, ahead.last
                yield _finished(found)
                found = Facts(subject)
            if subject and (told := _TOLD.get(predicate)):
                told(found, said.decode())
        except (ValueError, OverflowError) as error:
            yield Broken(number, "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error))
        ahead.offset, ahead.lines, ahead.last = ahead.offset + len(line), number, line
    mark.offset, mark.lines, mark.last = ahead.offset, ahead.lines, ahead.last
    yield _finished(found)


def _triple(line: bytes) -> tuple[str, bytes, bytes]:
    """The entity that a triple tells of, empty if none, with what it says.

    Raises:
        ValueError: it is no triple.
    """
    match = _TRIPLE.fullmatch(line)
    if not match:
        if not line.strip() or line.startswith(b"#"):
            return "", b"", b""
        raise ValueError("not N-Triples, or cut off")
    subject, predicate, said = match.groups()
    entity = _ENTITY.fullmatch(subject or b"")
    if predicate == _ABOUT:
        # The page of a project is not the item, but tells which one it is about; the page of the data is none.
        entity, predicate = _ENTITY.match(said, 1), b"" if entity else _ABOUT
    return entity[1].decode() if entity else "", predicate, said


def _finished(found: Facts) -> Facts | None:
    if not _QID.fullmatch(found.qid):
        return None
    found.sitelinks = found.sitelinks or len(found.labels)
    return found


def _literal(said: str) -> tuple[str, str]:
    """Text and language of a literal.

    Raises:
        ValueError: it is none.
    """
    match = _LITERAL.fullmatch(said)
    if not match:
        raise ValueError(f"{said:.40} is no text")
    text = _ESCAPE.sub(_unescaped, match[1]) if "\\" in match[1] else match[1]
    return text, match[2] or ""


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[3])


def _tell_label(found: Facts, said: str) -> None:
    text, language = _literal(said)
    found.labels[language] = text


def _tell_alias(found: Facts, said: str) -> None:
    text, language = _literal(said)
    found.aliases += [text] * (language in {ENGLISH, EVERY})


def _tell_description(found: Facts, said: str) -> None:
    text, language = _literal(said)
    found.description = text if language == ENGLISH else found.description


def _tell_demonym(found: Facts, said: str) -> None:
    if said.startswith('"'):
        text, language = _literal(said)
        found.demonyms += [text] * (language == ENGLISH)


def _tell_page(found: Facts, said: str) -> None:
    found.sitelinks += 1


def _tell_point(found: Facts, said: str) -> None:
    point = _POINT.fullmatch(_literal(said)[0]) if said.startswith('"') else None
    if point and found.coordinates is None:
        found.coordinates = _degrees(float(point[3]), float(point[2]), point[1] or "")


def _tell_post(found: Facts, said: str) -> None:
    if item := _OBJECT.fullmatch(said):
        found.posts.append(Post(item[1]))


def _telling(name: str) -> Callable[[Facts, str], None]:
    """What adds an item to one of the lists; an unknown value is a blank node and adds none."""

    def tell(found: Facts, said: str) -> None:
        if item := _OBJECT.fullmatch(said):
            getattr(found, name).append(item[1])

    return tell


#: What a predicate tells of an item; another tells nothing that is wanted here.
_TOLD: Mapping[bytes, Callable[[Facts, str], None]] = {
    b"http://www.w3.org/2000/01/rdf-schema#label": _tell_label,
    b"http://www.w3.org/2004/02/skos/core#altLabel": _tell_alias,
    b"http://schema.org/description": _tell_description,
    _ABOUT: _tell_page,
} | {
    f"http://www.wikidata.org/prop/direct/{property}".encode(): tell
    for property, tell in (
        (INSTANCE_OF, _telling("classes")),
        (SUBCLASS_OF, _telling("above")),
        (COUNTRY, _telling("countries")),
        (CITIZENSHIP, _telling("citizenships")),
        (JURISDICTION, _telling("jurisdictions")),
        (COORDINATES, _tell_point),
        (POSITION_HELD, _tell_post),
        (DEMONYM, _tell_demonym),
        *((name, _telling("belongs_to")) for name in BELONGS_TO),
    )
}
