"""The files of attachments on the disk.

A file arrives in `incoming/`, under a name that Payam gives it. It moves to its place when it is
whole and on the disk. So every file in its place is complete. Files in `incoming/` at a start are
the rest of uploads that nobody finished.

The thumbnail of a picture lies beside it. It is made before the row of the attachment is written,
so `attachment.added` has its address, and nothing about the attachment changes later.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from contextvars import Context
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import aiofiles
import aiofiles.os
from msgspec.structs import replace

from chat.errors import InvalidInput, NotFound, TooLarge, Unavailable
from chat.media import sizes, types
from chat.media.found import NOTHING
from chat.media.inspector import Inspector
from chat.store.attachments import StoredFile
from chat.store.bucket import Bucket
from chat.store.drafts import Drafts, sync

log = logging.getLogger("payam.files")

THUMBNAIL = ".thumbnail"
"""What the name of a file has, and then that of its thumbnail."""
THUMBNAIL_TYPE = "image/webp"
CHUNK = 256 * 1024
"""Bytes of a file that are in memory at once."""
SIDE = 512
SMALL = 256 * 1024
"""Pixels and bytes: a picture that browsers show, and that is no larger, needs no thumbnail."""
SHOWN_BY_BROWSERS = {f"image/{name}" for name in ("png", "apng", "jpeg", "gif", "webp", "avif")}
ABANDONED = 86_400
"""Seconds after which an unfinished upload counts as abandoned."""


class Files:
    def __init__(self, folder: Path, inspector: Inspector, bucket: Bucket | None = None) -> None:
        """With a bucket new files go there. Those that are on the disk are found there first."""
        self.bucket = bucket
        self._inspector = inspector
        self._folder = folder
        self._incoming = folder / "incoming"
        self.drafts = Drafts(self._incoming / "uploads")
        self._discarding: set[asyncio.Task[None]] = set()

    def prepare(self, now: float) -> None:
        """Make the folders, and delete abandoned uploads. `now` is in seconds since 1970."""
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._incoming.iterdir():
            if path.is_dir():  # of resumable uploads, which have a lifetime of their own
                continue
            try:
                if now - path.stat().st_mtime > ABANDONED:
                    path.unlink()
            except FileNotFoundError:  # another worker was faster
                continue

    def path(self, stored_name: str) -> Path:
        # Two levels, so that no folder grows to millions of entries.
        return self._folder / stored_name[:2] / stored_name

    def thumbnail(self, stored_name: str) -> Path:
        """The thumbnail of this file, which it has if its row says so."""
        return self.path(stored_name + THUMBNAIL)

    def everything(self) -> Iterator[Path]:
        """Every file, unfinished uploads included."""
        return (path for path in self._folder.glob("*/*") if path.is_file())

    async def receive(
        self,
        name: str,
        content_type: str,
        chunks: AsyncIterator[bytes],
        most: int,
        *,
        stored_name: str | None = None,
    ) -> StoredFile:
        """Write the chunks as they come. When this returns, the file is on the disk, and its
        thumbnail too. `content_type` is the client's word.

        Raises TooLarge beyond `most` bytes, and Unavailable if the disk cannot take it. After any
        error, of the chunks too, nothing of the file is left. With a `stored_name` the file takes
        the place of what an earlier try has left.
        """
        fill = partial(self._write, chunks=chunks, most=most)
        return await self._take(name, content_type, fill, stored_name)

    async def adopt(self, name: str, content_type: str, upload_id: str) -> StoredFile:
        """The same for a finished upload, which stays until it is removed.

        Nothing is written to it any more, so the file is a second name of the same bytes.
        """
        return await self._take(
            name, content_type, partial(self._link, self.drafts.path(upload_id))
        )

    async def receive_picture(self, chunks: AsyncIterator[bytes], most: int) -> tuple[str, int]:
        """Keep a small WebP copy of the picture, upright and without its metadata, and nothing else
        of it. Returns its stored name, and its size in bytes.

        Raises InvalidInput, which names `file`, for what is no picture that can be read, and
        otherwise as `receive`.
        """
        stored_name = secrets.token_hex(16)
        draft = self._incoming / stored_name
        try:
            await self._write(draft, chunks, most)
            _, found = await aiofiles.os.wrap(looked_at)(draft, "")
            if found is None:
                raise no_picture("The file is no picture.")
            if found.width * found.height > self._inspector.pixels:
                raise no_picture(f"The picture has more than {self._inspector.pixels} pixels.")
            answer = await self._inspector.inspect(draft, beside(draft), is_still=True)
            if answer.thumbnail_size is None:
                raise no_picture("The picture cannot be read.")
            if self.bucket is not None:
                await self.bucket.put(beside(draft), stored_name, THUMBNAIL_TYPE, "inline")
            else:
                await aiofiles.os.wrap(self._place)(beside(draft), self.path(stored_name))
        except OSError as error:
            raise cannot_store(error) from error
        finally:
            await asyncio.to_thread(unlink, draft, beside(draft))
        return stored_name, answer.thumbnail_size

    async def _take(
        self,
        name: str,
        content_type: str,
        fill: Callable[[Path], Awaitable[tuple[int, str]]],
        stored_name: str | None = None,
    ) -> StoredFile:
        again = stored_name is not None
        stored_name = stored_name or secrets.token_hex(16)
        draft = self._incoming / stored_name
        if again:
            draft.unlink(missing_ok=True)
        try:
            size, digest = await fill(draft)
            file = StoredFile(stored_name, name, size, content_type, digest)
            file = await self._looked_at(file, draft)
            if self.bucket is not None:
                await self.send(file, draft, self.bucket)
                await asyncio.to_thread(unlink, draft, beside(draft))
                return file
            if file.thumbnail_size is not None:
                await aiofiles.os.wrap(self._place)(beside(draft), self.thumbnail(stored_name))
            await aiofiles.os.wrap(self._place)(draft, self.path(stored_name))
        except BaseException as error:
            # The drafts are deleted first, so that a thread that still runs cannot move them.
            for path in (draft, self.path(stored_name)):
                path.unlink(missing_ok=True)
                beside(path).unlink(missing_ok=True)
            if self.bucket is not None:
                self.discard_later([stored_name])
            if not isinstance(error, OSError):
                raise
            raise cannot_store(error) from error
        return file

    @staticmethod
    async def send(file: StoredFile, path: Path, bucket: Bucket) -> None:
        """Copy a file at this path, and the thumbnail beside it, to the bucket."""
        if file.thumbnail_size is not None:
            name = file.stored_name + THUMBNAIL
            await bucket.put(beside(path), name, THUMBNAIL_TYPE, "inline")
        await bucket.put(path, file.stored_name, file.content_type, disposition(file.name))

    async def link(self, name: str, method: Literal["GET", "HEAD"]) -> str | None:
        """The address at which the client gets the file itself; None for a file on the disk."""
        if self.bucket is None or await asyncio.to_thread(self.path(name).exists):
            return None
        return await self.bucket.link(name, method)

    async def chunks(self, name: str, start: int, size: int) -> AsyncGenerator[bytes, None]:
        """These bytes of the file. Raises NotFound."""
        try:
            async with aiofiles.open(self.path(name), "rb") as file:
                await file.seek(start)
                while size > 0:
                    chunk = await file.read(min(size, CHUNK))
                    if not chunk:
                        raise EOFError(f"{name} is shorter than it was")
                    size -= len(chunk)
                    yield chunk
        except FileNotFoundError:
            if self.bucket is None:
                # The message was deleted after the row had been read.
                raise NotFound("There is no such attachment of this message.") from None
            async with aclosing(self.bucket.chunks(name, start, size)) as kept:
                async for chunk in kept:
                    yield chunk

    async def fetch(self, file: StoredFile, bucket: Bucket) -> None:
        """Copy a file and its thumbnail from the bucket to their places on the disk."""
        sizes = {file.stored_name + THUMBNAIL: file.thumbnail_size, file.stored_name: file.size}
        for name, size in sizes.items():
            if size is None or self.path(name).exists():
                continue
            draft = self._incoming / name
            async with aiofiles.open(draft, "wb") as target:
                async for chunk in bucket.chunks(name, 0, size):
                    await target.write(chunk)
            await asyncio.to_thread(self._place, draft, self.path(name))

    async def _looked_at(self, file: StoredFile, draft: Path) -> StoredFile:
        """The file, with what its content says."""
        content_type, size = await aiofiles.os.wrap(looked_at)(draft, file.content_type)
        found = NOTHING
        if content_type.startswith(("audio/", "video/")):
            found = await self._inspector.inspect(draft, None, has_length=True)
        elif size is not None and self._is_worth_a_thumbnail(file, content_type, size):
            found = await self._inspector.inspect(draft, beside(draft))
        return replace(
            file,
            content_type=content_type,
            width=size.width if size else None,
            height=size.height if size else None,
            thumbnail_size=found.thumbnail_size,
            duration_ms=found.duration,
        )

    def _is_worth_a_thumbnail(self, file: StoredFile, content_type: str, size: sizes.Size) -> bool:
        is_small = max(size.width, size.height) <= SIDE and file.size <= SMALL
        is_shown = content_type in SHOWN_BY_BROWSERS
        return size.width * size.height <= self._inspector.pixels and not (is_small and is_shown)

    @staticmethod
    async def _link(upload: Path, draft: Path) -> tuple[int, str]:
        """Give the upload a second name. Returns its size in bytes and its SHA-256."""

        def link() -> tuple[int, str]:
            os.link(upload, draft)
            with draft.open("rb") as file:
                return draft.stat().st_size, file_digest(file, "sha256").hexdigest()

        return await asyncio.to_thread(link)

    @staticmethod
    async def _write(draft: Path, chunks: AsyncIterator[bytes], most: int) -> tuple[int, str]:
        """Write the chunks to the disk. Returns their size in bytes and their SHA-256."""
        digest, size = sha256(), 0
        async with aiofiles.open(draft, "xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise TooLarge(f"file: at most {most} bytes.")
                digest.update(chunk)
                await file.write(chunk)
            await file.flush()
            await aiofiles.os.wrap(os.fsync)(file.fileno())
        return size, digest.hexdigest()

    @staticmethod
    def _place(draft: Path, path: Path) -> None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with draft.open("rb") as file:  # a thumbnail's bytes may not be on the disk yet
            os.fsync(file.fileno())
        draft.rename(path)
        # A rename is on the disk once its folder is synced.
        for folder in (path.parent, path.parent.parent):
            sync(folder)

    async def discard(self, stored_names: Sequence[str]) -> None:
        """Delete these files, where they are there, without holding the event loop."""
        await asyncio.to_thread(self._unlink, stored_names)
        if self.bucket is not None:
            names = [*stored_names, *(name + THUMBNAIL for name in stored_names)]
            try:
                await self.bucket.remove(names)
            except Unavailable as error:  # `doctor` finds them, and removes them
                log.error("files could not be deleted: %s", error.__cause__)  # noqa: TRY400

    def _unlink(self, stored_names: Sequence[str]) -> None:
        for stored_name in stored_names:
            try:
                self.path(stored_name).unlink(missing_ok=True)
                self.thumbnail(stored_name).unlink(missing_ok=True)
            except OSError as error:  # `doctor` finds it, and removes it
                log.error("a file could not be deleted: %s", error)  # noqa: TRY400 - the disk's trouble

    def discard_later(self, stored_names: Sequence[str]) -> None:
        """The same for a caller that does not wait for it; `settled` does."""
        if not stored_names:
            return
        task = asyncio.get_running_loop().create_task(self.discard(stored_names), context=Context())
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)

    async def settled(self) -> None:
        """Wait until the files are gone that are to be deleted by now."""
        if self._discarding:
            await asyncio.wait(self._discarding)


def cannot_store(error: OSError) -> Unavailable:
    log.error("an upload could not be stored: %s", error)
    return Unavailable("The file cannot be stored at the moment.", retry_after=5.0)


def no_picture(reason: str) -> InvalidInput:
    return InvalidInput({"file": [reason]})


def looked_at(draft: Path, claimed: str) -> tuple[str, sizes.Size | None]:
    """The type of a file, and its size if it is a picture. It reads the disk."""
    with draft.open("rb") as file:
        content_type = types.media_type(file.read(types.HEAD_SIZE), claimed)
    return content_type, sizes.size_of(draft)


def unlink(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def disposition(name: str) -> str:
    """RFC 6266: the browser saves the file under this name, and never shows it."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def beside(path: Path) -> Path:
    """The path of the thumbnail of the file with this path."""
    return path.with_name(path.name + THUMBNAIL)
