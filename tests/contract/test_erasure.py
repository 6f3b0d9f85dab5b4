"""A user erases themselves, and takes out before what is theirs."""

import asyncio
import io
import json
import time
import zipfile
from typing import Any

from tests.contract.helpers import PATIENCE, Pair, settled
from tests.support.people import People, Person


def body_of(person: Person) -> bytes:
    return json.dumps({"password": person.password}).encode()


async def erase(person: Person, body: bytes) -> Any:
    return await person.http.request(
        "DELETE", "/api/users/me/", content=body, headers={"Content-Type": "application/json"}
    )


async def say(person: Person, conversation: int, text: str, file: bytes | None = None) -> int:
    path = f"/api/conversations/{conversation}/messages/"
    made = await person.http.post(path, json={"content": text})
    assert made.status_code == 201, made.text
    message_id: int = made.json()["id"]
    if file is not None:
        upload = {"file": ("سند.txt", file)}
        added = await person.http.post(f"{path}{message_id}/attachments/", files=upload)
        assert added.status_code == 201, added.text
    return message_id


async def test_an_erased_user_leaves_deleted_messages(people: People) -> None:
    """At once no token works; their sockets close; others learn of every message, also later."""
    pair = await Pair.of(people)
    ali, sara, talk = pair.ali, pair.sara, pair.conversation
    everything = await ali.connect()
    mine = [await say(ali, talk, "one"), await say(ali, talk, "two", b"a file")]
    hers = await say(sara, talk, "hers")
    await ali.http.delete(f"{pair.messages}{await say(ali, talk, 'deleted before')}/")
    before = (await sara.http.get(f"/api/conversations/{talk}/")).json()["seq"]
    for body, status, code in (
        (b"", 400, "invalid"),
        (b'{"password": "wrong"}', 403, "wrong_password"),
        (b'{"password": "x", "sure": true}', 400, "invalid"),
    ):
        refused = await erase(ali, body)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await erase(ali, body_of(ali))).status_code == 202
    assert await everything.closed() == 4401
    assert await pair.first.closed() in (4401, 4404)
    assert (await ali.http.get("/api/users/me/")).status_code == 401
    assert (await erase(ali, body_of(ali))).status_code == 401
    again = {"username": ali.username, "password": ali.password}
    assert (await ali.http.post("/api/token/", json=again)).status_code == 401
    renewed = await ali.http.post("/api/token/refresh/", json={"refresh": ali.refresh})
    assert renewed.status_code == 401

    name = f"deleted-user-{ali.id}"
    left = await pair.second.receive_type("participant.left")
    assert left["participant"] == {"id": ali.id, "username": name}
    owns = await pair.second.receive_type("conversation.updated")
    assert (owns["participant"]["id"], owns["participant"]["role"]) == (sara.id, "owner")
    deleted = [await pair.second.receive_type("message.deleted") for _ in mine]
    assert [one["message_id"] for one in deleted] == mine
    frames = [left, owns, *deleted]
    assert [one["seq"] for one in frames] == list(range(before + 1, before + 5))
    returning = await sara.connect(talk, since=before)
    assert [await returning.receive() for _ in frames] == frames
    listed = (await sara.http.get(pair.messages)).json()
    assert [(one["id"], one["content"]) for one in listed if one["is_deleted"] is False] == [
        (hers, "hers")
    ]
    assert {one["sender"]["username"] for one in listed} == {name, sara.username}
    assert all(not one["attachments"] for one in listed)

    found = await sara.http.get("/api/users/", params={"search": ali.username})
    assert found.json() == []
    found = await sara.http.get("/api/users/", params={"search": "deleted-user-"})
    assert found.json() == []
    for asked in ({"participants": [ali.id]}, {"participants": [ali.id], "direct": True}):
        refused = await sara.http.post("/api/conversations/", json=asked)
        assert refused.status_code == 400
        assert str(ali.id) in refused.json()["detail"]
    taken = await sara.http.post("/api/users/", json=again)
    assert taken.status_code == 201, "the name is free again"
    assert taken.json()["id"] != ali.id
    await finished(ali)
    await settled(ali.server)


async def finished(person: Person) -> None:
    """Wait until nothing is left to erase of the person."""
    end = time.monotonic() + PATIENCE
    while f"user {person.id} is erased" not in person.server.log():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def test_what_is_exported(people: People) -> None:
    """Profile, conversations, one's own messages and files; nothing that others sent."""
    pair = await Pair.of(people)
    ali, sara, talk = pair.ali, pair.sara, pair.conversation
    text = "سلام " * 100
    body = {"display_name": "علی", "metadata": {"b": 1, "a": 2}}
    await ali.http.patch("/api/users/me/", json=body)
    one = await say(ali, talk, text, b"the file " * 50_000)
    await say(sara, talk, "hers", b"her file")
    await ali.http.delete(f"{pair.messages}{await say(ali, talk, 'gone', b'gone')}/")
    elsewhere = await sara.begin_conversation(ali)
    two = await say(ali, elsewhere, "before leaving")
    await ali.http.delete(f"/api/conversations/{elsewhere}/participants/{ali.id}/")
    answer = await ali.http.get("/api/users/me/export/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        read = {name: archive.read(name) for name in archive.namelist()}
    profile = json.loads(read.pop("profile.json"))
    assert (profile["id"], profile["username"]) == (ali.id, ali.username)
    assert (profile["display_name"], profile["metadata"]) == ("علی", {"b": 1, "a": 2})
    assert [one["id"] for one in json.loads(read.pop("conversations.json"))] == [talk]
    messages = json.loads(read.pop("messages.json"))
    assert [(one["id"], one["conversation"], one["content"]) for one in messages] == [
        (one, talk, text),
        (two, elsewhere, "before leaving"),
    ]
    assert list(read) == messages[0]["files"]
    assert list(read.values()) == [b"the file " * 50_000]


async def test_an_export_of_nothing(people: People) -> None:
    """Of somebody who has just signed up."""
    ali = await people("ali")
    answer = await ali.http.get("/api/users/me/export/")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("messages.json")) == []
        assert json.loads(archive.read("conversations.json")) == []
