"""Sends a request to another server, and connects only to addresses that are allowed.

Each name is resolved once for each connection. What is connected to is one of the addresses of that
answer, after its check; TLS asks for the certificate of the name. Redirects are not followed: a 3xx
is an answer like others. Proxies in the environment are not used.
"""

import asyncio
import ssl
from collections.abc import Mapping
from time import monotonic

import certifi

from chat.outgoing.addresses import Address, Allowed
from chat.outgoing.connection import Answer, Broken, Connection
from chat.outgoing.names import Names
from chat.outgoing.urls import Url

CONNECT_SECONDS = 5.0
KEEPALIVE_SECONDS = 20.0
KEEPALIVE_CONNECTIONS = 100
NOT_PLAIN = "http:// is not allowed to this host: use https://"

Origin = tuple[str, str, int]
"""Scheme, host and port."""


class Undelivered(Exception):
    """No answer came. `outcome` is one word for a metric, the text one line for people.

    Neither repeats what was sent, or the path and query of the URL.
    """

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome


class Forbidden(Exception):
    """None of the host's addresses may be connected to."""


class Unreachable(Exception):
    """No address of the host takes a connection, or it is not the host by its certificate."""


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
        self._trusted: ssl.SSLContext | None = None
        self._idle: dict[Connection, Origin] = {}
        """The one that was used last is the last."""

    async def post(self, url: Url, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send the body, and return the answer. Raises Undelivered."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(url, headers, body)
        except Forbidden as error:
            raise Undelivered("forbidden", str(error)) from None
        except TimeoutError:
            detail = f"no whole answer within {self._timeout:g} seconds"
            raise Undelivered("timeout", detail) from None
        except Unreachable as error:
            raise Undelivered("unreachable", f"cannot connect: {error}") from None
        except Broken as error:
            raise Undelivered("cut", f"the connection broke: {reason(error)}") from None

    async def check(self, url: Url) -> None:
        """Raises Forbidden if the host has addresses now, and none may be connected to.

        Names change. So this is only a hint to who chooses a URL; each connection is checked. A
        name without an address may get one, but for http:// it must be one that is allowed.
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
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def _post(self, url: Url, headers: Mapping[str, str], body: bytes) -> Answer:
        request = encoded(url, headers, body)
        connection = self._kept(url) or await self._connected(url)
        answer = await connection.ask(request)
        if connection.is_open:
            self._keep(connection, url)
        return answer

    def _kept(self, url: Url) -> Connection | None:
        """A connection to this origin that an earlier request has left, if there is one."""
        origin = origin_of(url)
        for connection in [one for one, other in self._idle.items() if other == origin]:
            del self._idle[connection]
            if connection.is_open and monotonic() - connection.last_used < KEEPALIVE_SECONDS:
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection, url: Url) -> None:
        """Keep it for the next request, and no more of them, or for longer, than is useful."""
        connection.last_used = monotonic()
        self._idle[connection] = origin_of(url)
        while self._idle:
            oldest = next(iter(self._idle))
            is_old = connection.last_used - oldest.last_used > KEEPALIVE_SECONDS
            if oldest.is_open and not is_old and len(self._idle) <= KEEPALIVE_CONNECTIONS:
                break
            del self._idle[oldest]
            oldest.close()

    async def _connected(self, url: Url) -> Connection:
        """A new connection. Raises Forbidden, Unreachable and TimeoutError."""
        async with asyncio.timeout(self._connect_timeout):
            try:
                found = await self._names.addresses(url.host)
            except OSError:
                raise Unreachable(f"{url.host} has no address") from None
            is_plain = url.scheme == "http"
            trusted = None if is_plain else await self._trust()
            failure = f"{url.host} has no address"
            for address in usable(self._allowed, url.host, found, is_plain=is_plain):
                try:
                    return await connect(str(address), url, trusted)
                except OSError as error:  # those of TLS too
                    failure = reason(error)
            raise Unreachable(failure)

    async def _trust(self) -> ssl.SSLContext:
        if self._trusted is None:
            self._trusted = await asyncio.to_thread(trust)  # it takes too long for the loop
        return self._trusted


async def connect(address: str, url: Url, trusted: ssl.SSLContext | None) -> Connection:
    """Raises OSError."""
    name = url.host.rstrip(".") if trusted is not None else None
    _, connection = await asyncio.get_running_loop().create_connection(
        Connection, address, url.port, ssl=trusted, server_hostname=name
    )
    return connection


def encoded(url: Url, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request as it is sent. Raises ValueError for a header of several lines."""
    lines = [f"POST {url.target} HTTP/1.1", f"Host: {url.authority}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header has several lines")
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1") + body


def origin_of(url: Url) -> Origin:
    return url.scheme, url.host, url.port


def usable(allowed: Allowed, host: str, found: list[Address], *, is_plain: bool) -> list[Address]:
    """Those that may be connected to. Raises Forbidden if there are addresses, and all are not."""
    may = allowed.is_named if is_plain else allowed.allows
    addresses = [address for address in found if may(host, address)]
    if found and not addresses:
        if is_plain and any(allowed.allows(host, address) for address in found):
            raise Forbidden(NOT_PLAIN)
        raise Forbidden("the host has no address outside this network")
    return addresses


def trust() -> ssl.SSLContext:
    """The certificates of the system, where an operator adds their own, and Mozilla's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
