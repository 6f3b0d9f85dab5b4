"""The websocket helper: what it hands on, and how it fails."""

import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.support.sockets import Socket


async def echo(connection: ServerConnection) -> None:
    """Sends back each frame; closes with the code in a frame that has one."""
    async for text in connection:
        frame = json.loads(text)
        if "code" in frame:
            await connection.close(frame["code"])
        else:
            await connection.send(text)


@pytest.fixture
async def socket() -> AsyncIterator[Socket]:
    async with serve(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", proxy=None, open_timeout=60) as connection:
            yield Socket(connection)


async def test_receive_gives_frames_in_order(socket: Socket) -> None:
    """Each call gives the next frame."""
    await socket.send({"type": "one"})
    await socket.send({"type": "دو"})
    assert [await socket.receive(), await socket.receive()] == [{"type": "one"}, {"type": "دو"}]


async def test_receive_type_passes_over_other_frames(socket: Socket) -> None:
    """Frames of other types before it are dropped."""
    await socket.send({"type": "other"})
    await socket.send({"type": "wanted"})
    assert await socket.receive_type("wanted") == {"type": "wanted"}


async def test_receive_type_says_what_came_instead(socket: Socket) -> None:
    """Its failure lists the frames that did come, and how it ended."""
    await socket.send({"type": "other"})
    await socket.send({"code": 4404})
    with pytest.raises(AssertionError, match=r"no wanted .*'type': 'other'.*4404"):
        await socket.receive_type("wanted")


async def test_silence_fails_who_expects_a_frame(socket: Socket) -> None:
    """It fails instead of hanging."""
    with pytest.raises(AssertionError, match="no wanted"):
        await socket.receive_type("wanted", timeout=0.01)
    with pytest.raises(AssertionError, match="no frame"):
        await socket.receive(timeout=0.01)


async def test_a_frame_fails_who_expects_nothing(socket: Socket) -> None:
    """The frame is shown."""
    await socket.send({"type": "surprise"})
    with pytest.raises(AssertionError, match="surprise"):
        await socket.expect_nothing(seconds=10)


async def test_a_close_fails_who_expects_a_frame(socket: Socket) -> None:
    """The close code is shown, at once."""
    await socket.send({"code": 4404})
    with pytest.raises(AssertionError, match="4404"):
        await socket.receive()


async def test_a_close_fails_who_expects_nothing(socket: Socket) -> None:
    """Silence is an open socket without frames."""
    await socket.send({"code": 4404})
    with pytest.raises(AssertionError, match="4404"):
        await socket.expect_nothing(seconds=10)


async def test_closed_gives_the_code_although_frames_wait_unread(socket: Socket) -> None:
    """The close is seen by a test that has not read everything."""
    await socket.send({"type": "unread"})
    await socket.send({"code": 4408})
    assert await socket.closed() == 4408
