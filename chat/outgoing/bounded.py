"""Bounds what is read of an answer, whatever the other server sends.

Reading takes time of the event loop: a head with thousands of fields takes some hundredths of a
second, and a server may send interim answers (1xx) without end.
"""

import ssl
from typing import Any

import httpcore

READ_MAX = 4 * 1024
"""Bytes that are read at once. Others go on in between."""


class TooLong(httpcore.ReadError):
    """The answer has more bytes than are read."""


class Bounded(httpcore.AsyncNetworkStream):
    """A connection on which at most `most` bytes are read after each write, so of each answer."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, most: int) -> None:
        self._stream = stream
        self._most = most
        self._left = most

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._left <= 0:
            raise TooLong("its answer is too long")
        data = await self._stream.read(min(max_bytes, READ_MAX, self._left), timeout)
        self._left -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._left = self._most
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return Bounded(stream, self._most)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
