"""Text above its limit on a socket: an `error` that names field and limit, and nothing else."""

import json
from typing import Any

import pytest

from tests.contract.helpers import Pair
from tests.support.http_client import http_client
from tests.support.payam_server import PayamServer
from tests.support.people import People

LONGEST = "😀" * 10_000
SPELLINGS = {"as it is": False, "escaped": True}
"""What a client's JSON library may make of it: 40 KB, or 120 KB."""

FRAMES: list[tuple[dict[str, Any], str, int]] = [
    ({"type": "auth", "token": "x" * 9000}, "token", 8192),
    ({"type": "chat_message", "message": "x" * 10_001}, "message", 10_000),
    ({"type": "chat_message", "message": "x", "client_id": "x" * 65}, "client_id", 64),
    ({"type": "edit_message", "message_id": 1, "content": "x" * 10_001}, "content", 10_000),
]


@pytest.mark.parametrize(("frame", "field", "limit"), FRAMES)
async def test_a_long_text_in_a_frame_is_refused(
    people: People, frame: dict[str, Any], field: str, limit: int
) -> None:
    """With the frame's `ref`; the socket goes on."""
    pair = await Pair.of(people)
    await pair.first.send(frame | {"ref": "r"})
    error = await pair.first.receive_type("error")
    assert (error["code"], error["ref"], list(error["errors"])) == ("invalid", "r", [field])
    assert str(limit) in error["detail"]
    await pair.first.send({"type": "chat_message", "message": "still here"})
    assert (await pair.second.receive())["content"] == "still here"


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_the_longest_message_is_taken_in_any_spelling(people: People, spelling: str) -> None:
    """On the socket, with all that may stand beside it, as over HTTP; one character more is not."""
    pair = await Pair.of(people)

    def spelt(body: dict[str, Any]) -> str:
        return json.dumps(body, ensure_ascii=SPELLINGS[spelling])

    frame = {"type": "chat_message", "message": LONGEST, "client_id": "😀" * 64, "ref": "😀" * 64}
    await pair.first.connection.send(spelt(frame))
    ack = await pair.first.receive_type("ack")
    assert (await pair.second.receive_type("chat.message"))["content"] == LONGEST
    edit = {"type": "edit_message", "message_id": ack["id"], "content": LONGEST, "ref": "e"}
    await pair.first.connection.send(spelt(edit))
    assert (await pair.first.receive_type("ack"))["ref"] == "e"
    await pair.first.connection.send(spelt(frame | {"message": LONGEST + "😀"}))
    assert list((await pair.first.receive_type("error"))["errors"]) == ["message"]

    for body, status in (({"content": LONGEST}, 201), ({"content": LONGEST + "😀"}, 400)):
        headers = {"Content-Type": "application/json"}
        answer = await pair.ali.http.post(pair.messages, content=spelt(body), headers=headers)
        assert answer.status_code == status
        form = await pair.ali.http.post(pair.messages, data=body)
        assert form.status_code == status


async def test_limits_follow_the_longest_message() -> None:
    """Whatever MESSAGE_MAX_LENGTH is, WS_MAX_SIZE and REQUEST_MAX_SIZE have room for it."""
    settings = {"MESSAGE_MAX_LENGTH": "100000", "WS_MAX_SIZE": "1024", "REQUEST_MAX_SIZE": "1024"}
    with PayamServer(settings) as server:
        async with People(server) as people:
            pair = await Pair.of(people)
            async with http_client(server.url) as nobody:
                said = (await nobody.get("/api/settings/")).json()
            assert said["message_max_length"] == 100_000
            longest = "😀" * 100_000
            body = json.dumps({"content": longest})
            assert len(body) <= min(said["frame_max_size"], said["body_max_size"])
            headers = {"Content-Type": "application/json"}
            answer = await pair.ali.http.post(pair.messages, content=body, headers=headers)
            assert answer.status_code == 201
            assert (await pair.second.receive_type("chat.message"))["content"] == longest
            await pair.first.send({"type": "chat_message", "message": longest})
            assert (await pair.second.receive_type("chat.message"))["content"] == longest
            size = said["frame_max_size"] + 1
            await pair.first.connection.send("x" * size)
            assert await pair.first.closed() == 1009
            answer = await pair.ali.http.post(pair.messages, content=b"x" * size)
            assert answer.status_code == 413
