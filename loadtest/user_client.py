"""The socket of one user for all of their conversations, and a book for each that is used.

Every frame is decoded: it belongs to one of many conversations, so none is due by itself.
"""

import asyncio
import time

import picows

from loadtest.client import CLOSE, HANDSHAKE_SECONDS, READ_BUFFER, TEXT, CannotConnect, Traffic
from loadtest.ledger import Book
from loadtest.targets.target import Heard, Kind

BUSY = "503"


class TooBusy(CannotConnect):
    """The server could not open the socket now. A client tries again later."""


class UserClient(picows.WSListener):
    """The same client may connect again, with the cursor that it has by then."""

    def __init__(self, traffic: Traffic, number: int, user: int) -> None:
        self.traffic = traffic
        self.user = user
        self.cursor: str | None = None
        self.books: dict[int, Book] = {}
        """By conversation; only of those in which something is said in this run."""
        self.waiting: set[str] = set()
        """References of messages that are not acknowledged yet."""
        self.repeated = 0
        """Changes that came again after a return, because the cursor was older than they are."""
        self._known: dict[int, int] = {}
        """The change that was due in each conversation when this connection began."""
        self._said_in: dict[str, int] = {}
        self._name = f"{traffic.name}-u{number}"
        self._sent = 0
        self._transport: picows.WSTransport | None = None
        self._let_in = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._goodbye = ""

    async def connect(self, token: str, *, again: bool = False) -> None:
        """Connect. With `again`, return once the server has sent everything that was missed.

        Raises CannotConnect, and of its kinds TooBusy where a later attempt may be let in.
        """
        cursor = self.cursor if again else None
        path = self.traffic.target.user_path(cursor)
        self._goodbye = ""
        self._let_in.clear()
        self._caught_up.clear()
        self._known = {id_: book.due for id_, book in self.books.items()}
        if again:
            for book in self.books.values():
                self.traffic.ledger.catching_up(book)
        try:
            await picows.ws_connect(
                lambda: self,
                self.traffic.url.replace("http", "ws", 1) + path,
                extra_headers={"Authorization": f"Bearer {token}"},
                websocket_handshake_timeout=HANDSHAKE_SECONDS,
                read_buffer_init_size=READ_BUFFER,
            )
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await (self._let_in if cursor is None else self._caught_up).wait()
        except (OSError, TimeoutError, picows.WSError) as error:
            reason = str(error) or type(error).__name__
            is_busy = isinstance(error, picows.WSInvalidStatusError) and BUSY in reason
            kind = TooBusy if is_busy else CannotConnect
            raise kind(f"user {self.user} at {path}: {reason}") from error

    @property
    def is_connected(self) -> bool:
        return self._transport is not None

    def drop(self) -> None:
        """Disappear without closing the socket, as a phone does."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.disconnect(graceful=False)

    def say(self, conversation: int, due: float | None = None) -> None:
        """Send a message. `due` is the time at which it should have been sent, if not now."""
        if self._transport is None:
            return
        self._sent += 1
        reference = f"{self._name}-{self._sent}"
        self.waiting.add(reference)
        self._said_in[reference] = conversation
        text = self.traffic.text(time.perf_counter() if due is None else due)
        frame = self.traffic.target.message_in(conversation, text, reference)
        self._transport.send(TEXT, frame)

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        if transport is self._transport:  # the client did not drop it itself
            self._transport = None
            self.traffic.closed[self._goodbye or "without a close frame"] += 1

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        if frame.msg_type == TEXT:
            self._hear(transport, self.traffic.hear_again(payload))
        elif frame.msg_type == CLOSE:
            code = int.from_bytes(payload[:2], "big")
            self._goodbye = f"{code} {payload[2:].decode(errors='replace')}".strip()
            transport.disconnect()

    def _hear(self, transport: picows.WSTransport, heard: Heard) -> None:
        if heard.kind is Kind.DELIVERY and heard.seq is not None:
            self._delivered(heard.conversation, heard.seq)
        elif heard.kind is Kind.ACK:
            self._acked(heard)
        elif heard.kind is Kind.REFUSED:
            self.waiting.discard(heard.reference)
            self.traffic.refused[heard.text] += 1
        elif heard.kind is Kind.CALL:
            transport.send(TEXT, heard.answer)
        if heard.cursor and heard.kind is not Kind.HELLO:
            self.cursor = heard.cursor
        if heard.kind is Kind.HELLO:
            self.cursor = self.cursor or heard.cursor
            self._let_in.set()
        elif heard.kind is Kind.CAUGHT_UP:
            for book in self.books.values():
                self.traffic.ledger.caught_up(book, book.last)
            self._caught_up.set()

    def _delivered(self, conversation: int, seq: int) -> None:
        if self.traffic.target.shares_numbers:
            self.cursor = str(max(seq, int(self.cursor or 0)))
        book = self.books.get(conversation)
        if book is None:
            return  # of somebody who does not belong to this run
        if seq < self._known.get(conversation, 0) and seq not in book.holes | book.skipped:
            self.repeated += 1
        else:
            self.traffic.ledger.received(book, seq)

    def _acked(self, heard: Heard) -> None:
        self.waiting.discard(heard.reference)
        conversation = self._said_in.pop(heard.reference, 0)
        if heard.seq is not None and heard.message is not None:
            self.traffic.acked += 1
            self.traffic.ledger.acked(conversation, heard.seq, heard.message)
