"""Migrations bring a database to the schema that the models describe, once."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import peewee
import pytest
from psycopg.conninfo import conninfo_to_dict

from chat.store import models, schema
from chat.store.database import Database
from chat.store.models.messages import Message
from chat.store.patience import Patience
from tests.store.world import opened
from tests.support.payam_server import CHECKOUT

TYPES = {"BIGAUTO": {"integer", "bigint"}, "BIGINT": {"bigint"}, "BOOL": {"boolean"}}
"""What a column of a kind may be called; others are text."""

MIGRATE = """
import asyncio, sys
from chat.store import schema
from chat.store.connect import connect

async def main():
    database = connect(sys.argv[1], 2)
    await database.open()
    print(len(await schema.migrate(database)))
    await database.close()

asyncio.run(main())
"""


@contextmanager
def inspected(url: str) -> Iterator[peewee.Database]:
    """The database in the hands of Peewee's own introspection."""
    database: peewee.Database
    if url.startswith("sqlite:///"):
        database = peewee.SqliteDatabase(url.removeprefix("sqlite:///"))
    else:
        parts: dict[str, Any] = conninfo_to_dict(url)
        database = peewee.PostgresqlDatabase(parts.pop("dbname"), prefer_psycopg3=True, **parts)
    with database.connection_context():
        yield database


async def test_migrating_again_does_nothing(empty_url: str) -> None:
    """Every step is applied at the first call, none at the second."""
    async with opened(empty_url) as database:
        assert await schema.migrate(database) == schema.known()
        assert await schema.migrate(database) == []
        await schema.require_current(database)


async def test_a_process_that_finds_nothing_missing_does_not_wait(tmp_path: Path) -> None:
    """It starts while another one writes."""
    path = tmp_path / "payam.sqlite3"
    async with opened(f"sqlite:///{path}", migrated=True):
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with opened(f"sqlite:///{path}", patience=Patience(lock=0.02)) as second:
                assert await schema.migrate(second) == []
            other.rollback()


async def test_an_empty_database_is_refused_with_what_to_do(empty_url: str) -> None:
    """The error's one line names the missing step and the command that applies it."""
    async with opened(empty_url) as database:
        with pytest.raises(schema.SchemaError) as caught:
            await schema.require_current(database)
    assert "m0001_initial" in caught.value.detail
    assert "python -m chat migrate" in caught.value.detail
    assert "\n" not in caught.value.detail


async def test_a_database_that_lacks_a_step_is_refused(empty_url: str) -> None:
    """What counts is each step, not that there is any."""
    async with opened(empty_url) as database:
        await schema.migrate(database)
        async with database.transaction() as transaction:
            await transaction.execute("DELETE FROM schema_migrations")
        with pytest.raises(schema.SchemaError, match="m0001_initial"):
            await schema.require_current(database)


async def test_a_failing_migration_leaves_nothing(empty_url: str) -> None:
    """A step that breaks off takes the tables it made with it."""
    async with opened(empty_url) as database:
        async with database.transaction() as transaction:
            await transaction.execute("CREATE TABLE support_tickets (in_the_way TEXT)")
        with pytest.raises(Exception, match="already exists"):
            await schema.migrate(database)
        with pytest.raises(schema.SchemaError):
            await schema.require_current(database)
    with inspected(empty_url) as peeked:
        assert peeked.get_tables() == ["support_tickets"]


async def test_migrations_on_two_connections_take_turns(empty_url: str) -> None:
    """One of them applies the steps, the others find nothing to do."""
    async with opened(empty_url) as first, opened(empty_url) as second, opened(empty_url) as third:
        applied = await asyncio.gather(*(schema.migrate(one) for one in (first, second, third)))
    assert sorted(applied) == [[], [], schema.known()]


def test_migrations_of_several_processes_take_turns(empty_url: str) -> None:
    """Workers that start together on a new database all come up, and one has migrated."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", MIGRATE, empty_url],
                    cwd=CHECKOUT,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(4)
        ]
        outputs = [worker.communicate() for worker in workers]
    assert sorted(out for out, _ in outputs) == ["0\n"] * 3 + [f"{len(schema.known())}\n"], outputs


@pytest.mark.parametrize("model", models.TABLES, ids=lambda model: model._meta.table_name)
async def test_models_describe_the_migrated_columns(
    database: Database, database_url: str, model: type[peewee.Model]
) -> None:
    """Names and their order, nullability, kind, primary key and uniqueness agree."""
    meta = model._meta
    with inspected(database_url) as peeked:
        columns = peeked.get_columns(meta.table_name)
        indexes = peeked.get_indexes(meta.table_name)
        references = {
            key.column: (key.dest_table, key.dest_column)
            for key in peeked.get_foreign_keys(meta.table_name)
        }
    assert [column.name for column in columns] == [
        field.column_name for field in meta.sorted_fields
    ]
    keys: Any = meta.primary_key
    key_names = (
        [meta.fields[name].column_name for name in keys.field_names]
        if isinstance(keys, peewee.CompositeKey)
        else [keys.column_name]
    )
    if model is Message and database.dialect == "postgresql":
        key_names = ["conversation_id", "id"]  # in which SQLite's own ids would not count on
    alone = {index.columns[0] for index in indexes if index.unique and len(index.columns) == 1}
    partial = {index.columns[0] for index in indexes if index.sql and " WHERE " in index.sql}
    for column, field in zip(columns, meta.sorted_fields, strict=True):
        target = field.rel_field if isinstance(field, peewee.ForeignKeyField) else field
        kind = (
            "BIGINT"
            if target is not field and target.field_type == "BIGAUTO"
            else target.field_type
        )
        assert column.data_type.lower() in TYPES.get(kind, {"text"}), column
        is_key = field.column_name in key_names
        assert column.primary_key == is_key, column
        # SQLite lets its own rowid be called nullable, though it never is.
        assert (column.null and not is_key) == field.null, column
        is_alone = field.column_name in alone - partial and not is_key
        assert is_alone == field.unique, column
        expected = (target.model._meta.table_name, "id") if target is not field else None
        assert references.get(column.name) == expected, column


async def test_there_is_a_model_for_every_table(database: Database, database_url: str) -> None:
    """Nothing is migrated that the models do not know, but the list of steps."""
    with inspected(database_url) as peeked:
        # An index of SQLite's for search is a table with some of its own.
        tables = {
            name
            for name in peeked.get_tables()
            if name != "sqlite_sequence" and not name.startswith("search_pieces")
        }
    assert tables == {model._meta.table_name for model in models.TABLES} | {"schema_migrations"}
