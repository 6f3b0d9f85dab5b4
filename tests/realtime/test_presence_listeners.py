"""Who hears of whose presence, and how much of it goes out together."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import pytest

from chat.auth.identity import Identity
from chat.realtime.connection import Listener
from chat.realtime.deliveries import Delivery
from chat.realtime.hub import Hub
from chat.realtime.presence.listeners import PART, Listeners, frame_for
from chat.realtime.presence.presence import Presence
from chat.realtime.protocol import frame_of
from chat.realtime.seats import new_seat
from chat.realtime.subscribers import Removals, UserSocket

TALK, OTHER = 7, 8
ALI, SARA, REZA = 1, 2, 3


class Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


class World:
    """Sockets of users, each in some conversations."""

    def __init__(self) -> None:
        self.hub = Hub(self.load, self.seqs, lambda _: None, lambda _: None)
        self.listeners = Listeners(self.hub)
        self.transports: dict[int, Transport] = {}

    def connect(self, user_id: int, *conversations: int) -> None:
        who = Identity(user_id, f"user{user_id}", False, 0.0, None)
        none = cast("Listener", None), cast("Removals", None)
        connection = UserSocket(none[0], who, 1024, none[1])
        self.transports[user_id] = Transport()
        connection.connection_made(cast("asyncio.BaseTransport", self.transports[user_id]))
        connection.seat = new_seat(user_id)
        connection.seat.add(connection)
        positions = dict.fromkeys(conversations, 0)
        self.hub.seating.seat(connection.seat, positions)
        self.hub.seating.enter(connection, positions, {})

    async def load(self, *_: int) -> tuple[list[Delivery], int, bool]:
        raise AssertionError

    async def seqs(self, _: object) -> dict[int, int]:
        raise AssertionError

    def written(self, user_id: int) -> list[bytes]:
        return self.transports[user_id].written

    async def settle(self) -> None:
        async with asyncio.timeout(60):
            while self.listeners._waiting:
                await asyncio.sleep(0.001)


def went(user_id: int, last_seen: int | None, *conversations: int) -> Presence:
    return Presence(user_id, f"user{user_id}", last_seen, list(conversations))


def frames(changed: Sequence[Presence]) -> bytes:
    return b"".join([frame_of(frame_for(one)) for one in changed])


async def test_what_comes_within_a_moment_goes_out_together_and_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To each who shares a conversation, and not to oneself."""
    world = World()
    loop = asyncio.get_running_loop()
    moment = loop.time()
    world.connect(ALI, TALK)
    world.connect(SARA, TALK, OTHER)
    world.connect(REZA, OTHER)
    changed = [went(ALI, 5, TALK), went(REZA, None, OTHER), went(ALI, None, TALK)]
    with monkeypatch.context() as stopped:
        stopped.setattr(loop, "time", lambda: moment)  # however slow the machine is
        world.listeners.hear(changed[:2])
        await asyncio.sleep(0)
        world.listeners.hear(changed[2:])
    await world.settle()
    assert world.written(SARA) == [frames(changed)]
    assert world.written(ALI) == world.written(REZA) == []
    later = went(ALI, 9, TALK)
    world.listeners.hear([later])
    await world.settle()
    assert world.written(SARA) == [frames(changed), frames([later])]


async def test_who_is_blocked_hears_nothing() -> None:
    world = World()
    world.connect(SARA, TALK)
    world.connect(REZA, TALK)
    changed = Presence(ALI, "ali", None, [TALK], [REZA])
    world.listeners.hear([changed])
    await world.settle()
    assert world.written(SARA) == [frames([changed])]
    assert world.written(REZA) == []


async def test_others_have_a_turn_between_the_parts() -> None:
    """What is new while the parts are written goes to all as well."""
    world = World()
    many = range(ALI + 1, ALI + 3 * PART + 2)
    for user_id in many:
        world.connect(user_id, TALK)
    gone, back = went(ALI, 5, TALK), went(ALI, None, TALK)
    world.listeners.hear([gone])
    reached = [0]
    async with asyncio.timeout(60):
        while reached[-1] < len(many):
            if reached[-1] == PART:
                world.listeners.hear([back])
            await asyncio.sleep(0)
            reached.append(sum(bool(world.written(user_id)) for user_id in many))
    assert max(after - before for before, after in pairwise(reached)) == PART
    await world.settle()
    for user_id in many:
        assert b"".join(world.written(user_id)) == frames([gone, back])
