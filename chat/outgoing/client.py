"""Sends a request to another server, and connects only to addresses that are allowed.

Each name is resolved once for each connection. What is connected to is one of the addresses of that
answer, after its check; TLS asks for the certificate of the name. Redirects are not followed: a 3xx
is an answer like others. Proxies in the environment are not used.
"""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from contextlib import aclosing, suppress
from typing import Any

import anyio
import anyio.streams.tls
import certifi
import httpcore
from msgspec import Struct

from chat.outgoing.addresses import Address, Allowed
from chat.outgoing.bounded import Bounded, TooLong
from chat.outgoing.names import Names
from chat.outgoing.urls import Url

CONNECT_SECONDS = 5.0
KEEPALIVE_SECONDS = 20.0
KEEPALIVE_CONNECTIONS = 100
"""Of each pool. httpcore counts those at work among them: with more, it keeps none."""
POOLS = 16
"""Of each scheme; the path of a URL chooses one. For each request httpcore goes several times
through all connections of its pool: with the 32 of a push service that took most of a push's time.
"""
NOT_PLAIN = "http:// is not allowed to this host: use https://"
BODY_MAX = 16 * 1024
"""Bytes of an answer's body that are read. A connection with more is closed."""
HEAD_MAX = 16 * 1024
"""Bytes for its head, for interim answers before it, and for what parts the body."""


class Answer(Struct, frozen=True):
    """`headers` have lower-case names. `body` has BODY_MAX bytes at most."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Undelivered(Exception):
    """No answer came. `outcome` is one word for a metric, the text one line for people.

    Neither repeats what was sent, or the path and query of the URL.
    """

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome


class Forbidden(httpcore.ConnectError):
    """None of the host's addresses may be connected to."""


class Client:
    """`timeout` is in seconds, for all of a request and its answer."""

    def __init__(
        self,
        allowed: Allowed,
        *,
        timeout: float,
        connect_timeout: float = CONNECT_SECONDS,
        names: Names | None = None,
    ) -> None:
        self._timeout = timeout
        self._connect_timeout = min(connect_timeout, timeout)
        self._allowed = allowed
        self._names = names or Names()
        self._trusted: dict[str, ssl.SSLContext | None] = {}
        self._pools: dict[tuple[str, int], httpcore.AsyncConnectionPool] = {}

    async def post(self, url: Url, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send the body, and return the head of the answer. Raises Undelivered."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(url, headers, body)
        except Forbidden as error:
            raise Undelivered("forbidden", str(error)) from None
        except (TimeoutError, httpcore.TimeoutException):
            detail = f"no whole answer within {self._timeout:g} seconds"
            raise Undelivered("timeout", detail) from None
        except httpcore.ConnectError as error:
            raise Undelivered("unreachable", f"cannot connect: {reason(error)}") from None
        except httpcore.ProtocolError as error:
            # Behind the colon stands what came, which may be what was sent.
            detail = reason(error).partition(":")[0]
            raise Undelivered("cut", f"the connection broke: {detail}") from None
        except (httpcore.NetworkError, OSError) as error:
            raise Undelivered("cut", f"the connection broke: {reason(error)}") from None

    async def check(self, url: Url) -> None:
        """Raises Forbidden if the host has addresses now, and none may be connected to.

        Names change. So this is only a hint for the one who chooses a URL; each connection is
        checked. A name without an address may get one, but for http:// it must be one that is
        allowed.
        """
        is_plain = url.scheme == "http"
        try:
            async with asyncio.timeout(self._connect_timeout):
                found = await self._names.addresses(url.host)
        except (OSError, TimeoutError):
            found = []
        if is_plain and not found and not self._allowed.is_named(url.host, None):
            raise Forbidden(NOT_PLAIN)
        usable(self._allowed, url.host, found, is_plain=is_plain)

    async def close(self) -> None:
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.aclose()

    async def _post(self, url: Url, headers: Mapping[str, str], body: bytes) -> Answer:
        sent: dict[bytes | str, bytes | str] = {"Host": url.authority}
        sent.update(headers.items())
        sent["Content-Length"] = str(len(body))
        request = httpcore.Request(
            "POST",
            httpcore.URL(
                scheme=url.scheme.encode(),
                host=url.host.encode(),
                port=url.port,
                target=url.target.encode(),
            ),
            headers=sent,
            content=body,
            extensions={
                "timeout": {
                    "connect": self._connect_timeout,
                    "read": self._timeout,
                    "write": self._timeout,
                    "pool": self._timeout,
                }
            },
        )
        pool = await self._pool(url)
        response = await pool.handle_async_request(request)
        async with aclosing(response):
            found = b""
            with suppress(TooLong):
                async for part in response.aiter_stream():
                    found += part
                    if len(found) > BODY_MAX:
                        break
            return Answer(
                response.status,
                {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in response.headers
                },
                found[:BODY_MAX],
            )

    async def _pool(self, url: Url) -> httpcore.AsyncConnectionPool:
        scheme, place = url.scheme, (url.scheme, hash(url.target) % POOLS)
        if scheme not in self._trusted:  # it takes too long for the loop
            self._trusted[scheme] = await asyncio.to_thread(load, scheme)
        if place not in self._pools:
            self._pools[place] = httpcore.AsyncConnectionPool(
                ssl_context=self._trusted[scheme],
                max_connections=None,  # otherwise a receiver that hangs holds the others up
                max_keepalive_connections=KEEPALIVE_CONNECTIONS,
                keepalive_expiry=KEEPALIVE_SECONDS,
                network_backend=Network(self._allowed, self._names, is_plain=scheme == "http"),
            )
        return self._pools[place]


class Network(httpcore.AsyncNetworkBackend):
    """Connects to addresses that are allowed; without TLS, to those that the operator named."""

    def __init__(self, allowed: Allowed, names: Names, *, is_plain: bool) -> None:
        self._allowed = allowed
        self._names = names
        self._is_plain = is_plain
        self._tcp = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        async with asyncio.timeout(timeout):
            try:
                found = await self._names.addresses(host)
            except OSError:
                raise httpcore.ConnectError(f"{host} has no address") from None
            addresses = usable(self._allowed, host, found, is_plain=self._is_plain)
            failure: httpcore.ConnectError | None = None
            for address in addresses:
                try:
                    stream = await self._tcp.connect_tcp(
                        str(address), port, timeout, local_address, socket_options
                    )
                    return Bounded(stream, HEAD_MAX + BODY_MAX)
                except httpcore.ConnectError as error:
                    failure = error
            raise failure or httpcore.ConnectError(f"{host} has no address")


def usable(allowed: Allowed, host: str, found: list[Address], *, is_plain: bool) -> list[Address]:
    """The addresses that may be connected to. Raises Forbidden where there are addresses but none
    is allowed.
    """
    may = allowed.is_named if is_plain else allowed.allows
    addresses = [address for address in found if may(host, address)]
    if found and not addresses:
        if is_plain and any(allowed.allows(host, address) for address in found):
            raise Forbidden(NOT_PLAIN)
        raise Forbidden("the host has no address outside this network")
    return addresses


def load(scheme: str) -> ssl.SSLContext | None:
    """Import what httpcore would import at its first request, and read whom TLS trusts."""
    for name in ("Event", "Lock", "Semaphore", "CancelScope", "connect_tcp", "fail_after"):
        getattr(anyio, name)  # anyio imports its parts when they are asked for
    anyio.run(anyio.sleep, 0)  # imports its half for asyncio
    return trust() if scheme == "https" else None


def trust() -> ssl.SSLContext:
    """The certificates of the system, where an operator adds their own, and Mozilla's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
