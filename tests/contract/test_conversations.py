"""Conversations over HTTP and who hears of what, on every shape."""

import asyncio

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.contract.helpers import Pair
from tests.support.people import People, Person


def of(pair: Pair) -> str:
    return f"/api/conversations/{pair.conversation}/"


async def user_ids(person: Person, path: str) -> set[int]:
    participants = (await person.http.get(path)).json()["participants"]
    return {participant["id"] for participant in participants}


async def test_the_caller_is_always_in_it(people: People) -> None:
    """201 with those named and the caller, once each; all of them see it."""
    ali, sara, reza = await people("ali"), await people("sara"), await people("reza")
    body = {"participants": [sara.id, reza.id, sara.id, ali.id]}
    answer = await ali.http.post("/api/conversations/", json=body)
    made = answer.json()
    assert answer.status_code == 201
    assert sorted(participant["id"] for participant in made["participants"]) == sorted(
        [ali.id, sara.id, reza.id]
    )
    assert (made["last_message"], made["support_ticket"], made["seq"]) == (None, None, 0)
    for person in (ali, sara, reza):
        own = {**made, "role": "owner" if person is ali else "member"}
        assert (await person.http.get("/api/conversations/")).json() == [own]


async def test_unknown_participants_are_named(people: People) -> None:
    """400, and no conversation begins."""
    ali = await people("ali")
    unknown = 2**40
    answer = await ali.http.post("/api/conversations/", json={"participants": [unknown]})
    assert answer.status_code == 400
    assert str(unknown) in answer.json()["errors"]["participants"][0]
    assert (await ali.http.get("/api/conversations/")).json() == []


async def test_the_most_recently_active_comes_first(people: People) -> None:
    """Each with its last message and what the caller has not read of it."""
    ali, sara = await people("ali"), await people("sara")
    first, second = await ali.begin_conversation(sara), await ali.begin_conversation(sara)
    for conversation, content in ((second, "one"), (first, "two"), (first, "three")):
        path = f"/api/conversations/{conversation}/messages/"
        assert (await ali.http.post(path, json={"content": content})).status_code == 201
    listed = (await sara.http.get("/api/conversations/")).json()
    assert [(one["id"], one["last_message"]["content"], one["unread_count"]) for one in listed] == [
        (first, "three", 2),
        (second, "one", 1),
    ]
    own = (await ali.http.get("/api/conversations/")).json()
    assert [one["unread_count"] for one in own] == [0, 0]


async def test_the_last_message_follows_its_edits_and_deletes(people: People) -> None:
    """With its new content, and with none once it is deleted."""
    pair = await Pair.of(people)
    sent = (await pair.ali.http.post(pair.messages, json={"content": "one"})).json()
    path = f"{pair.messages}{sent['id']}/"
    await pair.ali.http.patch(path, json={"content": "two"})
    last = (await pair.sara.http.get(of(pair))).json()["last_message"]
    assert (last["id"], last["content"]) == (sent["id"], "two")
    await pair.ali.http.delete(path)
    last = (await pair.sara.http.get(of(pair))).json()["last_message"]
    assert (last["id"], last["content"]) == (sent["id"], "")


async def test_own_messages_are_read_when_every_other_has(people: People) -> None:
    """With three people: not after the first of the two others, but after the second."""
    ali, sara, reza = await people("ali"), await people("sara"), await people("reza")
    path = f"/api/conversations/{await ali.begin_conversation(sara, reza)}/"
    sent = (await ali.http.post(f"{path}messages/", json={"content": "x"})).json()
    for reader, is_read in ((sara, False), (reza, True)):
        body = {"message_id": sent["id"]}
        assert (await reader.http.post(f"{path}read/", json=body)).status_code == 204
        last = (await reader.http.get(path)).json()["last_message"]
        assert last["is_read"] is True
        own = (await ali.http.get(f"{path}messages/{sent['id']}/")).json()
        assert own["is_read"] is is_read


async def test_who_is_added_is_in_at_once(people: People) -> None:
    """The others receive it, and the new one opens a socket on any worker."""
    pair = await Pair.of(people)
    reza = await people("reza")
    body = {"user_id": reza.id}
    answer = await pair.sara.http.post(f"{of(pair)}participants/", json=body)
    assert answer.status_code == 201
    for socket in (pair.first, pair.second):
        frame = await socket.receive()
        assert (frame["type"], frame["participant"]) == (
            "participant.joined",
            {"id": reza.id, "username": reza.username},
        )
    here = await reza.connect(pair.conversation, apart_from=pair.first)
    there = await reza.connect(pair.conversation, apart_from=here)
    await here.send({"type": "chat_message", "message": "here"})
    for socket in (here, there, pair.first, pair.second):
        heard = await socket.receive_type("chat.message")  # he may hear that he was added
        assert heard["content"] == "here"


async def test_who_may_remove(people: People) -> None:
    """Who began it removes others, others nobody but themselves: 403, and all stay."""
    pair = await Pair.of(people)
    path = f"{of(pair)}participants/"
    assert (await pair.sara.http.delete(f"{path}{pair.ali.id}/")).status_code == 403
    assert await user_ids(pair.ali, of(pair)) == {pair.ali.id, pair.sara.id}
    assert (await pair.sara.http.delete(f"{path}{pair.sara.id}/")).status_code == 204
    assert await pair.second.closed() == 4404
    assert await user_ids(pair.ali, of(pair)) == {pair.ali.id}


async def test_who_left_finds_and_writes_nothing(people: People) -> None:
    """404 for every path of it, 404 for the socket, until added again."""
    pair = await Pair.of(people)
    await pair.ali.http.post(pair.messages, json={"content": "before"})
    await pair.ali.http.delete(f"{of(pair)}participants/{pair.sara.id}/")
    assert await pair.second.closed() == 4404
    assert (await pair.sara.http.get("/api/conversations/")).json() == []
    answers: list[httpx.Response] = [
        await pair.sara.http.get(of(pair)),
        await pair.sara.http.get(pair.messages),
        await pair.sara.http.post(pair.messages, json={"content": "x"}),
        await pair.sara.http.post(f"{of(pair)}participants/", json={"user_id": pair.sara.id}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    with pytest.raises(InvalidStatus) as refused:
        await pair.sara.connect(pair.conversation, apart_from=pair.first)
    assert refused.value.response.status_code == 404
    await pair.ali.http.post(f"{of(pair)}participants/", json={"user_id": pair.sara.id})
    back = await pair.sara.connect(pair.conversation, apart_from=pair.first)
    await pair.first.send({"type": "chat_message", "message": "after"})
    heard = await back.receive_type("chat.message")  # before it she may hear that she was added
    assert heard["content"] == "after"
    assert len((await pair.sara.http.get(pair.messages)).json()) == 2


async def test_everybody_hears_of_a_new_title(people: People) -> None:
    """With the next `seq`, live and when resuming; the title that is there changes nothing."""
    pair = await Pair.of(people)
    await pair.first.send({"type": "chat_message", "message": "one"})
    frames = [await pair.heard()]
    for title, is_new in (("سفر", True), ("سفر", False), ("", True)):
        answer = await pair.sara.http.patch(of(pair), json={"title": title})
        assert (answer.status_code, answer.json()["title"]) == (200, title)
        if is_new:
            frames.append(await pair.heard())
    await pair.first.send({"type": "chat_message", "message": "two"})
    frames.append(await pair.heard())
    assert [frame["seq"] for frame in frames] == [1, 2, 3, 4]
    assert frames[1:3] == [
        {"type": "conversation.updated", "title": "سفر", "seq": 2},
        {"type": "conversation.updated", "title": "", "seq": 3},
    ]
    assert (await pair.ali.http.get(of(pair))).json()["seq"] == 4
    back = await pair.ali.connect(pair.conversation, since=1, apart_from=pair.second)
    assert [await back.receive() for _ in range(2)] == frames[2:]
    assert await back.receive_resumed() == 4
    changed = (await pair.ali.http.get(f"{pair.messages}?since=1")).json()
    assert [message["content"] for message in changed] == ["two"]


async def test_a_title_is_stored_once_however_many_give_it(people: People) -> None:
    """All at once and on several workers: one change."""
    pair = await Pair.of(people)
    answers = await asyncio.gather(
        *(pair.ali.http.patch(of(pair), json={"title": "one"}) for _ in range(10))
    )
    assert {answer.json()["seq"] for answer in answers} == {1}


async def test_any_participant_renames(people: People) -> None:
    """200 with the new title, which the others see; strangers get 404."""
    pair = await Pair.of(people)
    stranger = await people("stranger")
    answer = await pair.sara.http.patch(of(pair), json={"title": "سفر"})
    assert (answer.status_code, answer.json()["title"]) == (200, "سفر")
    assert (await stranger.http.patch(of(pair), json={"title": "x"})).status_code == 404
    assert (await pair.ali.http.get(of(pair))).json()["title"] == "سفر"
