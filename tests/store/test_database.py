"""What a database promises, whichever it is: transactions, waiting, and what failing looks like."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
import pytest

from chat.errors import Unavailable
from chat.store.connect import connect
from chat.store.database import Database, Unfit, listed
from tests.store.world import opened

COUNT = "SELECT count(*) FROM tally"
INSERT = "INSERT INTO tally (n) VALUES (?)"


@pytest.fixture
async def tally(database: Database) -> AsyncIterator[Database]:
    """A database with an empty table of numbers, each at most once."""
    async with database.transaction() as transaction:
        await transaction.execute("CREATE TABLE tally (n BIGINT UNIQUE NOT NULL)")
    yield database
    async with database.transaction() as transaction:
        await transaction.execute("DROP TABLE tally")


async def numbers(database: Database) -> list[int]:
    return [n for (n,) in await database.fetch("SELECT n FROM tally ORDER BY n")]


async def insert(database: Database, *values: int, then: type[Exception] | None = None) -> None:
    """In one transaction, which raises `then` at its end."""
    async with database.transaction() as transaction:
        for value in values:
            await transaction.execute(INSERT, (value,))
        if then is not None:
            raise then


async def test_a_transaction_is_kept_when_its_block_ends(tally: Database) -> None:
    """What was executed within it is there afterwards, for every connection."""
    async with tally.transaction() as transaction:
        await transaction.execute_many(INSERT, [(1,), (2,)])
        assert await transaction.execute("UPDATE tally SET n = n + 10") == 2
        assert await transaction.fetch("SELECT n FROM tally ORDER BY n") == [(11,), (12,)]
    assert await numbers(tally) == [11, 12]


async def test_a_transaction_that_raises_leaves_nothing(tally: Database) -> None:
    """The block's own error comes out, and the next transaction works."""
    with pytest.raises(ZeroDivisionError):
        await insert(tally, 1, then=ZeroDivisionError)
    assert await numbers(tally) == []
    async with tally.transaction() as transaction:
        await transaction.execute(INSERT, (1,))
    assert await numbers(tally) == [1]


async def test_what_is_done_later_is_done_in_its_place(tally: Database) -> None:
    """Before whatever is asked after it, and at the latest before the commit."""
    async with tally.transaction() as transaction:
        await transaction.later(INSERT, [(1,), (2,)])
        await transaction.later("UPDATE tally SET n = n + ?", [(10,)])
        await transaction.later(INSERT, [])
        assert await transaction.fetch("SELECT n FROM tally ORDER BY n") == [(11,), (12,)]
        await transaction.later(INSERT, [(3,)])
        assert await transaction.execute("UPDATE tally SET n = n + 10") == 3
        await transaction.later("DELETE FROM tally WHERE n = ?", [(13,), (21,)])
        await transaction.execute_many(INSERT, [])
        await transaction.later(INSERT, [(4,)])
    assert await numbers(tally) == [4, 22]


@pytest.mark.parametrize("is_asked_after", [False, True])
async def test_what_fails_later_leaves_nothing(tally: Database, is_asked_after: bool) -> None:
    """With the commit or with what is asked next, the error is the same."""

    async def insert_twice() -> None:
        async with tally.transaction() as transaction:
            await transaction.execute(INSERT, (1,))
            await transaction.later(INSERT, [(2,), (1,)])
            if is_asked_after:
                await transaction.fetch(COUNT)

    with pytest.raises(Exception, match=r"(?i)unique") as caught:
        await insert_twice()
    assert not isinstance(caught.value, Unavailable)
    assert await numbers(tally) == []
    await insert(tally, 3)
    assert await numbers(tally) == [3]


async def test_a_transaction_that_raises_does_nothing_later(tally: Database) -> None:
    """What was not done yet is not done in the next one either."""

    async def fail() -> None:
        async with tally.transaction() as transaction:
            await transaction.later(INSERT, [(1,)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await insert(tally, 2)
    assert await numbers(tally) == [2]


async def test_a_transaction_whose_first_statement_fails_is_one_still(tally: Database) -> None:
    """Though its beginning goes out together with that statement."""

    async def fail() -> None:
        async with tally.transaction() as transaction:
            with suppress(Exception):
                await transaction.fetch("SELECT nothing FROM tally")
            with suppress(Exception):  # PostgreSQL does nothing more in it
                await transaction.execute(INSERT, (1,))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await numbers(tally) == []


async def test_a_failure_that_nobody_heeds_is_no_commit(
    tally: Database,
) -> None:
    """PostgreSQL undoes all then, and answers COMMIT without an error. SQLite undoes the one
    statement, and keeps the others.
    """

    async def fail_and_go_on() -> None:
        async with tally.transaction() as transaction:
            await transaction.execute(INSERT, (1,))
            with suppress(Exception):
                await transaction.execute(INSERT, (1,))

    if tally.dialect == "sqlite":
        await fail_and_go_on()
    else:
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await fail_and_go_on()
    assert await numbers(tally) == ([1] if tally.dialect == "sqlite" else [])
    await insert(tally, 2)


async def test_many_rows_may_have_any_fields_empty(database: Database) -> None:
    """However many kinds of rows that makes."""
    columns = [f"n{number}" for number in range(8)]
    rows = [
        tuple(None if kind >> place & 1 else place for place in range(len(columns)))
        for kind in range(2 ** len(columns))
    ]
    async with database.transaction() as transaction:
        await transaction.execute(f"CREATE TABLE holes ({' BIGINT, '.join(columns)} BIGINT)")
        places = ", ".join("?" * len(columns))
        await transaction.execute_many(f"INSERT INTO holes VALUES ({places})", rows)  # noqa: S608
        assert set(await transaction.fetch("SELECT * FROM holes")) == set(rows)
        await transaction.execute("DROP TABLE holes")


async def test_a_broken_constraint_is_ours_and_leaves_nothing(tally: Database) -> None:
    """It is not called Unavailable: waiting would not mend it."""
    with pytest.raises(Exception, match=r"(?i)unique") as caught:
        await insert(tally, 1, 1)
    assert not isinstance(caught.value, Unavailable)
    assert await numbers(tally) == []


async def test_a_mistake_in_our_sql_is_not_called_unavailable(tally: Database) -> None:
    """A fault of the program must not look like one of the operator's."""
    for sql in ("SELEC 1", "SELECT * FROM nowhere", "SELECT nothing FROM tally"):
        await expect_a_mistake(tally, sql)
    assert await tally.fetch(COUNT) == [(0,)]


async def test_too_many_parameters_are_not_called_unavailable(tally: Database) -> None:
    """The driver calls that operational, as it calls a lost connection; the next read works."""
    many = list(range(260_000))
    sql = f"SELECT 1 WHERE 1 IN ({', '.join('?' * len(many))})"
    with pytest.raises(Exception, match=r"parameters|variables") as caught:
        await tally.fetch(sql, many)
    assert not isinstance(caught.value, Unavailable)
    with pytest.raises(type(caught.value)):
        async with tally.transaction() as transaction:
            await transaction.fetch(sql, many)
    await insert(tally, 1)
    assert await numbers(tally) == [1]


@pytest.mark.parametrize(
    ("kind", "items"),
    [
        ("ids", [0, -(2**62), 2**62, *range(100_000)]),
        ("texts", ["", "پیام", "\\", '"', "'", "😀", "a,b", "{}", "\n", "?", "%s"]),
    ],
)
async def test_a_list_of_any_length_is_one_parameter(
    tally: Database, kind: str, items: list[int | str]
) -> None:
    """Of numbers as of texts, in a read as in a transaction; an empty one too."""
    sql = getattr(tally, kind)
    assert await tally.fetch(sql, (listed(items),)) == [(item,) for item in items]
    assert await tally.fetch(sql, (listed([]),)) == []
    async with tally.transaction() as transaction:
        found = await transaction.fetch(sql, (listed(items),))
    assert found == [(item,) for item in items]


async def expect_a_mistake(tally: Database, sql: str) -> None:
    with pytest.raises(Exception, match=r"syntax error|no such|does not exist") as caught:
        await tally.fetch(sql)
    assert not isinstance(caught.value, Unavailable)
    with pytest.raises(type(caught.value)):
        async with tally.transaction() as transaction:
            await transaction.fetch(sql)


async def test_cancelling_a_transaction_at_any_point_undoes_it(tally: Database) -> None:
    """A request whose client leaves takes nobody else's transactions with it."""

    async def work() -> None:
        async with tally.transaction() as transaction:
            await transaction.execute(INSERT, (1,))
            await asyncio.sleep(60)

    for turns in range(24):
        task = asyncio.create_task(work())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with tally.transaction() as transaction:
            await transaction.execute(INSERT, (-turns,))
    assert await numbers(tally) == list(range(-23, 1))


async def test_concurrent_transactions_wait_for_each_other(
    tally: Database, other_node: Database
) -> None:
    """Reading and then writing, from many tasks on two nodes, never fails and loses nothing."""

    async def add(database: Database, n: int) -> None:
        async with database.transaction() as transaction:
            await database.lock_schema(transaction)
            ((before,),) = await transaction.fetch(COUNT)
            await transaction.execute(INSERT, (before,))

    await asyncio.gather(*(add(one, n) for n in range(40) for one in (tally, other_node)))
    assert await numbers(tally) == list(range(80))


async def test_readers_go_on_while_a_transaction_is_open(tally: Database) -> None:
    """They see what was there before it."""
    async with tally.transaction() as transaction:
        await transaction.execute(INSERT, (1,))
        counts = await asyncio.gather(*(tally.fetch(COUNT) for _ in range(20)))
    assert counts == [[(0,)]] * 20
    assert await tally.fetch(COUNT) == [(1,)]


async def test_numbers_of_every_size_come_back(tally: Database) -> None:
    """One statement takes small and large numbers alike."""
    for number in (0, -1, 2**31, 2**63 - 1, -(2**63)):
        async with tally.transaction() as transaction:
            await transaction.execute(INSERT, (number,))
        assert await tally.fetch("SELECT n FROM tally WHERE n = ?", (number,)) == [(number,)]


async def test_fetch_one_is_the_first_row_or_none(tally: Database) -> None:
    """None says that there is no row."""
    assert await tally.fetch_one("SELECT n FROM tally") is None
    assert await tally.fetch_one("SELECT 7") == (7,)


@pytest.mark.parametrize("place", ["/dev/null/payam.sqlite3", "/proc/payam/payam.sqlite3", "/dev"])
async def test_a_place_that_cannot_hold_a_database_is_an_error_at_open(place: str) -> None:
    """Opening says so, with the place, rather than the first query."""
    with pytest.raises(Unfit, match=place):
        async with opened(f"sqlite:///{place}"):
            pass


def test_a_url_that_is_none_is_refused() -> None:
    """libpq's own complaint comes out before anything is opened."""
    with pytest.raises(psycopg.ProgrammingError):
        connect("postgresql://host:notaport/x?unknown_option=1", 2)
