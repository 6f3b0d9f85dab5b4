"""The users with sockets of `/ws/` in this process, and the conversations that each is in.

A user has one *seat*, however many sockets. The groups have seats and not sockets, so a second
device joins nothing. When the last socket of a user goes, the seat is kept for a while. A user who
comes back, after a network failed or with the next page, finds the groups as they are.

A process may have millions of pairs of a user and a conversation. So a group has its seats as
numbers of four bytes, one after the other in a `bytes`, and a seat has its conversations as an
array. Both are always changed together, by the group. Example: the users 41 and 57 have the seats 0
and 1, and both are in conversation 7.

    the group of 7:  wide           00000000 01000000
    the seat 1:      conversations  7
"""

from array import array
from collections.abc import Iterable, Sequence
from struct import unpack
from sys import byteorder
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chat.realtime.subscribers import UserSocket
    from chat.store.cursors import Cursor

KEPT_SECONDS = 60.0
"""For so long a seat without sockets is kept."""
WIDTH = 4

_seats: list["Seat"] = []
"""By number. Numbers are those of the process, in which tests run several nodes."""
_free: list[int] = []
_live_in: dict[bytes, Sequence["UserSocket"]] = {}
"""What `live_in` found since the last time that any socket went live, or was so no more."""
LIVE_IN_MAX = 256
"""Most groups of which it is kept."""


class Seat:
    """`sockets` are all of the user that are known here, `live` those that have entered.

    A live socket gets what happens in each conversation of the seat, except where the group has
    something else about it (`Group.others`).

    Of a seat without sockets `left_at` is when the last one went, by `time.monotonic`. By
    `verified` the conversations were all that the user was in, except for what changed since; None
    where that is not known.
    """

    __slots__ = ("conversations", "left_at", "live", "number", "sockets", "user_id", "verified")

    def __init__(self, user_id: int, number: int = -1) -> None:
        self.user_id = user_id
        self.number = number
        self.sockets: tuple[UserSocket, ...] = ()
        self.live: tuple[UserSocket, ...] = ()
        self.conversations = array("I")
        self.left_at = 0.0
        self.verified: Cursor | None = None

    def add(self, connection: "UserSocket") -> None:
        """The user has one more socket, which is not live yet."""
        self.sockets = (*self.sockets, connection)

    def enter(self, connection: "UserSocket") -> None:
        """From now on the socket is live."""
        _live_in.clear()
        self.verified = None
        self.live = (*self.live, connection)
        if self.live == self.sockets:
            self.live = self.sockets  # one tuple less

    def remove(self, connection: "UserSocket") -> None:
        _live_in.clear()
        self.sockets = tuple([one for one in self.sockets if one is not connection])
        self.live = tuple([one for one in self.live if one is not connection])
        if not self.sockets:
            self.left_at = monotonic()

    def take(self, conversation_ids: Iterable[int]) -> None:
        """The seat is in the groups of these from now on. The caller sees to the groups."""
        ids = list(conversation_ids)
        try:
            self.conversations.extend(ids)
        except OverflowError:  # beyond four bytes
            new = set(ids)  # of which some may be there already
            known = [one for one in self.conversations if one not in new]
            self.conversations = array("q", [*known, *ids])

    def drop(self, conversation_id: int) -> None:
        """The seat is not in the group of this any more. The caller sees to the group."""
        if self.conversations[-1] == conversation_id:
            self.conversations.pop()  # a seat that goes leaves them from the end
        else:
            self.conversations.remove(conversation_id)


UNSEATED = Seat(0)
"""Of sockets that are not known to be anybody's."""


def new_seat(user_id: int) -> Seat:
    if _free:
        seat = Seat(user_id, _free.pop())
        _seats[seat.number] = seat
    else:
        seat = Seat(user_id, len(_seats))
        _seats.append(seat)
    return seat


def free(seat: Seat) -> None:
    """Its number may be given to another user, so no group may have it any more."""
    assert not seat.conversations
    _seats[seat.number] = UNSEATED
    _free.append(seat.number)


def numbers_of(wide: bytes) -> tuple[int, ...]:
    """The numbers of the seats that a group has."""
    # A memoryview takes twice the time.
    return unpack(f"{len(wide) // WIDTH}I", wide)


def seats_of(wide: bytes) -> list[Seat]:
    """The seats that a group has."""
    return [_seats[number] for number in numbers_of(wide)]


def live_in(wide: bytes) -> Sequence["UserSocket"]:
    """The live sockets of the seats that a group has."""
    found = _live_in.get(wide)
    if found is None:
        if len(_live_in) >= LIVE_IN_MAX:
            _live_in.clear()
        found = [one for number in numbers_of(wide) for one in _seats[number].live]
        _live_in[wide] = found
    return found


def sockets_of(wides: Iterable[bytes]) -> list["UserSocket"]:
    """The live sockets of all seats that some groups have, each once."""
    numbers = set(numbers_of(b"".join(wides)))
    return [connection for number in numbers for connection in _seats[number].live]


def with_seat(wide: bytes, seat: Seat) -> bytes:
    """The group's seats with this one, which is not among them."""
    return wide + seat.number.to_bytes(WIDTH, byteorder)


def without_seat(wide: bytes, seat: Seat) -> bytes:
    """The group's seats without this one, which may not be among them."""
    place = place_of(wide, seat)
    return wide if place < 0 else wide[:place] + wide[place + WIDTH :]


def place_of(wide: bytes, seat: Seat) -> int:
    """Where the seat's number begins; -1 where it is not there."""
    number = seat.number.to_bytes(WIDTH, byteorder)
    place = wide.find(number)
    while place > 0 and place % WIDTH:
        place = wide.find(number, place + 1)
    return place
