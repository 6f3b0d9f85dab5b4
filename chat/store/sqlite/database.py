"""SQLite through peewee-async: one connection that writes, and a few that read.

peewee-async's own pool opens a connection and a thread per query, and ignores the pragmas. Here
connections last, the journal is a WAL, and a commit is on the disk before it returns
(`synchronous=FULL`). A write transaction takes its lock at the start, so two of them wait for each
other instead of failing.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from peewee_async.databases import SqliteDatabase
from peewee_async.pool import PoolBackend
from peewee_async.utils import ConnectionProtocol

from chat.errors import Unavailable
from chat.store.database import PART, Database, Row, Transaction, Unfit, given_up
from chat.store.patience import PATIENCE, Patience
from chat.store.sends import Send
from chat.store.sqlite.checkpoints import Checkpoints
from chat.store.sqlite.clock import touch
from chat.store.sqlite.connection import Connection, Result
from chat.store.sqlite.sends import store_all
from chat.times import now

READERS = 4
"""Most connections that read. More of them would only wait for each other."""


class SqlitePool(PoolBackend):  # type: ignore[misc] # untyped
    """peewee-async's pool, of connections that read."""

    def __init__(
        self,
        *,
        database: str,
        readers: int,
        patience: float,
        attached: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(database=database, **kwargs)
        self._attached = attached
        self._readers = readers
        self._patience = patience
        self._opened: list[Connection] = []
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()

    @property
    def is_connected(self) -> bool:
        return bool(self._opened)

    def has_acquired_connections(self) -> bool:
        return self._free.qsize() < len(self._opened)

    async def create(self) -> None:
        for _ in range(self._readers):
            connection = Connection(
                self.database,
                read_only=True,
                patience=self._patience,
                attached=self._attached,
            )
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


class Sqlite:
    """SQLite's form of the SQL in which the two databases differ."""

    dialect = "sqlite"
    form = "sqlite"
    part = PART
    binary = ""
    not_by = "+"
    ids = texts = "SELECT value FROM json_each(?)"
    pairs = """
        SELECT json_extract(value, '$[0]') AS one, json_extract(value, '$[1]') AS two
        FROM json_each(?)
    """
    # The one transaction that writes makes this the clock's value, before it commits.
    stamp = horizon = "(SELECT value + 1 FROM clock)"
    incarnation = "'1'"
    joined = "group_concat"
    moment = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


class SqliteTransaction(Sqlite, Transaction):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._due: list[Callable[[sqlite3.Connection], object]] = [begin]
        """What comes before the next statement, in the same hop to the connection's thread."""

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return await self.run(lambda db: db.execute(sql, parameters).fetchall())

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return await self.run(lambda db: db.execute(sql, parameters).rowcount)

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        await self.run(lambda db: db.executemany(sql, rows))

    async def later(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._due.append(lambda db: db.executemany(sql, rows))

    async def lock_conversations(self, conversation_ids: Sequence[int]) -> None:
        """Do nothing: there is no other write transaction."""

    async def touch(self, conversation_ids: Sequence[int]) -> None:
        moment = now()
        self._due.append(lambda db: touch(db, conversation_ids, moment))

    async def run(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        def in_turn(db: sqlite3.Connection) -> Result:
            while self._due:
                self._due[0](db)
                del self._due[0]  # done, but not where it fails: nothing goes on without a BEGIN
            return function(db)

        return await self._connection.run(in_turn)


class SqliteStore(Sqlite, Database):
    def __init__(
        self,
        path: str,
        readers: int,
        patience: Patience = PATIENCE,
        *,
        attached: str | None = None,
    ) -> None:
        """`attached` is another database's file, which can be read beside this one."""
        params = {"readers": readers, "patience": patience.lock, "attached": attached}
        super().__init__(PooledSqliteDatabase(path, pool_params=params, returning_clause=True))
        self.path = path
        self._writer = Connection(path, read_only=False, patience=patience.lock, attached=attached)
        self._turn = asyncio.Lock()
        self._checkpoints = Checkpoints(path, patience.checkpoint)

    async def open(self) -> None:
        try:
            Path(self.path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            await self._writer
            # A file that cannot be written can still be opened.
            await self._writer.run(try_to_write)
            await self._prepare()
        except (OSError, sqlite3.Error, Unavailable) as error:
            await self._writer.close()
            await self._writer.ended()
            raise Unfit(f"The SQLite database {self.path} {self._fault(error)}.") from error
        await self.peewee.aio_connect()
        self._checkpoints.start()

    async def _prepare(self) -> None:
        """What must be there before anybody reads."""

    def _fault(self, error: Exception) -> str:
        if Path(self.path).is_dir():
            return "is a folder"
        cause = error.__cause__ or error
        if isinstance(cause, OSError):
            return f"cannot be used ({os.strerror(cause.errno or 0)})"
        return f"cannot be used ({cause})"

    async def inspect(self) -> str:
        if not os.path.exists(self.path):  # noqa: ASYNC240 - a look
            return f"SQLite, to be made at the start: {self.path}"
        another = SqliteStore(self.path, readers=1)
        await another.open()
        await another.close()
        return f"SQLite {sqlite3.sqlite_version}: {self.path}"

    def reason(self, error: Exception) -> str | None:
        return str(error) if isinstance(error, sqlite3.Error) else None

    async def is_serving(self) -> bool:
        return bool(await self.fetch("SELECT 1"))

    async def close(self) -> None:
        await self.peewee.aio_close()
        await self._checkpoints.close()
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
            transaction = SqliteTransaction(self._writer)
            try:
                yield transaction
                await transaction.run(sqlite3.Connection.commit)
                self._checkpoints.wanted()
            except asyncio.CancelledError:
                # Its BEGIN may still wait for another process.
                self._writer.soon(sqlite3.Connection.rollback)
                raise
            except BaseException:
                await self._writer.run(sqlite3.Connection.rollback)
                raise

    async def write(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run one function as one transaction, in one hop to the connection's thread.

        Whoever is cancelled gives up: a BEGIN that still waits then for another process does not
        go on to the function.
        """
        decision = Lock()  # for whoever takes it first: the thread goes on, or the caller gives up

        def transact(db: sqlite3.Connection) -> Result:
            begin(db)
            if not decision.acquire(blocking=False):
                db.rollback()
                raise given_up()
            try:
                result = function(db)
                db.commit()
            except BaseException:
                db.rollback()
                raise
            return result

        try:
            async with self._turn:
                result = await self._writer.run(transact)
        except asyncio.CancelledError:
            if decision.acquire(blocking=False):
                raise given_up() from None
            raise
        self._checkpoints.wanted()
        return result

    async def insert_sends(self, sends: Sequence[Send]) -> bool:
        await self.write(lambda db: store_all(db, sends))
        return True

    def skip_locked(self, table: str) -> str:
        return ""  # a write transaction is the only one

    async def lock_schema(self, transaction: Transaction) -> None:
        """Do nothing: a write transaction is the only one anyway."""

    async def partition(self, transaction: Transaction, parts: int) -> None:
        raise Unfit("Only PostgreSQL keeps messages in partitions; this database is SQLite.")

    async def divide(self, transaction: Transaction) -> None:
        raise Unfit("Only PostgreSQL with Citus divides its tables; this database is SQLite.")

    async def after_numbering(self, transaction: Transaction, table: str) -> None:
        """Do nothing: AUTOINCREMENT continues by itself."""

    async def reserve_ids(self, transaction: Transaction, table: str, last: int) -> None:
        await transaction.execute(
            """
            INSERT INTO sqlite_sequence (name, seq)
            SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)
            """,
            (table, table),
        )
        await transaction.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (last, table)
        )


def connect(url: str, pool_size: int, patience: Patience) -> SqliteStore:
    return SqliteStore(url.removeprefix("sqlite:///"), min(pool_size, READERS), patience)


def try_to_write(db: sqlite3.Connection) -> None:
    """Raises sqlite3.OperationalError for a database that cannot be written."""
    try:
        begin(db)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return  # another process is writing
        raise
    db.rollback()


def begin(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
