"""Compares the files of attachments and of uploads with the rows that name them."""

from collections.abc import Iterator
from pathlib import Path
from time import time

from chat.store import resumable_uploads
from chat.store.database import Database
from chat.store.drift import Drift
from chat.store.files import Files

YOUNG = 3600
"""In seconds. A file younger than this may be an upload whose row is not stored yet."""
MEND_LOG_OF_FILE = """
    DELETE FROM changes WHERE (conversation_id, seq) IN
        (SELECT conversation_id, seq FROM attachments WHERE id = ?)
"""
MEND_FILE = "DELETE FROM attachments WHERE id = ?"
MEND_UPLOAD = "DELETE FROM resumable_uploads WHERE id = ?"
MEND_THUMBNAIL = "UPDATE attachments SET thumbnail_size = NULL WHERE id = ?"


async def examine(database: Database, files: Files) -> list[Drift]:
    return [*await examine_attachments(database, files), *await examine_uploads(database, files)]


async def examine_attachments(database: Database, files: Files) -> list[Drift]:
    rows = await database.fetch(
        "SELECT id, stored_name, size, thumbnail_size FROM attachments ORDER BY id"
    )
    known: set[str] = set()
    drifts = []
    for id_, stored_name, size, thumbnail_size in rows:
        known.add(stored_name)
        path = files.path(stored_name)
        found = path.stat().st_size if path.exists() else None
        if found != size:
            state = "is missing" if found is None else f"has {found} bytes, not {size}"
            drifts.append(
                Drift(
                    f"attachment {id_}: its file {state}",
                    [(MEND_LOG_OF_FILE, (id_,)), (MEND_FILE, (id_,))],
                    (path, files.thumbnail(stored_name)),
                )
            )
        small = files.thumbnail(stored_name)
        if found != size or thumbnail_size is None:
            continue
        known.add(small.name)
        if not small.exists() or small.stat().st_size != thumbnail_size:
            drifts.append(
                Drift(
                    f"attachment {id_}: its thumbnail is missing, or has another size",
                    [(MEND_THUMBNAIL, (id_,))],
                    (small,),
                )
            )
    drifts += [
        Drift(f"file {path.name}: belongs to no attachment", files=(path,))
        for path in strays(files, known)
    ]
    return drifts


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
