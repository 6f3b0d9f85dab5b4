"""Which conversations changed since a mark: all of them, and little more."""

import asyncio

import pytest

from chat.store import history, touched
from chat.store.database import Database
from tests.store.world import Changes, conversation, draft, pair, sent, user

EVERYTHING = -1.0
"""Seconds to keep: what is there is older than a second from now."""


async def test_what_changed_after_the_mark_is_named(database: Database) -> None:
    """By a message, by another change, by a beginning; and nothing else."""
    talk, ali, sara = await pair(database)
    quiet, busy = await conversation(database, ali), await conversation(database, sara)
    await sent(database, quiet, ali)
    mark = await touched.present(database)
    assert (await touched.since(database, mark)).ids == set()
    await sent(database, talk, ali)
    await Changes(database, busy).rename("new")
    begun = await conversation(database, ali)
    found = await touched.since(database, mark)
    assert found.ids == {talk, busy, begun}
    assert (await touched.since(database, found.cursor)).ids == set()


async def test_more_than_one_part_is_read_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many transactions there were."""
    monkeypatch.setattr(touched, "PART", 3)
    ali = await user(database, "ali")
    mark = await touched.present(database)
    talks = {await conversation(database, ali) for _ in range(10)}
    assert (await touched.since(database, mark)).ids == talks


async def test_a_batch_of_many_conversations_names_each(database: Database) -> None:
    """One transaction, one row."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(5)]
    mark = await touched.present(database)
    await database.store_sends([draft(talk, ali) for talk in talks for _ in range(3)])
    assert (await touched.since(database, mark)).ids == set(talks)
    rows = await database.fetch("SELECT 1 FROM touched WHERE changed >= ?", (mark.point,))
    assert len(rows) == 1


async def test_what_is_pruned_is_not_taken_for_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks from before it has to look at everything; others go on."""
    monkeypatch.setattr(touched, "PART", 2)
    talk, ali, _ = await pair(database)
    old = await touched.present(database)
    for _ in range(5):
        await sent(database, talk, ali)
    between = await touched.present(database)
    assert await touched.prune(database) == 0
    assert await touched.prune(database, EVERYTHING) == 6
    assert (await touched.since(database, old)).ids is None
    assert (await touched.since(database, between)).ids == set()
    await sent(database, talk, ali)
    assert (await touched.since(database, between)).ids == {talk}


async def test_a_mark_of_another_history_says_nothing(database: Database) -> None:
    """The same numbers are other transactions there."""
    mark = await touched.present(database)
    await history.renew(database)
    found = await touched.since(database, mark)
    assert found.ids is None
    assert (await touched.since(database, found.cursor)).ids == set()


@pytest.mark.parametrize("dialect", ["postgresql"])
async def test_a_lost_incarnation_gets_one_name(database: Database, other_node: Database) -> None:
    """Whoever finds that it is lost names it; all others take that name."""
    mark = await touched.present(database)
    async with database.transaction() as transaction:
        await transaction.execute("DELETE FROM incarnation")
    marks = await asyncio.gather(
        *(touched.present(node) for node in (database, other_node) for _ in range(5))
    )
    assert len({one.incarnation for one in marks}) == 1
    assert (await touched.since(database, mark)).ids is None
