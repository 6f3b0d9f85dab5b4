"""Who is in a conversation, and how far each has read."""

from msgspec import Struct

from chat.store.database import Database, Transaction


class ReadMarks(Struct, frozen=True):
    """How far a conversation has been read, as one participant sees it.

    `last_read_id` is the last message that this user has read; `others_read_id` the one
    that every other participant has read, or None where there is no other.
    """

    user_id: int
    last_read_id: int
    others_read_id: int | None

    def has_read(self, message_id: int, sender_id: int) -> bool:
        """`is_read` of a message, for this participant."""
        if sender_id != self.user_id:
            return message_id <= self.last_read_id
        return self.others_read_id is None or message_id <= self.others_read_id


async def seq_for(database: Database, conversation_id: int, user_id: int) -> int | None:
    """The conversation's `seq`, or None where the user is not in it."""
    row = await database.fetch_one(
        """
        SELECT c.seq FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
        WHERE p.conversation_id = ? AND p.user_id = ? AND p.is_active
        """,
        (conversation_id, user_id),
    )
    return row[0] if row else None


async def is_active(transaction: Transaction, conversation_id: int, user_id: int) -> bool:
    return bool(
        await transaction.fetch(
            "SELECT 1 FROM participants WHERE conversation_id = ? AND user_id = ? AND is_active",
            (conversation_id, user_id),
        )
    )


async def join(transaction: Transaction, conversation_id: int, user_id: int, seq: int) -> None:
    """What was said before the joining does not count as unread."""
    await transaction.execute(
        """
        INSERT INTO participants (conversation_id, user_id, is_active, seq, last_read_id)
        SELECT id, ?, TRUE, ?, coalesce(last_message_id, 0) FROM conversations WHERE id = ?
        ON CONFLICT (conversation_id, user_id) DO UPDATE
        SET is_active = TRUE, seq = excluded.seq, last_read_id = excluded.last_read_id
        """,
        (user_id, seq, conversation_id),
    )


async def leave(transaction: Transaction, conversation_id: int, user_id: int, seq: int) -> None:
    await transaction.execute(
        """
        UPDATE participants SET is_active = FALSE, seq = ?
        WHERE conversation_id = ? AND user_id = ?
        """,
        (seq, conversation_id, user_id),
    )


async def read_up_to(
    transaction: Transaction, conversation_id: int, user_id: int, message_id: int
) -> bool:
    """Whether the pointer moved: it only moves forward."""
    return bool(
        await transaction.execute(
            """
            UPDATE participants SET last_read_id = ?
            WHERE conversation_id = ? AND user_id = ? AND is_active AND last_read_id < ?
            """,
            (message_id, conversation_id, user_id, message_id),
        )
    )
