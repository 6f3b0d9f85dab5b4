"""A connection to another server, over which one request goes at a time. HTTP/1.1."""

import asyncio
from collections.abc import Mapping
from typing import cast

import httptools
from msgspec import Struct

BODY_MAX = 16 * 1024
"""Bytes of an answer's body that are read. A connection with more is closed."""
HEAD_MAX = 64 * 1024
"""Bytes of an answer, to the end of its head. With more it is none."""
SWITCHED = 101


class Answer(Struct, frozen=True):
    """`headers` have lower-case names. `body` has BODY_MAX bytes at most."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Broken(Exception):
    """The connection ended, or what came is no answer."""


class Connection(asyncio.Protocol):
    """`is_open` says whether another request may go over it."""

    def __init__(self) -> None:
        self.is_open = False
        self.last_used = 0.0
        """The time of the last answer, by `time.monotonic`."""
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._begin()

    def _begin(self) -> None:
        """Expect the head of an answer."""
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._head_size = 0
        self._has_head = False

    async def ask(self, request: bytes) -> Answer:
        """Send it, and wait for the answer. Raises Broken. Where the caller gives up, it closes."""
        assert self._transport is not None
        if not self.is_open:
            raise Broken("it was closed")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiting
        finally:
            if self._waiting is not None:  # cancelled
                self.close()

    def close(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        if self._waiting is None:  # nobody has asked for it
            self.close()
            return
        if not self._has_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._answered()
        except httptools.HttpParserError as error:
            self._failed(f"this is not HTTP: {error}")
        if not self._has_head and self._head_size > HEAD_MAX:
            self._failed("the head of the answer is too long")

    def eof_received(self) -> None:
        """A body without a length goes on until the connection ends."""
        if self._has_head and not self._headers.keys() & {"content-length", "transfer-encoding"}:
            self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        self._failed(str(error or "it was closed before the answer was whole"))

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._waiting is None:  # a second answer to one request
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._has_head = True

    def on_body(self, part: bytes) -> None:
        self._body += part
        if len(self._body) > BODY_MAX:
            self._answered()

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:
            self._answered(may_go_on=self._parser.should_keep_alive())
        elif status != SWITCHED:  # "go on": the answer itself is still to come
            self._begin()

    def _answered(self, *, may_go_on: bool = False) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        body = bytes(self._body[:BODY_MAX])
        answer = Answer(self._parser.get_status_code(), self._headers, body)
        self._begin()
        if not may_go_on:
            self.close()
        if not waiting.done():
            waiting.set_result(answer)

    def _failed(self, why: str) -> None:
        waiting, self._waiting = self._waiting, None
        self.close()
        if waiting is not None and not waiting.done():
            waiting.set_exception(Broken(why))
