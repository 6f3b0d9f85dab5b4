"""Errors as problem documents, from an application that does nothing but fail."""

import logging
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from sanic import Request, Sanic
from sanic import exceptions as of_sanic

from chat import errors
from chat.api import problems, responses
from config.settings import Settings
from tests.api.client import Served, problem

FAILURES: dict[str, tuple[Exception, int, str]] = {
    "invalid": (errors.InvalidInput({"a": ["wrong"]}), 400, "invalid"),
    "unauthenticated": (errors.NotAuthenticated("who?"), 401, "not_authenticated"),
    "expired": (errors.NotAuthenticated("late", code="token_expired"), 401, "token_expired"),
    "forbidden": (errors.Forbidden("no"), 403, "forbidden"),
    "missing": (errors.NotFound("none"), 404, "not_found"),
    "conflict": (errors.Conflict("taken"), 409, "conflict"),
    "large": (errors.TooLarge("large"), 413, "too_large"),
    "media": (errors.UnsupportedMedia("media"), 415, "unsupported_media_type"),
    "reused": (errors.KeyReused("again"), 422, "key_reused"),
    "limited": (errors.RateLimited("slow", retry_after=0.2), 429, "rate_limited"),
    "often": (
        errors.RateLimited("slow", retry_after=1.5, limit=10, window=5),
        429,
        "rate_limited",
    ),
    "many": (
        errors.RateLimited("slow", retry_after=60, limit=50, unit="concurrent-requests"),
        429,
        "rate_limited",
    ),
    "unavailable": (errors.Unavailable("later", retry_after=2.5), 503, "unavailable"),
    "bad": (of_sanic.BadRequest("bad"), 400, "bad_request"),
    "timeout": (of_sanic.RequestTimeout("slow"), 408, "request_timeout"),
    "payload": (of_sanic.PayloadTooLarge("large"), 413, "too_large"),
    "expectation": (of_sanic.ExpectationFailed("hm"), 417, "expectation_failed"),
    "stopping": (of_sanic.ServiceUnavailable("later"), 503, "unavailable"),
    "bug": (ValueError("a secret"), 500, "internal_error"),
    "sanic": (of_sanic.ServerError("a secret"), 500, "internal_error"),
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    app: Sanic[Any, Any] = Sanic(f"problems-{secrets.token_hex(4)}", configure_logging=False)
    app.ctx.count_stranger = lambda _: None
    problems.install(app)
    responses.install(app, Settings())

    @app.get("/<name>")
    async def fail(_: Request, name: str) -> None:
        raise FAILURES[name][0]

    with Served(app) as served:
        yield served


@pytest.mark.parametrize("name", FAILURES)
def test_each_error_has_its_status_and_code(served: Served, name: str) -> None:
    """And one shape."""
    _, status, code = FAILURES[name]
    body = problem(served.request("GET", f"/{name}"), status, code)
    assert set(body) - {"errors"} == {"type", "title", "status", "detail", "code"}


def test_invalid_input_lists_the_fields(served: Served) -> None:
    """In `errors`, and for people in `detail`; other errors have no such list."""
    body = served.request("GET", "/invalid").json()
    assert body["errors"] == {"a": ["wrong"]}
    assert body["detail"] == "a: wrong"
    assert "errors" not in served.request("GET", "/missing").json()


def test_401_asks_for_a_token(served: Served) -> None:
    """And says that it is invalid where one was given."""
    without = served.request("GET", "/unauthenticated")
    assert without.headers["www-authenticate"] == "Bearer"
    given = (
        {"Authorization": "Bearer x"},
        {"Sec-WebSocket-Protocol": "chat.v1, bearer.x"},
    )
    for headers in given:
        response = served.request("GET", "/expired", headers=headers)
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(("name", "seconds"), [("limited", "1"), ("unavailable", "3")])
def test_what_passes_says_when_to_return(served: Served, name: str, seconds: str) -> None:
    """In whole seconds, at least one."""
    assert served.request("GET", f"/{name}").headers["retry-after"] == seconds


@pytest.mark.parametrize(
    ("name", "policy", "limit", "seconds"),
    [
        ("often", '"default";q=10;w=5', "10", "2"),
        ("many", '"default";q=50;qu="concurrent-requests"', "50", "60"),
    ],
)
def test_a_limit_has_its_numbers(
    served: Served, name: str, policy: str, limit: str, seconds: str
) -> None:
    """As the IETF's draft names them, and as clients knew them before it."""
    headers = served.request("GET", f"/{name}").headers
    assert (headers["ratelimit-policy"], headers["retry-after"]) == (policy, seconds)
    assert headers["ratelimit"] == f'"default";r=0;t={seconds}'
    names = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
    assert [headers[one] for one in names] == [limit, "0", seconds]


def test_unknown_paths_and_methods_have_the_same_shape(served: Served) -> None:
    """Sanic's own errors too, with the headers that belong to them."""
    problem(served.request("GET", "/a/b"), 404, "not_found")
    response = served.request("DELETE", "/bug")
    problem(response, 405, "method_not_allowed")
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize("name", ["bug", "sanic"])
def test_an_unforeseen_error_is_logged_once_and_not_shown(
    served: Served, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With its traceback, and the client learns nothing of it."""
    response = served.request("GET", f"/{name}")
    assert "secret" not in response.text
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.exc_info is not None for record in logged] == [True]


def test_a_foreseen_error_is_not_logged(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """A client's mistake is not the operator's business."""
    for name in ("invalid", "missing", "limited", "bad"):
        served.request("GET", f"/{name}")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
