"""Asks the database which sign-ins were revoked, when an announcement of it may have been lost."""

import asyncio
from collections.abc import Callable

from chat.errors import Unavailable
from chat.events import FamilyRevoked
from chat.services.sessions import Sessions

RETRY_SECONDS = 1.0


class Recheck:
    """`families` are the sign-ins of the sockets here. `revoked` is called for those that ended."""

    def __init__(
        self,
        sessions: Sessions,
        families: Callable[[], set[str]],
        revoked: Callable[[FamilyRevoked], None],
    ) -> None:
        self._sessions = sessions
        self._families = families
        self._revoked = revoked
        self._is_in_doubt = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Trust no token without asking, and close the sockets of sign-ins that were revoked."""
        self._sessions.forget()
        self._is_in_doubt = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        # More may be lost while the database is asked: then it is asked once more.
        while self._is_in_doubt:
            self._is_in_doubt = False
            families = self._families()
            try:
                working = await self._sessions.working(families)
            except Unavailable:
                self._is_in_doubt = True
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for family in families - working:
                self._revoked(FamilyRevoked(family))
