"""The server of these tests, the proxy before it, and two people who talk."""

from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest

from payam_client import Tokens
from tests.client.people import PASSWORD, SHOP_SECRET, Pair, connect, sign_up
from tests.faults.proxy import FaultProxy
from tests.support.payam_server import PayamServer


@pytest.fixture(scope="module")
def server() -> Iterator[PayamServer]:
    """With limits that are not reached, because most tests share two people.

    What a client does at a limit is tried on servers of its own.
    """
    limits = dict.fromkeys(("RATE_LOGINS", "RATE_MESSAGES", "RATE_REQUESTS"), "10000")
    settings = {**limits, "GUESTS": "true", "WIDGET_SECRET": SHOP_SECRET}
    with PayamServer(settings) as server:
        yield server


@pytest.fixture
async def proxy(server: PayamServer) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def broken_url(proxy: FaultProxy) -> str:
    """The server, seen through the proxy."""
    return f"http://127.0.0.1:{proxy.port}"


@pytest.fixture(scope="module")
def signed_in(server: PayamServer) -> tuple[Tokens, Tokens]:
    """Ali's and Sara's tokens: passwords are dear, so most tests share the two."""
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        pairs = []
        for name in ("ali", "sara"):
            body = {"username": name, "password": PASSWORD}
            http.post("/api/users/", json=body).raise_for_status()
            answer = http.post("/api/token/", json=body).raise_for_status()
            pairs.append(msgspec.json.decode(answer.content, type=Tokens))
        return pairs[0], pairs[1]


@pytest.fixture
async def pair(server: PayamServer, signed_in: tuple[Tokens, Tokens]) -> AsyncIterator[Pair]:
    """In a new conversation."""
    async with Pair(*(connect(server.url, tokens) for tokens in signed_in)) as pair:
        yield pair
    server.check_log()


@pytest.fixture
async def newcomers(server: PayamServer) -> AsyncIterator[Pair]:
    """The same, of people with a sign-in of their own, to be renewed and revoked."""
    async with Pair(await sign_up(server.url, "ali"), await sign_up(server.url, "sara")) as pair:
        yield pair
    server.check_log()
