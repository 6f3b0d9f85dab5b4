"""Moves files between the disk and the bucket, one after the other, while servers run.

A server with a bucket finds files in both places, so nothing is missing at any moment: a file is
deleted in one place when it is whole in the other. Files that are in the right place already are
passed over, so an interrupted move goes on when it is begun again. What it left in the first place,
because it ended between the two steps, is deleted then.
"""

from collections.abc import Callable

from msgspec import Struct

from chat.errors import NotFound
from chat.store import avatars
from chat.store.attachments import StoredFile
from chat.store.bucket import Bucket
from chat.store.database import Reads
from chat.store.files import THUMBNAIL, THUMBNAIL_TYPE, Files, unlink

PAGE = 200
"""Rows that are read at once; after so many there is a word about the progress."""


class Moved(Struct):
    """`moved` of the `seen` files went to the other place; `missing` are in neither."""

    seen: int = 0
    moved: int = 0
    missing: int = 0


async def move(
    reads: Reads, files: Files, bucket: Bucket, say: Callable[[str], None], *, to_bucket: bool
) -> Moved:
    """Move every attachment's file, and its thumbnail. Raises Unavailable where a place is away."""
    ((total,),) = await reads.fetch("SELECT count(*) FROM attachments")
    done, last = Moved(), 0
    while page := await reads.fetch(
        """
        SELECT id, stored_name, name, size, content_type, sha256, width, height, thumbnail_size,
               duration_ms
        FROM attachments WHERE id > ? ORDER BY id LIMIT ?
        """,
        (last, PAGE),
    ):
        for id_, *values in page:
            last, file = id_, StoredFile(*values)
            done.seen += 1
            is_here = files.path(file.stored_name).exists()
            try:
                if to_bucket and is_here:
                    await files.send(file, files.path(file.stored_name), bucket)
                    unlink(files.path(file.stored_name), files.thumbnail(file.stored_name))
                elif not to_bucket and not is_here:
                    await files.fetch(file, bucket)
                    await bucket.remove([file.stored_name, file.stored_name + THUMBNAIL])
                else:
                    if to_bucket:  # the end may have come between the file and its thumbnail
                        unlink(files.thumbnail(file.stored_name))
                    continue
            except NotFound:  # deleted meanwhile, or lost: `doctor` says which
                done.missing += 1
            else:
                done.moved += 1
        say(f"{done.seen} of {total} files seen, {done.moved} moved")
    await move_avatars(reads, files, bucket, done, to_bucket=to_bucket)
    if not to_bucket:
        await bucket.remove([one for one in await bucket.everything() if files.path(one).exists()])
    return done


async def move_avatars(
    reads: Reads, files: Files, bucket: Bucket, done: Moved, *, to_bucket: bool
) -> None:
    """The same for the pictures of users and conversations, which have no thumbnails."""
    for _, _, avatar in await avatars.every(reads):
        file = StoredFile(avatar.stored_name, "avatar", avatar.size, THUMBNAIL_TYPE, "")
        done.seen += 1
        path = files.path(file.stored_name)
        if to_bucket != path.exists():
            continue
        try:
            if to_bucket:
                await bucket.put(path, file.stored_name, THUMBNAIL_TYPE, "inline")
                unlink(path)
            else:
                await files.fetch(file, bucket)
                await bucket.remove([file.stored_name])
        except NotFound:
            done.missing += 1
        else:
            done.moved += 1
