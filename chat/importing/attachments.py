"""Files. Each is copied first, under a name that it has in every run, and then gets its row."""

import mimetypes
from collections.abc import AsyncIterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import aiofiles

from chat.changes.attachments import AttachmentAdded
from chat.changes.family import name_of
from chat.importing.job import Job, Note
from chat.importing.values import moment_or, text
from chat.services.attachments import clean_name, media_type
from chat.store import conversations, imported_rows
from chat.store.attachments import StoredFile
from chat.store.changes import Entry
from chat.store.database import Row, Transaction

ADDED = name_of(AttachmentAdded)
CHUNK = 256 * 1024
SIZE_MOST = 2**62
"""A file that is there already is taken, whatever the limit for uploads is."""


async def copy_all(job: Job, rows: Sequence[Row]) -> dict[int, StoredFile]:
    """Copy the files of these rows whose messages are there; by the old id.

    A file that is missing is left out. It is not done in a transaction, because it takes a while.
    """
    sent = await imported_rows.sent(job.database, places_of(job, rows))
    copies = {}
    for old_id, message, path, name, content_type, _, _ in rows:
        found = sent.get(job.new("messages", message) or 0)
        if found is not None and not found.is_deleted:
            copy = await copied(job, old_id, text(path), text(name), text(content_type))
            if copy is not None:
                copies[old_id] = copy
    return copies


def places_of(job: Job, rows: Sequence[Row]) -> set[tuple[int, int]]:
    """The conversations and messages that the files belong to."""
    pairs = [(job.new("conversations", row[6]), job.new("messages", row[1])) for row in rows]
    return {(one, two) for one, two in pairs if one is not None and two is not None}


async def store(
    job: Job, transaction: Transaction, rows: Sequence[Row], copies: Mapping[int, StoredFile]
) -> list[Note]:
    """Keep these files. A missing one is named; one of a deleted message is left out."""
    places = places_of(job, rows)
    ids = sorted({conversation_id for conversation_id, _ in places})
    await transaction.lock_conversations(ids)
    sent = await imported_rows.sent(transaction, places)
    seqs = await conversations.seqs(transaction, ids)
    kept, entries, notes = [], [], list[Note]()
    changed: dict[int, int] = {}
    for old_id, message, path, _, _, created, conversation in rows:
        conversation_id, message_id = (
            job.new("conversations", conversation),
            job.new("messages", message),
        )
        found = None if message_id is None else sent.get(message_id)
        if conversation_id is None or message_id is None or found is None:
            notes.append(Note("lost", None, f"attachment {old_id}: has no message {message}"))
            continue
        if found.is_deleted:
            notes.append(Note("deleted", None, f"attachment {old_id}: its message is deleted"))
            continue
        file = copies.get(old_id)
        if file is None:
            notes.append(Note("files", None, f"attachment {old_id}: there is no file {path}"))
            continue
        seq = changed.get(conversation_id, seqs[conversation_id]) + 1
        changed[conversation_id] = seq
        new_id = old_id + job.shifts["attachments"]
        at, lost = moment_or(created, job.zone, found.at, f"attachment {old_id}")
        notes += lost
        kept.append((new_id, conversation_id, message_id, found.sender_id, seq, file, at))
        entries.append(Entry(conversation_id, seq, ADDED, new_id))
    await imported_rows.add_attachments(transaction, kept)
    await imported_rows.log(transaction, entries)
    if changed:
        await imported_rows.set_positions(transaction, changed)
    return notes


async def copied(
    job: Job, old_id: int, path: str, name: str, content_type: str
) -> StoredFile | None:
    """Copy a file of the source; None where it is not in the folder of its files."""
    assert job.media is not None
    found = within(job.media, path)
    if found is None:
        return None
    # The same in each run: what a killed run has copied is written again, and not left over.
    stored_name = blake2b(f"{job.name}:{old_id}".encode(), digest_size=16).hexdigest()
    kind = content_type or mimetypes.guess_type(path)[0] or ""
    shown = clean_name(name or path)
    return await job.files.receive(
        shown, media_type(kind), chunks_of(found), SIZE_MOST, stored_name=stored_name
    )


def within(media: Path, path: str) -> Path | None:
    """The file, if it is one in this folder; not by a path that leads out of it."""
    try:
        found = (media / path).resolve()
        return found if found.is_relative_to(media) and found.is_file() else None
    except (OSError, ValueError):
        return None


async def chunks_of(path: Path) -> AsyncIterator[bytes]:
    async with aiofiles.open(path, "rb") as file:
        while chunk := await file.read(CHUNK):
            yield chunk
