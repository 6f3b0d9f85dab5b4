"""The hub against any history: what the relay loses, doubles or brings late, and who comes late."""

import asyncio
from collections.abc import Collection
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from chat.auth.identity import Identity
from chat.realtime.connection import Listener
from chat.realtime.group import Batch, Delivery
from chat.realtime.hub import Hub
from chat.realtime.subscribers import ConversationSocket

TALK = 9
PAGE = 3

deliveries = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 4), st.booleans(), st.integers(0, 3)),
    max_size=25,
)
"""First change, how many more, whether it names its end only, and turns of the loop after it."""


class Socket(ConversationSocket):
    """Stands for a connection: keeps the numbers that it is told."""

    def __init__(self, user_id: int = 1) -> None:
        identity = Identity(user_id, f"user{user_id}", False, 0.0, None)
        super().__init__(cast("Listener", None), identity, TALK, 1024)
        self.told: list[int] = []
        self.closed_with = 0

    def send(self, frames: bytes) -> None:
        assert not self.closed_with, "told something after its close"
        self.told += [int(number) for number in frames.split()]

    def close(self, code: int, reason: str = "") -> None:
        self.closed_with = code


def batch(first: int, last: int, *, removing: dict[int, int] | None = None) -> Batch:
    """The changes from `first` to `last`; `removing` has the user whom one of them removes."""
    users = removing or {}
    return Batch(
        first - 1,
        [Delivery(seq, b"%d " % seq, users.get(seq, 0)) for seq in range(first, last + 1)],
    )


class Database:
    """One conversation that has come as far as `seq`, read a page at a time."""

    def __init__(self) -> None:
        self.seq = 0
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.hub = Hub(self.load, self.seqs, lambda _: None, lambda _: None)

    async def load(self, _: int, after: int) -> tuple[list[Delivery], int, bool]:
        await self.is_open.wait()
        last = max(after, min(after + PAGE, self.seq))
        return batch(after + 1, last).changes, last, last >= self.seq

    async def seqs(self, conversation_ids: Collection[int]) -> dict[int, int]:
        return dict.fromkeys(conversation_ids, self.seq)

    async def settled(self) -> None:
        """The hub has read all that it began to read."""
        async with asyncio.timeout(10):
            while self.hub.is_busy:
                await asyncio.sleep(0)

    def deliver(self, news: Batch) -> None:
        """Of what is in the database, as everything is that is told."""
        self.seq = max([self.seq, news.before, *(told.seq for told in news.changes)])
        self.hub.deliver(TALK, news)


@settings(max_examples=100)
@given(deliveries)
async def test_whatever_the_relay_does_changes_come_once_and_in_order(
    news: list[tuple[int, int, bool, int]],
) -> None:
    """Lost, doubled, overlapping, late and empty batches, with pauses anywhere."""
    database, member = Database(), Socket()
    database.hub.join(member, TALK, 0)
    for first, more, is_empty, turns in news:
        last = first + more
        database.deliver(Batch(last, []) if is_empty else batch(first, last))
        for _ in range(turns):
            await asyncio.sleep(0)
    await database.settled()
    assert member.told == list(range(1, database.seq + 1))


@settings(max_examples=100)
@given(deliveries, st.integers(0, 24), st.integers(0, 30))
async def test_who_resumes_among_live_news_misses_and_repeats_nothing(
    news: list[tuple[int, int, bool, int]], begins: int, since: int
) -> None:
    """It reads from its point on until the members are no further, and goes on with them."""
    database, resuming = Database(), Socket(1)
    database.hub.join(Socket(2), TALK, 0)
    reading: asyncio.Task[None] | None = None
    for place, (first, more, is_empty, turns) in enumerate(news):
        if place == begins:
            since = min(since, database.seq)
            database.hub.begin_resuming(resuming, TALK, since)
            reading = asyncio.create_task(resume(database, resuming, since))
        last = first + more
        database.deliver(Batch(last, []) if is_empty else batch(first, last))
        for _ in range(turns):
            await asyncio.sleep(0)
    if reading is not None:
        await reading
    await database.settled()
    expected = [] if reading is None else list(range(since + 1, database.seq + 1))
    assert resuming.told == expected


async def resume(database: Database, resuming: Socket, point: int) -> None:
    is_last = False
    while not (is_last and database.hub.finish_resuming(resuming, TALK, point)):
        changes, point, is_last = await database.load(TALK, point)
        resuming.told += [told.seq for told in changes]
        await asyncio.sleep(0)


async def test_removing_the_last_member_in_the_midst_of_a_batch_ends_the_group() -> None:
    """What follows is nobody's, and who joins later begins where the database is."""
    database, removed = Database(), Socket(1)
    database.hub.join(removed, TALK, 0)
    database.deliver(batch(1, 3, removing={2: 1}))
    assert (removed.told, removed.closed_with) == ([1, 2], 4404)
    assert TALK not in database.hub
    later = Socket(2)
    database.hub.join(later, TALK, database.seq)
    database.deliver(batch(3, 4))
    assert later.told == [4]


async def test_who_leaves_while_a_gap_is_read_hears_nothing_and_who_joins_hears_the_rest() -> None:
    """The reading for the old group does not disturb the new one."""
    database, gone, new = Database(), Socket(), Socket()
    database.hub.join(gone, TALK, 0)
    database.is_open.clear()
    database.deliver(batch(5, 5))
    await asyncio.sleep(0)
    database.hub.leave(gone, TALK)
    database.hub.join(new, TALK, database.seq)
    database.deliver(batch(6, 6))
    database.is_open.set()
    await database.settled()
    assert (gone.told, new.told) == ([], [6])
