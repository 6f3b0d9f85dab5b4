"""Who is in a conversation in this process, and the position up to which they have received it."""

from collections.abc import Sequence

from msgspec import Struct

from chat.realtime.bag import Bag, with_one, without
from chat.realtime.moves import Moves
from chat.realtime.seats import WIDTH, Seat, live_in, place_of, seats_of, with_seat, without_seat
from chat.realtime.subscribers import Subscriber, UserSocket
from chat.realtime.subscription import ABSENT, Subscription


class Group(Struct, gc=False, eq=False):
    """The sockets of one conversation in this process.

    `members` are sockets of this conversation alone. `wide` has the seats of users with sockets of
    all conversations. All have everything up to `seq`, but the `others`: connections that are not
    plainly live, with their subscriptions. A change is sent as the same frame to everyone,
    whatever `since` they gave; to the wide ones it says its conversation too.

    A process may have many groups, so each has only what it needs: None where nothing is. The
    garbage collector does not look at them, since the hub lives as long as the process.
    `read_at` says when `seq` was last taken from the database, in commits of this process.
    `moves` are those of all groups.
    """

    conversation_id: int
    seq: int
    read_at: int
    moves: Moves
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
        if seat.sockets:  # if it takes its place again, the group may be another one
            self.moves.note(self.conversation_id, self.seq)
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

    def advance(self, seq: int) -> None:
        """The members are at `seq`. A connection that was ahead may be a member now."""
        if seq > self.seq:
            if self.wide:  # who has a seat may be on the way back
                self.moves.note(self.conversation_id, self.seq)
            self.seq = seq
        if self.others:
            for connection, subscription in list(self.others.items()):
                if not subscription.is_reading and subscription.position <= self.seq:
                    self.go_live(connection, subscription.position)

    @property
    def size(self) -> int:
        """About how many sockets it has: of each user of `/ws/` one is counted."""
        return len(self.members) + len(self.wide) // WIDTH

    def not_live(self) -> tuple[list[Subscriber], list[Subscriber]]:
        """The connections that still read, and those that are ahead."""
        places = [(one, place) for one, place in (self.others or {}).items() if place is not ABSENT]
        reading = [one for one, place in places if place.is_reading]
        return reading, [one for one, place in places if not place.is_reading]

    def remove(self, user_id: int) -> None:
        """All sockets of the user hear that they are out, and the seat goes."""
        gone = [one for one in self.everyone() if one.identity.user_id == user_id]
        for seat in seats_of(self.wide):
            if seat.user_id == user_id:
                self.unseat(seat)
        for member in gone:
            self.discard(member)
            member.removed(self.conversation_id)
