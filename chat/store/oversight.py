"""Conversations as staff see them, and what is deleted with one."""

from collections.abc import Sequence

from msgspec import Struct

from chat import records
from chat.records import OWNER
from chat.store.database import Reads, Transaction, listed
from chat.times import to_text

FIGURES = """
    SELECT
        (SELECT count(*) FROM messages WHERE conversation_id = ? AND NOT is_deleted),
        (SELECT count(*) FROM attachments WHERE conversation_id = ?),
        (SELECT coalesce(sum(size), 0) FROM attachments WHERE conversation_id = ?),
        (SELECT count(*) FROM support_tickets WHERE conversation_id = ?)
"""
PART = """
    SELECT max(created_seq), count(*),
           {joined}(CASE WHEN NOT is_deleted THEN CAST(id AS text) END, ','),
           {joined}(CASE WHEN is_deleted AND content <> '' THEN CAST(id AS text) END, ',')
    FROM (SELECT id, created_seq, is_deleted, content FROM messages
          WHERE conversation_id = ? AND created_seq > ? AND created_at < ?
          ORDER BY created_seq LIMIT ?) AS part
"""
WIPE = (
    "DELETE FROM changes WHERE conversation_id = ? AND kind IN ('ticket.updated', 'note')",
    "DELETE FROM support_tickets WHERE conversation_id = ?",
    "DELETE FROM ticket_steps WHERE conversation_id = ?",
    "DELETE FROM notes WHERE conversation_id = ?",
    "DELETE FROM invites WHERE conversation_id = ?",
    "DELETE FROM direct_conversations WHERE conversation_id = ?",
    "UPDATE reports SET content = '', reason = '' WHERE conversation_id = ?",
    "UPDATE conversations SET title = '', metadata = NULL WHERE id = ?",
)
"""What nobody is in any more: nobody is notified of these, and nobody reads them again."""


class Part(Struct, frozen=True):
    """Some messages in the order of sending: those to delete, and deleted ones that still say
    something. `last` is the `seq` of the last; None where there are no more.
    """

    last: int | None
    present: list[int]
    deleted: list[int]


async def whole(reads: Reads, conversation_id: int) -> records.WholeConversation | None:
    rows = await reads.fetch(
        """
        SELECT c.title, c.created_at, c.created_by, u.username, c.seq, c.participant_count
        FROM conversations AS c JOIN users AS u ON u.id = c.created_by WHERE c.id = ?
        """,
        (conversation_id,),
    )
    for title, created_at, by, by_name, seq, participants in rows:
        ((messages, files, size, tickets),) = await reads.fetch(FIGURES, (conversation_id,) * 4)
        return records.WholeConversation(
            id=conversation_id,
            title=title,
            created_at=to_text(created_at),
            created_by=records.User(by, by_name),
            seq=seq,
            participants=participants,
            messages=messages,
            files=files,
            bytes=int(size),
            tickets=tickets,
        )
    return None


async def exists(reads: Reads, conversation_id: int) -> bool:
    return bool(await reads.fetch("SELECT 1 FROM conversations WHERE id = ?", (conversation_id,)))


async def participants(reads: Reads, conversation_id: int, limit: int) -> list[records.User]:
    """Some of those who are in it; the owner comes last, so that nobody has to succeed."""
    rows = await reads.fetch(
        """
        SELECT u.id, u.username FROM participants AS p JOIN users AS u ON u.id = p.user_id
        WHERE p.conversation_id = ? AND p.is_active
        ORDER BY CASE WHEN p.role = ? THEN 1 ELSE 0 END, p.user_id LIMIT ?
        """,
        (conversation_id, OWNER, limit),
    )
    return [records.User(*row) for row in rows]


async def part(reads: Reads, conversation_id: int, after: int, before: int, limit: int) -> Part:
    """At most `limit` messages from behind the `seq` `after`, sent before the moment `before`."""
    sql = PART.format(joined=reads.joined)
    ((last, count, present, deleted),) = await reads.fetch(
        sql, (conversation_id, after, before, limit)
    )
    return Part(last if count == limit else None, ids_of(present), ids_of(deleted))


def ids_of(joined: str | None) -> list[int]:
    return sorted(int(id_) for id_ in (joined or "").split(",") if id_)


async def old(reads: Reads, after: int, before: int, limit: int) -> list[int]:
    """The next conversations by id that began before the moment."""
    rows = await reads.fetch(
        "SELECT id FROM conversations WHERE id > ? AND created_at < ? ORDER BY id LIMIT ?",
        (after, before, limit),
    )
    return [id_ for (id_,) in rows]


async def wipe(transaction: Transaction, conversation_id: int) -> None:
    for statement in WIPE:
        await transaction.execute(statement, (conversation_id,))


async def forget_retries(transaction: Transaction, conversation_id: int, limit: int) -> int:
    """Forget the `client_id` of some messages, and the hash of their texts: nobody can send them
    again. Returns the number of messages.
    """
    return await transaction.execute(
        """
        UPDATE messages SET client_id = NULL, fingerprint = NULL
        WHERE conversation_id = ? AND id IN (
            SELECT id FROM messages WHERE conversation_id = ? AND client_id IS NOT NULL LIMIT ?)
        """,
        (conversation_id, conversation_id, limit),
    )


async def names(reads: Reads, user_ids: Sequence[int]) -> dict[int, str]:
    rows = await reads.fetch(
        f"SELECT id, username FROM users WHERE id IN ({reads.ids})",  # noqa: S608 - of ours
        (listed(user_ids),),
    )
    return dict(rows)
