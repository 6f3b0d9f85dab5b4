"""Statements that go to PostgreSQL together."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import psycopg
import pytest

from chat.store.postgres.database import PostgresStore
from tests.store.world import PATIENT, opened
from tests.support.postgres_server import PostgresServer

INSERT = "INSERT INTO kept SELECT unnest(?::bigint[]) RETURNING n"
DIVIDE = "SELECT 1 / ?::bigint"


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    return postgres_server.create_database()


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresStore]:
    """With a table of numbers."""
    async with opened(url) as database:
        assert isinstance(database, PostgresStore)
        async with database.transaction() as transaction:
            await transaction.execute("CREATE TABLE kept (n BIGINT)")
        yield database


async def count(database: PostgresStore) -> int:
    ((found,),) = await database.fetch("SELECT count(*) FROM kept")
    return int(found)


async def test_each_answers_with_its_rows(database: PostgresStore) -> None:
    """Values as PostgreSQL writes them, the second time from what was prepared at the first."""
    for _ in range(2):
        answers = await database.together([(INSERT, ["{1,2}"]), ("SELECT ?::text, NULL", ["پیام"])])
        assert answers == [[(b"1",), (b"2",)], [("پیام".encode(), None)]]
    assert await count(database) == 4


async def test_all_or_nothing(database: PostgresStore) -> None:
    """An error of one undoes them all, and what comes next is done."""
    with pytest.raises(psycopg.errors.DivisionByZero):
        await database.together([(INSERT, ["{1}"]), (DIVIDE, ["0"]), (INSERT, ["{2}"])])
    assert await count(database) == 0
    assert await database.together([(DIVIDE, ["1"])]) == [[(b"1",)]]


async def test_a_connection_that_forgot_what_was_prepared_is_told_again(
    database: PostgresStore,
) -> None:
    """As psycopg has it do, after a transaction on it was rolled back."""
    await database.together([(INSERT, ["{1}"])])
    with suppress(ZeroDivisionError):
        async with database.transaction() as transaction:
            await transaction.fetch("SELECT 1")
            raise ZeroDivisionError
    assert await count(database) == 1
    await database.together([(INSERT, ["{2}"])])
    assert await count(database) == 2


@pytest.mark.parametrize("fresh", [0.0, 1.0])
async def test_a_connection_that_died_at_rest_is_replaced(
    database: PostgresStore, url: str, fresh: float
) -> None:
    """Nothing was sent on it, so no outcome is unknown."""
    async with opened(url, patience=replace(PATIENT, fresh=fresh)) as another:
        assert isinstance(another, PostgresStore)
        async with another.connection() as other:
            (((pid,),),) = await another.together([("SELECT pg_backend_pid()", [])])
            await other.execute("SELECT pg_terminate_backend(%s::int, 5000)", (int(pid),))
        await another.together([(INSERT, ["{1}"])])
    assert await count(database) == 1
