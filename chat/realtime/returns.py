"""Clients that come back soon: their seats were kept, so one question to the database is for all.

When a network fails, thousands come back at once, most have missed nothing, and each has hundreds
of conversations. To read these of each would be most of the work. But what changed since they were
here is little, and the same for all who ask at the same time. So those who ask while a reading is
under way share the next one. Example:

1. A user's last socket goes. The follower `live` has just found that this process knows all that
   was committed before the stamp 500. So the seat has all conversations that the user was in, but
   for what changed since 500.
2. The client returns with a cursor of 510. The moment is noted. Then the database is asked what
   changed since 500: conversation 7, and nobody came or went.
3. If the user is not in 7, the client has missed nothing. If so, 7 alone is read for it.
4. A group that has moved meanwhile is read from where it was at the noted moment, since nobody
   knows whether the database's answer had the later changes.
"""

from collections.abc import Sequence

from msgspec import Struct

from chat.realtime.hub import Hub
from chat.realtime.moves import Move
from chat.realtime.seating import Before
from chat.realtime.subscribers import UserSocket
from chat.services.membership import Memberships
from chat.services.positions import Positions
from chat.services.sharing import Shared
from chat.store.cursors import Cursor
from chat.store.positions import Behind
from chat.store.touched import News


class Return(Struct, frozen=True):
    proof: Memberships
    behind: Behind
    before: Before


class Returns:
    def __init__(self, positions: Positions, hub: Hub) -> None:
        self._positions = positions
        self._hub = hub
        self._news: Shared[int, tuple[Move, News | None]] = Shared(self._since_first)

    async def ask(self, connection: UserSocket, text: str) -> Return | None:
        """None for a client that has to be asked for by itself. Raises InvalidInput, EpochChanged
        and Unavailable.
        """
        seat, cursor = connection.seat, Cursor.read(text)
        verified = seat.verified
        if verified is None or seat.sockets != (connection,):
            return None
        if (verified.epoch, verified.incarnation) != (cursor.epoch, cursor.incarnation):
            return None
        known = seat.conversations[:]
        moment, news = await self._news.ask(min(verified.point, cursor.point))
        if news is None:
            return None
        found = await self._positions.again(connection.identity, text, known, verified.point, news)
        return None if found is None else Return(*found, Before(known, moment))

    async def _since_first(self, points: Sequence[int]) -> tuple[Move, News | None]:
        """The moment is from before the question."""
        moment = self._hub.seating.now()
        return moment, await self._positions.news(min(points))

    async def close(self) -> None:
        """Stop reading."""
        await self._news.close()
