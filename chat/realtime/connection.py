"""One client's websocket after the opening handshake: frames in, shared bytes out.

A Connection gets the TCP transport. Everything that websockets ask of a server happens here, in the
callbacks of the transport. No task and no queue belongs to a socket. An idle socket is this object
and its parser.
"""

import asyncio
from typing import ClassVar, Protocol, cast

from chat import metrics
from chat.auth.identity import Identity
from chat.realtime.framing import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameParser,
    ProtocolError,
    close_frame,
    frame,
    parse_close,
)

_holding: list["Connection"] = []
"""Those of this process that have something to be written with what is sent next."""


class Listener(Protocol):
    """Gets the texts of a connection, and is notified of its end."""

    def text_received(self, connection: "Connection", text: str) -> None: ...

    def connection_lost(self, connection: "Connection") -> None: ...


class Anteroom:
    """Stands for the transport until the handshake is done. It keeps what is written, which goes
    out after the handshake's answer.
    """

    __slots__ = ("written",)

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        """Do nothing: the handshake sees that the connection is closing."""


class Connection(asyncio.Protocol):
    """`identity` is the user at the other end.

    A connection is made before its handshake is answered. So an announcement that comes meanwhile
    (its sign-in is revoked, its user is removed) finds it and closes it.

    - `held`: what is written together with what is sent next.
    - `closed_with`: the code of the close that was sent, or 0.
    - `missed`: heartbeats since anything was received.
    - `malformed`, `refused`: frames in a row that were not understood, or were too many.
    - `ends_at`: when its token ends, by the monotonic clock.
    - `look_at`: the second at which this is looked at next, or 0 while the end is far away.
    - `renewal`: the number of the `auth` frame that brought its token.
    - `slot`: its place among the heartbeats.
    """

    close_timeout: ClassVar[float] = 5.0
    """A client that does not answer a close within so many seconds is cut off."""

    __slots__ = (
        "_cut",
        "_parser",
        "closed_with",
        "ends_at",
        "held",
        "identity",
        "is_closing",
        "listener",
        "look_at",
        "malformed",
        "missed",
        "refused",
        "renewal",
        "slot",
        "transport",
    )

    is_wide: ClassVar = False
    """Whether its frames name their conversation."""

    def __init__(self, listener: Listener, identity: Identity, max_size: int) -> None:
        self.listener = listener
        self.identity = identity
        self.transport = cast("asyncio.Transport", Anteroom())
        self.is_closing = False
        self.closed_with = 0
        self.missed = 0
        self.malformed = 0
        self.refused = 0
        self.renewal = 0
        self.ends_at = 0.0
        self.look_at = 0
        self.slot = 0
        self.held = b""
        self._parser = FrameParser(max_size)
        self._cut: asyncio.TimerHandle | None = None

    @property
    def is_answered(self) -> bool:
        """Whether its handshake is answered, so that frames may go out."""
        return not isinstance(self.transport, Anteroom)

    def answer(self, response: bytes) -> None:
        """Answer its handshake, before it has the transport. This goes out with the first frames,
        or with a close. Otherwise the caller flushes.
        """
        before = cast("Anteroom", self.transport)
        before.written = response + before.written

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        before = cast("Anteroom", self.transport)
        # uvloop's transport has the same methods, but not this base class.
        self.transport = cast("asyncio.Transport", transport)
        self.held = before.written + self.held
        if self.is_closing:  # nothing is sent any more with which it would go out
            self.transport.write(self.held)
            self.held = b""

    def data_received(self, data: bytes) -> None:
        self.missed = 0
        parser = self._parser
        for opcode, payload in parser.feed(data):
            if opcode == TEXT:
                if self.is_closing:
                    continue
                try:
                    text = payload.decode()
                except UnicodeDecodeError:
                    self.close(1007, "text must be UTF-8")
                    continue
                self.listener.text_received(self, text)
            elif opcode == PING:
                if not self.is_closing:
                    self.transport.write(frame(PONG, payload))
            elif opcode == CLOSE:
                self._close_received(payload)
                return
            elif opcode != PONG:
                self.close(1003, "text frames only")
        if parser.error is not None and not self.is_closing:
            self.close(parser.error.code, parser.error.reason)
            # The client's own close cannot be found any more among what it sends. So the server
            # ends its side of the stream. Cutting the connection would reset it, and the reason
            # might be lost.
            self.transport.write_eof()

    def send(self, frames: bytes) -> None:
        """Write bytes of whole frames. Nothing goes out after a close."""
        if self.is_closing:
            return
        if self.held:
            frames = self.held + frames
            self.held = b""
        self.transport.write(frames)

    def hold(self, frames: bytes) -> None:
        """Write these together with what is sent next, or at the end of this step of the loop."""
        if not _holding:
            asyncio.get_running_loop().call_soon(flush_held)
        _holding.append(self)
        self.held += frames

    def flush(self) -> None:
        """Write what is held, if it did not go out with something else."""
        if self.held:
            self.send(b"")

    def ping(self) -> None:
        self.send(frame(PING, b""))

    def close(self, code: int, reason: str = "") -> None:
        """Send a close, and wait a moment for the client's close. Only the first call counts."""
        self.flush()
        if self.is_closing:  # perhaps only now, because that write found a full buffer
            return
        self.is_closing = True  # before the write, which may find a full buffer and close too
        self.closed_with = code
        self.transport.write(close_frame(code, reason))
        metrics.closes.labels(str(code)).inc()
        loop = asyncio.get_running_loop()
        self._cut = loop.call_later(self.close_timeout, self.drop)

    def drop(self) -> None:
        """Cut the transport, because nobody is there to get a close."""
        self.is_closing = True
        self.transport.abort()

    def _close_received(self, payload: bytes) -> None:
        if not self.is_closing:
            try:
                code, _ = parse_close(payload)
            except ProtocolError as error:
                code = error.code
            self.flush()
            self.transport.write(close_frame(code))
            self.is_closing = True
        self.transport.close()

    def pause_writing(self) -> None:
        """Too many bytes wait for this reader: close it."""
        self.close(4408, "did not read fast enough")

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closing = True
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
        self.listener.connection_lost(self)


def flush_held() -> None:
    """Write what is held, wherever it did not go out with something else."""
    if _holding:
        holding = _holding.copy()
        _holding.clear()
        for connection in holding:
            if connection.held:  # mostly it went out with the message
                connection.flush()
