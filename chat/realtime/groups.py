"""All groups of a process, most of which rest.

A process may have a hundred thousand conversations, of which few have news at any moment. A group
without news rests: it is a record of bytes, with its position, when that was read, and its seats. A
seat that comes or goes only changes the record. Any other use wakes the group, which is an object
again.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from struct import Struct

from chat.realtime.group import Group
from chat.realtime.moves import Moves
from chat.realtime.seats import Seat, with_seat, without_seat

HEAD = Struct("=qq")
"""`seq` and `read_at`. The seats follow it."""
PART = 1000
"""Groups that are looked at in one step of the event loop."""


def position_in(record: bytes) -> int:
    return int(HEAD.unpack_from(record)[0])


class Groups(Collection[int]):
    """The conversations, as a collection that changes with them; `get` gives a group.

    `may_rest` says whether nothing waits for the group.
    """

    def __init__(self, may_rest: Callable[[Group], bool]) -> None:
        self._may_rest = may_rest
        self.moves = Moves()
        self._awake: dict[int, Group] = {}
        self._resting: dict[int, bytes] = {}
        self._quiet: dict[int, int] = {}
        """The positions of groups that were awake when it was last looked who may rest."""

    def __contains__(self, conversation_id: object) -> bool:
        return conversation_id in self._awake or conversation_id in self._resting

    def __iter__(self) -> Iterator[int]:
        yield from self._awake
        yield from self._resting

    def __len__(self) -> int:
        return len(self._awake) + len(self._resting)

    def get(self, conversation_id: int) -> Group | None:
        """The group, awake."""
        group = self._awake.get(conversation_id)
        if group is None and conversation_id in self._resting:
            record = self._resting.pop(conversation_id)
            seq, read_at = HEAD.unpack_from(record)
            group = Group(conversation_id, seq, read_at, self.moves, wide=record[HEAD.size :])
            self._awake[conversation_id] = group
        return group

    def add(self, group: Group) -> None:
        self._awake[group.conversation_id] = group

    def remove(self, group: Group) -> bool:
        """Returns whether this very group was there."""
        if self._awake.get(group.conversation_id) is not group:
            return False
        del self._awake[group.conversation_id]
        return True

    def clear(self) -> list[Group]:
        """Remove all, and return them."""
        for conversation_id in list(self._resting):
            self.get(conversation_id)
        groups = list(self._awake.values())
        self._awake.clear()
        return groups

    def position(self, conversation_id: int) -> int | None:
        """The position of a group, if it is there."""
        record = self._resting.get(conversation_id)
        if record is not None:
            return position_in(record)
        group = self._awake.get(conversation_id)
        return None if group is None else group.seq

    def wide_of(self, conversation_id: int) -> bytes:
        """The seats of a group, if it is there."""
        record = self._resting.get(conversation_id)
        if record is not None:
            return record[HEAD.size :]
        group = self._awake.get(conversation_id)
        return b"" if group is None else group.wide

    def seat(self, seat: Seat, conversation_id: int, seq: int, read_at: int) -> bool:
        """Put a seat into a group in which it is not yet. Returns whether the group is new."""
        group = self._awake.get(conversation_id)
        record = self._resting.get(conversation_id)
        if group is None and not seat.live:
            is_new = record is None
            self._resting[conversation_id] = with_seat(record or HEAD.pack(seq, read_at), seat)
            return is_new
        group = self.get(conversation_id)
        if group is None:
            group = Group(conversation_id, seq, read_at, self.moves)
            self.add(group)
            group.seat(seat)
            return True
        group.seat(seat)
        return False

    def unseat(self, seat: Seat, conversation_id: int) -> bool:
        """Take a seat without sockets out of a group. Returns whether the group went with it."""
        record = self._resting.get(conversation_id)
        if record is not None:
            seat.drop(conversation_id)
            left = without_seat(record[HEAD.size :], seat)
            if left:
                self._resting[conversation_id] = record[: HEAD.size] + left
            else:
                del self._resting[conversation_id]
            return not left
        group = self._awake[conversation_id]
        group.unseat(seat)
        return group.is_empty and self.remove(group)

    async def rest(self) -> None:
        """Put to rest those of which nothing was heard since the last time."""
        quiet: dict[int, int] = {}
        for place, (conversation_id, group) in enumerate(list(self._awake.items())):
            if place % PART == PART - 1:
                await asyncio.sleep(0)
            if group.members or group.others or not group.wide:
                continue
            if self._awake.get(conversation_id) is not group:
                continue  # it went meanwhile
            if self._quiet.get(conversation_id) == group.seq and self._may_rest(group):
                del self._awake[conversation_id]
                self._resting[conversation_id] = HEAD.pack(group.seq, group.read_at) + group.wide
            else:
                quiet[conversation_id] = group.seq
        self._quiet = quiet
