"""Frames that are wrong, and when a socket is closed."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from tests.contract.helpers import Pair, of_each_process
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.tokens import access_token


@pytest.fixture(scope="module")
def with_small_limits() -> Iterator[PayamServer]:
    with PayamServer({"RATE_MESSAGES": "1", "MAX_CONNECTIONS": "2"}) as server:
        yield server


@pytest.fixture
async def limited(with_small_limits: PayamServer) -> AsyncIterator[People]:
    """On a server with small limits, which are each user's own."""
    async with People(with_small_limits) as people:
        yield people


@pytest.fixture(scope="module")
def impatient() -> Iterator[PayamServer]:
    """It waits for nobody who reads slowly, and takes long messages."""
    settings = {"RATE_LIMITS": "off", "WS_SEND_BUFFER": "65536", "MESSAGE_MAX_LENGTH": "60000"}
    with PayamServer(settings) as server:
        yield server


async def write_raw(person: Person, frame: bytes, conversation: int) -> int:
    """Send bytes as they are on a new socket; the code with which it is closed."""
    socket = await person.connect(conversation)
    socket.connection.transport.write(frame)
    return await socket.closed()


@of_each_process
@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ("{", "frame"),
        ("[]", "frame"),
        ('"text"', "frame"),
        ("{}", "type"),
        ('{"type":"shout","message":"x"}', "type"),
        ('{"type":7}', "type"),
        ('{"type":"chat_message"}', "message"),
        ('{"type":"chat_message","message":7}', "message"),
        ('{"type":"chat_message","message":""}', "message"),
        ('{"type":"chat_message","message":"  \\n "}', "message"),
        ('{"type":"chat_message","message":"a\\u0000b"}', "message"),
        (json.dumps({"type": "chat_message", "message": "x" * 10_001}), "message"),
        (json.dumps({"type": "chat_message", "message": "x", "client_id": "k" * 65}), "client_id"),
        (json.dumps({"type": "chat_message", "message": "x", "ref": "r" * 65}), "ref"),
        ('{"type":"edit_message","message_id":"1","content":"x"}', "message_id"),
        ('{"type":"edit_message","message_id":1}', "content"),
        ('{"type":"delete_message"}', "message_id"),
        ('{"type":"typing"}', "is_typing"),
        ('{"type":"typing","is_typing":"yes"}', "is_typing"),
        ('{"type":"mark_read","message_id":1.5}', "message_id"),
    ],
)
async def test_a_wrong_frame_is_named_and_changes_nothing(
    people: People, frame: str, field: str
) -> None:
    """An `error` frame names the field; the socket stays open, and nothing is stored."""
    pair = await Pair.of(people)
    await pair.first.connection.send(frame)
    error = await pair.first.receive()
    assert error["type"] == "error"
    assert list(error["errors"]) == [field]
    await pair.first.send({"type": "chat_message", "message": "still here"})
    assert (await pair.second.receive())["seq"] == 1


@of_each_process
async def test_half_a_surrogate_pair_is_refused(people: People) -> None:
    """It is no text: neither stored nor passed on."""
    pair = await Pair.of(people)
    await pair.first.connection.send('{"type":"chat_message","message":"\\ud83d"}')
    assert (await pair.first.receive())["type"] == "error"
    await pair.first.send({"type": "chat_message", "message": "fine"})
    assert (await pair.second.receive())["content"] == "fine"


@of_each_process
async def test_too_many_malformed_frames_close_with_4400(people: People) -> None:
    """After an error for each."""
    pair = await Pair.of(people)
    for _ in range(10):
        await pair.first.connection.send("nonsense")
    for _ in range(10):
        assert (await pair.first.receive())["code"] == "malformed_frame"
    assert await pair.first.closed() == 4400


@of_each_process
async def test_a_binary_frame_closes_with_1003(people: People) -> None:
    """Text only."""
    pair = await Pair.of(people)
    await pair.first.connection.send(b"binary")
    assert await pair.first.closed() == 1003


@of_each_process
async def test_invalid_utf8_closes_with_1007(people: People) -> None:
    """As RFC 6455 asks."""
    pair = await Pair.of(people)
    frame = Frame(Opcode.TEXT, b'{"type":"\xff"}').serialize(mask=True)
    assert await write_raw(pair.ali, frame, pair.conversation) == 1007


@of_each_process
async def test_an_unmasked_frame_closes_with_1002(people: People) -> None:
    """As RFC 6455 asks."""
    pair = await Pair.of(people)
    frame = Frame(Opcode.TEXT, b"{}").serialize(mask=False)
    assert await write_raw(pair.ali, frame, pair.conversation) == 1002


@of_each_process
async def test_a_frame_above_the_limit_closes_with_1009(people: People) -> None:
    """64 KiB by default, where it is not a message's text that makes it so long."""
    pair = await Pair.of(people)
    await pair.first.connection.send("x" * 65_536)
    assert (await pair.first.receive())["code"] == "malformed_frame"
    longest = json.dumps({"type": "chat_message", "message": "😀" * 10_000})
    assert len(longest) > 65_537
    await pair.first.connection.send(longest)
    assert (await pair.second.receive())["content"] == "😀" * 10_000
    await pair.first.connection.send("x" * 65_537)
    assert await pair.first.closed() == 1009


@of_each_process
async def test_pings_are_answered_and_closes_returned(people: People) -> None:
    """With the same payload, and the same code."""
    pair = await Pair.of(people)
    pong = await pair.first.connection.ping(b"are you there")
    async with asyncio.timeout(60):
        await pong
    await pair.first.connection.close(code=1000, reason="done")
    assert pair.first.connection.close_code == 1000


async def test_who_is_removed_loses_the_socket(people: People) -> None:
    """4404 at once, on the other worker too; the others stay and hear of it."""
    pair = await Pair.of(people)
    path = f"/api/conversations/{pair.conversation}/participants/{pair.sara.id}/"
    assert (await pair.ali.http.delete(path)).status_code == 204
    assert await pair.second.closed() == 4404
    left = await pair.first.receive()
    assert left["participant"]["id"] == pair.sara.id
    await pair.first.send({"type": "chat_message", "message": "alone"})
    assert (await pair.first.receive())["content"] == "alone"
    assert (await pair.sara.http.get(pair.messages)).status_code == 404


async def test_revoked_tokens_close_with_4401(people: People) -> None:
    """Every socket of the family, on the other worker too; another sign-in's stays."""
    pair = await Pair.of(people)
    second = await pair.ali.connect(pair.conversation, apart_from=pair.first)
    revoked = pair.ali.refresh
    await pair.ali.sign_in()
    stays = await pair.ali.connect(pair.conversation)
    assert (
        await pair.ali.http.post("/api/token/revoke/", json={"refresh": revoked})
    ).status_code == 204
    assert await pair.first.closed() == 4401
    assert await second.closed() == 4401
    await pair.second.send({"type": "chat_message", "message": "x"})
    assert (await stays.receive())["content"] == "x"


async def test_using_an_old_refresh_token_revokes_the_family(people: People) -> None:
    """The sockets that came from that sign-in are closed with 4401."""
    pair = await Pair.of(people)
    old = {"refresh": pair.ali.refresh}
    renewed = await pair.ali.http.post("/api/token/refresh/", json=old)
    last = {"refresh": renewed.json()["refresh"]}
    assert (await pair.ali.http.post("/api/token/refresh/", json=last)).status_code == 200
    assert (await pair.ali.http.post("/api/token/refresh/", json=old)).status_code == 401
    assert await pair.first.closed() == 4401
    assert (await pair.ali.http.get("/api/users/me/")).status_code == 401


MOST = 100
"""Messages of 60 KB: more than the kernel keeps for a client that does not read."""
LIVES = (3, 12, 48)
"""Seconds of tokens that are to end: on a busy machine one may have ended before it was used."""


def short_lived(person: Person, seconds: int) -> str:
    return access_token(person.server, person.id, person.username, seconds)


async def test_a_token_ends_with_a_warning_and_4401(people: People) -> None:
    """`auth.expiring` comes in its last minute; at `exp` the socket is closed."""
    pair = await Pair.of(people)
    for seconds in LIVES:
        pair.ali.access = short_lived(pair.ali, seconds)
        with suppress(InvalidStatus):
            socket = await pair.ali.connect(pair.conversation)
            break
    warning = await socket.receive()
    assert warning["type"] == "auth.expiring"
    assert 0 < warning["expires_in"] <= seconds
    assert await socket.closed(60) == 4401


async def test_a_new_token_keeps_the_socket(people: People) -> None:
    """`auth` replaces the token; another user's or a broken one leaves the old in force."""
    pair = await Pair.of(people)
    lasting = pair.ali.access
    for seconds in LIVES:
        pair.ali.access = short_lived(pair.ali, seconds)
        try:
            other = await pair.ali.connect(pair.conversation)
            socket = await pair.ali.connect(pair.conversation)
            for token in (pair.sara.access, "nonsense"):
                await socket.send({"type": "auth", "token": token, "ref": "no"})
                assert (await socket.receive_type("error"))["code"] == "token_invalid"
            await socket.send({"type": "auth", "token": lasting, "ref": "yes"})
            await socket.receive_type("ack")
            break
        except (InvalidStatus, ConnectionClosed, AssertionError):
            if seconds == LIVES[-1]:
                raise
    assert await other.closed(120) == 4401
    await pair.second.send({"type": "chat_message", "message": "still there"})
    assert (await socket.receive_type("chat.message"))["content"] == "still there"


async def test_a_restart_closes_with_1012() -> None:
    """With a delay in milliseconds as the reason, after answering what was accepted."""
    with PayamServer({"RATE_LIMITS": "off"}) as server:
        async with People(server) as people:
            pair = await Pair.of(people)
            for number in range(20):
                await pair.first.send(
                    {"type": "chat_message", "message": "x", "client_id": f"{number}"}
                )
            await pair.first.receive_type("ack")
            server.process.send_signal(signal.SIGTERM)
            assert await pair.second.closed() == 1012
            delay = pair.second.connection.close_reason
            assert delay is not None
            assert 0 <= int(delay) <= 3000
            frames = await pair.first.until_closed()
            acked = 1 + sum(frame["type"] == "ack" for frame in frames)
            server.stop()
            server.start()
            stored = (await pair.ali.http.get(pair.messages)).json()
    assert len(stored) >= acked


async def test_who_does_not_read_is_closed_with_4408(impatient: PayamServer) -> None:
    """When what waits for it passes WS_SEND_BUFFER; the others get everything meanwhile."""
    async with People(impatient) as people:
        pair = await Pair.of(people)
        lazy = await pair.sara.connect(pair.conversation, is_lazy=True)
        text = "x" * 60_000
        for _ in range(MOST):
            await pair.ali.http.post(pair.messages, json={"content": text})
            assert (await pair.second.receive())["content"] == text
        lazy.connection.transport.resume_reading()
        await lazy.until_closed()
        # The close itself may be lost with what was cut off.
        assert lazy.connection.close_code in (4408, 1006)


async def test_too_many_frames_are_refused_and_then_closed(limited: People) -> None:
    """An error for each that is too many, with the time to wait; 4429 for who goes on."""
    pair = await Pair.of(limited)
    for _ in range(150):
        await pair.first.send({"type": "typing", "is_typing": True})
    error = await pair.first.receive()
    assert (error["type"], error["code"]) == ("error", "rate_limited")
    assert error["retry_after"] > 0
    assert await pair.first.closed() == 4429


async def test_too_many_sockets_are_refused(limited: People) -> None:
    """429 with Retry-After, or 4429 where a browser asks."""
    ali = await limited("ali")
    conversation = await ali.begin_conversation()
    for _ in range(2):
        await ali.connect(conversation)
    with pytest.raises(InvalidStatus) as error:
        await ali.connect(conversation)
    assert error.value.response.status_code == 429
    assert int(error.value.response.headers["Retry-After"]) >= 1
    browser = await ali.connect(conversation, as_browser=True)
    assert await browser.closed() == 4429


async def test_who_does_not_read_everything_comes_back_with_the_cursor(
    impatient: PayamServer,
) -> None:
    """On `/ws/` as well: closed with 4408, and then each message comes, in order."""
    async with People(impatient) as people:
        pair = await Pair.of(people)
        lazy = await pair.sara.connect(is_lazy=True)
        lazy.connection.transport.resume_reading()
        cursor = (await lazy.receive())["cursor"]
        lazy.connection.transport.pause_reading()
        for number in range(MOST):
            text = f"{number}".rjust(60_000)
            await pair.ali.http.post(pair.messages, json={"content": text})
            assert (await pair.second.receive())["content"] == text
        lazy.connection.transport.resume_reading()
        early = [one for one in await lazy.until_closed() if one["type"] == "chat.message"]
        assert lazy.connection.close_code in (4408, 1006)
        assert [one["seq"] for one in early] == list(range(1, len(early) + 1))
        assert len(early) < MOST
        back = await pair.sara.connect(cursor=cursor)
        seqs = []
        while (frame := await back.receive())["type"] != "resumed":
            if frame["type"] == "chat.message":
                seqs.append(frame["seq"])
        assert seqs == list(range(1, MOST + 1))
