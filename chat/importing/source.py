"""The database that is read: SQLite or PostgreSQL, never written to."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import psycopg
from psycopg.types.string import TextLoader

from chat.errors import PayamError
from chat.store.database import Row

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


class Source(Protocol):
    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of the answer; the SQL has `?` for a parameter. Raises PayamError."""
        ...

    async def columns(self, table: str) -> set[str] | None:
        """The names of the table's columns; None if there is no such table."""
        ...

    async def close(self) -> None: ...


async def opened(url: str) -> Source:
    """Open the database of this URL, or of this path. Raises PayamError in one line."""
    if url.startswith(POSTGRES):
        return await PostgresSource.opened(url)
    path = Path(url.removeprefix(SQLITE))
    if "://" in str(url.removeprefix(SQLITE)):
        raise PayamError("The source is a sqlite:/// or postgresql:// URL; Payam reads no other.")
    return await asyncio.to_thread(SqliteSource, path)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class SqliteSource:
    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise PayamError(f"There is no SQLite database at {path}.")
        # Not as `immutable`: the log beside it may have its newest rows.
        self._db = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
        )
        self._db.text_factory = lambda text: text.decode("utf-8", "replace")

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return await asyncio.to_thread(self._fetch, sql, parameters)

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        try:
            return self._db.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise unreadable(error) from error

    async def columns(self, table: str) -> set[str] | None:
        rows = await self.fetch("SELECT name FROM pragma_table_info(?)", (table,))
        return {name for (name,) in rows} or None

    async def close(self) -> None:
        self._db.close()


class PostgresSource:
    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    @classmethod
    async def opened(cls, url: str) -> "PostgresSource":
        try:
            connection = await psycopg.AsyncConnection.connect(
                url,
                autocommit=True,
                # Behind a pooler the next transaction may be on another connection, which does
                # not know what was prepared on this one.
                prepare_threshold=None,
                client_encoding="UTF8",
                application_name="payam import",
            )
            await connection.set_read_only(True)
            # As text: Python has no moment that is infinite, or after the year 9999.
            for kind in ("timestamptz", "timestamp", "date"):
                connection.adapters.register_loader(kind, TextLoader)
        except psycopg.Error as error:
            raise unreadable(error) from error
        return cls(connection)

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        text = cast("Any", sql.replace("%", "%%").replace("?", "%s"))
        try:
            # What is set ends with the transaction. Behind a pooler others use the connection then.
            async with self._connection.transaction():
                # All moments as UTC, whatever the server's own zone is.
                await self._connection.execute("SET LOCAL timezone = 'UTC'")
                await self._connection.execute("SET LOCAL datestyle = 'ISO'")
                cursor = await self._connection.execute(text, parameters)
                return await cursor.fetchall()
        except psycopg.Error as error:
            raise unreadable(error) from error

    async def columns(self, table: str) -> set[str] | None:
        rows = await self.fetch(
            """
            SELECT attname FROM pg_attribute
            WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped
            """,
            (quoted(table),),
        )
        return {str(name) for (name,) in rows} or None

    async def close(self) -> None:
        await self._connection.close()


def unreadable(error: Exception) -> PayamError:
    reason = " ".join(str(error).split())
    return PayamError(f"The source cannot be read: {reason}")
