"""The one conversation of two people."""

from typing import NamedTuple

from chat.store import participants
from chat.store.database import Reads, Transaction

PENDING = 0
"""No id: the conversation is being made in this very transaction."""


class Pair(NamedTuple):
    """Two users' ids in order; one id twice is somebody's conversation with oneself."""

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
    """None where the two have none: from here on it is this transaction's to make one.

    Another transaction that is making one is waited for.
    """
    is_new = await transaction.execute(
        """
        INSERT INTO direct_conversations (low_id, high_id, conversation_id) VALUES (?, ?, ?)
        ON CONFLICT (low_id, high_id) DO NOTHING
        """,
        (*pair, PENDING),
    )
    # A statement of its own, so that it sees what was committed while the first one waited.
    return None if is_new else await find(transaction, pair)


async def settle(transaction: Transaction, pair: Pair, conversation_id: int) -> None:
    await transaction.execute(
        """
        UPDATE direct_conversations SET conversation_id = ? WHERE low_id = ? AND high_id = ?
        """,
        (conversation_id, *pair),
    )
    await transaction.execute(
        "UPDATE conversations SET is_direct = TRUE WHERE id = ?", (conversation_id,)
    )


# Of a conversation `c` that both are in: nobody else ever was, and nothing says what it is for.
ALONE = """
    c.title = '' AND NOT c.is_direct
    AND (SELECT count(*) FROM participants AS p WHERE p.conversation_id = c.id) = 2
    AND NOT EXISTS (SELECT 1 FROM support_tickets AS t WHERE t.conversation_id = c.id)
"""
# What the two share is found in the index of participants alone, however many each has.
SHARED = """
    WITH shared AS MATERIALIZED (
        SELECT conversation_id FROM participants WHERE user_id = ? AND is_active
        INTERSECT
        SELECT conversation_id FROM participants WHERE user_id = ? AND is_active
    )
    SELECT c.id FROM shared JOIN conversations AS c ON c.id = shared.conversation_id
"""


async def candidate(reads: Reads, pair: Pair) -> int | None:
    """The latest conversation that the two have had alone, though none of them called it direct.

    It never had a third participant, and has neither a title nor a ticket.
    """
    rows = await reads.fetch(
        f"{SHARED} WHERE {ALONE} ORDER BY c.active_at DESC, c.id DESC LIMIT 1", pair
    )
    return rows[0][0] if rows else None


async def is_candidate(transaction: Transaction, pair: Pair, conversation_id: int) -> bool:
    """Whether it is one still, under the conversation's lock."""
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
