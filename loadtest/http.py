"""HTTP/1.1 over one connection that is kept. It does little, so that the loader costs less than
the server.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

LONGEST_HEAD = 1 << 20
OK = (200, 201, 204)
SHOWN = 200
"""Most bytes of an answer that go into the text of an error."""


class RequestFailed(Exception):
    """The answer's status was not one of OK, or the answer was not HTTP. The text is one line.

    `status` is that of the answer, or 0 if it has none.
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Connection:
    """Sends one request at a time; `headers` go with each."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: Mapping[str, str]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    @classmethod
    async def open(cls, url: str, token: str) -> "Connection":
        """Connect to the server at `url`. Every request has the token. Raises RequestFailed."""
        address = urlsplit(url)
        secure = address.scheme == "https"
        port = address.port or (443 if secure else 80)
        try:
            reader, writer = await asyncio.open_connection(
                address.hostname, port, ssl=secure or None, limit=LONGEST_HEAD
            )
        except OSError as error:
            raise RequestFailed(f"{url} cannot be reached: {error}") from error
        return cls(reader, writer, {"Host": address.netloc, "Authorization": f"Bearer {token}"})

    async def request(
        self, method: str, path: str, body: bytes = b"", content_type: str = "application/json"
    ) -> bytes:
        """The answer's body. Raises RequestFailed."""
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}"
        if body:
            head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        self._writer.write(head.encode() + b"\r\n" + body)
        try:
            status, content = await self._answer()
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise RequestFailed(f"{method} {path}: no answer ({error})") from error
        if status not in OK:
            said = " ".join(content[:SHOWN].decode(errors="replace").split())
            raise RequestFailed(f"{method} {path}: {status} {said}", status)
        return content

    async def _answer(self) -> tuple[int, bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(maxsplit=2)[1])
        if b"\r\ntransfer-encoding: chunked" in head:
            return status, b"".join([chunk async for chunk in self._chunks()])
        length = head.partition(b"\r\ncontent-length:")[2].split(b"\r\n", 1)[0]
        return status, await self._reader.readexactly(int(length or 0))

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            yield (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readuntil(b"\r\n")

    def close(self) -> None:
        self._writer.close()
