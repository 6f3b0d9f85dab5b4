"""The messages that wait to be published on one server.

Of a message that could not be published, only the conversation and its `seq` are kept. They are
published when the server is back. So memory is limited by the number of conversations. The other
nodes read the changes themselves from the database.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from itertools import islice
from time import monotonic

from chat.realtime.relay.redis_client import (
    CHUNK,
    EVERYONE,
    FAILURES,
    PAUSES,
    Patience,
    pause_after,
)
from chat.realtime.relay.redis_trouble import Trouble

Item = tuple[bytes, bytes, int | None]
"""A channel, a payload, and the `seq` to which it leads, or None if it has no change in it."""
Send = Callable[[Sequence[tuple[bytes, bytes]]], Awaitable[Collection[int]]]
"""Publishes payloads on channels in order. Returns the places of those that the server refused.
Raises one of FAILURES if it is not known whether they were published."""


class Outbox:
    def __init__(self, trouble: Trouble, patience: Patience) -> None:
        self._trouble = trouble
        self._patience = patience
        self._waiting: deque[Item] = deque()
        self._behind: dict[bytes, int] = {}
        self._refused: list[Item] = []
        """Announcements that the server refused."""
        self._held_until = 0.0
        """When to try again what the server refused."""
        self._wake = asyncio.Event()
        self._is_sending = False

    @property
    def backlog(self) -> int:
        """How many messages and conversations wait."""
        return len(self._waiting) + len(self._behind) + len(self._refused)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits and nothing is being sent."""
        return not (self.backlog or self._is_sending)

    def post(self, channel: bytes, payload: bytes, seq: int | None) -> None:
        if len(self._waiting) >= self._patience.outbox:
            oldest, _, reached = self._waiting.popleft()
            if reached is not None:
                self.fall_behind(oldest, reached)
        self._waiting.append((channel, payload, seq))
        self._wake.set()

    def fall_behind(self, channel: bytes, seq: int) -> None:
        """Publish later only the `seq` of this channel's conversation."""
        self._behind[channel] = max(seq, self._behind.get(channel, 0))
        self._wake.set()

    def empty(self) -> tuple[Sequence[Item], dict[bytes, int]]:
        """Take out the messages that wait, and the `seq` of each conversation that waits."""
        taken = [*self._refused, *self._waiting], dict(self._behind)
        self._refused.clear()
        self._waiting.clear()
        self._behind.clear()
        return taken

    async def run(
        self, send: Send, progress: Callable[[int], bytes], failed: Callable[[], None]
    ) -> None:
        """Publish until cancelled. `failed` is called after each failure."""
        failures = 0
        while True:
            await self._wait()
            self._is_sending = True
            try:
                await self._send_some(send, progress)
                failures = 0
            except FAILURES as error:
                self._trouble.failed("cannot publish to Redis", error, is_first=failures == 0)
                failed()
                await asyncio.sleep(pause_after(failures))
                failures += 1
            finally:
                self._is_sending = False

    async def _wait(self) -> None:
        """Wait until something may be sent."""
        while not self._waiting and (pause := self._pause()) != 0:
            self._wake.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                return

    def _pause(self) -> float | None:
        """Seconds until the conversations that wait may be sent. None if there are none."""
        if not (self._behind or self._refused):
            return None
        return max(0.0, self._held_until - monotonic())

    async def _send_some(self, send: Send, progress: Callable[[int], bytes]) -> None:
        behind = {}
        if self._pause() == 0:
            self._waiting.extendleft(reversed(self._refused))
            self._refused.clear()
            behind = dict(islice(self._behind.items(), CHUNK))
        some = [self._waiting.popleft() for _ in range(min(CHUNK, len(self._waiting)))]
        messages = [(channel, progress(seq)) for channel, seq in behind.items()]
        messages += [(channel, payload) for channel, payload, _ in some]
        if not messages:
            return
        try:
            async with asyncio.timeout(self._patience.silence):
                refused = set(await send(messages))
        except BaseException:  # after a cancellation too, another outbox takes over what is here
            for item in some:
                self._give_back(item)
            raise
        for place, (channel, seq) in enumerate(behind.items()):
            if place not in refused and self._behind.get(channel) == seq:
                del self._behind[channel]
        if refused:
            # Others must not wait for these, which may be refused for ever.
            self._held_until = monotonic() + PAUSES[-1]
            for place, item in enumerate(some, len(behind)):
                if place in refused:
                    self._give_back(item)

    def _give_back(self, item: Item) -> None:
        """Keep only the `seq` of an unpublished message's conversation."""
        channel, _, seq = item
        if channel == EVERYONE:  # the other nodes would not find it in the database in time
            self._refused.append(item)
        elif seq is not None:
            self.fall_behind(channel, seq)
