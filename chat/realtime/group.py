"""The sockets of one conversation in this process, and their position."""

from collections import deque

from msgspec import Struct

from chat import metrics
from chat.realtime.bag import Bag, with_one, without
from chat.realtime.protocol import of_conversation
from chat.realtime.subscribers import Subscriber

WAITING_MAX = 100
"""Most batches that are kept while what is before them is read."""
FEW = 8
"""With up to so many members, a sender's ack goes out together with its message. With more,
acks go out first, so that senders can send again while the others are being written to."""


class Delivery(Struct, array_like=True, frozen=True):
    """One change as bytes for clients. `removed` is the user whom it removes, or 0."""

    seq: int
    frame: bytes
    removed: int = 0


class Batch(Struct, array_like=True, frozen=True):
    """Changes that follow each other and the position `before`, without a gap.

    Without changes, it says only that the conversation has come as far as `before`.
    """

    before: int
    changes: list[Delivery]


class Subscription:
    """A connection's place in a conversation while it is not plainly live.

    While it `is_reading`, the connection reads what it missed, and is sent nothing live. Then,
    if that led beyond the group, it is ahead: `position` is the `seq` up to which it has all,
    and it is sent what is after that, until the group is there too.
    """

    __slots__ = ("is_reading", "position")

    def __init__(self) -> None:
        self.is_reading = True
        self.position = 0


class Healing:
    """What waits in a group until what is before it has been read, which a task sees to."""

    __slots__ = ("is_reading", "waiting")

    def __init__(self) -> None:
        # It has a limit. A batch that is dropped here is a gap, which is read like any other.
        self.waiting: deque[Batch] = deque(maxlen=WAITING_MAX)
        self.is_reading = False
        """Whether the task is reading. Otherwise it pauses, because a reading found nothing."""


class Group:
    """The sockets of one conversation in this process.

    `members` are sockets of this conversation alone, `wide` those of users with all of their
    conversations; both have everything up to `seq`. `others` are connections that are not
    plainly live, with their subscriptions. A change is sent as the same frame to everyone,
    whatever `since` they gave; to the wide ones it says its conversation too.

    A process may have many groups, so each has only what it needs: None where nothing is.
    `read_at` says when `seq` was last taken from the database, in commits of this process.
    """

    __slots__ = ("conversation_id", "healing", "members", "others", "read_at", "seq", "wide")

    def __init__(self, conversation_id: int, seq: int, read_at: int) -> None:
        self.conversation_id = conversation_id
        self.seq = seq
        self.read_at = read_at
        self.members: Bag = ()
        self.wide: Bag = ()
        self.others: dict[Subscriber, Subscription] | None = None
        self.healing: Healing | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.members or self.wide or self.others)

    def everyone(self) -> list[Subscriber]:
        return [*self.members, *self.wide, *(self.others or ())]

    def subscription(self, connection: Subscriber) -> Subscription | None:
        """The subscription of a connection that is here and not plainly live; else None."""
        return self.others.get(connection) if self.others else None

    def __contains__(self, connection: Subscriber) -> bool:
        live = self.wide if connection.is_wide else self.members
        return connection in live or self.subscription(connection) is not None

    def read(self, connection: Subscriber) -> Subscription:
        """From now on the connection, new here or not, reads by itself."""
        is_new = connection not in self
        if not is_new:
            self._forget(connection)
        subscription = Subscription()
        if self.others is None:
            self.others = {}
        self.others[connection] = subscription
        connection.unsettle()
        if is_new:
            connection.subscribed(self.conversation_id)
        return subscription

    def go_live(self, connection: Subscriber, position: int) -> None:
        """The connection has everything up to `position`, which is not before `seq`."""
        if position > self.seq:
            subscription = self.subscription(connection) or self.read(connection)
            subscription.is_reading = False
            subscription.position = position
            return
        is_new = connection not in self
        if not is_new:
            self._forget(connection)
        if connection.is_wide:
            self.wide = with_one(self.wide, connection)
        else:
            self.members = with_one(self.members, connection)
        if is_new:
            connection.subscribed(self.conversation_id)

    def discard(self, connection: Subscriber) -> None:
        """From now on the connection gets nothing."""
        if connection in self:
            self._forget(connection)
            connection.unsubscribed(self.conversation_id)

    def _forget(self, connection: Subscriber) -> None:
        if self.others and self.others.pop(connection, None) is not None:
            connection.settle()
            self.others = self.others or None
        elif connection.is_wide:
            self.wide = without(self.wide, connection)
        else:
            self.members = without(self.members, connection)

    def deliver(self, changes: list[Delivery]) -> bool:
        """Write the changes that are new to the members. Returns whether they removed somebody."""
        if not changes or changes[-1].seq <= self.seq:
            return False
        if changes[0].seq <= self.seq:
            changes = [change for change in changes if change.seq > self.seq]
        start = 0
        for place, change in enumerate(changes):
            if change.removed:
                # Somebody who is removed receives the removal, and nothing after it.
                self._write(changes[start : place + 1])
                self._remove(change.removed)
                start = place + 1
        self._write(changes[start:])
        self.advance(changes[-1].seq)
        return start > 0

    def deliver_waiting(self) -> bool:
        """Write the waiting batches that continue now. Returns whether they removed somebody."""
        if self.healing is None:
            return False
        waiting = list(self.healing.waiting)
        self.healing.waiting.clear()
        is_removed = False
        for batch in waiting:
            if batch.before <= self.seq:
                is_removed = self.deliver(batch.changes) or is_removed
            else:
                self.healing.waiting.append(batch)
        return is_removed

    def advance(self, seq: int) -> None:
        """The members are at `seq`. A connection that was ahead may be a member now."""
        self.seq = max(self.seq, seq)
        if self.others:
            for connection, subscription in list(self.others.items()):
                if not subscription.is_reading and subscription.position <= self.seq:
                    self.go_live(connection, subscription.position)

    def _write(self, changes: list[Delivery]) -> None:
        """Each socket gets one write, however many changes there are."""
        if not changes:
            return
        members, wide = self.members, self.wide
        if len(members) + len(wide) > FEW:
            for member in members:
                member.flush()
            for member in wide:
                member.flush()
        if members:
            frames = b"".join([change.frame for change in changes])
            for member in members:
                member.send(frames)
        if wide:
            frames = self.frames_of(changes, is_wide=True)
            for member in wide:
                member.send(frames)
        metrics.delivered_frames.add((len(members) + len(wide)) * len(changes))
        if self.others:
            self._write_ahead(changes)

    def _write_ahead(self, changes: list[Delivery]) -> None:
        for connection, subscription in (self.others or {}).items():
            if not subscription.is_reading and subscription.position < changes[-1].seq:
                new = [change for change in changes if change.seq > subscription.position]
                connection.send(self.frames_of(new, is_wide=connection.is_wide))
                metrics.delivered_frames.add(len(new))

    def frames_of(self, changes: list[Delivery], *, is_wide: bool) -> bytes:
        """The bytes of these changes for sockets of this kind."""
        if is_wide:
            number = self.conversation_id
            return b"".join([of_conversation(change.frame, number) for change in changes])
        return b"".join([change.frame for change in changes])

    def pass_on(self, frame: bytes, except_user: int, except_connection: object) -> None:
        """Send what is passing to who is live, but not to this user, or this connection.

        What goes to every user, a mark of reading, goes to who still resumes as well: it may be
        later than the marks that were looked up for that one.
        """
        of_others = [
            one
            for one, place in (self.others or {}).items()
            if not (place.is_reading and except_user)
        ]
        has_wide = self.wide or any(one.is_wide for one in of_others)
        wide = of_conversation(frame, self.conversation_id) if has_wide else b""
        for members in (self.members, self.wide, of_others):
            for member in members:
                if member is not except_connection and member.identity.user_id != except_user:
                    member.send(wide if member.is_wide else frame)

    def _remove(self, user_id: int) -> None:
        for member in self.everyone():
            if member.identity.user_id == user_id:
                self.discard(member)
                member.removed(self.conversation_id)
