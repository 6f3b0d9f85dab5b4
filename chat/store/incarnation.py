"""Statements that also read the incarnation of the database in which their stamps count.

When PostgreSQL has lost the incarnation's name, it may have given numbers of transactions again
that earlier cursors know. So the next reader gives it a new name.
"""

import secrets
from collections.abc import Sequence

from chat.store.database import Reads, Row

NAME = """
    INSERT INTO incarnation (id, name) VALUES (1, ?) ON CONFLICT (id) DO NOTHING RETURNING name
"""


async def snapshot(reads: Reads, sql: str, parameters: Sequence[int]) -> Row:
    """The one row of a statement that begins `SELECT {horizon}, {incarnation}`."""
    statement = sql.format(
        horizon=reads.horizon, incarnation=reads.incarnation, joined=reads.joined
    )
    while True:
        (row,) = await reads.fetch(statement, parameters)
        if row[1] is not None:
            return row
        await reads.fetch(NAME, (secrets.token_hex(4),))
