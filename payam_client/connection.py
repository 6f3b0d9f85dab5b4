"""A socket that stays connected: it reconnects after a cut, with a token that works.

It does what the close codes say. Its two subclasses read and write: Conversation (one conversation,
`/ws/chat/<id>/`) and Account (all conversations of a user, `/ws/`).
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Literal, NoReturn, Self, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from payam_client.close_codes import ABNORMAL, FINAL, REFUSED_FOR_GOOD, restart_delay
from payam_client.errors import ConversationClosed, PayamError
from payam_client.http import refusal
from payam_client.session import Session

log = logging.getLogger("payam_client")

State = Literal["connecting", "open", "waiting", "closed"]
Event = TypeVar("Event")

CLOSE_SECONDS = 1.0
PING_SECONDS = 20.0


class ConnectAgain(Exception):
    """This connection cannot be used. Begin the next one at once."""


class Connection(ABC):
    """It begins to connect when it is made. `close` ends it, and so does the end of the sign-in."""

    name: str
    """Its name in the log and in errors."""

    def __init__(self, session: Session) -> None:
        self.state: State = "connecting"
        """`open` means that everything missed has come, `waiting` that it will connect again."""
        self._session = session
        self._subject = session.subject
        self._is_open = asyncio.Event()
        self._is_wanted = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._access = ""
        self._refused: str | None = None
        self._attempt = 0
        self._end: Exception | None = None
        self._soon_done: set[asyncio.Task[None]] = set()
        session._open.add(self)
        self._running = asyncio.create_task(self._run())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def opened(self) -> None:
        """Wait until it is open. Raises ConversationClosed if that will never happen."""
        await self._is_open.wait()
        if self._end is not None:
            raise self._end

    async def close(self) -> None:
        """Close it. Whoever waits for an answer gets ConversationClosed."""
        self._running.cancel()
        await asyncio.wait([self._running])
        self._finish(self._closed(1000, "it was closed here"))

    def wake(self) -> None:
        """Connect at once if it waits for that, because the network is back."""
        self._is_wanted.set()

    # What Conversation and Account say.

    @abstractmethod
    async def _place(self) -> str:
        """The path to connect to, with its query. Raises PayamError."""

    @abstractmethod
    def _begin(self, socket: ClientConnection) -> None:
        """A connection begins."""

    @abstractmethod
    def _read(self, socket: ClientConnection, frame: str | bytes) -> bool:
        """Take a frame. Returns whether everything missed is here. Raises ConnectAgain."""

    def _cut(self) -> None:  # noqa: B027 - nothing to do for most
        """The connection is over."""

    @abstractmethod
    async def _write_all(self, socket: ClientConnection) -> None:
        """Send what waits. This runs from when everything is here to the connection's end."""

    @abstractmethod
    def _ended(self, error: Exception) -> None:
        """It is closed for good."""

    @property
    def _is_starved(self) -> bool:
        """Whether the connection was closed only to come back for dropped events."""
        return False

    async def _next(self, taken: Callable[[], Awaitable[Event | None]]) -> Event:
        """The next event. After the last one it raises what has ended the connection."""
        if self._is_starved and self._socket is not None:
            await self._socket.close()  # reconnect, to get the events that were dropped
        event = await taken()
        if event is not None:
            return event
        if isinstance(self._end, ConversationClosed) and self._end.close_code == 1000:
            raise StopAsyncIteration
        assert self._end is not None
        raise self._end

    # Staying connected.

    async def _run(self) -> None:
        """Connect again and again, until the server closes it for good."""
        try:
            while True:
                self.state = "connecting"
                self._is_wanted.clear()
                delay = await self._connect()
                self.state = "waiting"
                self._is_open.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await self._is_wanted.wait()
        except ConversationClosed as closed:
            log.warning("%s", closed)
            self._finish(closed)
        except Exception as error:
            # Whoever sends or iterates gets the error. Perhaps nobody does.
            log.exception("%s failed", self.name)
            self._finish(error)

    async def _connect(self) -> float:
        """Keep one connection to its end. Returns the seconds to wait before the next one.

        Raises ConversationClosed.
        """
        try:
            self._access = await self._session.token(self._refused, subject=self._subject)
            place = await self._place()
            async with connect(
                f"{self._session.url.replace('http', 'ws', 1)}{place}",
                additional_headers={"Authorization": f"Bearer {self._access}"},
                open_timeout=self._session.patience,
                close_timeout=CLOSE_SECONDS,
                ping_interval=PING_SECONDS,
                ping_timeout=self._session.patience,
                compression=None,
                max_size=None,  # the server decides how long a message may be
                proxy=True if self._session.trust_env else None,
            ) as socket:
                await self._talk(socket)
        except ConnectAgain:
            return 0
        except PayamError as error:
            code = {401: 4401, 404: 4404}.get(error.status)
            if code is not None:
                raise self._closed(code, error.detail, error.code) from error
            return self._pause(str(error), error.retry_after or 0)
        except InvalidStatus as refused:
            return self._after_refusal(refused)
        except ConnectionClosed as closed:
            # An answer to the client's own close means nothing.
            rcvd = None if closed.rcvd_then_sent is False else closed.rcvd
            code, reason = (rcvd.code, rcvd.reason) if rcvd else (ABNORMAL, str(closed))
            return self._after(code, reason, closed)
        except (OSError, InvalidHandshake, TimeoutError) as error:
            return self._pause(str(error) or type(error).__name__)

    def _after(self, code: int, reason: str, cause: Exception) -> float:
        """Seconds to wait after a close with this code. Raises ConversationClosed."""
        if code in FINAL:
            raise self._closed(code, reason) from cause
        if code == 1012:
            delay = restart_delay(reason)
            log.info("%s: the server restarts; again in %.1f s", self.name, delay)
            return delay
        if code == 4401:
            self._refused = self._access
        if code == 4429:
            return self._pause(f"{code} {reason}", self._session.backoff.long_pause())
        if self._is_starved:
            return 0
        return self._pause(f"{code} {reason}")

    def _after_refusal(self, refused: InvalidStatus) -> float:
        """The same for a handshake that was not answered with 101."""
        answer = refused.response
        error = refusal(answer.status_code, answer.body, answer.headers.get("Retry-After"))
        if error.status in REFUSED_FOR_GOOD:
            close_code = REFUSED_FOR_GOOD[error.status]
            raise self._closed(close_code, error.detail, error.code) from refused
        if error.status == 401:
            self._refused = self._access
        return self._pause(error.detail, error.retry_after or 0)

    def _pause(self, why: str, least: float = 0) -> float:
        """Seconds to wait, more after each failed attempt."""
        delay = least + self._session.backoff.pause(self._attempt)
        self._attempt += 1
        log.info("%s: %s; again in %.1f s", self.name, why, delay)
        return delay

    async def _talk(self, socket: ClientConnection) -> NoReturn:
        """Read and write. Raises ConnectionClosed, or TimeoutError if missed events do not come."""
        self._begin(socket)
        self._socket = socket
        writing: asyncio.Task[None] | None = None
        try:
            while True:
                async with asyncio.timeout(self._session.patience if writing is None else None):
                    frame = await socket.recv()
                if self._read(socket, frame) and writing is None:
                    self.state = "open"
                    self._is_open.set()
                    self._attempt = 0
                    self._refused = None
                    writing = asyncio.create_task(self._write_all(socket))
        finally:
            self._socket = None
            self._cut()
            tasks = [*self._soon_done, *([writing] if writing is not None else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this beside the reading. It is cancelled at the end of the connection."""
        task = asyncio.create_task(work)
        self._soon_done.add(task)
        task.add_done_callback(self._soon_done.discard)

    def _renew_soon(self, socket: ClientConnection) -> None:
        self._soon(self._renew(socket))

    async def _renew(self, socket: ClientConnection) -> None:
        """Send a new token. Without it the server closes the connection when the old one ends."""
        try:
            self._access = await self._session.token(self._access, subject=self._subject)
        except PayamError as error:
            log.warning("%s: %s", self.name, error)
            return
        await self._write(socket, {"type": "auth", "token": self._access})

    @staticmethod
    async def _write(socket: ClientConnection, frame: dict[str, Any]) -> None:
        with suppress(ConnectionClosed):
            await socket.send(msgspec.json.encode(frame).decode())

    # The end.

    def _closed(self, close_code: int, reason: str, code: str = "") -> ConversationClosed:
        code = code or FINAL.get(close_code, "closed")
        detail = f"{self.name.capitalize()} is closed, {close_code} {code}: {reason}"
        return ConversationClosed(detail, code=code, close_code=close_code)

    def _finish(self, error: Exception) -> None:
        if self._end is not None:
            return
        self._end = error
        self.state = "closed"
        self._ended(error)
        self._is_open.set()
        self._session._open.discard(self)
