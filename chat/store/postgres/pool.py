"""Connections to PostgreSQL. They come from psycopg's pool, and are kept here between two uses.

peewee-async's own pool takes a host, a port and a plain password. Here libpq gets the whole URL,
so special characters, `sslmode` and every other option work.
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
from chat.store.patience import Patience
from chat.store.postgres.citus_statements import HAS_CITUS, IS_DIVIDED, SETTINGS
from chat.store.postgres.connection import PostgresConnection
from chat.store.postgres.errors import AWAY

Result = TypeVar("Result")


class PostgresPool(PsycopgPoolBackend):  # type: ignore[misc] # untyped
    """peewee-async's pool, with a connection string that libpq reads as a whole."""

    async def create(self) -> None:
        pool = AsyncConnectionPool(
            self.connect_params["conninfo"],
            connection_class=PostgresConnection,
            min_size=1,
            max_size=self.connect_params["max_size"],
            timeout=self.connect_params["patience"],
            # The pool doubles its pauses up to this; its default is more than two minutes. When
            # it gives up, the next request makes it try again.
            reconnect_timeout=self.connect_params["patience"],
            kwargs={"autocommit": True, "prepare_threshold": None},
            configure=configure,
            open=False,
        )
        await pool.open()
        self.pool = pool


class PooledPostgresDatabase(Psycopg3Database):  # type: ignore[misc] # untyped
    pool_backend_cls = PostgresPool


async def configure(connection: PostgresConnection) -> None:
    # By default the type of a number depends on its size, so each mix of sizes would be another
    # prepared statement.
    connection.adapters.register_dumper(int, Int8Dumper)
    row = await (await connection.execute(HAS_CITUS)).fetchone()
    assert row is not None
    process, has_citus = row
    # A pooler makes up the process id that it gives to a client, because the client has no process
    # of the server to itself.
    connection.is_pooled = is_behind_pooler = process != connection.info.backend_pid
    if has_citus and await (await connection.execute(IS_DIVIDED)).fetchone():
        connection.is_divided = connection.is_pooled = True
        if not is_behind_pooler:
            await connection.execute(SETTINGS)
    if connection.is_pooled:
        return
    # PostgreSQL compiles statements that it expects to be slow, for example the list of
    # conversations with large tables, for each request again. That took 16 ms, and saved nothing
    # of the 0.4 ms of the statement. It also plans a prepared statement again as long as it
    # expects to gain by it, which took as long as reading a page. With any values the right plan
    # is to use the indexes.
    await connection.execute("SET jit = off; SET plan_cache_mode = force_generic_plan")


def is_readable(descriptor: int) -> bool:
    look = select.poll()  # `select` itself does not take descriptors above 1023
    look.register(descriptor, select.POLLIN)
    return bool(look.poll(0))


class PostgresConnections:
    """Connections of the pool. They are kept here between two uses, because to take one from the
    pool takes as long as a small query.

    Those who wait get the next free connections in the order in which they asked. A connection may
    turn out to be dead. That is an error only after `attempts` of them, because after a restart
    of the server all are dead.
    """

    def __init__(self, pool: PostgresPool, size: int, patience: Patience) -> None:
        self.attempts = size + 1
        self._pool = pool
        self._size = size
        self._patience = patience
        self._taken = 0
        """How many are in use, or kept here, or being taken from the pool."""
        self._kept: deque[PostgresConnection] = deque()
        """Free connections. Reads take the last one, which the event loop may still watch;
        everything else takes the first.
        """
        self._waiting: deque[asyncio.Future[PostgresConnection | None]] = deque()
        """Those who wait. Each gets a connection, or None: then it may ask the pool for another."""
        self._reading: set[PostgresConnection] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        while self._reading or self._tasks:
            await asyncio.sleep(0.01)
        while self._kept:
            await self._put_back(self._kept.pop())

    async def take(self) -> PostgresConnection:
        """A connection for psycopg's methods. Give it back afterwards. Raises Unavailable."""
        while self._kept:
            connection = self._kept.popleft()
            # A read that fails can be repeated, but a change must reach the server.
            if self._is_fresh(connection) and not is_readable(connection.fileno()):
                return connection
            self._start(self._put_back(connection))
        return await self._next()

    async def give_back(self, connection: PostgresConnection) -> None:
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            connection.last_used = monotonic()
            if not self._hand_over(connection):
                self._kept.appendleft(connection)
        else:
            # Wait for it, so that a connection that must be closed is closed afterwards.
            await asyncio.shield(self._start(self._put_back(connection)))

    async def take_for_read(self) -> PostgresConnection:
        """A connection for `read`. Raises Unavailable."""
        while self._kept:
            connection = self._kept.pop()
            if self._is_fresh(connection):
                return connection
            self._start(self._put_back(connection))
        return await self._next()

    def read(
        self, connection: PostgresConnection, sql: str, parameters: Sequence[Any]
    ) -> "asyncio.Future[list[Row]]":
        """Read on the connection. It is given back in any case."""
        self._reading.add(connection)
        return connection.read(sql, parameters, self._has_read, self._patience.read)

    def _has_read(self, connection: PostgresConnection) -> None:
        self._reading.discard(connection)
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            if not self._hand_over(connection):
                self._kept.append(connection)
        else:
            self._start(self._give_up(connection))

    async def _next(self) -> PostgresConnection:
        """Another connection of the pool, or the next free one. Raises Unavailable.

        The caller may be cancelled here, even several times, as the request of a client that left
        is. Taking a connection from the pool and giving it back must not be cancelled: each time a
        connection would be lost, until there are none.
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
        async with asyncio.timeout(self._patience.connection):
            try:
                return await waiting
            except asyncio.CancelledError:
                if not waiting.cancelled():  # it has got a connection already
                    self._pass_on(waiting.result())
                raise

    def _hand_over(self, connection: PostgresConnection | None) -> bool:
        """Give it to the one who has waited longest. Returns whether anybody waits."""
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
        """Start work that must come to its end, even if the caller is cancelled."""
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
            self._taken -= 1  # nobody else is woken, because they would only fail too
            raise

    async def _find_alive(self) -> PostgresConnection:
        """A connection of the pool that works.

        The pool could check them itself, but it pauses for a second and more between two that are
        dead, and after a restart all are dead.
        """
        for _ in range(self.attempts):
            connection: PostgresConnection = await self._pool.acquire()
            is_alive = False
            try:
                async with asyncio.timeout(self._patience.connection):
                    await self._check(connection)
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

    async def _check(self, connection: PostgresConnection) -> None:
        """Ask the server whether the connection still works, if it was unused for a while.

        The server is also asked if the connection has unexpected data: after a restart that is
        the message that it has ended.
        """
        if not self._is_fresh(connection) or is_readable(connection.fileno()):
            await connection.execute("")

    def _is_fresh(self, connection: PostgresConnection) -> bool:
        return monotonic() - connection.last_used <= self._patience.fresh

    async def _give_up(self, connection: PostgresConnection) -> None:
        # If the server still works on the statement, stop it. It will be asked the same again.
        with suppress(psycopg.Error):
            await connection.cancel_safe(timeout=self._patience.connection)
        await connection.close()
        await self._put_back(connection)

    async def _put_back(self, connection: PostgresConnection) -> None:
        connection.unwatch()
        try:
            await self._pool.release(connection)
        finally:
            self._pass_on(None)
