"""Counts reactions again, and finds where the stored numbers differ."""

from chat.store.database import Database
from chat.store.drift import Drift

COUNTS = """
    SELECT conversation_id, message_id, emoji, max(stored), max(counted) FROM (
        SELECT conversation_id, message_id, emoji, count AS stored, 0 AS counted
        FROM reaction_counts
        UNION ALL
        SELECT conversation_id, message_id, emoji, 0, count(*)
        FROM reactions WHERE is_there GROUP BY conversation_id, message_id, emoji
    ) AS numbers
    GROUP BY conversation_id, message_id, emoji HAVING max(stored) <> max(counted)
    ORDER BY conversation_id, message_id, emoji
"""
OF_EMOJI = "conversation_id = ? AND message_id = ? AND emoji = ?"
FORGET = f"DELETE FROM reaction_counts WHERE {OF_EMOJI}"  # noqa: S608 - of ours
MEND = f"""
    INSERT INTO reaction_counts (conversation_id, message_id, emoji, count, first_seq, last_seq)
    SELECT conversation_id, message_id, emoji, count(*) FILTER (WHERE is_there), min(seq), max(seq)
    FROM reactions WHERE {OF_EMOJI} GROUP BY conversation_id, message_id, emoji
"""  # noqa: S608 - of ours


async def examine(database: Database) -> list[Drift]:
    return [
        Drift(
            f"message {message_id} of conversation {conversation_id}: {counted} people reacted"
            f" with {emoji}, not {stored}",
            [(sql, (conversation_id, message_id, emoji)) for sql in (FORGET, MEND)],
        )
        for conversation_id, message_id, emoji, stored, counted in await database.fetch(COUNTS)
    ]
