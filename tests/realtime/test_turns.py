"""What came at once begins a few at a time, in order, and everybody else has a turn in between."""

import asyncio
from functools import partial

from chat.realtime.turns import PART, Turns


def test_a_part_begins_in_each_turn_in_the_order_in_which_it_came() -> None:
    async def scenario() -> tuple[list[int], list[int]]:
        turns = Turns()
        begun: list[int] = []
        for number in range(2 * PART + 1):
            turns.add(partial(begun.append, number))
        counts = []
        for _ in range(4):
            counts.append(len(begun))
            await asyncio.sleep(0)
        return counts, begun

    counts, begun = asyncio.run(scenario())
    assert counts == [0, PART, 2 * PART, 2 * PART + 1]
    assert begun == list(range(2 * PART + 1))


def test_what_comes_while_others_wait_begins_after_them() -> None:
    async def scenario() -> list[str]:
        turns = Turns()
        begun: list[str] = []

        def first() -> None:
            begun.append("first")
            turns.add(partial(begun.append, "third"))

        turns.add(first)
        turns.add(partial(begun.append, "second"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        turns.add(partial(begun.append, "last"))
        await asyncio.sleep(0)
        return begun

    assert asyncio.run(scenario()) == ["first", "second", "third", "last"]
