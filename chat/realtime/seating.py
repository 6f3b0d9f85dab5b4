"""How users with sockets of `/ws/` come into the groups of their conversations, and leave them.

A user's seat comes first, part by part, because there may be thousands of groups. Then a socket
enters, all at once. Example, of a user in the conversations 7 and 8, which the database has at 20
and 30, with a client that has 7 up to 18 and 8 up to 30:

1. The seat takes its place in the groups of 7 and 8. Nothing is written to the socket yet.
2. The socket enters. From now on it receives what happens in 8, where it is live. In 7 it reads.
3. The changes 19 and 20 of 7 are read and sent. Then it is live in 7 too.
4. The user's second socket only enters: the seat is there already.
"""

import asyncio
from array import array
from collections.abc import Callable, Mapping

from msgspec import Struct

from chat.realtime.group import Group
from chat.realtime.groups import Groups
from chat.realtime.moves import Move
from chat.realtime.seats import Seat
from chat.realtime.subscribers import Subscriber, UserSocket

PART = 250
"""Most conversations that a seat leaves in one step of the event loop."""


class Before(Struct, frozen=True):
    """How it was before the database was asked: the conversations of a seat, and the moment."""

    conversations: "array[int]"
    moment: Move


class Seating:
    """`leave` takes a connection out of a conversation, and `drop_empty` removes a group that has
    nobody any more. `opened` and `closed` are as for the hub. `commits` says how many this process
    has made.
    """

    def __init__(
        self,
        groups: Groups,
        leave: Callable[[Subscriber, int], None],
        drop_empty: Callable[[Group], None],
        opened: Callable[[int], None],
        closed: Callable[[int], None],
        commits: Callable[[], int],
    ) -> None:
        self._groups = groups
        self._leave = leave
        self._drop_empty = drop_empty
        self._opened = opened
        self._closed = closed
        self._commits = commits

    def seat(self, seat: Seat, positions: Mapping[int, int]) -> None:
        """The seat takes its place in these, in which it is not yet. `positions` are those of the
        database.
        """
        read_at = self._commits()
        new = [
            conversation_id
            for conversation_id, seq in positions.items()
            if self._groups.seat(seat, conversation_id, seq, read_at)
        ]
        seat.take(positions)
        for conversation_id in new:
            self._opened(conversation_id)

    def enter(
        self, connection: UserSocket, positions: Mapping[int, int], behind: Mapping[int, int]
    ) -> dict[int, int]:
        """Make the socket live, all at once. Returns the conversations in which it has to catch up,
        each with the position from which.

        `positions` are those of the database, of conversations in which the seat is. Of those in
        `behind` the client has all up to the number there, of the others all up to the position.
        The seat may be in more, of which the database did not know: there the socket is absent.
        """
        seat = connection.seat
        late = self._enter(connection, positions, behind)
        if len(seat.conversations) > len(positions):
            for conversation_id in set(seat.conversations) - positions.keys():
                self._leave(connection, conversation_id)
        return late

    def _enter(
        self, connection: UserSocket, positions: Mapping[int, int], behind: Mapping[int, int]
    ) -> dict[int, int]:
        """The same. Without a position here, the client has all that the members have."""
        connection.seat.enter(connection)
        late: dict[int, int] = {}
        for conversation_id, seq in positions.items():
            since = behind.get(conversation_id)
            if since is None and seq == self._groups.position(conversation_id):
                continue
            group = self._groups.get(conversation_id)
            assert group is not None
            if since is not None:
                group.read(connection)
                late[conversation_id] = since
            elif seq > group.seq:
                group.go_live(connection, seq)
            else:
                # The members here have gone on since the database was asked.
                group.read(connection)
                late[conversation_id] = seq
        return late

    def now(self) -> Move:
        """The present moment, by the last move of a group."""
        return self._groups.moves.last

    def enter_again(
        self,
        connection: UserSocket,
        before: Before,
        positions: Mapping[int, int],
        behind: Mapping[int, int],
    ) -> dict[int, int]:
        """The same as `enter`, for a seat that was kept.

        `positions` has those of its conversations that had changed since the client's cursor.
        Nothing is done for a group that has not moved, because there may be hundreds.
        """
        seat = connection.seat
        moved = before.moment.since()
        is_same = seat.conversations == before.conversations
        if is_same and not moved:
            return self._enter(connection, positions, behind)
        here, noted = set(seat.conversations), set(before.conversations)
        now = {one: seq for one in here & noted if (seq := self._groups.position(one)) is not None}
        gone_on = {
            one: at
            for one, at in moved.items()
            if one in now and one not in positions and now[one] != at
        }
        behind = {**gone_on, **behind}
        if is_same:
            return self._enter(connection, {**gone_on, **positions}, behind)
        now |= {one: seq for one, seq in positions.items() if one in here}
        late = self.enter(connection, now, behind)
        for conversation_id in noted - here:
            connection.removed(conversation_id)  # meanwhile
        return late

    def exit(self, connection: UserSocket) -> None:
        """The socket has gone, and is not live any more. Its seat stays."""
        if connection.unsettled:
            for conversation_id in list(connection.seat.conversations):
                group = self._groups.get(conversation_id)
                if group is not None and group.others and connection in group.others:
                    group.forget(connection)
                    self._drop_empty(group)

    async def vacate(self, seat: Seat) -> None:
        """The seat leaves its groups, part by part: there may be thousands."""
        while seat.conversations and not seat.sockets:
            for conversation_id in reversed(seat.conversations[-PART:]):
                if self._groups.unseat(seat, conversation_id):
                    self._closed(conversation_id)
            await asyncio.sleep(0)
