"""This process's sockets, by conversation, and what each conversation is up to.

A group knows the `seq` up to which its members have been told. A batch that continues
there is written to all of them at once; what is older is dropped; before what is newer,
the missing part is read from the database. So whatever the relay loses, doubles or
brings late, members see each change once and in order.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextvars import Context

from chat import metrics
from chat.errors import Unavailable
from chat.realtime.connection import Connection
from chat.realtime.group import Batch, Group, Told

log = logging.getLogger("payam.hub")

RETRY_SECONDS = 0.5
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0)
"""Seconds to wait after the database did not have what the relay spoke of; the last goes on."""


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
        load: Callable[[int, int], Awaitable[tuple[list[Told], int, bool]]],
        seqs: Callable[[Collection[int]], Awaitable[dict[int, int]]],
        opened: Callable[[int], None],
        closed: Callable[[int], None],
        went_back: Callable[[int, int, int], None] = ignore,
    ) -> None:
        self._load = load
        self._seqs = seqs
        self._opened = opened
        self._closed = closed
        self._went_back = went_back
        self._groups: dict[int, Group] = {}
        self._commits = 0
        self._doubtful: set[int] = set()
        self._check: asyncio.Task[None] | None = None
        self._healing: set[asyncio.Task[None]] = set()

    def __contains__(self, conversation_id: int) -> bool:
        return conversation_id in self._groups

    def conversations(self) -> list[int]:
        """Those with members here."""
        return list(self._groups)

    def join(self, connection: Connection, seq: int) -> None:
        """From now on the connection is told of changes; `seq` is as the database had it."""
        group = self._group_of(connection, seq)
        group.discard(connection)
        group.members.add(connection)

    def join_at(self, connection: Connection, told: int) -> bool:
        """Whether the connection, told up to `told`, has missed nothing; then it is a member.

        For a conversation without members here, `told` must be as the database had it.
        """
        group = self._group_of(connection, told)
        if told != group.seq:
            return False
        group.discard(connection)
        group.members.add(connection)
        return True

    def watch(self, connection: Connection) -> bool:
        """Whether the conversation has others here; then the connection is among them.

        It is told nothing, but is closed with them when its user is removed. So whoever
        asks the database afterwards whether that user is a participant misses no removal.
        """
        group = self._groups.get(connection.conversation_id)
        if group is None:
            return False
        group.resuming.add(connection)
        return True

    def begin_resuming(self, connection: Connection, seq: int) -> None:
        """Tell the connection nothing until `finish_resuming`; `seq` as for `join`."""
        group = self._group_of(connection, seq)
        group.discard(connection)
        group.resuming.add(connection)

    def is_resuming(self, connection: Connection) -> bool:
        """Whether it has to read on by itself."""
        group = self._groups.get(connection.conversation_id)
        return group is not None and connection in group.resuming

    def finish_resuming(self, connection: Connection, told: int) -> bool:
        """Whether the connection, told up to `told`, can go on live: not if it is behind."""
        group = self._groups.get(connection.conversation_id)
        if group is None or connection not in group.resuming:
            return True  # it left meanwhile
        if told < group.seq:
            return False
        group.resuming.discard(connection)
        if told == group.seq:
            group.members.add(connection)
        else:
            group.ahead[connection] = told
        return True

    def leave(self, connection: Connection) -> None:
        group = self._groups.get(connection.conversation_id)
        if group is not None:
            group.discard(connection)
            self._drop_empty(group)

    def clear(self) -> None:
        """Forget all members, and how far they are: the numbers say nothing any more."""
        groups, self._groups = self._groups, {}
        for conversation_id, group in groups.items():
            for connection in group.everyone():
                group.discard(connection)
            self._closed(conversation_id)

    def _group_of(self, connection: Connection, seq: int) -> Group:
        conversation_id = connection.conversation_id
        group = self._groups.get(conversation_id)
        if group is None:
            group = self._groups[conversation_id] = Group(conversation_id, seq, self._commits)
            self._opened(conversation_id)
        return group

    def _drop_empty(self, group: Group) -> None:
        if group.is_empty and self._groups.get(group.conversation_id) is group:
            del self._groups[group.conversation_id]
            self._closed(group.conversation_id)

    def begin_telling(self) -> None:
        """A commit of this process is told next: each conversation's part by `deliver_own`.

        The process makes one commit after the other. So a change of it may be known here
        before it is told only where the database was read just then.
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
        """Tell the members, as soon as everything before it has been told."""
        group = self._groups.get(conversation_id)
        if group is not None:
            self._deliver(group, batch)

    def _deliver(self, group: Group, batch: Batch) -> None:
        if batch.before <= group.seq and not group.is_healing:
            if group.tell(batch.changes):
                self._drop_empty(group)
            return
        group.waiting.append(batch)
        if group.is_reading:
            return
        self._tell_waiting(group)
        if group.waiting and not group.is_healing:
            group.is_healing = True
            task = asyncio.get_running_loop().create_task(self._heal(group))
            self._healing.add(task)
            task.add_done_callback(self._healing.discard)

    def pass_on(
        self,
        conversation_id: int,
        frame: bytes,
        *,
        except_user: int = 0,
        except_connection: object = None,
    ) -> None:
        """Tell who is live of something passing, but not this user, or not this connection."""
        group = self._groups.get(conversation_id)
        if group is None:
            return
        for live in (group.members, group.ahead):
            for member in live:
                if member is not except_connection and member.identity.user_id != except_user:
                    member.send(frame)

    def check(self, conversation_ids: Iterable[int]) -> None:
        """News of these may have been lost: compare with the database, all in one query."""
        self._doubtful.update(conversation_ids)
        if self._check is None and self._doubtful:
            # Its log is not of the request that happens to be the first to ask.
            self._check = asyncio.get_running_loop().create_task(
                self._check_doubtful(), context=Context()
            )

    def _tell_waiting(self, group: Group) -> None:
        if group.tell_waiting():
            self._drop_empty(group)

    async def _heal(self, group: Group) -> None:
        """Read what is missing and tell it, then what has come meanwhile.

        The relay may speak of what the database does not have: changes of a history that is
        no more. While such news waits, the members get what continues where they are.
        """
        in_vain = 0
        try:
            while group.waiting and not group.is_empty:
                if await self._read(group):
                    in_vain = 0
                    continue
                metrics.heals_in_vain.inc()
                await asyncio.sleep(PAUSES[min(in_vain, len(PAUSES) - 1)])
                in_vain += 1
        except Exception:
            # Told nothing, these sockets would miss changes in silence.
            log.exception(
                "conversation %d cannot be caught up",
                group.conversation_id,
                extra={"conversation": group.conversation_id},
            )
            for member in group.everyone():
                member.close(1011, "reconnect with since")
                group.discard(member)
            self._drop_empty(group)
        finally:
            group.is_reading = group.is_healing = False

    async def _read(self, group: Group) -> bool:
        """Tell all that the database has by now; whether that is what was waited for."""
        wanted = max(batch.before for batch in group.waiting)
        is_last = False
        group.is_reading = True
        while not is_last and not group.is_empty:
            try:
                changes, upto, is_last = await self._load(group.conversation_id, group.seq)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if upto < group.seq:
                self._went_back(group.conversation_id, group.seq, upto)
            group.read_at = self._commits
            if group.tell(changes):
                self._drop_empty(group)
            group.advance(upto)
        group.is_reading = False
        is_there = group.seq >= wanted or group.is_empty
        if is_there:
            metrics.gaps_healed.inc()
        self._tell_waiting(group)
        return is_there

    async def _check_doubtful(self) -> None:
        try:
            while self._doubtful:
                doubtful, self._doubtful = self._doubtful, set()
                groups = [self._groups[id_] for id_ in doubtful if id_ in self._groups]
                before = [group.seq for group in groups]
                try:
                    seqs = await self._seqs(doubtful)
                except Unavailable:
                    self._doubtful |= doubtful
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                for conversation_id, seq in seqs.items():
                    self.deliver(conversation_id, Batch(seq, []))
                for group, known in zip(groups, before, strict=True):
                    self._compare(group, known, seqs.get(group.conversation_id, 0))
        finally:
            self._check = None

    def _compare(self, group: Group, known: int, stored: int) -> None:
        """Members had the changes up to `known` before the database said `stored`."""
        if stored < known and self._groups.get(group.conversation_id) is group:
            self._went_back(group.conversation_id, known, stored)

    async def close(self) -> None:
        """Stop reading what is missing."""
        tasks = [*self._healing, *([self._check] if self._check else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
