"""Reads on PostgreSQL, which are not psycopg's own."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import uvloop

from chat.errors import Unavailable
from chat.store.patience import Patience
from chat.store.postgres.connection import PREPARED
from chat.store.postgres.database import PostgresStore
from tests.faults.proxy import FaultProxy, Way
from tests.store.world import POOL_SIZE, opened, set_patience
from tests.support.postgres_server import PostgresServer

BACKENDS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
"""

PATIENT = Patience(connection=60.0, fresh=3600.0, read=3600.0)
"""Whoever waits for a read fails, and no connection is asked whether it lives."""
IMPATIENT = Patience(connection=60.0, fresh=3600.0, read=1.0)
SECONDS = 120  # keeps a test from hanging

WAITS_FOR = "SELECT wait_event FROM pg_stat_activity WHERE pid = %s"


@pytest.fixture
async def database(postgres_server: PostgresServer) -> AsyncIterator[PostgresStore]:
    async with opened(postgres_server.create_database(), patience=PATIENT) as database:
        assert isinstance(database, PostgresStore)
        yield database


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT ?, ? + 1, ?", [1, -(2**62), None]),
        ("SELECT ?::text, ?, ?::jsonb", ["پیام", "", '{"a": [1, null]}']),
        ("SELECT ?, NOT ?", [True, False]),
        ("SELECT ?, ?::float", [b"\x00\xff", 0.5]),
        ("SELECT ?, ?::text[], ?::bigint[]", [[1, 2], ["a", None], "{3,4}"]),
        ("SELECT n, n::text, now() > 'epoch' FROM generate_series(1, ?) n", [3]),
        ("SELECT 1 WHERE ?", [False]),
    ],
)
async def test_a_read_answers_as_a_transaction_does(
    database: PostgresStore, sql: str, values: list[Any]
) -> None:
    """Values of the same types, whatever goes in; the second time from what was prepared."""
    async with database.transaction() as transaction:
        expected = await transaction.fetch(sql, values)
    for _ in range(2):
        found = await database.fetch(sql, values)
        assert found == expected
        assert [[type(value) for value in row] for row in found] == [
            [type(value) for value in row] for row in expected
        ]


async def test_a_read_of_any_size_goes_there_and_back(database: PostgresStore) -> None:
    """More than a socket takes at once, both ways."""
    text = "پیام" * 1_000_000
    assert await database.fetch("SELECT ?::text, length(?::text)", (text, text)) == [
        (text, len(text))
    ]


async def test_an_error_is_psycopgs_and_costs_nothing(database: PostgresStore) -> None:
    """The server's, when it plans or when it runs, or that of a value that is none."""
    for _ in range(2):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await database.fetch("SELECT 1 / ?", (0,))
        with pytest.raises(psycopg.errors.UndefinedTable):
            await database.fetch("SELECT * FROM nothing")
        with pytest.raises(psycopg.ProgrammingError):
            await database.fetch("SELECT ?", (object(),))
    assert await backend(database) == await backend(database)


async def backend(database: PostgresStore) -> int:
    ((pid,),) = await database.fetch("SELECT pg_backend_pid()")
    return int(pid)


async def test_a_connection_that_forgot_what_was_prepared_is_told_again(
    database: PostgresStore,
) -> None:
    """As psycopg has it do, after a transaction on it was rolled back."""
    assert await database.fetch("SELECT ?", (1,)) == [(1,)]
    async with database.connection() as connection:
        await connection.execute("DEALLOCATE ALL")
    assert await database.fetch("SELECT ?", (2,)) == [(2,)]


async def test_a_connection_keeps_so_many_statements(database: PostgresStore) -> None:
    """Those that were used last: a statement with a list of each length is one of its own."""
    prepared = "SELECT statement FROM pg_prepared_statements WHERE statement NOT LIKE '%statement%'"
    last = PREPARED + 5
    for number in range(last + 1):
        assert await database.fetch(f"SELECT {number}") == [(number,)]
        assert await database.fetch("SELECT 0") == [(0,)]
    kept = {sql for (sql,) in await database.fetch(prepared)}
    # The one that asks is the last of them.
    assert kept == {f"SELECT {n}" for n in (0, *range(last - PREPARED + 3, last + 1))}


async def test_a_read_that_takes_too_long_is_given_up(postgres_server: PostgresServer) -> None:
    """By who asked, by the server, and by the pool, which then has its connections as before."""
    async with opened(postgres_server.create_database(), patience=PATIENT) as database:
        assert isinstance(database, PostgresStore)
        set_patience(database, IMPATIENT)
        sleeping = (database.fetch("SELECT pg_sleep(60)") for _ in range(POOL_SIZE))
        for outcome in await asyncio.gather(*sleeping, return_exceptions=True):
            assert isinstance(outcome, Unavailable)
        set_patience(database, PATIENT)
        await all_are_free(database)
        async with asyncio.timeout(60):
            while await database.fetch(BACKENDS) != [(0,)]:
                pass


async def all_are_free(database: PostgresStore) -> None:
    async with asyncio.timeout(60), AsyncExitStack() as stack:
        for _ in range(POOL_SIZE):
            await stack.enter_async_context(database.connection())


async def test_an_answer_that_nobody_waits_for_is_nobody_elses(database: PostgresStore) -> None:
    """Who was cancelled leaves a connection that is busy until its answer came."""
    chance = random.Random(1)  # noqa: S311 - any moments
    for number in range(100):
        asking = asyncio.create_task(database.fetch("SELECT ?, pg_sleep(0.001)", (number,)))
        await asyncio.sleep(chance.uniform(0, 0.002))
        asking.cancel()
        assert await database.fetch("SELECT ?", (-number,)) == [(-number,)]
    await all_are_free(database)


async def test_who_waits_for_a_connection_is_given_the_next(database: PostgresStore) -> None:
    """Reads and the rest, more than there are connections, and many leave before their turn."""
    chance = random.Random(1)  # noqa: S311 - any moments

    async def ask(number: int) -> int:
        if number % 3:
            ((answer,),) = await database.fetch("SELECT ? FROM pg_sleep(0.002)", (number,))
        else:
            async with database.transaction() as transaction:
                ((answer,),) = await transaction.fetch("SELECT ?", (number,))
        return int(answer)

    for _ in range(20):
        asking = [asyncio.create_task(ask(number)) for number in range(5 * POOL_SIZE)]
        await asyncio.sleep(0)
        leaving = chance.sample(range(len(asking)), 2 * POOL_SIZE)
        for number in leaving:
            await asyncio.sleep(chance.uniform(0, 0.001))
            asking[number].cancel()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert {*range(len(asking))} - {*leaving} <= {*answers}
    await all_are_free(database)
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    async with asyncio.timeout(60):
        while (await database.fetch(count))[0][0] > POOL_SIZE:  # one that is left ends soon
            await asyncio.sleep(0.01)


async def test_a_close_waits_for_reads_that_nobody_waits_for(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.create_database()
    async with opened(url) as database:
        asking = asyncio.create_task(database.fetch("SELECT pg_sleep(0.2)"))
        await asyncio.sleep(0.1)
        asking.cancel()
    with psycopg.connect(url) as admin:
        assert admin.execute(BACKENDS).fetchone() == (0,)


def test_a_connection_reset_in_the_midst_of_an_answer_is_replaced(
    postgres_server: PostgresServer,
) -> None:
    """At once, on uvloop too, which tells of a reset socket once, however much is to be read."""
    url = postgres_server.create_database()
    sql = "SELECT repeat('x', ?::int)"
    much = 30_000_000  # for more than the sockets' buffers

    async def read() -> None:
        async with asyncio.timeout(SECONDS), opened(url, patience=PATIENT) as database:
            assert isinstance(database, PostgresStore)
            await database.fetch(sql, (1,))
            pid = await backend(database)
            reading = asyncio.create_task(database.fetch(sql, (much,)))
            await asyncio.sleep(0)
            # What the server has not read when it ends makes of that end a reset.
            [connection] = database._connections._reading
            os.write(connection.fileno(), b"H\x00\x00\x00\x04")
            with psycopg.connect(url, autocommit=True) as admin:
                while admin.execute(WAITS_FOR, (pid,)).fetchone() != ("ClientWrite",):
                    pass
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            [(text,)] = await reading
            assert len(text) == much

    uvloop.run(read())


async def test_a_line_gone_dead_makes_a_read_unavailable(postgres_server: PostgresServer) -> None:
    """After `Patience.read`; and reads go on once there is a line again."""
    url = postgres_server.create_database()
    port = urlsplit(url).port
    assert port is not None
    async with (
        FaultProxy(port) as line,
        opened(url.replace(f":{port}/", f":{line.port}/"), patience=PATIENT) as database,
    ):
        await database.fetch("SELECT 1")
        line.stall(Way.BOTH)
        set_patience(database, IMPATIENT)
        with pytest.raises(Unavailable):
            await database.fetch("SELECT 1")
        line.resume()
        set_patience(database, PATIENT)
        assert await database.fetch("SELECT 1") == [(1,)]
