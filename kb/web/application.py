"""The reconciliation service over HTTP: forms, JSON and JSONP, status codes, limits; what is answered is not known here.

A batch comes as the form field ``queries`` by GET or POST, and any other site may ask (CORS): all that can be read here
is public. A request that is wrong gets a JSON object that says why.
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

from kb.errors import InputError, QueryError
from kb.web.reconciliation import BATCH, Json, Service, parse

#: Most bytes of a form.
MAX_BODY = 1 << 20
#: Most fields of a form; the API has three.
MAX_FIELDS = 20
#: How long requests that have begun are waited for when the server ends, in seconds; a client may never end one.
LAST_SECONDS = 2
#: The name of a function, as JSONP lets a client choose it; anything else would be a script of somebody else's.
_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)
#: A preview is shown in a frame of another site: it may do nothing but look as it does.
_PAGE_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_HEADERS = {"X-Content-Type-Options": "nosniff"}


def create(service: Service) -> FastAPI:
    """The service as an ASGI application."""
    app = FastAPI(title="newskb", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"])
    for kind, answer in _ERRORS.items():
        app.add_exception_handler(kind, answer)
    for path in ("/", "/reconcile"):
        app.add_api_route(path, _reconcile(service), methods=["GET", "POST"])
    suggestions = {
        "entity": service.suggest_entities,
        "type": service.suggest_types,
        "property": service.suggest_properties,
    }
    for kind_of, suggest in suggestions.items():
        app.add_api_route(f"/suggest/{kind_of}", _suggest(suggest), methods=["GET"])
    app.add_api_route("/preview", _preview(service), methods=["GET"])
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


def _reconcile(service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def reconcile(request: Request) -> Response:
        form = dict(request.query_params) | (await _form(request) if request.method == "POST" else {})
        if "queries" in form:
            answer = service.reconcile(parse(_batch(form["queries"])))
        elif request.method == "GET":
            answer = service.manifest(str(request.base_url).rstrip("/"))
        else:
            raise HTTPException(400, 'no form field "queries"')
        return _said(answer, form)

    return reconcile


def _suggest(suggest: Callable[[str, int], Json]) -> Callable[..., Response]:
    def suggested(request: Request, prefix: str = "", cursor: int = Query(default=0, ge=0, le=10_000)) -> Response:
        return _said(suggest(prefix, cursor), request.query_params)

    return suggested


def _preview(service: Service) -> Callable[[str], Response]:
    def preview(id: str = "") -> Response:
        page = service.preview(id)
        if page is None:
            raise HTTPException(404, "no such item in the linking table")
        return Response(page, media_type="text/html", headers=_HEADERS | _PAGE_HEADERS)

    return preview


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
    try:
        batch: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "queries: malformed JSON") from error
    if isinstance(batch, dict) and len(batch) > BATCH:
        raise HTTPException(413, f"queries: more than {BATCH} in a batch")
    return batch


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


def _refusal(status: int, message: str) -> Response:
    body = json.dumps({"status": "error", "message": message})
    return Response(body, status, media_type="application/json", headers=_HEADERS)


async def _http_error(_request: Request, error: Exception) -> Response:
    return _refusal(getattr(error, "status_code", 500), str(getattr(error, "detail", error)))


async def _bad_query(_request: Request, error: Exception) -> Response:
    return _refusal(400, error.line() if isinstance(error, QueryError) else str(error))


async def _bad_parameter(_request: Request, error: Exception) -> Response:
    wrong = error.errors() if isinstance(error, RequestValidationError) else []
    return _refusal(400, "; ".join(f"{entry['loc'][-1]}: {entry['msg']}" for entry in wrong) or "a wrong parameter")


_ERRORS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    HTTPException: _http_error,
    QueryError: _bad_query,
    RequestValidationError: _bad_parameter,
}
