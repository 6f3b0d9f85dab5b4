"""One database, SQLite or PostgreSQL, behind the same few calls.

SQL is written once, with `?` for a parameter. A read takes any free connection. Changes happen in
a `transaction`. The failure of a dependency (a server that is gone, a full disk, a lock that cannot
be had) is the same error on both: `Unavailable`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec
import peewee
from peewee_async.databases import AioDatabase

from chat.errors import OutcomeUnknown, PayamError, Unavailable
from chat.store.sends import Send

Row = tuple[Any, ...]
Item = TypeVar("Item")
RETRY_AFTER = 1.0
NOTHING_STORED = "nothing was stored"
PART = 2_000
"""Most rows of one answer, where many rows are asked for by their keys."""


class Unfit(PayamError):
    """The database answers, but an operator has to change something before it can serve."""

    code = "database_unfit"


class Reads(Protocol):
    """Something to read from: a database, or a transaction, which sees its own changes."""

    dialect: ClassVar[str]
    binary: ClassVar[str]
    """Collation clause that makes a text column compare by code point."""
    ids: ClassVar[str]
    texts: ClassVar[str]
    """Subqueries of the items of a list: `f"… WHERE id IN ({reads.ids})"`, with `listed(keys)`
    as their one parameter. So a statement is the same for a list of any length."""
    not_by: ClassVar[str]
    """Before a column it keeps SQLite from finding rows by it: for `conversation_id = ? AND id IN
    (…)` alone SQLite goes through the whole conversation."""
    pairs: ClassVar[str]
    """The same as `ids` of pairs of numbers, which it calls `one` and `two`."""

    stamp: ClassVar[str]
    """The number of the present transaction, as an expression: what it stores as `changed`."""
    horizon: ClassVar[str]
    """An expression of a statement's snapshot: what the statement does not see yet has a stamp
    that is not below it. So whoever asks later for `changed >= horizon` misses nothing."""
    incarnation: ClassVar[str]
    """Within which stamps are comparable, as an expression; NULL where it has no name yet."""
    joined: ClassVar[str]
    """The aggregate that puts the texts of all rows into one: `{joined}(text, ',')`."""
    moment: ClassVar[str]
    """The present by the database's own clock, in microseconds, as an expression."""

    form: str
    """The dialect, or "citus": by this a statement is chosen where those of PostgreSQL will not do
    for a cluster."""
    part: int
    """Most conversations that one statement may ask for in depth: give it to `in_parts`."""

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of the answer. Raises Unavailable if the database cannot be reached."""
        ...


class Transaction(Reads, Protocol):
    """Statements that last together or not at all."""

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement. Returns how many rows it changed."""
        ...

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None: ...

    async def later(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """The same, together with the next statement that is waited for, or with the commit. So it
        takes no round trip of its own, and an error of the database comes only then.
        """
        ...

    async def lock_conversations(self, conversation_ids: Sequence[int]) -> None:
        """Lock these conversations until the commit. The ids must be in ascending order."""
        ...

    async def touch(self, conversation_ids: Sequence[int]) -> None:
        """Stamp these: they change with this transaction.

        To be called once, at the end of each transaction that changes conversations in whatever
        a client may see. Sends are stamped as they are stored.
        """
        ...


class Database(Reads, ABC):
    """The database on which the store's modules run their statements."""

    def __init__(self, peewee_database: AioDatabase) -> None:
        self.peewee = peewee_database

    @abstractmethod
    async def inspect(self) -> str:
        """Try the database, open or not. Returns in a few words what was found.

        Raises Unfit, and Unavailable while it is away.
        """

    @abstractmethod
    async def open(self) -> None: ...

    @abstractmethod
    def reason(self, error: Exception) -> str | None:
        """An error of the database's driver, in one line; None for any other error."""

    @abstractmethod
    async def is_serving(self) -> bool:
        """Whether the database takes changes now. Raises Unavailable."""

    @abstractmethod
    async def close(self) -> None: ...

    async def align(self) -> bool:
        """Empty what was made of another history; whether that was so. See `sqlite.index`."""
        return False

    @abstractmethod
    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of the answer. Raises Unavailable if the database cannot be reached."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A `with` block that commits at its end, and rolls back if it raises."""

    async def store_sends(self, sends: Sequence[Send]) -> bool:
        """Commit the batch. Each send then has its id and `seq`, or its error.

        Returns whether the sends of each conversation are in the order of `seq`. Raises the errors
        of the database. Then nothing was stored, or perhaps everything if the connection broke
        during the commit. Where it is cancelled, anything may be stored, unless it is `given_up`.
        """
        for send in sends:
            send.begin()
        return await self.insert_sends(sends)

    @abstractmethod
    async def insert_sends(self, sends: Sequence[Send]) -> bool:
        """The engine's own part of `store_sends`."""

    @abstractmethod
    def skip_locked(self, table: str) -> str:
        """The end of a SELECT that locks rows of this table, and leaves out what others lock."""

    @abstractmethod
    async def lock_schema(self, transaction: Transaction) -> None:
        """Keep every other migration out until the transaction ends."""

    def as_step(self, statement: str) -> str:
        """A statement of the schema's steps, as this database takes it."""
        return statement

    @abstractmethod
    async def partition(self, transaction: Transaction, parts: int) -> None:
        """Keep messages in so many partitions; raises Unfit where that cannot be."""

    @abstractmethod
    async def divide(self, transaction: Transaction) -> None:
        """Divide the tables by conversation among several servers; raises Unfit where that cannot
        be. What is divided already stays."""

    @abstractmethod
    async def after_numbering(self, transaction: Transaction, table: str) -> None:
        """Continue the numbering of ids after rows that were inserted with given ids."""

    @abstractmethod
    async def reserve_ids(self, transaction: Transaction, table: str, last: int) -> None:
        """Give out no id up to `last` any more: rows with given ids will have these."""

    async def fetch_one(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        rows = await self.fetch(sql, parameters)
        return rows[0] if rows else None

    def compile(self, query: peewee.Query) -> tuple[str, list[Any]]:
        """The SQL text and the parameters of a query that a model built."""
        sql, parameters = self.peewee.get_sql_context().sql(query).query()
        # Peewee writes the driver's own placeholder. Here `?` is translated later.
        return sql.replace("%s", "?"), parameters

    async def select(self, query: peewee.Query) -> list[Row]:
        return await self.fetch(*self.compile(query))


def listed(keys: Iterable[int | str | tuple[int, int]]) -> str:
    """The parameter for `Reads.ids`, `Reads.texts` and `Reads.pairs`."""
    return msgspec.json.encode(list(keys)).decode()


def in_parts(keys: Iterable[Item], size: int = PART) -> Iterator[list[Item]]:
    """The keys in parts. A part is so small that reading its answer does not block the loop."""
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part


def unreachable(error: Exception) -> Unavailable:
    """The error that stands for every way in which a database can be away."""
    unavailable = Unavailable(
        "The database cannot be reached at the moment.", retry_after=RETRY_AFTER
    )
    unavailable.__cause__ = error
    return unavailable


def outcome_unknown(error: Exception) -> OutcomeUnknown:
    """The error for a commit that was sent, and whose answer never came."""
    unknown = OutcomeUnknown(
        "The database was lost while it stored this: it may be stored or not.",
        retry_after=RETRY_AFTER,
    )
    unknown.__cause__ = error
    return unknown


def given_up() -> asyncio.CancelledError:
    """The error where the database knows that what was cancelled is not stored, nor will be."""
    return asyncio.CancelledError(NOTHING_STORED)


def was_given_up(error: TimeoutError) -> bool:
    """Whether `asyncio.timeout` has cancelled what ended with `given_up`."""
    return isinstance(error.__cause__, asyncio.CancelledError) and error.__cause__.args == (
        NOTHING_STORED,
    )
