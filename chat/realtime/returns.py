"""Clients that come back soon: their seats were kept, so one question to the database is for all.

When a network fails, thousands come back at once, most have missed nothing, and each has hundreds
of conversations. To read these of each would be most of the work. But what changed since they were
here is little, and the same for all who ask at the same time. So those who ask while a reading is
under way share the next one. Example:

1. A user's last socket goes. The follower `live` has just found that this process knows all that
   was committed before the stamp 500. So the seat has all conversations that the user was in, but
   for what changed since 500.
2. The client returns with a cursor of 510. How far the seat's groups are is noted. Then the
   database is asked what changed since 500: conversation 7, and nobody came or went.
3. If the user is not in 7, the client has missed nothing. If so, 7 alone is read for it.
4. A group that has gone on meanwhile is read from where it was noted, since nobody knows whether
   that was before the database's answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

from msgspec import Struct

from chat.realtime.groups import State
from chat.realtime.hub import Hub
from chat.realtime.subscribers import UserSocket
from chat.services.membership import Memberships
from chat.services.positions import Positions
from chat.store.cursors import Cursor
from chat.store.positions import Behind
from chat.store.touched import News


class Return(Struct, frozen=True):
    """`before` is how the groups of the seat were before the database was asked."""

    proof: Memberships
    behind: Behind
    before: dict[int, State]


class Returns:
    def __init__(self, positions: Positions, hub: Hub) -> None:
        self._positions = positions
        self._hub = hub
        self._news = Shared(positions.news)

    async def ask(self, connection: UserSocket, text: str) -> Return | None:
        """None for a client that has to be asked for by itself. Raises InvalidInput, EpochChanged
        and Unavailable.
        """
        seat, cursor = connection.seat, Cursor.read(text)
        verified = seat.verified
        if verified is None or seat.sockets != (connection,):
            return None
        before = self._hub.states_of(seat)
        if (verified.epoch, verified.incarnation) != (cursor.epoch, cursor.incarnation):
            return None
        news = await self._news.since(min(verified.point, cursor.point))
        if news is None:
            return None
        found = await self._positions.again(connection.identity, text, before, verified.point, news)
        return None if found is None else Return(*found, before)

    async def close(self) -> None:
        """Stop reading."""
        await self._news.close()


class Shared:
    """One reading at a time, each for all who asked before it began, from the lowest point on."""

    def __init__(self, look: Callable[[int], Awaitable[News | None]]) -> None:
        self._look = look
        self._waiting: list[tuple[int, asyncio.Future[News | None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def since(self, point: int) -> News | None:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[News | None] = loop.create_future()
        self._waiting.append((point, answer))
        if self._task is None:
            self._task = loop.create_task(self._run(), context=Context())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                try:
                    found = await self._look(min([point for point, _ in waiting]))
                except Exception as error:
                    for _, answer in waiting:
                        if not answer.done():
                            answer.set_exception(error)
                else:
                    for _, answer in waiting:
                        if not answer.done():
                            answer.set_result(found)
        finally:
            self._task = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
