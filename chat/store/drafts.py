"""The files of resumable uploads, while they arrive.

The size of the file is how much has arrived. It is acknowledged only after a sync, so what was
acknowledged is on the disk. A client that was cut off may come back, to any node, while the server
still reads from its old connection. So each piece is written under the file's lock, and only at its
end: the connection that is behind writes nothing any more.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from chat.errors import Conflict, InvalidInput, NotFound


class Drafts:
    """All methods but the asynchronous ones read or write the disk: call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, upload_id: str) -> Path:
        return self._folder / upload_id

    def everything(self) -> Iterator[Path]:
        return self._folder.iterdir() if self._folder.is_dir() else iter(())

    def create(self, upload_id: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.path(upload_id).open("xb"):
            pass
        sync(self._folder)

    def remove(self, upload_id: str) -> None:
        self.path(upload_id).unlink(missing_ok=True)

    def arrived(self, upload_id: str) -> int:
        """Bytes that have arrived, and are on the disk. Raises NotFound if the file is gone."""
        try:
            with self.path(upload_id).open("rb") as file:
                os.fsync(file.fileno())
                return os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            raise gone() from None

    async def append(
        self, upload_id: str, offset: int, chunks: AsyncIterator[bytes], size: int
    ) -> int:
        """Write the chunks from `offset` on, up to `size`. Returns how much has arrived then.

        When this ends, in whatever way, what was written is on the disk. Raises Conflict where
        `offset` is not the end of the file, InvalidInput for more bytes than `size` allows.
        """
        try:
            with self.path(upload_id).open("r+b", buffering=0) as file:
                require_end(os.fstat(file.fileno()).st_size, offset)
                try:
                    async for chunk in chunks:
                        if offset + len(chunk) > size:
                            raise too_long(size)
                        if chunk:
                            await in_thread(write, file.fileno(), offset, chunk)
                        offset += len(chunk)
                finally:
                    await in_thread(os.fsync, file.fileno())
        except FileNotFoundError:
            raise gone() from None
        return offset


async def in_thread(function: Callable[..., object], *arguments: object) -> None:
    """Call the function in a thread, and wait for its end, also where the caller is cancelled: it
    works on a file that is closed afterwards.
    """
    work = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


def write(descriptor: int, offset: int, chunk: bytes) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        state = os.fstat(descriptor)
        if state.st_nlink == 0:
            raise gone()
        require_end(state.st_size, offset)
        written = 0
        while written < len(chunk):
            written += os.pwrite(descriptor, chunk[written:], offset + written)
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def require_end(end: int, offset: int) -> None:
    if end != offset:
        raise wrong_offset(end, offset)


def wrong_offset(end: int, offset: int) -> Conflict:
    return Conflict(f"Upload-Offset: {end} bytes have arrived, not {offset}.", code="wrong_offset")


def too_long(size: int) -> InvalidInput:
    return InvalidInput({"Upload-Length": [f"The upload has {size} bytes, and more came."]})


def gone() -> NotFound:
    return NotFound("There is no such upload.")


def sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
