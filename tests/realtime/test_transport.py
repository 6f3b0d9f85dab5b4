"""The transport of open sockets, over real TCP with real clients."""

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any

import pytest

from chat.realtime import transport as module
from chat.realtime.transport import TURN_MAX, Transport, Transports

LIMIT = 256 * 1024
LARGE = 8 * 1024 * 1024
"""More bytes than the kernel keeps for a client that does not read."""
PATIENCE = 60
FIRST = b"first"


class Owner(asyncio.Protocol):
    """Keeps all that happens to it."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.received = b""
        self.pauses = 0
        self.ends: list[Exception | None] = []
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data

    def pause_writing(self) -> None:
        self.pauses += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.ends.append(exc)
        self.lost.set()


class Door(asyncio.Protocol):
    """Gives each connection away as soon as it is made."""

    def __init__(self, transports: Transports, make: Callable[[], Owner], early: bytes) -> None:
        self._transports, self._make, self._early = transports, make, early

    def connection_made(self, transport: Any) -> None:
        if self._early:
            transport.write(self._early)
        owner = self._make()
        self._transports.take(transport, owner)
        owner.transport.write(FIRST)


class World:
    """The address of the server, its transports, and the owners that it made."""

    def __init__(self, transports: Transports) -> None:
        self.transports = transports
        self.owners: list[Owner] = []
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        return reader, writer

    async def leave(self) -> None:
        """Close the clients' ends."""
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def meet(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, Owner]:
        """A client that has read the first bytes, and the owner of the other end."""
        reader, writer = await self.connect()
        assert await reader.readexactly(len(FIRST)) == FIRST
        return reader, writer, self.owners[-1]


@asynccontextmanager
async def world(owner: type[Owner] = Owner, early: bytes = b"") -> AsyncIterator[World]:
    here = World(Transports(LIMIT))

    def make() -> Owner:
        here.owners.append(owner())
        return here.owners[-1]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Door(here.transports, make, early), "127.0.0.1", 0)
    here.port = server.sockets[0].getsockname()[1]
    try:
        async with asyncio.timeout(PATIENCE):
            yield here
    finally:
        here.transports.close()
        await here.leave()
        server.close()


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.005)


@contextmanager
def no_more_descriptors(left: int = 0) -> Iterator[None]:
    """Only so many more can be opened."""
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    copies = [os.dup(0) for _ in range(left)]
    first_free = os.dup(0)
    for copy in (*copies, first_free):
        os.close(copy)
    resource.setrlimit(resource.RLIMIT_NOFILE, (first_free, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)


@pytest.mark.parametrize("has_epoll", [True, False])
async def test_bytes_go_both_ways(monkeypatch: pytest.MonkeyPatch, has_epoll: bool) -> None:
    """Also where there is no epoll: the loop's transport is kept there."""
    monkeypatch.setattr(module, "HAS_EPOLL", has_epoll)
    async with world() as here:
        reader, writer, owner = await here.meet()
        assert isinstance(owner.transport, Transport) is has_epoll
        for word in (b"one", b"two", b"three"):
            owner.transport.write(word)
            writer.write(word)
        assert await reader.readexactly(11) == b"onetwothree"
        await until(lambda: owner.received == b"onetwothree")
        writer.close()
        await owner.lost.wait()
        assert owner.ends == [None]


async def test_what_was_written_before_comes_before() -> None:
    """Bytes that the loop's transport still has stay in front, so it is kept."""
    async with world(early=b"e" * LARGE) as here:
        reader, _ = await here.connect()
        whole = await reader.readexactly(LARGE + len(FIRST))
        assert whole == b"e" * LARGE + FIRST
        owner = here.owners[-1]
        assert not isinstance(owner.transport, Transport)


@pytest.mark.parametrize("left", [0, 1])
async def test_without_a_descriptor_the_loops_transport_stays(left: int) -> None:
    """Also if there is one for the copy, and none for the poll that watches it."""
    async with world() as here:
        take = here.transports.take

        def starved(*given: Any) -> None:
            with no_more_descriptors(left):
                take(*given)

        here.transports.take = starved  # type: ignore[assignment, method-assign]
        reader, writer, owner = await here.meet()
        assert not isinstance(owner.transport, Transport)
        owner.transport.write(b"still here")
        assert await reader.readexactly(10) == b"still here"
        writer.close()
        await owner.lost.wait()


async def test_a_slow_reader_gets_everything_in_order() -> None:
    """What the kernel does not take waits, is counted, and goes out when the client reads."""
    async with world() as here:
        reader, _, owner = await here.meet()
        parts = [bytes([number]) * (LARGE // 16) for number in range(32)]
        for part in parts:
            owner.transport.write(part)
        assert owner.transport.get_write_buffer_size() > LIMIT
        assert owner.pauses > 0
        assert await reader.readexactly(2 * LARGE) == b"".join(parts)
        assert owner.transport.get_write_buffer_size() == 0
        owner.transport.write(b"and on")
        assert await reader.readexactly(6) == b"and on"


async def test_little_does_not_pause() -> None:
    async with world() as here:
        reader, _, owner = await here.meet()
        owner.transport.write(b"x" * LIMIT)
        assert await reader.readexactly(LIMIT) == b"x" * LIMIT
        assert owner.pauses == 0
        assert owner.transport.get_write_buffer_limits() == (0, LIMIT)


async def test_a_close_waits_for_what_is_left() -> None:
    """Then the stream ends, and the owner hears of it once. Later writes are dropped."""
    async with world() as here:
        reader, _, owner = await here.meet()
        owner.transport.write(b"x" * LARGE)
        owner.transport.close()
        owner.transport.write(b"too late")
        assert owner.transport.is_closing()
        assert not owner.lost.is_set()
        assert len(await reader.read()) == LARGE
        await owner.lost.wait()
        owner.transport.close()
        owner.transport.abort()
        await asyncio.sleep(0)
        assert owner.ends == [None]


async def test_an_abort_waits_for_nothing() -> None:
    async with world() as here:
        reader, _, owner = await here.meet()
        owner.transport.write(b"x" * LARGE)
        owner.transport.abort()
        await owner.lost.wait()
        assert owner.ends == [None]
        assert len(await reader.read()) < LARGE
        owner.transport.write(b"nobody gets this")
        await asyncio.sleep(0)
        assert owner.ends == [None]


@pytest.mark.parametrize("has_more", [False, True])
async def test_our_side_may_end_first(has_more: bool) -> None:
    """After `write_eof` the client sees the end, and what it sends is still read."""
    text = b"x" * LARGE if has_more else b"short"
    async with world() as here:
        reader, writer, owner = await here.meet()
        owner.transport.write(text)
        owner.transport.write_eof()
        assert len(await reader.read()) == len(text)
        writer.write(b"goodbye")
        await until(lambda: owner.received == b"goodbye")
        writer.close()
        await owner.lost.wait()
        assert owner.ends == [None]


async def test_our_side_ends_without_another_descriptor() -> None:
    """The client gets all that was written, and then the end: no reset, which might drop some."""
    async with world() as here:
        reader, writer, owner = await here.meet()
        with no_more_descriptors():
            owner.transport.write(b"why it ends")
            owner.transport.write_eof()
            assert not owner.transport.is_closing()
        assert await reader.read() == b"why it ends"
        writer.write(b"goodbye")
        await until(lambda: owner.received == b"goodbye")


async def test_a_reset_comes_with_its_reason() -> None:
    async with world() as here:
        _, writer, owner = await here.meet()
        peer = writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()
        await owner.lost.wait()
        (reason,) = owner.ends
        assert isinstance(reason, ConnectionResetError)
        owner.transport.write(b"nobody gets this")
        assert owner.transport.is_closing()


async def test_a_client_that_leaves_while_bytes_wait_ends_the_close() -> None:
    async with world() as here:
        _, writer, owner = await here.meet()
        owner.transport.write(b"x" * LARGE)
        owner.transport.close()
        writer.transport.abort()
        await owner.lost.wait()
        assert len(owner.ends) == 1


async def test_a_failing_protocol_takes_nobody_with_it() -> None:
    """Its own socket is closed, the fault is reported, and others are served on."""

    class Failing(Owner):
        def data_received(self, data: bytes) -> None:
            if data == b"fail":
                raise ZeroDivisionError
            super().data_received(data)

    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
    async with world(Failing) as here:
        _, one, failing = await here.meet()
        _, two, sound = await here.meet()
        one.write(b"fail")
        two.write(b"fine")
        await failing.lost.wait()
        await until(lambda: sound.received == b"fine")
        assert [type(what["exception"]) for what in reported] == [ZeroDivisionError]
        assert [type(reason) for reason in failing.ends] == [ZeroDivisionError]


async def test_who_is_closed_in_a_turn_is_not_read_in_it() -> None:
    """Both have bytes; whoever is read first cuts the other off."""

    class Rival(Owner):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            for other in here.owners:
                if other is not self:
                    other.transport.abort()

    async with world(Rival) as here:
        _, one, first = await here.meet()
        _, two, second = await here.meet()
        for writer in (one, two):
            writer.write(b"me")
        await until(lambda: first.lost.is_set() or second.lost.is_set())
        await asyncio.sleep(0.05)
        assert sorted([first.received, second.received]) == [b"", b"me"]
        assert [len(owner.ends) for owner in (first, second)].count(1) == 1


async def test_all_are_read_however_many_are_ready() -> None:
    """More than one turn of the loop takes, at the same moment."""
    count = TURN_MAX + 44
    async with world() as here:
        writers = [(await here.meet())[1] for _ in range(count)]
        for number, writer in enumerate(writers):
            writer.write(b"%d" % number)
        await until(lambda: all(owner.received for owner in here.owners))
        received = sorted(int(owner.received) for owner in here.owners)
        assert received == list(range(count))


async def test_nothing_is_left_open() -> None:
    """Neither the loop's descriptor nor the copy of it stays."""
    async with world() as here:
        with closing(socket.create_connection(("127.0.0.1", here.port))):
            await until(lambda: len(here.owners) == 1)
        await here.owners[0].lost.wait()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            _, writer, owner = await here.meet()
            writer.close()
            await owner.lost.wait()
            await writer.wait_closed()
        await until(lambda: len(os.listdir("/proc/self/fd")) <= before)


async def test_each_hears_of_the_end_of_all() -> None:
    async with world() as here:
        reader, _, owner = await here.meet()
        here.transports.close()
        await owner.lost.wait()
        assert await reader.read() == b""
