"""A client's connection while it speaks HTTP: it sends answers, and limits how long it waits.

Sanic counts time from the moment in which an answer was written into a buffer. A client
that reads slowly is then cut off in the middle of the answer. Here time counts from the
last byte that the client's machine acknowledged. So a client that reads, however slowly,
gets the whole answer. A client that takes nothing for `send_timeout` seconds is cut off,
and the log says so.

In the other direction Sanic counts from the last byte that came. A client that sends a byte
now and then would never be late. Here the whole head must come in `request_timeout`
seconds, and within each such time of a body LEAST_PACE bytes per second.
"""

import asyncio
import fcntl
import logging
import socket
import struct
import termios
from contextlib import AbstractContextManager
from time import monotonic
from typing import Any

from sanic import Request
from sanic.exceptions import RequestCancelled, RequestTimeout, ServiceUnavailable
from sanic.http import Stage
from sanic.server.protocols.websocket_protocol import WebSocketProtocol

from chat import metrics
from chat.http.http1 import Exchange

log = logging.getLogger("payam.http")

PIECE = 64 * 1024
"""Bytes of an answer that the transport gets in one call."""
HIGH_WATER = PIECE // 2
"""While more bytes than this wait for the kernel, nothing more is written until it took all."""
UNSENT_MAX = 128 * 1024
"""Most bytes of a large answer that wait in the kernel, besides those that are under way."""
TURN = 16
"""After so many pieces other connections have their turn, even if the kernel takes more."""
LEAST_PACE = 256
"""Bytes per second of a body. The slowest phone networks carry a thousand."""
LINGER_SECONDS = 2.0
"""A client that sent something other than HTTP may go on sending so long after the answer."""
LOOK_SECONDS = 15.0
LEAST_LOOK_SECONDS = 0.1


class HttpConnection(WebSocketProtocol):
    """It needs three things in `app.ctx`: `send_timeout`, in seconds; `room`, which limits how
    many bytes wait to be read; and `reader_of`, which says whose request this is.
    """

    HTTP_CLASS = Exchange

    __slots__ = (
        "_answering",
        "_heard",
        "_is_large",
        "_moved",
        "_paced",
        "_sent",
        "_taken",
        "is_lingering",
        "send_timeout",
    )
    transport: Any  # of asyncio or of uvloop; Sanic says None before there is one
    conn_info: Any
    _http: Any
    websocket: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.send_timeout: float = self.app.ctx.send_timeout
        self._sent = 0
        self._taken = 0
        self._moved: float | None = None  # when the client last took a part of what waits
        self._answering: Request | None = None
        self._heard = 0
        self._paced = (0.0, 0.0, 0)  # which request, when, and what had been heard by then
        self._is_large = False
        self.is_lingering = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        transport.set_write_buffer_limits(high=HIGH_WATER, low=0)

    async def send(self, data: bytes) -> None:
        """Write all of the data, as fast as the client takes it."""
        whole = memoryview(data) if len(data) > PIECE else data
        for turn, start in enumerate(range(0, len(data), PIECE), 1):
            await self._can_write.wait()
            if self.transport.is_closing():
                raise RequestCancelled
            piece = whole[start : start + PIECE]
            self._sent += len(piece)
            self.transport.write(piece)
            if turn % TURN == 0:
                await asyncio.sleep(0)
        self._time = monotonic()

    def answers(self, request: Request) -> None:
        """From now on the connection sends the answer to this request."""
        self._answering = request

    def hold(
        self, request: Request, size: int, *, is_refusable: bool = True
    ) -> AbstractContextManager[None]:
        """Take room for an answer that is not small; raises RateLimited or Unavailable."""
        self._keep_little_in_the_kernel()
        context = self.app.ctx
        room: AbstractContextManager[None] = context.room.hold(
            context.reader_of(request), size, is_refusable=is_refusable
        )
        return room

    def _keep_little_in_the_kernel(self) -> None:
        """Without this the kernel's buffer grows to megabytes per client that does not read."""
        if self._is_large or not hasattr(socket, "TCP_NOTSENT_LOWAT"):
            return
        self._is_large = True
        peer = self.transport.get_extra_info("socket")
        if peer is not None and peer.family in (socket.AF_INET, socket.AF_INET6):
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_MAX)

    def check_timeouts(self) -> None:
        """Sanic calls this when a connection begins; from then on it calls itself again."""
        if self.transport is None or self.conn_info.lost:
            return
        now = monotonic()
        waiting = unread(self.transport) if self._sent else 0
        if waiting:
            self._time = now  # the next wait begins when the client has the whole answer
            taken = self._sent - waiting
            if self._moved is None or taken > self._taken:
                self._taken, self._moved = taken, now
            elif now - self._moved >= self.send_timeout:
                self._give_up(waiting)
                return
        else:
            self._moved = None
            if self._task and self._is_out_of_time(now):
                self._task.cancel()
        patience = min(self.send_timeout, self.request_timeout)
        pause = min(LOOK_SECONDS, max(LEAST_LOOK_SECONDS, patience / 4))
        self._callback_check_timeouts = self.loop.call_later(pause, self.check_timeouts)

    def _is_out_of_time(self, now: float) -> bool:
        """Whether the client or Payam is late; `Exchange` then learns which of the two."""
        exchange = self._http
        silent_for = now - self._time
        # Before its first request an exchange has no such attribute.
        has_body = getattr(exchange, "request_body", None) is not None
        if has_body and not self.recv_buffer and exchange.stage is not Stage.REQUEST:
            if silent_for <= self.request_timeout and not self._is_dripping(now):
                return False
            if exchange.stage is Stage.HANDLER:
                exchange.exception = RequestTimeout("The rest of the body did not come in time.")
            return True
        if exchange.stage is Stage.IDLE:
            return bool(silent_for > self.keep_alive_timeout)
        if exchange.stage is Stage.REQUEST:
            # This limits the whole head. Otherwise a head could come byte by byte for ever.
            if now - exchange.began > self.request_timeout:
                exchange.exception = RequestTimeout("The request's head did not come in time.")
        elif exchange.upgrade_websocket:
            return False
        elif silent_for > self.response_timeout:
            exchange.exception = ServiceUnavailable("Response Timeout")
        return bool(exchange.exception)

    def _is_dripping(self, now: float) -> bool:
        """Whether the body has come too slowly for `request_timeout` seconds."""
        request, since, heard = self._paced
        if request != self._http.began:
            self._paced = (self._http.began, now, self._heard)
            return False
        if now - since <= self.request_timeout:
            return False
        self._paced = (request, now, self._heard)
        return self._heard - heard < LEAST_PACE * (now - since)

    def _give_up(self, waiting: int) -> None:
        metrics.clients_cut.inc()
        self._say_cut(f"its client took nothing of it for {self.send_timeout:g} s", waiting)
        self.transport.abort()

    def _say_cut(self, why: str, waiting: int) -> None:
        request = self._answering
        what = f"{request.method} {request.path}" if request else "a connection"
        extra = {"request_id": getattr(request.ctx, "request_id", "")} if request else {}
        log.warning(
            "the answer to %s was cut off: %s, and %d bytes are left",
            what,
            why,
            waiting,
            extra=extra,
        )

    def close(self, timeout: float | None = None) -> None:
        """Send what is left, as fast as the client takes it, and close.

        While bytes of the client are unread, a close makes the kernel reset the connection,
        and the client may never see why it was refused. So in this case only our side is
        closed at first.
        """
        if self.transport is None or self.transport.is_closing():
            return
        if self.is_lingering and self._task is None and self.transport.can_write_eof():
            self.transport.write_eof()
            self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """As Sanic's own. That looks for its limit as an attribute of the settings, which takes as
        long as all the rest.
        """
        if self.is_lingering and self._task is None:
            return
        self._heard += len(data)
        if self.websocket is not None:
            self.websocket.data_received(data)
            return
        self._time = monotonic()
        self.recv_buffer += data
        if len(self.recv_buffer) >= self.app.config["REQUEST_BUFFER_SIZE"]:
            self.transport.pause_reading()
        self._data_received.set()

    def abort(self) -> None:
        """Cut the connection off, at the end of a stop."""
        if self.transport is None or self.conn_info.lost:
            return
        if waiting := unread(self.transport):
            self._say_cut("the server stops", waiting)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._callback_check_timeouts:
            self._callback_check_timeouts.cancel()
        super().connection_lost(exc)  # type: ignore[no-untyped-call]


def unread(transport: Any) -> int:
    """Bytes that the other end has not acknowledged: those in the transport, and on Linux
    those in the kernel.
    """
    waiting: int = transport.get_write_buffer_size()
    peer = transport.get_extra_info("socket")
    try:
        # Linux: SIOCOUTQ. A socket that is closed has the descriptor -1.
        answer = fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
    except (OSError, ValueError, AttributeError):
        return waiting
    in_kernel: int = struct.unpack("i", answer)[0]
    return waiting + in_kernel
