"""A connection to PostgreSQL on which a read needs no task, no cursor and no wait of its own.

psycopg makes a cursor, converts the statement and has the event loop watch the socket anew for
each: 150 to 220 µs of processor time to read 50 messages, where this takes 75 to 130, or 60 with
several at a time.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

from psycopg import AsyncConnection, errors
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import execute
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

from chat.store.database import Row
from chat.store.postgres.exchange import new_name, numbered

READ_TIMEOUT = 10.0
"""Seconds that a read may take before its connection is given up: a network that swallows
packets gives no other sign."""
PREPARED = 100
"""Statements that a connection knows at most: one with a list is another for each length."""


@dataclass(slots=True)
class Reading:
    """A read under way."""

    steps: PQGen[list[Row]]
    answer: "asyncio.Future[list[Row]]"
    timer: asyncio.TimerHandle
    done: Callable[["PostgresConnection"], None]


class PostgresConnection(AsyncConnection[Row]):
    """For one use at a time: a `read`, or, once it is `unwatch`ed, all that is psycopg's."""

    def __init__(self, pgconn: PGconn) -> None:
        super().__init__(pgconn)
        self.last_used = -inf
        """Seconds of `time.monotonic`."""
        self.prepared: dict[str, bytes] = {}
        """The names of what `exchange` has prepared."""
        self._transformer = Transformer(self)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        """Of what `read` has prepared, by statement and types; the last used is last."""
        self._reading: Reading | None = None
        self._watched = -1

    def read(
        self, sql: str, parameters: Sequence[Any], done: Callable[["PostgresConnection"], None]
    ) -> "asyncio.Future[list[Row]]":
        """Rows; or psycopg's errors, or TimeoutError after READ_TIMEOUT seconds.

        Whoever waits for them may be cancelled: the read goes on. `done` is called once, when
        the connection is free: idle then, or of no use any more.
        """
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        timer = loop.call_later(READ_TIMEOUT, self._settle, [], TimeoutError())
        self._reading = Reading(self._read(sql, parameters), answer, timer, done)
        self._go_on(None)
        return answer

    def unwatch(self) -> None:
        """Leave the socket to psycopg, which watches it itself while it waits."""
        if self._watched != -1:
            # By its number of then: libpq closes the socket of a connection that breaks.
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
        if self._reading is None:  # unasked, it says that it has ended
            self.unwatch()
            self.last_used = -inf
            return
        try:
            steps = self._reading.steps
            wait = next(steps) if ready is None else steps.send(ready)
        except StopIteration as stop:
            self._settle(stop.value)
        except Exception as error:  # whatever it is, it is who waits that is told
            self._settle([], error)
        else:
            if ready is not None:
                # uvloop tells of a socket that was reset once, and of what follows no more.
                self.unwatch()
            self._watch(wait)

    def _settle(self, rows: list[Row], error: Exception | None = None) -> None:
        assert self._reading is not None
        reading, self._reading = self._reading, None
        reading.timer.cancel()
        self.last_used = monotonic()
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            self.unwatch()  # now: where it broke, the socket's number may soon be another's
        if not reading.answer.done():  # as it is when who waited was cancelled
            if error is None:
                reading.answer.set_result(rows)
            else:
                reading.answer.set_exception(error)
        reading.done(self)

    def _read(self, sql: str, parameters: Sequence[Any]) -> PQGen[list[Row]]:
        try:
            result = yield from self._ask(sql, parameters)
        except errors.InvalidSqlStatementName:
            # After a ROLLBACK psycopg has the server forget what was prepared.
            self._names.clear()
            result = yield from self._ask(sql, parameters)
        self._transformer.set_pgresult(result)
        rows = self._transformer.load_rows(0, result.ntuples, tuple)
        self._transformer.set_pgresult(None)
        return rows

    def _ask(self, sql: str, parameters: Sequence[Any]) -> PQGen[PGresult]:
        transformer = self._transformer
        values = transformer.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters))
        formats = transformer.formats
        statement = sql, transformer.types or ()
        name = self._names.pop(statement, None) or (yield from self._prepare(*statement))
        self._names[statement] = name
        self.pgconn.send_query_prepared(name, values, formats)
        return (yield from self._answer())

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
        result: PGresult
        [result] = yield from execute(self.pgconn)
        if result.status == ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(result, self.info.encoding)
        return result
