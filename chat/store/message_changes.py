"""Edits and deletions of messages, and what decides whether a message may be changed."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from chat.store.database import Reads, Transaction, listed


class Stored(Struct, frozen=True):
    """The fields that decide whether a message may be changed, and how.

    `logged_seq` is the `seq` of its last change, or 0 if it was never changed after it was sent.
    `has_belongings` says whether it has, or had, attachments, mentions, reactions or pins: most
    messages have none, and then none need be looked for. `is_silenced` says that its sender may
    send nothing here, because the other one has blocked them.
    """

    sender_id: int
    is_deleted: bool
    seq: int
    logged_seq: int
    by_agent: bool
    has_belongings: bool
    is_sender_here: bool
    is_silenced: bool


BELONGING = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} AS x WHERE x.conversation_id = ? AND x.message_id = m.id)"  # noqa: S608 - of ours
    for table in ("attachments", "mentions", "reactions", "pins")
)
SILENCED = 2
FIND = f"""
    SELECT m.id, m.sender_id, m.is_deleted, m.seq,
           CASE WHEN m.seq = m.created_seq THEN 0 ELSE m.seq END, m.by_agent, {BELONGING},
           (SELECT CASE WHEN p.is_blocked THEN {SILENCED} ELSE 1 END FROM participants AS p
            WHERE p.conversation_id = ? AND p.user_id = m.sender_id AND p.is_active)
    FROM messages AS m WHERE {{not_by}}m.conversation_id = ? AND m.id
"""  # noqa: S608 - of ours
ONE = f"{FIND} = ?"
ALL = f"{FIND} IN ({{ids}})"


async def find(reads: Reads, conversation_id: int, message_id: int) -> Stored | None:
    """By equality: where it is one of a list, and most conversations are small, PostgreSQL goes
    through the conversation.
    """
    sql = ONE.format(not_by=reads.not_by)
    return (await _found(reads, sql, conversation_id, message_id)).get(message_id)


async def find_all(
    reads: Reads, conversation_id: int, message_ids: Sequence[int]
) -> dict[int, Stored]:
    """By id, those of these messages that there are."""
    sql = ALL.format(ids=reads.ids, not_by=reads.not_by)
    return await _found(reads, sql, conversation_id, listed(message_ids))


async def _found(
    reads: Reads, sql: str, conversation_id: int, which: int | str
) -> dict[int, Stored]:
    rows = await reads.fetch(sql, (*FIND.count("?") * [conversation_id], which))
    return {
        id_: Stored(
            sender_id,
            bool(is_deleted),
            seq,
            logged_seq,
            bool(by_agent),
            bool(has_belongings),
            sender is not None,
            sender == SILENCED,
        )
        for id_, sender_id, is_deleted, seq, logged_seq, by_agent, has_belongings, sender in rows
    }


async def edit(
    transaction: Transaction, conversation_id: int, message_id: int, content: str, seq: int
) -> None:
    await transaction.later(
        """
        UPDATE messages SET content = ?, is_edited = TRUE, seq = ?
        WHERE conversation_id = ? AND id = ?
        """,
        [(content, seq, conversation_id, message_id)],
    )


async def delete(transaction: Transaction, conversation_id: int, seqs: Mapping[int, int]) -> None:
    """Delete messages by these changes, by the message's id."""
    await transaction.later(
        """
        UPDATE messages SET is_deleted = TRUE, metadata = NULL, seq = ?
        WHERE conversation_id = ? AND id = ?
        """,
        [(seq, conversation_id, message_id) for message_id, seq in seqs.items()],
    )
