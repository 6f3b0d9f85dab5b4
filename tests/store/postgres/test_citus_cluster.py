"""A database whose tables are divided among the servers of a Citus cluster, where it can be had."""

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
from chat.store.postgres.citus import DIVIDED
from tests.store.world import conversation, draft, opened, pair, sent, stored
from tests.support.citus_cluster import CitusCluster, lack_of_citus
from tests.support.commands import command
from tests.support.test_refusals import REFUSED, TAKEN

TYPES = "SELECT CAST(citus_table_type AS text), CAST(table_name AS text) FROM citus_tables"


@pytest.fixture(scope="module")
def cluster() -> Iterator[CitusCluster]:
    if lack := lack_of_citus():
        pytest.skip(lack)
    with CitusCluster() as cluster:
        yield cluster


REFUSES = (
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.InvalidColumnReference,  # there is no such key
    psycopg.errors.NullValueNotAllowed,  # there is no conversation
)


def test_citus_refuses_what_is_said_of_it(cluster: CitusCluster, tmp_path: Path) -> None:
    """What the tests find in the text of statements is what Citus does."""
    url = cluster.create_database()
    settings = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path)}
    assert command("migrate", "--citus", settings=settings).status == 0
    refused = []
    with psycopg.connect(url) as connection:
        for sql in (*REFUSED, *TAKEN):
            try:
                connection.execute(sql.encode())
            except REFUSES:
                refused.append(sql)
            connection.rollback()
    assert refused == [*REFUSED]


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
