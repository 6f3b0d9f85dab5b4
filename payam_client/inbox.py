"""What was told and not yet taken, in order.

It is bounded, for who does not iterate may not fill the memory: past `backlog` events the
rest is let go, since the server has it. Once what waits is taken, a new connection resumes
after the last of it.
"""

import asyncio
from collections import deque

from payam_client.events import AnyEvent


class Inbox:
    def __init__(self, since: int | None, backlog: int) -> None:
        self.seq = since
        """All up to it has been taken; None before it is known."""
        self.since = since
        """Where to resume: all up to it is here. None while nobody has said."""
        self.is_behind = False
        self._backlog = backlog
        self._events: deque[tuple[AnyEvent, int]] = deque()
        self._is_news = asyncio.Event()
        self._is_over = False

    @property
    def is_starved(self) -> bool:
        """All that waited is taken, and more was let go."""
        return self.is_behind and not self._events

    def begin_at(self, since: int) -> None:
        """Nothing before this is wanted."""
        self.since = self.seq = since

    def connected(self) -> None:
        """A connection begins, that resumes after `since`."""
        self.is_behind = False

    def take(self, event: AnyEvent) -> None:
        assert self.since is not None
        if len(self._events) >= self._backlog:
            self.is_behind = True
        if self.is_behind:
            return
        # Each change is told once and in order, so its number is a point to resume from. It
        # may be lower than the last where the server was put back to an older backup.
        self.since = getattr(event, "seq", self.since)
        self._events.append((event, self.since))
        self._is_news.set()

    async def next(self) -> AnyEvent | None:
        """Wait for an event; None after `end`, when all have been taken."""
        while not self._events:
            if self._is_over:
                return None
            self._is_news.clear()
            await self._is_news.wait()
        event, self.seq = self._events.popleft()
        return event

    def end(self) -> None:
        self._is_over = True
        self._is_news.set()
