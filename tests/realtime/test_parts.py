"""A conversation of thousands is written to part by part, and each socket in order and once."""

import asyncio
from itertools import pairwise
from typing import cast

from chat.auth.identity import Identity
from chat.events import UserTyping
from chat.realtime.connection import Listener
from chat.realtime.deliveries import Batch, Delivery
from chat.realtime.hub import Hub
from chat.realtime.parts import LARGE, PART
from chat.realtime.protocol import frame_of, with_client_id
from chat.realtime.subscribers import ConversationSocket

CONVERSATION = 7
MANY = LARGE + 3 * PART
TYPING = frame_of(UserTyping("somebody", is_typing=True))


class Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        """Do nothing."""


class World:
    def __init__(self, size: int) -> None:
        self.hub = Hub(self.load, self.seqs, lambda _: None, lambda _: None)
        self.members = [self.join(user) for user in range(1, size + 1)]

    def join(self, user: int) -> ConversationSocket:
        who = Identity(user, f"user{user}", False, 0.0, None)
        member = ConversationSocket(cast("Listener", None), who, CONVERSATION, 1024)
        member.connection_made(cast("asyncio.BaseTransport", Transport()))
        self.hub.join(member, CONVERSATION, 0)
        return member

    def say(self, seq: int, sender: int = 0) -> bytes:
        frame = frame_of(UserTyping(f"message {seq}", is_typing=True))
        self.hub.deliver_own(
            CONVERSATION, Batch(seq - 1, [Delivery(seq, frame, 0, sender, "key" if sender else "")])
        )
        return frame

    def written(self, member: ConversationSocket) -> list[bytes]:
        return cast("Transport", member.transport).written

    @property
    def reached(self) -> int:
        return sum([bool(self.written(member)) for member in self.members])

    async def settle(self) -> None:
        async with asyncio.timeout(60):
            while any(member.held for member in self.members if not member.is_closing):
                await asyncio.sleep(0)

    async def load(self, *_: int) -> tuple[list[Delivery], int, bool]:
        raise AssertionError

    async def seqs(self, _: object) -> dict[int, int]:
        raise AssertionError


async def test_others_have_a_turn_between_the_parts() -> None:
    world = World(MANY)
    frame = world.say(1)
    reached = [world.reached]
    while reached[-1] < MANY:
        await asyncio.sleep(0)
        reached.append(world.reached)
    steps = [after - before for before, after in pairwise(reached)]
    assert max(steps) <= PART
    assert all(world.written(member) == [frame] for member in world.members)


async def test_with_fewer_sockets_nothing_waits() -> None:
    world = World(LARGE)
    world.say(1)
    assert world.reached == LARGE


async def test_what_comes_meanwhile_comes_after_it_to_each_once() -> None:
    """A second message, an ack, a typing, and a close: wherever the socket is in the row."""
    world = World(MANY)
    first = world.say(1)
    await asyncio.sleep(0)
    waiting = [member for member in world.members if member.held]
    assert 0 < len(waiting) < MANY
    acked, closed, replaced = waiting[0], waiting[1], waiting[2]
    acked.hold(b"ack")
    closed.close(1012)
    replaced.send(b"answer")
    second = world.say(2)
    world.hub.pass_on(CONVERSATION, TYPING)
    await world.settle()
    got = {member: b"".join(world.written(member)) for member in world.members}
    assert got.pop(acked) == first + b"ack" + second + TYPING
    assert got.pop(replaced) == first + b"answer" + second + TYPING
    ending = got.pop(closed)
    assert ending.startswith(first)
    assert second not in ending
    assert set(got.values()) == {first + second + TYPING}


async def test_the_senders_sockets_get_their_own_frame_at_once() -> None:
    world = World(MANY)
    frame = world.say(1, sender=5)
    sender = world.members[4]
    assert world.written(sender) == [with_client_id(frame, "key")]
    await world.settle()
    assert world.reached == MANY
    assert world.written(sender) == [with_client_id(frame, "key")]


async def test_who_is_removed_gets_the_removal_and_nothing_after_it() -> None:
    world = World(MANY)
    first = world.say(1)
    gone = world.members[-1]
    removal, after = (frame_of(UserTyping(one, is_typing=True)) for one in ("removal", "after"))
    changes = [Delivery(2, removal, gone.identity.user_id), Delivery(3, after)]
    world.hub.deliver_own(CONVERSATION, Batch(1, changes))
    await world.settle()
    assert b"".join(world.written(gone)).startswith(first + removal)
    assert after not in b"".join(world.written(gone))
    assert {b"".join(world.written(one)) for one in world.members[:-1]} == {first + removal + after}


async def test_one_socket_that_cannot_be_written_to_stops_no_other() -> None:
    world = World(MANY)
    bad = world.members[3 * PART]

    def refuse(data: bytes) -> None:
        raise RuntimeError(data[:1])

    cast("Transport", bad.transport).write = refuse  # type: ignore[method-assign]
    frame = world.say(1)
    await world.settle()
    assert not bad.held or bad.is_closing
    assert all(world.written(member) == [frame] for member in world.members if member is not bad)
