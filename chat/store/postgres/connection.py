"""A connection to PostgreSQL on which a read needs no task and no cursor.

For each statement psycopg makes a cursor, converts the text, and lets the event loop watch the
socket anew. Reading 50 messages then takes 150 to 220 µs of processor time. Here it takes 75 to
130 µs, or 60 with several reads at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

from psycopg import AsyncConnection, errors
from psycopg.abc import RV, PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import execute
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait, wait_async

from chat.store.database import Row
from chat.store.postgres.exchange import finish, new_name, numbered, require_done

POLL_SECONDS = 0.1
"""How often psycopg looks whether it was interrupted."""
STOP_SECONDS = 5.0
"""How long the server may take to stop."""
PREPARED = 200
"""Most prepared statements per connection."""
PREPARED_TOGETHER = 50
"""Statements that go out together are prepared if they are no more. A row with other empty fields
makes another statement.
"""

Statement = tuple[str, Sequence[Any]]
"""SQL and its parameters."""
Dumped = tuple[Sequence[Any], tuple[int, ...], Any]
"""Parameters as the server reads them, their types, and which of them are binary."""


@dataclass(slots=True)
class Reading:
    """A read that is under way."""

    steps: PQGen[list[Row]]
    answer: "asyncio.Future[list[Row]]"
    timer: asyncio.TimerHandle
    done: Callable[["PostgresConnection"], None]


class PostgresConnection(AsyncConnection[Row]):
    """A connection for one use at a time: a `read`, or what waits by `wait`."""

    def __init__(self, pgconn: PGconn) -> None:
        super().__init__(pgconn)
        self.last_used = -inf
        """The time of the last use, by `time.monotonic`."""
        self.is_pooled = False
        """Whether nothing is prepared, as behind a pooler (PgBouncer): each transaction may be
        on another connection to the server, which does not know what was prepared or set on this
        one.
        """
        self.is_divided = False
        """Whether conversations are divided among servers: see `citus`."""
        self.is_committing = False
        """Whether the caller may wait for a commit. If it gives up then, this connection is closed.
        The server is not asked to stop: a commit that waits for a synchronous standby would be
        shown to all at once, though the standby does not have it.
        """
        self.prepared: dict[str, bytes] = {}
        """The names of the statements that `exchange` has prepared; unused if pooled."""
        self._transformer = Transformer(self)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        """The names of the statements that `read` has prepared, by statement and types. The last
        one that was used is the last.
        """
        self._reading: Reading | None = None
        self._waiting: asyncio.Future[Ready] | None = None
        """Of `wait`, for the socket."""
        self._watched = -1

    async def wait(
        self,
        gen: PQGen[RV],
        interval: float = POLL_SECONDS,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's own
    ) -> RV:
        """As psycopg's, without a time limit; but the event loop goes on to watch the socket, and
        the server is not asked to stop while `is_committing`.
        """
        try:
            wanted = next(gen)
            while True:
                self._waiting = asyncio.get_running_loop().create_future()
                self._watch(wanted)
                wanted = gen.send(await self._waiting)
                # uvloop reports a socket that was reset only once, so watch it anew.
                self.unwatch()
        except StopIteration as stop:
            result: RV = stop.value
            return result
        except asyncio.CancelledError:
            self.unwatch()
            if self.is_committing:
                self.pgconn.finish()
            elif self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                await self._stop(gen)
            raise
        except BaseException:
            self.unwatch()
            raise
        finally:
            self._waiting = None

    async def _stop(self, gen: PQGen[Any]) -> None:
        """Have the server end the statement, so that the transaction can be rolled back."""
        try:
            await self.cancel_safe(timeout=STOP_SECONDS)
            await wait_async(gen, self.pgconn.socket, POLL_SECONDS, STOP_SECONDS)
        except errors.QueryCanceled:
            pass
        except BaseException as error:
            self.pgconn.finish()
            if not isinstance(error, Exception):
                raise

    def read(
        self,
        sql: str,
        parameters: Sequence[Any],
        done: Callable[["PostgresConnection"], None],
        timeout: float,
    ) -> "asyncio.Future[list[Row]]":
        """Read rows. Raises psycopg's errors, and TimeoutError after `timeout` seconds.

        The caller may be cancelled; the read goes on. `done` is called once, when the connection
        is free. It is then idle, or cannot be used any more.
        """
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        timer = loop.call_later(timeout, self._settle, [], TimeoutError())
        self._reading = Reading(self._read(sql, parameters), answer, timer, done)
        self._go_on(None)
        return answer

    async def close(self) -> None:
        self.unwatch()
        await super().close()

    def unwatch(self) -> None:
        """Stop watching the socket."""
        if self._watched != -1:
            # By the old number, because libpq closes the socket of a connection that breaks.
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._watched)
            loop.remove_writer(self._watched)
            self._watched = -1

    def _watch(self, wait: Wait) -> None:
        loop = asyncio.get_running_loop()
        if self._watched == -1:
            self._watched = self.fileno()
            loop.add_reader(self._watched, self._go_on, Ready.R)
        if wait & Wait.W:
            loop.add_writer(self._watched, self._go_on, Ready.W)

    def _go_on(self, ready: Ready | None) -> None:
        if self._waiting is not None and ready is not None:
            if not self._waiting.done():
                self._waiting.set_result(ready)
            return
        if self._reading is None:  # the server says, without a question, that it has ended
            self.unwatch()
            self.last_used = -inf
            return
        try:
            steps = self._reading.steps
            wait = next(steps) if ready is None else steps.send(ready)
        except StopIteration as stop:
            self._settle(stop.value)
        except Exception as error:  # any error is for the caller
            self._settle([], error)
        else:
            if ready is not None:
                # uvloop reports a socket that was reset only once, so watch it anew.
                self.unwatch()
            self._watch(wait)

    def _settle(self, rows: list[Row], error: Exception | None = None) -> None:
        assert self._reading is not None
        reading, self._reading = self._reading, None
        reading.timer.cancel()
        self.last_used = monotonic()
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            self.unwatch()  # at once, because the socket's number may soon belong to another one
        if not reading.answer.done():  # it is done if the caller was cancelled
            if error is None:
                reading.answer.set_result(rows)
            else:
                reading.answer.set_exception(error)
        reading.done(self)

    async def together(self, statements: Sequence[Statement]) -> PGresult:
        """Run these in one round trip. Returns the result of the last one. Raises psycopg's errors.

        Without a BEGIN, before or among them, they are one transaction.
        """
        return await self.wait(self._together(statements))

    def _together(self, statements: Sequence[Statement]) -> PQGen[PGresult]:
        pgconn = self.pgconn
        asked = [(sql, *self._dumped(parameters)) for sql, parameters in statements]
        distinct = {(sql, types) for sql, _, types, _ in asked}
        names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        if not self.is_pooled and len(distinct) <= PREPARED_TOGETHER:
            for sql, types in distinct:
                names[sql, types] = yield from self._name_of(sql, types)
        pgconn.enter_pipeline_mode()
        for sql, values, types, formats in asked:
            if name := names.get((sql, types)):
                pgconn.send_query_prepared(name, values, formats)
            else:
                pgconn.send_query_params(numbered(sql), values, types, formats)
        results = yield from finish(pgconn)
        require_done(results, self.info.encoding)
        return results[-1]

    def _read(self, sql: str, parameters: Sequence[Any]) -> PQGen[list[Row]]:
        try:
            result = yield from self._ask(sql, parameters)
        except errors.InvalidSqlStatementName:
            # Somebody had the server forget the prepared statements.
            self._names.clear()
            result = yield from self._ask(sql, parameters)
        return self.rows(result)

    def rows(self, result: PGresult) -> list[Row]:
        """The rows of a result, as Python's values."""
        self._transformer.set_pgresult(result)
        rows: list[Row] = self._transformer.load_rows(0, result.ntuples, tuple)
        self._transformer.set_pgresult(None)
        return rows

    def _ask(self, sql: str, parameters: Sequence[Any]) -> PQGen[PGresult]:
        values, types, formats = self._dumped(parameters)
        if self.is_pooled:
            self.pgconn.send_query_params(numbered(sql), values, types, formats)
            return (yield from self._answer())
        name = yield from self._name_of(sql, types)
        self.pgconn.send_query_prepared(name, values, formats)
        return (yield from self._answer())

    def _dumped(self, parameters: Sequence[Any]) -> Dumped:
        transformer = self._transformer
        values = transformer.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters))
        return values, transformer.types or (), transformer.formats

    def _name_of(self, sql: str, types: tuple[int, ...]) -> PQGen[bytes]:
        """The name under which the server knows the statement; it is prepared where it is new."""
        statement = sql, types
        name = self._names.pop(statement, None) or (yield from self._prepare(*statement))
        self._names[statement] = name
        return name

    def _prepare(self, sql: str, types: tuple[int, ...]) -> PQGen[bytes]:
        if len(self._names) == PREPARED:
            oldest = self._names.pop(next(iter(self._names)))
            self.pgconn.send_query(b"DEALLOCATE " + oldest)
            yield from self._answer()
        name = new_name()
        self.pgconn.send_prepare(name, numbered(sql), types)
        yield from self._answer()
        return name

    def _answer(self) -> PQGen[PGresult]:
        results: list[PGresult] = yield from execute(self.pgconn)
        # One, or two errors: a server that ends says why, and a pooler then that it is gone.
        require_done(results, self.info.encoding)
        return results[0]
