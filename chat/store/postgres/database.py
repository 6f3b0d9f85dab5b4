"""PostgreSQL through peewee-async and psycopg 3.

A statement is prepared once, and its parameters go to the server separately. `PostgresConnection`
prepares the statements of reads and transactions, and `exchange` those of batches of messages.
psycopg prepares none: after each ROLLBACK it would make the server forget all.

Behind a pooler in transaction mode (PgBouncer) nothing is prepared, and nothing is set: both would
stay on one of the pooler's connections to the server, and the next transaction may be on another.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from psycopg.pq import Conninfo, TransactionStatus
from psycopg.pq.abc import PGresult

from chat.errors import Unavailable
from chat.store.database import Database, Row, Transaction, listed, outcome_unknown, unreachable
from chat.store.models import TABLES
from chat.store.patience import PATIENCE, Patience
from chat.store.postgres import citus, citus_sends, citus_statements
from chat.store.postgres import sends as postgres_sends
from chat.store.postgres.citus_statements import FORM
from chat.store.postgres.connection import PostgresConnection, Statement
from chat.store.postgres.dialect import (
    LOCK_CONVERSATIONS,
    NOTE_TOUCHED,
    STAMP,
    TOUCH,
    Postgres,
    array,
)
from chat.store.postgres.errors import is_open, passes
from chat.store.postgres.exchange import Answer, Values, exchange
from chat.store.postgres.inspection import in_one_line, inspect
from chat.store.postgres.partitions import partition
from chat.store.postgres.pool import PooledPostgresDatabase, PostgresConnections
from chat.store.sends import Send
from chat.times import now

CONNECTION_DEFAULTS = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "application_name": "payam",
}
"""Defaults of libpq's options. The URL and libpq's variables (PGCONNECT_TIMEOUT, …) win."""
MIGRATION_LOCK = 0x70617961  # "paya": any number that nobody else uses


class PostgresTransaction(Postgres, Transaction):
    """It takes as few round trips as its answers need: BEGIN goes out with the first statement."""

    def __init__(self, connection: PostgresConnection) -> None:
        self.connection = connection
        self._stamp = 0
        """The number of this transaction; 0 while it is not known here."""
        self._due: list[Statement] = [("BEGIN", ())]
        """What goes out together with the next statement."""
        if connection.is_divided:
            self.form, self.part = FORM, 1

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return await self._fetch(*await self._written(sql, parameters))

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return (await self._run(*await self._written(sql, parameters))).command_tuples or 0

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            await self._add(sql, rows)
            await self._send_due()

    async def later(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        await self._add(sql, rows)

    async def lock_conversations(self, conversation_ids: Sequence[int]) -> None:
        if self.connection.is_divided:
            for conversation_id in conversation_ids:
                await self.execute(citus_statements.LOCK, (conversation_id,))
            return
        await self._add(LOCK_CONVERSATIONS, [(array(conversation_ids),)])

    async def touch(self, conversation_ids: Sequence[int]) -> None:
        ids = ",".join(map(str, conversation_ids))
        if self.connection.is_divided:
            await self.execute(NOTE_TOUCHED, (ids, now()))
            await self.execute(citus_statements.TOUCH, (listed(conversation_ids),))
            return
        await self._add(TOUCH, [(ids, now(), array(conversation_ids))])

    async def commit(self) -> None:
        self.connection.is_committing = True
        result = await self._run("COMMIT")
        if result.command_status == b"ROLLBACK":
            # PostgreSQL says so without an error where an earlier statement has failed.
            raise psycopg.errors.InFailedSqlTransaction("nothing was stored")

    async def rollback(self) -> None:
        if self.connection.pgconn.transaction_status != TransactionStatus.IDLE:
            with suppress(psycopg.Error):  # it is lost, and so is the transaction
                await self.connection.together([("ROLLBACK", ())])

    async def _run(self, sql: str, parameters: Sequence[Any] = ()) -> PGresult:
        self._due.append((sql, parameters))
        return await self._send_due()

    async def _fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.connection.rows(await self._run(sql, parameters))

    async def _send_due(self) -> PGresult:
        """Returns the result of the last one. After an error nothing is done any more."""
        result = await self.connection.together(self._due)
        self._due = []
        return result

    async def _add(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            self._due.append(await self._written(sql, row))

    async def _written(self, sql: str, parameters: Sequence[Any]) -> Statement:
        """The statement as it is run: on a Citus cluster with more in its text."""
        if not self.connection.is_divided:
            return sql, parameters
        if STAMP in sql:
            if not self._stamp:
                ((self._stamp,),) = await self._fetch(f"SELECT {STAMP}")
            sql = citus_statements.stamped(sql, self._stamp)
        if citus_statements.asks_moment(sql):
            (moment,) = await self._fetch(citus_statements.MOMENT)
            sql = citus_statements.at_moment(sql, *moment)
        sql, purpose = citus_statements.without_locks(sql, parameters)
        if purpose:
            await self._fetch(citus_statements.TAKE_TURN, (purpose,))
        return citus_statements.with_lists(sql, parameters)


def conninfo_of(url: str) -> dict[str, Any]:
    """The options of a connection for libpq, by name."""
    # libpq ignores its variable for an option that is given, so a default would win over it.
    given = {one.keyword.decode() for one in Conninfo.get_defaults() if one.val is not None}
    defaults = {name: value for name, value in CONNECTION_DEFAULTS.items() if name not in given}
    # This wins over the URL, because rows have text of every language.
    return defaults | psycopg.conninfo.conninfo_to_dict(url) | {"client_encoding": "UTF8"}


class PostgresStore(Postgres, Database):
    def __init__(self, url: str, pool_size: int, patience: Patience = PATIENCE) -> None:
        options = conninfo_of(url)
        self._conninfo = conninfo = psycopg.conninfo.make_conninfo("", **options)
        super().__init__(
            PooledPostgresDatabase(
                options.get("dbname") or "by libpq",  # peewee wants a name, and uses none
                pool_params={
                    "conninfo": conninfo,
                    "max_size": pool_size,
                    "patience": patience.connection,
                },
            )
        )
        self.is_divided = False
        """Whether this is a Citus cluster. It is known once it is open."""
        self._connections = PostgresConnections(self.peewee.pool_backend, pool_size, patience)

    async def inspect(self) -> str:
        tables = [model._meta.table_name for model in TABLES]
        return await inspect(self._conninfo, [*tables, "schema_migrations"])

    def reason(self, error: Exception) -> str | None:
        if not isinstance(error, psycopg.Error):
            return None
        return error.diag.message_primary or in_one_line(error)

    async def is_serving(self) -> bool:
        row = await self.fetch_one("SELECT current_setting('transaction_read_only')")
        return row == ("off",)

    async def open(self) -> None:
        await self.peewee.aio_connect()
        try:
            async with self.connection() as connection:
                self.is_divided = connection.is_divided
        except BaseException:
            await self.close()
            raise
        if self.is_divided:
            self.form, self.part = FORM, 1

    async def close(self) -> None:
        await self._connections.close()
        await self.peewee.aio_close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PostgresConnection]:
        """A connection for a `with` block. Raises Unavailable if the server is away, then too if
        that happens within the block.
        """
        connection = await self._connections.take()
        try:
            yield connection
        except (psycopg.Error, TimeoutError) as error:
            if passes(error, connection):
                raise unreachable(error) from error
            raise
        finally:
            connection.is_committing = False
            await self._connections.give_back(connection)

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        if self.is_divided:
            if citus_statements.asks_moment(sql):
                (moment,) = await self._fetch(citus_statements.MOMENT, ())
                sql = citus_statements.at_moment(sql, *moment)
            sql, parameters = citus_statements.with_lists(sql, parameters)
        return await self._fetch(sql, parameters)

    async def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """Read. If a connection turns out to be dead, as all are after a restart, read again."""
        connections = self._connections
        attempt = 0
        while True:
            attempt += 1
            connection = await connections.take_for_read()
            try:
                return await connections.read(connection, sql, parameters)
            except (psycopg.Error, TimeoutError) as error:
                if not passes(error, connection):
                    raise
                is_dead = connection.closed and isinstance(error, psycopg.OperationalError)
                if not is_dead or attempt == connections.attempts:
                    raise unreachable(error) from error

    async def together(self, statements: Sequence[tuple[str, Values]]) -> list[Answer]:
        """Commit these as one transaction, in one round trip. Returns the answer of each.

        Raises Unavailable and OutcomeUnknown.
        """
        is_sent = False
        try:
            async with self.connection() as connection:
                is_sent = connection.is_committing = True
                try:
                    return await self._exchange(connection, statements)
                except psycopg.errors.InvalidSqlStatementName:
                    # Somebody had the server forget the prepared statements.
                    connection.prepared.clear()
                    return await self._exchange(connection, statements)
        except Unavailable as error:
            # If the connection still works, the error came from the server, which rolled back.
            if is_sent and connection.closed:
                raise outcome_unknown(error) from error
            raise

    @staticmethod
    async def _exchange(
        connection: PostgresConnection, statements: Sequence[tuple[str, Values]]
    ) -> list[Answer]:
        prepared = None if connection.is_pooled else connection.prepared
        steps = exchange(connection.pgconn, statements, prepared, connection.info.encoding)
        return await connection.wait(steps)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        is_committing = False
        try:
            async with self.connection() as connection:
                transaction = PostgresTransaction(connection)
                try:
                    yield transaction
                    is_committing = True
                    await transaction.commit()
                except BaseException:
                    await transaction.rollback()
                    raise
        except Unavailable as error:
            if is_committing and is_open(error.__cause__, connection):
                raise outcome_unknown(error) from error
            raise

    async def insert_sends(self, sends: Sequence[Send]) -> bool:
        if self.is_divided:
            return await citus_sends.store(self, sends)
        return await postgres_sends.store(self, sends)

    def skip_locked(self, table: str) -> str:
        return f"FOR UPDATE OF {table} SKIP LOCKED"

    async def lock_schema(self, transaction: Transaction) -> None:
        await transaction.fetch("SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))
        if self.is_divided:
            await citus.take_turns(transaction)

    def as_step(self, statement: str) -> str:
        return citus.without_foreign_keys(statement) if self.is_divided else statement

    async def partition(self, transaction: Transaction, parts: int) -> None:
        await partition(transaction, parts)

    async def divide(self, transaction: Transaction) -> None:
        await citus.divide(transaction)

    async def after_numbering(self, transaction: Transaction, table: str) -> None:
        await transaction.fetch(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - a table's name of ours
        )

    async def reserve_ids(self, transaction: Transaction, table: str, last: int) -> None:
        sequence = f"pg_get_serial_sequence('{table}', 'id')"
        await transaction.fetch(
            f"SELECT setval({sequence}, greatest(nextval({sequence}), ?))",
            (last,),
        )


def connect(url: str, pool_size: int, patience: Patience) -> PostgresStore:
    return PostgresStore(url, pool_size, patience)
