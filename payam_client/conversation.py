"""One conversation that stays open: what is told, and what is said in it.

Two tasks while connected: one reads, and one gives the outbox to the server, a frame at a
time. Between connections the outbox waits, and the inbox knows where to resume.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from payam_client.errors import ConversationClosed, PayamError
from payam_client.events import (
    Ack,
    AnyEvent,
    AnyFrame,
    AuthExpiring,
    Refused,
    Reset,
    Resumed,
    decode,
)
from payam_client.http import refusal
from payam_client.inbox import Inbox, Point
from payam_client.outbox import Outbox, new_id

if TYPE_CHECKING:
    from payam_client.payam import Payam

log = logging.getLogger("payam_client")

State = Literal["connecting", "open", "waiting", "closed"]

CLOSE_SECONDS = 1.0
PING_SECONDS = 20.0
RESTART_MOST = 60.0
"""Seconds that a restarting server may ask to wait."""
ABNORMAL = 1006
FINAL = {
    1000: "closed",
    1003: "not_text",
    1007: "invalid_utf8",
    1009: "too_large",
    4400: "malformed_frame",
    4404: "not_found",
}
"""Close codes after which the server would only close again."""
REFUSED_FOR_GOOD = {400: 4400, 403: 4404, 404: 4404}
"""Statuses of a handshake that will not be another the next time, as close codes."""


class _ToReplay(Exception):
    """The numbers count anew: the next connection resumes after 0."""


class Conversation:
    """Made by `payam.open(id)`; use it as `async with`, or call `close`.

    Iterate over it, once, for what is told: every change after `since`, once and in order,
    over as many connections as it takes. After a Reset it begins anew, from the first change.
    The iteration ends after `close`, and raises ConversationClosed where the server has closed
    it for good.
    """

    def __init__(
        self,
        payam: "Payam",
        id_: int,
        since: Point,
        replay: bool,
        forget: Callable[["Conversation"], None],
    ) -> None:
        self.id = id_
        self.state: State = "connecting"
        """`open` once all that was missed has come; `waiting` to connect again."""
        self._payam = payam
        self._subject = payam.subject
        self._forget = forget
        self._inbox = Inbox(since, payam.backlog, replay=replay)
        self._outbox = Outbox()
        self._is_open = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._access = ""
        self._refused: str | None = None
        self._attempt = 0
        self._end: Exception | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._running = asyncio.create_task(self._run())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    @property
    def seq(self) -> int | None:
        """Where to resume in a later run: all up to it has come out of the iteration."""
        return self._inbox.taken.seq

    @property
    def epoch(self) -> str | None:
        """What `seq` counts within: keep the two together, and give both to `payam.open`."""
        return self._inbox.taken.epoch

    @property
    def waiting(self) -> int:
        """How many changes of one's own wait for the server."""
        return len(self._outbox)

    async def opened(self) -> None:
        """Wait until it is open; raises ConversationClosed where it never will be."""
        await self._is_open.wait()
        if self._end is not None:
            raise self._end

    async def close(self) -> None:
        """Let go of it; who waits for an answer gets ConversationClosed."""
        self._running.cancel()
        await asyncio.wait([self._running])
        self._finish(self._closed(1000, "it was closed here"))

    # What is told.

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AnyEvent:
        if self._inbox.is_starved and self._socket is not None:
            await self._socket.close()  # to come back for what was let go
        event = await self._inbox.next()
        if event is not None:
            return event
        if isinstance(self._end, ConversationClosed) and self._end.close_code == 1000:
            raise StopAsyncIteration
        assert self._end is not None
        raise self._end

    # What is said.

    async def send(self, text: str, *, client_id: str | None = None) -> Ack:
        """Returns once the message is on the server's disk, however long that takes.

        Messages are stored in the order of the calls, and each once; two calls with the
        same `client_id` are one message. Who is cancelled meanwhile does not know whether
        it was stored. Raises PayamError where the server refuses it, and
        ConversationClosed.
        """
        client_id = client_id or new_id()
        return await self._ask({"type": "chat_message", "message": text, "client_id": client_id})

    async def edit(self, message_id: int, content: str) -> Ack:
        """Change one's own message; waits and raises as `send` does."""
        frame = {"type": "edit_message", "message_id": message_id, "content": content}
        return await self._ask(frame)

    async def delete(self, message_id: int) -> Ack:
        """Delete one's own message; waits and raises as `send` does."""
        return await self._ask({"type": "delete_message", "message_id": message_id})

    async def mark_read(self, message_id: int) -> Ack:
        """Everything up to this message is read; waits and raises as `send` does."""
        return await self._ask({"type": "mark_read", "message_id": message_id})

    async def typing(self, is_typing: bool) -> None:
        """Worth nothing later, so not kept for later."""
        if self._socket is not None and self.state == "open":
            await self._write(self._socket, {"type": "typing", "is_typing": is_typing})

    async def _ask(self, frame: dict[str, Any]) -> Ack:
        if self._end is not None:
            raise self._end
        return await self._outbox.put(frame)

    # Staying connected.

    async def _run(self) -> None:
        """Until the server says that it is no use."""
        try:
            while True:
                self.state = "connecting"
                delay = await self._connect()
                self.state = "waiting"
                self._is_open.clear()
                await asyncio.sleep(delay)
        except ConversationClosed as closed:
            log.warning("%s", closed)
            self._finish(closed)
        except Exception as error:
            # Who sends or iterates is told of it; perhaps nobody does.
            log.exception("conversation %s failed", self.id)
            self._finish(error)

    async def _connect(self) -> float:
        """One connection, to its end. Returns the seconds to wait before the next.

        Raises ConversationClosed.
        """
        try:
            query = await self._prepare()
            async with connect(
                f"{self._payam.url.replace('http', 'ws', 1)}/ws/chat/{self.id}/?{query}",
                additional_headers={"Authorization": f"Bearer {self._access}"},
                open_timeout=self._payam.patience,
                close_timeout=CLOSE_SECONDS,
                ping_interval=PING_SECONDS,
                ping_timeout=self._payam.patience,
                compression=None,
                max_size=None,  # what a message may have is the server's to say
                proxy=True if self._payam.trust_env else None,
            ) as socket:
                await self._talk(socket)
        except _ToReplay:
            return 0
        except PayamError as error:
            code = {401: 4401, 404: 4404}.get(error.status)
            if code is not None:
                raise self._closed(code, error.detail, error.code) from error
            return self._pause(str(error), error.retry_after or 0)
        except InvalidStatus as refused:
            return self._after_refusal(refused)
        except ConnectionClosed as closed:
            # An answer to our own close says nothing.
            rcvd = None if closed.rcvd_then_sent is False else closed.rcvd
            code, reason = (rcvd.code, rcvd.reason) if rcvd else (ABNORMAL, str(closed))
            return self._after(code, reason, closed)
        except (OSError, InvalidHandshake, TimeoutError) as error:
            return self._pause(str(error) or type(error).__name__)

    async def _prepare(self) -> str:
        """A token that works; and where to resume, as a query."""
        self._access = await self._payam.token(self._refused, subject=self._subject)
        if self._inbox.here.seq is None:
            record = await self._payam.conversation(self.id)
            self._inbox.begin_at(Point(record.seq, record.epoch))
        seq, epoch = self._inbox.here
        return urlencode({"since": seq} if epoch is None else {"since": seq, "epoch": epoch})

    def _after(self, code: int, reason: str, cause: Exception) -> float:
        """Seconds to wait after a close with this code; raises ConversationClosed."""
        if code in FINAL:
            raise self._closed(code, reason) from cause
        if code == 1012:
            # A restart: the server spreads its clients' return, in milliseconds.
            delay = min(int(reason) / 1000, RESTART_MOST) if reason.isdecimal() else 0
            log.info("conversation %s: the server restarts; again in %.1f s", self.id, delay)
            return delay
        if code == 4401:
            self._refused = self._access
        if code == 4429:
            return self._pause(f"{code} {reason}", self._payam.backoff.long_pause())
        if self._inbox.is_starved:
            return 0
        return self._pause(f"{code} {reason}")

    def _after_refusal(self, refused: InvalidStatus) -> float:
        """The same for a handshake that was answered with another status than 101."""
        answer = refused.response
        error = refusal(answer.status_code, answer.body, answer.headers.get("Retry-After"))
        if error.status in REFUSED_FOR_GOOD:
            close_code = REFUSED_FOR_GOOD[error.status]
            raise self._closed(close_code, error.detail, error.code) from refused
        if error.status == 401:
            self._refused = self._access
        return self._pause(error.detail, error.retry_after or 0)

    def _pause(self, why: str, least: float = 0) -> float:
        """Seconds: longer with each attempt in vain."""
        delay = least + self._payam.backoff.pause(self._attempt)
        self._attempt += 1
        log.info("conversation %s: %s; again in %.1f s", self.id, why, delay)
        return delay

    async def _talk(self, socket: ClientConnection) -> NoReturn:
        """Raises ConnectionClosed, or TimeoutError where what was missed does not come.

        Raises _ToReplay where it is to begin anew.
        """
        self._inbox.connected()
        self._socket = socket
        writing: asyncio.Task[None] | None = None
        try:
            while True:
                async with asyncio.timeout(self._payam.patience if writing is None else None):
                    event = decode(await socket.recv())
                self._read(socket, event)
                if isinstance(event, Reset) and self._inbox.is_to_replay:
                    raise _ToReplay
                if isinstance(event, Resumed | Reset) and writing is None:
                    self._opened()
                    writing = asyncio.create_task(self._write_all(socket))
        finally:
            self._socket = None
            tasks = [task for task in (writing, self._renewing) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _opened(self) -> None:
        self.state = "open"
        self._is_open.set()
        self._attempt = 0
        self._refused = None

    def _read(self, socket: ClientConnection, event: AnyFrame | None) -> None:
        if isinstance(event, Ack):
            self._outbox.answered(event)
        elif isinstance(event, Refused):
            if not self._outbox.answered(event):
                log.warning("conversation %s: %s: %s", self.id, event.code, event.detail)
        elif isinstance(event, AuthExpiring):
            self._renewing = asyncio.create_task(self._renew(socket))
        elif event is not None:
            if isinstance(event, Reset):
                self._outbox.forget_messages()
            self._inbox.take(event)

    async def _write_all(self, socket: ClientConnection) -> None:
        """What is in the outbox, one by one; silence after one ends the connection."""
        with suppress(ConnectionClosed):
            while True:
                ask = await self._outbox.first()
                answered = ask.begin()
                await socket.send(ask.frame)
                try:
                    async with asyncio.timeout(self._payam.patience):
                        pause = await answered
                except TimeoutError:
                    await socket.close()
                    return
                await asyncio.sleep(pause)

    async def _renew(self, socket: ClientConnection) -> None:
        """A new token for the connection; without one the server closes it at the old one's end."""
        try:
            self._access = await self._payam.token(self._access, subject=self._subject)
        except PayamError as error:
            log.warning("conversation %s: %s", self.id, error)
            return
        await self._write(socket, {"type": "auth", "token": self._access})

    @staticmethod
    async def _write(socket: ClientConnection, frame: dict[str, Any]) -> None:
        with suppress(ConnectionClosed):
            await socket.send(msgspec.json.encode(frame).decode())

    # The end.

    def _closed(self, close_code: int, reason: str, code: str = "") -> ConversationClosed:
        code = code or FINAL.get(close_code, "closed")
        detail = f"Conversation {self.id} is closed, {close_code} {code}: {reason}"
        return ConversationClosed(detail, code=code, close_code=close_code)

    def _finish(self, error: Exception) -> None:
        if self._end is not None:
            return
        self._end = error
        self.state = "closed"
        self._outbox.fail(error)
        self._inbox.end()
        self._is_open.set()
        self._forget(self)
