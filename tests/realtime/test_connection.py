"""One end of a websocket over real TCP, with a real client at the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from chat.auth.identity import Identity
from chat.realtime.connection import Connection
from chat.realtime.framing import text_frame

WRITE_LIMIT = 64 * 1024


class Echo:
    """A listener that keeps what comes, and sends it back."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.lost = asyncio.Event()

    def text_received(self, connection: Connection, text: str) -> None:
        self.texts.append(text)
        connection.send(Frame(Opcode.TEXT, text.encode()).serialize(mask=False))

    def connection_lost(self, connection: Connection) -> None:
        self.lost.set()


class Opening(asyncio.Protocol):
    """Answers the handshake with the library's help, then hands the transport over."""

    def __init__(self, accepted: Callable[[], Connection]) -> None:
        self._accepted = accepted
        self._server = ServerProtocol()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._server.receive_data(data)
        for event in self._server.events_received():
            assert isinstance(event, Request)
            self._server.send_response(self._server.accept(event))
            self._transport.writelines(self._server.data_to_send())
            connection = self._accepted()
            self._transport.set_write_buffer_limits(high=WRITE_LIMIT)
            self._transport.set_protocol(connection)
            connection.connection_made(self._transport)


@asynccontextmanager
async def talk(
    patience: float = 30.0,
) -> AsyncIterator[tuple[ClientConnection, Connection, Echo]]:
    """A client, the server's connection to it, and that one's listener."""
    echo, made = Echo(), list[Connection]()

    class Patient(Connection):
        close_timeout = patience

    def accept() -> Connection:
        made.append(Patient(echo, Identity(1, "ali", False, 0.0, None), 1024))
        return made[-1]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Opening(accept), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with asyncio.timeout(60):
            client = await connect(
                f"ws://127.0.0.1:{port}", proxy=None, open_timeout=60, max_queue=None
            )
            yield client, made[0], echo
            await client.close()
            await echo.lost.wait()
    finally:
        server.close()


async def messages_of(client: ClientConnection) -> AsyncIterator[str | bytes]:
    """What still comes, up to the close."""
    with suppress(ConnectionClosed):
        while True:
            yield await client.recv()


def spy_on_writes(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the connection writes from now on, each write by itself."""
    written: list[bytes] = []
    write = connection.transport.write

    def spy(data: bytes) -> None:
        written.append(data)
        write(data)

    monkeypatch.setattr(connection.transport, "write", spy)
    return written


async def test_texts_go_both_ways() -> None:
    """Whole, and in fragments."""
    async with talk() as (client, _, echo):
        await client.send("سلام")
        await client.send(["in ", "three ", "parts"])
        assert [await client.recv(), await client.recv()] == ["سلام", "in three parts"]
        assert echo.texts == ["سلام", "in three parts"]


async def test_pings_are_answered_both_ways() -> None:
    """Ours by the client, which counts as being heard."""
    async with talk() as (client, connection, _):
        await (await client.ping(b"payload"))
        connection.missed = 1
        connection.ping()
        while connection.missed:
            await asyncio.sleep(0)


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
async def test_a_clients_close_is_returned(code: int) -> None:
    """With its own code."""
    async with talk() as (client, connection, _):
        await client.close(code, "bye")
        assert client.close_code == code
        assert connection.is_closing


async def test_a_close_without_a_code_is_returned_without_one() -> None:
    """As RFC 6455 has it."""
    async with talk() as (client, _, _):
        client.transport.write(Frame(Opcode.CLOSE, b"").serialize(mask=True))
        await client.wait_closed()
        assert client.close_code == 1005


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (Frame(Opcode.BINARY, b"x").serialize(mask=True), 1003),
        (Frame(Opcode.TEXT, b"\xff").serialize(mask=True), 1007),
        (Frame(Opcode.TEXT, b"x" * 1025).serialize(mask=True), 1009),
        (Frame(Opcode.TEXT, b"x").serialize(mask=False), 1002),
        (Frame(Opcode.CONT, b"x").serialize(mask=True), 1002),
        (Frame(Opcode.CLOSE, b"\x03").serialize(mask=True), 1002),
        (Frame(Opcode.CLOSE, b"\x03\xee").serialize(mask=True), 1002),
        (Frame(Opcode.CLOSE, b"\x03\xe8\xff").serialize(mask=True), 1007),
    ],
    ids=[  # their masks are different each time
        "binary",
        "not UTF-8",
        "too large",
        "no mask",
        "a continuation of nothing",
        "half a code",
        "a code that is not for the wire",
        "a reason that is not UTF-8",
    ],
)
async def test_what_is_against_the_protocol_closes(frame: bytes, code: int) -> None:
    """With the code that RFC 6455 names for it."""
    async with talk() as (client, _, _):
        client.transport.write(frame)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == code


async def test_nothing_is_said_or_heard_after_a_close() -> None:
    """The first close counts, and frames that come late are not listened to."""
    async with talk() as (client, connection, echo):
        connection.close(4404, "gone")
        connection.close(4401, "too late")
        connection.send(Frame(Opcode.TEXT, b"too late").serialize(mask=False))
        client.transport.write(Frame(Opcode.TEXT, b"too late").serialize(mask=True))
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (4404, "gone")
        assert echo.texts == []


async def test_a_client_that_does_not_answer_a_close_is_cut_off() -> None:
    """After a while, whatever waits for it."""
    async with talk(patience=0.05) as (client, connection, echo):
        client.transport.pause_reading()
        connection.close(1012, "later")
        await echo.lost.wait()
        client.transport.resume_reading()


async def test_what_is_held_goes_with_what_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async with talk() as (client, connection, _):
        written = spy_on_writes(connection, monkeypatch)
        connection.hold(text_frame(b"first"))
        connection.hold(text_frame(b"second"))
        assert written == []
        connection.send(text_frame(b"third"))
        assert len(written) == 1
        assert [await client.recv() for _ in range(3)] == ["first", "second", "third"]

        connection.flush()
        assert len(written) == 1
        connection.hold(text_frame(b"fourth"))
        connection.flush()
        assert await client.recv() == "fourth"


@pytest.mark.parametrize("is_clients", [False, True])
async def test_what_is_held_goes_before_a_close(is_clients: bool) -> None:
    async with talk() as (client, connection, echo):
        connection.hold(text_frame(b"held"))
        if is_clients:
            closing = asyncio.create_task(client.close())
        else:
            connection.close(1001)
        assert await client.recv() == "held"
        if is_clients:
            await closing
        await echo.lost.wait()


async def test_a_reader_that_falls_behind_is_closed() -> None:
    """With 4408 behind what waits for it, and nothing after it."""
    async with talk() as (client, connection, _):
        client.transport.pause_reading()
        frame = Frame(Opcode.TEXT, b"x" * 60_000).serialize(mask=False)
        while not connection.is_closing:
            connection.send(frame)
            await asyncio.sleep(0)
        client.transport.resume_reading()
        async for text in messages_of(client):
            assert text == "x" * 60_000
        assert client.close_code == 4408


async def test_a_dropped_connection_is_gone_at_once() -> None:
    """Without a close frame: nobody is there to read it."""
    async with talk() as (client, connection, echo):
        connection.drop()
        await echo.lost.wait()
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == 1006
