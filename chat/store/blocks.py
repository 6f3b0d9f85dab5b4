"""Who has blocked whom, and what follows of it in the conversations of two people."""

from collections.abc import Collection

from chat import records
from chat.store.database import Reads, Transaction, listed
from chat.times import now

# For a row of participants: somebody else has blocked its user, and the conversation is that of the
# two alone. It is direct, or it has neither a title nor a ticket, and nobody else was ever in it.
FOLLOWS = """
    EXISTS (
        SELECT 1 FROM blocks AS b
        JOIN participants AS o ON o.user_id = b.blocker_id
            AND o.conversation_id = participants.conversation_id
        JOIN conversations AS c ON c.id = o.conversation_id
        WHERE b.blocked_id = participants.user_id AND (c.is_direct OR (
            c.title = ''
            AND (SELECT count(*) FROM participants AS p WHERE p.conversation_id = c.id) = 2
            AND NOT EXISTS (SELECT 1 FROM support_tickets AS t WHERE t.conversation_id = c.id))))
"""
SHARED = """
    SELECT conversation_id FROM participants WHERE user_id = ?
    INTERSECT SELECT conversation_id FROM participants WHERE user_id = ?
"""


async def put(transaction: Transaction, blocker_id: int, blocked_id: int) -> None:
    await transaction.execute(
        """
        INSERT INTO blocks (blocker_id, blocked_id, at) VALUES (?, ?, ?)
        ON CONFLICT (blocker_id, blocked_id) DO NOTHING
        """,
        (blocker_id, blocked_id, now()),
    )
    await _apply_between(transaction, blocker_id, blocked_id)


async def remove(transaction: Transaction, blocker_id: int, blocked_id: int) -> None:
    await transaction.execute(
        "DELETE FROM blocks WHERE blocker_id = ? AND blocked_id = ?", (blocker_id, blocked_id)
    )
    await _apply_between(transaction, blocker_id, blocked_id)


async def _apply_between(transaction: Transaction, blocker_id: int, blocked_id: int) -> None:
    await transaction.execute(
        f"""
        UPDATE participants SET is_blocked = {FOLLOWS}
        WHERE user_id = ? AND conversation_id IN ({SHARED})
        """,  # noqa: S608 - of ours
        (blocked_id, blocker_id, blocked_id),
    )


async def apply(transaction: Transaction, conversation_id: int) -> None:
    """Store again who is blocked in a conversation, after somebody has come into it.

    It looks at each participant, so it is for conversations of a few.
    """
    await transaction.execute(
        f"UPDATE participants SET is_blocked = {FOLLOWS} WHERE conversation_id = ?",  # noqa: S608 - of ours
        (conversation_id,),
    )


async def has_blocked(reads: Reads, blocked_id: int, user_ids: Collection[int]) -> bool:
    """Whether one of these has blocked the user."""
    return bool(
        await reads.fetch(
            f"""
            SELECT 1 FROM blocks WHERE blocked_id = ? AND blocker_id IN ({reads.ids}) LIMIT 1
            """,  # noqa: S608 - of ours
            (blocked_id, listed(user_ids)),
        )
    )


async def is_blocked(reads: Reads, conversation_id: int, user_id: int) -> bool:
    """Whether this participant may send nothing here, because the other one has blocked them."""
    return bool(
        await reads.fetch(
            """
            SELECT 1 FROM participants
            WHERE conversation_id = ? AND user_id = ? AND is_active AND is_blocked
            """,
            (conversation_id, user_id),
        )
    )


async def blockers(
    reads: Reads, places: Collection[tuple[int, int]]
) -> dict[tuple[int, int], set[int]]:
    """By (conversation, user), the participants there who have blocked the user, if any."""
    rows = await reads.fetch(
        f"""
        SELECT place.one, place.two, b.blocker_id FROM ({reads.pairs}) AS place
        JOIN blocks AS b ON b.blocked_id = place.two
        JOIN participants AS p ON p.conversation_id = place.one AND p.user_id = b.blocker_id
        """,  # noqa: S608 - of ours
        (listed(places),),
    )
    found: dict[tuple[int, int], set[int]] = {}
    for conversation_id, user_id, blocker in rows:
        found.setdefault((conversation_id, user_id), set()).add(blocker)
    return found


async def of_user(reads: Reads, user_id: int) -> list[records.User]:
    """Whom the user has blocked, the last one first."""
    rows = await reads.fetch(
        """
        SELECT u.id, u.username FROM blocks AS b JOIN users AS u ON u.id = b.blocked_id
        WHERE b.blocker_id = ? ORDER BY b.at DESC, u.id DESC
        """,
        (user_id,),
    )
    return [records.User(*row) for row in rows]


async def apart(reads: Reads, user_ids: Collection[int]) -> dict[int, set[int]]:
    """By user, those with whom there is a block, whoever of the two made it."""
    rows = await reads.fetch(
        f"""
        SELECT blocker_id, blocked_id FROM blocks WHERE blocker_id IN ({reads.ids})
        UNION SELECT blocked_id, blocker_id FROM blocks WHERE blocked_id IN ({reads.ids})
        """,  # noqa: S608 - of ours
        (listed(user_ids), listed(user_ids)),
    )
    found: dict[int, set[int]] = {}
    for user_id, other in rows:
        found.setdefault(user_id, set()).add(other)
    return found
