"""A server that receives webhooks over TCP, and behaves as it is asked to."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """One request. `path` has the query; `headers` have lower-case names."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The changes in it, as `{"id", "type", "timestamp", "data"}`, of a batch or of one."""
        body = self.json
        if body["type"] == "batch":
            return list(body["data"])
        return [{"id": self.headers["webhook-id"], **body}]


Behaviour = Callable[[Received], Awaitable[bytes | None]]
"""Returns the bytes of the answer; None cuts the connection."""


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def agree(_: Received) -> bytes:
    return answer(204)


async def fail(_: Received) -> bytes:
    return answer(500)


async def hang(_: Received) -> bytes:
    await asyncio.Event().wait()
    raise AssertionError


async def cut(_: Received) -> bytes | None:
    """Half of an answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"


@dataclass
class Receiver:
    """`behaviour` may change at any time."""

    behaviour: Behaviour = agree
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def start(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._serve, host, self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=secret-of-the-query"

    async def stop(self) -> None:
        """Listen no more, and cut what is open. It may start again on the same port."""
        if self._server is not None:
            self._server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while await self._one(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = await reader.readexactly(int(headers["content-length"]))
        received = Received(head[0].split(" ")[1], headers, body)
        self.received.append(received)
        answered = await self.behaviour(received)
        if answered is not None:
            writer.write(answered)
            await writer.drain()
        return answered is not None and b"\r\n\r\nhalf" not in answered
