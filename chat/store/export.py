"""What a user has said of themselves and sent, for themselves."""

from collections.abc import Sequence
from typing import Any

from chat.records import metadata_of
from chat.store.attachments import StoredFile
from chat.store.database import Reads, listed
from chat.times import to_text

SENT = """
    SELECT id, sender_id, content, created_at, is_edited FROM messages
    WHERE {not_by}conversation_id = ? AND NOT is_deleted AND id IN ({ids}) ORDER BY id
"""
FILES = """
    SELECT message_id, id, stored_name, name, size, content_type, sha256 FROM attachments
    WHERE conversation_id = ? AND message_id IN ({ids}) ORDER BY id
"""


async def profile(reads: Reads, user_id: int) -> dict[str, Any]:
    (row,) = await reads.fetch(
        """
        SELECT id, username, is_staff, created_at, last_seen_at, display_name, metadata
        FROM users WHERE id = ?
        """,
        (user_id,),
    )
    id_, username, is_staff, created_at, seen_at, display_name, metadata = row
    return {
        "id": id_,
        "username": username,
        "is_staff": bool(is_staff),
        "created_at": to_text(created_at),
        "last_seen": to_text(seen_at) if seen_at else None,
        "display_name": display_name,
        "metadata": metadata_of(metadata),
        "guest": await said_as_guest(reads, user_id),
    }


async def said_as_guest(reads: Reads, user_id: int) -> list[dict[str, Any]]:
    """What the user said on a shop's page, also as the guests that they were before."""
    rows = await reads.fetch(
        """
        SELECT u.id, u.display_name, g.email, g.consent, g.created_at
        FROM guests AS g JOIN users AS u ON u.id = g.user_id
        WHERE g.user_id = ? OR g.joined_id = ? ORDER BY u.id
        """,
        (user_id, user_id),
    )
    return [
        {"id": id_, "name": name, "email": email, "consent": consent, "created_at": to_text(at)}
        for id_, name, email, consent, at in rows
    ]


async def tickets(reads: Reads, user_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The tickets that these users opened, with their ratings."""
    rows = await reads.fetch(
        f"""
        SELECT id, conversation_id, subject, status, priority, created_at, rating, rating_comment
        FROM support_tickets WHERE created_by IN ({reads.ids}) ORDER BY id
        """,  # noqa: S608 - of ours
        (listed(user_ids),),
    )
    return [
        {
            "id": id_,
            "conversation": conversation_id,
            "subject": subject,
            "status": status,
            "priority": priority,
            "created_at": to_text(at),
            "rating": None if score is None else {"score": score, "comment": comment or ""},
        }
        for id_, conversation_id, subject, status, priority, at, score, comment in rows
    ]


async def sent(
    reads: Reads, conversation_id: int, message_ids: Sequence[int]
) -> list[dict[str, Any]]:
    """Those of these messages that are not deleted."""
    sql = SENT.format(ids=reads.ids, not_by=reads.not_by)
    rows = await reads.fetch(sql, (conversation_id, listed(message_ids)))
    return [
        {
            "id": id_,
            "conversation": conversation_id,
            "sender": sender_id,
            "content": content,
            "timestamp": to_text(at),
            "is_edited": bool(is_edited),
        }
        for id_, sender_id, content, at, is_edited in rows
    ]


async def files(
    reads: Reads, conversation_id: int, message_ids: Sequence[int]
) -> list[tuple[int, int, StoredFile]]:
    """The files of these messages: the message, the attachment, and the file."""
    rows = await reads.fetch(FILES.format(ids=reads.ids), (conversation_id, listed(message_ids)))
    return [(message_id, id_, StoredFile(*file)) for message_id, id_, *file in rows]
