"""`/ws/`: the sockets of users, and how conversations come to them.

Whoever opens one is known here before the database is asked where its conversations are. So a
conversation that begins meanwhile is either in the answer, or is noted and looked at after it.

Anything that may have brought a conversation to a socket only makes it look: it asks the
database whether the user is in, and takes the conversation if so. Example, of somebody who is
removed and added again, where the news comes in any order:

1. "Added" comes first. The socket is in the conversation still, so there is nothing to do.
2. "Removed" comes: the client gets `conversation.removed`, and the socket looks again.
3. The database has the user in the conversation. The client gets `conversation.created`.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from time import monotonic

from chat import records
from chat.errors import Unavailable
from chat.placing import placed
from chat.realtime.errands import Errands
from chat.realtime.hub import Hub
from chat.realtime.patience import RETRY_SECONDS
from chat.realtime.protocol import frame_of
from chat.realtime.reading import Reading
from chat.realtime.seats import KEPT_SECONDS, Seat, free, new_seat
from chat.realtime.server_frames import ConversationCreated, ConversationRemoved, CursorMoved
from chat.realtime.subscribers import Removals, UserSocket
from chat.services.conversations import Conversations
from chat.store.cursors import Cursor

PART = 250
"""Conversations that one step of the event loop joins."""


class UserSockets(Removals):
    def __init__(
        self,
        conversations: Conversations,
        hub: Hub,
        reading: Reading,
        errands: Errands,
        kept_seconds: float = KEPT_SECONDS,
        prefix: str = "",
    ) -> None:
        """`prefix` stands before the paths in frames."""
        self._prefix = prefix
        self._conversations = conversations
        self._hub = hub
        self._reading = reading
        self._errands = errands
        self._kept_seconds = kept_seconds
        self.verified: Cursor | None = None
        """What was committed before it is known here, and in all seats with sockets."""
        self._seats: dict[int, Seat] = {}
        """By user, with those whose last socket has gone a short time ago."""
        self._looking: dict[tuple[UserSocket, int], bool] = {}
        """Which look for which conversation, and whether they have to once more."""

    def add(self, connection: UserSocket) -> None:
        """From now on what is announced of its user reaches the connection."""
        user_id = connection.identity.user_id
        seat = self._seats.get(user_id)
        if seat is None:
            seat = self._seats[user_id] = new_seat(user_id)
        connection.seat = seat
        seat.add(connection)

    def remove(self, connection: UserSocket) -> None:
        """The socket has gone."""
        seat = connection.seat
        is_last = seat.live == (connection,)
        seat.remove(connection)
        if is_last and connection.is_settled:
            is_looking = any(one is connection for one, _ in self._looking)
            seat.verified = None if is_looking else self.verified
        self._hub.seating.exit(connection)

    async def vacate(self) -> None:
        """Give up the seats of users who have been away for long enough, and let groups rest."""
        left_before = monotonic() - self._kept_seconds
        for seat in list(self._seats.values()):
            if not seat.sockets and seat.left_at <= left_before:
                await self._hub.seating.vacate(seat)
                if not seat.sockets and self._seats.get(seat.user_id) is seat:
                    del self._seats[seat.user_id]
                    free(seat)
        await self._hub.rest()

    def of(self, user_id: int) -> Sequence[UserSocket]:
        """The user's sockets here."""
        seat = self._seats.get(user_id)
        return () if seat is None else seat.sockets

    def users(self) -> Collection[int]:
        """The users who have such sockets here."""
        return [seat.user_id for seat in self._seats.values() if seat.sockets]

    def __iter__(self) -> Iterator[UserSocket]:
        return iter([one for seat in self._seats.values() for one in seat.sockets])

    def new_to(self, connection: UserSocket, positions: Mapping[int, int]) -> dict[int, int]:
        """Those of the conversations in which the user has no seat here."""
        known = set(connection.seat.conversations)
        return {one: seq for one, seq in positions.items() if one not in known}

    def opened(self, connection: UserSocket) -> None:
        """The socket is in all of its conversations: look at what was noted meanwhile."""
        if connection.opening is None:
            return
        noted, done = connection.opening.noted, connection.opening.done
        connection.opening = None
        done.set()
        for conversation_id in noted:
            self._look(connection, conversation_id)

    def joined(self, conversation_id: int, user_ids: Iterable[int]) -> None:
        """These users may have come into the conversation."""
        for user_id in user_ids:
            for connection in self.of(user_id):
                self._look(connection, conversation_id)

    def lack(self, conversation_id: int, user_id: int) -> bool:
        """Whether a socket of the user is not in the conversation, nor about to look for it."""
        return any(
            not (connection.opening or self._hub.is_in(connection, conversation_id))
            for connection in self.of(user_id)
        )

    def conversation_lost(self, connection: UserSocket, conversation_id: int) -> None:
        """Whoever was removed may have been added again by now."""
        self._look(connection, conversation_id)

    def _look(self, connection: UserSocket, conversation_id: int) -> None:
        if connection.opening is not None:
            connection.opening.noted.add(conversation_id)
            return
        key = (connection, conversation_id)
        if key in self._looking:
            self._looking[key] = True
        elif not connection.is_closing and not self._hub.is_in(connection, conversation_id):
            self._looking[key] = False
            self._errands.start(connection, self._take(connection, conversation_id))

    async def _take(self, connection: UserSocket, conversation_id: int) -> None:
        key = (connection, conversation_id)
        try:
            while not connection.is_closing:
                self._looking[key] = False
                await self._take_once(connection, conversation_id)
                if not self._looking[key] or self._hub.is_in(connection, conversation_id):
                    return
        finally:
            del self._looking[key]

    async def _take_once(self, connection: UserSocket, conversation_id: int) -> bool:
        """Bring the conversation to the socket. Returns False if the user is not in it."""
        hub = self._hub
        while not connection.is_closing:
            is_watched = hub.watch(connection, conversation_id)
            place = hub.subscription(connection, conversation_id)
            try:
                found = await self.read(connection, [conversation_id])
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if connection.is_closing or hub.subscription(connection, conversation_id) is not place:
                return True  # it was removed meanwhile, which makes it look again
            if not found:
                hub.leave(connection, conversation_id)
                return False
            if not is_watched:
                if conversation_id in hub:
                    continue  # another was the first meanwhile: a removal may have reached it
                hub.begin_resuming(connection, conversation_id, found[0].seq)
            self._present(connection, found[0])
            await self._reading.catch_up(connection, {conversation_id: found[0].seq})
            return True
        return True

    def _present(self, connection: UserSocket, conversation: records.Conversation) -> None:
        shown = placed(self._prefix, conversation)
        connection.send(frame_of(ConversationCreated(shown)))

    def move_cursor(self, conversation_ids: Iterable[int], cursor: str) -> None:
        """Send the cursor to those who are in any of these and have everything before it.

        The groups of this process must have all that the cursor stands for.
        """
        frame = frame_of(CursorMoved(cursor))
        for connection in self._hub.wide(conversation_ids):
            if connection.is_settled:
                connection.send(frame)

    async def read(
        self, connection: UserSocket, conversation_ids: Sequence[int]
    ) -> list[records.Conversation]:
        """Those of the conversations that the user is in, as the user sees them."""
        return [
            conversation
            async for part in self._conversations.parts(connection.identity, conversation_ids)
            for conversation in part
        ]

    async def introduce(self, connection: UserSocket, conversation_ids: Sequence[int]) -> None:
        """Send these as new to the client, also where the socket is in them already."""
        hub = self._hub
        here = [one for one in conversation_ids if hub.is_in(connection, one)]
        for start in range(0, len(here), PART):
            part = here[start : start + PART]
            for conversation_id in part:
                hub.watch(connection, conversation_id)
            places = {one: hub.subscription(connection, one) for one in part}
            late: dict[int, int] = {}
            for conversation in await self.read_patiently(connection, part):
                place = places[conversation.id]
                if place is not None and hub.subscription(connection, conversation.id) is place:
                    self._present(connection, conversation)
                    late[conversation.id] = conversation.seq
            for conversation_id, place in places.items():
                if conversation_id in late or place is None:
                    continue
                if hub.subscription(connection, conversation_id) is place:
                    hub.leave(connection, conversation_id)
                    connection.removed(conversation_id)
            await self._reading.catch_up(connection, late)
        for conversation_id in set(conversation_ids) - set(here):
            await self._take_or_lose(connection, conversation_id)

    async def _take_or_lose(self, connection: UserSocket, conversation_id: int) -> None:
        if self._hub.is_in(connection, conversation_id):
            return
        if not await self._take_once(connection, conversation_id):
            # The user was removed meanwhile. The client may have it, from after its cursor.
            connection.send(frame_of(ConversationRemoved(conversation_id)))

    async def read_patiently(
        self, connection: UserSocket, conversation_ids: Sequence[int]
    ) -> list[records.Conversation]:
        """The same, as soon as the database is there."""
        while not connection.is_closing:
            try:
                return await self.read(connection, conversation_ids)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
        return []

    def lost(self, connection: UserSocket, conversation_ids: Iterable[int]) -> None:
        """Say that the user is out of these, except where the socket is in them by now."""
        for conversation_id in conversation_ids:
            if not self._hub.is_in(connection, conversation_id):
                connection.send(frame_of(ConversationRemoved(conversation_id)))
