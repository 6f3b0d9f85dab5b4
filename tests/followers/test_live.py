"""What another process stored, and died before it published, reaches the sockets all the same."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chat.store import history
from chat.store.database import Database
from config.settings import Settings
from tests.store.world import conversation, draft, opened
from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.sockets import Socket


@pytest.fixture(scope="session", params=["on_sqlite", "two_workers"])
def deployment(request: pytest.FixtureRequest) -> PayamServer:
    server: PayamServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture
async def another_process(deployment: PayamServer) -> AsyncIterator[Database]:
    """Its database, in the hands of somebody who publishes nothing."""
    settings = Settings.from_env(deployment.settings)
    async with opened(settings.database) as database:
        yield database


async def until(socket: Socket, kind: str) -> list[dict[str, Any]]:
    frames = [await socket.receive()]
    while frames[-1]["type"] != kind:
        frames.append(await socket.receive())
    return frames


async def collect(socket: Socket, cursors: list[str]) -> None:
    """Add every cursor that comes until the socket is closed."""
    while True:
        frame = await socket.receive()
        if frame["type"] == "cursor":
            cursors.append(frame["cursor"])


async def test_what_nobody_published_arrives_and_the_cursor_stands_for_it(
    people: People, another_process: Database
) -> None:
    """On both kinds of sockets; and with the cursor that follows nothing comes again."""
    ali, sara = await people("ali"), await people("sara")
    talk = await ali.begin_conversation(sara)
    socket, one = await sara.connect(), await sara.connect(talk)
    socket.passed_over.clear()
    hello = await socket.receive()
    await another_process.store_sends([draft(talk, ali.id, "in silence")])
    assert (await one.receive())["content"] == "in silence"
    *before, said = await until(socket, "chat.message")
    assert said["content"] == "in silence"
    assert {frame["type"] for frame in before} <= {"cursor"}  # it may come at any time
    (frame,) = await until(socket, "cursor")
    cursor = frame["cursor"]
    assert cursor != hello["cursor"]
    await socket.close()

    await another_process.store_sends([draft(talk, ali.id, "meanwhile")])
    again = await sara.connect(cursor=cursor)
    frames = await until(again, "resumed")
    assert [frame["content"] for frame in frames if frame["type"] == "chat.message"] == [
        "meanwhile"
    ]


async def test_a_conversation_that_nobody_announced_comes_to_the_socket(
    people: People, another_process: Database
) -> None:
    """It begins for who is connected, with all that is said in it later."""
    ali, sara = await people("ali"), await people("sara")
    socket = await sara.connect()
    assert (await socket.receive())["conversations"] == 0
    talk = await conversation(another_process, ali.id, sara.id)
    created = await socket.receive_type("conversation.created")
    assert created["conversation"]["id"] == talk
    await another_process.store_sends([draft(talk, ali.id, "hello")])
    assert (await socket.receive_type("chat.message"))["content"] == "hello"


async def test_no_cursor_of_another_history_reaches_a_socket_of_the_one_before(
    people: People, another_process: Database
) -> None:
    """Nobody announces that the database was put back. With any cursor that came, the client
    is asked to read everything again.
    """
    ali, sara = await people("ali"), await people("sara")
    talk = await ali.begin_conversation(sara)
    socket = await sara.connect()
    socket.passed_over.clear()
    cursors = [(await socket.receive())["cursor"]]
    await another_process.store_sends([draft(talk, ali.id, "before")])
    await history.renew(another_process)
    with pytest.raises(AssertionError, match="closed instead of a frame"):
        await collect(socket, cursors)
    for cursor in cursors:
        again = await sara.connect(cursor=cursor)
        assert (await again.receive())["type"] == "hello"
        assert (await again.receive())["type"] == "reset"
