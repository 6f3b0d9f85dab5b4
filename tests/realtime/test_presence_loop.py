"""What one node announces of who comes and goes: few at a time, and what is true by then."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from chat.realtime.presence.board import LocalBoard
from chat.realtime.presence.presence import FEW, Loop, Presence

ALI = 1


class Sockets:
    """Who has a socket here, changed by the test."""

    def __init__(self) -> None:
        self.online: set[int] = set()
        self.moved: set[int] = set()

    def is_online(self, user_id: int) -> bool:
        return user_id in self.online

    def take_moved(self) -> set[int]:
        moved, self.moved = self.moved, set()
        return moved

    def come(self, *user_ids: int) -> None:
        self.online.update(user_ids)
        self.moved.update(user_ids)

    def go(self, *user_ids: int) -> None:
        self.online.difference_update(user_ids)
        self.moved.update(user_ids)


class SlowBoard(LocalBoard):
    """`meanwhile` come while it answers. Another node has the users `elsewhere`."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[tuple[int, ...]] = []
        self.elsewhere: set[int] = set()
        self.sockets = Sockets()

    async def arrive(self, user_ids: Collection[int]) -> set[int]:
        return await super().arrive(user_ids) - self.elsewhere

    async def depart(self, user_ids: Collection[int]) -> set[int]:
        gone = await super().depart(user_ids)
        while self.meanwhile:
            self.sockets.come(*self.meanwhile.pop())
        return gone - self.elsewhere


class World:
    def __init__(self) -> None:
        self.board = SlowBoard()
        self.sockets = self.board.sockets
        self.announced: list[list[Presence]] = []
        self.kept: list[int] = []
        self.loop = Loop(self.board, self.sockets, self.shared, self.keep, self.announce, grace=0.0)

    async def shared(
        self, user_ids: Collection[int]
    ) -> dict[int, tuple[str, list[int], list[int]]]:
        return {one: (f"user{one}", [7], []) for one in user_ids}

    async def keep(self, seen: Mapping[int, int]) -> None:
        self.kept += seen

    def announce(self, changed: Sequence[Presence]) -> None:
        self.announced.append(list(changed))

    async def take_told(self, steps: int = 1) -> list[tuple[int, bool]]:
        """The users of whom something is announced in these steps, and whether they are online."""
        self.announced.clear()
        for _ in range(steps):
            await self.loop.step()
            await asyncio.sleep(0)
        return [(one.user_id, one.last_seen is None) for some in self.announced for one in some]


async def back_meanwhile() -> World:
    """Ali came, which was announced. He went, and is back before that was announced."""
    world = World()
    world.sockets.come(ALI)
    assert await world.take_told() == [(ALI, True)]
    world.sockets.go(ALI)
    world.board.meanwhile.append((ALI,))
    assert await world.take_told() == []
    return world


async def test_few_users_are_in_one_announcement() -> None:
    world = World()
    many = range(1, 4 * FEW + 3)
    world.sockets.come(*many)
    assert sorted(await world.take_told()) == [(user_id, True) for user_id in many]
    assert max(map(len, world.announced)) == FEW


async def test_who_is_back_before_it_is_told_is_not_told_as_gone() -> None:
    world = await back_meanwhile()
    assert await world.take_told() == [(ALI, True)]
    assert world.kept == []


async def test_who_is_back_on_another_node_first_is_not_told_as_gone_later() -> None:
    """The other node tells of it. When the socket here goes, the user is still there."""
    world = await back_meanwhile()
    world.board.elsewhere.add(ALI)
    assert await world.take_told() == []
    world.sockets.go(ALI)
    assert await world.take_told(2) == []
    assert world.kept == []


async def test_who_is_back_only_for_a_moment_is_told_as_gone() -> None:
    """Though the board had this user as offline all the time."""
    world = await back_meanwhile()
    world.sockets.go(ALI)
    assert await world.take_told(2) == [(ALI, False)]
    assert world.kept == [ALI]
