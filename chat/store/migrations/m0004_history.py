"""Names the database's history, so that a restored backup is known for what it is.

One row: whose database this is, and the epoch of its numbers.
"""

import secrets

from chat.store.database import Transaction

STATEMENTS = (
    """
    CREATE TABLE history (
        id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
        deployment TEXT NOT NULL,
        epoch TEXT NOT NULL
    )
    """,
)


async def carry_over(transaction: Transaction) -> None:
    await transaction.execute(
        "INSERT INTO history (id, deployment, epoch) VALUES (1, ?, ?)",
        (secrets.token_hex(8), secrets.token_hex(4)),
    )
