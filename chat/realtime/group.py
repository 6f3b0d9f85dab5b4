"""The sockets of one conversation in this process, and what they have been told."""

from collections import deque

from msgspec import Struct

from chat import metrics
from chat.realtime.connection import Connection

WAITING_MAX = 100
"""Batches kept while what is before them is read."""
FEW = 8
"""With up to so many members, a sender's ack goes out together with its message. With more,
acks go out first, so that senders can send again while the others are being written to."""


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

    __slots__ = (
        "ahead",
        "conversation_id",
        "is_healing",
        "is_reading",
        "members",
        "read_at",
        "resuming",
        "seq",
        "waiting",
    )

    def __init__(self, conversation_id: int, seq: int, read_at: int) -> None:
        self.conversation_id = conversation_id
        self.seq = seq
        self.read_at = read_at
        """When `seq` was last taken from the database, in commits of this process."""
        self.members: set[Connection] = set()
        self.resuming: set[Connection] = set()
        self.ahead: dict[Connection, int] = {}
        self.is_healing = False
        """Something waits, and a task sees to it."""
        self.is_reading = False
        """The task reads at this moment; else it pauses, because a reading was in vain."""
        # Bounded: what is dropped here is a gap, and read from the database like any.
        self.waiting: deque[Batch] = deque(maxlen=WAITING_MAX)

    @property
    def is_empty(self) -> bool:
        return not (self.members or self.resuming or self.ahead)

    def everyone(self) -> list[Connection]:
        return [*self.members, *self.resuming, *self.ahead]

    def discard(self, connection: Connection) -> None:
        """The connection is told nothing more."""
        self.members.discard(connection)
        self.resuming.discard(connection)
        self.ahead.pop(connection, None)

    def tell(self, changes: list[Told]) -> bool:
        """Tell the members what is new to them; whether somebody was removed by it."""
        if not changes or changes[-1].seq <= self.seq:
            return False
        if changes[0].seq <= self.seq:
            changes = [told for told in changes if told.seq > self.seq]
        start = 0
        for place, told in enumerate(changes):
            if told.removed:
                # Who is removed hears of it, and of nothing after it.
                self._write(changes[start : place + 1])
                self._remove(told.removed)
                start = place + 1
        self._write(changes[start:])
        self.advance(changes[-1].seq)
        return start > 0

    def tell_waiting(self) -> bool:
        """Tell of what waits as much as continues now; whether somebody was removed by it."""
        waiting = list(self.waiting)
        self.waiting.clear()
        is_removed = False
        for batch in waiting:
            if batch.before <= self.seq:
                is_removed = self.tell(batch.changes) or is_removed
            else:
                self.waiting.append(batch)
        return is_removed

    def advance(self, seq: int) -> None:
        """The members have been told all there is up to `seq`; who was ahead may be one now."""
        self.seq = max(self.seq, seq)
        if self.ahead:
            caught_up = [one for one, told_upto in self.ahead.items() if told_upto <= self.seq]
            for connection in caught_up:
                del self.ahead[connection]
                self.members.add(connection)

    def _write(self, changes: list[Told]) -> None:
        """Each socket gets one write, however many changes there are."""
        if not changes:
            return
        frames = b"".join([told.frame for told in changes])
        if len(self.members) > FEW:
            for member in self.members:
                member.flush()
        for member in self.members:
            member.send(frames)
        metrics.delivered_frames.add(len(self.members) * len(changes))
        for member, told_upto in self.ahead.items():
            if told_upto < changes[-1].seq:
                new = [told.frame for told in changes if told.seq > told_upto]
                member.send(b"".join(new))
                metrics.delivered_frames.add(len(new))

    def _remove(self, user_id: int) -> None:
        for member in self.everyone():
            if member.identity.user_id == user_id:
                member.close(4404, "removed from the conversation")
                self.discard(member)
