"""The list of what staff did, and how every process learns of what was done elsewhere."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from chat import records
from chat.auth.identity import Identity
from chat.errors import Unavailable
from chat.services.staff import require_staff
from chat.store import acts as store
from chat.store.database import Database

LOOK_SECONDS = 0.5
OVERLAP = 100
"""Transactions end in another order than their ids, so the last ids are read once more."""


class Acts:
    """`who` is the caller; None stands for the operator, on the command line."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, who: Identity | None, before: int | None, limit: int, user_id: int | None = None
    ) -> list[records.Act]:
        """The newest first; for staff only."""
        await require_staff(self._database, who)
        return await store.page(self._database, before, limit, user_id)


class ActsFeed:
    """Calls `happened` for each act on an account, whoever did it, within a second.

    The database is asked, because a command on the server has no relay, and because what is
    announced over a relay may be lost.
    """

    def __init__(self, database: Database, happened: Callable[[store.News], None]) -> None:
        self._database = database
        self._happened = happened
        self._last: int | None = None
        self._seen: deque[int] = deque(maxlen=OVERLAP)

    def begin_anew(self) -> None:
        """The database was put back: its ids count anew. A look that is under way finds nothing."""
        self._last = None
        self._seen = deque(maxlen=OVERLAP)

    async def run(self) -> None:
        """Look from time to time, until cancelled."""
        while True:
            with suppress(Unavailable):  # while the database is away, nothing is done either
                await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        seen = self._seen
        if self._last is None:
            last = await store.last_id(self._database)
            if seen is self._seen:
                self._last = last
                seen.extend(range(last - OVERLAP + 1, last + 1))
            return
        found = await store.after(self._database, self._last - OVERLAP, store.OF_ACCOUNTS)
        if seen is not self._seen:
            return
        for act in found:
            if act.id not in seen:
                seen.append(act.id)
                self._last = max(self._last, act.id)
                self._happened(act)
