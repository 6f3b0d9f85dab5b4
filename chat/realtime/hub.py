"""This process's sockets, by conversation, and how far each conversation is here.

A group knows the `seq` up to which its members have everything. An example with members at 7:

1. Batch 8–9 comes ("before 7"). It continues where the members are: it is written to all of
   them, and they are at 9.
2. Batch 8–9 comes again, over another way. It is older than 9: it is dropped.
3. Batch 12 comes ("before 11"). Something is missing: it waits, and 10–11 are read from the
   database and written. Then 12 is written, and the members are at 12.
4. The relay says that the conversation is at 14. Nothing waits behind that, but 13–14 are read
   in the same way.

So whatever the relay loses, doubles or brings late, members get each change once and in order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

from chat.realtime.bag import Bag
from chat.realtime.comparing import Comparing
from chat.realtime.group import Batch, Delivery, Group, Subscription
from chat.realtime.healing import Healer
from chat.realtime.subscribers import Subscriber

PART = 250
"""Conversations that one step of the event loop leaves."""


def ignore(*_: int) -> None:
    """For who does not want to know."""


class Hub:
    """`load` reads what came after a point, up to which point, and whether that is all;
    `seqs` the present change numbers; `opened` and `closed` say that a conversation has
    its first, or has lost its last, member here. `went_back` is called with a conversation,
    the `seq` of its members here, and a lower one that the database has.
    """

    def __init__(
        self,
        load: Callable[[int, int], Awaitable[tuple[list[Delivery], int, bool]]],
        seqs: Callable[[Collection[int]], Awaitable[dict[int, int]]],
        opened: Callable[[int], None],
        closed: Callable[[int], None],
        went_back: Callable[[int, int, int], None] = ignore,
    ) -> None:
        self._opened = opened
        self._closed = closed
        self._went_back = went_back
        self._groups: dict[int, Group] = {}
        self._commits = 0
        self._comparing = Comparing(self._groups.get, seqs, self.deliver, went_back)
        self._healer = Healer(load, went_back, self._drop_empty, lambda: self._commits)

    def __contains__(self, conversation_id: int) -> bool:
        return conversation_id in self._groups

    def conversations(self) -> list[int]:
        """Those with members here."""
        return list(self._groups)

    def wide(self, conversation_id: int) -> Bag:
        """The sockets of users that are live in the conversation."""
        group = self._groups.get(conversation_id)
        return group.wide if group is not None else ()

    def is_in(self, connection: Subscriber, conversation_id: int) -> bool:
        """Whether the connection is subscribed to the conversation, live or not."""
        group = self._groups.get(conversation_id)
        return group is not None and connection in group

    def join(self, connection: Subscriber, conversation_id: int, seq: int) -> None:
        """From now on the connection gets changes, wherever the members are.

        `seq` is as the database had it.
        """
        group = self._group_of(conversation_id, seq)
        group.go_live(connection, group.seq)

    def join_at(self, connection: Subscriber, conversation_id: int, position: int) -> bool:
        """Whether the connection, which has all up to `position`, has missed nothing; then it
        is live.

        For a conversation without members here, `position` must be as the database had it.
        """
        group = self._group_of(conversation_id, position)
        if position < group.seq:
            return False
        group.go_live(connection, position)
        return True

    def watch(self, connection: Subscriber, conversation_id: int) -> bool:
        """Whether the conversation has others here; then the connection is among them.

        It gets nothing, but loses the conversation with them when its user is removed. So
        whoever asks the database afterwards whether that user is a participant misses no
        removal.
        """
        group = self._groups.get(conversation_id)
        if group is None:
            return False
        group.read(connection)
        return True

    def begin_resuming(self, connection: Subscriber, conversation_id: int, seq: int) -> None:
        """Send the connection nothing until `finish_resuming`; `seq` as for `join`."""
        self._group_of(conversation_id, seq).read(connection)

    def subscription(self, connection: Subscriber, conversation_id: int) -> Subscription | None:
        """The connection's, where it is not plainly live in the conversation."""
        group = self._groups.get(conversation_id)
        return group.subscription(connection) if group else None

    def is_resuming(self, connection: Subscriber, conversation_id: int) -> bool:
        """Whether it has to read on by itself."""
        subscription = self.subscription(connection, conversation_id)
        return subscription is not None and subscription.is_reading

    def finish_resuming(self, connection: Subscriber, conversation_id: int, position: int) -> bool:
        """Whether the connection, which has all up to `position`, can go on live.

        It cannot while it is behind the group.
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

    async def leave_all(self, connection: Subscriber) -> None:
        """The same for all of its conversations, part by part: there may be thousands."""
        conversations = list(connection.subscriptions())
        while conversations:
            for _ in range(min(PART, len(conversations))):
                self.leave(connection, conversations.pop())
            await asyncio.sleep(0)

    def clear(self) -> None:
        """Forget all members, and how far they are: the numbers say nothing any more."""
        groups = list(self._groups.values())
        self._groups.clear()
        for group in groups:
            for connection in group.everyone():
                group.discard(connection)
            self._closed(group.conversation_id)

    def _group_of(self, conversation_id: int, seq: int) -> Group:
        group = self._groups.get(conversation_id)
        if group is None:
            group = self._groups[conversation_id] = Group(conversation_id, seq, self._commits)
            self._opened(conversation_id)
        return group

    def _drop_empty(self, group: Group) -> None:
        if group.is_empty and self._groups.get(group.conversation_id) is group:
            del self._groups[group.conversation_id]
            self._closed(group.conversation_id)

    def begin_commit(self) -> None:
        """A commit of this process is delivered next: each conversation's part by `deliver_own`.

        The process makes one commit after the other. So a change of it may be known here
        before it is delivered only where the database was read just then.
        """
        self._commits += 1

    def deliver_own(self, conversation_id: int, batch: Batch) -> None:
        """The same as `deliver`, of what this process has committed itself."""
        group = self._groups.get(conversation_id)
        if group is None:
            return
        if batch.before < group.seq and group.read_at < self._commits - 1:
            self._went_back(conversation_id, group.seq, batch.changes[-1].seq)
        self._deliver(group, batch)

    def deliver(self, conversation_id: int, batch: Batch) -> None:
        """Send the batch to the members, as soon as they have everything before it."""
        group = self._groups.get(conversation_id)
        if group is not None:
            self._deliver(group, batch)

    def _deliver(self, group: Group, batch: Batch) -> None:
        healing = group.healing
        if healing is None:
            if batch.before <= group.seq:
                if group.deliver(batch.changes):
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
        except_user: int = 0,
        except_connection: object = None,
    ) -> None:
        """Send what is passing to who is live, but not to this user, or this connection."""
        group = self._groups.get(conversation_id)
        if group is not None:
            group.pass_on(frame, except_user, except_connection)

    def check(self, conversation_ids: Iterable[int]) -> None:
        """News of these may have been lost: compare with the database, many in one query."""
        self._comparing.add(conversation_ids)

    async def compare(self, conversation_ids: Collection[int]) -> dict[int, int]:
        """The same at once. Returns the database's change numbers; raises Unavailable."""
        return await self._comparing.compare(conversation_ids)

    def has_all(self, positions: Mapping[int, int]) -> bool:
        """Whether the members of these conversations have everything up to these numbers."""
        return all(
            group.seq >= seq
            for conversation_id, seq in positions.items()
            if (group := self._groups.get(conversation_id)) is not None
        )

    @property
    def is_busy(self) -> bool:
        """Whether anything is being read, or compared with the database."""
        return self._healer.is_busy or self._comparing.is_busy

    async def close(self) -> None:
        """Stop reading what is missing."""
        await asyncio.gather(self._healer.close(), self._comparing.close())
