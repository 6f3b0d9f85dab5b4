"""Stamps say which transaction changed what last; they are what a cursor is made of.

`changed` is the transaction's number: PostgreSQL's own, or the `clock` of SQLite. The rows
that are there already keep 0, which is before every cursor. There is no index on it:
PostgreSQL would have to change that with each change of a conversation.

`touched` has a row per transaction that changed conversations, with their ids. Rows are kept
for some minutes; `clock.pruned` is the highest stamp of those that are gone.

`incarnation` is lost where PostgreSQL may give numbers of transactions out again: after a
crash, and after the promotion of a standby. SQLite's clock is in the database itself.
"""

from chat.store.database import Transaction

STATEMENTS = (
    "ALTER TABLE conversations ADD COLUMN changed BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN changed BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE participants ADD COLUMN changed BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX participants_left ON participants (user_id) WHERE NOT is_active",
    """
    CREATE TABLE touched (
        changed BIGINT PRIMARY KEY NOT NULL,
        ids TEXT NOT NULL,
        at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE clock (
        id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
        value BIGINT NOT NULL,
        pruned BIGINT NOT NULL
    )
    """,
    "INSERT INTO clock (id, value, pruned) VALUES (1, 0, 0)",
)
INCARNATION = """
    CREATE {unlogged} TABLE incarnation (
        id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
        name TEXT NOT NULL
    )
"""


async def carry_over(transaction: Transaction) -> None:
    unlogged = "UNLOGGED" if transaction.dialect == "postgresql" else ""
    await transaction.execute(INCARNATION.format(unlogged=unlogged))
