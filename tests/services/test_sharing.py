"""Readings that several share: who gets which answer."""

import asyncio
from collections.abc import Sequence

import pytest

from chat.errors import Unavailable
from chat.services.sharing import TOGETHER, Shared, SharedByKey


class Desk:
    """Answers with how many readings have begun, once it is let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.error: Exception | None = None
        self.gates: list[asyncio.Event] = []

    async def look(self, key: str) -> int:
        self.begun.append(key)
        number, gate = len(self.begun), asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        if self.error is not None:
            raise self.error
        return number


async def test_who_asks_during_a_reading_shares_the_next_one() -> None:
    """So nobody gets an answer from before the question; other keys do not wait."""
    desk = Desk()
    shared = SharedByKey(desk.look, 3)
    first = [asyncio.ensure_future(shared.ask("a")) for _ in range(3)]
    await begun(desk, 1)
    second = [asyncio.ensure_future(shared.ask("a")) for _ in range(3)]
    other = asyncio.ensure_future(shared.ask("b"))
    await begun(desk, 2)
    assert desk.begun == ["a", "b"]
    desk.gates[1].set()
    assert await other == 2
    desk.gates[0].set()
    assert await asyncio.gather(*first) == [1, 1, 1]
    await begun(desk, 3)
    desk.gates[2].set()
    assert await asyncio.gather(*second) == [3, 3, 3]


async def test_a_reading_is_for_so_many_at_most() -> None:
    """The others share the next one."""
    desk = Desk()
    shared = SharedByKey(desk.look, 3)
    asked = [asyncio.ensure_future(shared.ask("a")) for _ in range(5)]
    for count in (1, 2):
        await begun(desk, count)
        desk.gates[count - 1].set()
    assert await asyncio.gather(*asked) == [1, 1, 1, 2, 2]


async def test_so_many_at_most_go_on_in_one_turn_of_the_loop() -> None:
    """When a crowd asks at once, others have their turn between its parts. Everyone is answered."""
    readings: list[list[int]] = []

    async def look(asked: Sequence[int]) -> int:
        readings.append(list(asked))
        await asyncio.sleep(0)
        return len(readings)

    shared: Shared[int, int] = Shared(look)
    crowd = range(2 * TOGETHER + 1)
    answers = await asyncio.gather(*[shared.ask(one) for one in crowd])
    assert [len(one) for one in readings] == [TOGETHER, TOGETHER, 1]
    assert [one for asked in readings for one in asked] == list(crowd)
    assert answers == [1] * TOGETHER + [2] * TOGETHER + [3]


async def test_who_leaves_takes_the_answer_from_nobody() -> None:
    """One of those who wait for a reading is cancelled; the others get it."""
    desk = Desk()
    shared = SharedByKey(desk.look, 3)
    gone, left = (asyncio.ensure_future(shared.ask("a")) for _ in range(2))
    await begun(desk, 1)
    gone.cancel()
    await asyncio.sleep(0)
    desk.gates[0].set()
    assert await left == 1
    assert gone.cancelled()


async def test_a_failure_goes_to_all_who_wait_and_the_next_reading_is_new() -> None:
    desk = Desk()
    desk.error = Unavailable("away", retry_after=1.0)
    shared = SharedByKey(desk.look, 3)
    both = [asyncio.ensure_future(shared.ask("a")) for _ in range(2)]
    await begun(desk, 1)
    desk.gates[0].set()
    for one in both:
        with pytest.raises(Unavailable):
            await one
    desk.error = None
    again = asyncio.ensure_future(shared.ask("a"))
    await begun(desk, 2)
    desk.gates[1].set()
    assert await again == 2


async def test_closing_ends_the_readings() -> None:
    desk = Desk()
    shared = SharedByKey(desk.look, 3)
    asked = asyncio.ensure_future(shared.ask("a"))
    await begun(desk, 1)
    await shared.close()
    assert not asked.done()
    asked.cancel()


async def begun(desk: Desk, count: int) -> None:
    """Wait until so many readings have begun."""
    while len(desk.begun) < count:
        await asyncio.sleep(0)
