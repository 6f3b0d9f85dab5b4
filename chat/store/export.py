"""What a user has sent, for themselves."""

from collections.abc import Sequence
from typing import Any

from chat.records import metadata_of
from chat.store.attachments import StoredFile
from chat.store.database import Reads, listed
from chat.times import to_text

SENT = """
    SELECT id, sender_id, content, created_at, is_edited FROM messages
    WHERE conversation_id = ? AND NOT is_deleted AND id IN ({ids}) ORDER BY id
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
    }


async def sent(
    reads: Reads, conversation_id: int, message_ids: Sequence[int]
) -> list[dict[str, Any]]:
    """Those of these messages that are not deleted."""
    rows = await reads.fetch(SENT.format(ids=reads.ids), (conversation_id, listed(message_ids)))
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
