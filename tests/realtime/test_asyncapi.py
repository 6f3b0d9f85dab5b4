"""The AsyncAPI document: well-formed, complete, and true to what a server really sends."""

import json
import re
import tarfile
from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import jsonschema_rs
import pytest

from chat.realtime import client_frames, protocol, server_frames
from chat.realtime.socket import CLOSE_CODES
from tests.contract.helpers import Pair
from tests.support.npm import npm
from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.people import People
from tests.support.sockets import Socket

SPECIFICATION = "@asyncapi/specs@6.11.1"
"""Where the AsyncAPI initiative publishes JSON Schema of its documents, on npm."""


@pytest.fixture(scope="module")
def document(on_sqlite: PayamServer) -> dict[str, Any]:
    response = httpx.get(on_sqlite.url + "/docs/asyncapi.json", trust_env=False)
    assert response.headers["content-type"] == "application/json"
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture(scope="module")
def specification(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON Schema of AsyncAPI 3.0.0."""
    folder = tmp_path_factory.mktemp("asyncapi")
    npm("pack", SPECIFICATION, folder=folder)
    (archive,) = folder.iterdir()
    with tarfile.open(archive) as package:
        file = package.extractfile("package/schemas/3.0.0-without-$id.json")
        assert file is not None
        found: dict[str, Any] = json.load(file)
    return found


@pytest.fixture
async def pair(on_sqlite: PayamServer) -> AsyncIterator[Pair]:
    async with People(on_sqlite) as people:
        yield await Pair.of(people)


def check(document: dict[str, Any], name: str, frame: dict[str, Any]) -> None:
    """Raise ValidationError where the frame is not what the document says of its type."""
    payload = document["components"]["messages"][name]["payload"]
    jsonschema_rs.Draft7Validator(
        {"components": document["components"], "allOf": [payload]}, validate_formats=True
    ).validate(frame)


def names(document: dict[str, Any], action: str) -> set[str]:
    return {
        message["$ref"].rpartition("/")[2]
        for operation in document["operations"].values()
        if operation["action"] == action
        for message in operation["messages"]
    }


def tags(*frames: Any) -> set[str]:
    return {frame.__struct_config__.tag for frame in frames}


def test_it_is_asyncapi_3(document: dict[str, Any], specification: dict[str, Any]) -> None:
    """By the specification's own schema."""
    wrong = [str(one) for one in jsonschema_rs.Draft7Validator(specification).iter_errors(document)]
    assert wrong == []


def test_the_specification_would_find_a_mistake(
    document: dict[str, Any], specification: dict[str, Any]
) -> None:
    """An operation without a channel."""
    operations = {name: {"action": "send"} for name in document["operations"]}
    validator = jsonschema_rs.Draft7Validator(specification)
    assert not validator.is_valid({**document, "operations": operations})


def test_every_frame_is_in_it(document: dict[str, Any]) -> None:
    """Both ways, as the unions of the frames' structs have them."""
    assert names(document, "receive") == tags(*get_args(client_frames.AnyClientFrame))
    assert names(document, "send") == tags(*server_frames.TO_CLIENT)
    every = names(document, "receive") | names(document, "send")
    assert set(document["components"]["messages"]) == every


def test_a_channel_carries_one_direction(document: dict[str, Any]) -> None:
    """Generators make one type of a channel's frames: of what a client may send, and may get."""
    for action in ("receive", "send"):
        for operation in document["operations"].values():
            if operation["action"] == action:
                name = operation["channel"]["$ref"].rpartition("/")[2]
                channel = document["channels"][name]
                carried = names(document, action)
                if channel["address"] != "/ws/":
                    carried -= tags(*server_frames.TO_USER)
                assert set(channel["messages"]) == carried


def test_on_the_socket_of_everything_frames_say_their_conversation(
    document: dict[str, Any],
) -> None:
    """Each that reports something must; an answer may; the others have it in no such place."""
    (channel,) = (
        channel
        for name, channel in document["channels"].items()
        if channel["address"] == "/ws/" and "chat.message" in channel["messages"]
    )
    for kind, carried in channel["messages"].items():
        if kind in tags(*server_frames.TO_USER, server_frames.AuthExpiring):
            assert set(carried) == {"$ref"}
            continue
        (example,) = (one["payload"] for one in carried["examples"])
        schema = {"components": document["components"], **carried["payload"]}
        validator = jsonschema_rs.Draft7Validator(schema)
        assert validator.is_valid(example)
        del example["conversation"]
        assert validator.is_valid(example) == (kind in tags(*server_frames.ANSWERS))


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """Into the document itself."""
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    assert references
    for reference in references:
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_websocket_is_a_channel(on_sqlite: PayamServer, document: dict[str, Any]) -> None:
    """Its address asks for a token, as a path under HTTP would, and for an upgrade."""
    for channel in document["channels"].values():
        path = channel["address"].format(**dict.fromkeys(channel["parameters"], 1))
        response = httpx.get(on_sqlite.url + path, trust_env=False)
        assert response.status_code == 401
    sources = (file.read_text() for file in (CHECKOUT / "chat").rglob("*.py"))
    routed = {
        re.sub(r"<(\w+):\w+>", r"{\1}", path)
        for source in sources
        for path in re.findall(r'"(/ws/[^"]*)"', source)
    }
    assert {channel["address"] for channel in document["channels"].values()} == routed


def test_every_close_code_is_in_it(document: dict[str, Any]) -> None:
    """Those that stand in the code, and the two that a client or a proxy may send."""
    written = set(CLOSE_CODES.values())
    for file in [*(CHECKOUT / "chat" / "realtime").glob("*.py"), CHECKOUT / "chat" / "payam.py"]:
        closes = re.findall(r"(?:close|Error)\((?:.*, )?(\d{4})\b", file.read_text())
        written |= {int(code) for code in closes}
    for channel in document["channels"].values():
        codes = [close["code"] for close in channel["x-close-codes"]]
        assert codes == sorted(set(codes))
        assert set(codes) == written | {1000, 1001}


def test_every_example_is_what_its_schema_says(document: dict[str, Any]) -> None:
    """Of each frame one at least."""
    for name, message in document["components"]["messages"].items():
        assert message["examples"]
        assert message["summary"]
        for example in message["examples"]:
            assert example["payload"]["type"] == name
            check(document, name, example["payload"])


def test_every_example_of_a_client_is_understood(document: dict[str, Any]) -> None:
    """By what decodes the frames of sockets."""
    for name in names(document, "receive"):
        (example,) = document["components"]["messages"][name]["examples"]
        frame = protocol.decode(json.dumps(example["payload"]))
        assert tags(frame) == {name}


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "chat_message"},
        {"type": "chat_message", "message": ""},
        {"type": "chat_message", "message": " \n"},
        {"type": "chat_message", "message": "a\0b"},
        {"type": "chat_message", "message": "x", "client_id": "x" * 65},
        {"type": "chat_message", "message": "x", "ref": "x" * 65},
        {"type": "edit_message", "message_id": 0, "content": "x"},
        {"type": "edit_message", "message_id": 2**63, "content": "x"},
        {"type": "delete_message", "message_id": "1"},
        {"type": "typing", "is_typing": 1},
        {"type": "mark_read"},
        {"type": "resume", "since": -1},
        {"type": "auth", "token": None},
    ],
)
async def test_what_a_schema_forbids_is_refused(
    pair: Pair, document: dict[str, Any], frame: dict[str, Any]
) -> None:
    """By the document and by the server, which decide apart from each other."""
    with pytest.raises(jsonschema_rs.ValidationError):
        check(document, frame["type"], frame)
    await pair.first.send(frame)
    answer = await pair.first.receive()
    assert answer["type"] == "error"
    check(document, "error", answer)


async def test_what_a_server_sends_is_what_the_document_says(
    pair: Pair, document: dict[str, Any]
) -> None:
    """Every frame but `auth.expiring`, which comes a minute before a token's end, and those that
    come on `/ws/` alone.
    """
    ali, sara, first, second = pair.ali, pair.sara, pair.first, pair.second
    seen: dict[str, dict[str, Any]] = {}

    async def expect(socket: Socket, kind: str) -> dict[str, Any]:
        seen[kind] = await socket.receive_type(kind)
        check(document, kind, seen[kind])
        return seen[kind]

    await first.send({"type": "chat_message", "message": "سلام", "client_id": "1", "ref": "a"})
    message_id = (await expect(first, "ack"))["id"]
    await expect(second, "chat.message")
    await first.send({"type": "edit_message", "message_id": message_id, "content": "!"})
    await expect(second, "message.edited")
    await second.send({"type": "mark_read", "message_id": message_id})
    await expect(first, "message.read")
    await first.send({"type": "typing", "is_typing": True})
    await expect(second, "user.typing")
    path = f"{pair.messages}{message_id}/attachments/"
    await ali.http.post(path, files={"file": ("f.txt", b"x")})
    await expect(second, "attachment.added")
    pin = f"{pair.messages}{message_id}/pin/"
    await ali.http.put(pin)
    await expect(second, "message.pinned")
    await ali.http.delete(pin)
    await expect(second, "message.unpinned")
    await first.send({"type": "add_reaction", "message_id": message_id, "emoji": "👍"})
    await expect(second, "reaction.added")
    await first.send({"type": "remove_reaction", "message_id": message_id, "emoji": "👍"})
    await expect(second, "reaction.removed")
    await ali.http.post(
        f"/api/conversations/{pair.conversation}/support_ticket/", json={"subject": "x"}
    )
    await expect(second, "ticket.updated")
    await ali.http.patch(f"/api/conversations/{pair.conversation}/", json={"title": "x"})
    await expect(second, "conversation.updated")
    await ali.http.patch("/api/users/me/", json={"display_name": "علی"})
    await expect(second, "user.updated")
    await first.send({"type": "delete_message", "message_id": message_id})
    await expect(second, "message.deleted")
    await second.send({"type": "delete_message", "message_id": message_id, "ref": "b"})
    await expect(second, "error")
    await first.send({"type": "resume", "since": 0, "ref": "c"})
    await expect(first, "resumed")
    await first.send({"type": "resume", "since": 0, "epoch": "another", "ref": "d"})
    await expect(first, "reset")
    async with People(ali.server) as people:
        other = await people("other")
        members = f"/api/conversations/{pair.conversation}/participants/"
        await sara.http.post(members, json={"user_id": other.id})
        await expect(first, "participant.joined")
        await ali.http.delete(f"{members}{other.id}/")
        await expect(second, "participant.left")
    rest = {"auth.expiring", *tags(*server_frames.TO_USER)}
    assert names(document, "send") - set(seen) == rest
