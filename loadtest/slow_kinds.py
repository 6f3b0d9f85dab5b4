"""Clients that hold on to a server: each kind sends slowly, never ends, or does not read."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

DRIP_SECONDS = 1.0

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
