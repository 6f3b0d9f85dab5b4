"""The files of attachments on the disk.

A file arrives in `incoming/`, under a name that Payam gives it. It moves to its place when it is
whole and on the disk. So every file in its place is complete. Files in `incoming/` at a start are
the rest of uploads that nobody finished.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextvars import Context
from hashlib import sha256
from pathlib import Path

import aiofiles
import aiofiles.os

from chat.errors import TooLarge, Unavailable
from chat.store import pictures
from chat.store.attachments import StoredFile

log = logging.getLogger("payam.files")

ABANDONED = 86_400
"""Seconds after which an unfinished upload counts as abandoned."""


class Files:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._discarding: set[asyncio.Task[None]] = set()

    def prepare(self, now: float) -> None:
        """Make the folders, and delete abandoned uploads. `now` is in seconds since 1970."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        for path in self._incoming.iterdir():
            try:
                if now - path.stat().st_mtime > ABANDONED:
                    path.unlink()
            except FileNotFoundError:  # another worker was faster
                continue

    def path(self, stored_name: str) -> Path:
        # Two levels, so that no folder grows to millions of entries.
        return self._folder / stored_name[:2] / stored_name

    def everything(self) -> Iterator[Path]:
        """Every file, unfinished uploads included."""
        return (path for path in self._folder.glob("*/*") if path.is_file())

    async def receive(
        self, name: str, content_type: str, chunks: AsyncIterator[bytes], most: int
    ) -> StoredFile:
        """Write the chunks as they come. When this returns, the file is on the disk.

        Raises TooLarge beyond `most` bytes, and Unavailable if the disk cannot take it. After any
        error, of the chunks too, nothing of the file is left.
        """
        stored_name = secrets.token_hex(16)
        draft = self._incoming / stored_name
        try:
            size, digest = await self._write(draft, chunks, most)
            picture = await aiofiles.os.wrap(pictures.size_of)(draft)
            await aiofiles.os.wrap(self._place)(draft, self.path(stored_name))
        except BaseException as error:
            # The draft is deleted first, so that a thread that still runs cannot move it.
            draft.unlink(missing_ok=True)
            self.path(stored_name).unlink(missing_ok=True)
            if not isinstance(error, OSError):
                raise
            log.error("an upload could not be stored: %s", error)  # noqa: TRY400 - the disk's trouble
            raise Unavailable(
                "The file cannot be stored at the moment.", retry_after=5.0
            ) from error
        return StoredFile(
            stored_name,
            name,
            size,
            content_type,
            digest,
            picture.width if picture else None,
            picture.height if picture else None,
        )

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
        path.parent.mkdir(exist_ok=True)
        draft.rename(path)
        # A rename is on the disk once its folder is synced.
        for folder in (path.parent, path.parent.parent):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    async def discard(self, stored_names: Sequence[str]) -> None:
        """Delete these files, where they are there, without holding the event loop."""
        await asyncio.to_thread(self._unlink, stored_names)

    def _unlink(self, stored_names: Sequence[str]) -> None:
        for stored_name in stored_names:
            try:
                self.path(stored_name).unlink(missing_ok=True)
            except OSError as error:  # `doctor` finds it, and removes it
                log.error("a file could not be deleted: %s", error)  # noqa: TRY400 - the disk's trouble

    def discard_later(self, stored_names: Sequence[str]) -> None:
        """The same for who does not wait for it; `settled` does."""
        if not stored_names:
            return
        task = asyncio.get_running_loop().create_task(self.discard(stored_names), context=Context())
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)

    async def settled(self) -> None:
        """Wait until the files are gone that are to be deleted by now."""
        if self._discarding:
            await asyncio.wait(self._discarding)
