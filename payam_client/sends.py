"""One's own messages that are being sent. They are kept until the server has them.

Each has a `client_id`. It is in the storage before it is sent, and leaves the storage after the
server's ack. So a program that ends in between sends it again, as the same message.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import msgspec
from msgspec import Struct

from payam_client.connection import log
from payam_client.events import Ack
from payam_client.storage import Storage


def extras_of(reply_to: int | None, metadata: dict[str, Any] | None) -> dict[str, Any]:
    """The fields that only some messages have."""
    fields = {"reply_to": reply_to, "metadata": metadata}
    return {name: value for name, value in fields.items() if value is not None}


class Send(Struct):
    """A message as it is stored. `at` is in seconds, and different for each. `error` is a code."""

    client_id: str
    conversation: int
    content: str
    at: float
    error: str | None = None
    reply_to: int | None = None
    metadata: dict[str, Any] | None = None

    @property
    def frame(self) -> dict[str, Any]:
        frame = {"type": "chat_message", "message": self.content, "client_id": self.client_id}
        return {**frame, **extras_of(self.reply_to, self.metadata)}


class Sending:
    """One's own message that is being sent. It is in `messages` of its conversation at once.

    `await` it to wait for the Ack, which means that it is on the server's disk, however long that
    takes. Waiting is not necessary, and cancelling the wait changes nothing. Raises PayamError if
    the server refuses it; it then stays, as `failed`. Raises ConversationClosed if the account is
    closed; it is then in the storage, and the next run sends it.
    """

    def __init__(self, send: Send) -> None:
        self.send = send
        self.answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        # Looked at even when nobody waits.
        self.answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.kept: asyncio.Future[None] | None = None

    @property
    def client_id(self) -> str:
        return self.send.client_id

    def __await__(self) -> Generator[Any, None, Ack]:
        return asyncio.shield(self.answer).__await__()

    async def saved(self) -> None:
        """Wait until it is in the storage. From then on it survives the end of the program."""
        if self.kept is not None:
            await asyncio.shield(self.kept)


class Kept:
    """The part of the storage of one user. It is written in the order of the calls."""

    def __init__(self, storage: Storage, user: str) -> None:
        self._storage = storage
        self._prefix = f"outbox/{user}/"
        self._place = f"position/{user}"
        self._last = 0.0
        self._step: asyncio.Task[None] | None = None

    async def load(self) -> list[Send]:
        kept = await self._storage.values(self._prefix)
        sends = [msgspec.json.decode(one, type=Send) for one in kept]
        sends.sort(key=lambda send: send.at)
        if sends:
            self._last = max(self._last, sends[-1].at)
        return sends

    def moment(self) -> float:
        """The present time. Of two at the same time the first one stays first."""
        self._last = max(time.time(), self._last + 1e-6)
        return self._last

    def put(self, send: Send) -> asyncio.Task[None]:
        text = msgspec.json.encode(send).decode()
        return self._then(lambda: self._storage.set(self._prefix + send.client_id, text))

    def remove(self, client_id: str) -> asyncio.Task[None]:
        return self._then(lambda: self._storage.delete(self._prefix + client_id))

    async def place(self) -> str | None:
        """The position up to which the user's events were taken."""
        return await self._storage.get(self._place)

    def put_place(self, text: str) -> None:
        self._then(lambda: self._storage.set(self._place, text))

    async def settle(self) -> None:
        """Wait until everything is written."""
        if self._step is not None:
            await asyncio.wait([self._step])

    def _then(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        before = self._step

        async def step() -> None:
            if before is not None:
                await asyncio.wait([before])
            try:
                await work()
            except Exception:
                log.exception("the storage failed")
                raise

        self._step = asyncio.create_task(step())
        # Looked at even when nobody waits.
        self._step.add_done_callback(lambda done: done.cancelled() or done.exception())
        return self._step
