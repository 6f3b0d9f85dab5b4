"""A small application on Payam's protocol, in which every patience is short."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sanic import HTTPResponse, Request, Sanic

from chat.api import problems, responses
from chat.http.room import SMALL
from chat.realtime.arrivals import Arrival
from config.settings import Settings
from tests.support.ports import free_port

SHORT = 0.8
"""Seconds, of all that a client may be waited for."""
LARGE = b"0123456789abcdef" * 65536
"""1 MiB: more than any buffer between the two ends."""


class Site:
    def __init__(self, app: Sanic[Any, Any], port: int) -> None:
        self.app = app
        self.port = port


async def parts() -> AsyncGenerator[bytes, None]:
    for start in range(0, len(LARGE), 10_000):
        yield LARGE[start : start + 10_000]


async def unread(_: Request) -> HTTPResponse:
    """A body that comes with its request is not read."""
    return HTTPResponse(b"small")


def application(settings: Settings) -> Sanic[Any, Any]:
    Sanic.test_mode = True  # several in one process
    app: Sanic[Any, Any] = Sanic(f"http-{secrets.token_hex(4)}", configure_logging=False)
    app.config.update(
        {
            "REQUEST_TIMEOUT": SHORT,
            "RESPONSE_TIMEOUT": SHORT,
            "KEEP_ALIVE_TIMEOUT": SHORT,
            "GRACEFUL_TCP_CLOSE_TIMEOUT": SHORT,
            "MOTD": False,
            "AUTO_EXTEND": False,
        }
    )
    app.ctx.count_stranger = lambda _: None
    problems.install(app)
    responses.install(app, settings)

    @app.route("/body", methods=["GET", "HEAD", "POST"])
    async def body(_: Request) -> HTTPResponse:
        return HTTPResponse(LARGE, content_type="application/octet-stream")

    @app.route("/streamed", methods=["GET", "HEAD"])
    async def streamed(request: Request) -> HTTPResponse | None:
        head = HTTPResponse(content_type="application/octet-stream")
        return await responses.stream(request, head, parts())

    @app.route("/sized", methods=["GET", "HEAD"])
    async def sized(request: Request) -> HTTPResponse | None:
        head = HTTPResponse(
            headers={"Content-Length": str(len(LARGE))}, content_type="application/octet-stream"
        )
        return await responses.stream(request, head, parts())

    app.ctx.go_on = asyncio.Event()

    @app.get("/paused")
    async def paused(request: Request) -> HTTPResponse | None:
        """Its second half is not there before the test says so."""

        async def halves() -> AsyncGenerator[bytes, None]:
            yield LARGE[: len(LARGE) // 2]
            await app.ctx.go_on.wait()
            yield LARGE[len(LARGE) // 2 :]

        head = HTTPResponse(headers={"Content-Length": str(len(LARGE))})
        return await responses.stream(request, head, halves())

    @app.get("/little")
    async def little(request: Request) -> HTTPResponse | None:
        async def part() -> AsyncGenerator[bytes, None]:
            yield LARGE[:SMALL]

        return await responses.stream(
            request, HTTPResponse(headers={"Content-Length": str(SMALL)}), part()
        )

    @app.post("/echo")
    async def echo(request: Request) -> HTTPResponse:
        return HTTPResponse(request.body)

    @app.route("/small", methods=["GET", "HEAD"])
    async def small(_: Request) -> HTTPResponse:
        return HTTPResponse(b"small")

    app.add_route(unread, "/unread", methods=["POST"], stream=True)
    return app


@pytest.fixture
def settings() -> Settings:
    """Of the small application; a module may have its own."""
    return replace(Settings(), send_timeout=1.0)


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    app, port = application(settings), free_port()
    server: Any = await app.create_server(
        host="127.0.0.1", port=port, return_asyncio_server=True, protocol=Arrival
    )
    assert server is not None
    await server.startup()
    await server.start_serving()
    yield Site(app, port)
    for connection in list(server.connections):
        connection.abort()
    server.close()
    await server.wait_closed()
