"""Reads a handshake from its bytes, if nothing about it is unusual; no I/O.

Sanic's machinery takes most of a handshake's time, and after a network failed thousands come at
once. So what nearly all clients send is read here. Anything else is not refused: it is left to
Sanic, which answers as it would without this module. The rule for changes: a head that is read here
gets exactly the answer that it would get there.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import lru_cache
from hashlib import sha1
from time import time
from typing import Any

from chat.auth.middleware import SUBPROTOCOL, subprotocols_in, token_among, token_in
from chat.headers import request_id_of
from chat.http import addresses
from chat.realtime.knock import Knock

MOST_BYTES = 7 * 1024
"""Of a head. Sanic takes 8 KiB, and the limits of single headers are above this."""
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3

# The parameters are names and values that need no decoding. It fits the same bytes in one way only,
# so none take it long.
HEAD = (
    r"GET {prefix}/ws/(?:chat/([0-9]{{1,18}})/)?"
    r"(?:\?((?:[a-z]+=[\w.-]*&)*[a-z]+=[\w.-]*))? HTTP/1\.1"
    r"((?:\r\n[A-Za-z0-9-]+:[\t\x20-\x7e]*)+)\r\n\r\n"
)
KEY = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==", re.ASCII)
TOKENS = re.compile(r"[\w.!~*+-]+(?:, ?[\w.!~*+-]+)*", re.ASCII)
EXTENSIONS = re.compile(
    r"[\w-]+(?:; ?[\w-]+(?:=[\w-]+)?)*(?:, ?[\w-]+(?:; ?[\w-]+(?:=[\w-]+)?)*)*", re.ASCII
)
LEFT_TO_SANIC = frozenset(
    (
        "content-length",
        "expect",
        "forwarded",
        "te",
        "trailer",
        "transfer-encoding",
        "x-forwarded-prefix",
    )
)
"""Headers that change how a request is read, which path it is for, or whose it is."""
FORM = (
    "HTTP/1.1 101 Switching Protocols\r\nDate: {date}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{more}\r\n"
)
SELECTED = f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"


class PlainKnock(Knock):
    """`request_id` is the client's own, or None."""

    __slots__ = ("_authorization", "_forwarded", "_key", "_offers", "_query", "request_id")

    def __init__(self, path: str | None, query: str | None, headers: Mapping[str, str]) -> None:
        self.conversation_id = None if path is None else int(path)
        self.transport: Any = None
        self.request_id = request_id_of(headers.get("x-request-id"))
        self._query = query
        self._key = headers["sec-websocket-key"]
        self._authorization = headers.get("authorization")
        self._forwarded = headers.get("x-forwarded-for", "")
        offers = headers.get("sec-websocket-protocol")
        self._offers = [] if offers is None else subprotocols_in([offers])

    @property
    def has_token(self) -> bool:
        return self._authorization is not None or token_among(self._offers) is not None

    def token(self) -> str:
        if self._authorization is not None:
            return token_in([self._authorization])
        found = token_among(self._offers)
        assert found is not None  # others are left to Sanic
        return found

    @property
    def is_blind(self) -> bool:
        return self._authorization is None

    def address(self, trusted: tuple[str, ...]) -> str:
        peer = self.transport.get_extra_info("peername") or ""
        come_from = peer if isinstance(peer, str) else peer[0]
        return addresses.trace(come_from, lambda: addresses.hops_in(self._forwarded), trusted)

    def arguments(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        if self._query is not None:
            for pair in self._query.split("&"):
                name, _, value = pair.partition("=")
                found.setdefault(name, []).append(value)
        return found

    def answer(self) -> bytes:
        """101, as `websockets` writes it (RFC 6455, section 4.2.2)."""
        digest = sha1(self._key.encode() + GUID, usedforsecurity=False).digest()
        more = SELECTED if SUBPROTOCOL in self._offers else ""
        accept = b64encode(digest).decode()
        return FORM.format(date=date_at(int(time())), accept=accept, more=more).encode()


@lru_cache(1)
def date_at(second: int) -> str:
    return formatdate(second, usegmt=True)


def beginning(base_path: str) -> bytes:
    """The first bytes of every handshake whose path begins with `base_path`."""
    return f"GET {base_path}/ws/".encode()


def reader(base_path: str) -> Callable[[bytes], PlainKnock | None]:
    """Reads a handshake whose path begins with `base_path`. None for what is left to Sanic."""
    match_head = re.compile(HEAD.format(prefix=re.escape(base_path)), re.ASCII).fullmatch

    def read(data: bytes) -> PlainKnock | None:
        if len(data) > MOST_BYTES or not data.isascii():
            return None
        match = match_head(data.decode("ascii"))
        if match is None:
            return None
        path, query, fields = match.groups()
        headers = headers_in(fields)
        if headers is None or not is_good(headers):
            return None
        knock = PlainKnock(path, query, headers)
        return knock if knock.has_token else None

    return read


def headers_in(fields: str) -> dict[str, str] | None:
    """The headers by lower-case name. None where one comes twice, or where Sanic must read them."""
    headers: dict[str, str] = {}
    lines = fields.split("\r\n")
    del lines[0]  # the fields begin with an end of line
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip(" \t")
    if len(headers) < len(lines) or not LEFT_TO_SANIC.isdisjoint(headers):
        return None
    return headers


def is_good(headers: Mapping[str, str]) -> bool:
    """Whether these are a client's opening handshake, without any doubt."""
    get = headers.get
    if get("upgrade", "").lower() != "websocket" or get("sec-websocket-version") != "13":
        return False
    options = get("connection", "").lower()
    if options != "upgrade" and options not in ("keep-alive, upgrade", "upgrade, keep-alive"):
        return False
    if not KEY.fullmatch(get("sec-websocket-key", "")):
        return False
    offers, extensions = get("sec-websocket-protocol"), get("sec-websocket-extensions")
    if offers is not None and not TOKENS.fullmatch(offers):
        return False
    if extensions is not None and not EXTENSIONS.fullmatch(extensions):
        return False
    given = get("x-request-id")
    return given is None or request_id_of(given) is not None
