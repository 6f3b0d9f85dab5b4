"""Which messages of a conversation are pinned, and by which change."""

from collections.abc import Sequence

from chat.store.database import Reads, Transaction, listed

SET = """
    INSERT INTO pins (conversation_id, message_id, seq, is_pinned, changed_by)
    VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (conversation_id, message_id) DO UPDATE
    SET seq = excluded.seq, is_pinned = excluded.is_pinned, changed_by = excluded.changed_by
"""


async def state(reads: Reads, conversation_id: int, message_id: int) -> tuple[bool, int]:
    """Whether the message is pinned, and the change that pinned or unpinned it, or 0."""
    rows = await reads.fetch(
        "SELECT is_pinned, seq FROM pins WHERE conversation_id = ? AND message_id = ?",
        (conversation_id, message_id),
    )
    return (bool(rows[0][0]), rows[0][1]) if rows else (False, 0)


async def pinned(reads: Reads, conversation_id: int) -> list[int]:
    """The ids of the pinned messages, the last pinned first."""
    rows = await reads.fetch(
        "SELECT message_id FROM pins WHERE conversation_id = ? AND is_pinned ORDER BY seq DESC",
        (conversation_id,),
    )
    return [message_id for (message_id,) in rows]


async def put(
    transaction: Transaction,
    conversation_id: int,
    message_id: int,
    seq: int,
    user_id: int,
    *,
    is_pinned: bool,
) -> None:
    """Pin the message, or unpin it."""
    await transaction.execute(SET, (conversation_id, message_id, seq, is_pinned, user_id))


async def remove_all(
    transaction: Transaction, conversation_id: int, message_ids: Sequence[int]
) -> list[int]:
    """Forget the pins of messages that are deleted. Returns the changes that made them."""
    rows = await transaction.fetch(
        f"""
        DELETE FROM pins WHERE conversation_id = ? AND message_id IN ({transaction.ids})
        RETURNING seq
        """,  # noqa: S608 - of ours
        (conversation_id, listed(message_ids)),
    )
    return [seq for (seq,) in rows]


async def changed_by(reads: Reads, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """By conversation and `seq` of the last change of each message's pin, who made that change.

    `places` are conversations and messages of them.
    """
    rows = await reads.fetch(
        f"""
        SELECT p.conversation_id, p.seq, u.username
        FROM ({reads.pairs}) AS place
        JOIN pins AS p ON p.conversation_id = place.one AND p.message_id = place.two
        JOIN users AS u ON u.id = p.changed_by
        """,  # noqa: S608 - of ours
        (listed(places),),
    )
    return {(conversation_id, seq): name for conversation_id, seq, name in rows}
