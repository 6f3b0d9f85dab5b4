"""SQLite through peewee-async: one connection that writes, a few that read.

The stock pool opens a connection and a thread a query and ignores the pragmas. Here
connections last, the journal is a WAL, a commit is on the disk before it returns
(`synchronous=FULL`), and a write transaction takes its lock at the start, so two of
them wait for each other instead of failing.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import aiosqlite
from peewee_async.databases import SqliteDatabase
from peewee_async.pool import PoolBackend
from peewee_async.utils import ConnectionProtocol

from chat.errors import Unavailable
from chat.store.database import Database, Row, Transaction, unreachable

Result = TypeVar("Result")

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another process's write transaction."""
LOOK_SECONDS = 0.01

PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}
"""Primary result codes of what an operator can mend; others are faults of ours."""


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own, which can run a whole function there.

    One hop to the thread and back costs about as much as forty small statements, so
    the writer sends a batch's statements over together.
    """

    def __init__(self, path: str, *, read_only: bool) -> None:
        def open_file() -> sqlite3.Connection:
            connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT)
            use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            if read_only:
                connection.execute("PRAGMA query_only = ON")
            return connection

        super().__init__(open_file, iter_chunk_size=64)
        self._thread.daemon = True  # a worker that must die is not held back by it

    async def ended(self) -> None:
        """Wait for the thread of a connection that could not be opened."""
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    async def run(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """The function's result, from the connection's thread.

        Raises Unavailable for what passes: a lock, a full disk, a failing device.
        """
        try:
            call = partial(function, self._conn)
            result: Result = await self._execute(call)  # type: ignore[no-untyped-call]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in PASSING:
                raise unreachable(error) from error
            raise
        return result


class SqlitePool(PoolBackend):  # type: ignore[misc] # untyped
    """peewee-async's pool of connections that read."""

    def __init__(self, *, database: str, readers: int, **kwargs: Any) -> None:
        super().__init__(database=database, **kwargs)
        self._readers = readers
        self._opened: list[Connection] = []
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()

    @property
    def is_connected(self) -> bool:
        return bool(self._opened)

    def has_acquired_connections(self) -> bool:
        return self._free.qsize() < len(self._opened)

    async def create(self) -> None:
        for _ in range(self._readers):
            connection = Connection(self.database, read_only=True)
            await connection
            self._opened.append(connection)
            self._free.put_nowait(connection)

    async def acquire(self) -> ConnectionProtocol:
        return await self._free.get()

    async def release(self, conn: ConnectionProtocol) -> None:
        assert isinstance(conn, Connection)
        self._free.put_nowait(conn)

    async def close(self) -> None:
        for connection in self._opened:
            await connection.close()
        self._opened.clear()


class PooledSqliteDatabase(SqliteDatabase):  # type: ignore[misc] # untyped
    pool_backend_cls = SqlitePool


class SqliteTransaction(Transaction):
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return await self.connection.run(lambda db: db.execute(sql, parameters).fetchall())

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return await self.connection.run(lambda db: db.execute(sql, parameters).rowcount)

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        await self.connection.run(lambda db: db.executemany(sql, rows))

    async def lock_conversations(self, conversation_ids: Sequence[int]) -> None:
        """There is no other write transaction."""


class SqliteStore(Database):
    dialect = "sqlite"
    binary = ""

    def __init__(self, path: str, readers: int) -> None:
        super().__init__(
            PooledSqliteDatabase(path, pool_params={"readers": readers}, returning_clause=True)
        )
        self.path = path
        self._writer = Connection(path, read_only=False)
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        try:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            await self._writer
        except (OSError, sqlite3.Error) as error:
            await self._writer.ended()
            raise Unavailable(f"{self.path}: {error}", retry_after=1.0) from error
        await self.peewee.aio_connect()

    async def close(self) -> None:
        await self.peewee.aio_close()
        await self._writer.close()

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        pool = self.peewee.pool_backend
        connection = await pool.acquire()
        assert isinstance(connection, Connection)
        try:
            return await connection.run(lambda db: db.execute(sql, parameters).fetchall())
        finally:
            await pool.release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        async with self._turn:
            try:
                # Within: cancelled while it waits, it still begins, and must be undone.
                await self._writer.run(begin)
                yield SqliteTransaction(self._writer)
                await self._writer.run(sqlite3.Connection.commit)
            except BaseException:
                await self._writer.run(sqlite3.Connection.rollback)
                raise

    async def write(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """One function as one transaction, with one hop to the connection's thread."""

        def transact(db: sqlite3.Connection) -> Result:
            begin(db)
            try:
                result = function(db)
                db.commit()
            except BaseException:
                db.rollback()
                raise
            return result

        async with self._turn:
            return await self._writer.run(transact)

    async def lock_schema(self, transaction: Transaction) -> None:
        """A write transaction is the only one already."""

    async def after_numbering(self, transaction: Transaction, table: str) -> None:
        """AUTOINCREMENT notices by itself."""


def use_wal(db: sqlite3.Connection) -> None:
    """Workers that start together all ask for it; SQLite makes the later ones fail, not wait."""
    give_up = monotonic() + BUSY_TIMEOUT
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > give_up:
                raise
            sleep(LOOK_SECONDS)
        else:
            return


def begin(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
