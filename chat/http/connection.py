"""A client's connection while it speaks HTTP: what is sent, and how long a client may be silent.

Sanic counts time from the moment in which an answer was written into a buffer; a client
that reads it slowly is then cut off in the middle of it. Here time counts from the last
byte that the client's machine acknowledged. So whoever reads, however slowly, gets the
whole answer, and whoever takes nothing for `send_timeout` seconds is cut off, with a line
in the log.
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
"""Bytes of an answer that are given to the transport at a time."""
HIGH_WATER = PIECE // 2
"""Bytes that the kernel did not take, above which nothing more is written until it took all."""
UNSENT_MAX = 128 * 1024
"""Bytes of a large answer that the kernel keeps beside those on their way."""
TURN = 16
"""Pieces after which others have their turn, even if the kernel takes more."""
LINGER_SECONDS = 2.0
"""How long a client whose request was no HTTP may go on sending after the answer."""
LOOK_SECONDS = 15.0
LEAST_LOOK_SECONDS = 0.1


class HttpConnection(WebSocketProtocol):
    """`app.ctx.send_timeout` is in seconds, `app.ctx.room` bounds what waits to be read, and
    `app.ctx.reader_of` says of a request by whom.
    """

    HTTP_CLASS = Exchange

    __slots__ = (
        "_answering",
        "_is_large",
        "_moved",
        "_sent",
        "_taken",
        "is_lingering",
        "send_timeout",
    )
    transport: Any  # of asyncio or of uvloop; Sanic says None before there is one
    conn_info: Any
    _http: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.send_timeout: float = self.app.ctx.send_timeout
        self._sent = 0
        self._taken = 0
        self._moved: float | None = None  # when the client last took a part of what waits
        self._answering: Request | None = None
        self._is_large = False
        self.is_lingering = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        transport.set_write_buffer_limits(high=HIGH_WATER, low=0)

    async def send(self, data: bytes) -> None:
        """Write all of it, as fast as the client takes it."""
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
        """What is sent from now on is the answer to this."""
        self._answering = request

    def hold(
        self, request: Request, size: int, *, is_refusable: bool = True
    ) -> AbstractContextManager[None]:
        """Room for an answer that is not small; raises RateLimited or Unavailable."""
        self._keep_little_in_the_kernel()
        context = self.app.ctx
        room: AbstractContextManager[None] = context.room.hold(
            context.reader_of(request), size, is_refusable=is_refusable
        )
        return room

    def _keep_little_in_the_kernel(self) -> None:
        """Its buffer grows to megabytes for each client that does not read."""
        if self._is_large or not hasattr(socket, "TCP_NOTSENT_LOWAT"):
            return
        self._is_large = True
        peer = self.transport.get_extra_info("socket")
        if peer is not None and peer.family in (socket.AF_INET, socket.AF_INET6):
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_MAX)

    def check_timeouts(self) -> None:
        """Sanic calls it when a connection begins; it then looks again by itself."""
        if self.transport is None or self.conn_info.lost:
            return
        now = monotonic()
        waiting = unread(self.transport)
        if waiting:
            self._time = now  # what follows the answer begins when the client has it
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
        pause = min(LOOK_SECONDS, max(LEAST_LOOK_SECONDS, self.send_timeout / 4))
        self._callback_check_timeouts = self.loop.call_later(pause, self.check_timeouts)

    def _is_out_of_time(self, now: float) -> bool:
        """Whether the client, or we, were to do something by now; says so to `Exchange`."""
        exchange = self._http
        silent_for = now - self._time
        if exchange.stage is Stage.IDLE:
            return bool(silent_for > self.keep_alive_timeout)
        if exchange.stage is Stage.REQUEST:
            # All of it: a head that comes a byte at a time would never end.
            if now - exchange.began > self.request_timeout:
                exchange.exception = RequestTimeout("The request's head did not come in time.")
        elif exchange.upgrade_websocket:
            return False
        elif exchange.request_body and not self.recv_buffer:
            if silent_for > self.request_timeout:
                exchange.exception = RequestTimeout("The rest of the body did not come in time.")
        elif silent_for > self.response_timeout:
            exchange.exception = ServiceUnavailable("Response Timeout")
        return bool(exchange.exception)

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

        With bytes unread the kernel would reset the connection, and the client might
        never see why it was refused: then only our side is closed at first.
        """
        if self.transport is None or self.transport.is_closing():
            return
        if self.is_lingering and self._task is None and self.transport.can_write_eof():
            self.transport.write_eof()
            self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.is_lingering and self._task is None:
            return
        super().data_received(data)  # type: ignore[no-untyped-call]

    def abort(self) -> None:
        """What is still here at the end of a stop."""
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
    """Bytes that the other end has not acknowledged: ours, and the kernel's where it tells."""
    waiting: int = transport.get_write_buffer_size()
    peer = transport.get_extra_info("socket")
    try:
        # Linux: SIOCOUTQ. A socket that is closed has the descriptor -1.
        answer = fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
    except (OSError, ValueError, AttributeError):
        return waiting
    in_kernel: int = struct.unpack("i", answer)[0]
    return waiting + in_kernel
