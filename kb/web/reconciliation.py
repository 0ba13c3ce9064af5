"""What the reconciliation service answers, from the linking table: https://reconciliation-api.github.io/specs/0.2/.

Values in, JSON objects out; HTTP is not known here. Candidates are found and scored as the linker does for an entity of
an article, which here has no text: the query is its name, the types are its class, a property such as its country stands
for the countries that an article speaks of. A candidate is a match where the linker would be confident.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kb import model
from kb.errors import QueryError
from kb.gazetteer import Gazetteer, Item, Term
from kb.linking.classes import WIKIDATA, Aligned, aligned, classes_of
from kb.linking.disambiguation import ANYTHING, SAME, Candidate, Scene, candidates, probability, verdict
from kb.web import pages
from kb.web.properties import PROPERTIES, STANDARD, Extension, Json, extended

NAME = "newskb: Wikidata items in the news"
#: Queries in a batch, candidates for a query (at most, and where none is asked for), suggestions at a time.
BATCH, MOST_CANDIDATES, CANDIDATES, SUGGESTIONS = 50, 50, 10, 20
#: A query longer than this, in characters, is no name.
LONGEST_QUERY = 300
#: What the score of a candidate is worth that belongs to another country than the query says.
OTHER_COUNTRY = 0.5
#: Size of a preview in pixels.
WIDTH, HEIGHT = 400, 200

#: Where Wikidata shows an item.
_VIEW = "https://www.wikidata.org/wiki/"
_QID = re.compile(r"Q[1-9][0-9]{0,15}")
_YEAR = re.compile(r"-?[0-9]+")
_NO_ARTICLE = model.Article(name="", title=None, body="")


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a batch.

    Attributes:
        name: what to look for: a name, or the id of an item.
        classes: our classes that the entity may have; empty if any.
        strange: whether a type was asked for that we do not know, so that no candidate can be a sure match.
        countries: names or ids of countries that it belongs to.
        limit: most candidates wanted.
    """

    name: str
    classes: tuple[str, ...] = ()
    strange: bool = False
    countries: tuple[str, ...] = ()
    limit: int = CANDIDATES


def parse(queries: object) -> dict[str, Query]:
    """The queries of a batch by their ids.

    Args:
        queries: the batch as JSON has it.

    Raises:
        QueryError: it is none; the message says which query is wrong, and how.
    """
    if not isinstance(queries, dict):
        raise QueryError("not an object of queries", where="queries", hint='send {"q0": {"query": "a name"}}')
    return {key: _query(key, query) for key, query in queries.items()}


def _query(key: str, query: object) -> Query:
    if not isinstance(query, dict):
        raise _wrong(key, "not an object")
    if "query" not in query and not query.get("properties"):
        raise _wrong(key, 'neither "query" nor "properties"')
    name = query.get("query", "")
    if not isinstance(name, str):
        raise _wrong(key, '"query" is no text')
    types = _types(key, query.get("type"))
    found = tuple(dict.fromkeys(cls for type_id in types for cls in classes_of(type_id)))
    countries = tuple(_countries(key, query.get("properties")))
    return Query(name.strip(), found, bool(types) and not found, countries, _limit(key, query.get("limit")))


def _wrong(key: str, what: str) -> QueryError:
    return QueryError(what, where=f"query {key[:60]}", hint=f"see {STANDARD}")


def _types(key: str, given: object) -> list[str]:
    """The types of a query: one id, an object with an id, or a list of either."""
    listed = given if isinstance(given, list) else [] if given is None else [given]
    ids = [entry.get("id") if isinstance(entry, dict) else entry for entry in listed]
    if not all(isinstance(type_id, str) for type_id in ids):
        raise _wrong(key, '"type" is no id of a class')
    return [type_id for type_id in ids if isinstance(type_id, str) and type_id]


def _countries(key: str, given: object) -> Iterator[str]:
    """The countries among the properties of a query; others leave it as it is.

    Each property that narrows a query says a country.
    """
    listed = [] if given is None else given
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise _wrong(key, '"properties" is no list of objects')
    if not all(isinstance(entry.get("pid"), str) for entry in listed):
        raise _wrong(key, '"properties" has one without a "pid"')
    for entry in listed:
        if (known := PROPERTIES.get(entry["pid"])) and known.narrows:
            yield from _texts(entry.get("v"))


def _texts(value: object) -> Iterator[str]:
    """The names and ids among the values of a property: one, or a list."""
    for one in value if isinstance(value, list) else [value]:
        text = one.get("id") if isinstance(one, dict) else one
        if isinstance(text, str) and text.strip():
            yield text.strip()


def _limit(key: str, given: object) -> int:
    """How many candidates are wanted; a client that sets no limit may say 0."""
    if given is None:
        return CANDIDATES
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given // 1:
        raise _wrong(key, '"limit" is no whole number')
    return min(int(given), MOST_CANDIDATES) if given > 0 else CANDIDATES


class Service:
    """The service on one linking table.

    Args:
        gazetteer: where items are looked up.
        version: of the software.
    """

    def __init__(self, gazetteer: Gazetteer, *, version: str = "") -> None:
        self._gazetteer, self._version = gazetteer, version

    def manifest(self, base: str) -> Json:
        """What the service offers.

        Args:
            base: its address as the client sees it, without a slash at the end.
        """
        return {
            "versions": ["0.1", "0.2"],
            "name": NAME,
            "identifierSpace": WIKIDATA,
            "schemaSpace": "http://www.wikidata.org/prop/direct/",
            "documentation": f"{base}/",
            "serviceVersion": self._version,
            "defaultTypes": [_typed(cls) for cls in aligned().values()],
            "view": {"url": _VIEW + "{{id}}"},
            "preview": {"url": f"{base}/preview?id={{{{id}}}}", "width": WIDTH, "height": HEIGHT},
            "suggest": {
                kind: {
                    "service_url": base,
                    "service_path": f"/suggest/{kind}",
                    "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
                }
                for kind in ("entity", "type", "property")
            },
            "extend": {"propose_properties": {"service_url": base, "service_path": "/properties"}},
            "batchSize": BATCH,
        }

    def reconcile(self, queries: Mapping[str, Query]) -> Json:
        """The candidates for each query of a batch, best first."""
        return {key: {"result": self._candidates(query)} for key, query in queries.items()}

    def _candidates(self, query: Query) -> list[Json]:
        if item := self._by_id(query.name):
            return [_candidate(Candidate(item, 1.0, 1.0, 1.0, (), 1.0), match=True)]
        wanted = frozenset(self._country_ids(query.countries))
        ranked = self._ranked(query, wanted) if len(query.name) <= LONGEST_QUERY else []
        said = verdict(ranked, probability(_entity(query.name, ANYTHING), ranked))
        sure = said == SAME and not query.strange and not _elsewhere(ranked[0].item, wanted)
        return [_candidate(found, match=sure and found is ranked[0]) for found in ranked[: query.limit]]

    def _by_id(self, text: str) -> Item | None:
        return self._gazetteer.item(text) if _QID.fullmatch(text) else None

    def _country_ids(self, names: Iterable[str]) -> Iterator[str]:
        """The items of countries given by id, name or adjective; others are left out."""
        for name in names:
            known = self._by_id(name) or self._gazetteer.demonym(name)
            found = [known] if known else self._gazetteer.lookup(name)
            yield from (item.qid for item in found if item.cls == "Country")

    def _ranked(self, query: Query, countries: frozenset[str]) -> list[Candidate]:
        scene, best = Scene(Counter(countries), _NO_ARTICLE), dict[str, Candidate]()
        for cls in query.classes or (ANYTHING,):
            for found in candidates(_entity(query.name, cls), scene, self._gazetteer):
                score = found.score * (OTHER_COUNTRY if _elsewhere(found.item, countries) else 1.0)
                if found.item.qid not in best or best[found.item.qid].score < score:
                    best[found.item.qid] = replace(found, score=score)
        return sorted(best.values(), key=lambda c: (-c.score, -c.item.prior, c.item.qid))

    def suggest_entities(self, prefix: str, cursor: int = 0) -> Json:
        """The items with a name that begins with a prefix, or that the prefix is the id of.

        Args:
            prefix: what was typed.
            cursor: how many suggestions to skip.
        """
        exact = self._by_id(prefix.strip())
        found = [exact] if exact else self._gazetteer.starting(prefix, cursor + SUGGESTIONS)
        return {"result": [_suggestion(item) for item in found[cursor : cursor + SUGGESTIONS]]}

    def suggest_types(self, prefix: str, cursor: int = 0) -> Json:
        """The classes with a label or id that begins with a prefix."""
        rows = [(cls.id, cls.label, cls.comment) for cls in aligned().values()]
        return _suggested(rows, prefix, cursor)

    def suggest_properties(self, prefix: str, cursor: int = 0) -> Json:
        """The properties with a label or id that begins with a prefix."""
        narrowing = " (narrows a query)"
        rows = [(p.id, p.name, p.description + narrowing * p.narrows) for p in PROPERTIES.values()]
        return _suggested(rows, prefix, cursor)

    def extend(self, asked: Extension) -> Json:
        """The values of properties of items."""
        items = {qid: item for qid in asked.ids if (item := self._by_id(qid))}
        return extended(asked, items, self._gazetteer)

    def welcome(self, base: str, text: str = "") -> str:
        """The first page for people, with what the table has for a name.

        Args:
            base: address of the service, without a slash at the end.
            text: the name, or the id of an item; empty if nothing is looked for.
        """
        return pages.welcome(NAME, f"{base}/reconcile", STANDARD, self._search(text.strip()), longest=LONGEST_QUERY)

    def _search(self, text: str) -> pages.Search:
        best = self._candidates(Query(text)) if text else []
        offered = {candidate["id"] for candidate in best}
        others = [item for item in self.suggest_entities(text)["result"] if item["id"] not in offered] if text else []
        return pages.Search(text, tuple(map(_found, best)), tuple(map(_found, others)))

    def preview(self, qid: str) -> str | None:
        """A small HTML page on an item; None if the table has it not."""
        item = self._by_id(qid)
        return pages.preview(item.label, item.qid, _VIEW + item.qid, list(self._facts(item))) if item else None

    def flyout_entity(self, qid: str) -> str | None:
        """A piece of HTML on an item; None if the table has it not."""
        item = self._by_id(qid)
        return pages.flyout(item.label, item.qid, list(self._facts(item))) if item else None

    def flyout_type(self, type_id: str) -> str | None:
        """A piece of HTML on a class; None if it is unknown."""
        known = next((aligned()[name] for name in classes_of(type_id)), None)
        return pages.flyout(known.label, type_id, [("", known.comment)]) if known else None

    def flyout_property(self, pid: str) -> str | None:
        """A piece of HTML on a property; None if it is unknown."""
        known = PROPERTIES.get(pid)
        return pages.flyout(known.name, pid, [("", known.description)]) if known else None

    def _facts(self, item: Item) -> Iterator[tuple[str, str]]:
        """What the table says of an item beside its label."""
        yield "", " · ".join(self._kind(item))
        yield "", item.description
        yield "posts", "; ".join(map(_held, self._gazetteer.terms(item.qid)))
        yield "demonyms", ", ".join(self._gazetteer.demonyms(item.qid))
        yield "also", ", ".join(self._gazetteer.aliases(item.qid))

    def _kind(self, item: Item) -> Iterator[str]:
        """What kind of thing it is, and where."""
        yield aligned()[item.cls].label if item.cls in aligned() else item.cls
        if item.country and item.country != item.qid and (country := self._gazetteer.item(item.country)):
            yield country.label
        if item.coordinates:
            latitude, longitude = item.coordinates
            yield f"{abs(latitude)}° {'N' if latitude >= 0 else 'S'}, {abs(longitude)}° {'E' if longitude >= 0 else 'W'}"


def _entity(name: str, cls: str) -> model.Entity:
    return model.Entity(key="", cls=cls, label=name, names=(), mentions=())


def _elsewhere(item: Item, countries: frozenset[str]) -> bool:
    """Whether an item belongs to another country than those asked for."""
    own = item.qid if item.cls == "Country" else item.country
    return bool(countries) and own is not None and own not in countries


def _typed(cls: Aligned) -> Json:
    broader = [{"id": aligned()[name].id, "name": aligned()[name].label} for name in cls.broader if name in aligned()]
    return {"id": cls.id, "name": cls.label, "broader": broader}


def _type(cls: str) -> Json:
    known = aligned().get(cls)
    return {"id": known.id, "name": known.label} if known else {"id": cls, "name": cls}


def _candidate(found: Candidate, *, match: bool) -> Json:
    return {
        "id": found.item.qid,
        "name": found.item.label,
        "description": found.item.description,
        "score": round(100 * min(1.0, found.score), 1),
        "match": match,
        "type": [_type(found.item.cls)],
        "features": [{"id": "name", "value": found.quality}, {"id": "prior", "value": found.item.prior}],
    }


def _suggestion(item: Item) -> Json:
    return {
        "id": item.qid,
        "name": item.label,
        "description": item.description or aligned()[item.cls].label,
        "notable": [_type(item.cls)],
    }


def _suggested(rows: Iterable[tuple[str, str, str]], prefix: str, cursor: int) -> Json:
    wanted = prefix.strip().casefold()
    fitting = [row for row in rows if any(text.casefold().startswith(wanted) for text in row[:2])]
    shown = fitting[cursor : cursor + SUGGESTIONS]
    return {"result": [{"id": key, "name": label, "description": comment} for key, label, comment in shown]}


def _found(said: Json) -> pages.Found:
    """A candidate or a suggestion as the first page shows it."""
    types = [kind["name"] for kind in said.get("type") or said["notable"]]
    score = [f"score {said['score']}"] if "score" in said else []
    match = ["a match"] if said.get("match") else []
    described = said["description"]
    return pages.Found(said["id"], said["name"], (*types, *score, *match), described if described not in types else "")


def _held(term: Term) -> str:
    """A post with the years in which it was held, as far as they are known."""
    start, end = (found[0] if (found := _YEAR.match(date or "")) else "" for date in (term.start, term.end))
    years = start if start == end else f"{start}–{end}"
    return f"{term.title} ({years})" if years else term.title
