"""The fault proxy does what its faults are called."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.faults.proxy import FaultProxy, Way

LIMIT = 60  # seconds; keeps a test from hanging
ECHOES = 20


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(100):
            writer.write(data)
            await writer.drain()
    except ConnectionResetError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    """A proxy before a server that sends everything back."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, FaultProxy(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


class Talker:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, proxy: FaultProxy) -> "Talker":
        return cls(*await asyncio.open_connection("127.0.0.1", proxy.port))

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def hears(self) -> bytes:
        async with asyncio.timeout(LIMIT):
            return await self.reader.read(100)

    async def hears_nothing(self) -> bool:
        try:
            async with asyncio.timeout(0.1):
                return not await self.reader.read(100)
        except TimeoutError:
            return True


async def test_bytes_go_there_and_back(proxy: FaultProxy) -> None:
    """Without a fault it is as if it were not there."""
    talker = await Talker.to(proxy)
    for number in range(ECHOES):
        talker.say(b"%d" % number)
        assert await talker.hears() == b"%d" % number
    talker.writer.close()


async def test_a_cut_resets_and_the_next_connection_works(proxy: FaultProxy) -> None:
    """Both ends lose the connection at once; a new one is served."""
    talker = await Talker.to(proxy)
    talker.say(b"a")
    await talker.hears()
    assert proxy.cut() == 1
    with pytest.raises(ConnectionResetError):
        await talker.hears()
    talker.writer.close()
    again = await Talker.to(proxy)
    again.say(b"b")
    assert await again.hears() == b"b"
    again.writer.close()


@pytest.mark.parametrize("way", [Way.BOTH, Way.THERE, Way.BACK])
async def test_what_was_stalled_comes_when_it_resumes(proxy: FaultProxy, way: Way) -> None:
    """Nothing passes while it is stalled, and nothing is lost by it."""
    talker = await Talker.to(proxy)
    proxy.stall(way)
    talker.say(b"late")
    assert await talker.hears_nothing()
    proxy.resume(way)
    assert await talker.hears() == b"late"
    talker.writer.close()


async def test_a_refused_connection_is_refused_until_accepted(proxy: FaultProxy) -> None:
    """Nobody listens meanwhile; afterwards it is the same port."""
    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await Talker.to(proxy)
    await proxy.accept()
    talker = await Talker.to(proxy)
    talker.say(b"here")
    assert await talker.hears() == b"here"
    talker.writer.close()


async def test_a_half_open_connection_is_silent_and_not_closed(proxy: FaultProxy) -> None:
    """Neither end is notified; the target still believes in it."""
    talker = await Talker.to(proxy)
    talker.say(b"a")
    await talker.hears()
    assert proxy.drop_half_open() == 1
    talker.say(b"b")
    assert await talker.hears_nothing()
    assert proxy.given_up() == 0
    talker.writer.close()


async def test_a_target_that_is_gone_resets(proxy: FaultProxy) -> None:
    """A proxy with nothing behind it closes what comes."""
    async with FaultProxy(1) as nowhere:
        talker = await Talker.to(nowhere)
        with pytest.raises(ConnectionResetError):
            await talker.hears()
        talker.writer.close()
