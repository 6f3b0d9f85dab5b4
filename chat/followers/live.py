"""The follower of this process's sockets: what was committed reaches them, whatever was lost.

Changes reach sockets as they are committed, by the writer and the relay. Both may fail: a
process may store a change and die before it publishes it. So this follower asks the database
every few seconds which conversations changed, compares those that have sockets here, and has
the hub read what is missing. In the same way it finds users who came into a conversation.

Then all that the cursor of its question stands for was sent here. So the sockets of users in
those conversations get that cursor: with it they come back and resume. The sockets of others
keep an older one, which stands for the same where nothing of theirs changed.
"""

import asyncio
import logging
from collections.abc import Collection
from time import monotonic

from chat import metrics
from chat.errors import Unavailable
from chat.realtime.hub import Hub
from chat.realtime.user_sockets import UserSockets
from chat.services.history import History
from chat.store import participants, touched
from chat.store.cursors import Cursor
from chat.store.database import Database, in_parts
from chat.store.touched import Touched

log = logging.getLogger("payam.followers")

TICK_SECONDS = 3.0
HEAL_SECONDS = 5.0
"""How long a tick waits for what was missing; then the cursor is not sent before the next one."""
LOOK_SECONDS = 0.02
PRUNE_SECONDS = 60.0


class Live:
    def __init__(self, database: Database, hub: Hub, users: UserSockets, history: History) -> None:
        self._database = database
        self._hub = hub
        self._users = users
        self._history = history
        self._cursor: Cursor | None = None
        self._held_since: float | None = None
        self._pruned_at = monotonic()

    async def run(self) -> None:
        """Look from time to time, until cancelled."""
        while True:
            try:
                if self._cursor is None:
                    self._cursor = await touched.present(self._database)
                await asyncio.sleep(TICK_SECONDS)
                await self.tick(self._cursor)
                await self._users.vacate()
                await self._prune()
            except Unavailable:
                await asyncio.sleep(TICK_SECONDS)

    async def tick(self, cursor: Cursor) -> None:
        """Look at what changed since the cursor; raises Unavailable."""
        found = await touched.since(self._database, cursor)
        if found.cursor.epoch != self._history.epoch:
            # The sockets here are of the history before. With this cursor they would come back
            # without being asked to read everything again.
            self._history.suspect()
            return
        self._note_held(cursor, found)
        if found.ids is None:
            here = self._hub.conversations()
        else:
            here = [one for one in found.ids if one in self._hub]
        is_here = await self._heal(here)
        is_joined = await self._join(cursor, found)
        if is_here and is_joined:
            self._cursor = self._users.verified = found.cursor
            self._users.move_cursor(here, str(found.cursor))

    async def _heal(self, conversation_ids: Collection[int]) -> bool:
        """Whether the sockets here have all that the database has."""
        stored: dict[int, int] = {}
        for part in in_parts(conversation_ids):
            stored |= await self._hub.compare(part)
        give_up = monotonic() + HEAL_SECONDS
        while not self._hub.has_all(stored):
            if monotonic() > give_up:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True

    async def _join(self, cursor: Cursor, found: Touched) -> bool:
        """Whether each socket of a user is in the conversations that the user came into."""
        users = self._users.users()
        if not users:
            return True
        if found.ids is None:
            joined = await participants.of_users(self._database, users)
        else:
            joined = await participants.joined_since(self._database, cursor.point)
        lacking = [one for one in joined if self._users.lack(*one)]
        for conversation_id, user_id in lacking:
            self._users.joined(conversation_id, [user_id])
        return not lacking

    def _note_held(self, cursor: Cursor, found: Touched) -> None:
        """The seconds for which one transaction has held the cursor back while others committed."""
        if found.cursor != cursor or not found.ids:
            self._held_since = None
        elif self._held_since is None:
            self._held_since = monotonic() - TICK_SECONDS
        held = 0.0 if self._held_since is None else monotonic() - self._held_since
        metrics.cursor_held.set(held)

    async def _prune(self) -> None:
        if monotonic() - self._pruned_at >= PRUNE_SECONDS:
            self._pruned_at = monotonic()
            await touched.prune(self._database)
