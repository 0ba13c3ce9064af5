"""Namespaces and the making of IRIs: the one table of prefixes, the newskb terms by name, slugs and digests.

Nothing here knows an article or a syntax. ``KB.Airstrike`` is checked against the vocabulary and fails on a mistyped
name; :func:`expand` takes any term, since ontologies add their own. IRIs made here are legal and ASCII, come from
what they name, and never from a counter or the clock.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from pyoxigraph import NamedNode
from rdflib import URIRef

from kb.errors import OntologyError
from kb.resources import KB as KB_PREFIX
from kb.resources import LEX

#: Where resources are minted unless the user names another place.
BASE = "https://w3id.org/newskb/id/"
WIKIDATA = "http://www.wikidata.org/entity/"

#: Prefix to namespace IRI, for every syntax that has prefixes.
PREFIXES = {
    "ceo": "http://www.newsreader-project.eu/domain-ontology#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "gaf": "http://groundedannotationframework.org/gaf#",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "grasp": "http://groundedannotationframework.org/grasp#",
    "itsrdf": "http://www.w3.org/2005/11/its/rdf#",
    "kb": KB_PREFIX,
    "lex": LEX,
    "nif": "http://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#",
    "np": "http://www.nanopub.org/nschema#",
    "oa": "http://www.w3.org/ns/oa#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "p": "http://www.wikidata.org/prop/",
    "pq": "http://www.wikidata.org/prop/qualifier/",
    "pr": "http://www.wikidata.org/prop/reference/",
    "prov": "http://www.w3.org/ns/prov#",
    "ps": "http://www.wikidata.org/prop/statement/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sem": "http://semanticweb.cs.vu.nl/2009/11/sem/",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spex": "https://purl.expasy.org/sparql-examples/ontology#",
    "time": "http://www.w3.org/2006/time#",
    "void": "http://rdfs.org/ns/void#",
    "wd": WIKIDATA,
    "wdt": "http://www.wikidata.org/prop/direct/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

CLASSES = frozenset(
    "Agent Person Organization Government GovernmentBody ArmedForce ArmedGroup PoliticalParty "
    "InternationalOrganization MediaOrganization Company Place Country Region City Facility Event MilitaryAction "
    "Airstrike Shelling Bombing Shooting ArmedClash Offensive Siege Raid Abduction Capture TroopMovement "
    "ChemicalAttack Agreement Ceasefire PeaceAgreement EvacuationAgreement PrisonerExchange Treaty EconomicAgreement "
    "CooperationAgreement Statement Participant Position Article AgreementStatus Attitude Factuality".split()
)
PROPERTIES = frozenset(
    "agent target place date endDate instrument killed injured captured partOf party mediator status provides "
    "factuality attributedTo speaker text attitude about supports fights leaderOf spokespersonFor memberOf controls "
    "locatedIn holds title positionIn former confidence rule participant participantIn contains hasPart controlledBy ledBy "
    "hasMember hasSpokesperson heldBy formerOrPresentPostIn mediated partyTo said supportedBy".split()
)
INDIVIDUALS = frozenset(
    "Proposed Negotiating Agreed Violated Collapsed Rejected Actual Planned Possible Denied "
    "Reports Criticizes Supports Denies Demands Threatens Promises".split()
)

_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SPLIT = re.compile(r"(.*[#/])([A-Za-z_][A-Za-z0-9_-]*)", re.DOTALL)
_BY_NAMESPACE = {namespace: prefix for prefix, namespace in PREFIXES.items()}


class ClosedNamespace:
    """The terms of one namespace as attributes; a name that is not among them raises ``AttributeError``.

    >>> KB.Airstrike
    rdflib.term.URIRef('https://w3id.org/newskb/ontology#Airstrike')
    """

    def __init__(self, namespace: str, names: frozenset[str]) -> None:
        self._namespace, self._names = namespace, names

    def __getattr__(self, name: str) -> URIRef:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"{self._namespace}{name} is not a term of the vocabulary")
        return URIRef(self._namespace + name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))


#: The newskb ontology.
KB = ClosedNamespace(KB_PREFIX, CLASSES | PROPERTIES | INDIVIDUALS)


def expand(term: str) -> str:
    """The IRI of a term: a local name of the newskb ontology, ``prefix:name`` of the table, or an IRI already.

    Raises:
        OntologyError: none of the three.

    >>> expand("Airstrike"), expand("prov:used")
    ('https://w3id.org/newskb/ontology#Airstrike', 'http://www.w3.org/ns/prov#used')
    """
    prefix, colon, local = term.partition(":")
    if not colon and _LOCAL.fullmatch(term):
        return KB_PREFIX + term
    if colon and prefix in PREFIXES and not local.startswith("//"):
        return PREFIXES[prefix] + quote(local.encode("utf-8", "replace"), safe="-._~")
    if legal(term):
        return term
    raise OntologyError("not a term", where=term, hint="write a local name of the newskb ontology or a full IRI")


def local_name(term: str) -> str:
    """The last part of a term: "Airstrike" of both ``Airstrike`` and its IRI."""
    return re.split(r"[#/:]", term.rstrip("#/:"))[-1]


def shrink(iri: str) -> str | None:
    """``prefix:name`` where the table has the namespace and the name needs no escape, else None.

    >>> shrink("http://www.wikidata.org/entity/Q30")
    'wd:Q30'
    """
    found = _SPLIT.fullmatch(iri)
    prefix = _BY_NAMESPACE.get(found[1]) if found else None
    return f"{prefix}:{found[2]}" if found and prefix else None


def legal(iri: str) -> bool:
    """Whether a text is an absolute IRI by RFC 3987."""
    try:
        NamedNode(iri)
    except (ValueError, UnicodeEncodeError):
        return False
    return True


def web_address(url: str) -> str | None:
    """A web address as a legal ASCII IRI, what is illegal in it percent-encoded; None if it is no such address.

    >>> web_address("https://news.example/a b")
    'https://news.example/a%20b'
    """
    escaped = quote(url.strip().encode("utf-8", "replace"), safe=":/?#@!$&'()*+,;=%~-._")
    escaped = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", escaped)
    return escaped if re.match(r"https?://[^/]", escaped, re.IGNORECASE) and legal(escaped) else None


def part(text: str) -> str:
    """A text as a piece of an IRI, whatever is no ASCII letter, digit, dot or hyphen made a hyphen."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.") or "none"


def slug(text: str, *, limit: int = 60) -> str:
    """A readable ASCII piece of an IRI, cut at a word; empty where the text has no Latin letter or digit.

    >>> slug("Deir el-Zour: a siege's end")
    'deir-el-zour-a-sieges-end'
    """
    plain = unicodedata.normalize("NFKD", re.sub(r"[\u2019']", "", text)).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return words if len(words) <= limit else words[: limit + 1].rpartition("-")[0] or words[:limit]


def normal_name(name: str) -> str:
    """A name without case, accents, punctuation and a leading article: what two spellings of one name share."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold()
    words = re.sub(r"[^\w]+", " ", re.sub(r"[\u2019']s\b", "", plain).replace(".", "")).strip()
    return re.sub(r"^(the|an?) ", "", words) or name


def digest(*parts: object, size: int = 10) -> str:
    """The first hexadecimal digits of the SHA-256 of the parts, kept apart from each other."""
    return hashlib.sha256(ascii(parts).encode("ascii")).hexdigest()[:size]


def named(text: str, key: str) -> str:
    """Slug and digest joined, the digest alone where there is no slug."""
    return "-".join(part for part in (slug(text), key) if part)
