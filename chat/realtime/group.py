"""The sockets of one conversation in this process, and their position."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from chat import metrics
from chat.realtime.bag import Bag, with_one, without
from chat.realtime.connection import flush_held
from chat.realtime.parts import LARGE, write_soon
from chat.realtime.protocol import of_conversation, with_client_id
from chat.realtime.seats import WIDTH, Seat, live_in, place_of, seats_of, with_seat, without_seat
from chat.realtime.subscribers import Subscriber, UserSocket

WAITING_MAX = 100
"""Most batches that are kept while what is before them is read."""
FEW = 8
"""With up to so many members, a sender's ack goes out together with its message. With more,
acks go out first, so that senders can send again while the others are being written to."""


class Delivery(Struct, array_like=True, frozen=True):
    """One change as bytes for clients. `removed` is the user whom it removes, or 0.

    `sender` is the user who sent the message with this `client_id`, or 0. The sockets of that user
    get the frame with the `client_id`, and others without it. `readers` are the users who may see
    it; None for all. One with readers never goes over the relay: each process reads it from the
    database.
    """

    seq: int
    frame: bytes
    removed: int = 0
    sender: int = 0
    client_id: str = ""
    readers: frozenset[int] | None = None

    def is_for(self, user_id: int) -> bool:
        return self.readers is None or user_id in self.readers

    def frame_for(self, user_id: int) -> bytes:
        return with_client_id(self.frame, self.client_id) if user_id == self.sender else self.frame


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


class Absent(Subscription):
    """The place of a live socket in a group in which it is not, though another of its user is."""

    __slots__ = ()


ABSENT = Absent()


class Group(Struct, gc=False, eq=False):
    """The sockets of one conversation in this process.

    `members` are sockets of this conversation alone. `wide` has the seats of users with sockets of
    all conversations. All have everything up to `seq`, but the `others`: connections that are not
    plainly live, with their subscriptions. A change is sent as the same frame to everyone,
    whatever `since` they gave; to the wide ones it says its conversation too.

    A process may have many groups, so each has only what it needs: None where nothing is. The
    garbage collector does not look at them, since the hub lives as long as the process.
    `read_at` says when `seq` was last taken from the database, in commits of this process.
    """

    conversation_id: int
    seq: int
    read_at: int
    members: Bag = ()
    wide: bytes = b""
    others: dict[Subscriber, Subscription] | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.members or self.wide or self.others)

    def everyone(self) -> list[Subscriber]:
        others = [one for one in self.others or () if not one.is_wide]
        return [*self.members, *others, *self._wide_ones(is_live=False)]

    def wide_ones(self) -> Sequence[UserSocket]:
        """The sockets of all conversations that are plainly live here."""
        return self._wide_ones(is_live=True)

    def _wide_ones(self, *, is_live: bool) -> Sequence[UserSocket]:
        found = live_in(self.wide)
        others = self.others
        if not others:
            return found
        if is_live:
            return [one for one in found if one not in others]
        return [one for one in found if others.get(one) is not ABSENT]

    def subscription(self, connection: Subscriber) -> Subscription | None:
        """The subscription of a connection that is here and not plainly live; else None."""
        place = self.others.get(connection) if self.others else None
        return None if place is ABSENT else place

    def __contains__(self, connection: Subscriber) -> bool:
        place = self.others.get(connection) if self.others else None
        if place is not None:
            return place is not ABSENT
        if isinstance(connection, UserSocket):
            return connection in connection.seat.live and self.has_seat(connection.seat)
        return connection in self.members

    def has_seat(self, seat: Seat) -> bool:
        return place_of(self.wide, seat) >= 0

    def seat(self, seat: Seat) -> None:
        """The group has the seat, which it has not yet; its live sockets are not in it yet."""
        self.wide = with_seat(self.wide, seat)
        for connection in seat.live:
            self._put(connection, ABSENT)

    def unseat(self, seat: Seat) -> None:
        """The group does not have the seat any more, and none of its sockets."""
        self.wide = without_seat(self.wide, seat)
        for connection in seat.live:
            self._take(connection)
        seat.drop(self.conversation_id)

    def read(self, connection: Subscriber) -> Subscription:
        """From now on the connection, new here or not, reads by itself."""
        if isinstance(connection, UserSocket):
            self._seat_of(connection)
        else:
            self.members = without(self.members, connection)
        subscription = Subscription()
        self._put(connection, subscription)
        return subscription

    def go_live(self, connection: Subscriber, position: int) -> None:
        """The connection has everything up to `position`, which is not before `seq`."""
        if position > self.seq:
            subscription = self.subscription(connection) or self.read(connection)
            subscription.is_reading = False
            subscription.position = position
        elif isinstance(connection, UserSocket):
            self._seat_of(connection)
            self._take(connection)
        else:
            self._take(connection)
            if connection not in self.members:
                self.members = with_one(self.members, connection)

    def _seat_of(self, connection: UserSocket) -> None:
        if not self.has_seat(connection.seat):
            self.seat(connection.seat)
            connection.seat.take([self.conversation_id])

    def _put(self, connection: Subscriber, subscription: Subscription) -> None:
        if self.others is None:
            self.others = {}
        if connection not in self.others:
            connection.unsettle()
        self.others[connection] = subscription

    def _take(self, connection: Subscriber) -> None:
        if self.others and self.others.pop(connection, None) is not None:
            connection.settle()
            self.others = self.others or None

    def discard(self, connection: Subscriber) -> None:
        """From now on the connection gets nothing."""
        if isinstance(connection, UserSocket):
            if self.has_seat(connection.seat):
                self._discard_wide(connection)
        else:
            self._take(connection)
            self.members = without(self.members, connection)

    def _discard_wide(self, connection: UserSocket) -> None:
        """The seat stays where another socket of the user is in the group."""
        others, seat = self.others or {}, connection.seat
        if any(one is not connection and others.get(one) is not ABSENT for one in seat.live):
            if connection in seat.live:
                self._put(connection, ABSENT)
        else:
            self.unseat(seat)

    def forget(self, connection: UserSocket) -> None:
        """The socket, which is not live any more, had a place of its own here."""
        self._take(connection)
        others, seat = self.others or {}, connection.seat
        if self.has_seat(seat) and all(others.get(one) is ABSENT for one in seat.live):
            self.unseat(seat)

    def deliver(self, changes: list[Delivery]) -> bool:
        """Write the changes that are new to the members. Returns whether they removed somebody."""
        if not changes or changes[-1].seq <= self.seq:
            return False
        if changes[0].seq <= self.seq:
            changes = [change for change in changes if change.seq > self.seq]
        start = 0
        is_removed = False
        for place, change in enumerate(changes):
            if change.removed:
                # Somebody who is removed receives the removal, and nothing after it.
                self._write(changes[start : place + 1])
                self._remove(change.removed)
                start = place + 1
                is_removed = True
            elif change.readers is not None:
                self._write(changes[start:place])
                self._write_to(change.readers, change)
                start = place + 1
        self._write(changes[start:] if start else changes)
        self.advance(changes[-1].seq)
        return is_removed

    def deliver_waiting(self, healing: Healing) -> bool:
        """Write the waiting batches that continue now. Returns whether they removed somebody."""
        waiting = list(healing.waiting)
        healing.waiting.clear()
        is_removed = False
        for batch in waiting:
            if batch.before <= self.seq:
                is_removed = self.deliver(batch.changes) or is_removed
            else:
                healing.waiting.append(batch)
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
        members: Bag = self.members
        count = len(members)
        if count + len(self.wide) // WIDTH > FEW:
            flush_held()
        if len(changes) == 1:  # nearly always, so this comes first
            (change,) = changes
            senders: Collection[int] = (change.sender,) if change.sender else ()
            frames = change.frame
        else:
            senders = {change.sender for change in changes if change.sender}
            frames = b"".join([change.frame for change in changes])
        if count:
            self._write_by_user(members, changes, frames, senders)
        if self.wide:
            wide = self.wide_ones()
            count += len(wide)
            frames = self.frames_of(changes, is_wide=True)
            self._write_by_user(wide, changes, frames, senders)
        metrics.delivered_frames.add(count * len(changes))
        if self.others:
            self._write_ahead(changes)

    def _write_to(self, readers: Collection[int], change: Delivery) -> None:
        """Write a change that only some users may see."""
        ahead = [
            one
            for one, place in (self.others or {}).items()
            if not place.is_reading and place.position < change.seq
        ]
        groups: tuple[Iterable[Subscriber], ...] = (self.members, self.wide_ones(), ahead)
        for members in groups:
            for member in members:
                user_id = member.identity.user_id
                if user_id in readers:
                    member.send(self.frames_of([change], is_wide=member.is_wide, user_id=user_id))
                    metrics.delivered_frames.add(1)

    def _write_by_user(
        self,
        members: Collection[Subscriber],
        changes: list[Delivery],
        frames: bytes,
        senders: Collection[int],
    ) -> None:
        """Write `frames`, but to the senders of messages their own frames."""
        if len(members) > LARGE:
            for one in members:
                if (user_id := one.identity.user_id) in senders:
                    one.send(self.frames_of(changes, is_wide=one.is_wide, user_id=user_id))
                else:
                    write_soon(one, frames)
            return
        if not senders:
            for one in members:
                one.send(frames)
            return
        for one in members:
            if one.identity.user_id in senders:
                user_id = one.identity.user_id
                one.send(self.frames_of(changes, is_wide=one.is_wide, user_id=user_id))
            elif one.held:
                one.send(frames)
            elif not one.is_closing:
                one.transport.write(frames)  # as `send` does, without a call more for each

    def _write_ahead(self, changes: list[Delivery]) -> None:
        for connection, subscription in (self.others or {}).items():
            if not subscription.is_reading and subscription.position < changes[-1].seq:
                new = [change for change in changes if change.seq > subscription.position]
                user_id = connection.identity.user_id
                connection.send(self.frames_of(new, is_wide=connection.is_wide, user_id=user_id))
                metrics.delivered_frames.add(len(new))

    def frames_of(self, changes: list[Delivery], *, is_wide: bool, user_id: int = 0) -> bytes:
        """The bytes of these changes for sockets of this kind, of this user."""
        if len(changes) == 1 and user_id and not is_wide:
            return changes[0].frame_for(user_id)
        frames = [change.frame_for(user_id) if user_id else change.frame for change in changes]
        if is_wide:
            number = self.conversation_id
            return b"".join([of_conversation(frame, number) for frame in frames])
        return b"".join(frames)

    @property
    def size(self) -> int:
        """About how many sockets it has: of each user of `/ws/` one is counted."""
        return len(self.members) + len(self.wide) // WIDTH

    def not_live(self) -> tuple[list[Subscriber], list[Subscriber]]:
        """The connections that still read, and those that are ahead."""
        places = [(one, place) for one, place in (self.others or {}).items() if place is not ABSENT]
        reading = [one for one, place in places if place.is_reading]
        return reading, [one for one, place in places if not place.is_reading]

    def _remove(self, user_id: int) -> None:
        """All sockets of the user hear that they are out, and the seat goes."""
        gone = [one for one in self.everyone() if one.identity.user_id == user_id]
        for seat in seats_of(self.wide):
            if seat.user_id == user_id:
                self.unseat(seat)
        for member in gone:
            self.discard(member)
            member.removed(self.conversation_id)
