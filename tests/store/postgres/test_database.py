"""What is PostgreSQL's own: URLs, restarts, and the ways in which a server is away."""

import asyncio
import gc
import random
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from chat.errors import OutcomeUnknown, Unavailable
from chat.store.connect import connect
from chat.store.database import Database
from chat.store.patience import Patience
from chat.store.postgres.database import PostgresStore
from chat.store.postgres.pool import PostgresPool
from tests.store.world import POOL_SIZE, opened, set_patience, until_it_is_back
from tests.support.postgres_server import PostgresServer

IMPATIENT = Patience(connection=2.0)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One of this file's own, which may be stopped."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
async def database(server: PostgresServer) -> AsyncIterator[Database]:
    """With a table of numbers."""
    async with opened(server.create_database()) as database:
        async with database.transaction() as transaction:
            await transaction.execute("CREATE TABLE kept (n BIGINT)")
        yield database


async def use_all(database: Database) -> None:
    """Have every connection of the pool open and used just now."""
    await asyncio.gather(*(database.fetch("SELECT pg_sleep(0.1)") for _ in range(POOL_SIZE)))


async def count(database: Database) -> int:
    ((found,),) = await database.fetch("SELECT count(*) FROM kept")
    return int(found)


async def insert(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("INSERT INTO kept VALUES (1)")


async def test_reads_survive_a_restart(database: Database, server: PostgresServer) -> None:
    """However many connections of the pool died meanwhile, one read alone finds a living one."""
    await use_all(database)
    server.stop()
    server.start()
    assert await count(database) == 0
    assert await asyncio.gather(*(count(database) for _ in range(20))) == [0] * 20


async def test_transactions_survive_a_crash(database: Database, server: PostgresServer) -> None:
    """Those before it lasted, and those after it find a connection that lives."""
    await use_all(database)
    await insert(database)
    server.kill()
    server.start()
    await asyncio.gather(*(insert(database) for _ in range(20)))
    assert await count(database) == 21


async def test_a_transaction_that_a_restart_interrupts_is_undone(
    database: Database, server: PostgresServer
) -> None:
    """It is Unavailable, not unknown: its commit was never asked for."""

    async def interrupted() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("INSERT INTO kept VALUES (1)")
            server.stop()
            server.start()
            await transaction.execute("INSERT INTO kept VALUES (2)")

    with pytest.raises(Unavailable) as caught:
        await interrupted()
    assert not isinstance(caught.value, OutcomeUnknown)
    assert await count(database) == 0


async def test_a_server_that_is_away_is_unavailable_and_comes_back(server: PostgresServer) -> None:
    """Reads and transactions say when to come back, and work when it is there again."""
    async with opened(server.create_database()) as database:
        await use_all(database)
        set_patience(database, IMPATIENT)
        server.stop()
        try:
            for _ in range(3):
                with pytest.raises(Unavailable) as caught:
                    await database.fetch("SELECT 1")
                assert caught.value.retry_after > 0
            with pytest.raises(Unavailable):
                async with database.transaction():
                    pass
        finally:
            server.start()
        await until_it_is_back(database)


async def test_a_server_that_is_away_keeps_nobody_waiting(server: PostgresServer) -> None:
    """However many ask at once, no one waits for another's turn to find out."""
    async with opened(server.create_database()) as database:
        await use_all(database)
        set_patience(database, IMPATIENT)
        server.stop()
        try:
            async with asyncio.timeout(8 * IMPATIENT.connection):
                reads = (database.fetch("SELECT 1") for _ in range(10 * POOL_SIZE))
                outcomes = await asyncio.gather(*reads, return_exceptions=True)
        finally:
            server.start()
        assert {type(outcome) for outcome in outcomes} == {Unavailable}


async def test_a_connection_lost_during_the_commit_leaves_the_outcome_unknown(
    database: Database,
) -> None:
    """Nobody can say whether it was stored, and the error does not claim to."""
    async with database.transaction() as transaction:
        await transaction.execute(
            "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        )
        await transaction.execute(
            "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON kept DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION die()"
        )
    with pytest.raises(OutcomeUnknown):
        await insert(database)
    assert await count(database) == 0


async def test_a_commit_that_the_server_refuses_is_not_unknown(database: Database) -> None:
    """Its word is that nothing was stored."""
    async with database.transaction() as transaction:
        await transaction.execute("ALTER TABLE kept ADD UNIQUE (n) DEFERRABLE INITIALLY DEFERRED")
    await insert(database)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await insert(database)
    assert await count(database) == 1


async def test_options_of_the_url_reach_the_server(server: PostgresServer) -> None:
    """`sslmode`, `options` and `application_name` count, beside a password full of signs."""
    options = quote("-c statement_timeout=12345 -c search_path=pg_catalog", safe="")
    url = f"{server.create_database()}?sslmode=disable&application_name=ours&options={options}"
    async with opened(url) as database:
        assert await database.fetch("SHOW statement_timeout") == [("12345ms",)]
        assert await database.fetch("SHOW search_path") == [("pg_catalog",)]
        assert await database.fetch("SHOW application_name") == [("ours",)]


async def test_no_statement_is_compiled(database: Database) -> None:
    """Not even one that the planner takes for a very long one."""
    sums = (
        "SELECT sum(one * other) FROM generate_series(1, 9999) one, generate_series(1, 99999) other"
    )
    plan = await database.fetch(f"EXPLAIN {sums}")
    assert "JIT:" not in [line for (line,) in plan]


async def test_a_prepared_statement_is_planned_once(database: Database) -> None:
    """Not for each use with the values of that use."""
    async with database.transaction() as transaction:
        for number in range(4):
            await transaction.fetch("SELECT n FROM kept WHERE n = ?", (number,))
        [plans] = await transaction.fetch(
            "SELECT sum(custom_plans), sum(generic_plans) > 0 FROM pg_prepared_statements"
        )
    assert plans == (0, True)


@pytest.mark.parametrize("change", ["?sslmode=require", "wrong password"])
async def test_a_server_that_will_not_have_us_is_unavailable(
    server: PostgresServer, change: str
) -> None:
    """Encryption that it does not offer, or a wrong password."""
    url = server.create_database()
    url = f"{url}{change}" if change.startswith("?") else url.replace("payam:", "payam:wrong")
    with pytest.raises(Unavailable):
        await connect(url, 1, IMPATIENT).open()


async def test_a_database_that_comes_later_can_be_opened_then(server: PostgresServer) -> None:
    """A server that starts before its database tries again; nothing of the first try is left."""
    name = f"later_{secrets.token_hex(4)}"
    url = server.create_database().rpartition("/")[0] + f"/{name}"
    database = connect(url, 1, IMPATIENT)
    with pytest.raises(Unavailable):
        await database.open()
    assert server.create_database(name) == url
    await database.open()
    assert await database.fetch("SELECT 1") == [(1,)]
    await database.close()


async def test_a_standby_is_unavailable_for_changes_only(server: PostgresServer) -> None:
    """In the middle of a failover a server may still be read-only."""
    url = server.create_database()
    async with opened(url) as primary, primary.transaction() as transaction:
        await transaction.execute("CREATE TABLE kept (n BIGINT)")
    read_only = quote("-c default_transaction_read_only=on", safe="")
    async with opened(f"{url}?options={read_only}") as standby:
        assert await count(standby) == 0
        with pytest.raises(Unavailable):
            await insert(standby)


async def test_a_statement_that_the_server_cuts_short_is_unavailable(
    server: PostgresServer,
) -> None:
    """An operator's statement_timeout is not a fault of ours."""
    limit = quote("-c statement_timeout=500", safe="")
    async with opened(f"{server.create_database()}?options={limit}") as database:
        with pytest.raises(Unavailable):
            await database.fetch("SELECT pg_sleep(10)")
        await until_it_is_back(database)


PASSING = {
    "08006": "connection_failure",
    "25006": "read_only_sql_transaction",
    "40001": "serialization_failure",
    "40P01": "deadlock_detected",
    "53100": "disk_full",
    "53300": "too_many_connections",
    "55P03": "lock_not_available",
    "57014": "query_canceled",
    "57P03": "cannot_connect_now",
    "58030": "io_error",
}
FAULTS = {
    "22001": "string_data_right_truncation",
    "23505": "unique_violation",
    "42501": "insufficient_privilege",
    "42703": "undefined_column",
    "54000": "program_limit_exceeded, to psycopg an OperationalError",
    "55000": "object_not_in_prerequisite_state, another of them",
    "XX001": "data_corrupted",
}


@pytest.mark.parametrize(
    ("states", "kind"), [(PASSING, Unavailable), (FAULTS, psycopg.Error)], ids=["passing", "faults"]
)
async def test_what_the_server_says_decides_whether_it_passes(
    database: Database, states: dict[str, str], kind: type[Exception]
) -> None:
    """Of a read and of a transaction; the connection goes on either way."""
    async with database.transaction() as transaction:
        await transaction.execute(
            "CREATE FUNCTION fail(state text) RETURNS int LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = state; END $$"
        )
    for state in states:
        with pytest.raises(kind):
            await database.fetch("SELECT fail(?)", (state,))
        with pytest.raises(kind):
            async with database.transaction() as transaction:
                await transaction.fetch("SELECT fail(?)", (state,))
    await insert(database)
    assert await count(database) == 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (psycopg.errors.AdminShutdown, Unavailable),
        (psycopg.errors.UniqueViolation, psycopg.OperationalError),
        (None, psycopg.OperationalError),
    ],
)
async def test_what_the_server_said_last_decides_where_a_pipeline_breaks(
    database: Database, said: type[psycopg.Error] | None, kind: type[Exception]
) -> None:
    """psycopg then raises an error of its own without a state, and the connection seems open."""
    broken = psycopg.OperationalError("cannot exit pipeline mode while busy")
    broken.__context__ = None if said is None else said("the last word")
    with pytest.raises(kind) as raised:
        async with database.transaction():
            raise broken
    assert raised.value is broken or raised.value.__cause__ is broken


async def test_a_pool_with_no_free_connection_is_unavailable(server: PostgresServer) -> None:
    """Who waits too long for one hears to come back; then there is one again."""
    async with opened(server.create_database()) as database:
        async with all_of(database), asyncio.timeout(60):
            set_patience(database, IMPATIENT)
            with pytest.raises(Unavailable):
                await database.fetch("SELECT 1")
        await until_it_is_back(database)


@asynccontextmanager
async def all_of(database: Database) -> AsyncIterator[None]:
    """Have every connection of the pool taken."""
    assert isinstance(database, PostgresStore)
    async with AsyncExitStack() as stack:
        for _ in range(POOL_SIZE):
            await stack.enter_async_context(database.connection())
        yield


@pytest.mark.parametrize("kind", ["read", "transaction"])
async def test_who_is_cancelled_takes_no_connection_along(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """At whatever point, and twice, as may happen to a client that leaves."""
    acquire, release = PostgresPool.acquire, PostgresPool.release

    async def acquire_slowly(pool: PostgresPool) -> Any:
        connection = await acquire(pool)
        await asyncio.sleep(0.001)
        return connection

    async def release_slowly(pool: PostgresPool, connection: Any) -> None:
        await asyncio.sleep(0.001)
        await release(pool, connection)

    monkeypatch.setattr(PostgresPool, "acquire", acquire_slowly)
    monkeypatch.setattr(PostgresPool, "release", release_slowly)

    async def ask(seconds: float) -> None:
        if kind == "read":
            await store.fetch("SELECT pg_sleep(?)", (seconds,))
        else:
            async with store.transaction() as transaction:
                await transaction.fetch("SELECT pg_sleep(?)", (seconds,))

    chance = random.Random(1)  # noqa: S311 - any moments
    async with opened(server.create_database()) as store:
        for _ in range(30):
            tasks = [asyncio.create_task(ask(chance.uniform(0, 0.003))) for _ in range(POOL_SIZE)]
            for task in tasks:
                for _ in range(2):
                    await asyncio.sleep(chance.uniform(0, 0.002))
                    task.cancel()
            await asyncio.wait(tasks)
        async with asyncio.timeout(60), all_of(store):
            pass


async def test_a_read_that_fails_after_its_asker_left_is_no_news(
    server: PostgresServer,
) -> None:
    """asyncio would log, with a traceback, that nobody took the failure."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
    async with opened(server.create_database()) as database:
        assert isinstance(database, PostgresStore)
        await database.fetch("SELECT 1")
        set_patience(database, IMPATIENT)
        server.stop()
        try:
            asking = asyncio.create_task(database.fetch("SELECT 1"))
            await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            connections = database._connections
            while connections._reading or connections._tasks:
                await asyncio.sleep(0.01)
        finally:
            server.start()
    gc.collect()
    assert complaints == []
