"""A file that reports how much of it was read, which is how much of an upload was sent."""

from collections.abc import Callable
from io import SEEK_END, SEEK_SET, BytesIO
from typing import BinaryIO


class Watched:
    """The methods of a file that httpx uses: `read`, `seek` and `tell`."""

    def __init__(self, file: BinaryIO | bytes, on_progress: Callable[[float], None]) -> None:
        self._file = BytesIO(file) if isinstance(file, bytes) else file
        self._on_progress = on_progress
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        if self._size:
            self._on_progress(self._file.tell() / self._size)
        return chunk

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        place = self._file.seek(offset, whence)
        if whence == SEEK_END:
            self._size = place
        return place

    def tell(self) -> int:
        return self._file.tell()
