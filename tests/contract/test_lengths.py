"""Text above its limit on a socket: an `error` that names field and limit, and nothing else."""

from typing import Any

import pytest

from tests.contract.helpers import Pair
from tests.support.people import People

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
