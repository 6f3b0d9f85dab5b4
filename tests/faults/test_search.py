"""What breaks while search is being indexed: nothing is missing, wrong or left over afterwards."""

import asyncio
from collections.abc import Callable
from time import monotonic

import pytest

from chat.store import search_doctor
from chat.store.database import Database
from tests.contract.test_search import ids, say, search
from tests.store.world import Changes, conversation, draft, opened, opened_index, user
from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

MESSAGES = 12_000
PATIENCE = 60.0
"""Seconds; only a test that fails waits so long."""
COUNT = "SELECT count(*) FROM search_texts"
"""Here and below asked of the index, which has the database beside it."""
BEHIND = """
    SELECT count(*) FROM conversations AS c
    LEFT JOIN positions AS p ON p.follower = 'search' AND p.conversation_id = c.id
    WHERE c.seq > coalesce(p.seq, 0)
"""


async def fill(database: Database) -> None:
    """Many messages that no follower has seen; some are edited, and some deleted."""
    ali, sara = await user(database, "ali"), await user(database, "sara")
    talks = [await conversation(database, ali, sara) for _ in range(30)]
    for start in range(0, MESSAGES, 3_000):
        sends = [draft(talks[n % 30], ali, f"خبر {n}") for n in range(start, start + 3_000)]
        await database.store_sends(sends)
        for send in sends[:5]:
            await Changes(database, send.conversation_id).edit(send.id, "خبر تازه")
            await Changes(database, send.conversation_id).delete(sends[-1].id)


async def until(database: Database, sql: str, reached: Callable[[int], bool]) -> None:
    give_up = monotonic() + PATIENCE
    while not reached((await database.fetch(sql))[0][0]):
        assert monotonic() < give_up
        await asyncio.sleep(0.01)


async def is_whole(database: Database) -> None:
    await until(database, BEHIND, lambda behind: behind == 0)
    assert [drift.what for drift in await search_doctor.examine(database)] == []
    ((texts, messages),) = await database.fetch(
        f"SELECT ({COUNT}), (SELECT count(*) FROM messages WHERE NOT is_deleted)"  # noqa: S608
    )
    assert texts == messages


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
async def test_a_server_that_is_killed_while_it_indexes(
    dialect: str, postgres: PostgresServer
) -> None:
    """Twice, in the middle of its work; the third goes on where they stopped."""
    more = {"DATABASE_URL": postgres.create_database()} if dialect == "postgresql" else {}
    server = PayamServer({"RATE_LIMITS": "off", **more})
    try:
        url = more.get("DATABASE_URL", f"sqlite:///{server.settings['DATA_DIR']}/payam.sqlite3")
        async with opened(url, migrated=True) as database:
            await fill(database)
        async with opened_index(url) as index:
            for least in (0, 4_000):
                server.start()
                await until(index, COUNT, lambda count, least=least: count > least)  # type: ignore[misc]
                server.kill()
            assert (await index.fetch(BEHIND))[0][0] > 0  # it was killed in time
            server.start()
            await is_whole(index)
    finally:
        server.close()


async def test_a_database_and_a_redis_that_are_gone_for_a_while(
    postgres: PostgresServer, redis: RedisServer
) -> None:
    """The follower waits without a traceback, and goes on by itself; it needs no Redis at all."""
    url = postgres.create_database()
    server = PayamServer({"RATE_LIMITS": "off", "DATABASE_URL": url, "REDIS_URL": redis.url})
    try:
        async with opened(url, migrated=True) as database:
            await fill(database)
            server.start()
            await until(database, COUNT, lambda count: count > 0)
        postgres.kill()
        await asyncio.sleep(1.0)  # it finds nobody there
        postgres.start()
        async with opened(url) as database, People(server) as people:
            await is_whole(database)
            redis.kill()
            ali, sara = await people("ali"), await people("sara")
            talk = await ali.begin_conversation(sara)
            said = await say(ali, talk, "بدون ردیس")
            assert ids(await search(sara, "ردیس")) == [said]
            await is_whole(database)
    finally:
        if not redis.answers():
            redis.kill()
            redis.start()
        server.close()
