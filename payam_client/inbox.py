"""What was told and not yet taken, in order.

It is bounded, for who does not iterate may not fill the memory: past `backlog` events the
rest is let go, since the server has it. Once what waits is taken, a new connection resumes
after the last of it.
"""

import asyncio
from collections import deque
from typing import NamedTuple

from payam_client.events import AnyEvent, Reset, Resumed


class Point(NamedTuple):
    """Where to resume: all up to `seq` is known, which counts within `epoch`.

    Either is None while nobody has said it.
    """

    seq: int | None
    epoch: str | None


class Inbox:
    def __init__(self, since: Point, backlog: int, *, replay: bool) -> None:
        self.taken = since
        """All up to it has been taken."""
        self.here = since
        """All up to it is here."""
        self.is_behind = False
        self.replay = replay
        self._backlog = backlog
        self._events: deque[tuple[AnyEvent, Point]] = deque()
        self._is_news = asyncio.Event()
        self._is_over = False

    @property
    def is_starved(self) -> bool:
        """All that waited is taken, and more was let go."""
        return self.is_behind and not self._events

    @property
    def is_to_replay(self) -> bool:
        """A Reset is here; where it was let go, the next connection brings another."""
        return self.replay and not self.is_behind

    def begin_at(self, since: Point) -> None:
        """Nothing before this is wanted."""
        self.here = self.taken = since

    def connected(self) -> None:
        """A connection begins, that resumes after `since`."""
        self.is_behind = False

    def take(self, event: AnyEvent) -> None:
        if len(self._events) >= self._backlog:
            self.is_behind = True
        if self.is_behind:
            return
        self.here = self._after(event)
        self._events.append((event, self.here))
        self._is_news.set()

    def _after(self, event: AnyEvent) -> Point:
        """Where to resume once this is known too: each change comes once and in order."""
        seq, epoch = self.here
        if isinstance(event, Reset):
            return Point(0 if self.replay else event.seq, event.epoch)
        if isinstance(event, Resumed):
            return Point(event.seq, event.epoch or epoch)
        return Point(getattr(event, "seq", seq), epoch)

    async def next(self) -> AnyEvent | None:
        """Wait for an event; None after `end`, when all have been taken."""
        while not self._events:
            if self._is_over:
                return None
            self._is_news.clear()
            await self._is_news.wait()
        event, self.taken = self._events.popleft()
        return event

    def end(self) -> None:
        self._is_over = True
        self._is_news.set()
