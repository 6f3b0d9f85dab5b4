"""Compares the files of attachments and of uploads with the rows that name them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from time import time

from chat.store import avatars, resumable_uploads
from chat.store.bucket import Kept
from chat.store.database import Database
from chat.store.drift import Drift
from chat.store.files import THUMBNAIL, Files

YOUNG = 3600
"""In seconds. A file younger than this may be an upload whose row is not stored yet."""
MEND_LOG_OF_FILE = """
    DELETE FROM changes WHERE (conversation_id, seq) IN
        (SELECT conversation_id, seq FROM attachments WHERE id = ?)
"""
SENDERS = """
    SELECT a.id, a.sender_id, m.sender_id FROM attachments AS a
    JOIN messages AS m ON m.conversation_id = a.conversation_id AND m.id = a.message_id
    WHERE a.sender_id <> m.sender_id ORDER BY a.id
"""
MEND_SENDER = "UPDATE attachments SET sender_id = ? WHERE id = ?"
MEND_FILE = "DELETE FROM attachments WHERE id = ?"
MEND_AVATAR = {
    "user": "UPDATE users SET avatar = NULL, avatar_size = NULL WHERE id = ?",
    "conversation": "UPDATE conversations SET avatar = NULL, avatar_size = NULL WHERE id = ?",
}
MEND_UPLOAD = "DELETE FROM resumable_uploads WHERE id = ?"
MEND_THUMBNAIL = "UPDATE attachments SET thumbnail_size = NULL WHERE id = ?"


async def examine(database: Database, files: Files) -> list[Drift]:
    return [
        *await examine_attachments(database, files),
        *await examine_senders(database),
        *await examine_uploads(database, files),
    ]


async def examine_attachments(database: Database, files: Files) -> list[Drift]:
    """A file may be on the disk, or else in the bucket."""
    rows = await database.fetch(
        "SELECT id, stored_name, size, thumbnail_size FROM attachments ORDER BY id"
    )
    kept = await files.bucket.everything() if files.bucket is not None else {}
    known: set[str] = set()
    drifts = []
    for id_, stored_name, size, thumbnail_size in rows:
        known.add(stored_name)
        small = stored_name + THUMBNAIL
        found = size_of(files, stored_name, kept)
        if found != size:
            state = "is missing" if found is None else f"has {found} bytes, not {size}"
            drifts.append(
                Drift(
                    f"attachment {id_}: its file {state}",
                    [(MEND_LOG_OF_FILE, (id_,)), (MEND_FILE, (id_,))],
                    (files.path(stored_name), files.path(small)),
                    (stored_name, small),
                )
            )
        elif thumbnail_size is not None:
            known.add(small)
            if size_of(files, small, kept) != thumbnail_size:
                drifts.append(
                    Drift(
                        f"attachment {id_}: its thumbnail is missing, or has another size",
                        [(MEND_THUMBNAIL, (id_,))],
                        (files.path(small),),
                        (small,),
                    )
                )
    for what, id_, avatar in await avatars.every(database):
        known.add(avatar.stored_name)
        if size_of(files, avatar.stored_name, kept) != avatar.size:
            drifts.append(
                Drift(
                    f"{what} {id_}: its picture is missing, or has another size",
                    [(MEND_AVATAR[what], (id_,))],
                    (files.path(avatar.stored_name),),
                    (avatar.stored_name,),
                )
            )
    drifts += [
        Drift(f"file {path.name}: belongs to no attachment", files=(path,))
        for path in strays(files, known)
    ]
    oldest_allowed = time() - YOUNG
    return drifts + [
        Drift(f"file {name} in the bucket: belongs to no attachment", objects=(name,))
        for name, one in sorted(kept.items())
        if name not in known and one.written_at < oldest_allowed
    ]


async def examine_senders(database: Database) -> list[Drift]:
    """A file counts for the quota of the user who sent its message."""
    return [
        Drift(
            f"attachment {id_}: is of user {sender_id}, and not of {kept}",
            [(MEND_SENDER, (sender_id, id_))],
        )
        for id_, kept, sender_id in await database.fetch(SENDERS)
    ]


def size_of(files: Files, name: str, kept: Mapping[str, Kept]) -> int | None:
    """The size of a file in bytes; None for a file that is in neither place."""
    path = files.path(name)
    if path.exists():
        return path.stat().st_size
    return kept[name].size if name in kept else None


async def examine_uploads(database: Database, files: Files) -> list[Drift]:
    known = await resumable_uploads.ids(database)
    found = {path.name: path for path in files.drafts.everything()}
    drifts = [
        Drift(f"upload {id_}: its file is missing", [(MEND_UPLOAD, (id_,))])
        for id_ in sorted(known - found.keys())
    ]
    oldest_allowed = time() - YOUNG
    return drifts + [
        Drift(f"file {name}: belongs to no upload", files=(found[name],))
        for name in sorted(found.keys() - known)
        if found[name].stat().st_mtime < oldest_allowed
    ]


def strays(files: Files, known: set[str]) -> Iterator[Path]:
    oldest_allowed = time() - YOUNG
    for path in files.everything():
        if path.name not in known and path.stat().st_mtime < oldest_allowed:
            yield path
