"""What waits to be published on one server.

What could not be published is remembered as "this conversation has come as far as
that", and told when the server is back; so memory is bounded by conversations, and
listeners read the rest from the database.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from chat.realtime.redis_client import CHUNK, EVERYONE, FAILURES, PATIENCE, pause_after

log = logging.getLogger("payam.relay")

OUTBOX_MAX = 50_000

Item = tuple[bytes, bytes, int | None]
"""A channel, a payload, and the seq that it leads to if it reports a lasting change."""
Send = Callable[[Sequence[tuple[bytes, bytes]]], Awaitable[None]]
"""Publishes payloads on channels, in their order; raises one of FAILURES."""


class Outbox:
    def __init__(self) -> None:
        self._waiting: deque[Item] = deque()
        self._behind: dict[bytes, int] = {}
        self._wake = asyncio.Event()
        self._is_sending = False

    @property
    def backlog(self) -> int:
        """Messages that wait, and conversations that are behind."""
        return len(self._waiting) + len(self._behind)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits, and nothing is on its way to the server."""
        return not (self._waiting or self._behind or self._is_sending)

    def post(self, channel: bytes, payload: bytes, seq: int | None) -> None:
        if len(self._waiting) >= OUTBOX_MAX:
            oldest, _, reached = self._waiting.popleft()
            if reached is not None:
                self.fall_behind(oldest, reached)
        self._waiting.append((channel, payload, seq))
        self._wake.set()

    def fall_behind(self, channel: bytes, seq: int) -> None:
        """Tell later only how far the conversation of this channel has come."""
        self._behind[channel] = max(seq, self._behind.get(channel, 0))
        self._wake.set()

    def empty(self) -> tuple[Sequence[Item], dict[bytes, int]]:
        """Take out what waits, and how far the conversations are that are behind."""
        taken = list(self._waiting), dict(self._behind)
        self._waiting.clear()
        self._behind.clear()
        return taken

    async def run(
        self, send: Send, progress: Callable[[int], bytes], failed: Callable[[], None]
    ) -> None:
        """Publish until cancelled; `failed` is told after each failure."""
        failures = 0
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._behind:
                self._is_sending = True
                try:
                    await self._send_some(send, progress)
                    failures = 0
                except FAILURES as error:
                    if failures == 0:
                        log.warning("cannot publish to Redis: %s", error)
                    failed()
                    await asyncio.sleep(pause_after(failures))
                    failures += 1
                finally:
                    self._is_sending = False

    async def _send_some(self, send: Send, progress: Callable[[int], bytes]) -> None:
        behind = dict(islice(self._behind.items(), CHUNK))
        some = [self._waiting.popleft() for _ in range(min(CHUNK, len(self._waiting)))]
        messages = [(channel, progress(seq)) for channel, seq in behind.items()]
        messages += [(channel, payload) for channel, payload, _ in some]
        try:
            async with asyncio.timeout(PATIENCE):
                await send(messages)
        except BaseException:  # a cancellation too: another outbox takes over what is in here
            for item in some:
                self._give_back(item)
            raise
        for channel, seq in behind.items():
            if self._behind.get(channel) == seq:
                del self._behind[channel]

    def _give_back(self, item: Item) -> None:
        """Keep of an unpublished message only how far its conversation has come."""
        channel, _, seq = item
        if channel == EVERYONE:  # nobody would find it in the database in time
            self._waiting.append(item)
        elif seq is not None:
            self.fall_behind(channel, seq)
