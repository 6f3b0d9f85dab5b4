"""`migrate --citus`: what it refuses, and what it makes where Citus can be had."""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from chat.errors import OutcomeUnknown, Unavailable
from chat.store import migrations, schema
from chat.store.models import TABLES
from chat.store.patience import Patience
from chat.store.postgres import citus
from chat.store.postgres.citus import AT_COORDINATOR, DIVIDED, REKEYED
from chat.store.postgres.citus_statements import (
    asks_moment,
    at_moment,
    stamped,
    with_lists,
    without_locks,
)
from chat.store.postgres.dialect import STAMP, Postgres
from tests.store.world import conversation, draft, opened, pair, sent, stored
from tests.support.citus_cluster import CitusCluster, lack_of_citus
from tests.support.commands import command
from tests.support.postgres_server import PostgresServer
from tests.support.shards import DIVISIBLE
from tests.support.test_refusals import REFUSED, TAKEN

TYPES = "SELECT CAST(citus_table_type AS text), CAST(table_name AS text) FROM citus_tables"


def test_each_table_that_can_be_divided_is(postgres_url: str) -> None:
    """A new table whose keys have the conversation belongs to DIVIDED."""
    with psycopg.connect(postgres_url) as connection:
        divisible = {name for (name,) in connection.execute(DIVISIBLE)}
    assert divisible | set(REKEYED) == set(DIVIDED)
    tables = {model._meta.table_name for model in TABLES}
    assert tables > {*DIVIDED, *AT_COORDINATOR}


def test_it_needs_citus(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """What it says names what to do, and nothing is made."""
    url = postgres_server.create_database()
    said = command("migrate", "--citus", settings={"DATABASE_URL": url, "DATA_DIR": str(tmp_path)})
    assert said.status == 1
    assert "CREATE EXTENSION citus" in said.complaint
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('users')").fetchone() == (None,)


def test_sqlite_has_no_citus(tmp_path: Path) -> None:
    said = command("migrate", "--citus", settings={"DATA_DIR": str(tmp_path)})
    assert said.status == 1
    assert "this database is SQLite" in said.complaint


def test_lists_are_written_into_a_statement() -> None:
    """So the planner knows the conversations. A pair alone becomes two constants."""
    sql = f"SELECT ? FROM ({Postgres.pairs}) AS p WHERE a = ? AND b IN ({Postgres.ids}) AND c = ?"  # noqa: S608 - of ours
    written, rest = with_lists(sql, ("x", "[[7,8]]", "y", "[1,2]", "z"))
    assert written == (
        "SELECT ? FROM (SELECT 7::bigint AS one, 8::bigint AS two) AS p"
        " WHERE a = ? AND b = ANY ('{1,2}'::bigint[]) AND c = ?"
    )
    assert rest == ["x", "y", "z"]
    several, rest = with_lists(f"{Postgres.pairs} {Postgres.ids}", ("[[7,8],[9,10]]", "[]"))
    assert "unnest('{7,9}'::bigint[], '{8,10}'::bigint[])" in several
    assert several.endswith("SELECT unnest('{}'::bigint[])")
    assert rest == []
    assert with_lists("SELECT ?", (1,)) == ("SELECT ?", [1])


def test_what_the_coordinator_says_is_written_into_a_statement() -> None:
    sql = f"SELECT {Postgres.horizon}, {Postgres.incarnation}, {Postgres.moment}"
    assert asks_moment(sql)
    assert at_moment(sql, 5, "a1", 6) == "SELECT 5, CAST('a1' AS text), 6"
    assert at_moment(Postgres.incarnation, 5, None, 6) == "CAST(NULL AS text)"
    assert stamped(f"SET changed = {STAMP}", 9) == "SET changed = 9"
    assert not asks_moment("SELECT 1")


def test_who_would_lock_rows_of_several_servers_takes_a_turn() -> None:
    sql = "SELECT 1 FROM positions AS p WHERE p.follower = ? FOR UPDATE OF p SKIP LOCKED"
    unlocked, purpose = without_locks(sql, ("search",))
    assert unlocked == "SELECT 1 FROM positions AS p WHERE p.follower = ? "
    assert purpose != without_locks(sql, ("push",))[1]
    assert without_locks("SELECT 1 FOR UPDATE", ()) == ("SELECT 1 FOR UPDATE", "")


@pytest.fixture(scope="module")
def cluster() -> Iterator[CitusCluster]:
    if lack := lack_of_citus():
        pytest.skip(lack)
    with CitusCluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def divided_url(cluster: CitusCluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database whose tables are divided, and empty."""
    url = cluster.create_database()
    data = str(tmp_path_factory.mktemp("data"))
    command("migrate", "--citus", settings={"DATABASE_URL": url, "DATA_DIR": data})
    return url


REFUSES = (
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.InvalidColumnReference,  # there is no such key
    psycopg.errors.NullValueNotAllowed,  # there is no conversation
)


@pytest.mark.parametrize("sql", [*REFUSED, *TAKEN])
def test_citus_refuses_what_is_said_of_it(divided_url: str, sql: str) -> None:
    """What the tests find in the text of statements is what Citus does."""
    with psycopg.connect(divided_url) as connection:
        if sql in TAKEN:
            connection.execute(sql.encode())
        else:
            with pytest.raises(REFUSES):
                connection.execute(sql.encode())
        connection.rollback()


async def test_conversations_are_divided(cluster: CitusCluster, tmp_path: Path) -> None:
    """Messages of conversations that are on several servers are stored in order."""
    url = cluster.create_database()
    settings = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path)}
    assert command("migrate", "--citus", settings=settings).status == 0
    assert command("migrate", "--citus", settings=settings).printed == "nothing to apply\n"
    with psycopg.connect(url) as connection:
        types = connection.execute(TYPES).fetchall()
    divided = {name for kind, name in types if kind == "distributed"}
    assert divided == {"conversations", *DIVIDED}
    assert ("reference", "users") in types
    async with opened(url) as database:
        assert database.form == "citus"
        talk, ali, sara = await pair(database)
        talks = [talk, *[await conversation(database, ali, sara) for _ in range(4)]]
        await database.store_sends([draft(one, ali, f"{n}") for n in range(3) for one in talks])
        for one in talks:
            await sent(database, one, sara, "last")
            found = await stored(database, one)
            assert [(seq, content) for _, seq, content in found] == [
                (1, "0"),
                (2, "1"),
                (3, "2"),
                (4, "last"),
            ]
    refused = command("migrate", "--citus", "--partitions", "4", settings=settings)
    assert refused.status == 1


LATER = """
from chat.store.database import Transaction

STATEMENTS = (
    "ALTER TABLE messages ADD COLUMN colour TEXT NOT NULL DEFAULT 'none'",
    "CREATE INDEX messages_colour ON messages (conversation_id, colour)",
    "UPDATE messages SET colour = content",
    '''
    CREATE TABLE colours (
        conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        message_id BIGINT NOT NULL, colour TEXT NOT NULL, folded TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (conversation_id, message_id)
    )''',
    "CREATE INDEX colours_folded ON colours (conversation_id, folded)",
    '''
    INSERT INTO colours (conversation_id, message_id, colour)
    SELECT m.conversation_id, m.id, m.colour FROM messages AS m
    JOIN users AS u ON u.id = m.sender_id''',
    "CREATE TABLE painters (user_id BIGINT PRIMARY KEY REFERENCES users (id))",
    "INSERT INTO painters (user_id) SELECT DISTINCT sender_id FROM messages",
)

async def carry_over(transaction: Transaction) -> None:
    rows = await transaction.fetch("SELECT conversation_id, message_id, colour FROM colours")
    await transaction.execute_many(
        "UPDATE colours SET folded = ? WHERE conversation_id = ? AND message_id = ?",
        [(colour.upper(), talk, message) for talk, message, colour in rows],
    )
    messages = await transaction.fetch("SELECT conversation_id, id FROM messages")
    await transaction.execute_many(
        "UPDATE messages SET colour = 'pale ' || colour WHERE conversation_id = ? AND id = ?",
        messages,
    )
"""
IN_ONE_PLACE = """
    SELECT count(DISTINCT colocation_id) FROM citus_tables WHERE citus_table_type = 'distributed'
"""
FIRST_WITH_CITUS = "m0078_senders_of_files"
ROWS = """
    INSERT INTO users (username, username_key, created_at) VALUES ('ali', 'ali', 1);
    INSERT INTO conversations (id, created_by, created_at, active_at, seq)
    SELECT n, 1, 1, 1, 2 FROM generate_series(1, 8) AS n;
    INSERT INTO participants (conversation_id, user_id) SELECT n, 1 FROM generate_series(1, 8) AS n;
    INSERT INTO messages (conversation_id, sender_id, content, created_at, created_seq, seq)
    SELECT n, 1, 'red', 1, m, m FROM generate_series(1, 8) AS n, generate_series(1, 2) AS m;
"""
PAINTED = """
    SELECT DISTINCT m.colour, c.colour, c.folded FROM messages AS m
    LEFT JOIN colours AS c ON c.conversation_id = m.conversation_id AND c.message_id = m.id
    LEFT JOIN painters AS p ON p.user_id = m.sender_id
    WHERE p.user_id IS NOT NULL ORDER BY 1
"""


async def test_a_later_release_divides_what_it_brings(
    cluster: CitusCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step since the first release with Citus can be applied where tables are divided, and so
    can one that is made up, with everything that a step may do.
    """
    url = cluster.create_database()
    settings = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path)}
    steps = schema.known()
    with monkeypatch.context() as older:
        older.setattr(schema, "known", lambda: steps[: steps.index(FIRST_WITH_CITUS) + 1])
        said = command("migrate", "--citus", settings=settings)
        assert said.status == 0, said.complaint
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in ROWS.split(";")[:-1]:
            connection.execute(statement)
    (tmp_path / "m9999_later.py").write_text(LATER)
    monkeypatch.setattr(migrations, "__path__", [*migrations.__path__, str(tmp_path)])
    monkeypatch.setattr(citus, "DIVIDED", (*DIVIDED, "colours"))
    painters = SimpleNamespace(_meta=SimpleNamespace(table_name="painters"))
    monkeypatch.setattr(citus, "TABLES", (*TABLES, painters))
    try:
        said = command("migrate", settings=settings)
        assert said.status == 0, said.complaint
        async with opened(url) as database:
            await schema.require_current(database)
            await sent(database, 3, 1, "of now")
            assert await database.fetch(PAINTED) == [
                ("none", None, None),
                ("pale red", "red", "RED"),
            ]
    finally:
        sys.modules.pop(f"{migrations.__name__}.m9999_later", None)
    with psycopg.connect(url) as connection:
        types = connection.execute(TYPES).fetchall()
        assert connection.execute(IN_ONE_PLACE).fetchall() == [(1,)]
    assert {("distributed", "colours"), ("reference", "painters")} <= set(types)


async def one_of(read: Awaitable[object]) -> object:
    """What is read, or the error."""
    [result] = await asyncio.gather(read, return_exceptions=True)
    return result


async def test_what_is_stored_outlives_a_server(cluster: CitusCluster, tmp_path: Path) -> None:
    """While one of two servers is away, each write says that it was not stored, or that nobody
    knows. Afterwards all go on, and each message is there once.
    """
    url = cluster.create_database()
    settings = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path)}
    assert command("migrate", "--citus", settings=settings).status == 0
    stored_since = Counter[int]()
    async with opened(url, patience=Patience(connection=1)) as database:
        talk, ali, sara = await pair(database)
        talks = [talk, *[await conversation(database, ali, sara) for _ in range(7)]]
        end = asyncio.Event()

        async def write(talk: int) -> int:
            """Messages one after the other, each until it is stored. Returns how many."""
            for number in count():
                while True:
                    send = draft(talk, ali, str(number), client_id=str(number))
                    with suppress(Unavailable, OutcomeUnknown):
                        await database.store_sends([send])
                        break
                assert send.error is None
                stored_since[talk] += 1
                if end.is_set():
                    return number + 1
            raise AssertionError

        async def all_write() -> None:
            stored_since.clear()
            while not all(stored_since[talk] for talk in talks):
                await asyncio.sleep(0.01)

        writing = [asyncio.create_task(write(talk)) for talk in talks]
        await all_write()
        cluster.workers[0].kill()
        assert Unavailable in {type(await one_of(stored(database, one))) for one in talks}
        cluster.workers[0].start()
        await all_write()
        end.set()
        for talk, numbers in zip(talks, await asyncio.gather(*writing), strict=True):
            found = [content for _, _, content in await stored(database, talk)]
            assert found == [str(number) for number in range(numbers)]
