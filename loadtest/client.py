"""The socket of one member: what it sends, and the book of what it receives.

Servers may differ by only half a microsecond per delivery. So the path of a frame that was due
is as short as possible. Every other frame goes the long way through `look`.
"""

import asyncio
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

import picows

from loadtest.histogram import Histogram
from loadtest.ledger import Ledger
from loadtest.targets.target import Heard, Kind, Target

HANDSHAKE_SECONDS = 60
READ_BUFFER = 4096
"""Bytes of a socket's first buffer. It is small because one process has thousands of sockets."""
HEARD_KEPT = 4096
SENT_AT = b"sent at "
SENT_AT_TEXT = SENT_AT.decode()
TIME_LENGTH = 17
"""Characters of the time in a message: seconds of the loader's own clock, with six decimals."""

TEXT = picows.WSMsgType.TEXT
CLOSE = picows.WSMsgType.CLOSE


class CannotConnect(Exception):
    """The server refused a socket. The text is one line."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading a chunk that held only the changes that were due. After it `due` is
    the next change, `mark` is how that one's frame ends, and `cut` is the rest of the bytes.
    """

    chunk: bytes
    due: int
    mark: bytes
    cut: bytes


Readings = dict[tuple[int, bytes, int], Reading]
"""By the change that was due, the bytes that were cut off before, and the chunk's length."""


@dataclass
class Traffic:
    """What the clients of one run share."""

    url: str
    target: Target
    ledger: Ledger
    deliveries: Histogram
    text_length: int
    name: str = field(default_factory=lambda: secrets.token_hex(6))
    acked: int = 0
    """Changes that the server acknowledged."""
    refused: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    """Sockets that the server closed, by code and reason."""
    readings: defaultdict[int, Readings] = field(default_factory=lambda: defaultdict(dict))
    """By conversation; see `loadtest.bulk`."""

    def __post_init__(self) -> None:
        self.padding = "." * (self.text_length - len(SENT_AT) - TIME_LENGTH - 1)
        self.hear = self.target.hear
        # Thousands of clients that catch up receive the same.
        self.hear_again = lru_cache(HEARD_KEPT)(self.hear)

    def text(self, due: float) -> str:
        """The text of a message, with the time at which it was due."""
        return f"{SENT_AT_TEXT}{due:017.6f} {self.padding}"


class Client(picows.WSListener):
    """A member of one conversation. The same client may connect again."""

    sends = True

    def __init__(self, traffic: Traffic, number: int, user: int, conversation: int) -> None:
        self.traffic = traffic
        self.user = user
        self.conversation = conversation
        self.marks = traffic.ledger.marks
        each = self.sends and not traffic.target.acks
        self.book = traffic.ledger.open_book(conversation, each=each)
        self.waiting: set[str] = set()
        """References of frames that are not acknowledged yet."""
        self.latest = 0
        """Id of the client's own last message."""
        self._own = 0, b""
        """The number of a message of its own that was acknowledged, and how its delivery ends."""
        self.after_ack: Callable[[], object] | None = None
        self.connects = 0
        self._name = f"{traffic.name}-{number}"
        self._sent = 0
        target = traffic.target
        self._message = (
            partial(target.message_in, conversation)
            if target.names_conversations
            else target.message
        )
        self._transport: picows.WSTransport | None = None
        self._let_in = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._goodbye = ""

    async def connect(self, token: str, *, since: bool = False) -> None:
        """Connect. With `since`, return once the server has sent everything that was missed.

        Raises CannotConnect.
        """
        target = self.traffic.target
        since = since and target.catches_up
        path = target.socket_path(self.conversation, self.book.last if since else None)
        self._goodbye = ""
        self._let_in.clear()
        self._caught_up.clear()
        if since:
            self.traffic.ledger.catching_up(self.book)
        try:
            await picows.ws_connect(
                lambda: self,
                self.traffic.url.replace("http", "ws", 1) + path,
                extra_headers=headers_of(target, token),
                websocket_handshake_timeout=HANDSHAKE_SECONDS,
                read_buffer_init_size=READ_BUFFER,
            )
            self.connects += 1
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                if target.greets:
                    await self._let_in.wait()
                if since:
                    await self._caught_up.wait()
        except (OSError, TimeoutError, picows.WSError) as error:
            reason = str(error) or type(error).__name__
            raise CannotConnect(f"user {self.user} at {path}: {reason}") from error

    @property
    def is_connected(self) -> bool:
        return self._transport is not None

    def drop(self) -> None:
        """Disappear without closing the socket, as a phone does."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.disconnect(graceful=False)

    def say(self, due: float | None = None) -> None:
        """Send a message. `due` is the time at which it should have been sent, if not now."""
        text = self.traffic.text(time.perf_counter() if due is None else due)
        self._send(self._message(text, self._reference()))

    def edit(self) -> None:
        """Edit the client's own last message."""
        text = self.traffic.text(time.perf_counter())
        self._send(self.traffic.target.edit(self.latest, text, self._reference()))

    def mark_read(self) -> None:
        """Mark everything up to the client's own last message as read."""
        self._send(self.traffic.target.mark_read(self.latest, self._reference()))

    def type(self, is_typing: bool) -> None:
        self._send(self.traffic.target.typing(is_typing))

    def _reference(self) -> str:
        self._sent += 1
        reference = f"{self._name}-{self._sent}"
        self.waiting.add(reference)
        return reference

    def _send(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.send(TEXT, frame)

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        for frame in self.traffic.target.introduction(self.user, self.conversation):
            self._send(frame)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        if transport is self._transport:  # the client did not drop it itself
            self._transport = None
            self.traffic.closed[self._goodbye or "without a close frame"] += 1

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        book = self.book
        if payload.endswith(book.mark):
            book.due += 1
            book.mark = self.marks[book.due]
        else:
            self.look(transport, frame.msg_type, payload)

    def look(self, transport: picows.WSTransport, kind: picows.WSMsgType, payload: bytes) -> None:
        """The long way, for a frame that was not due or is no delivery."""
        if kind == TEXT:
            seq, mark = self._own
            book = self.book
            if seq == book.due and mark and payload.endswith(mark) and not book.catching_up:
                book.due += 1
                book.mark = self.marks[book.due]
                self.arrived(payload)
            else:
                self._hear(transport, payload)
        elif kind == CLOSE:
            code = int.from_bytes(payload[:2], "big")
            self._goodbye = f"{code} {payload[2:].decode(errors='replace')}".strip()
            transport.disconnect()

    def _hear(self, transport: picows.WSTransport, payload: bytes) -> None:
        traffic = self.traffic
        heard = (traffic.hear_again if self.book.catching_up else traffic.hear)(payload)
        if heard.kind is Kind.ACK:
            self._acked(heard)
        elif heard.kind is Kind.DELIVERY and heard.seq is not None:
            traffic.ledger.received(self.book, heard.seq)
            if not self.book.catching_up:
                self.arrived(payload)
            if heard.reference in self.waiting:  # with some servers this is the only ack
                self._acked(heard)
        elif heard.kind is Kind.CAUGHT_UP and heard.seq is not None:
            traffic.ledger.caught_up(self.book, heard.seq)
            self._caught_up.set()
        elif heard.kind is Kind.REFUSED:
            self.waiting.discard(heard.reference)
            traffic.refused[heard.text] += 1
        elif heard.kind is Kind.CALL:
            transport.send(TEXT, heard.answer)
        elif heard.kind is Kind.LET_IN:
            self._let_in.set()

    def _acked(self, heard: Heard) -> None:
        self.waiting.discard(heard.reference)
        if heard.seq is not None and heard.message is not None:
            self.traffic.acked += 1
            self.latest = heard.message
            self._own = heard.seq, self.traffic.target.own_mark(heard.seq, heard.reference)
            self.traffic.ledger.acked(self.conversation, heard.seq, heard.message)
        if self.after_ack is not None:
            self.after_ack()

    def arrived(self, payload: bytes) -> None:
        """A change was received, and the client was not away before it."""


def headers_of(target: Target, token: str) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    if target.protocol:
        headers["Sec-WebSocket-Protocol"] = target.protocol
    return headers


class TimedClient(Client):
    """A client that also measures how long each change took to arrive."""

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        book = self.book
        if payload.endswith(book.mark):
            book.due += 1
            book.mark = self.marks[book.due]
            self.arrived(payload)
        else:
            self.look(transport, frame.msg_type, payload)

    def arrived(self, payload: bytes) -> None:
        start = payload.find(SENT_AT)
        if start >= 0:
            start += len(SENT_AT)
            sent = float(payload[start : start + TIME_LENGTH])
            self.traffic.deliveries.record(time.perf_counter() - sent)
