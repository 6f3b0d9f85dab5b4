"""Replies to messages, and what a frame says so that a client need not guess."""

from typing import Any

import pytest

from tests.contract.helpers import Pair
from tests.contract.test_everything import opened, until
from tests.support.people import People, Person

Frame = dict[str, Any]


async def say(pair: Pair, text: str, by: Person | None = None, **more: object) -> Frame:
    body = {"content": text, **more}
    answer = await (by or pair.ali).http.post(pair.messages, json=body)
    assert answer.status_code == 201, answer.text
    message: Frame = answer.json()
    return message


async def get(pair: Pair, message_id: int) -> Frame:
    """As the message, the page and the stream say."""
    one: Frame = (await pair.sara.http.get(f"{pair.messages}{message_id}/")).json()
    for query in ("", "?limit=50"):
        listed = (await pair.sara.http.get(pair.messages + query)).json()
        assert [other for other in listed if other["id"] == message_id] == [one]
    return one


def quoted(message: Frame, **changes: object) -> Frame:
    """The message as its replies show it."""
    names = ("id", "sender", "content", "is_deleted")
    return {**{name: message[name] for name in names}, **changes}


async def test_a_message_replies_to_another(people: People) -> None:
    """In the answer, live, in lists, and for who returns; the other has the number of replies."""
    pair = await Pair.of(people)
    first = await say(pair, "where?")
    assert (first["reply_to"], first["reply_count"]) == (None, 0)
    reply = await say(pair, "here", pair.sara, reply_to=first["id"])
    assert reply["reply_to"] == quoted(first)
    await pair.first.send({"type": "chat_message", "message": "no", "reply_to": reply["id"]})
    plain, live, again = [await pair.second.receive_type("chat.message") for _ in range(3)]
    assert "reply_to" not in plain
    assert (live["reply_to"], again["reply_to"]) == (quoted(first), quoted(reply))
    first = await get(pair, first["id"])
    assert (first["reply_count"], first["seq"]) == (1, 2)
    returning = await pair.ali.connect(pair.conversation, since=1)
    frames = [await returning.receive() for _ in range(2)]
    assert [one["reply_to"] for one in frames] == [quoted(first), quoted(reply)]


async def test_replies_come_in_pages(people: People) -> None:
    """The oldest first, those of one message alone."""
    pair = await Pair.of(people)
    first, other = await say(pair, "first"), await say(pair, "other")
    await say(pair, "elsewhere", reply_to=other["id"])
    ids = [(await say(pair, str(number), reply_to=first["id"]))["id"] for number in range(5)]
    path = f"{pair.messages}{first['id']}/replies/"
    found: list[int] = []
    url: str | None = f"{path}?limit=2"
    while url is not None:
        answer = await pair.sara.http.get(url)
        assert answer.status_code == 200, answer.text
        found += [one["id"] for one in answer.json()]
        url = answer.links["next"]["url"] if "next" in answer.links else None
    assert found == ids
    assert [one["id"] for one in (await pair.sara.http.get(path)).json()] == ids
    unknown = await pair.sara.http.get(f"{pair.messages}{2**60}/replies/")
    assert unknown.status_code == 404


async def test_a_reply_shows_the_message_as_it_is_now(people: People) -> None:
    """Edited, deleted, and only its beginning; deleted replies are not counted."""
    pair = await Pair.of(people)
    first = await say(pair, "a" * 600)
    reply = await say(pair, "yes", pair.sara, reply_to=first["id"])
    assert reply["reply_to"]["content"] == "a" * 500
    path = f"{pair.messages}{first['id']}/"
    await pair.ali.http.patch(path, json={"content": "edited"})
    assert (await get(pair, reply["id"]))["reply_to"] == quoted(first, content="edited")
    await pair.ali.http.delete(path)
    gone = quoted(first, content="", is_deleted=True)
    assert (await get(pair, reply["id"]))["reply_to"] == gone
    late = await say(pair, "too late", pair.sara, reply_to=first["id"])
    assert late["reply_to"] == gone
    assert (await get(pair, first["id"]))["reply_count"] == 2
    await pair.sara.http.delete(f"{pair.messages}{reply['id']}/")
    present = await get(pair, first["id"])
    assert (present["reply_count"], present["seq"]) == (1, 6)
    assert (await get(pair, reply["id"]))["reply_to"] == gone


@pytest.mark.parametrize("which", ["another conversation's", "nobody's"])
async def test_only_messages_of_the_conversation_are_replied_to(people: People, which: str) -> None:
    """Others are refused with the name of the field, and nothing is stored, also in a batch."""
    pair, other = await Pair.of(people), await Pair.of(people)
    secret = await say(other, "the secret")
    wrong = secret["id"] if which == "another conversation's" else 2**60
    answer = await pair.ali.http.post(pair.messages, json={"content": "x", "reply_to": wrong})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["reply_to"])
    frame = {"type": "chat_message", "message": "x", "reply_to": wrong, "client_id": "c"}
    for text in ("before", "after"):
        await pair.first.send({"type": "chat_message", "message": text})
        await pair.first.send({**frame, "ref": text})
    errors = [await pair.first.receive_type("error") for _ in range(2)]
    assert [(list(one["errors"]), one["client_id"]) for one in errors] == [(["reply_to"], "c")] * 2
    listed = (await pair.ali.http.get(pair.messages)).json()
    assert [one["content"] for one in listed] == ["before", "after"]
    stranger = await people("stranger")
    for reply_to in (wrong, listed[0]["id"]):
        body = {"content": "x", "reply_to": reply_to}
        assert (await stranger.http.post(pair.messages, json=body)).status_code == 404


async def test_a_retry_is_the_same_reply(people: People) -> None:
    """To another message it is another body."""
    pair = await Pair.of(people)
    first, second = await say(pair, "1"), await say(pair, "2")
    body = {"content": "x", "client_id": "k", "reply_to": first["id"]}
    made = await pair.ali.http.post(pair.messages, json=body)
    again = await pair.ali.http.post(pair.messages, json=body)
    assert (again.status_code, again.json()) == (200, made.json())
    for other in ({**body, "reply_to": second["id"]}, {"content": "x", "client_id": "k"}):
        refused = await pair.ali.http.post(pair.messages, json=other)
        assert (refused.status_code, refused.json()["code"]) == (422, "key_reused")


async def test_a_frame_names_its_sender_and_to_them_the_client_id(people: People) -> None:
    """On all sockets of the sender, live and for who returns; to nobody else."""
    pair = await Pair.of(people)
    wide, _ = await opened(pair.ali, apart_from=pair.first)
    others, _ = await opened(pair.sara)
    body = {"type": "chat_message", "message": "mine", "client_id": 'k"1'}
    await pair.first.send(body)
    await pair.second.send({**body, "message": "hers"})
    for socket, mine, hers in (
        (pair.first, 'k"1', None),
        (wide, 'k"1', None),
        (pair.second, None, 'k"1'),
        (others, None, 'k"1'),
    ):
        frames = [(await until(socket, "chat.message"))[-1] for _ in range(2)]
        of_text = {one["content"]: one for one in frames}
        assert of_text["mine"].get("client_id") == mine
        assert of_text["hers"].get("client_id") == hers
        assert of_text["mine"]["sender_id"] == pair.ali.id
        assert of_text["hers"]["sender_id"] == pair.sara.id
    returning = await pair.ali.connect(pair.conversation, since=0)
    frames = [await returning.receive() for _ in range(2)]
    assert {one["content"]: one.get("client_id") for one in frames} == {"mine": 'k"1', "hers": None}
    assert {one["sender_id"] for one in frames} == {pair.ali.id, pair.sara.id}
    await wide.send({"type": "resume", "conversation": pair.conversation, "since": 0})
    frames = [one for one in await until(wide, "resumed") if one["type"] == "chat.message"]
    assert {one["content"]: one.get("client_id") for one in frames} == {"mine": 'k"1', "hers": None}
