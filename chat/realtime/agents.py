"""The sockets of agents. An operator may take the right of staff away at any time.

What the command line changed nobody announces. So the database is asked from time to time, and at
once where staff did it by this process. Whatever an agent's socket sends or reads is checked at
once in any case. This module ends what it receives.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress

from chat.auth.identity import Identity
from chat.errors import NotFound, Unavailable
from chat.realtime.subscribers import ConversationSocket

LOOK_SECONDS = 2.0


class Agents:
    """`staff_among` returns those of some users who are staff. `require` raises NotFound for a user
    who may not be in a conversation. `pause` is in seconds, between two looks.
    """

    def __init__(
        self,
        staff_among: Callable[[Collection[int]], Awaitable[set[int]]],
        require: Callable[[Identity, int], Awaitable[object]],
        pause: float = LOOK_SECONDS,
    ) -> None:
        self._staff_among = staff_among
        self._require = require
        self._pause = pause
        self._connections: set[ConversationSocket] = set()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Somebody's rights have changed: look at once."""
        self._wake.set()

    def add(self, connection: ConversationSocket) -> None:
        self._connections.add(connection)

    def discard(self, connection: ConversationSocket) -> None:
        self._connections.discard(connection)

    async def run(self) -> None:
        """Check the agents until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await self._wake.wait()
            self._wake.clear()
            with suppress(Unavailable):  # while the database is away, nothing changes either
                await self.look()

    async def look(self) -> None:
        """Close the sockets of users who are not staff any more, unless they have joined."""
        connections = list(self._connections)
        if not connections:
            return
        staff = await self._staff_among({one.identity.user_id for one in connections})
        for connection in connections:
            if connection.identity.user_id in staff:
                continue
            try:
                await self._require(connection.identity, connection.conversation_id)
            except NotFound:
                connection.close(4404, "not an agent of the conversation any more")
