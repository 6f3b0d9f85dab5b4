"""The events of a conversation that the caller has not taken yet, in order.

It has a limit, so that a caller that does not iterate cannot fill the memory. Beyond `backlog`
events, later ones are dropped, because the server has them. Once the events here are taken, a new
connection resumes after the last of them.
"""

import asyncio
from collections import deque
from typing import NamedTuple

from payam_client.events import AnyEvent, Reset, Resumed


class Point(NamedTuple):
    """A position: everything up to `seq` is known, and `seq` counts within `epoch`.

    Each is None until it is known.
    """

    seq: int | None
    epoch: str | None


class Inbox:
    def __init__(self, since: Point, backlog: int, *, replay: bool) -> None:
        self.taken = since
        """The position up to which everything was taken."""
        self.here = since
        """The position up to which everything is here."""
        self.is_behind = False
        self.replay = replay
        self._backlog = backlog
        self._events: deque[tuple[AnyEvent, Point]] = deque()
        self._is_news = asyncio.Event()
        self._is_over = False

    @property
    def is_starved(self) -> bool:
        """Whether all events here are taken, and later ones were dropped."""
        return self.is_behind and not self._events

    @property
    def is_to_replay(self) -> bool:
        """Whether a Reset is here. If it was dropped, the next connection brings another."""
        return self.replay and not self.is_behind

    def begin_at(self, since: Point) -> None:
        """Begin at this position. Nothing before it is wanted."""
        self.here = self.taken = since

    def connected(self) -> None:
        """A connection begins, which resumes after `since`."""
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
        """The position after this event. Each change comes once and in order."""
        seq, epoch = self.here
        if isinstance(event, Reset):
            return Point(0 if self.replay else event.seq, event.epoch)
        if isinstance(event, Resumed):
            return Point(event.seq, event.epoch or epoch)
        return Point(getattr(event, "seq", seq), epoch)

    async def next(self) -> AnyEvent | None:
        """Wait for an event. None after `end`, when all have been taken."""
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
