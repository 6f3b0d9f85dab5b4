"""A process notices that its database was put back, and what it does not mistake for that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from chat.errors import EpochChanged, InvalidInput
from chat.services.history import History, require_present, require_valid
from chat.store import conversation_list, history
from chat.store.database import Database
from chat.store.points import Point
from tests.store.world import pair

SECONDS = 60  # keeps a test from hanging


class Process:
    """What looks at the history in one process, and what it says of it."""

    def __init__(self, database: Database) -> None:
        self.changes = 0
        self.renewals = 0
        self.history = History(database, self.change, self.renew, pause=0.001)

    def change(self) -> None:
        self.changes += 1

    def renew(self) -> None:
        self.renewals += 1

    async def until_changed(self, times: int = 1) -> None:
        async with asyncio.timeout(SECONDS):
            while self.changes < times:
                await asyncio.sleep(0)


@asynccontextmanager
async def running(*databases: Database) -> AsyncIterator[list[Process]]:
    processes = [Process(database) for database in databases]
    for process in processes:
        await process.history.open()
    tasks = [asyncio.create_task(process.history.run()) for process in processes]
    try:
        yield processes
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_database_has_a_name_of_its_own(database: Database) -> None:
    """It stays the same until the epoch is renewed; whose it is stays for ever."""
    before = await history.read(database)
    assert before == await history.read(database)
    await history.renew(database)
    after = await history.read(database)
    assert (after.deployment, after.epoch == before.epoch) == (before.deployment, False)
    await history.renew(database, "another")
    assert await history.read(database) == after


async def test_a_seq_comes_with_its_epoch(database: Database) -> None:
    """In a conversation, whoever asks for it."""
    talk, ali, _ = await pair(database)
    epoch = (await history.read(database)).epoch
    conversation = await conversation_list.one(database, talk, ali)
    assert conversation is not None
    assert conversation.epoch == epoch


async def test_another_name_is_noticed_once(
    database: Database,
    other_node: Database,
) -> None:
    """By each process that looks, however often it is asked to."""
    async with running(database, other_node) as (here, there):
        await history.renew(database)
        for _ in range(3):
            here.history.suspect()
        await there.history.look()
        await here.until_changed()
        assert here.history.name == there.history.name == await history.read(database)
        await here.history.look()
        assert (here.changes, there.changes) == (1, 1)
        assert (here.renewals, there.renewals) == (0, 0)


async def test_of_two_that_find_out_one_renews(
    database: Database,
    other_node: Database,
) -> None:
    """Both have sockets that know more than the database has: there is one new epoch."""
    async with running(database, other_node) as (here, there):
        before = here.history.epoch
        here.history.went_back(7, 5, 2)
        await here.until_changed()
        there.history.went_back(7, 5, 2)
        await there.until_changed()
        after = (await history.read(database)).epoch
        assert before != after == here.history.epoch == there.history.epoch
        assert (here.changes, there.changes) == (1, 1)


async def test_a_database_in_the_middle_of_a_restore_is_waited_for(
    database: Database,
) -> None:
    """The row is not there yet: the process lives on, and renews what comes."""
    async with running(database) as (here,):
        (row,) = await database.fetch("SELECT id, deployment, epoch FROM history")
        async with database.transaction() as transaction:
            await transaction.execute("DELETE FROM history")
        here.history.went_back(7, 5, 2)
        await asyncio.sleep(0.05)
        assert here.changes == 0
        async with database.transaction() as transaction:
            await transaction.execute(
                "INSERT INTO history (id, deployment, epoch) VALUES (?, ?, ?)", row
            )
        here.history.suspect()
        await here.until_changed()
        assert (await history.read(database)).epoch not in (row[2], "")


def test_what_a_number_is_worth() -> None:
    """Up to the conversation's own, in its own epoch."""
    point = Point(1, "b7c2", is_agent=False)
    for since in (0, 1):
        require_present(since, "b7c2", point)
    for since, epoch in ((2, "b7c2"), (0, "b7c1"), (1, "B7C2")):
        with pytest.raises(EpochChanged) as changed:
            require_present(since, epoch, point)
        assert changed.value.epoch == "b7c2"
    for wrong in ("", "x" * 65):
        with pytest.raises(InvalidInput, match="epoch"):
            require_valid(wrong)
