"""The rows of attachments. The files themselves are in `files`."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import UNSET, Struct

from chat import records
from chat.store.database import Reads, Row, Transaction, listed
from chat.times import now, to_text


class StoredFile(Struct, frozen=True):
    """A file on the server's disk. Its name there is `stored_name`; `name` is the client's name for
    it, and `size` is in bytes.

    `width` and `height` are those of a picture, in pixels, if they are known. `thumbnail_size` is
    in bytes; None where there is no thumbnail. `duration_ms` is that of sound or of a film.
    """

    stored_name: str
    name: str
    size: int
    content_type: str
    sha256: str
    width: int | None = None
    height: int | None = None
    thumbnail_size: int | None = None
    duration_ms: int | None = None


class Total(NamedTuple):
    """How many files there are, and how many bytes they have together."""

    files: int
    size: int


COLUMNS = """a.id, a.conversation_id, a.message_id, a.name, a.size, a.content_type, a.created_at,
             a.width, a.height, a.thumbnail_size, a.duration_ms"""


def from_row(row: Row) -> records.Attachment:
    """Make the record from a row of COLUMNS."""
    id_, conversation_id, message_id, name, size, content_type, created_at, *media = row
    width, height, thumbnail_size, duration = media
    url = records.attachment_url(conversation_id, message_id, id_)
    return records.Attachment(
        id=id_,
        message_id=message_id,
        name=name,
        size=size,
        content_type=content_type,
        url=url,
        created_at=to_text(created_at),
        width=UNSET if width is None else width,
        height=UNSET if height is None else height,
        thumbnail_url=UNSET if thumbnail_size is None else records.thumbnail_url(url),
        duration=UNSET if duration is None else duration / 1000,
    )


async def of_messages(
    reads: Reads, conversation_id: int, message_ids: Sequence[int]
) -> list[records.Attachment]:
    """The attachments of these messages of one conversation, oldest first."""
    where = f"a.conversation_id = ? AND a.message_id IN ({reads.ids})"
    return await _select(reads, where, message_ids, conversation_id)


async def of_places(reads: Reads, places: Sequence[tuple[int, int]]) -> list[records.Attachment]:
    """The attachments of these messages (conversation, id), oldest first."""
    return await _at(reads, "message_id", places)


async def by_places(reads: Reads, places: Sequence[tuple[int, int]]) -> list[records.Attachment]:
    """Those of these attachments (conversation, id) that are stored, oldest first."""
    return await _at(reads, "id", places) if places else []


async def _at(
    reads: Reads, column: str, places: Sequence[tuple[int, int]]
) -> list[records.Attachment]:
    rows = await reads.fetch(
        f"""
        SELECT {COLUMNS} FROM ({reads.pairs}) AS place JOIN attachments AS a
            ON a.conversation_id = place.one AND a.{column} = place.two
        ORDER BY a.id
        """,  # noqa: S608 - of ours
        (listed(places),),
    )
    return [from_row(row) for row in rows]


async def _select(
    reads: Reads, where: str, ids: Sequence[int], *parameters: int
) -> list[records.Attachment]:
    if not ids:
        return []
    rows = await reads.fetch(
        f"SELECT {COLUMNS} FROM attachments AS a WHERE {where} ORDER BY a.id",  # noqa: S608 - of ours
        (*parameters, listed(ids)),
    )
    return [from_row(row) for row in rows]


async def file_of(
    reads: Reads, conversation_id: int, message_id: int, attachment_id: int
) -> StoredFile | None:
    rows = await reads.fetch(
        """
        SELECT stored_name, name, size, content_type, sha256, width, height, thumbnail_size,
               duration_ms
        FROM attachments WHERE id = ? AND conversation_id = ? AND message_id = ?
        """,
        (attachment_id, conversation_id, message_id),
    )
    return StoredFile(*rows[0]) if rows else None


async def total(reads: Reads, conversation_id: int) -> Total:
    """Count the files of a conversation, and their bytes."""
    return await _total(reads, "conversation_id = ?", conversation_id)


async def total_of_message(reads: Reads, conversation_id: int, message_id: int) -> Total:
    where = "conversation_id = ? AND message_id = ?"
    return await _total(reads, where, conversation_id, message_id)


async def total_of_sender(reads: Reads, user_id: int) -> Total:
    """Count the files of a user's messages in all conversations, and their bytes."""
    return await _total(reads, "sender_id = ?", user_id)


async def _total(reads: Reads, where: str, *parameters: int) -> Total:
    ((files, size),) = await reads.fetch(
        f"SELECT count(*), coalesce(sum(size), 0) FROM attachments WHERE {where}",  # noqa: S608 - of ours
        parameters,
    )
    return Total(int(files), int(size))


async def is_stored(reads: Reads, stored_name: str) -> bool:
    return bool(
        await reads.fetch("SELECT 1 FROM attachments WHERE stored_name = ?", (stored_name,))
    )


async def create(
    transaction: Transaction,
    conversation_id: int,
    message_id: int,
    sender_id: int,
    seq: int,
    file: StoredFile,
) -> records.Attachment:
    """Keep the row of a file; `sender_id` is the sender of the message."""
    (row,) = await transaction.fetch(
        """
        INSERT INTO attachments (conversation_id, message_id, sender_id, seq, name, stored_name,
                                 size, content_type, sha256, created_at, width, height,
                                 thumbnail_size, duration_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        RETURNING id, conversation_id, message_id, name, size, content_type, created_at, width,
                  height, thumbnail_size, duration_ms
        """,
        (
            conversation_id,
            message_id,
            sender_id,
            seq,
            file.name,
            file.stored_name,
            file.size,
            file.content_type,
            file.sha256,
            now(),
            file.width,
            file.height,
            file.thumbnail_size,
            file.duration_ms,
        ),
    )
    return from_row(row)


async def remove_all(
    transaction: Transaction, conversation_id: int, message_ids: Sequence[int]
) -> dict[str, int]:
    """Delete the rows of these messages' attachments. Returns the `seq` of each by stored name, so
    that its file and its entry in the log can be deleted too.
    """
    rows = await transaction.fetch(
        f"""
        DELETE FROM attachments WHERE conversation_id = ? AND message_id IN ({transaction.ids})
        RETURNING stored_name, seq
        """,  # noqa: S608 - of ours
        (conversation_id, listed(message_ids)),
    )
    return dict(rows)
