"""PostgreSQL that waits for a synchronous standby with each commit, and the standby is away."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from tests.store.world import draft, opened, pair
from tests.support.postgres_server import PostgresServer

WAITING = """
    SELECT 1 FROM pg_stat_activity
    WHERE wait_event = 'SyncRep'
        AND datname = current_database() AND backend_type = 'client backend'
"""
"""Whether a commit of ours waits for the standby; the server has some of its own."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One of this file's own, which may have to wait."""
    with PostgresServer() as server:
        yield server


def wait_for(server: PostgresServer, standby: str) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'".encode())
        admin.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("how", ["transaction", "batch"])
async def test_what_the_standby_lacks_is_not_shown(server: PostgresServer, how: str) -> None:
    """Also if the change is given up: it would be acknowledged at the next try, and be lost when
    the standby takes over.
    """
    async with opened(server.create_database(), migrated=True) as database:
        talk, ali, _ = await pair(database)

        async def change() -> None:
            if how == "batch":
                await database.store_sends([draft(talk, ali, "a")])
                return
            async with database.transaction() as transaction:
                sql = "UPDATE conversations SET seq = seq + 1 WHERE id = ?"
                await transaction.execute(sql, (talk,))

        async def shown() -> int:
            sql = "SELECT seq FROM conversations WHERE id = ?"
            [(seq,)] = await database.fetch(sql, (talk,))
            return int(seq)

        async def given_up() -> bool:
            """Make a change, and give it up, as after WRITE_TIMEOUT, if it waits."""
            changing = asyncio.create_task(change())
            while not changing.done() and await database.fetch(WAITING) == []:
                await asyncio.sleep(0.02)
            waits = changing.cancel()
            with suppress(asyncio.CancelledError):
                await changing
            return waits

        wait_for(server, "nobody")
        acked = 0
        try:
            while not await given_up():  # until the server has read its settings
                acked += 1
            assert await shown() == acked
        finally:
            wait_for(server, "")
        async with asyncio.timeout(60):
            while await shown() != acked + 1:
                await asyncio.sleep(0.02)
