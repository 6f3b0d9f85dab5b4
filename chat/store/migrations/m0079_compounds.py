"""A compound that has a non-joiner is found with a space too: see `text.searching`.

The follower of search begins anew. Whatever it has kept is found as before until it comes there.
On SQLite it keeps that in another file, which is made anew by its own version.
"""

from chat.store.database import PART, Transaction
from chat.text.searching import NON_JOINER, text_key

STATEMENTS = (
    "DELETE FROM positions WHERE follower = 'search'",
    "DELETE FROM followers WHERE name = 'search'",
)


async def carry_over(transaction: Transaction) -> None:
    """Fold notes of staff, and subjects of tickets, anew that have a non-joiner."""
    has_one = f"%{NON_JOINER}%"
    place = (0, 0)
    while rows := await transaction.fetch(
        """
        SELECT conversation_id, id, content FROM notes
        WHERE content LIKE ? AND (conversation_id, id) > (?, ?)
        ORDER BY conversation_id, id LIMIT ?
        """,
        (has_one, *place, PART),
    ):
        await transaction.execute_many(
            "UPDATE notes SET folded = ? WHERE conversation_id = ? AND id = ?",
            [(text_key(content), conversation_id, id_) for conversation_id, id_, content in rows],
        )
        place = rows[-1][0], rows[-1][1]
    last = 0
    while rows := await transaction.fetch(
        """
        SELECT id, subject FROM support_tickets WHERE subject LIKE ? AND id > ?
        ORDER BY id LIMIT ?
        """,
        (has_one, last, PART),
    ):
        await transaction.execute_many(
            "UPDATE support_tickets SET subject_key = ? WHERE id = ?",
            [(text_key(subject), id_) for id_, subject in rows],
        )
        last = rows[-1][0]
