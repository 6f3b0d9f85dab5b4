"""Bad values in every field of every frame: an `error` that names the field, and brings the `ref`.

On both sockets. The fields are read from the frames, so a new one is tried too.
"""

import json
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from chat.realtime.client_frames import AnyClientFrame
from tests.contract.helpers import Pair
from tests.contract.rights import FRAMES
from tests.support.people import People

DEEP = '{"a":' * 1100 + "1" + "}" * 1100
NEVER: dict[str, Any] = {
    "truth": 1.5,
    "a list": [[None]],
    "an object": {"a": [{}]},
    "half of a pair": "\ud83d",
    "half of a pair within": {"a": ["\ud83d"]},
}
"""No field of a frame takes these, but for `metadata`."""
TEXTS = {"empty": "", "NUL": "a\0b", "long": "x" * 20_000, "number": 7, "null": None}
NUMBERS = {"zero": 0, "negative": -1, "large": 2**63, "huge": 10**4000, "text": "1", "true": True}
WRONG: dict[str, dict[str, Any]] = {
    "message": TEXTS | {"blank": " \u200b"},
    "content": TEXTS | {"blank": " \u200b"},
    "emoji": TEXTS | {"two": "👍👍", "letter": "a"},
    "token": {"number": 7, "null": None},
    "client_id": {"empty": "", "NUL": "a\0b", "long": "x" * 65, "number": 7},
    "ref": {"long": "x" * 65, "number": 7},
    "epoch": {"empty": "", "long": "x" * 300, "number": 7},
    "cursor": {"empty": "", "long": "x" * 2000, "number": 7},
    "message_id": NUMBERS | {"null": None},
    "reply_to": NUMBERS,
    "conversation": NUMBERS,
    "is_typing": {"number": 1, "text": "true", "null": None},
    "since": {"negative": -1, "text": "1", "true": True, "large": 2**63},
    "metadata": {"null": None, "number": 7, "text": "x", "large": {"a": "x" * 5000}},
    "metadata.colour": {"half of a pair": {"a": 1, "colour": ["\ud83d"]}},
    "since.12": {"a text": {"7": 1, "12": "x"}},
    "type": {"unknown": "chat_mesage", "null": None},
    "colour": {"unknown": 1, "null": None},
}
"""By field, with one that there is not."""


def bad_frames(given: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The field, and the frame as it is sent. `given` are good ones by type."""
    for struct in get_args(AnyClientFrame):
        kind = str(struct.__struct_config__.tag)
        names = [field.encode_name for field in msgspec.structs.fields(struct)]
        for field in (*names, "type", "colour"):
            good = {"type": kind, **given[kind]}
            values = WRONG[field] | (NEVER if field != "metadata" else {})
            for value in values.values():
                yield field, json.dumps(good | {field: value})
            for name, inner in WRONG.items():
                if name.startswith(f"{field}."):
                    yield from ((name, json.dumps(good | {field: one})) for one in inner.values())
            yield field, json.dumps(good | {field: "@"}).replace('"@"', DEEP)


@pytest.mark.parametrize("of_one", [True, False], ids=["/ws/chat/", "/ws/"])
async def test_each_field_of_a_frame_is_refused_by_name(people: People, of_one: bool) -> None:
    """What is wrong in type, too long, or cannot be stored. The socket goes on."""
    pair = await Pair.of(people)
    said = (await pair.ali.http.post(pair.messages, json={"content": "x"})).json()
    socket = await pair.ali.connect(pair.conversation if of_one else None)
    given = {kind: dict(frame.body) for kind, frame in FRAMES.items()}
    for kind, frame in given.items():
        if "message_id" in frame:
            frame["message_id"] = said["id"]
        if kind == "auth":
            frame["token"] = "x"
        elif not of_one:
            frame["conversation"] = pair.conversation
    sent: dict[str, tuple[str, str]] = {}
    for number, (field, text) in enumerate(bad_frames(given)):
        ref = f"r{number}"
        sent[ref] = field, text[:120]
        with_ref = text if field == "ref" else f'{text[:-1]},"ref":"{ref}"}}'
        await socket.connection.send(with_ref)
        if number % 5 == 0:  # ten malformed ones in a row end a socket
            await socket.send({**given["typing"], "type": "typing"})
    assert len(sent) > 400
    expected = {ref: one for ref, one in sent.items() if one[0] != "ref"}
    for _ in sent:  # some take longer than others
        error = await socket.receive_type("error")
        field, text = expected.pop(error["ref"]) if "ref" in error else ("ref", "")
        wrong = list(error.get("errors", {}))
        # Of an object the error may name what in it is wrong.
        assert wrong in ([field], [f"{field}.a"]), (text, error)
    assert expected == {}
    await socket.send({"ref": "end", **given["typing"], "type": "typing"})
    assert (await socket.receive_type("ack"))["ref"] == "end"
    messages = (await pair.ali.http.get(pair.messages)).json()
    assert [one["content"] for one in messages] == ["x"]
