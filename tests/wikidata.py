"""Items as Wikidata's dumps write them, from a few plain facts, and the facts beside this checkout as a dump."""

import json
import lzma
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from kb.linking.build_table import TYPES
from kb.linking.classes import aligned

Json: TypeAlias = dict[str, Any]

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "wikidata"


def entity(qid: str, label: str = "", *, pages: int = 1, **more: Any) -> Json:
    """An item with an English label; ``aliases``, ``description``, ``claims`` and other parts as given."""
    texts = {"labels": label, "descriptions": more.pop("description", "")}
    found: Json = {"type": "item", "id": qid}
    found |= {name: {"en": text(value)} if value else [] for name, value in texts.items()}
    found["aliases"] = {"en": [text(name) for name in more.pop("aliases", ())]} or []
    found["claims"] = more.pop("claims", {})
    found["sitelinks"] = {f"x{n}wiki": {"site": f"x{n}wiki", "title": label} for n in range(pages)}
    return found | more


def text(value: str, language: str = "en") -> dict[str, str]:
    """A label, alias or description."""
    return {"language": language, "value": value}


def claims(**properties: Any) -> Json:
    """Statements by property, whose values are items, or snaks as they are."""
    return {name: [statement(v) for v in listed(value)] for name, value in properties.items()}


def listed(value: Any) -> list[Any]:
    """One value, or several."""
    return value if isinstance(value, list) else [value]


def statement(value: Any, rank: str = "normal", **qualifiers: Any) -> Json:
    """A statement; one that is given already is left as it is."""
    if isinstance(value, dict) and "mainsnak" in value:
        return value
    said = {name: [snak(value)] for name, value in qualifiers.items()}
    return {"mainsnak": snak(value), "type": "statement", "rank": rank} | ({"qualifiers": said} if said else {})


def snak(value: Any) -> Json:
    """A value: an item as "Q5", an ISO date, two degrees, a text in English, "novalue" or "somevalue"."""
    if value in ("novalue", "somevalue"):
        return {"snaktype": value}
    return {"snaktype": "value", "datavalue": {"value": _value(value)}}


def _value(value: Any) -> Json:
    if isinstance(value, tuple):
        return {"latitude": value[0], "longitude": value[1], "globe": "http://www.wikidata.org/entity/Q2"}
    if value[:1] == "Q" and value[1:].isdecimal():
        return {"entity-type": "item", "id": value}
    if value[:4].isdecimal():
        precision = {4: 9, 7: 10, 10: 11}[len(value)]
        return {"time": f"+{(value + '-00-00')[:10]}T00:00:00Z", "precision": precision}
    return {"text": value, "language": "en"}


def lines(entities: Iterable[Json]) -> bytes:
    """A dump in JSON."""
    return b"[\n" + b",\n".join(json.dumps(found).encode() for found in entities) + b"\n]\n"


# The facts beside this checkout ---------------------------------------------------------------------------------------


def facts(limit: int | None = None) -> Iterator[Json]:
    """The items of the folder of facts, which are not as Wikidata writes them."""
    with lzma.open(SHARED / "entities.jsonl.xz", "rt", encoding="utf-8") as stream:
        for number, line in enumerate(stream):
            if number == limit:
                return
            yield json.loads(line)


def terms() -> Mapping[str, list[Json]]:
    """The terms of office of the folder of facts, by person."""
    found = defaultdict(list)
    with lzma.open(SHARED / "positions.jsonl.xz", "rt", encoding="utf-8") as stream:
        for term in map(json.loads, stream):
            found[term["qid"]].append(term)
    return found


def dumped(items: Iterable[Json], held: Mapping[str, list[Json]]) -> Iterator[Json]:
    """The items as a dump has them, with the posts that they held after them."""
    posts: dict[str, str] = {}
    for item in items:
        own = [term for term in held.get(item["qid"], ()) if "position_qid" in term]
        posts |= {term["position_qid"]: term["position"] for term in own}
        yield entity(
            item["qid"],
            item["label"],
            pages=len(item["sources"]),
            aliases=item.get("aliases", ()),
            description=item.get("description", ""),
            claims=_claims(item, own),
        )
    yield from (entity(qid, label, claims=claims(P31="Q4164871")) for qid, label in posts.items())


def _claims(item: Json, own: list[Json]) -> Json:
    said: Json = {"P31": [_class(name) for kind, name in TYPES if kind in item.get("types", ())][:1]}
    if "country" in item:
        said["P27" if "person" in item.get("types", ()) else "P17"] = item["country"]
    if "lat" in item:
        said["P625"] = (item["lat"], item["lon"])
    said["P39"] = [_term(term) for term in own]
    return claims(**said)


def _class(name: str) -> str:
    return aligned()[name].same[0]


def _term(term: Json) -> Json:
    dates = {name: term[key] for name, key in (("P580", "start"), ("P582", "end")) if key in term}
    return statement(term["position_qid"], **dates)
