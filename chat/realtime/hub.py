"""This process's sockets, by conversation, and what each conversation is up to.

A group knows the `seq` up to which its members have been told. A batch that continues
there is written to all of them at once; what is older is dropped; before what is newer,
the missing part is read from the database. So whatever the relay loses, doubles or
brings late, members see each change once and in order.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextvars import Context

from msgspec import Struct

from chat import metrics
from chat.errors import Unavailable
from chat.realtime.connection import Connection

log = logging.getLogger("payam.hub")

RETRY_SECONDS = 0.5
WAITING_MAX = 100
"""Batches kept while what is before them is read."""
FEW = 8
"""Members, of whom one can wait for its ack until its turn comes. Among more, the senders hear
first: what they then say comes in while the others are written to."""


class Told(Struct, array_like=True, frozen=True):
    """One change as clients are told of it; `removed` is the user who is out by it, or 0."""

    seq: int
    frame: bytes
    removed: int = 0


class Batch(Struct, array_like=True, frozen=True):
    """Changes that follow each other and, without a gap, the point `before`.

    Without changes, it says only that the conversation has come as far as `before`.
    """

    before: int
    changes: list[Told]


class Group:
    """The sockets of one conversation in this process.

    `members` have been told everything up to `seq`. Who resumes is in `resuming` while it
    reads what it missed, and then, if that led beyond `seq`, in `ahead`, with the point
    that it has been told up to, until the members are there too: it is told only what is
    after that. What a change is told as does not depend on where a reader began.
    """

    __slots__ = ("ahead", "conversation_id", "is_healing", "members", "resuming", "seq", "waiting")

    def __init__(self, conversation_id: int, seq: int) -> None:
        self.conversation_id = conversation_id
        self.seq = seq
        self.members: set[Connection] = set()
        self.resuming: set[Connection] = set()
        self.ahead: dict[Connection, int] = {}
        self.is_healing = False
        # Bounded: what is dropped here is a gap, and read from the database like any.
        self.waiting: deque[Batch] = deque(maxlen=WAITING_MAX)

    @property
    def is_empty(self) -> bool:
        return not (self.members or self.resuming or self.ahead)

    def everyone(self) -> list[Connection]:
        return [*self.members, *self.resuming, *self.ahead]


class Hub:
    """`load` reads what came after a point, up to which point, and whether that is all;
    `seqs` the present change numbers; `opened` and `closed` say that a conversation has
    its first, or has lost its last, member here.
    """

    def __init__(
        self,
        load: Callable[[int, int], Awaitable[tuple[list[Told], int, bool]]],
        seqs: Callable[[Collection[int]], Awaitable[dict[int, int]]],
        opened: Callable[[int], None],
        closed: Callable[[int], None],
    ) -> None:
        self._load = load
        self._seqs = seqs
        self._opened = opened
        self._closed = closed
        self._groups: dict[int, Group] = {}
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
        group.resuming.discard(connection)
        group.members.add(connection)

    def join_at(self, connection: Connection, told: int) -> bool:
        """Whether the connection, told up to `told`, has missed nothing; then it is a member.

        For a conversation without members here, `told` must be as the database had it.
        """
        group = self._group_of(connection, told)
        if told != group.seq:
            return False
        group.ahead.pop(connection, None)
        group.resuming.discard(connection)
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
        group.members.discard(connection)
        group.ahead.pop(connection, None)
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
        if group is None:
            return
        group.members.discard(connection)
        group.resuming.discard(connection)
        group.ahead.pop(connection, None)
        if group.is_empty:
            del self._groups[group.conversation_id]
            self._closed(group.conversation_id)

    def _group_of(self, connection: Connection, seq: int) -> Group:
        conversation_id = connection.conversation_id
        group = self._groups.get(conversation_id)
        if group is None:
            group = self._groups[conversation_id] = Group(conversation_id, seq)
            self._opened(conversation_id)
        return group

    def deliver(self, conversation_id: int, batch: Batch) -> None:
        """Tell the members, as soon as everything before it has been told."""
        group = self._groups.get(conversation_id)
        if group is None:
            return
        if group.is_healing:
            group.waiting.append(batch)
        elif batch.before <= group.seq:
            self._tell(group, batch.changes)
        else:
            group.waiting.append(batch)
            self._heal(group)

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

    def _tell(self, group: Group, changes: list[Told]) -> None:
        if not changes or changes[-1].seq <= group.seq:
            return
        if changes[0].seq <= group.seq:
            changes = [told for told in changes if told.seq > group.seq]
        start = 0
        for place, told in enumerate(changes):
            if told.removed:
                # Who is removed hears of it, and of nothing after it.
                self._write(group, changes[start : place + 1])
                self._remove(group, told.removed)
                start = place + 1
        self._write(group, changes[start:])
        self._advance(group, changes[-1].seq)

    @staticmethod
    def _write(group: Group, changes: list[Told]) -> None:
        """One write a socket, whatever the number of changes."""
        if not changes:
            return
        frames = b"".join([told.frame for told in changes])
        if len(group.members) > FEW:
            for member in group.members:
                member.flush()
        for member in group.members:
            member.send(frames)
        metrics.delivered_frames.add(len(group.members) * len(changes))
        for member, told_upto in group.ahead.items():
            if told_upto < changes[-1].seq:
                new = [told.frame for told in changes if told.seq > told_upto]
                member.send(b"".join(new))
                metrics.delivered_frames.add(len(new))

    def _remove(self, group: Group, user_id: int) -> None:
        for member in group.everyone():
            if member.identity.user_id == user_id:
                member.close(4404, "removed from the conversation")
                self.leave(member)

    def _heal(self, group: Group) -> None:
        group.is_healing = True
        task = asyncio.get_running_loop().create_task(self._fill(group))
        self._healing.add(task)
        task.add_done_callback(self._healing.discard)

    async def _fill(self, group: Group) -> None:
        """Read what is missing and tell it, then what has come meanwhile."""
        is_last = False
        while not is_last and not group.is_empty:
            try:
                changes, upto, is_last = await self._load(group.conversation_id, group.seq)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                # Told nothing, these sockets would miss changes in silence.
                log.exception(
                    "conversation %d cannot be caught up",
                    group.conversation_id,
                    extra={"conversation": group.conversation_id},
                )
                for member in group.everyone():
                    member.close(1011, "reconnect with since")
                    self.leave(member)
                return
            self._tell(group, changes)
            self._advance(group, upto)
        metrics.gaps_healed.inc()
        waiting = list(group.waiting)
        group.waiting.clear()
        group.is_healing = False
        for batch in waiting:
            self.deliver(group.conversation_id, batch)

    @staticmethod
    def _advance(group: Group, seq: int) -> None:
        """The members have been told all there is up to `seq`; who was ahead may be one now."""
        group.seq = max(group.seq, seq)
        if group.ahead:
            caught_up = [one for one, told_upto in group.ahead.items() if told_upto <= group.seq]
            for connection in caught_up:
                del group.ahead[connection]
                group.members.add(connection)

    async def _check_doubtful(self) -> None:
        try:
            while self._doubtful:
                doubtful, self._doubtful = self._doubtful, set()
                try:
                    seqs = await self._seqs(doubtful)
                except Unavailable:
                    self._doubtful |= doubtful
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                for conversation_id, seq in seqs.items():
                    self.deliver(conversation_id, Batch(seq, []))
        finally:
            self._check = None

    async def close(self) -> None:
        """Stop reading what is missing."""
        tasks = [*self._healing, *([self._check] if self._check else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
