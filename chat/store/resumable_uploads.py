"""The rows of resumable uploads. Their files are in `drafts`."""

from msgspec import Struct

from chat.store.database import Reads, Row, Transaction


class ResumableUpload(Struct, frozen=True):
    """`size` is what it will have when it is finished, in bytes. `metadata` is the client's own
    header `Upload-Metadata`. Times are microseconds since 1970.
    """

    id: str
    user_id: int
    name: str
    content_type: str
    metadata: str
    size: int
    created_at: int
    expires_at: int
    attached_at: int | None = None


COLUMNS = "id, user_id, name, content_type, metadata, size, created_at, expires_at, attached_at"


async def create(transaction: Transaction, upload: ResumableUpload) -> None:
    await transaction.execute(
        f"INSERT INTO resumable_uploads ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - of ours
        (
            upload.id,
            upload.user_id,
            upload.name,
            upload.content_type,
            upload.metadata,
            upload.size,
            upload.created_at,
            upload.expires_at,
            upload.attached_at,
        ),
    )


async def find(reads: Reads, user_id: int, upload_id: str, now: int) -> ResumableUpload | None:
    """The user's upload, if it has not expired."""
    rows = await reads.fetch(
        f"SELECT {COLUMNS} FROM resumable_uploads"  # noqa: S608 - of ours
        " WHERE id = ? AND user_id = ? AND expires_at > ?",
        (upload_id, user_id, now),
    )
    return from_row(rows[0]) if rows else None


async def waiting(reads: Reads, user_id: int, now: int) -> list[ResumableUpload]:
    """The user's uploads that are not attached, the oldest first."""
    rows = await reads.fetch(
        f"SELECT {COLUMNS} FROM resumable_uploads"  # noqa: S608 - of ours
        " WHERE user_id = ? AND attached_at IS NULL AND expires_at > ? ORDER BY created_at, id",
        (user_id, now),
    )
    return [from_row(row) for row in rows]


async def attach(transaction: Transaction, upload_id: str, now: int) -> bool:
    """Returns whether it is attached now; not if it was before, or is gone."""
    changed = await transaction.execute(
        "UPDATE resumable_uploads SET attached_at = ? WHERE id = ? AND attached_at IS NULL",
        (now, upload_id),
    )
    return bool(changed)


async def remove(transaction: Transaction, upload_id: str) -> bool:
    """Returns whether there was one that is not attached."""
    removed = await transaction.execute(
        "DELETE FROM resumable_uploads WHERE id = ? AND attached_at IS NULL", (upload_id,)
    )
    return bool(removed)


async def remove_expired(transaction: Transaction, now: int) -> list[str]:
    """Their ids."""
    rows = await transaction.fetch(
        "DELETE FROM resumable_uploads WHERE expires_at <= ? RETURNING id", (now,)
    )
    return [id_ for (id_,) in rows]


async def ids(reads: Reads) -> set[str]:
    """Of all that are not attached."""
    rows = await reads.fetch("SELECT id FROM resumable_uploads WHERE attached_at IS NULL")
    return {id_ for (id_,) in rows}


def from_row(row: Row) -> ResumableUpload:
    return ResumableUpload(*row)
