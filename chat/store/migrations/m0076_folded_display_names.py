"""Names that people have chosen are found in every spelling, as their subjects are."""

from chat.store.database import PART, Transaction
from chat.text.searching import key_of

STATEMENTS = ("ALTER TABLE users ADD COLUMN display_name_key TEXT NOT NULL DEFAULT ''",)


async def carry_over(transaction: Transaction) -> None:
    """Fold the names that there are."""
    last = 0
    while rows := await transaction.fetch(
        """
        SELECT id, display_name FROM users WHERE display_name <> '' AND id > ?
        ORDER BY id LIMIT ?
        """,
        (last, PART),
    ):
        await transaction.execute_many(
            "UPDATE users SET display_name_key = ? WHERE id = ?",
            [(key_of(name), id_) for id_, name in rows],
        )
        last = rows[-1][0]
