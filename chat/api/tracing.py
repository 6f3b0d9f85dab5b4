"""Gives each request an id, for the log and for the client, and measures how long it took.

The id is the client's own `X-Request-ID` if that is acceptable, or else a new one. The answer
has it, and so does each log line of the request, with the user and the conversation where
these are known.
"""

import logging
import re
from functools import lru_cache
from random import getrandbits
from time import monotonic
from typing import Any

from sanic import Request, Sanic
from sanic.constants import HTTP_METHODS
from sanic.response import BaseHTTPResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from chat.headers import request_id_of
from chat.metrics import http_seconds

log = logging.getLogger("payam.api")

HEADER = "X-Request-ID"
METHODS = frozenset(str(method) for method in HTTP_METHODS)
CHILDREN_MAX = 10_000
FIRST, LAST = 1, -1
"""The priorities of middleware that runs before, and after, the authentication."""


def install(app: Sanic[Any, Any]) -> None:
    app.register_middleware(begin, "request", priority=FIRST)
    app.register_middleware(know, "request", priority=LAST)
    # Response middleware runs backwards, so this runs after all others.
    app.register_middleware(end, "response", priority=FIRST)


async def begin(request: Request) -> None:
    given = request_id_of(request.headers.getone(HEADER, None))
    request.ctx.began = monotonic()
    request.ctx.request_id = given or f"{getrandbits(64):016x}"
    clear_contextvars()  # those of the request before it on the same connection
    bind_contextvars(request_id=request.ctx.request_id)


async def know(request: Request) -> None:
    identity = getattr(request.ctx, "identity", None)
    if identity is not None:
        bind_contextvars(user=identity.user_id)
    if "conversation_id" in request.match_info:
        bind_contextvars(conversation=request.match_info["conversation_id"])


async def end(request: Request, response: BaseHTTPResponse) -> None:
    began: float | None = getattr(request.ctx, "began", None)
    if began is None:  # what came was no request
        return
    response.headers[HEADER] = request.ctx.request_id
    route = template(request.route.path) if request.route else "unknown"
    method = request.method if request.method in METHODS else "other"
    seconds = monotonic() - began
    timed(method, route, response.status).observe(seconds)
    log.debug("%s %s: %d in %.1f ms", method, route, response.status, seconds * 1000)


@lru_cache
def template(path: str) -> str:
    """The path of a route as people write it: `/api/conversations/{conversation_id}`."""
    return "/" + re.sub(r"<(\w+)(:[^>]*)?>", r"{\1}", path).strip("/")


@lru_cache(CHILDREN_MAX)
def timed(method: str, route: str, status: int) -> Any:
    """The histogram for these. It is cached, because looking it up costs more than using it."""
    return http_seconds.labels(method, route, str(status))
