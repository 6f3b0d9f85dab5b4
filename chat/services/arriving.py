"""The files of forms while they arrive: how many of one user may at once, and how many bytes.

Such a file has no row yet, so no quota counts it, and it is on the disk already. Resumable uploads
have rows. Each process counts for itself, in memory, so nothing stays counted after a crash.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from chat.errors import Conflict
from chat.services.quotas import UPLOADS_MAX, too_many


class Arriving:
    def __init__(self, most: int) -> None:
        """`most` is in bytes, of all files of one user together."""
        self._most = most
        self._files: Counter[int] = Counter()
        self._bytes: Counter[int] = Counter()

    @contextmanager
    def counted(self, user_id: int, chunks: AsyncIterator[bytes]) -> Iterator[AsyncIterator[bytes]]:
        """Count a file within the `with` block, and its chunks as they come. Raises Conflict where
        the user has too many on their way, and so does the iterator.
        """
        if self._files[user_id] >= UPLOADS_MAX:
            raise too_many()
        size = 0

        async def count() -> AsyncIterator[bytes]:
            nonlocal size
            async for chunk in chunks:
                size += len(chunk)
                self._bytes[user_id] += len(chunk)
                if self._bytes[user_id] > self._most:
                    raise too_many_bytes(self._most)
                yield chunk

        self._files[user_id] += 1
        try:
            yield count()
        finally:
            self._files[user_id] -= 1
            self._bytes[user_id] -= size
            if not self._files[user_id]:
                del self._files[user_id], self._bytes[user_id]


def too_many_bytes(most: int) -> Conflict:
    return Conflict(
        f"file: files of {most} bytes together of one user may be on their way. Send them one after"
        " the other.",
        code="too_many_uploads",
    )
