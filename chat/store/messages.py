"""Messages as one participant sees them, page by page, and changes to one of them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from chat import records
from chat.store import attachments
from chat.store.database import Database, Row, Transaction
from chat.store.participants import Membership
from chat.times import to_text

SELECT = """
    SELECT m.id, m.sender_id, u.username, CASE WHEN m.is_deleted THEN '' ELSE m.content END,
           m.created_at, m.is_edited, m.is_deleted, m.seq, m.client_id
    FROM messages AS m JOIN users AS u ON u.id = m.sender_id
"""


CHANGED = """
    SELECT id, seq FROM (
        SELECT * FROM (
            SELECT id, seq FROM messages
            WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?
        ) AS of_messages
        UNION ALL SELECT * FROM (
            SELECT message_id, seq FROM attachments
            WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?
        ) AS of_attachments
    ) AS changes
    ORDER BY seq LIMIT ?
"""


class Stored(Struct, frozen=True):
    """What decides whether a message may be changed."""

    sender_id: int
    is_deleted: bool
    seq: int


async def one(database: Database, member: Membership, message_id: int) -> records.Message | None:
    found = await _select(
        database, member, "m.conversation_id = ? AND m.id = ?", (member.conversation_id, message_id)
    )
    return found[0] if found else None


async def after(
    database: Database, member: Membership, message_id: int, limit: int
) -> list[records.Message]:
    """The messages that follow, oldest first."""
    return await _select(
        database,
        member,
        "m.conversation_id = ? AND m.id > ? ORDER BY m.id LIMIT ?",
        (member.conversation_id, message_id, limit),
    )


async def before(
    database: Database, member: Membership, message_id: int | None, limit: int
) -> list[records.Message]:
    """The last messages before this one, or of all, oldest first."""
    where, parameters = "m.conversation_id = ?", [member.conversation_id]
    if message_id is not None:
        where, parameters = where + " AND m.id < ?", [*parameters, message_id]
    latest = await _select(
        database, member, where + " ORDER BY m.id DESC LIMIT ?", [*parameters, limit]
    )
    latest.reverse()
    return latest


async def changed_since(
    database: Database, member: Membership, seq: int, limit: int
) -> list[records.Message]:
    """The messages that changed after `seq`, in the order of their last changes.

    An attachment is a change of its message. Each message's `seq` is the point that a
    reader has reached with it; what changed twice may come twice.
    """
    changed: dict[int, int] = {}
    point = seq
    while len(changed) < limit:
        place = (member.conversation_id, point, limit)
        rows = await database.fetch(CHANGED, (*place, *place, limit))
        changed.update(rows)  # in the order of `seq`: the last change of each stays
        if len(rows) < limit:
            break
        point = rows[-1][1]
    if not changed:
        return []
    first = sorted(changed, key=changed.__getitem__)[:limit]
    marks = ", ".join("?" * len(first))
    found = {
        message.id: message
        for message in await _select(database, member, f"m.id IN ({marks})", first)
    }
    # Not the row's own `seq`: it may have changed since, and what lies before was not read.
    return [replace(found[id_], seq=changed[id_]) for id_ in first]


async def _select(
    database: Database, member: Membership, where: str, parameters: Sequence[Any]
) -> list[records.Message]:
    rows = await database.fetch(f"{SELECT} WHERE {where}", parameters)
    if not rows:
        return []
    attached: dict[int, list[records.Attachment]] = defaultdict(list)
    for attachment in await attachments.of_messages(database, [row[0] for row in rows]):
        attached[attachment.message_id].append(attachment)
    return [_present(row, member, attached.get(row[0], [])) for row in rows]


def _present(row: Row, member: Membership, attached: list[records.Attachment]) -> records.Message:
    id_, sender_id, username, content, created_at, is_edited, is_deleted, seq, client_id = row
    return records.Message(
        id=id_,
        sender=records.User(sender_id, username),
        content=content,
        timestamp=to_text(created_at),
        is_read=member.has_read(id_, sender_id),
        is_edited=bool(is_edited),
        is_deleted=bool(is_deleted),
        seq=seq,
        attachments=attached,
        client_id=client_id if client_id and sender_id == member.user_id else UNSET,
    )


async def find(transaction: Transaction, conversation_id: int, message_id: int) -> Stored | None:
    rows = await transaction.fetch(
        "SELECT sender_id, is_deleted, seq FROM messages WHERE conversation_id = ? AND id = ?",
        (conversation_id, message_id),
    )
    return Stored(rows[0][0], bool(rows[0][1]), rows[0][2]) if rows else None


async def edit(transaction: Transaction, message_id: int, content: str, seq: int) -> None:
    await transaction.execute(
        "UPDATE messages SET content = ?, is_edited = TRUE, seq = ? WHERE id = ?",
        (content, seq, message_id),
    )


async def delete(transaction: Transaction, message_id: int, seq: int) -> None:
    await transaction.execute(
        "UPDATE messages SET is_deleted = TRUE, seq = ? WHERE id = ?", (seq, message_id)
    )
