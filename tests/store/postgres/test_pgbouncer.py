"""PostgreSQL behind PgBouncer in transaction mode: a transaction is on any of its connections."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from chat.errors import OutcomeUnknown, PayamError, Unavailable
from chat.importing import source
from chat.store.connect import connect
from chat.store.patience import Patience
from chat.store.postgres.database import PostgresStore
from tests.store.world import (
    conversation,
    draft,
    expect_dense,
    opened,
    pair,
    set_patience,
    stored,
    until_it_is_back,
    user,
)
from tests.support.commands import run_command
from tests.support.pgbouncer_server import PgBouncerServer
from tests.support.postgres_server import PostgresServer

TIMES = 20
"""Often enough for each of the few connections to PostgreSQL, and for psycopg to prepare."""
IMPATIENT = Patience(connection=1)
LEFT_BEHIND = """
    SELECT (SELECT count(*) FROM pg_prepared_statements),
        current_setting('plan_cache_mode'), current_setting('jit')
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One of this file's own, which may be stopped."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def pooler(server: PostgresServer) -> Iterator[PgBouncerServer]:
    with PgBouncerServer(server) as pooler:
        yield pooler


@pytest.fixture
async def database(server: PostgresServer, pooler: PgBouncerServer) -> AsyncIterator[PostgresStore]:
    """Migrated, through the pooler."""
    url = pooler.before(server.create_database())
    async with opened(url, migrated=True) as database:
        assert isinstance(database, PostgresStore)
        yield database


async def divide(database: PostgresStore) -> None:
    async with database.transaction() as transaction:
        await transaction.fetch("SELECT 1 WHERE 1 = ?", (1,))
        await transaction.fetch("SELECT 1 / ?", (0,))


async def test_everybody_asks_at_once(database: PostgresStore) -> None:
    """Reads, transactions that commit or fail, and batches of messages, on the same connections."""
    talk, ali, sara = await pair(database)

    async def fail() -> None:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await divide(database)
        with pytest.raises(psycopg.errors.DivisionByZero):
            await database.fetch("SELECT 2 / ?", (0,))

    async def write(number: int) -> None:
        async with database.transaction() as transaction:
            await transaction.lock_conversations([talk])
            await transaction.execute("UPDATE users SET username = username WHERE id = ?", (sara,))
            await transaction.execute_many(
                "UPDATE users SET is_staff = ? WHERE id = ?", [(False, ali), (False, sara)]
            )

    async def send(number: int) -> None:
        batch = [draft(talk, (ali, sara)[number % 2], str(number), f"key {number}")]
        await database.store_sends(batch)
        assert batch[0].error is None

    async def read(number: int) -> None:
        sql = "SELECT id, ? FROM users WHERE id IN (?, ?) ORDER BY id"
        assert await database.fetch(sql, (number, ali, sara)) == [(ali, number), (sara, number)]

    await asyncio.gather(
        *(one(number) for number in range(TIMES) for one in (write, send, read)),
        *(fail() for _ in range(TIMES)),
    )
    rows = await stored(database, talk)
    expect_dense(rows)
    assert sorted(text for _, _, text in rows) == sorted(map(str, range(TIMES)))


async def test_nothing_is_left_on_a_connection(
    database: PostgresStore, server: PostgresServer, pooler: PgBouncerServer
) -> None:
    """No prepared statement and no setting, which whoever has the connection next would meet."""
    talk, ali, _ = await pair(database)
    for number in range(5):
        await database.store_sends([draft(talk, ali, str(number))])
        await database.fetch("SELECT seq FROM conversations WHERE id = ?", (talk,))
        async with database.transaction() as transaction:
            await transaction.fetch("SELECT seq FROM conversations WHERE id = ?", (talk,))
    left = await asyncio.gather(*(database.fetch(LEFT_BEHIND) for _ in range(TIMES)))
    assert {rows[0] for rows in left} == {(0, "auto", "off")}


async def test_a_repeat_is_found_and_a_stranger_refused(database: PostgresStore) -> None:
    """The ways through the storing of messages that take more than one exchange."""
    talk, ali, _ = await pair(database)
    stranger = await user(database, "stranger")
    other = await conversation(database, ali)
    for number in range(3):
        batch = [draft(talk, ali, "a", "k"), draft(talk, ali, "a", "k"), draft(talk, stranger, "b")]
        batch.append(draft(other, ali, f"c{number}"))
        await database.store_sends(batch)
        assert [bool(send.error) for send in batch] == [False, False, True, False]
    assert [text for _, _, text in await stored(database, talk)] == ["a"]
    assert [text for _, _, text in await stored(database, other)] == ["c0", "c1", "c2"]


async def test_reads_survive_a_restart_of_the_pooler(
    database: PostgresStore, pooler: PgBouncerServer
) -> None:
    """As they survive one of PostgreSQL: the connections are dead, and others are found."""
    await asyncio.gather(*(database.fetch("SELECT 1") for _ in range(TIMES)))
    pooler.kill()
    pooler.start()
    found = await asyncio.gather(*(database.fetch("SELECT 1") for _ in range(TIMES)))
    assert found == [[(1,)]] * TIMES
    async with database.transaction() as transaction:
        assert await transaction.fetch("SELECT 2") == [(2,)]


async def test_a_server_lost_during_a_read_is_unavailable(database: PostgresStore) -> None:
    """PostgreSQL says why it ends, and then PgBouncer says that the server is gone."""
    with pytest.raises(Unavailable):
        await database.fetch("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
    assert await database.fetch("SELECT 1") == [(1,)]


async def test_a_pooler_without_its_server_is_unavailable(
    server: PostgresServer, pooler: PgBouncerServer
) -> None:
    """Its own errors pass, and all works again when PostgreSQL is there."""
    url = pooler.before(server.create_database())
    async with opened(url) as database:
        await database.fetch("SELECT 1")
        set_patience(database, IMPATIENT)
        server.stop()
        try:
            for _ in range(3):
                with pytest.raises(Unavailable):
                    await database.fetch("SELECT 1")
            with pytest.raises(Unavailable) as caught:
                async with database.transaction():
                    pass
            assert not isinstance(caught.value, OutcomeUnknown)
        finally:
            server.start()
        await until_it_is_back(database)


async def store_one(database: PostgresStore, talk: int, sender: int) -> None:
    await database.store_sends([draft(talk, sender, "a")])


@pytest.mark.parametrize("how", ["transaction", "batch"])
async def test_a_server_lost_during_the_commit_leaves_the_outcome_unknown(
    database: PostgresStore, how: str
) -> None:
    """PgBouncer answers in place of the server, and does not know either."""
    talk, ali, _ = await pair(database)
    async with database.transaction() as transaction:
        await transaction.execute(
            "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        )
        await transaction.execute(
            "CREATE CONSTRAINT TRIGGER die AFTER INSERT OR UPDATE ON conversations"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()"
        )

    async def in_a_transaction() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE conversations SET seq = 7 WHERE id = ?", (talk,))

    change = in_a_transaction() if how == "transaction" else store_one(database, talk, ali)
    with pytest.raises(OutcomeUnknown):
        await change
    assert await database.fetch("SELECT seq FROM conversations WHERE id = ?", (talk,)) == [(0,)]


async def test_a_read_that_takes_too_long_is_ended_on_the_server(
    database: PostgresStore, server: PostgresServer
) -> None:
    """Through the pooler too, which passes the request on to the right connection."""
    connection = await database._connections.take_for_read()
    with pytest.raises(TimeoutError):
        await connection.read("SELECT pg_sleep(60)", (), database._connections._has_read, 0.1)
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
    async with asyncio.timeout(60):
        while await database.fetch(f"{sleeping} AND state = 'active'") != [(0,)]:
            await asyncio.sleep(0.02)


async def test_the_check_says_that_there_is_a_pooler(
    server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    """And what to give it, if it leaves PostgreSQL to compile statements."""
    url = server.create_database()
    for first, warnings in (("SET jit = off", 0), ("SELECT 1", 1)):
        with PgBouncerServer(server, first=first) as pooler:
            database = connect(pooler.before(url), 2)
            caplog.clear()
            with caplog.at_level(logging.WARNING):
                assert (await database.inspect()).endswith(", behind a pooler")
            assert len(caplog.records) == warnings
    assert "pooler" not in await connect(url, 2).inspect()


async def test_what_is_imported_from_stays_as_it_was(
    server: PostgresServer, pooler: PgBouncerServer
) -> None:
    """Payam only reads there, and leaves the connections writable, in their own zone."""
    url = pooler.before(server.create_database())
    async with opened(url) as theirs:
        async with theirs.transaction() as transaction:
            await transaction.execute("CREATE TABLE kept (n BIGINT)")
        read = await source.opened(url)
        try:
            for number in range(TIMES):
                rows = await read.fetch(
                    "SELECT current_setting('TimeZone') WHERE ? > -1", (number,)
                )
                assert rows == [("UTC",)]
                async with theirs.transaction() as transaction:
                    await transaction.execute("INSERT INTO kept VALUES (?)", (number,))
            with pytest.raises(PayamError, match="read-only"):
                await read.fetch("INSERT INTO kept VALUES (-1) RETURNING n")
            assert await read.columns("kept") == {"n"}
            assert await read.fetch("SELECT count(*) FROM kept") == [(TIMES,)]
        finally:
            await read.close()


def test_commands_work_behind_it(server: PostgresServer, pooler: PgBouncerServer) -> None:
    """The migration with partitions, `seed` and `doctor`."""
    settings = {"DATABASE_URL": pooler.before(server.create_database())}
    run_command("migrate", "--partitions", "4", settings=settings)
    crowd = ("--users", "5", "--conversations", "3", "--members", "2")
    run_command("seed", *crowd, settings=settings)
    run_command("doctor", settings=settings)
