"""The reconciliation service over HTTP: forms, JSON and JSONP, status codes, limits; what is answered is not known here.

A batch comes as the form field ``queries``, a data extension query as ``extend``, by GET or POST, and any other site may
ask (CORS): all that can be read here is public. A request that is wrong is told why, in JSON, or in HTML if a browser asks.
"""

import asyncio
import json
import os
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect

from kb.errors import InputError, KbError, QueryError
from kb.web import pages
from kb.web.properties import MOST_ITEMS, MOST_PROPERTIES, Extension, Json, parse_extension, proposed
from kb.web.reconciliation import BATCH, Service, parse

#: Most bytes of a form.
MAX_BODY = 1 << 20
#: Most fields of a form; the API has three.
MAX_FIELDS = 20
#: How long requests that have begun are waited for when the server ends, in seconds; a client may never end one.
LAST_SECONDS = 2
#: The name of a function, as JSONP lets a client choose it; anything else would be a script of somebody else's.
_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)
#: A preview is shown in a frame of another site: a page may do nothing but look as it does, and ask us.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'"
#: What an address says depends on who asks: a refusal is a page for people, JSON for programs.
_HEADERS = {"X-Content-Type-Options": "nosniff", "Vary": "Accept"}
#: Methods of what is only read.
_READ = ["GET", "HEAD"]


def create(service: Service) -> FastAPI:
    """The service as an ASGI application."""
    app = FastAPI(title="newskb", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"])
    for kind, answer in _ERRORS.items():
        app.add_exception_handler(kind, answer)
    app.add_api_route("/", _endpoint(service, welcome=True), methods=[*_READ, "POST"])
    app.add_api_route("/reconcile", _endpoint(service), methods=[*_READ, "POST"])
    offers = {
        "entity": (service.suggest_entities, service.flyout_entity),
        "type": (service.suggest_types, service.flyout_type),
        "property": (service.suggest_properties, service.flyout_property),
    }
    for kind_of, (suggest, flyout) in offers.items():
        app.add_api_route(f"/suggest/{kind_of}", _suggest(suggest), methods=_READ)
        app.add_api_route(f"/flyout/{kind_of}", _flyout(flyout), methods=_READ)
    app.add_api_route("/properties", _propose, methods=_READ)
    app.add_api_route("/preview", _preview(service), methods=_READ)
    return app


def listen(host: str, port: int) -> socket.socket:
    """A socket on which the service can be offered; port 0 takes one that is free.

    Raises:
        InputError: the address cannot be used.
    """
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", None) or 0
        reason = os.strerror(number) if number > 0 else "no such address here"
        hint = "choose another --port or --host"
        raise InputError(f"cannot listen ({reason})", where=f"{host}:{port}", hint=hint) from error
    # Else an answer in two packets waits for the client's acknowledgement of the first, some 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def server(service: Service) -> uvicorn.Server:
    """A server for :func:`listen`'s sockets: ``server(service).run(sockets=[listen(host, port)])``."""
    config = uvicorn.Config(
        create(service),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=LAST_SECONDS,
    )
    return uvicorn.Server(config)


# Routes ---------------------------------------------------------------------------------------------------------------


def _endpoint(service: Service, *, welcome: bool = False) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of the standard; or, if welcome, one that greets a browser that asks for nothing in particular."""

    async def endpoint(request: Request) -> Response:
        form = dict(request.query_params) | (await _form(request) if request.method == "POST" else {})
        base = str(request.base_url).rstrip("/")
        if "queries" in form:
            return _said(service.reconcile(parse(_batch(form["queries"]))), form)
        if "extend" in form:
            return _said(service.extend(_extension(form["extend"])), form)
        if request.method == "POST":
            raise HTTPException(400, 'no form field "queries" or "extend"')
        if welcome and _for_people(request):
            return _page(service.welcome(base, form.get("q", "")))
        return _said(service.manifest(base), form)

    return endpoint


def _suggest(suggest: Callable[[str, int], Json]) -> Callable[..., Response]:
    def suggested(request: Request, prefix: str = "", cursor: int = Query(default=0, ge=0, le=10_000)) -> Response:
        return _said(suggest(prefix, cursor), request.query_params)

    return suggested


def _flyout(tell: Callable[[str], str | None]) -> Callable[..., Response]:
    def flyout(request: Request, id: str = "") -> Response:
        html = tell(id)
        if html is None:
            raise HTTPException(404, "nothing is known by this id")
        return _said({"id": id, "html": html}, request.query_params)

    return flyout


def _propose(request: Request, type: str = "", limit: int | None = Query(default=None, ge=1)) -> Response:
    return _said(proposed(type, limit), request.query_params)


def _preview(service: Service) -> Callable[[str], Response]:
    def preview(id: str = "") -> Response:
        page = service.preview(id)
        if page is None:
            raise HTTPException(404, "no such item in the linking table")
        return _page(page)

    return preview


# Requests -------------------------------------------------------------------------------------------------------------


def _for_people(request: Request) -> bool:
    """Whether a browser wants to show the answer; a script of a page, and most programs, do not name HTML."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and "json" not in accepted and "callback" not in request.query_params


async def _form(request: Request) -> dict[str, str]:
    """The fields of a body of ``application/x-www-form-urlencoded``, whatever it calls itself."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise HTTPException(413, f"more than {MAX_BODY:,} bytes")
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ClientDisconnect as error:
        raise HTTPException(400, "the request ends too early") from error
    except asyncio.CancelledError as error:
        raise HTTPException(503, "the server ends") from error
    except ValueError as error:
        raise HTTPException(400, f"more than {MAX_FIELDS} form fields") from error


def _batch(text: str) -> object:
    """The batch that a form field holds, if it is not too big."""
    batch = _parsed("queries", text)
    if isinstance(batch, dict) and len(batch) > BATCH:
        raise HTTPException(413, f"queries: more than {BATCH} in a batch")
    return batch


def _extension(text: str) -> Extension:
    """The data extension query that a form field holds, if it is not too big."""
    asked = parse_extension(_parsed("extend", text))
    if len(asked.ids) > MOST_ITEMS or len(asked.properties) > MOST_PROPERTIES:
        raise HTTPException(413, f"extend: more than {MOST_ITEMS:,} ids, or {MOST_PROPERTIES} properties")
    return asked


def _parsed(field: str, text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"{field}: malformed JSON") from error
    return value


# Answers --------------------------------------------------------------------------------------------------------------


def _said(answer: Json, form: Mapping[str, str]) -> Response:
    """An answer as JSON, or as a call of the function that ``callback`` names.

    All but ASCII is escaped, so that JSON is JavaScript and half a surrogate pair, as a client may send, can be written.
    """
    text, callback = json.dumps(answer), form.get("callback")
    if not callback:
        return Response(text, media_type="application/json", headers=_HEADERS)
    if not _CALLBACK.fullmatch(callback):
        raise HTTPException(400, "callback: no name of a function")
    # The comment keeps the answer from being taken for another kind of file by its first bytes.
    return Response(f"/**/{callback}({text});", media_type="application/javascript", headers=_HEADERS)


def _page(text: str, status: int = 200) -> Response:
    headers = _HEADERS | {"Content-Security-Policy": _POLICY}
    return Response(text.encode("utf-8", "replace"), status, media_type="text/html", headers=headers)


def _refusal(request: Request, status: int, message: str) -> Response:
    if _for_people(request):
        return _page(pages.refusal(status, message), status)
    body = json.dumps({"status": "error", "message": message})
    return Response(body, status, media_type="application/json", headers=_HEADERS)


async def _http_error(request: Request, error: Exception) -> Response:
    refused = _refusal(request, getattr(error, "status_code", 500), str(getattr(error, "detail", error)))
    # Such as the methods that are allowed, where this one is not.
    refused.headers.update(getattr(error, "headers", None) or {})
    return refused


async def _our_error(request: Request, error: Exception) -> Response:
    """A query that is wrong is the client's fault, a damaged table is not."""
    line = error.line() if isinstance(error, KbError) else str(error)
    return _refusal(request, 400 if isinstance(error, QueryError) else 500, line)


async def _bad_parameter(request: Request, error: Exception) -> Response:
    wrong = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(f"{entry['loc'][-1]}: {entry['msg']}" for entry in wrong) or "a wrong parameter"
    return _refusal(request, 400, said)


_ERRORS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    HTTPException: _http_error,
    KbError: _our_error,
    RequestValidationError: _bad_parameter,
}
