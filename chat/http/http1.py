"""Requests and their answers, one after the other, on Sanic's own class for this.

This module changes six things of Sanic's:

- It reads a head, a chunked body and its trailers strictly, and refuses with a reason.
- It ends an answer of unknown length to HTTP/1.0 with the connection, not in chunks.
- It answers HEAD with the headers of GET, those of a streamed answer too.
- A client that waits for `100 Continue` and is refused need not send the body first.
- An answer that went out before the body had come, because its client was late, is no failure.
- What fails behind the beginning of an answer, which the client cannot learn any more, is logged.
"""

import logging
import re
from asyncio import CancelledError
from time import monotonic
from typing import Any

from sanic.compat import Header
from sanic.exceptions import (
    BadRequest,
    ExpectationFailed,
    PayloadTooLarge,
    RequestCancelled,
    SanicException,
    ServerError,
    ServiceUnavailable,
)
from sanic.http import Http, Stage
from sanic.http.http1 import HTTP_CONTINUE

from chat.http import heads
from chat.http.answers import BODILESS, head_of
from chat.http.room import SMALL

log = logging.getLogger("payam.http")

CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
CHUNK_LINE_MAX = 1024
TRAILERS_MAX = 8192


class Exchange(Http):
    """`began` is the time, by `monotonic`, at which the head of the present request began."""

    __slots__ = ("_may_stay", "began", "is_first_chunk")
    # Sanic's own annotations leave out some of the types that these may have.
    protocol: Any
    request: Any
    request_body: Any
    request_bytes: Any
    request_bytes_left: Any
    response: Any
    response_func: Any
    response_bytes_left: int

    @property
    def keep_alive(self) -> bool:
        """Whether another request may follow on this connection; not once the server stops."""
        return self._may_stay and not self.protocol.signal.stopped

    @keep_alive.setter
    def keep_alive(self, may_stay: bool) -> None:
        self._may_stay = may_stay

    async def http1_request_header(self) -> None:
        """Receive a head and make a request of it. (The name is Sanic's.)"""
        self.began = monotonic()
        try:
            raw = await self._receive_head()
            self._take(raw, heads.parse(raw))
        except SanicException:
            self.protocol.is_lingering = True
            raise

    def _take(self, raw: bytes, head: heads.Head) -> None:
        protocol, app = self.protocol, self.protocol.app
        self.keep_alive = head.keep_alive and app.config["KEEP_ALIVE"]
        headers = Header(head.headers)
        is_continuing = (head.is_chunked or head.length is not None) and expects_continue(headers)
        prefix: str = app.ctx.prefix_of(protocol.conn_info.client_ip, headers)
        target = head.target
        if prefix and target.startswith(prefix + "/"):
            target = target.removeprefix(prefix)
        request = protocol.request_class(
            url_bytes=target.encode(),
            headers=headers,
            head=raw,
            version=head.version,
            method=head.method,
            transport=protocol.transport,
            app=app,
        )
        request.ctx.prefix = prefix
        protocol.request_class._current.set(request)
        self.url, self.head_only = target, head.method == "HEAD"
        self.upgrade_websocket = headers.getone("upgrade", "").lower() == "websocket"
        self.expecting_continue = is_continuing
        self.request_bytes_left = self.request_bytes = 0
        if head.is_chunked:
            self.request_body, self.is_first_chunk = "chunked", True
        elif head.length:
            self.request_body = True
            self.request_bytes_left = self.request_bytes = head.length
        self.request, request.stream = request, self
        protocol.state["requests_count"] += 1

    async def _receive_head(self) -> bytes:
        buffer = self.recv_buffer
        searched = 0
        while True:
            while buffer.startswith(b"\r\n"):  # RFC 9112, 2.2: some clients end a body so
                del buffer[:2]
            end = buffer.find(b"\r\n\r\n", searched)
            if end > self.HEADER_MAX_SIZE or (end < 0 and len(buffer) > self.HEADER_MAX_SIZE):
                raise too_long(buffer, self.HEADER_MAX_SIZE)
            if end >= 0:
                head = bytes(buffer[:end])
                del buffer[: end + 4]
                return head
            if len(buffer) > 1 and heads.is_hopeless(buffer):
                raise heads.bad_request_line("")
            searched = max(0, len(buffer) - 3)
            await self._receive_more()

    async def read(self) -> bytes | None:
        """The next bytes of the body; None at its end."""
        if self.expecting_continue:
            self.expecting_continue = False
            await self._send(HTTP_CONTINUE)
        if self.request_bytes_left == 0 and self.request_body == "chunked":
            await self._begin_chunk()
        if self.request_bytes > self.request_max_size:
            self.keep_alive = False
            raise PayloadTooLarge("Request body exceeds the size limit")
        if not self.request_bytes_left:
            self.request_body = None
            return None
        buffer = self.recv_buffer
        if not buffer:
            await self._receive_more()
        data = bytes(buffer[: self.request_bytes_left])
        del buffer[: len(data)]
        self.request_bytes_left -= len(data)
        return data

    async def _begin_chunk(self) -> None:
        if not self.is_first_chunk and await self._line(2) != b"":
            raise self._broken("A chunk of the body does not end where it says.")
        self.is_first_chunk = False
        match = CHUNK_LINE.fullmatch(await self._line(CHUNK_LINE_MAX))
        if match is None:
            raise self._broken("A chunk of the body does not begin with its size.")
        self.request_bytes_left = int(match[1], 16)
        self.request_bytes += self.request_bytes_left
        if self.request_bytes_left == 0:
            await self._skip_trailers()

    async def _skip_trailers(self) -> None:
        """Skip headers after the body, which Payam does not use (RFC 9110, section 6.5)."""
        left = TRAILERS_MAX
        while line := await self._line(left):
            left -= len(line) + 2
            if not heads.FIELD.fullmatch(line.decode(errors="surrogateescape")):
                raise self._broken("A line after the body's last chunk is no header.")

    async def _line(self, most: int) -> bytes:
        """The bytes before the next end of line; with it they are at most `most`."""
        buffer = self.recv_buffer
        while (end := buffer.find(b"\r\n", 0, most)) < 0:
            if len(buffer) >= most:
                raise self._broken("A line between the body's chunks is too long.")
            await self._receive_more()
        line = bytes(buffer[:end])
        del buffer[: end + 2]
        return line

    def _broken(self, why: str) -> BadRequest:
        """The error for a body whose end is unknown, so that nothing after it can be read."""
        self.keep_alive = False
        self.request_body = None
        self.protocol.is_lingering = True
        return BadRequest(why)

    async def error_response(self, exception: Exception) -> None:
        """Answer a request that failed. (The name is Sanic's.)

        Sanic takes it for another failure where the answer is out by itself, before the body has
        come (`lingering`).
        """
        if self.stage is Stage.REQUEST:  # it is answered, and nothing more is read
            self.stage, self.keep_alive = Stage.HANDLER, False
        if self.stage is not Stage.HANDLER:
            self.keep_alive = False
            self._say_late(exception)
            return
        if self.request is None:
            self.create_empty_request()
        app = self.protocol.app
        has_middleware = not isinstance(exception, ServiceUnavailable | RequestCancelled)
        try:
            await app.handle_exception(self.request, exception, has_middleware)
        except Exception as error:
            if self.stage is Stage.HANDLER:
                await app.handle_exception(self.request, error, run_middleware=False)
            else:
                self._say_late(error)

    def _say_late(self, error: BaseException) -> None:
        """Log what failed when the answer had begun, unless its client left or was late.

        Sanic's own errors only say that the answer is out, but for one: the answer took too long.
        """
        if isinstance(error, CancelledError):
            return
        if isinstance(error, SanicException) and not isinstance(error, ServiceUnavailable):
            return
        what = f"{self.request.method} {self.request.path}" if self.request else "a request"
        log.error("%s failed behind its answer", what, exc_info=error)

    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:
        """Send the head of the answer and the first part of the body. (The name is Sanic's.)"""
        response, headers = self.response, self.response.headers
        if not data and getattr(response, "body", None):
            data, end_stream = response.body, True
        if response.status in BODILESS:
            data, end_stream = b"", True
        data, follow = self._frame(data, end_stream=end_stream)
        if self.expecting_continue:
            # The client was never asked for the body, so it does not send it.
            self.expecting_continue, self.request_body, self.keep_alive = False, None, False
        headers["connection"] = "keep-alive" if self.keep_alive else "close"
        self.response_size = len(data)
        self.protocol.answers(self.request)
        head = head_of(response)
        if not end_stream or len(data) <= SMALL:  # an answer in parts takes its room elsewhere
            await self._begin(head + data, follow)
        else:
            # The answer to a request that changed something is sent even without room.
            is_refusable = self.request.method == "GET"
            with self.protocol.hold(self.request, len(data), is_refusable=is_refusable):
                await self._begin(head, follow)
                await self._send(data)
        self.stage = Stage.IDLE if end_stream else Stage.RESPONSE

    def _frame(self, data: bytes, *, end_stream: bool) -> tuple[bytes, Any]:
        """Choose how the client will see the end of the body, and set the headers for it.

        Returns the bytes that go out with the head, and the function that sends the rest.
        """
        headers = self.response.headers
        follow: Any = None
        if self.response.status in BODILESS:
            headers.pop("content-length", None)
            headers.pop("transfer-encoding", None)
        elif end_stream:
            if not (self.head_only and "content-length" in headers):
                headers["content-length"] = len(data)
        elif "content-length" in headers:
            self.response_bytes_left = int(headers["content-length"]) - len(data)
            follow = self.http1_response_normal
        elif self.request.version == "1.0":
            self.keep_alive = False
            follow = self.http1_response_to_the_end
        else:
            headers["transfer-encoding"] = "chunked"
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            follow = self.http1_response_chunked
        if self.head_only:
            return b"", None if end_stream else self.http1_response_to_head
        return data, follow

    async def _begin(self, data: bytes, follow: Any) -> None:
        self.response_func = follow
        await self._send(data)

    async def http1_response_to_the_end(self, data: bytes, end_stream: bool) -> None:
        """The body ends where the connection ends, which is the only way in HTTP/1.0."""
        if data:
            await self._send(data)
        if end_stream:
            self.response_func = None
            self.stage = Stage.IDLE

    async def http1_response_to_head(self, data: bytes, end_stream: bool) -> None:
        if end_stream:
            self.response_func = None
            self.stage = Stage.IDLE

    async def http1_response_normal(self, data: bytes, end_stream: bool) -> None:
        """Send a part of a body whose length is in the head."""
        left = self.response_bytes_left - len(data)
        if end_stream and left > 0 and self.protocol.transport.is_closing():
            # The client left in the middle of the answer, and Sanic ends the answer.
            self.keep_alive = False
            self.response_func = None
            self.stage = Stage.IDLE
            return
        if left < 0 or (end_stream and left > 0):
            raise ServerError("the answer has another length than it said")
        self.response_bytes_left = left
        if data:
            await self._send(data)
        if left == 0:
            self.response_func = None
            self.stage = Stage.IDLE


def expects_continue(headers: Header) -> bool:
    expected = headers.getone("expect", None)
    if expected is not None and expected.lower() != "100-continue":
        raise ExpectationFailed(f"Unknown Expect: {expected}")
    return expected is not None


def too_long(head: bytearray, most: int) -> SanicException:
    """The error for a head that is too long: 414 where the first line alone is."""
    if head.find(b"\r\n", 0, most) < 0:
        return SanicException(f"The URL is too long: the head may have {most} bytes.", 414)
    return SanicException(f"The request's headers are too long: they may have {most} bytes.", 431)
