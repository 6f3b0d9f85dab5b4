"""Finds participants who are marked as blocked and are not, or the other way round.

Who is blocked in a conversation of two that is not direct was settled when the two came into it, or
when the block was made. So there only a mark without any block is a drift.
"""

from chat.store.database import Database
from chat.store.drift import Drift

MARKED = """
    SELECT p.conversation_id, p.user_id, p.is_blocked
    FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
    WHERE (p.is_blocked OR c.is_direct) AND (CASE WHEN p.is_blocked THEN 1 ELSE 0 END)
        <> (CASE WHEN EXISTS (
                SELECT 1 FROM blocks AS b JOIN participants AS o
                    ON o.user_id = b.blocker_id AND o.conversation_id = p.conversation_id
                WHERE b.blocked_id = p.user_id) THEN 1 ELSE 0 END)
    ORDER BY p.conversation_id, p.user_id
"""
MEND = """
    UPDATE participants SET is_blocked = NOT is_blocked WHERE conversation_id = ? AND user_id = ?
"""


async def examine(database: Database) -> list[Drift]:
    return [
        Drift(
            f"conversation {conversation_id}: user {user_id} is"
            f" {'marked as blocked, and is not' if is_blocked else 'blocked, and not marked so'}",
            [(MEND, (conversation_id, user_id))],
        )
        for conversation_id, user_id, is_blocked in await database.fetch(MARKED)
    ]
