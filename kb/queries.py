"""Stored questions: ``queries/*.rq`` with grlc decorators, their typed parameters, and the asking.

A question is a file of valid SPARQL whose first lines, ``#+ ``, are YAML (https://github.com/CLARIAH/grlc): summary,
description, tags, defaults, enumerate, and ``parameters`` with what each means. Parameters are BASIL variables:
``?_name`` must be given, ``?__name`` may be; the ending is the type (``_iri``, ``_integer``, ``_xsd_date``,
``_xsd_boolean``; text without one). The line ``#= parameters`` becomes VALUES of terms as pyoxigraph writes them, so
that what was typed is never SPARQL but one term. An entity is given as IRI, Wikidata id or name and looked up first.
Some questions have a part for Wikidata (SERVICE, https://www.w3.org/TR/sparql11-federated-query/). It is answered from
the data at hand, in which Wikidata's facts then must be, and by its endpoint only if that is asked for.
"""

import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import srsly
from pyoxigraph import Literal, NamedNode

from kb.errors import QueryError
from kb.resources import data_dir, entries, ontology_files
from kb.store import Answer, Store, Table
from kb.terms import WIKIDATA, local_name

#: What a parameter may be given as.
Value: TypeAlias = str | int | bool | dt.date

_XSD = "http://www.w3.org/2001/XMLSchema#"

#: Types by the ending of a BASIL variable; none is text.
_TYPES: Mapping[str, str] = {
    "": "text",
    "iri": "entity",
    "integer": "integer",
    "xsd_date": "date",
    "xsd_boolean": "boolean",
}

_VARIABLE = re.compile(r"\?(__?)([A-Za-z][A-Za-z0-9]*)(?:_(iri|integer|xsd_date|xsd_boolean))?\b(?!_)")
_PLACE = re.compile(r"^[ \t]*#= parameters[ \t]*$", re.MULTILINE)
#: Where in the part for Wikidata its items become VALUES: an endpoint knows nothing of the rest of the question.
_ITEMS = re.compile(r"^[ \t]*#= items[ \t]*$", re.MULTILINE)
#: What may hold braces and words that say nothing of a query's structure, or only looks like a word of it:
#: https://www.w3.org/TR/sparql11-query/#sparqlGrammar
_OPAQUE = "|".join(
    (
        r'"{3}(?:\\.|[^\\])*?"{3}',
        r"'{3}(?:\\.|[^\\])*?'{3}",
        r'"(?:\\.|[^"\\\n\r])*"',
        r"'(?:\\.|[^'\\\n\r])*'",
        r"\#[^\n\r]*",  # a comment
        r'<[^<>"{}|^`\\\x00-\x20]*>',  # an IRI
        r"[?$]\w+",  # a variable
        r"(?<![\w.-])[\w.-]*:[\w.:%\\-]*",  # a prefixed name
    )
)
_GAP = r"(?:\s|\#[^\n]*\n)*"
#: What makes a group the part of an endpoint.
_SERVICE = re.compile(
    rf"(?P<opaque>{_OPAQUE})|\bSERVICE\b{_GAP}(?:SILENT\b{_GAP})?(?P<endpoint><[^<>\s]*>|[?$]\w+|[\w.-]*:[\w.-]*)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing a question can be narrowed by.

    Attributes:
        name: as the user gives it.
        type: "entity" (IRI, Wikidata id or name), "class" (local name of a class), "date" (YYYY, YYYY-MM or
            YYYY-MM-DD), "integer", "boolean" or "text".
        optional: whether the question can be asked without it.
        default: the value if none is given, or None.
        description: what it means.
        enumerate: the values allowed; empty if any is.
        variable: its SPARQL variable, with "?".
    """

    name: str
    type: str
    optional: bool
    default: str | None
    description: str
    enumerate: tuple[str, ...]
    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A stored query.

    Attributes:
        name: the stem of its file.
        summary: one line.
        description: some sentences.
        tags: sorted.
        parameters: in the order in which the file describes them.
        text: the SPARQL as in the file.
    """

    name: str
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    text: str


def questions(folders: Iterable[Path] = ()) -> tuple[Question, ...]:
    """The stored questions by name; one in a user's folder replaces ours of the same name.

    Raises:
        QueryError: a folder holds no ``*.rq``, or the decorators of a file are not YAML.
    """
    return tuple(read_question(file) for file in _index(folders).values())


def question(name: str, folders: Iterable[Path] = ()) -> Question:
    """The question of a name.

    Raises:
        QueryError: there is none.
    """
    known = _index(folders)
    if name not in known:
        raise QueryError(f'no question "{name}"', hint=_guess(name, known) or f"the questions are {', '.join(known)}")
    return read_question(known[name])


def read_question(file: Path) -> Question:
    """A question from its file.

    Raises:
        QueryError: the file cannot be read, or its decorators are not YAML.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"cannot be read ({error})", where=str(file), hint="check the file") from error
    said = _decorators(text, file)
    return Question(
        name=file.stem,
        summary=str(said.get("summary", "")),
        description=" ".join(str(said.get("description", "")).split()),
        tags=tuple(sorted(str(tag) for tag in _list(said.get("tags")))),
        parameters=_parameters(text, said),
        text=text,
    )


def ask(store: Store, name: str | Question, /, **parameters: Value) -> Answer:
    """The answer of a store to a question, without network: what the question would ask an endpoint, it asks the store.

    Args:
        store: the knowledge base.
        name: of the question, or the question itself.
        parameters: values by parameter name; a trailing "_" is ignored (``from_``).

    Raises:
        QueryError: there is no such question or parameter, a value does not fit, or no entity has the name.
    """
    return store.query(local(_resolved(store, _question(name), parameters)))


def ask_online(store: Store, name: str | Question, /, **parameters: Value) -> Answer:
    """The answer of a store and of the endpoints that the question names, which are asked over the network.

    Args:
        store: the knowledge base.
        name: of the question, or the question itself.
        parameters: as for :func:`ask`.

    Raises:
        QueryError: as :func:`ask`, or an endpoint does not answer.
    """
    return store.query(_with_items(store, _resolved(store, _question(name), parameters)))


def sparql(name: str | Question, /, **parameters: Value) -> str:
    """The SPARQL of a question with its parameters filled; entities must be given as IRIs.

    Raises:
        QueryError: as :func:`ask`, or a name would have to be looked up.

    >>> "VALUES ?__actor_iri { <urn:a> }" in sparql("military-actions", actor="urn:a")
    True
    """
    asked = _question(name)
    return _filled(asked, _checked(asked, parameters), lambda p, value: _terms(asked, p, value))


def services(text: str) -> tuple[str, ...]:
    """The endpoints that a query asks for a part, as it writes them, each once.

    >>> services("SELECT * { ?item ?p ?o SERVICE <https://a.example/{}> { ?item ?q 'SERVICE <urn:b> {' } }")
    ('<https://a.example/{}>',)
    """
    return tuple(dict.fromkeys(match["endpoint"] for match in _SERVICE.finditer(text) if match["endpoint"]))


def local(text: str) -> str:
    """A query in which the part of each endpoint is an ordinary group, for the store to answer.

    >>> local("SELECT * { ?item ?p ?o SERVICE SILENT <https://a.example/> { ?item ?q ?x } }")
    'SELECT * { ?item ?p ?o  { ?item ?q ?x } }'
    """
    return _SERVICE.sub(lambda match: match["opaque"] or "", text)


def resolve(store: Store, name: str) -> tuple[NamedNode, ...]:
    """The entities that an IRI, a Wikidata id or a name means, sorted.

    A name is compared with every ``rdfs:label`` and ``skos:altLabel`` without regard to case and punctuation; what the
    article only describes (participants, events, articles) counts where no entity is called so, then surnames.

    Raises:
        QueryError: nothing is called so, with names that come close.
    """
    iri = _as_iri(name)
    item = re.fullmatch(rf"(?i)<?(?:{re.escape(WIKIDATA)})?(Q[1-9][0-9]*)>?", name.strip())
    if item:
        return _linked(store, item[1].upper())
    return (iri,) if iri else _named(store, name)


def catalogue(asked: Iterable[Question]) -> str:
    """Questions as a Markdown table: name, what it answers, its parameters."""
    rows = [f"| [`{q.name}`]({q.name}.rq) | {q.summary} | {_listed(q.parameters)} |\n" for q in asked]
    return "| question | answers | parameters |\n| --- | --- | --- |\n" + "".join(rows)


def _listed(parameters: Iterable[Parameter]) -> str:
    return ", ".join(f"`{p.name}`" if p.optional else f"**`{p.name}`**" for p in parameters)


# Reading


def _index(folders: Iterable[Path]) -> dict[str, Path]:
    """The files of the questions by name, in the order of the names."""
    found = {file.stem: file for folder in (data_dir("queries"), *folders) for file in _files(folder)}
    return dict(sorted(found.items()))


def _files(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.rq"))
    if not files:
        raise QueryError("no *.rq in this folder", where=str(folder), hint="name a folder that holds stored queries")
    return files


def _decorators(text: str, file: Path) -> dict[str, object]:
    """The YAML of the ``#+ `` lines."""
    lines = [line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+")]
    try:
        said = srsly.yaml_loads("\n".join(lines)) or {}
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise QueryError(f"decorators are not YAML ({reason})", where=str(file), hint='check the "#+" lines') from error
    if not isinstance(said, dict):
        raise QueryError("decorators are no mapping", where=str(file), hint='write "#+ summary: …"')
    return {str(key): value for key, value in said.items()}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _pairs(value: object) -> dict[str, object]:
    """Lists as grlc has them: of one-key mappings, or of bare names."""
    pairs: dict[str, object] = {}
    for item in _list(value):
        pairs.update(item if isinstance(item, dict) else {str(item): None})
    return pairs


def _parameters(text: str, said: Mapping[str, object]) -> tuple[Parameter, ...]:
    defaults, allowed, meant = (_pairs(said.get(key)) for key in ("defaults", "enumerate", "parameters"))
    body = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found = {match[0]: match for match in _VARIABLE.finditer(body)}
    order = {name: i for i, name in enumerate(meant)}
    return tuple(
        Parameter(
            name=match[2],
            type="class" if match[2] in allowed and allowed[match[2]] is None else _TYPES[match[3] or ""],
            optional=match[1] == "__" or match[2] in defaults,
            default=str(defaults[match[2]]) if match[2] in defaults else None,
            description=str(meant.get(match[2], "")),
            enumerate=tuple(_yaml_text(value) for value in _list(allowed.get(match[2]))),
            variable=match[0],
        )
        for match in sorted(found.values(), key=lambda match: order.get(match[2], len(order)))
    )


def _yaml_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# Filling


def _question(name: str | Question) -> Question:
    return name if isinstance(name, Question) else question(name)


def _checked(asked: Question, given: Mapping[str, Value]) -> dict[str, str]:
    """The values as text by parameter name, defaults included.

    Raises:
        QueryError: a parameter is unknown or missing.
    """
    known = {p.name: p for p in asked.parameters}
    values = {name.rstrip("_"): _as_text(value) for name, value in given.items()}
    for name in values.keys() - known.keys():
        hint = f"it takes {', '.join(known)}" if known else "it takes none"
        raise QueryError(f'no parameter "{name}"', where=asked.name, hint=hint)
    values = {p.name: p.default for p in asked.parameters if p.default is not None} | values
    for p in asked.parameters:
        if not p.optional and p.name not in values:
            raise QueryError(f'the parameter "{p.name}" is missing', where=asked.name, hint=f"give {_wanted(p)}")
    return values


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat()[:10] if isinstance(value, dt.date) else str(value)


_Terms: TypeAlias = Sequence[NamedNode | Literal]


def _filled(asked: Question, values: Mapping[str, str], terms: Callable[[Parameter, str], _Terms]) -> str:
    clauses = [
        f"VALUES {p.variable} {{ {' '.join(map(str, terms(p, values[p.name])))} }}"
        for p in asked.parameters
        if p.name in values
    ]
    return _PLACE.sub(lambda _: "  " + " ".join(clauses), asked.text) if clauses else asked.text


def _with_items(store: Store, text: str) -> str:
    """A query whose parts for Wikidata are of the items that the store is linked to, and of no other."""
    return _ITEMS.sub(lambda _: f"VALUES ?item {{ {' '.join(map(str, _items(store)))} }}", text)


def _items(store: Store) -> list[NamedNode]:
    return [NamedNode(iri) for iri in _column(store, _LINKS) if iri.startswith(WIKIDATA + "Q")]


_LINKS = """PREFIX owl: <http://www.w3.org/2002/07/owl#>
SELECT DISTINCT ?item WHERE { ?entity owl:sameAs ?item } ORDER BY ?item"""


def _resolved(store: Store, asked: Question, given: Mapping[str, Value]) -> str:
    """The SPARQL of a question with its parameters filled, names looked up in a store."""
    return _filled(asked, _checked(asked, given), lambda p, value: _looked_up(store, asked, p, value))


def _looked_up(store: Store, asked: Question, p: Parameter, value: str) -> _Terms:
    if p.type == "entity":
        return resolve(store, value)
    if p.type == "class":
        return (Literal(_class(store, asked, p, value)),)
    return _terms(asked, p, value)


def _terms(asked: Question, p: Parameter, value: str) -> _Terms:
    """The term of a value, without a store to look anything up."""
    if p.enumerate:
        value = _enumerated(asked, p, value)
    term = _READERS[p.type](value)
    if term is None:
        what = f'"{value}" does not fit the parameter "{p.name}"'
        raise QueryError(what, where=asked.name, hint=f"give {_wanted(p)}")
    return (term,)


def _enumerated(asked: Question, p: Parameter, value: str) -> str:
    found = {allowed.lower(): allowed for allowed in p.enumerate}.get(value.lower())
    if found is None:
        what = f'"{value}" is no value of the parameter "{p.name}"'
        raise QueryError(what, where=asked.name, hint=f"choose one of {', '.join(p.enumerate)}")
    return found


def _class(store: Store, asked: Question, p: Parameter, value: str) -> str:
    """A class of the data or of the ontology by its local name or IRI.

    Raises:
        QueryError: neither knows it.
    """
    value = local_name(value.strip("<>")) if "://" in value else value
    known = {local_name(iri): local_name(iri) for iri in _column(store, _CLASSES)}
    if value.lower() not in (name.lower() for name in known):
        known |= {e.id: e.id for e in entries(ontology_files()) if _OWL_CLASS in e.all(_RDF_TYPE)}
    found = {name.lower(): name for name in known}.get(value.lower())
    if found is None:
        hint = _guess(value, known) or "give the local name of a class, such as Airstrike"
        raise QueryError(f'no class "{value}"', where=f"{asked.name}, {p.name}", hint=hint)
    return found


_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_OWL_CLASS = "http://www.w3.org/2002/07/owl#Class"
_CLASSES = "SELECT DISTINCT ?class WHERE { ?thing a ?class } ORDER BY ?class"


def _as_iri(value: str) -> NamedNode | None:
    """An absolute IRI, with or without angle brackets; None if it is none."""
    text = value.strip().removeprefix("<").removesuffix(">")
    if not re.match(r"(?i)[a-z][a-z0-9+.-]*://|urn:", text):
        return None
    try:
        return NamedNode(text)
    except ValueError as error:
        raise QueryError("not a valid IRI", where=value, hint="percent-encode spaces and brackets") from error


def _as_date(value: str) -> Literal | None:
    """A date as exact as it is given."""
    kind = {4: "gYear", 7: "gYearMonth", 10: "date"}.get(len(value))
    try:
        dt.date.fromisoformat((value + "-01-01")[:10])
    except ValueError:
        return None
    fits = kind and re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", value)
    return Literal(value, datatype=NamedNode(_XSD + kind)) if fits and kind else None


def _as_integer(value: str) -> Literal | None:
    return Literal(int(value)) if re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()) else None


def _as_boolean(value: str) -> Literal | None:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(value.lower())
    return None if known is None else Literal(known)


_READERS: Mapping[str, Callable[[str], NamedNode | Literal | None]] = {
    "text": Literal,
    "class": Literal,
    "entity": _as_iri,
    "date": _as_date,
    "integer": _as_integer,
    "boolean": _as_boolean,
}

_WANTED: Mapping[str, str] = {
    "text": "a text",
    "class": "the local name of a class, such as Airstrike",
    "entity": "an IRI, a Wikidata id or a name",
    "date": "a date as YYYY, YYYY-MM or YYYY-MM-DD",
    "integer": "a whole number",
    "boolean": "true or false",
}


def _wanted(p: Parameter) -> str:
    return f"one of {', '.join(p.enumerate)}" if p.enumerate else _WANTED[p.type]


# Looking entities up

#: A post without a name that is matched with a person is not the person.
_LINKED = """PREFIX kb: <https://w3id.org/newskb/ontology#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?entity WHERE {
  ?entity owl:sameAs|skos:closeMatch %s .
  FILTER NOT EXISTS { ?entity a kb:Participant }
}
ORDER BY ?entity"""

#: Without case, punctuation and white space, so that "US" is "U.S." and "Deir el-Zour" is "Deir el Zour".
_KEY = r"""REPLACE(LCASE(STR(%s)), "[\\s.,;:'\"\u2018\u2019\u201C\u201D()/_-]", "")"""

_NAMED = f"""PREFIX kb: <https://w3id.org/newskb/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?entity ?described WHERE {{
  VALUES ?name {{ %s }}
  ?entity rdfs:label|skos:altLabel ?label .
  FILTER({_KEY % "?label"} = {_KEY % "?name"})
  FILTER(!STRSTARTS(STR(?entity), "{WIKIDATA}"))
  BIND(EXISTS {{ ?entity a ?kind . FILTER(?kind IN (kb:Participant, kb:Event, kb:Article)) }} AS ?described)
}}
ORDER BY ?entity"""

#: Persons by the last word of their names.
_SURNAMED = f"""PREFIX kb: <https://w3id.org/newskb/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?entity WHERE {{
  VALUES ?name {{ %s }}
  ?entity a kb:Person ; rdfs:label ?label .
  FILTER(CONTAINS(STR(?label), " "))
  BIND(REPLACE(STR(?label), "^.*[ ]", "") AS ?surname)
  FILTER({_KEY % "?surname"} = {_KEY % "?name"})
}}
ORDER BY ?entity"""

_NAMES = """PREFIX kb: <https://w3id.org/newskb/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?name WHERE {
  ?entity a ?kind ; rdfs:label|skos:altLabel ?name .
  FILTER(?kind IN (kb:Agent, kb:Place, kb:Country))
}
ORDER BY ?name"""


def _linked(store: Store, qid: str) -> tuple[NamedNode, ...]:
    item = NamedNode(WIKIDATA + qid)
    found = tuple(NamedNode(iri) for iri in _column(store, _LINKED % item))
    if not found:
        hint = "linked-entities lists the items that there are"
        raise QueryError(f"no entity is linked to {qid}", hint=hint)
    return found


def _named(store: Store, name: str) -> tuple[NamedNode, ...]:
    spellings = {name, re.sub(r"(?i)^the\s+", "", name.strip())}
    table = store.query(_NAMED % " ".join(str(Literal(text)) for text in sorted(spellings)))
    rows = table.rows if isinstance(table, Table) and re.search(r"\w", name) else ()
    entities = [row[0] for row in rows if getattr(row[1], "value", "") != "true"]
    found = [node for node in entities or [row[0] for row in rows] if isinstance(node, NamedNode)]
    found = found or _surnamed(store, name)
    if not found:
        hint = _guess(name, _column(store, _NAMES)) or "entities lists the names that there are"
        raise QueryError(f'nothing is called "{name}"', hint=hint)
    return tuple(found)


def _surnamed(store: Store, name: str) -> list[NamedNode]:
    """The persons with this surname, for a name that no entity bears as a whole."""
    if not re.fullmatch(r"\W*\w[\w'’-]+\W*", name):
        return []
    table = store.query(_SURNAMED % Literal(name.strip()))
    return [row[0] for row in table.rows if isinstance(row[0], NamedNode)] if isinstance(table, Table) else []


def _column(store: Store, query: str) -> list[str]:
    """The texts of the first column."""
    table = store.query(query)
    return [str(getattr(row[0], "value", "")) for row in table.rows] if isinstance(table, Table) else []


def _guess(word: str, known: Iterable[str]) -> str:
    """Up to five known words that come close, as a hint; empty if none does."""
    texts = {text.casefold(): text for text in known}
    folded = word.casefold().strip()
    parts = [key for key in texts if len(folded) > 2 and folded in key]
    close = dict.fromkeys([*difflib.get_close_matches(folded, texts, n=5, cutoff=0.6), *sorted(parts, key=len)])
    names = ", ".join(f'"{texts[key]}"' for key in list(close)[:5])
    return f"did you mean {names}?" if names else ""
