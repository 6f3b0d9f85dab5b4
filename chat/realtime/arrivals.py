"""Clients that have connected, until their first bytes say what they want.

A plain handshake is answered here. A client with anything else gets Sanic's protocol, which begins
with these bytes. So does a plain handshake that is refused, with the error that it is refused with:
only Sanic's error handler writes such an answer. Example:

1. A client connects. It has an `Arrival`, which is little: no task, no buffer.
2. Its first bytes are `GET /ws/ …`. `plain_knock` reads them, and the gate admits the client. The
   connection that was admitted gets the transport, and the arrival is gone.
3. Another client's token has expired. The gate's error and the bytes go to Sanic's protocol. It
   routes the request, runs the middleware, and calls `websocket_handshake`, which raises the error.
"""

import asyncio
from functools import partial
from random import getrandbits
from typing import Any, Protocol

from sanic import Sanic
from structlog.contextvars import bind_contextvars

from chat.realtime.connection import Connection
from chat.realtime.gate import Admitted
from chat.realtime.handshake import ChatProtocol, Upgrade
from chat.realtime.knock import Knock
from chat.realtime.plain_knock import PlainKnock
from chat.realtime.transport import Transports
from chat.realtime.turns import Turns

QUIET_SECONDS = 5.0
"""A client that says nothing for so long gets Sanic's protocol, which limits how long it may.

When thousands come at once, many connect a second or two before their handshakes are read. Sanic
takes twice the time for one. So this is longer than that.
"""
EARLY_MAX = 64 * 1024
"""Bytes that a client may send before its handshake is answered. Then it is not read any more."""


class Porter(Protocol):
    """Decides about handshakes. It is `app.ctx.porter`, if the application has websockets.

    They begin with the bytes `begins`, and are read in its `turns`.
    """

    begins: bytes
    turns: Turns

    def read(self, data: bytes) -> PlainKnock | None: ...

    async def admit(self, knock: Knock) -> Admitted: ...

    def open(self, upgrade: Upgrade) -> None: ...


class Arrival(asyncio.Protocol):
    """It has what Sanic asks of a connection when it stops: `close_if_idle` and `abort`."""

    __slots__ = (
        "_bytes",
        "_connections",
        "_is_answered",
        "_length",
        "_loop",
        "_porter",
        "_successor",
        "_task",
        "_timer",
        "transport",
    )

    def __init__(
        self,
        *,
        app: Sanic[Any, Any],
        loop: asyncio.AbstractEventLoop,
        connections: set[Any],
        **given: Any,
    ) -> None:
        self._successor = partial(
            ChatProtocol, app=app, loop=loop, connections=connections, **given
        )
        self._porter: Porter | None = getattr(app.ctx, "porter", None)
        self._loop = loop
        self._connections = connections
        self._bytes = b""
        self._length = 0  # of what came first, which may be a handshake; 0 until it is there
        self._is_answered = False
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._connections.add(self)
        self._timer = self._loop.call_later(QUIET_SECONDS, self._pass_on)

    def data_received(self, data: bytes) -> None:
        if self._length:
            self._bytes += data
            if len(self._bytes) >= EARLY_MAX:
                self.transport.pause_reading()
            return
        self._bytes = data
        if self._porter is None or not data.startswith(self._porter.begins):
            self._pass_on()
            return
        # It is not even parsed here: the event loop may have found thousands.
        self._stop_timer()
        self._length = len(data)
        self._porter.turns.add(partial(self._begin, self._porter))

    def _begin(self, porter: Porter) -> None:
        if self.transport.is_closing():
            return
        knock = porter.read(self._bytes[: self._length])
        if knock is None:
            self._pass_on()
            return
        knock.transport = self.transport
        self._task = self._loop.create_task(self._answer(porter, knock))

    async def _answer(self, porter: Porter, knock: PlainKnock) -> None:
        request_id = knock.request_id or f"{getrandbits(64):016x}"
        bind_contextvars(request_id=request_id)
        if knock.conversation_id is not None:
            bind_contextvars(conversation=knock.conversation_id)
        try:
            admitted = await porter.admit(knock)
            porter.open(Upgrade(self, knock.answer(), admitted))
        except Exception as error:
            if self._is_answered:
                raise
            if knock.request_id is None:  # what was logged has the id that the answer will have
                self._bytes = self._bytes.replace(
                    b"\r\n", f"\r\nX-Request-ID: {request_id}\r\n".encode(), 1
                )
            self._pass_on(error)

    def release(self, successor: Connection, transports: Transports) -> bytes:
        """Give the socket to `successor`. Returns bytes that it must read first."""
        self._is_answered = True
        self._connections.discard(self)
        transports.take(self.transport, successor)
        return self._bytes[self._length :]

    def _pass_on(self, refusal: Exception | None = None) -> None:
        """Give the transport to Sanic's protocol, and with it all that was received."""
        self._stop_timer()
        transport = self.transport
        if transport.is_closing():
            return
        self._connections.discard(self)
        successor = self._successor()
        successor.refusal = refusal
        transport.set_protocol(successor)
        successor.connection_made(transport)
        transport.resume_reading()
        if self._bytes:
            successor.data_received(self._bytes)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def close_if_idle(self) -> bool:
        """Close the connection, unless a handshake is under way. Returns whether it is closed."""
        if self._length:
            return False
        self.transport.close()
        return True

    def abort(self) -> None:
        self.transport.abort()
