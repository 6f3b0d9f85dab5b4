"""The frames of a conversation that are not answered yet, in order."""

import asyncio
import secrets
from collections import deque
from contextlib import suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from payam_client.errors import PayamError
from payam_client.events import Ack, Refused


class Ask:
    """A frame that wants an answer. The answer has the same `ref`."""

    def __init__(
        self, frame: dict[str, Any], ref: str, kept: asyncio.Future[None] | None = None
    ) -> None:
        self.ref = ref
        self.kept = kept
        """The frame is not sent before this is done."""
        self.names_message = "message_id" in frame
        self.frame = msgspec.json.encode({**frame, "ref": ref}).decode()
        self.answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._attempt: asyncio.Future[float] | None = None

    def begin(self) -> asyncio.Future[float]:
        """The frame is being sent. The result is how many seconds to pause afterwards."""
        self._attempt = asyncio.get_running_loop().create_future()
        return self._attempt

    def answered(self, answer: Ack | Refused) -> None:
        pause = 0.0
        if isinstance(answer, Refused) and answer.retry_after is not None:
            pause = answer.retry_after
        elif not self.answer.done():
            if isinstance(answer, Ack):
                self.answer.set_result(answer)
            else:
                self.answer.set_exception(
                    PayamError(answer.detail, code=answer.code, errors=answer.errors)
                )
        self._end(pause)

    def fail(self, error: Exception) -> None:
        """Fail it, because it will not be answered."""
        if not self.answer.done():
            self.answer.set_exception(error)
        self._end(0.0)

    def _end(self, pause: float) -> None:
        if self._attempt is not None and not self._attempt.done():
            self._attempt.set_result(pause)


class Outbox:
    """One frame is under way at a time.

    With two, the first could be refused for now and the second not, and they would change places.
    """

    def __init__(self) -> None:
        self._asks: deque[Ask] = deque()
        self._is_there = asyncio.Event()
        self._mark = secrets.token_hex(4)
        self._count = 0

    def __len__(self) -> int:
        """The number of requests that wait or are under way. Those whose callers gave up do not
        count.
        """
        return sum(not ask.answer.done() for ask in self._asks)

    def put(
        self, frame: dict[str, Any], kept: asyncio.Future[None] | None = None
    ) -> asyncio.Future[Ack]:
        self._count += 1
        ask = Ask(frame, f"{self._mark}-{self._count}", kept)
        self._asks.append(ask)
        self._is_there.set()
        return ask.answer

    def is_empty(self) -> bool:
        return self._first() is None

    def _first(self) -> Ask | None:
        """The first frame. It stays the first until it is answered."""
        while self._asks and self._asks[0].answer.done():
            self._asks.popleft()
        return self._asks[0] if self._asks else None

    async def filled(self) -> None:
        """Wait until there is a frame."""
        while self._first() is None:
            self._is_there.clear()
            await self._is_there.wait()

    async def give(self, socket: ClientConnection, patience: float) -> bool:
        """Send all that waits, one by one. Returns False if the connection is over.

        If the server is silent for more than `patience` seconds after a frame, the connection ends.
        """
        with suppress(ConnectionClosed):
            while (ask := self._first()) is not None:
                if ask.kept is not None:
                    await asyncio.wait([ask.kept])
                    if ask.answer.done():  # failed, or given up, meanwhile
                        continue
                answered = ask.begin()
                await socket.send(ask.frame)
                try:
                    async with asyncio.timeout(patience):
                        pause = await answered
                except TimeoutError:
                    await socket.close()
                    return False
                await asyncio.sleep(pause)
            return True
        return False

    def answered(self, answer: Ack | Refused) -> bool:
        """Take an answer. Returns whether it belongs to the frame that is under way."""
        if not self._asks or answer.ref != self._asks[0].ref:
            return False
        self._asks[0].answered(answer)
        return True

    def forget_messages(self) -> None:
        """Refuse the frames that name a message, because its id may mean another message now."""
        for ask in self._asks:
            if ask.names_message and not ask.answer.done():
                detail = "The server's database was put back: read the conversation again."
                ask.answer.set_exception(PayamError(detail, code="epoch_changed"))

    def fail(self, error: Exception) -> None:
        """Fail everything that waits, because it will not be answered."""
        for ask in self._asks:
            ask.fail(error)
        self._asks.clear()


def new_id() -> str:
    """A new `client_id`, which nothing else has."""
    return secrets.token_hex(16)
