"""A TCP proxy that stands between two ends and does to them what networks do."""

import asyncio
import random
import socket
import struct
from contextlib import suppress
from enum import Flag
from typing import Self

from tests.support.ports import free_port

CHUNK = 64 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: the close is an RST, and what was not sent is gone."""


class Way(Flag):
    """Which way bytes go: from who connected to the target, or back."""

    THERE = 1
    BACK = 2
    BOTH = 3


class Pair:
    """One connection: the two sockets of it that are the proxy's."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near = near
        self.far = far
        self.pumps: list[asyncio.Task[None]] = []


class FaultProxy:
    """Listens on `port` of 127.0.0.1, and passes on what comes to the target, and back.

    It lives in the running loop, from `async with` to the block's end.
    """

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        self.port = 0
        self.connections = 0
        """How many have come so far."""
        self._target = (target_host, target_port)
        self._server: asyncio.Server | None = None
        self._pairs: set[Pair] = set()
        self._dead: list[Pair] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._delay = 0.0
        self._until_stall: int | None = None
        self._open = {Way.THERE: asyncio.Event(), Way.BACK: asyncio.Event()}
        for gate in self._open.values():
            gate.set()

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.refuse()
        for task in self._tasks:
            task.cancel()
        for pair in [*self._pairs, *self._dead]:
            reset(pair.near)
            reset(pair.far)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def accept(self) -> None:
        """Listen, on the same port as before."""
        if self._server is None:
            self.port = self.port or free_port()  # one that nobody is given while it is closed
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def refuse(self) -> None:
        """Refuse new connections; those there are go on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self, share: float = 1) -> int:
        """Reset connections at both ends, all or a random share; returns how many."""
        pairs = self._some(share)
        for pair in pairs:
            self._forget(pair)
            reset(pair.near)
            reset(pair.far)
        return len(pairs)

    async def cut_some(self, share: float) -> None:
        """The same of a share, and again until there was a connection in it."""
        while not self.cut(share):
            await asyncio.sleep(0.01)

    def far_port(self, near_port: int) -> int:
        """The port from which the target sees the connection that came from this one."""
        for pair in self._pairs:
            if pair.near.get_extra_info("peername")[1] == near_port:
                port: int = pair.far.get_extra_info("sockname")[1]
                return port
        return 0

    def stall(self, way: Way = Way.BOTH) -> None:
        """Accept and keep connections, and hold back what goes this way."""
        for one in way:
            self._open[one].clear()

    def resume(self, way: Way = Way.BOTH) -> None:
        """Pass on what was held back."""
        for one in way:
            self._open[one].set()

    def stall_after(self, size: int) -> None:
        """Once so many more bytes have gone there, hold back what follows, until `resume`."""
        self._until_stall = size

    @property
    def is_stalled(self) -> bool:
        return not self._open[Way.THERE].is_set()

    def delay(self, seconds: float) -> None:
        """From now on each chunk of bytes takes this long."""
        self._delay = seconds

    def drop_half_open(self, share: float = 1) -> int:
        """Go deaf and dumb without a word, for all or a random share: no FIN, no RST.

        Returns how many there were.
        """
        pairs = self._some(share)
        for pair in pairs:
            self._forget(pair)
            self._dead.append(pair)
        return len(pairs)

    def given_up(self) -> int:
        """How many of the half-open connections the target has closed by now."""
        return sum(ended(pair.far) for pair in self._dead)

    def _some(self, share: float) -> list[Pair]:
        return [pair for pair in self._pairs if random.random() < share]  # noqa: S311 - any of them

    def _forget(self, pair: Pair) -> None:
        self._pairs.discard(pair)
        for pump in pair.pumps:
            pump.cancel()

    async def _serve(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far = await asyncio.open_connection(*self._target)
        except OSError:
            reset(near)
            return
        pair = Pair(near, far)
        self._pairs.add(pair)
        pair.pumps = [
            asyncio.create_task(self._pump(pair, Way.THERE, reader, far)),
            asyncio.create_task(self._pump(pair, Way.BACK, far_reader, near)),
        ]
        for pump in pair.pumps:
            self._tasks.add(pump)
            pump.add_done_callback(self._tasks.discard)

    async def _pump(
        self, pair: Pair, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await asyncio.sleep(self._delay)
                await self._open[way].wait()
                writer.write(data)
                await writer.drain()
                if way is Way.THERE and self._until_stall is not None:
                    self._until_stall -= len(data)
                    if self._until_stall <= 0:
                        self._until_stall = None
                        self.stall(way)
            await self._open[way].wait()
        # One end has closed, or is gone: the other learns of it as it would without us.
        self._pairs.discard(pair)
        pair.near.close()
        pair.far.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with an RST, as a machine that has forgotten the connection would."""
    peer: socket.socket | None = writer.get_extra_info("socket")
    if peer is not None and peer.fileno() >= 0:
        with suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


def ended(writer: asyncio.StreamWriter) -> bool:
    """Whether the other end has closed, seen without reading what it sent.

    The state of a connection is the first byte of the kernel's `tcp_info`; 1 is ESTABLISHED.
    """
    peer: socket.socket | None = writer.get_extra_info("socket")
    if peer is None or peer.fileno() < 0:
        return True
    state: int = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state != 1
