"""Many sockets that look for marks of reading at once share a look that began after they asked."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import pytest

from chat.auth.identity import Identity
from chat.errors import Unavailable
from chat.events import Ephemeral, MessageRead
from chat.realtime.missed_marks import MOST, MissedMarks
from chat.services.sharing import TOGETHER


class Database:
    """`read` is how far the one reader has come; an answer waits for `release`."""

    def __init__(self) -> None:
        self.read = 0
        self.looks: list[Mapping[int, int]] = []
        self.release = asyncio.Event()
        self.is_away = False

    async def look(self, _: Identity, points: Mapping[int, int]) -> dict[int, list[Ephemeral]]:
        self.looks.append(dict(points))
        found = {one: [Ephemeral(one, MessageRead("ali", self.read), 1)] for one in points}
        await self.release.wait()
        await asyncio.sleep(0)  # as a database always does
        if self.is_away:
            raise Unavailable("away", retry_after=1)
        return found


async def test_who_asks_during_a_look_gets_the_next_one() -> None:
    """Its answer holds what was read after the first look began."""
    database = Database()
    marks = MissedMarks(database.look)
    first = asyncio.create_task(marks.since(1, 5))
    while not database.looks:
        await asyncio.sleep(0)
    database.read = 7
    later = [asyncio.create_task(marks.since(1, 5)) for _ in range(50)]
    await asyncio.sleep(0)
    database.release.set()
    assert [one.frame for one in await first] == [MessageRead("ali", 0)]
    for task in later:
        assert [one.frame for one in await task] == [MessageRead("ali", 7)]
    assert database.looks == [{1: 5}, {1: 5}]


async def test_points_of_one_conversation_are_looked_at_in_turn() -> None:
    """And others together, but not too many."""
    database = Database()
    database.release.set()
    marks = MissedMarks(database.look)
    asking = [marks.since(1, seq) for seq in (1, 2)]
    asking += [marks.since(number, 0) for number in range(2, MOST + 2)]
    found = await asyncio.gather(*asking)
    assert [one[0].conversation_id for one in found] == [1, 1, *range(2, MOST + 2)]
    assert [len(one) for one in database.looks] == [MOST, 2]


async def test_few_go_on_in_one_turn_of_the_loop() -> None:
    """When thousands miss the same: each writes all that it missed then. They share one look."""
    database = Database()
    database.release.set()
    marks = MissedMarks(database.look)
    turn = 0
    went_on: Counter[int] = Counter()

    async def come_back() -> None:
        assert await marks.since(1, 5)
        went_on[turn] += 1

    asking = [asyncio.create_task(come_back()) for _ in range(3 * TOGETHER)]
    while not all(one.done() for one in asking):
        turn += 1
        await asyncio.sleep(0)
    assert went_on.total() == 3 * TOGETHER
    assert max(went_on.values()) == TOGETHER
    assert len(database.looks) == 1


async def test_a_look_in_vain_is_everybodys_who_waited_for_it() -> None:
    """Somebody who has gone takes nothing from the others."""
    database = Database()
    marks = MissedMarks(database.look)
    gone, waiting = (asyncio.create_task(marks.since(1, 5)) for _ in range(2))
    while not database.looks:
        await asyncio.sleep(0)
    gone.cancel()
    database.is_away = True
    database.release.set()
    with pytest.raises(Unavailable):
        await waiting
    database.is_away = False
    assert await marks.since(1, 5)
