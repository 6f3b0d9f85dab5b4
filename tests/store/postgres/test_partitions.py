"""Messages in partitions: made before there are any, and asked for one at a time."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from psycopg.sql import Literal

from chat.changes import reading
from chat.store import conversation_list, message_changes, messages, points, read_marks, schema
from chat.store.database import Database, Unfit
from chat.store.messages import Reader
from chat.store.postgres.exchange import numbered
from tests.conftest import PARTITIONS
from tests.store.world import Changes, draft, opened, pair, sent, stored
from tests.support.postgres_server import PostgresServer

PARTS = PARTITIONS
Read = Callable[[Database, int, int, int], Awaitable[object]]


@pytest.fixture
async def partitioned(
    postgres_server: PostgresServer, partitioned_template: str
) -> AsyncIterator[Database]:
    url = postgres_server.create_database(template=partitioned_template)
    async with opened(url) as database:
        yield database


async def test_messages_are_in_partitions(partitioned: Database) -> None:
    """With the same columns, keys and indexes; and asking for the same again changes nothing."""
    assert await schema.migrate(partitioned, PARTS) == []
    ((parts,),) = await partitioned.fetch(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('messages')"
    )
    assert parts == PARTS
    indexes = await partitioned.fetch(
        "SELECT indexname FROM pg_indexes WHERE tablename = 'messages' ORDER BY indexname"
    )
    names = {name for (name,) in indexes}
    assert names >= {"messages_client_id", "messages_pkey", "messages_sent"}
    talk, ali, _ = await pair(partitioned)
    first = draft(talk, ali, "a", "key")
    await partitioned.store_sends([first])
    again = draft(talk, ali, "a", "key")
    await partitioned.store_sends([again, draft(talk, ali, "b")])
    assert (again.is_repeat, again.id) == (True, first.id)
    assert [content for _, _, content in await stored(partitioned, talk)] == ["a", "b"]


async def test_another_number_of_partitions_is_refused(partitioned: Database) -> None:
    with pytest.raises(Unfit, match="in 4 partitions already"):
        await schema.migrate(partitioned, PARTS + 1)


@pytest.mark.parametrize("parts", [-1, 0, 1, 257])
async def test_a_number_beyond_the_limits_is_refused(
    postgres_server: PostgresServer, parts: int
) -> None:
    """Then nothing is migrated at all."""
    async with opened(postgres_server.create_database()) as database:
        with pytest.raises(Unfit, match="2 to 256 partitions"):
            await schema.migrate(database, parts)
        assert await schema.missing_of(database) == schema.known()


@pytest.mark.parametrize("dialect", ["postgresql"])
async def test_a_database_with_messages_is_not_partitioned(database: Database) -> None:
    """What there is stays as it is."""
    talk, ali, _ = await pair(database)
    await sent(database, talk, ali)
    with pytest.raises(Unfit, match=r"operations\.md"):
        await schema.migrate(database, PARTS)
    assert len(await stored(database, talk)) == 1


@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_sqlite_has_no_partitions(database: Database) -> None:
    with pytest.raises(Unfit, match="Only PostgreSQL"):
        await schema.migrate(database, PARTS)


READS: dict[str, Read] = {
    "a page before": lambda db, talk, ali, id_: messages.before(db, Reader(talk, ali), id_, 5),
    "a page after": lambda db, talk, ali, id_: messages.after(db, Reader(talk, ali), id_, 5),
    "the newest": lambda db, talk, ali, _: messages.before(db, Reader(talk, ali), None, 5),
    "one": lambda db, talk, ali, id_: messages.one(db, Reader(talk, ali), id_),
    "find": lambda db, talk, _, id_: message_changes.find(db, talk, id_),
    "a conversation": lambda db, talk, ali, _: conversation_list.one(db, talk, ali),
    "the list": lambda db, _, ali, __: conversation_list.page(db, ali, None, 5),
    "what changed": lambda db, talk, _, __: reading.since(db, talk, 0, limit=10),
    "changed messages": lambda db, talk, _, __: reading.changed_messages(db, 0, talk, 0, 10),
    "marks": lambda db, talk, ali, _: read_marks.marks_since(db, {talk: 0}, ali),
    "point": lambda db, talk, ali, _: points.point_for(db, talk, ali),
}


@pytest.mark.parametrize("name", READS)
async def test_a_statement_reads_the_partition_of_its_conversation_alone(
    partitioned: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whatever it asks of messages: PostgreSQL says which partitions the plan has gone into."""
    talk, ali, sara = await pair(partitioned)
    for _ in range(3):
        last = await sent(partitioned, talk, ali)
    await Changes(partitioned, talk).edit(last.id, "edited")
    asked: list[tuple[str, Any]] = []
    fetch = partitioned.fetch

    async def note(sql: str, parameters: Any = ()) -> list[Any]:
        asked.append((sql, parameters))
        return await fetch(sql, parameters)

    monkeypatch.setattr(partitioned, "fetch", note)
    await READS[name](partitioned, talk, sara, last.id)
    monkeypatch.undo()
    assert asked
    async with partitioned.transaction() as transaction:
        for number, (sql, parameters) in enumerate(asked):
            # As for a read, one plan for all values.
            await transaction.execute(f"PREPARE read_{number} AS {numbered(sql).decode()}")
            values = ", ".join(Literal(value).as_string() for value in parameters)
            plan = await transaction.fetch(
                f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE read_{number} ({values})"
            )
            lines = [line for (line,) in plan]
            found = [re.search(r" on (messages_\d+)", line) for line in lines]
            gone_into = {
                one[1]
                for one, line in zip(found, lines, strict=True)
                if one and "never executed" not in line
            }
            assert len(gone_into) <= 1, "\n".join(lines)
