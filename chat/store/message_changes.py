"""Edits and deletions of messages, and what decides whether a message may be changed."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from chat.store.database import Reads, Transaction, listed


class Stored(Struct, frozen=True):
    """The fields that decide whether a message may be changed.

    `logged_seq` is the `seq` of its last change, or 0 if it was never changed after it was sent.
    """

    sender_id: int
    is_deleted: bool
    seq: int
    logged_seq: int
    by_agent: bool


async def find(reads: Reads, conversation_id: int, message_id: int) -> Stored | None:
    return (await find_all(reads, conversation_id, [message_id])).get(message_id)


async def find_all(
    reads: Reads, conversation_id: int, message_ids: Sequence[int]
) -> dict[int, Stored]:
    """By id, those of these messages that there are."""
    rows = await reads.fetch(
        f"""
        SELECT id, sender_id, is_deleted, seq,
               CASE WHEN seq = created_seq THEN 0 ELSE seq END, by_agent
        FROM messages WHERE conversation_id = ? AND id IN ({reads.ids})
        """,  # noqa: S608 - of ours
        (conversation_id, listed(message_ids)),
    )
    return {
        id_: Stored(sender_id, bool(is_deleted), seq, logged_seq, bool(by_agent))
        for id_, sender_id, is_deleted, seq, logged_seq, by_agent in rows
    }


async def edit(
    transaction: Transaction, conversation_id: int, message_id: int, content: str, seq: int
) -> None:
    await transaction.execute(
        """
        UPDATE messages SET content = ?, is_edited = TRUE, seq = ?
        WHERE conversation_id = ? AND id = ?
        """,
        (content, seq, conversation_id, message_id),
    )


async def delete(transaction: Transaction, conversation_id: int, seqs: Mapping[int, int]) -> None:
    """Delete messages by these changes, by the message's id."""
    await transaction.execute_many(
        """
        UPDATE messages SET is_deleted = TRUE, metadata = NULL, seq = ?
        WHERE conversation_id = ? AND id = ?
        """,
        [(seq, conversation_id, message_id) for message_id, seq in seqs.items()],
    )
