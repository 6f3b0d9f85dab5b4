"""The original specification's own examples, sent and expected as they stand there."""

import re
from typing import Any

from tests.contract.helpers import Pair
from tests.support.http_client import http_client
from tests.support.people import People, Person
from tests.support.sockets import Socket

TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
NEW = "سلام، این یک پیام جدید است."
EDITED = "این محتوای ویرایش شده پیام است."


def parts_of_seed(frame: dict[str, Any], *names: str) -> dict[str, Any]:
    """The fields that the original names; all of them must be there."""
    return {name: frame[name] for name in names}


async def pair(people: People) -> tuple[Person, Person, int, Socket, Socket]:
    both = await Pair.of(people)
    return both.ali, both.sara, both.conversation, both.first, both.second


async def test_chat_message_reaches_everyone(people: People) -> None:
    """The sender's own socket too, with the four fields of the example."""
    ali, _, _, first, second = await pair(people)
    await first.send({"type": "chat_message", "message": NEW})
    for socket in (first, second):
        frame = await socket.receive()
        assert isinstance(frame["id"], int)
        assert TIMESTAMP.fullmatch(frame["timestamp"])
        assert (frame["sender"], frame["content"]) == (ali.username, NEW)
        assert frame["type"] == "chat.message"


async def test_edit_message_reaches_everyone(people: People) -> None:
    """As `message.edited`, with the message's id and content."""
    _, _, _, first, second = await pair(people)
    await first.send({"type": "chat_message", "message": NEW})
    message_id = (await first.receive())["id"]
    await second.receive()
    await first.send({"type": "edit_message", "message_id": message_id, "content": EDITED})
    for socket in (first, second):
        assert parts_of_seed(await socket.receive(), "type", "message") == {
            "type": "message.edited",
            "message": {"id": message_id, "content": EDITED},
        }


async def test_delete_message_reaches_everyone(people: People) -> None:
    """As `message.deleted`, with the message's id."""
    _, _, _, first, second = await pair(people)
    await first.send({"type": "chat_message", "message": NEW})
    message_id = (await first.receive())["id"]
    await second.receive()
    await first.send({"type": "delete_message", "message_id": message_id})
    for socket in (first, second):
        assert parts_of_seed(await socket.receive(), "type", "message_id") == {
            "type": "message.deleted",
            "message_id": message_id,
        }


async def test_typing_reaches_the_others(people: People) -> None:
    """As `user.typing`, exactly as in the example, and not back to the one who types."""
    ali, _, _, first, second = await pair(people)
    await first.send({"type": "typing", "is_typing": True})
    assert await second.receive() == {
        "type": "user.typing",
        "user": ali.username,
        "is_typing": True,
    }
    await first.send({"type": "chat_message", "message": "after it"})
    assert (await first.receive())["type"] == "chat.message"


async def test_a_client_of_the_original_sees_nothing_else(people: People) -> None:
    """Who sends neither `client_id` nor `ref` gets only the frames that the original has."""
    _, _, _, first, second = await pair(people)
    for number in range(3):
        await first.send({"type": "chat_message", "message": f"{number}"})
        await second.send({"type": "typing", "is_typing": False})
    await second.send({"type": "chat_message", "message": "the last"})
    known = {"chat.message", "message.edited", "message.deleted", "user.typing"}
    for socket in (first, second):
        while (frame := await socket.receive()).get("content") != "the last":
            assert frame["type"] in known


async def test_conversations_are_listed_as_in_the_example(people: People) -> None:
    """Participants, beginning, last message and ticket, with the original's types."""
    ali, sara, conversation, _, _ = await pair(people)
    path = f"/api/conversations/{conversation}/messages/"
    sent = (await ali.http.post(path, json={"content": "آخرین پیام"})).json()
    (listed,) = (await sara.http.get("/api/conversations/")).json()
    assert listed["id"] == conversation
    assert listed["participants"] == [
        {"id": ali.id, "username": ali.username},
        {"id": sara.id, "username": sara.username},
    ]
    assert TIMESTAMP.fullmatch(listed["created_at"])
    assert listed["last_message"] == {
        "id": sent["id"],
        "sender": {"id": ali.id, "username": ali.username},
        "content": "آخرین پیام",
        "timestamp": sent["timestamp"],
        "is_read": False,
    }
    assert listed["support_ticket"] is None


async def test_messages_are_listed_as_in_the_example(people: People) -> None:
    """The seven fields of the example, oldest message first."""
    ali, sara, conversation, _, _ = await pair(people)
    path = f"/api/conversations/{conversation}/messages/"
    for content in ("سلام", "این یک پیام جدید است."):
        assert (await ali.http.post(path, json={"content": content})).status_code == 201
    names = ("sender", "content", "is_read", "is_edited", "is_deleted")
    listed = (await sara.http.get(path)).json()
    assert [parts_of_seed(message, *names) for message in listed] == [
        {
            "sender": {"id": ali.id, "username": ali.username},
            "content": content,
            "is_read": False,
            "is_edited": False,
            "is_deleted": False,
        }
        for content in ("سلام", "این یک پیام جدید است.")
    ]
    assert all(TIMESTAMP.fullmatch(message["timestamp"]) for message in listed)


async def test_a_message_over_http_reaches_the_sockets(people: People) -> None:
    """With the id that HTTP answered, on every socket of the conversation."""
    ali, _, conversation, first, second = await pair(people)
    answer = await ali.http.post(
        f"/api/conversations/{conversation}/messages/", json={"content": NEW}
    )
    assert answer.status_code == 201
    for socket in (first, second):
        frame = await socket.receive()
        assert (frame["id"], frame["content"]) == (answer.json()["id"], NEW)


async def test_a_file_is_added_to_a_message(people: People) -> None:
    """As `multipart/form-data` with the field `file`; a participant gets the same bytes."""
    ali, sara, conversation, first, _ = await pair(people)
    await first.send({"type": "chat_message", "message": NEW})
    message_id = (await first.receive())["id"]
    path = f"/api/conversations/{conversation}/messages/{message_id}/attachments/"
    answer = await ali.http.post(path, files={"file": ("گزارش.pdf", b"%PDF-", "application/pdf")})
    assert answer.status_code == 201
    attachment = answer.json()
    assert (attachment["name"], attachment["size"]) == ("گزارش.pdf", 5)
    assert (await sara.http.get(attachment["url"])).content == b"%PDF-"


async def test_the_original_schemes_are_accepted(people: People) -> None:
    """`Bearer`, and what DRF clients send: `Token` and `JWT`; without a token, 401."""
    ali = await people("ali")
    for scheme in ("Bearer", "Token", "JWT"):
        headers = {"Authorization": f"{scheme} {ali.access}"}
        assert (await ali.http.get("/api/conversations/", headers=headers)).status_code == 200
    async with http_client(ali.server.url) as nobody:
        refused = await nobody.get("/api/conversations/")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
