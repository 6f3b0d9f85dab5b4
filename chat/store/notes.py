"""Internal notes: what staff write for each other into a conversation.

They are in a table of their own. What reads messages for a customer cannot find them.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from chat import records
from chat.store.database import Reads, Row, Transaction, listed
from chat.times import now, to_text

SELECT = """
    SELECT n.id, n.author_id, u.username, n.content, n.created_at, n.is_edited, n.is_deleted, n.seq,
           n.metadata, n.client_id, n.conversation_id
    FROM notes AS n JOIN users AS u ON u.id = n.author_id
"""
FOR_STAFF = "EXISTS (SELECT 1 FROM users AS s WHERE s.id = ? AND s.is_staff)"
"""The right may have been taken away since the token was checked."""
MAY_ENTER = """
    (EXISTS (SELECT 1 FROM participants AS p
             WHERE p.conversation_id = n.conversation_id AND p.user_id = ? AND p.is_active)
     OR EXISTS (SELECT 1 FROM support_tickets AS t WHERE t.conversation_id = n.conversation_id))
"""
"""Where a member of staff takes part, or is an agent."""
# A note has the next id of a message, because staff see both in one list.
NEXT_ID = {
    "postgresql": ("SELECT nextval(pg_get_serial_sequence('messages', 'id'))",),
    "sqlite": (
        """
        INSERT INTO sqlite_sequence (name, seq)
        SELECT 'messages', 0
        WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'messages')
        """,
        "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'messages' RETURNING seq",
    ),
}


def from_row(row: Row, reader_id: int | None = None) -> records.Message:
    """The note as staff see it: a message with `internal`."""
    id_, author, name, content, at, is_edited, is_deleted, seq, metadata, key, _ = row
    return records.Message(
        id=id_,
        sender=records.User(author, name),
        content=content,
        timestamp=to_text(at),
        is_read=True,
        is_edited=bool(is_edited),
        is_deleted=bool(is_deleted),
        seq=seq,
        attachments=[],
        mentions=[],
        reactions=[],
        reply_to=None,
        reply_count=0,
        metadata=records.metadata_of(metadata),
        client_id=key if key and author == reader_id else UNSET,
        role="agent",
        internal=True,
    )


async def one(
    reads: Reads, user_id: int, conversation_id: int, note_id: int
) -> records.Message | None:
    """The note, if the user is staff."""
    rows = await reads.fetch(
        f"{SELECT} WHERE {FOR_STAFF} AND n.conversation_id = ? AND n.id = ?",
        (user_id, conversation_id, note_id),
    )
    return from_row(rows[0], user_id) if rows else None


async def message_before(
    reads: Reads, user_id: int, conversation_id: int, note_id: int
) -> int | None:
    """The id of the last message before this note, or 0; None where it is no note for the user."""
    rows = await reads.fetch(
        f"""
        SELECT coalesce((SELECT max(m.id) FROM messages AS m
                         WHERE m.conversation_id = n.conversation_id AND m.id < n.id), 0)
        FROM notes AS n WHERE {FOR_STAFF} AND n.conversation_id = ? AND n.id = ?
        """,  # noqa: S608 - of ours
        (user_id, conversation_id, note_id),
    )
    return int(rows[0][0]) if rows else None


async def page(
    reads: Reads,
    user_id: int,
    conversation_id: int,
    limit: int,
    *,
    before: int | None = None,
    after: int | None = None,
) -> list[records.Message]:
    """At most `limit` notes, oldest first: those after an id, or the last before one; for staff."""
    sql, parameters = (
        f"{SELECT} WHERE {FOR_STAFF} AND n.conversation_id = ?",
        [user_id, conversation_id],
    )
    for sign, bound in (("<", before), (">", after)):
        if bound is not None:
            sql, parameters = f"{sql} AND n.id {sign} ?", [*parameters, bound]
    order = "n.id DESC" if after is None else "n.id"
    rows = await reads.fetch(f"{sql} ORDER BY {order} LIMIT ?", [*parameters, limit])
    return sorted((from_row(row, user_id) for row in rows), key=lambda note: note.id)


async def some(
    reads: Reads, user_id: int, conversation_id: int, note_ids: Collection[int]
) -> dict[int, records.Message]:
    """The notes with these ids in the conversation, by id; for staff."""
    rows = await reads.fetch(
        f"{SELECT} WHERE {FOR_STAFF} AND n.conversation_id = ? AND n.id IN ({reads.ids})",
        (user_id, conversation_id, listed(note_ids)),
    )
    return {row[0]: from_row(row, user_id) for row in rows}


async def of_places(reads: Reads, places: Sequence[tuple[int, int]]) -> dict[int, records.Message]:
    """By id, the notes in these places (conversation, id), whoever asks."""
    if not places:
        return {}
    rows = await reads.fetch(
        f"""
        {SELECT} JOIN ({reads.pairs}) AS wanted
        ON n.conversation_id = wanted.one AND n.id = wanted.two
        """,
        (listed(places),),
    )
    return {row[0]: from_row(row) for row in rows}


async def found(
    reads: Reads,
    user_id: int,
    patterns: Sequence[str],
    *,
    conversation_id: int | None,
    author_id: int | None,
    before: int | None,
    least: int | None,
    limit: int,
) -> list[tuple[int, records.Message]]:
    """Notes whose folding is LIKE one of the patterns, newest first, with ids from `least` to below
    `before`: (conversation, note); for staff, where they may enter.
    """
    holds = " OR ".join(["n.folded LIKE ? ESCAPE '\\'"] * len(patterns))
    sql = f"{SELECT} WHERE {FOR_STAFF} AND {MAY_ENTER} AND NOT n.is_deleted AND ({holds})"
    parameters: list[Any] = [user_id, user_id, *patterns]
    for condition, value in (
        ("n.conversation_id = ?", conversation_id),
        ("n.author_id = ?", author_id),
        ("n.id < ?", before),
        ("n.id >= ?", least),
    ):
        if value is not None:
            sql, parameters = f"{sql} AND {condition}", [*parameters, value]
    rows = await reads.fetch(f"{sql} ORDER BY n.id DESC LIMIT ?", [*parameters, limit])
    return [(row[-1], from_row(row, user_id)) for row in rows]


async def of_author(reads: Reads, user_id: int) -> list[tuple[int, records.Message]]:
    """All that this member of staff has written: (conversation, note)."""
    rows = await reads.fetch(
        f"{SELECT} WHERE {FOR_STAFF} AND n.author_id = ? AND NOT n.is_deleted ORDER BY n.id",
        (user_id, user_id),
    )
    return [(row[-1], from_row(row, user_id)) for row in rows]


async def standing(
    reads: Reads,
    conversation_id: int,
    limit: int,
    *,
    before: int | None = None,
    author_id: int | None = None,
) -> list[tuple[int, int]]:
    """Some notes that are not deleted: (id, seq). All, or those that were written before the
    moment, or by this member of staff.
    """
    sql = "SELECT id, seq FROM notes WHERE conversation_id = ? AND NOT is_deleted"
    parameters = [conversation_id]
    for condition, value in (("created_at < ?", before), ("author_id = ?", author_id)):
        if value is not None:
            sql, parameters = f"{sql} AND {condition}", [*parameters, value]
    rows = await reads.fetch(f"{sql} ORDER BY id LIMIT ?", [*parameters, limit])
    return [(id_, seq) for id_, seq in rows]


async def noted(reads: Reads, author_id: int) -> list[int]:
    """The conversations with notes of this author that are not deleted."""
    rows = await reads.fetch(
        """
        SELECT DISTINCT n.conversation_id FROM notes AS n
        WHERE n.author_id = ? AND NOT n.is_deleted ORDER BY n.conversation_id
        """,
        (author_id,),
    )
    return [id_ for (id_,) in rows]


async def create(
    transaction: Transaction,
    conversation_id: int,
    seq: int,
    author_id: int,
    content: str,
    folded: str,
    metadata: str | None,
    client_id: str | None,
) -> int:
    """Store a note, under the conversation's lock. Returns its id."""
    *before, last = NEXT_ID[transaction.dialect]
    for statement in before:
        await transaction.execute(statement)
    ((note_id,),) = await transaction.fetch(last)
    await transaction.execute(
        """
        INSERT INTO notes (conversation_id, id, author_id, content, folded, metadata, client_id,
                           created_at, created_seq, seq)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            conversation_id,
            note_id,
            author_id,
            content,
            folded,
            metadata,
            client_id,
            now(),
            seq,
            seq,
        ),
    )
    return int(note_id)


async def edit(
    transaction: Transaction,
    conversation_id: int,
    note_id: int,
    content: str,
    folded: str,
    seq: int,
) -> None:
    await transaction.execute(
        """
        UPDATE notes SET content = ?, folded = ?, seq = ?, is_edited = TRUE
        WHERE conversation_id = ? AND id = ?
        """,
        (content, folded, seq, conversation_id, note_id),
    )


async def delete(transaction: Transaction, conversation_id: int, seqs: Mapping[int, int]) -> None:
    """Keep that these notes were there, and nothing of what they said. Gets each one's `seq`."""
    await transaction.execute_many(
        """
        UPDATE notes SET content = '', folded = '', metadata = NULL, client_id = NULL, seq = ?,
            is_deleted = TRUE
        WHERE conversation_id = ? AND id = ?
        """,
        [(seq, conversation_id, note_id) for note_id, seq in seqs.items()],
    )
