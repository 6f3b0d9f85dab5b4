"""Brings a database to the present schema: numbered steps, each applied once, in order."""

import importlib
import pkgutil

from chat.errors import PayamError
from chat.store import migrations
from chat.store.database import Database, Reads, Transaction, Unfit

IDENTITY = {
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "postgresql": "BIGSERIAL PRIMARY KEY",
}
BY_KEY = {"sqlite": " WITHOUT ROWID", "postgresql": ""}
"""The storage of a table whose rows are found by their primary key alone."""


class SchemaError(Unfit):
    """The database is not at the schema that this code needs."""

    code = "schema"


def known() -> list[str]:
    """The names of all steps, in their order."""
    return sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))


async def migrate(
    database: Database, partitions: int | None = None, *, divide: bool = False
) -> list[str]:
    """Apply the missing steps, all or none. Returns their names.

    With `partitions` messages are kept in so many, which is possible only before there are any.
    With `divide` tables are divided among the servers of a Citus cluster, which is possible only
    before there are conversations.
    Workers that start together take turns, and the later ones find nothing to do. Raises Unfit,
    whose text is one line, if the database refuses a statement or has messages already.
    """
    try:
        return await bring_up(database, partitions, divide=divide)
    except PayamError:
        raise
    except Exception as error:
        reason = database.reason(error)
        if reason is None:
            raise
        raise Unfit(f"The schema cannot be brought up to date: {reason}.") from error


async def bring_up(database: Database, partitions: int | None, *, divide: bool) -> list[str]:
    if partitions is None and not divide and not await missing_of(database):
        return []
    async with database.transaction() as transaction:
        await database.lock_schema(transaction)
        await transaction.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY)"
        )
        missing = await missing_of(transaction)
        for name in missing:
            await apply(database, transaction, name)
        if partitions is not None:
            await database.partition(transaction, partitions)
        if divide or database.form == "citus":
            await database.divide(transaction)
    return missing


async def apply(database: Database, transaction: Transaction, name: str) -> None:
    step = importlib.import_module(f"{migrations.__name__}.{name}")
    for statement in step.STATEMENTS:
        written = statement.format(
            id=IDENTITY[database.dialect],
            binary=database.binary,
            by_key=BY_KEY[database.dialect],
        )
        await transaction.execute(database.as_step(written))
    # This does what SQL cannot do, such as making a random value, or folding a text in Python.
    carry_over = getattr(step, "carry_over", None)
    if carry_over is not None:
        await carry_over(transaction)
    await transaction.execute("INSERT INTO schema_migrations (name) VALUES (?)", (name,))


async def missing_of(reads: Reads) -> list[str]:
    """The steps that are not applied yet, in their order."""
    present = {
        "sqlite": "SELECT name FROM sqlite_master WHERE name = 'schema_migrations'",
        "postgresql": "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL",
    }[reads.dialect]
    applied: set[str] = set()
    if await reads.fetch(present):
        applied = {name for (name,) in await reads.fetch("SELECT name FROM schema_migrations")}
    return [name for name in known() if name not in applied]


async def require_current(database: Database) -> None:
    """Raises SchemaError if a step is missing. Its text says in one line what to do."""
    if missing := await missing_of(database):
        raise SchemaError(
            f"The database lacks {', '.join(missing)}; run `python -m chat migrate` first."
        )
