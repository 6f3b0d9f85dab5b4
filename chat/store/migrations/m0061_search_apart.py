"""On SQLite what search looks in is in a file of its own: see `store.sqlite.index`.

There it is made anew from the messages. These tables stay empty.
"""

from chat.store.database import Transaction
from chat.store.migrations import m0026_search

STATEMENTS = ()
EMPTY = (
    "DROP TABLE search_pieces",
    "DROP TABLE search_texts",
    *m0026_search.SQLITE,
    "DELETE FROM positions WHERE follower = 'search'",
    "DELETE FROM followers WHERE name IN ('search', 'search rebuild')",
)


async def carry_over(transaction: Transaction) -> None:
    if transaction.dialect == "sqlite":
        for statement in EMPTY:
            await transaction.execute(statement)
