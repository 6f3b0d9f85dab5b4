"""Direct conversations: the one conversation of two people."""

from typing import NamedTuple

from chat.store import participants
from chat.store.database import Reads, Transaction

PENDING = 0
"""Stands for the id while this very transaction makes the conversation."""


class Pair(NamedTuple):
    """The ids of two users in order. The same id twice is a conversation with oneself."""

    low: int
    high: int

    @classmethod
    def of(cls, one: int, other: int) -> "Pair":
        return cls(min(one, other), max(one, other))


async def find(reads: Reads, pair: Pair) -> int | None:
    """The id of the conversation of the two, if they have one."""
    rows = await reads.fetch(
        "SELECT conversation_id FROM direct_conversations WHERE low_id = ? AND high_id = ?", pair
    )
    return rows[0][0] if rows else None


async def claim(transaction: Transaction, pair: Pair) -> int | None:
    """The id of the conversation of the two. None if they have none: then only this transaction may
    make one.

    This waits for another transaction that is making one.
    """
    is_new = await transaction.execute(
        """
        INSERT INTO direct_conversations (low_id, high_id, conversation_id) VALUES (?, ?, ?)
        ON CONFLICT (low_id, high_id) DO NOTHING
        """,
        (*pair, PENDING),
    )
    # It is a separate statement, so that it sees what was committed while the first one waited.
    return None if is_new else await find(transaction, pair)


async def settle(transaction: Transaction, pair: Pair, conversation_id: int) -> None:
    await transaction.execute(
        """
        UPDATE direct_conversations SET conversation_id = ? WHERE low_id = ? AND high_id = ?
        """,
        (conversation_id, *pair),
    )
    await transaction.execute(
        "UPDATE conversations SET is_direct = TRUE, members_may = NULL WHERE id = ?",
        (conversation_id,),
    )
    await transaction.execute(
        "UPDATE participants SET role = 'member' WHERE conversation_id = ?", (conversation_id,)
    )


# For a conversation `c` of both: nobody else was ever in it, and it has no title and no ticket.
ALONE = """
    c.title = '' AND NOT c.is_direct
    AND (SELECT count(*) FROM participants AS p WHERE p.conversation_id = c.id) = 2
    AND NOT EXISTS (SELECT 1 FROM support_tickets AS t WHERE t.conversation_id = c.id)
"""
# What the two share is found by the index of participants alone, however many each of them has.
SHARED = """
    WITH shared AS MATERIALIZED (
        SELECT conversation_id FROM participants WHERE user_id = ? AND is_active
        INTERSECT
        SELECT conversation_id FROM participants WHERE user_id = ? AND is_active
    )
    SELECT c.id FROM shared JOIN conversations AS c ON c.id = shared.conversation_id
"""


async def candidate(reads: Reads, pair: Pair) -> int | None:
    """The newest conversation that the two have alone, although nobody began it as direct.

    It never had a third participant, and it has neither a title nor a ticket.
    """
    rows = await reads.fetch(
        f"{SHARED} WHERE {ALONE} ORDER BY c.active_at DESC, c.id DESC LIMIT 1", pair
    )
    return rows[0][0] if rows else None


async def is_candidate(transaction: Transaction, pair: Pair, conversation_id: int) -> bool:
    """Whether it still is a candidate. Asks under the conversation's lock."""
    await transaction.lock_conversations([conversation_id])
    there = await participants.among(transaction, conversation_id, pair)
    return len(there) == len(pair) and bool(
        await transaction.fetch(
            f"SELECT 1 FROM conversations AS c WHERE c.id = ? AND {ALONE}",  # noqa: S608 - of ours
            (conversation_id,),
        )
    )


async def is_direct(reads: Reads, conversation_id: int) -> bool:
    rows = await reads.fetch(
        "SELECT 1 FROM conversations WHERE id = ? AND is_direct", (conversation_id,)
    )
    return bool(rows)
