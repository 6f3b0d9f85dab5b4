"""A client that says exactly what it is given, and reads as slowly as it likes."""

import asyncio
import socket
from dataclasses import dataclass
from typing import Self

SMALL_BUFFER = 8192
"""Bytes that this machine takes ahead of a client, so that what is not read stays away."""
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes
    """As it came: chunks are not taken apart."""


class RawClient:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, *, is_slow: bool = False) -> Self:
        """`is_slow` keeps what this machine reads ahead small."""
        peer = socket.socket()
        if is_slow:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        peer.setblocking(False)
        await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=peer, limit=SMALL_BUFFER))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_to_the_end(self, *, piece: int = 65536, pause: float = 0.0) -> bytes:
        """All that comes until the server closes."""
        got = bytearray()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while data := await self.reader.read(piece):
                got += data
                await asyncio.sleep(pause)
        return bytes(got)

    async def answer(self) -> Answer:
        """The next answer, of known length."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            found = parsed(head)
            size = int(found.headers.get("content-length", 0))
            return Answer(found.status, found.headers, await self.reader.readexactly(size))


def parsed(whole: bytes) -> Answer:
    """One answer, with all that follows its head as the body."""
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), {k.lower(): v for k, v in headers.items()}, body)


def dechunked(body: bytes) -> bytes:
    """What a chunked body holds; raises AssertionError where it is not whole."""
    found = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        count = int(size, 16)
        found, body = found + body[:count], body[count:]
        assert body.startswith(b"\r\n"), "a chunk without its end"
        body = body[2:]
        if count == 0:
            return found
