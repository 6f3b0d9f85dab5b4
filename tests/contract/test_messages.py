"""Messages over HTTP, beside the sockets that hear of them, on every shape."""

from typing import Any

import httpx
import pytest

from tests.contract.helpers import Pair
from tests.support.people import People


async def write(pair: Pair, *contents: str) -> list[dict[str, Any]]:
    """Messages of the first person's, as HTTP answers them."""
    answers = [
        await pair.ali.http.post(pair.messages, json={"content": content}) for content in contents
    ]
    assert [answer.status_code for answer in answers] == [201] * len(contents)
    return [answer.json() for answer in answers]


def contents(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [message["content"] for message in answer.json()]


async def test_a_message_comes_back_whole(people: People) -> None:
    """201 with every field; others read the same, but never the sender's key."""
    pair = await Pair.of(people)
    body = {"content": "سلام", "client_id": "key"}
    answer = await pair.ali.http.post(pair.messages, json=body)
    message = answer.json()
    frame = await pair.second.receive()
    assert (answer.status_code, message) == (
        201,
        {
            "id": frame["id"],
            "sender": {"id": pair.ali.id, "username": pair.ali.username},
            "content": "سلام",
            "timestamp": frame["timestamp"],
            "is_read": False,
            "is_edited": False,
            "is_deleted": False,
            "seq": frame["seq"],
            "attachments": [],
            "mentions": [],
            "reactions": [],
            "reply_to": None,
            "reply_count": 0,
            "metadata": {},
            "client_id": "key",
        },
    )
    del message["client_id"]
    assert (await pair.sara.http.get(pair.messages)).json() == [message]


async def test_a_message_that_shows_nothing_is_refused(people: People) -> None:
    """On both transports, new or edited, and nothing is stored."""
    pair = await Pair.of(people)
    (message,) = await write(pair, "first")
    for blank in ("\u200b", "\ufeff", "\u3164", " \u200c\u2060\n"):
        refused = await pair.ali.http.post(pair.messages, json={"content": blank})
        assert (refused.status_code, set(refused.json()["errors"])) == (400, {"content"})
        path = f"{pair.messages}{message['id']}/"
        assert (await pair.ali.http.patch(path, json={"content": blank})).status_code == 400
        await pair.first.send({"type": "chat_message", "message": blank})
        assert (await pair.first.receive_type("error"))["code"] == "invalid"
    assert contents(await pair.sara.http.get(pair.messages)) == ["first"]


async def test_edits_and_deletes_over_http_reach_the_sockets(people: People) -> None:
    """200 and 204, and a frame for each on every socket, with the number HTTP shows."""
    pair = await Pair.of(people)
    (message,) = await write(pair, "first")
    assert (await pair.heard())["content"] == "first"
    path = f"{pair.messages}{message['id']}/"
    edited = await pair.ali.http.patch(path, json={"content": "second"})
    assert (edited.status_code, edited.json()["is_edited"]) == (200, True)
    assert await pair.heard() == {
        "type": "message.edited",
        "message": {"id": message["id"], "content": "second"},
        "seq": edited.json()["seq"],
    }
    assert (await pair.ali.http.delete(path)).status_code == 204
    deleted = (await pair.sara.http.get(path)).json()
    assert await pair.heard() == {
        "type": "message.deleted",
        "message_id": message["id"],
        "seq": deleted["seq"],
    }


async def test_a_deleted_message_stays_without_its_content(people: People) -> None:
    """Empty wherever it is read; editing it is 409, deleting it again sends nothing."""
    pair = await Pair.of(people)
    (message,) = await write(pair, "secret")
    path = f"{pair.messages}{message['id']}/"
    for _ in range(2):
        assert (await pair.ali.http.delete(path)).status_code == 204
    assert (await pair.ali.http.patch(path, json={"content": "again"})).status_code == 409
    await pair.first.send({"type": "edit_message", "message_id": message["id"], "content": "again"})
    assert (await pair.first.receive_type("error"))["code"] == "message_deleted"
    await write(pair, "marker")
    frames = [await pair.second.receive() for _ in range(3)]
    assert [frame["seq"] for frame in frames] == [1, 2, 3]
    assert contents(await pair.sara.http.get(pair.messages)) == ["", "marker"]
    late = await pair.sara.connect(pair.conversation, since=0)
    heard = await late.receive()
    assert (heard["content"], heard["is_deleted"]) == ("", True)


async def test_only_the_sender_edits_and_deletes(people: People) -> None:
    """403 for other participants, 404 for strangers, and nobody receives anything."""
    pair = await Pair.of(people)
    stranger = await people("stranger")
    (message,) = await write(pair, "mine")
    path = f"{pair.messages}{message['id']}/"
    for person, status in ((pair.sara, 403), (stranger, 404)):
        assert (await person.http.patch(path, json={"content": "x"})).status_code == status
        assert (await person.http.delete(path)).status_code == status
    assert (await pair.ali.http.get(path)).json() == message
    await write(pair, "marker")
    assert [(await pair.second.receive())["content"] for _ in range(2)] == ["mine", "marker"]


async def test_links_lead_through_every_message(people: People) -> None:
    """Backwards from the latest page, and forwards from the first message: each once."""
    pair = await Pair.of(people)
    messages = await write(pair, *(f"{number}" for number in range(7)))
    whole = contents(await pair.sara.http.get(pair.messages))
    assert whole == [f"{number}" for number in range(7)]

    answer = await pair.sara.http.get(pair.messages, params={"limit": 3})
    backwards = contents(answer)
    while "prev" in answer.links:
        answer = await pair.sara.http.get(answer.links["prev"]["url"])
        backwards = contents(answer) + backwards
    assert backwards == whole

    query = {"after": messages[0]["id"], "limit": 3}
    answer = await pair.sara.http.get(pair.messages, params=query)
    forwards = contents(answer)
    while "next" in answer.links:
        answer = await pair.sara.http.get(answer.links["next"]["url"])
        forwards += contents(answer)
    assert forwards == whole[1:]


async def test_since_returns_what_changed_later(people: People) -> None:
    """In the order of the changes: an edited message stands where its edit does."""
    pair = await Pair.of(people)
    messages = await write(pair, "a", "b", "c")
    path = f"{pair.messages}{messages[0]['id']}/"
    await pair.ali.http.patch(path, json={"content": "edited"})
    query = {"since": messages[1]["seq"]}
    assert contents(await pair.sara.http.get(pair.messages, params=query)) == ["c", "edited"]


@pytest.mark.parametrize("content", ["", " \n ", "a\0b", "x" * 10_001, None, 7])
async def test_a_wrong_message_names_its_field(people: People, content: object) -> None:
    """400, and nobody receives it."""
    pair = await Pair.of(people)
    answer = await pair.ali.http.post(pair.messages, json={"content": content})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == ["content"]
    await write(pair, "marker")
    assert (await pair.second.receive())["seq"] == 1


async def test_typing_is_stored_nowhere(people: People) -> None:
    """It takes no number, makes no message and is not sent to clients that come back."""
    pair = await Pair.of(people)
    await pair.first.send({"type": "typing", "is_typing": True})
    assert "seq" not in await pair.second.receive()
    assert contents(await pair.sara.http.get(pair.messages)) == []
    late = await pair.sara.connect(pair.conversation, since=0)
    assert await late.receive_resumed() == 0
