"""Runs a follower that takes what happened in many conversations at once.

For a follower whose work is small and lasts in the database, the turn costs more than the work.
So it has no leases: one transaction does the work and settles the positions, and it locks those
first. Of two processes with the same conversations one finds nothing left to do.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from chat.errors import Unavailable
from chat.followers.follower import Gatherer
from chat.followers.looking import POLL_SECONDS, Looking
from chat.store import spans as store
from chat.store.database import Database
from chat.store.spans import Span

log = logging.getLogger("payam.followers")

CHANGES = 2_000
"""About how many changes are taken at once. More would hold up senders that wait for the database;
with fewer, each costs more."""
PAUSE_SECONDS = 1.0
PAUSE_MAX = 3600.0


class Gathering(Looking):
    def __init__(
        self,
        database: Database,
        gatherer: Gatherer,
        stored: Callable[[], int] = lambda: 0,
        *,
        poll: float = POLL_SECONDS,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        """`stored` says how many changes this process has stored. The others are in seconds."""
        super().__init__(database, gatherer, stored, poll=poll)
        self._gatherer = gatherer
        self._pause = pause

    async def _look(self) -> None:
        spans = await store.due(self._database, self.name, CHANGES)
        # What comes after a look that found all waits for the next one: many small looks cost more.
        self._has_more = store.is_full(spans, CHANGES)
        if not spans:
            return
        try:
            await self._gatherer.gather(spans)
        except Unavailable:
            raise
        except Exception as error:
            if len(spans) == 1:
                await self._put_off(spans[0], error)
            else:
                await self._one_by_one(spans)

    async def _one_by_one(self, spans: Sequence[Span]) -> None:
        """One that cannot be done must not keep the others."""
        for span in spans:
            try:
                await self._gatherer.gather([span])
            except Unavailable:
                raise
            except Exception as error:
                await self._put_off(span, error)

    async def _put_off(self, span: Span, error: Exception) -> None:
        pause = min(self._pause * 2.0 ** min(span.failures, 32), PAUSE_MAX)
        log.error(
            "the follower %s failed, and tries again in %.0f s",
            self.name,
            pause,
            exc_info=error,
            extra={"conversation": span.conversation_id},
        )
        await store.put_off(self._database, self.name, span, pause)

    async def _wait(self) -> None:
        if not self._has_more:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._poll)

    async def _stop(self) -> None: ...
