"""This process's sockets, by conversation, and the position of each conversation here.

A group knows its position: the `seq` up to which its members have everything. Example with the
position 7:

1. Batch 8–9 comes ("before 7"). It continues at the position, so it is written to all members, and
   the position is 9.
2. Batch 8–9 comes again. It is older than the position, so it is dropped.
3. Batch 12 comes ("before 11"). There is a gap, so the batch waits. 10–11 are read from the
   database and written. Then 12 is written, and the position is 12.
4. The relay says that the conversation is at 14. No batch waits, but 13–14 are read in this way.

So whatever the relay loses, doubles or brings late, members get each change once and in order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

from chat.realtime.comparing import Comparing
from chat.realtime.deliveries import Batch, Delivery
from chat.realtime.ephemeral import Addressed, EphemeralNews
from chat.realtime.group import Group
from chat.realtime.groups import Groups
from chat.realtime.healing import Healer
from chat.realtime.patience import PATIENCE, Patience
from chat.realtime.seating import Seating
from chat.realtime.seats import seats_of, sockets_of
from chat.realtime.subscribers import Subscriber, UserSocket
from chat.realtime.subscription import Subscription
from chat.realtime.writing import deliver


def ignore(*_: int) -> None:
    """Do nothing: a callback for callers that do not need one."""


class Hub:
    """The hub calls these:

    - `load` reads what came after a position, up to which position, and whether that is all.
    - `seqs` reads the present `seq` of conversations.
    - `opened` and `closed` are called when a conversation gets its first member here, or has lost
      its last.
    - `went_back` is called with a conversation, the position of its members here, and a lower
      `seq` that the database has.

    `seating` is for sockets of `/ws/`.
    """

    def __init__(
        self,
        load: Callable[[int, int], Awaitable[tuple[list[Delivery], int, bool]]],
        seqs: Callable[[Collection[int]], Awaitable[dict[int, int]]],
        opened: Callable[[int], None],
        closed: Callable[[int], None],
        went_back: Callable[[int, int, int], None] = ignore,
        patience: Patience = PATIENCE,
    ) -> None:
        self.patience = patience
        self._opened = opened
        self._closed = closed
        self._went_back = went_back
        self._groups = Groups(lambda group: group not in self._healer.healings)
        self._ephemeral = EphemeralNews(self._groups.get)
        self._commits = 0
        self._comparing = Comparing(
            self._groups.position, seqs, self.deliver, went_back, patience.retry
        )

        def commits() -> int:
            return self._commits

        self._healer = Healer(load, went_back, self._drop_empty, commits, patience)
        self.seating = Seating(self._groups, self.leave, self._drop_empty, opened, closed, commits)

    def __contains__(self, conversation_id: int) -> bool:
        return conversation_id in self._groups

    @property
    def here(self) -> Collection[int]:
        """The conversations with members here, as a collection that changes with them."""
        return self._groups

    def conversations(self) -> list[int]:
        """The conversations with members here."""
        return list(self._groups)

    async def rest(self) -> None:
        """Keep less of the groups of which nothing was heard since the last time."""
        await self._groups.rest()

    def wide(self, conversation_ids: Iterable[int]) -> list[UserSocket]:
        """The sockets of `/ws/` whose users are in any of these, each once."""
        return sockets_of([self._groups.wide_of(one) for one in conversation_ids])

    def is_in(self, connection: Subscriber, conversation_id: int) -> bool:
        """Whether the connection is subscribed to the conversation, live or not."""
        group = self._groups.get(conversation_id)
        return group is not None and connection in group

    def join(self, connection: Subscriber, conversation_id: int, seq: int) -> None:
        """From now on the connection gets changes, whatever the position of the members is.

        `seq` is that of the database.
        """
        group = self._group_of(conversation_id, seq)
        group.go_live(connection, group.seq)

    def watch(self, connection: Subscriber, conversation_id: int) -> bool:
        """Add the connection to the group, if there is one. Returns whether there is.

        It gets nothing, but it loses the conversation when its user is removed. So a caller that
        asks the database afterwards whether this user is a participant misses no removal.
        """
        group = self._groups.get(conversation_id)
        if group is None:
            return False
        group.read(connection)
        return True

    def begin_resuming(self, connection: Subscriber, conversation_id: int, seq: int) -> None:
        """The connection gets nothing until `finish_resuming`. `seq` is that of the database."""
        self._group_of(conversation_id, seq).read(connection)

    def subscription(self, connection: Subscriber, conversation_id: int) -> Subscription | None:
        """The connection's subscription, if it is not plainly live in the conversation."""
        group = self._groups.get(conversation_id)
        return group.subscription(connection) if group else None

    def is_resuming(self, connection: Subscriber, conversation_id: int) -> bool:
        """Whether the connection still has to read by itself."""
        subscription = self.subscription(connection, conversation_id)
        return subscription is not None and subscription.is_reading

    def finish_resuming(self, connection: Subscriber, conversation_id: int, position: int) -> bool:
        """Make the connection live from `position` on, unless it is behind the group. Returns
        whether it is live.
        """
        group = self._groups.get(conversation_id)
        if group is None or not self.is_resuming(connection, conversation_id):
            return True  # it left meanwhile
        if position < group.seq:
            return False
        group.go_live(connection, position)
        return True

    def leave(self, connection: Subscriber, conversation_id: int) -> None:
        group = self._groups.get(conversation_id)
        if group is not None:
            group.discard(connection)
            self._drop_empty(group)

    def clear(self) -> None:
        """Forget all members and positions, because the numbers mean nothing any more."""
        self._ephemeral.close()
        for group in self._groups.clear():
            for connection in group.everyone():
                group.discard(connection)
            for seat in seats_of(group.wide):
                group.unseat(seat)
            self._closed(group.conversation_id)

    def _group_of(self, conversation_id: int, seq: int) -> Group:
        group = self._groups.get(conversation_id)
        if group is None:
            group = Group(conversation_id, seq, self._commits, self._groups.moves)
            self._groups.add(group)
            self._opened(conversation_id)
        return group

    def _drop_empty(self, group: Group) -> None:
        if group.is_empty and self._groups.remove(group):
            self._closed(group.conversation_id)

    def begin_commit(self) -> None:
        """Next a commit of this process is delivered, each conversation's part by `deliver_own`.

        The process makes one commit after the other. So one of its own changes can be known here
        before it is delivered only if the database was read just then.
        """
        self._commits += 1

    def deliver_own(self, conversation_id: int, batch: Batch) -> None:
        """The same as `deliver`, for what this process has committed itself."""
        group = self._groups.get(conversation_id)
        if group is None:
            return
        if batch.before < group.seq and group.read_at < self._commits - 1:
            self._went_back(conversation_id, group.seq, batch.changes[-1].seq)
        self._deliver(group, batch)

    def deliver(self, conversation_id: int, batch: Batch) -> None:
        """Write the batch to the members, as soon as they have everything before it."""
        group = self._groups.get(conversation_id)
        if group is not None:
            self._deliver(group, batch)

    def _deliver(self, group: Group, batch: Batch) -> None:
        healings = self._healer.healings
        healing = healings.get(group) if healings else None
        if healing is None:
            if batch.before <= group.seq:
                if deliver(group, batch.changes):
                    self._drop_empty(group)
                return
            healing = self._healer.begin(group)
        healing.waiting.append(batch)
        if not healing.is_reading:
            self._healer.deliver_waiting(group)

    def pass_on(
        self,
        conversation_id: int,
        frame: bytes,
        *,
        except_users: Collection[int] = (),
        except_connection: object = None,
    ) -> None:
        """Write an ephemeral frame to live sockets, but not to these users', or this connection."""
        self._ephemeral.pass_on(conversation_id, Addressed(frame, except_users, except_connection))

    def check(self, conversation_ids: Iterable[int]) -> None:
        """Compare these with the database, many in one query: something may have been lost."""
        self._comparing.add(conversation_ids)

    async def compare(self, conversation_ids: Collection[int]) -> dict[int, int]:
        """The same at once. Returns the `seq` of each in the database. Raises Unavailable."""
        return await self._comparing.compare(conversation_ids)

    def has_all(self, positions: Mapping[int, int]) -> bool:
        """Whether the members of these conversations have everything up to these numbers."""
        position = self._groups.position
        return all((here := position(one)) is None or here >= seq for one, seq in positions.items())

    @property
    def is_busy(self) -> bool:
        """Whether anything is being read, or compared with the database."""
        return self._healer.is_busy or self._comparing.is_busy

    async def close(self) -> None:
        """Stop reading what is missing."""
        self._ephemeral.close()
        await asyncio.gather(self._healer.close(), self._comparing.close())
