"""Asks a service on the web which Wikidata item a name means; only where the user wants it.

Two kinds of services are known: the W3C Reconciliation Service API (https://reconciliation-api.github.io/specs/0.2/) and
the action ``wbsearchentities`` of MediaWiki (https://www.wikidata.org/w/api.php?action=help&modules=wbsearchentities).
Requests are few, slow and cached. What a service proposes becomes a link only where nothing speaks against it: a wrong
link is worse than none. RDF is not known here.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Any, TypeAlias

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, LocationParseError, MaxRetryError, ResponseError
from urllib3.util import Retry, Timeout, parse_url

from kb.errors import InputError, OutputError
from kb.gazetteer import key
from kb.linking.classes import aligned, classes_of
from kb.linking.disambiguation import SAME_FAMILY, agreement
from kb.model import Link

#: The reconciliation service of Wikidata.
WIKIDATA_SERVICE = "https://wikidata.reconci.link/en/api"
#: Where the project is found, unless the metadata of the package say.
HOMEPAGE = "https://w3id.org/newskb"
#: Questions in a request to a reconciliation service, and candidates wanted for each.
BATCH, CANDIDATES = 10, 5
#: Hits wanted of a search.
HITS = 10
#: A candidate below this score, in [0, 1], is none; one that is closer than this to the best is a rival.
PLAUSIBLE, NEAR = 0.5, 0.15
#: What a search hit is worth whose label, or other name, is the name asked for; a search gives no scores.
LABEL_HIT, ALIAS_HIT = 0.6, 0.55
#: The first pause before another attempt, the longest, and the longest that a service may ask for, in seconds.
FIRST_WAIT, MAX_WAIT = 1.0, 120
#: Longest time to wait for an answer, in seconds.
MAX_TIMEOUT = 3600
#: Answers that may be better the next time: https://www.rfc-editor.org/rfc/rfc9110#name-status-codes
_TRANSIENT = frozenset((429, 500, 502, 503, 504))

_QID = re.compile(r"Q[1-9][0-9]{0,15}")
#: What a header may hold, by which the comment of a user agent is not ended.
_CONTACT = re.compile(r"[\x21-\x27\x2a-\x7e][\x20-\x27\x2a-\x7e]{0,199}")
_ERROR_NUMBER = re.compile(r"\[Errno -?[0-9]+\] ")

Json: TypeAlias = dict[str, Any]
#: Called with each question that has its answer.
Progress: TypeAlias = Callable[[object], None]


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """What a service is asked.

    Attributes:
        name: of the entity.
        cls: its class, a term of the ontology.
    """

    name: str
    cls: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate that a service names.

    Attributes:
        qid: "Q…".
        score: in [0, 1].
        match: whether the service is sure.
        classes: our classes that its types mean; empty if none is known.
    """

    qid: str
    score: float
    match: bool
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a service is asked.

    Attributes:
        contact: an address of the user for the operator of the service, or empty.
        rate: most requests a second.
        timeout: seconds to wait for a connection, and for an answer.
        retries: attempts after the first, with longer and longer pauses between them.
    """

    contact: str = ""
    rate: float = 1.0
    timeout: float = 30.0
    retries: int = 4


# What is decided ------------------------------------------------------------------------------------------------------


def decide(question: Question, proposals: Iterable[Proposal]) -> Link | None:
    """The link that proposals are worth.

    It is confident where the service is sure of one item, its class agrees and no other is near; unsure where one item
    alone is plausible. Items of another class are none.
    """
    plausible = [p for p in proposals if p.score >= PLAUSIBLE and not _contradicts(question, p)]
    if not plausible:
        return None
    best, *others = sorted(plausible, key=lambda p: (-p.score, p.qid))
    rivals = [p for p in others if p.match or best.score - p.score < NEAR]
    if best.match and not rivals and _agreement(question, best) > SAME_FAMILY:
        return Link(qid=best.qid, score=best.score, confident=True)
    return None if others else Link(qid=best.qid, score=best.score, confident=False)


def _agreement(question: Question, proposal: Proposal) -> float:
    return max((agreement(question.cls, cls) for cls in proposal.classes), default=0.0)


def _contradicts(question: Question, proposal: Proposal) -> bool:
    return bool(proposal.classes) and _agreement(question, proposal) == 0.0


# The services ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Service:
    """How questions are put to one kind of service.

    Attributes:
        batch: most questions in a request.
        query: what is asked about one question; this and the endpoint are what an answer is kept under.
        request: method and form fields of a request with some queries.
        results: the raw result of each of so many queries in an answer.
        proposals: what a raw result proposes.

    The last two raise ``ValueError``, ``KeyError``, ``TypeError`` or ``AttributeError`` where an answer has a wrong shape.
    """

    batch: int
    query: Callable[[Question], Json]
    request: Callable[[Sequence[Json]], tuple[str, dict[str, str]]]
    results: Callable[[Any, int], list[list[Json]]]
    proposals: Callable[[Question, list[Json]], list[Proposal]]


def service_of(endpoint: str) -> Service:
    """A search where the address ends in ``api.php``, as MediaWiki's does, else a reconciliation service."""
    return SEARCH if endpoint.endswith("api.php") else RECONCILIATION


def _reconciliation_query(question: Question) -> Json:
    cls = aligned().get(question.cls)
    wanted = {"type": cls.same[0]} if cls and cls.same else {}
    return {"query": question.name, "limit": CANDIDATES, **wanted}


def _reconciliation_request(queries: Sequence[Json]) -> tuple[str, dict[str, str]]:
    return "POST", {"queries": _text({f"q{number}": query for number, query in enumerate(queries)})}


def _reconciliation_results(answer: Any, count: int) -> list[list[Json]]:
    return [list(answer[f"q{number}"]["result"]) for number in range(count)]


def _reconciled(_question: Question, result: list[Json]) -> list[Proposal]:
    return [proposal for candidate in result if (proposal := _candidate(candidate))]


def _candidate(candidate: Json) -> Proposal | None:
    """A candidate with a Wikidata item; scores are taken to go up to 100, as those of Wikidata's service do."""
    qid, score = candidate["id"], candidate["score"]
    if not isinstance(qid, str) or isinstance(score, bool) or not isinstance(score, int | float):
        raise TypeError("a candidate without id and score")
    given = candidate.get("type") or []
    types = [kind["id"] if isinstance(kind, dict) else kind for kind in ([given] if isinstance(given, str) else given)]
    classes = tuple(dict.fromkeys(cls for kind in types for cls in classes_of(kind)))
    share = min(1.0, max(0.0, score / 100))  # in this order NaN becomes 0
    return Proposal(qid, share, candidate.get("match") is True, classes) if _QID.fullmatch(qid) else None


def _search_query(question: Question) -> Json:
    return {"search": question.name, "language": "en", "type": "item", "limit": HITS}


def _search_request(queries: Sequence[Json]) -> tuple[str, dict[str, str]]:
    fixed = {"action": "wbsearchentities", "format": "json"}
    return "GET", fixed | {name: str(value) for name, value in queries[0].items()}


def _search_results(answer: Any, _count: int) -> list[list[Json]]:
    return [list(answer["search"])]


def _found(question: Question, hits: list[Json]) -> list[Proposal]:
    """The hits of this very name; a search says no class, so that none of them is sure."""
    return [
        Proposal(hit["id"], score, match=False, classes=())
        for hit in hits
        if _QID.fullmatch(hit["id"]) and (score := _hit_score(question, hit))
    ]


def _hit_score(question: Question, hit: Json) -> float:
    wanted = key(question.name)
    if wanted and key(hit.get("label") or "") == wanted:
        return LABEL_HIT
    return ALIAS_HIT if wanted and wanted in map(key, hit.get("aliases") or ()) else 0.0


RECONCILIATION = Service(BATCH, _reconciliation_query, _reconciliation_request, _reconciliation_results, _reconciled)
SEARCH = Service(1, _search_query, _search_request, _search_results, _found)


# Asking ---------------------------------------------------------------------------------------------------------------


class Client:
    """Asks one service, slowly, and remembers its answers on disk.

    Args:
        endpoint: address of the service.
        cache: folder in which answers are kept; remove it to ask anew.
        manners: how it is asked.

    Raises:
        InputError: the endpoint is no web address, the contact cannot stand in a header, or a number makes no sense.
    """

    def __init__(self, endpoint: str = WIKIDATA_SERVICE, *, cache: Path, manners: Manners | None = None) -> None:
        self.endpoint, self._manners = _address(endpoint), _sensible(manners or Manners())
        self.service, self._cache = service_of(endpoint), Cache(cache)
        self._pool = urllib3.PoolManager(
            headers={"User-Agent": user_agent(self._manners.contact), "Accept": "application/json"},
            timeout=Timeout(connect=self._manners.timeout, read=self._manners.timeout),
            retries=_retries(self._manners.retries),
        )
        self._next = 0.0

    def links(
        self, questions: Iterable[Question], *, progress: Progress | None = None
    ) -> Iterator[tuple[Question, Link]]:
        """The questions that have a link, with it, as their answers come.

        Raises:
            InputError: the service does not answer, or not as it should; earlier answers have been given and kept.
            OutputError: the cache cannot be written.
        """
        for question, proposals in self.proposals(questions):
            if progress:
                progress(question)
            if link := decide(question, proposals):
                yield question, link

    def proposals(self, questions: Iterable[Question]) -> Iterator[tuple[Question, list[Proposal]]]:
        """What the service proposes for each question; first those whose answers are at hand. Raises as :meth:`links`."""
        missing: list[Question] = []
        for question in dict.fromkeys(questions):
            known = self._cached(question)
            if known is None:
                missing.append(question)
            else:
                yield question, known
        for begin in range(0, len(missing), self.service.batch):
            yield from self._asked(missing[begin : begin + self.service.batch])

    def _cached(self, question: Question) -> list[Proposal] | None:
        """What was answered before; None if nothing was, or what is kept is damaged."""
        result = self._cache.get(self.endpoint, self.service.query(question))
        if result is None:
            return None
        try:
            return self.service.proposals(question, result)
        except _MISSHAPEN:
            return None

    def _asked(self, questions: Sequence[Question]) -> list[tuple[Question, list[Proposal]]]:
        queries = [self.service.query(question) for question in questions]
        answer = self._request(*self.service.request(queries))
        try:
            results = self.service.results(answer, len(queries))
            found = [self.service.proposals(*pair) for pair in zip(questions, results, strict=True)]
        except _MISSHAPEN as error:
            raise self._failed(
                _complaint(answer) or "an answer of another shape than the API's", _NO_SERVICE
            ) from error
        for query, result in zip(queries, results, strict=True):
            self._cache.put(self.endpoint, query, result)
        return list(zip(questions, found, strict=True))

    def _request(self, method: str, fields: Mapping[str, str]) -> object:
        self._pause()
        try:
            response = self._send(method, fields)
        except MaxRetryError as error:
            raise self._failed(_reason(error), "check the address and the network, or try again later") from error
        except HTTPError as error:
            raise self._failed(str(error), "check the address and the network, or try again later") from error
        if response.status >= 400:
            hint = "try again later, or ask more slowly" if response.status in _TRANSIENT else "check the address"
            raise self._failed(_refusal(response), hint)
        answer = _json(response.data)
        if answer is _NO_JSON:
            raise self._failed("the answer is no JSON", _NO_SERVICE)
        return answer

    def _send(self, method: str, fields: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        if method == "GET":
            return self._pool.request_encode_url("GET", self.endpoint, fields=fields)
        return self._pool.request_encode_body(method, self.endpoint, fields=fields, encode_multipart=False)

    def _pause(self) -> None:
        """Wait until the next request may be sent."""
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / self._manners.rate

    def _failed(self, what: str, hint: str) -> InputError:
        return InputError(what, where=self.endpoint, hint=hint)


_NO_JSON = object()
_MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
_NO_SERVICE = "name the endpoint of a reconciliation service, or an api.php"


def _address(endpoint: str) -> str:
    try:
        parsed = parse_url(endpoint)
    except LocationParseError:
        parsed = parse_url("")
    if parsed.scheme not in ("http", "https") or not parsed.host or not endpoint.isprintable():
        raise InputError("not a web address", where=endpoint, hint=f"give one like {WIKIDATA_SERVICE}")
    return endpoint


def _sensible(manners: Manners) -> Manners:
    if not (manners.rate > 0 and 0 < manners.timeout <= MAX_TIMEOUT and manners.retries >= 0):
        hint = f"ask at a rate above 0, wait for up to {MAX_TIMEOUT} seconds, and try again 0 times or more"
        raise InputError("no sensible rate, timeout or number of retries", hint=hint)
    return manners


class _Patience(Retry):
    """When a request is repeated: after what Retry-After says, else each pause is twice the last, from a second on."""

    def get_backoff_time(self) -> float:
        """Seconds to wait before the next attempt."""
        return max(FIRST_WAIT, super().get_backoff_time())

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        """Seconds that the service asks us to wait; None if it does not, or not in words of the standard.

        Raises:
            ResponseError: more than anybody would sit through.
        """
        try:
            seconds = super().get_retry_after(response)
        except (InvalidHeader, ValueError):
            return None
        if seconds is not None and seconds > MAX_WAIT:
            raise ResponseError(f"it asks us to wait for more than {MAX_WAIT} seconds")
        return seconds


def _retries(number: int) -> Retry:
    return _Patience(
        total=number,
        connect=min(number, 1),  # where nobody listens, somebody has mistyped
        backoff_factor=FIRST_WAIT,
        backoff_max=MAX_WAIT,
        status_forcelist=_TRANSIENT,
        allowed_methods=None,  # a query changes nothing, though it is sent by POST
        raise_on_status=False,
    )


def _reason(error: MaxRetryError) -> str:
    """Why no attempt succeeded, without the names of Python objects and the numbers of the operating system."""
    text = _ERROR_NUMBER.sub("", str(error.reason or error).rpartition(": ")[2])
    return f"no answer ({text.strip()})"


def _refusal(response: urllib3.BaseHTTPResponse) -> str:
    """The status of an answer, and what the service says about it, unless that is the same."""
    status, told = f"answers {response.status} {response.reason or ''}".rstrip(), _complaint(_json(response.data))
    return f"{status} and {told}" if told and told != f"refuses ({response.reason})" else status


def _json(data: bytes) -> object:
    """What an answer holds; ``_NO_JSON`` if it is something else."""
    try:
        answer: object = json.loads(data)
    except (ValueError, RecursionError):
        return _NO_JSON
    return answer


def _complaint(answer: object) -> str:
    """The error that a service tells, with or in place of an answer, as MediaWiki and reconciliation services do."""
    if not isinstance(answer, dict):
        return ""
    error = answer.get("error")
    told = error.get("info") if isinstance(error, dict) else error or answer.get("message")
    return f"refuses ({told[:200]})" if isinstance(told, str) else ""


def user_agent(contact: str = "") -> str:
    """How we call ourselves: https://meta.wikimedia.org/wiki/User-Agent_policy.

    Raises:
        InputError: the contact cannot stand in a header.
    """
    if contact and not _CONTACT.fullmatch(contact):
        raise InputError("no contact that a header can hold", where=contact, hint="give an e-mail or web address")
    facts = metadata("newskb")
    pages = [entry.partition(",")[2].strip() for entry in facts.get_all("Project-URL") or ()]
    about = "; ".join(filter(None, ((pages or [HOMEPAGE])[0], contact)))
    return f"newskb/{facts['Version']} ({about}) urllib3/{version('urllib3')}"


# Remembering ----------------------------------------------------------------------------------------------------------


def default_cache() -> Path:
    """Where answers are kept: https://specifications.freedesktop.org/basedir-spec/latest/."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "newskb" / "online"


class Cache:
    """Raw results in a folder, one file a query, named by the SHA-256 of endpoint and query."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, endpoint: str, query: Json) -> Path:
        """Where the result of a query is kept."""
        return self.folder / f"{hashlib.sha256(_text([endpoint, query]).encode()).hexdigest()}.json"

    def get(self, endpoint: str, query: Json) -> list[Json] | None:
        """The result of a query; None if there is none, or what is there is damaged."""
        try:
            kept = json.loads(self.file(endpoint, query).read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        whole = isinstance(kept, dict) and kept.get("endpoint") == endpoint and kept.get("query") == query
        return kept["result"] if whole and isinstance(kept.get("result"), list) else None

    def put(self, endpoint: str, query: Json, result: list[Json]) -> None:
        """Keep the result of a query; the file appears whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        file = self.file(endpoint, query)
        part = file.with_name(f".{file.name}.{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_text(_text({"endpoint": endpoint, "query": query, "result": result}), encoding="ascii")
            part.replace(file)
        except OSError as error:
            hint = "name another folder as --cache"
            raise OutputError(f"cannot be written ({error.strerror})", where=str(file), hint=hint) from error
        finally:
            with suppress(OSError):
                part.unlink()


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
