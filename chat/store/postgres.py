"""PostgreSQL through peewee-async and psycopg 3.

The stock pool takes a host, a port and a bare password; here the whole URL goes to
libpq, so that special characters, `sslmode` and every other option work. Parameters
go to the server apart from the statement, which psycopg then prepares once.
"""

import asyncio
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from peewee_async.databases import Psycopg3Database
from peewee_async.pool import PsycopgPoolBackend
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from chat.errors import Unavailable
from chat.store.database import Database, Row, Transaction, outcome_unknown, unreachable
from chat.store.exchange import Answer, Values, exchange

Result = TypeVar("Result")

ACQUIRE_TIMEOUT = 2.0
"""Seconds that a request waits for a connection before it is told to come back."""
FRESH = 1.0
"""Seconds after its last use for which a silent connection is taken to be alive."""
AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,  # a standby, in the middle of a failover
    PoolTimeout,
    TimeoutError,
)
READ_TIMEOUT = 10.0
"""Seconds that a read may take before its connection is given up: a network that swallows
packets gives no other sign."""
CONNECTION_DEFAULTS = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "application_name": "payam",
}
"""libpq options that the URL may set otherwise."""
MIGRATION_LOCK = 0x70617961  # "paya": any number that nobody else uses

LOCK_CONVERSATIONS = (
    "SELECT 1 FROM conversations WHERE id = ANY(?::bigint[]) ORDER BY id FOR UPDATE"
)


@lru_cache(maxsize=512)
def placeholders(sql: str) -> bytes:
    """`?` in the driver's spelling. No statement of ours has a literal `?` or `%`."""
    return sql.replace("?", "%s").encode()


def array(values: Iterable[int | str | None]) -> str:
    """An array as PostgreSQL reads it: psycopg writes lists too, and takes eight times as long."""
    return "{" + ",".join([element(value) for value in values]) + "}"


def element(value: int | str | None) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return "NULL" if value is None else str(value)


class PostgresPool(PsycopgPoolBackend):  # type: ignore[misc] # untyped
    """peewee-async's pool, on a connection string that libpq reads whole."""

    async def create(self) -> None:
        pool = AsyncConnectionPool(
            self.connect_params["conninfo"],
            min_size=1,
            max_size=self.connect_params["max_size"],
            timeout=ACQUIRE_TIMEOUT,
            # The pool doubles its pauses up to this, two minutes and more by default. What it
            # gave up, the next request asks for anew.
            reconnect_timeout=ACQUIRE_TIMEOUT,
            kwargs={"autocommit": True, "prepare_threshold": 2},
            configure=configure,
            open=False,
        )
        await pool.open()
        self.pool = pool


class PooledPostgresDatabase(Psycopg3Database):  # type: ignore[misc] # untyped
    pool_backend_cls = PostgresPool


last_used: WeakKeyDictionary[AsyncConnection[Any], float] = WeakKeyDictionary()
prepared: WeakKeyDictionary[AsyncConnection[Any], dict[str, bytes]] = WeakKeyDictionary()
"""The names of what `together` has prepared on each."""


async def configure(connection: AsyncConnection[Any]) -> None:
    # By default a number's type follows its size, and every mix of sizes would be
    # another prepared statement.
    connection.adapters.register_dumper(int, Int8Dumper)
    # PostgreSQL compiles what it reckons to be long: the list of conversations, when the
    # tables are large, anew for each request. That took 16 ms and saved none of its 0.4.
    # And it plans a prepared statement anew as long as it reckons that to be worth it, which
    # took as long as to read a page. Whatever the values, our indexes are the way.
    await connection.execute("SET jit = off; SET plan_cache_mode = force_generic_plan")


async def check(connection: AsyncConnection[Any]) -> None:
    """Ask a connection that has rested for a while whether it still lives.

    So is one that has something to say unasked: after a restart, that it has ended.
    """
    if not is_fresh(connection):
        await connection.execute("")


def is_fresh(connection: AsyncConnection[Any]) -> bool:
    rested = monotonic() - last_used.get(connection, 0.0)
    return rested <= FRESH and not is_readable(connection.fileno())


def is_readable(descriptor: int) -> bool:
    look = select.poll()  # `select` itself takes no descriptor above 1023
    look.register(descriptor, select.POLLIN)
    return bool(look.poll(0))


class PostgresTransaction(Transaction):
    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.connection = connection

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return await fetch(self.connection, sql, parameters)

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        cursor = await self.connection.execute(placeholders(sql), parameters)
        return cursor.rowcount

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        async with self.connection.cursor() as cursor:
            await cursor.executemany(placeholders(sql), rows)

    async def lock_conversations(self, conversation_ids: Sequence[int]) -> None:
        await self.connection.execute(placeholders(LOCK_CONVERSATIONS), (array(conversation_ids),))


async def fetch(connection: AsyncConnection[Any], sql: str, parameters: Sequence[Any]) -> list[Row]:
    cursor = await connection.execute(placeholders(sql), parameters)
    return await cursor.fetchall()


def hear_out(task: "asyncio.Task[Any]") -> None:
    """Take a failure that concerns nobody any more; left alone, asyncio logs it."""
    if not task.cancelled():
        task.exception()


class PostgresStore(Database):
    dialect = "postgresql"
    binary = ' COLLATE "C"'

    def __init__(self, url: str, pool_size: int) -> None:
        options = CONNECTION_DEFAULTS | psycopg.conninfo.conninfo_to_dict(url)
        conninfo = psycopg.conninfo.make_conninfo("", **options)
        super().__init__(
            PooledPostgresDatabase(
                options.get("dbname", ""),
                pool_params={"conninfo": conninfo, "max_size": pool_size},
            )
        )
        self._attempts = pool_size + 1
        self._tasks: set[asyncio.Task[Any]] = set()
        self._kept: list[AsyncConnection[Any]] = []
        self._waiting = 0
        """For the pool, whose connections are then not kept from it."""

    async def open(self) -> None:
        await self.peewee.aio_connect()

    async def close(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._kept:
            await self._put_back(self._kept.pop())
        await self.peewee.aio_close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A pooled connection; raises Unavailable when the server is away, before or within."""
        connection = await self._take()
        try:
            yield connection
        except AWAY as error:
            raise unreachable(error) from error
        finally:
            if not self._keep(connection):
                # Waited for: a connection that has to be closed is closed then.
                await asyncio.shield(self._start(self._put_back(connection)))

    async def _take(self) -> AsyncConnection[Any]:
        """A connection, to be kept or put back; raises Unavailable.

        Whoever waits here may be cancelled, and more than once, as is done to the request
        of a client that left. Taking a connection and giving it back are not: interrupted,
        either would lose it, until there are none.
        """
        connection = self._kept_one()
        if connection is not None:
            return connection
        acquiring = self._start(self._acquire())
        try:
            return await asyncio.shield(acquiring)
        except asyncio.CancelledError:
            acquiring.add_done_callback(self._give_back)
            raise
        except AWAY as error:
            raise unreachable(error) from error

    def _start(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """Begin what comes to its end whatever becomes of the one who waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _give_back(self, acquiring: "asyncio.Task[AsyncConnection[Any]]") -> None:
        if not acquiring.cancelled() and acquiring.exception() is None:
            self._start(self._put_back(acquiring.result()))

    def _kept_one(self) -> AsyncConnection[Any] | None:
        """One that was used a moment ago; the pool would take as long as a small query."""
        while self._kept:
            connection = self._kept.pop()
            if is_fresh(connection):
                return connection
            self._start(self._put_back(connection))
        return None

    def _keep(self, connection: AsyncConnection[Any]) -> bool:
        """Whether it is kept for the next; else it has to be put back."""
        if connection.pgconn.transaction_status != TransactionStatus.IDLE:
            return False
        last_used[connection] = monotonic()
        if self._waiting:
            return False
        self._kept.append(connection)
        return True

    async def _put_back(self, connection: AsyncConnection[Any]) -> None:
        await self.peewee.pool_backend.release(connection)

    async def _acquire(self) -> AsyncConnection[Any]:
        """A connection of the pool that lives.

        It could check as well, but pauses for a second and more between two that are
        dead, and after a restart all are.
        """
        pool = self.peewee.pool_backend
        for _ in range(self._attempts):
            self._waiting += 1
            try:
                connection: AsyncConnection[Any] = await pool.acquire()
            finally:
                self._waiting -= 1
            is_alive = False
            try:
                async with asyncio.timeout(ACQUIRE_TIMEOUT):
                    await check(connection)
                is_alive = True
            except AWAY as error:
                dead = error
            finally:
                if not is_alive:
                    await self._discard(connection)
            if is_alive:
                return connection
        raise dead

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        async def read(connection: AsyncConnection[Any]) -> list[Row]:
            async with asyncio.timeout(READ_TIMEOUT):
                return await fetch(connection, sql, parameters)

        # Not cancelled with who asked: psycopg would open another connection to say so, and
        # keep this one until the answer.
        reading = self._start(self._read(read))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            reading.add_done_callback(hear_out)
            raise

    async def _read(self, read: Callable[[AsyncConnection[Any]], Awaitable[Result]]) -> Result:
        """Read again where a connection turns out to be dead, as each is after a restart."""
        attempt = 0
        while True:
            attempt += 1
            try:
                connection = self._kept_one() or await self._acquire()
            except AWAY as error:
                raise unreachable(error) from error
            try:
                return await read(connection)
            except AWAY as error:
                is_dead = connection.broken and isinstance(error, psycopg.OperationalError)
                if not is_dead or attempt == self._attempts:
                    raise unreachable(error) from error
            finally:
                if not self._keep(connection):
                    await self._put_back(connection)

    async def together(self, statements: Sequence[tuple[str, Values]]) -> list[Answer]:
        """Commit these as one transaction, in one round trip; what each answers.

        Raises OutcomeUnknown as well.
        """
        is_sent = False
        try:
            async with self.connection() as connection:
                is_sent = True
                try:
                    return await self._exchange(connection, statements)
                except psycopg.errors.InvalidSqlStatementName:
                    # After a ROLLBACK psycopg has the server forget what was prepared.
                    prepared.pop(connection)
                    return await self._exchange(connection, statements)
        except Unavailable as error:
            # An error that leaves the connection whole is the server's word: rolled back.
            if is_sent and connection.closed:
                raise outcome_unknown(error) from error
            raise

    @staticmethod
    async def _exchange(
        connection: AsyncConnection[Any], statements: Sequence[tuple[str, Values]]
    ) -> list[Answer]:
        known = prepared.setdefault(connection, {})
        encoding = connection.info.encoding
        return await connection.wait(exchange(connection.pgconn, statements, known, encoding))

    async def _discard(self, connection: AsyncConnection[Any]) -> None:
        await connection.close()
        await self._put_back(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        is_committing = False
        try:
            async with self.connection() as connection, connection.transaction():
                yield PostgresTransaction(connection)
                is_committing = True
        except Unavailable as error:
            if is_committing and connection.closed:
                raise outcome_unknown(error) from error
            raise

    async def lock_schema(self, transaction: Transaction) -> None:
        await transaction.fetch("SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))

    async def after_numbering(self, transaction: Transaction, table: str) -> None:
        await transaction.fetch(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - a table's name of ours
        )
