"""What one user feels while clients of every slow kind hold on to a server.

    python -m loadtest.slow_clients --url http://127.0.0.1:8000 --token TOKEN --pid PID

A user sends messages and waits for each `ack`, for some seconds alone and then beside each kind of
slow clients. Printed are the median and the 99th percentile of that time, how much of a core the
server takes, and its memory before, beside and after. `--token` is of a user of a server that runs
for this alone, with RATE_LIMITS=off and MAX_CONNECTIONS=10000.
"""

import argparse
import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from loadtest.http import Connection

EACH = 200
"""Clients of each kind."""
LONG_LIST = 1500
"""Messages of a kilobyte in the list that is not read."""
DRIP_SECONDS = 1.0
PAUSE_SECONDS = 0.01

Act = Callable[["Site"], Coroutine[Any, Any, None]]


class Site:
    def __init__(self, url: str, token: str, pid: int) -> None:
        self.url = url
        self.token = token
        self.pid = pid
        self.conversation = 0
        self.message = 0
        address = urlsplit(url)
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 80

    def head(self, method: str, path: str, *lines: str) -> bytes:
        bearer = f"Authorization: Bearer {self.token}"
        return "\r\n".join(
            [f"{method} {path} HTTP/1.1", "Host: x", bearer, *lines, "", ""]
        ).encode()

    async def connect(self, buffer: int | None = None) -> socket.socket:
        peer = socket.socket()
        if buffer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        peer.setblocking(False)
        await asyncio.get_running_loop().sock_connect(peer, (self.host, self.port))
        return peer

    @property
    def memory(self) -> int:
        """MiB of the server's process."""
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

    @property
    def cpu(self) -> float:
        """Seconds of a core that the server has taken."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def drip(site: Site, head: bytes) -> None:
    """Send the head, and then a byte per second, until the server has enough of it."""
    loop = asyncio.get_running_loop()
    peer = await site.connect()
    with peer, suppress(OSError):
        await loop.sock_sendall(peer, head)
        while True:
            await asyncio.sleep(DRIP_SECONDS)
            await loop.sock_sendall(peer, b"x")


async def drip_head(site: Site) -> None:
    await drip(site, b"GET /api/users/me/ HTTP/1.1\r\nX-A: ")


async def drip_body(site: Site) -> None:
    await drip(site, site.head("POST", "/api/conversations/", "Content-Length: 100000"))


async def drip_upload(site: Site) -> None:
    path = f"/api/conversations/{site.conversation}/messages/{site.message}/attachments/"
    kind = "Content-Type: multipart/form-data; boundary=B"
    part = b'--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    await drip(site, site.head("POST", path, kind, "Content-Length: 1000000") + part)


async def half_open(site: Site) -> None:
    """Begin a handshake, and say nothing more."""
    peer = await site.connect()
    with peer:
        await asyncio.get_running_loop().sock_sendall(
            peer, site.head("GET", "/ws/", "Upgrade: websocket")[:-2]
        )
        await asyncio.sleep(3600)


async def unread_socket(site: Site) -> None:
    """A socket of the conversation in which the user writes, which reads nothing."""
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    lines = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", key)
    peer = await site.connect(buffer=4096)
    with peer:
        path = f"/ws/chat/{site.conversation}/"
        await asyncio.get_running_loop().sock_sendall(peer, site.head("GET", path, *lines))
        await asyncio.sleep(3600)


async def unread_list(site: Site) -> None:
    peer = await site.connect(buffer=4096)
    with peer:
        path = f"/api/conversations/{site.conversation}/messages/"
        await asyncio.get_running_loop().sock_sendall(peer, site.head("GET", path))
        await asyncio.sleep(3600)


async def tiny_parts(site: Site) -> None:
    """Forms of a thousand tiny parts, one after the other."""
    path = f"/api/conversations/{site.conversation}/messages/{site.message}/attachments/"
    body = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 1000 + b"--B--\r\n"
    kind = "Content-Type: multipart/form-data; boundary=B"
    head = site.head("POST", path, kind, f"Content-Length: {len(body)}", "Connection: close")
    loop = asyncio.get_running_loop()
    while True:
        peer = await site.connect()
        with peer, suppress(OSError):
            await loop.sock_sendall(peer, head + body)
            while await loop.sock_recv(peer, 65536):
                pass
        await asyncio.sleep(DRIP_SECONDS)


KINDS: dict[str, Act] = {
    "heads, a byte per second": drip_head,
    "bodies, a byte per second": drip_body,
    "uploads, a byte per second": drip_upload,
    "half-open handshakes": half_open,
    "unread sockets": unread_socket,
    "unread lists": unread_list,
    "forms of a thousand parts": tiny_parts,
}


@asynccontextmanager
async def beside(site: Site, act: Act | None, number: int) -> AsyncIterator[None]:
    tasks = list[asyncio.Task[None]]()
    if act is not None:
        tasks = [asyncio.create_task(act(site)) for _ in range(number)]
        await asyncio.sleep(1)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def waits(site: Site, seconds: float) -> list[float]:
    """Milliseconds from each message to its `ack`, sorted."""
    found = []
    url = f"{site.url.replace('http', 'ws', 1)}/ws/chat/{site.conversation}/"
    headers = {"Authorization": f"Bearer {site.token}"}
    async with connect(url, additional_headers=headers, max_queue=None, proxy=None) as user:
        end = perf_counter() + seconds
        while perf_counter() < end:
            began = perf_counter()
            await user.send(json.dumps({"type": "chat_message", "message": "Hi", "ref": "r"}))
            while json.loads(await user.recv())["type"] != "ack":
                pass
            found.append((perf_counter() - began) * 1000)
            await asyncio.sleep(PAUSE_SECONDS)
    return sorted(found)


async def prepare(site: Site) -> None:
    """A conversation with a long list, and a message of the user's for uploads."""
    connection = await Connection.open(site.url, site.token)

    async def make(path: str, body: object) -> int:
        made = await connection.request("POST", path, json.dumps(body).encode())
        number: int = json.loads(made)["id"]
        return number

    site.conversation = await make("/api/conversations/", {"participants": []})
    path = f"/api/conversations/{site.conversation}/messages/"
    for _ in range(LONG_LIST):
        site.message = await make(path, {"content": "x" * 1000})
    connection.close()


async def measure(site: Site, seconds: float, number: int) -> None:
    await prepare(site)
    print(f"{number} clients of each kind; milliseconds to the ack; MiB before, beside, after")
    alone: Act | None = None
    for name, act in {"nobody": alone, **KINDS, "nobody again": alone}.items():
        before = site.memory
        async with beside(site, act, number):
            cpu, began = site.cpu, perf_counter()
            found = await waits(site, seconds)
            core = (site.cpu - cpu) / (perf_counter() - began)
            memory = site.memory
        await asyncio.sleep(1)
        p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
        times = f"p50 {p50:6.1f}  p99 {p99:6.1f}  core {core:4.0%}"
        print(f"{name:28} {times}  MiB {before} {memory} {site.memory}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--token", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--clients", type=int, default=EACH)
    options = parser.parse_args()
    site = Site(options.url, options.token, options.pid)
    asyncio.run(measure(site, options.seconds, options.clients))


if __name__ == "__main__":
    main()
