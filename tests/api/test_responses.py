"""Answers that are sent while they are made."""

import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from sanic import HTTPResponse, Request, Sanic

from chat.api import problems, responses
from chat.errors import Unavailable
from config.settings import Settings
from tests.api.client import Served, problem

Answer = HTTPResponse | None


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    app: Sanic[Any, Any] = Sanic(f"responses-{secrets.token_hex(4)}", configure_logging=False)
    problems.install(app)
    responses.install(app, Settings())

    async def pages(*given: list[int] | Exception) -> AsyncIterator[list[int]]:
        for page in given:
            if isinstance(page, Exception):
                raise page
            yield page

    @app.get("/whole")
    async def whole(request: Request) -> Answer:
        return await responses.stream_array(request, pages([1, 2], [3], [4]))

    @app.get("/nothing")
    async def nothing(request: Request) -> Answer:
        return await responses.stream_array(request, pages())

    @app.get("/never")
    async def never(request: Request) -> Answer:
        return await responses.stream_array(request, pages(Unavailable("no", retry_after=1)))

    @app.get("/broken")
    async def broken(request: Request) -> Answer:
        return await responses.stream_array(request, pages([1], ValueError("broken")))

    with Served(app) as served:
        yield served


def test_pages_become_one_array(served: Served) -> None:
    """In their order."""
    assert served.request("GET", "/whole").json() == [1, 2, 3, 4]
    assert served.request("GET", "/nothing").json() == []


def test_an_error_before_the_first_page_is_told(served: Served) -> None:
    """As any other error: nothing has been sent yet."""
    problem(served.request("GET", "/never"), 503, "unavailable")


def test_an_error_after_it_cuts_the_connection(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """The client cannot take what it got for the whole; the log says why, once."""
    with pytest.raises(httpx.TransportError):
        served.request("GET", "/broken")
    logged = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert logged == [ValueError]
    assert served.request("GET", "/whole").status_code == 200
