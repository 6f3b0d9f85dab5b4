"""Connections to PostgreSQL: psycopg's pool, by peewee-async, and those kept from it a moment.

peewee-async's own pool takes a host, a port and a bare password; here the whole URL goes to
libpq, so that special characters, `sslmode` and every other option work.
"""

import asyncio
import select
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, TypeVar

import psycopg
from peewee_async.databases import Psycopg3Database
from peewee_async.pool import PsycopgPoolBackend
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import AsyncConnectionPool

from chat.store.database import Row, unreachable
from chat.store.postgres.connection import PostgresConnection
from chat.store.postgres.errors import AWAY

Result = TypeVar("Result")

ACQUIRE_TIMEOUT = 2.0
"""Seconds that a request waits for a connection before it is told to come back."""
FRESH = 1.0
"""Seconds after its last use for which a silent connection is taken to be alive."""


class PostgresPool(PsycopgPoolBackend):  # type: ignore[misc] # untyped
    """peewee-async's pool, on a connection string that libpq reads whole."""

    async def create(self) -> None:
        pool = AsyncConnectionPool(
            self.connect_params["conninfo"],
            connection_class=PostgresConnection,
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


async def configure(connection: PostgresConnection) -> None:
    # By default a number's type follows its size, and every mix of sizes would be
    # another prepared statement.
    connection.adapters.register_dumper(int, Int8Dumper)
    # PostgreSQL compiles what it reckons to be long: the list of conversations, when the
    # tables are large, anew for each request. That took 16 ms and saved none of its 0.4.
    # And it plans a prepared statement anew as long as it reckons that to be worth it, which
    # took as long as to read a page. Whatever the values, our indexes are the way.
    await connection.execute("SET jit = off; SET plan_cache_mode = force_generic_plan")


async def check(connection: PostgresConnection) -> None:
    """Ask a connection that has rested for a while whether it still lives.

    So is one that has something to say unasked: after a restart, that it has ended.
    """
    if not is_fresh(connection) or is_readable(connection.fileno()):
        await connection.execute("")


def is_fresh(connection: PostgresConnection) -> bool:
    return monotonic() - connection.last_used <= FRESH


def is_readable(descriptor: int) -> bool:
    look = select.poll()  # `select` itself takes no descriptor above 1023
    look.register(descriptor, select.POLLIN)
    return bool(look.poll(0))


class PostgresConnections:
    """The pool's, kept from it from one use to the next: it takes as long as a small query.

    Who waits for one is given the next that is free, in the order of asking. A connection may
    turn out to be dead, `attempts` times before that is an error: after a restart all are.
    """

    def __init__(self, pool: PostgresPool, size: int) -> None:
        self.attempts = size + 1
        self._pool = pool
        self._size = size
        self._taken = 0
        """How many are in use, or kept, or just asked of the pool."""
        self._kept: deque[PostgresConnection] = deque()
        """Reads take the last, everything else the first: one that reads is watched for it."""
        self._waiting: deque[asyncio.Future[PostgresConnection | None]] = deque()
        """For a connection, or for leave to ask the pool for another: None."""
        self._reading: set[PostgresConnection] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        while self._reading or self._tasks:
            await asyncio.sleep(0.01)
        while self._kept:
            await self._put_back(self._kept.pop())

    async def take(self) -> PostgresConnection:
        """One for psycopg's methods, to be given back; raises Unavailable."""
        while self._kept:
            connection = self._kept.popleft()
            connection.unwatch()
            # What is read may be read again. What is changed has to reach the server.
            if is_fresh(connection) and not is_readable(connection.fileno()):
                return connection
            self._start(self._put_back(connection))
        connection = await self._next()
        connection.unwatch()
        return connection

    async def give_back(self, connection: PostgresConnection) -> None:
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            connection.last_used = monotonic()
            if not self._hand_over(connection):
                self._kept.appendleft(connection)
        else:
            # Waited for: a connection that has to be closed is closed then.
            await asyncio.shield(self._start(self._put_back(connection)))

    async def take_for_read(self) -> PostgresConnection:
        """One for `read`; raises Unavailable."""
        while self._kept:
            connection = self._kept.pop()
            if is_fresh(connection):
                return connection
            self._start(self._put_back(connection))
        return await self._next()

    def read(
        self, connection: PostgresConnection, sql: str, parameters: Sequence[Any]
    ) -> "asyncio.Future[list[Row]]":
        """What its `read` gives; whatever becomes of it, the connection is given back."""
        self._reading.add(connection)
        return connection.read(sql, parameters, self._has_read)

    def _has_read(self, connection: PostgresConnection) -> None:
        self._reading.discard(connection)
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            if not self._hand_over(connection):
                self._kept.append(connection)
        else:
            self._start(self._give_up(connection))

    async def _next(self) -> PostgresConnection:
        """Another of the pool's, or the next that is free; raises Unavailable.

        Whoever waits here may be cancelled, and more than once, as is done to the request
        of a client that left. Taking a connection and giving it back are not: interrupted,
        either would lose it, until there are none.
        """
        try:
            if self._taken < self._size:
                self._taken += 1
            elif connection := await self._wait():
                return connection
            acquiring = self._start(self._acquire())
            try:
                return await asyncio.shield(acquiring)
            except asyncio.CancelledError:
                acquiring.add_done_callback(self._return_acquired)
                raise
        except AWAY as error:
            raise unreachable(error) from error

    async def _wait(self) -> PostgresConnection | None:
        waiting: asyncio.Future[PostgresConnection | None]
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        async with asyncio.timeout(ACQUIRE_TIMEOUT):
            try:
                return await waiting
            except asyncio.CancelledError:
                if not waiting.cancelled():  # but has it already
                    self._pass_on(waiting.result())
                raise

    def _hand_over(self, connection: PostgresConnection | None) -> bool:
        """To who has waited longest; whether there is anybody."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(connection)
                return True
        return False

    def _pass_on(self, connection: PostgresConnection | None) -> None:
        if self._hand_over(connection):
            return
        if connection is None:
            self._taken -= 1
        else:
            self._kept.append(connection)

    def _start(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """Begin what comes to its end whatever becomes of the one who waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _return_acquired(self, acquiring: "asyncio.Task[PostgresConnection]") -> None:
        if not acquiring.cancelled() and acquiring.exception() is None:
            self._pass_on(acquiring.result())

    async def _acquire(self) -> PostgresConnection:
        try:
            return await self._find_alive()
        except BaseException:
            self._taken -= 1  # and nobody is told, who would only wait once more
            raise

    async def _find_alive(self) -> PostgresConnection:
        """One of the pool's.

        It could look for one as well, but pauses for a second and more between two that are
        dead, and after a restart all are.
        """
        for _ in range(self.attempts):
            connection: PostgresConnection = await self._pool.acquire()
            is_alive = False
            try:
                async with asyncio.timeout(ACQUIRE_TIMEOUT):
                    await check(connection)
                is_alive = True
            except AWAY as error:
                dead = error
            finally:
                if not is_alive:
                    await connection.close()
                    await self._pool.release(connection)
            if is_alive:
                return connection
        raise dead

    async def _give_up(self, connection: PostgresConnection) -> None:
        # If the server still reads, it is told: it will be asked the same again.
        with suppress(psycopg.Error):
            await connection.cancel_safe(timeout=ACQUIRE_TIMEOUT)
        await connection.close()
        await self._put_back(connection)

    async def _put_back(self, connection: PostgresConnection) -> None:
        connection.unwatch()
        try:
            await self._pool.release(connection)
        finally:
            self._pass_on(None)
