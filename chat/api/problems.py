"""Answers every error as `application/problem+json` (RFC 9457).

An unexpected error is logged with its traceback. The client only learns that there was one.
"""

import asyncio
import logging
import math
import re
from http import HTTPStatus
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sanic import HTTPResponse, Request, Sanic
from sanic.constants import HTTP_METHODS
from sanic.exceptions import MethodNotAllowed, SanicException

from chat import errors, metrics
from chat.api import lingering
from chat.api.responses import encode
from chat.auth.middleware import TOKEN_SUBPROTOCOL

log = logging.getLogger("payam.api")

CONTENT_TYPE = "application/problem+json"
STATUSES: dict[type[errors.PayamError], int] = {
    errors.InvalidInput: 400,
    errors.NotAuthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.KeyReused: 422,
    errors.Failed: 500,
    errors.RateLimited: 429,
    errors.Unavailable: 503,
}
UPLOADS = re.compile(r"/(attachments|uploads|avatar)/?([0-9a-f]{32}/?)?$")
"""The paths to which files are sent."""
CODES = {
    413: errors.TooLarge.code,
    414: "uri_too_long",
    416: "range_not_satisfiable",
    503: errors.Unavailable.code,
}
"""The codes of those of Sanic's errors for which Python's name of the status will not do."""


class Problem(Struct, kw_only=True, frozen=True):
    """`detail` is one sentence for people. `code` is stable and for programs.

    `errors` comes where the input is wrong, and says by field what is wrong with it. `epoch`
    comes with `epoch_changed`, and is the present one.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: dict[str, list[str]] | UnsetType = UNSET
    epoch: str | UnsetType = UNSET


def install(app: Sanic[Any, Any]) -> None:
    app.error_handler.add(Exception, answer)
    app.error_handler.add(asyncio.CancelledError, answer)


async def answer(request: Request, exception: BaseException) -> HTTPResponse | None:
    response = present(request, exception)
    if lingering.is_unread(request):
        await lingering.answer(request, response)
        return None
    return response


def present(request: Request, exception: BaseException) -> HTTPResponse:
    if isinstance(exception, errors.NotAuthenticated):
        try:
            request.app.ctx.count_stranger(request)
        except errors.PayamError as error:
            exception = error
    if isinstance(exception, errors.PayamError):
        return of_payam(request, exception)
    if isinstance(exception, asyncio.CancelledError):
        return of_payam(request, errors.Unavailable("The server is stopping.", retry_after=1.0))
    if isinstance(exception, SanicException) and exception.status_code != 500:
        return of_sanic(request, exception)
    log.error("%s %s failed", request.method, request.path, exc_info=exception)
    return respond(describe(errors.Failed()))


def of_payam(request: Request, error: errors.PayamError) -> HTTPResponse:
    response = respond(describe(error))
    if request.method in ("POST", "PATCH") and UPLOADS.search(request.path):
        note_refused_upload(request, error)
    if isinstance(error, errors.NotAuthenticated):
        response.headers["WWW-Authenticate"] = challenge(request)
    if isinstance(error, errors.RetryLater):
        wait = max(1, math.ceil(error.retry_after))
        response.headers["Retry-After"] = str(wait)
        if isinstance(error, errors.RateLimited) and error.limit is not None:
            # As the IETF's draft names them, and as clients knew them before it.
            response.headers["RateLimit-Policy"] = policy(error)
            response.headers["RateLimit"] = f'"default";r=0;t={wait}'
            response.headers["RateLimit-Limit"] = str(error.limit)
            response.headers["RateLimit-Remaining"] = "0"
            response.headers["RateLimit-Reset"] = str(wait)
    return response


def policy(error: errors.RateLimited) -> str:
    unit = "" if error.unit == "requests" else f';qu="{error.unit}"'
    window = "" if error.window is None else f";w={error.window}"
    return f'"default";q={error.limit}{unit}{window}'


def note_refused_upload(request: Request, error: errors.PayamError) -> None:
    """Count an upload that was not taken, and log whose it was; nothing of what was in it."""
    metrics.uploads_refused.labels(error.code).inc()
    identity = getattr(request.ctx, "identity", None)
    whose = f"user {identity.user_id}" if identity is not None else "nobody"
    log.info("an upload was refused: %s, of %s", error.code, whose)


def of_sanic(request: Request, error: SanicException) -> HTTPResponse:
    response = respond(describe(error))
    response.headers.update(error.headers)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(allowed_methods(request))
    return response


def describe(error: errors.PayamError | SanicException) -> Problem:
    """The problem document that the client gets for this error."""
    if isinstance(error, SanicException):
        status = error.status_code
        code = CODES.get(status) or HTTPStatus(status).name.lower()
        return problem(status, code, error.message or str(error))
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 400)
    fields = error.fields if isinstance(error, errors.InvalidInput) else UNSET
    epoch = error.epoch if isinstance(error, errors.EpochChanged) else UNSET
    return problem(status, error.code, error.detail, fields, epoch)


def problem(
    status: int,
    code: str,
    detail: str,
    fields: dict[str, list[str]] | UnsetType = UNSET,
    epoch: str | UnsetType = UNSET,
) -> Problem:
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        errors=fields,
        epoch=epoch,
    )


def respond(body: Problem) -> HTTPResponse:
    return HTTPResponse(encode(body), body.status, content_type=CONTENT_TYPE)


def allowed_methods(request: Request) -> list[str]:
    """The methods of the path. Sanic's error knows them only for paths without parameters."""
    host: str | None = request.headers.getone("host", None)
    allowed = []
    for method in HTTP_METHODS:
        try:
            request.app.router.get(request.path, method, host)
        except SanicException:
            continue
        allowed.append(str(method))
    return allowed


def challenge(request: Request) -> str:
    """RFC 6750, section 3: without a token in the request, the challenge has no `error`."""
    offers = request.headers.getall("sec-websocket-protocol", [])
    given = "authorization" in request.headers or any(TOKEN_SUBPROTOCOL in o for o in offers)
    return 'Bearer error="invalid_token"' if given else "Bearer"
