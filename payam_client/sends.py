"""Messages of one's own on their way to the server, kept until it has them.

Each has a `client_id`, is in the storage before it is given to the server, and leaves the storage
after the server's ack. So a program that ends in between sends it again, as the same message.
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


class Send(Struct):
    """As it is kept. `at` is a time in seconds, and each one's own; `error` is a code."""

    client_id: str
    conversation: int
    content: str
    at: float
    error: str | None = None


class Sending:
    """One's own message on its way. It is in `messages` of its conversation at once.

    `await` it to wait until it is on the server's disk: the Ack, however long that takes. Who
    does not wait, or is cancelled meanwhile, changes nothing. Raises PayamError where the server
    refuses it (then it stays, as `failed`), and ConversationClosed where the account is closed
    (then the storage has it, and the next run sends it).
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
        """Wait until it is in the storage: from then on the end of the program does not lose it."""
        if self.kept is not None:
            await asyncio.shield(self.kept)


class Kept:
    """What the storage has of one user, in order; it is written in the order of the calls."""

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
        """Now; of two in one moment the first stays first."""
        self._last = max(time.time(), self._last + 1e-6)
        return self._last

    def put(self, send: Send) -> asyncio.Task[None]:
        text = msgspec.json.encode(send).decode()
        return self._then(lambda: self._storage.set(self._prefix + send.client_id, text))

    def remove(self, client_id: str) -> asyncio.Task[None]:
        return self._then(lambda: self._storage.delete(self._prefix + client_id))

    async def place(self) -> str | None:
        """How far the user's events were taken."""
        return await self._storage.get(self._place)

    def put_place(self, text: str) -> None:
        self._then(lambda: self._storage.set(self._place, text))

    async def settle(self) -> None:
        """Wait until all is written."""
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
