"""The name of the database's history: its deployment, and the epoch of its numbers.

A `seq` counts within one epoch. This example shows why:

1. A client has received the changes 1 to 5 of a conversation.
2. The database is put back to a backup with 2 changes; `restored` renews the epoch.
3. Five new messages become the changes 3 to 7.
4. The client returns with `since=5`. From the number alone it would get 6 and 7, and never the
   new 3, 4 and 5. From the epoch the server knows that this 5 is not the present 5.
"""

import secrets

from msgspec import Struct

from chat.errors import PayamError
from chat.store.database import Database, Transaction

# A copy of a database has the same row. On PostgreSQL the database's own number differs.
READ = {
    "sqlite": "SELECT deployment, epoch FROM history",
    "postgresql": """
        SELECT deployment || '-' || (SELECT oid FROM pg_database
                                     WHERE datname = current_database()), epoch
        FROM history
    """,
}


class Name(Struct, frozen=True):
    """`deployment` never changes. `epoch` is renewed when the numbers have gone back."""

    deployment: str
    epoch: str


async def read(database: Database) -> Name:
    """The present name. Raises PayamError if the database has none."""
    row = await database.fetch_one(READ[database.dialect])
    if row is None:
        raise PayamError("The table `history` is empty; it must have one row.")
    return Name(*row)


async def renew(database: Database, known: str | None = None) -> None:
    """Begin a new epoch. With `known`, only if that is still the present one."""
    async with database.transaction() as transaction:
        await begin(transaction, known)


async def begin(transaction: Transaction, known: str | None = None) -> str:
    """The same within a transaction. Returns the new epoch."""
    epoch = secrets.token_hex(4)
    only = "" if known is None else " WHERE epoch = ?"
    parameters = (epoch, *(() if known is None else (known,)))
    await transaction.execute(f"UPDATE history SET epoch = ?{only}", parameters)  # noqa: S608
    return epoch
