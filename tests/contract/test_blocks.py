"""Blocks: what who is blocked may not do, over HTTP and sockets; and reports to staff."""

from typing import Any

import httpx
import pytest

from tests.contract.helpers import Pair
from tests.support.people import People, Person
from tests.support.sockets import Socket

REFUSED = (403, "blocked")


async def block(who: Person, whom: Person) -> None:
    assert (await who.http.put(f"/api/users/{whom.id}/block/")).status_code == 204


async def unblock(who: Person, whom: Person) -> None:
    assert (await who.http.delete(f"/api/users/{whom.id}/block/")).status_code == 204


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def refused(socket: Socket, frame: dict[str, Any]) -> str:
    await socket.send({**frame, "ref": "r"})
    answer = await socket.receive_type("error")
    assert answer["ref"] == "r"
    code: str = answer["code"]
    return code


@pytest.mark.parametrize("is_direct", [True, False])
async def test_who_is_blocked_sends_nothing_to_the_other(people: People, is_direct: bool) -> None:
    """No message, edit, file, title or pin, in a direct conversation and in one of two people."""
    ali, sara = await people("ali"), await people("sara")
    begun = {"participants": [ali.id], "direct": is_direct}
    talk = (await sara.http.post("/api/conversations/", json=begun)).json()["id"]
    messages = f"/api/conversations/{talk}/messages/"
    first = {"content": "first", "client_id": "kept"}
    earlier = (await sara.http.post(messages, json=first)).json()["id"]
    live, everything = await sara.connect(talk), await sara.connect()
    await block(ali, sara)
    await block(ali, sara)
    send = {"type": "chat_message", "message": "no"}
    assert await refused(live, send) == "blocked"
    assert await refused(everything, {**send, "conversation": talk}) == "blocked"
    edit = {"type": "edit_message", "message_id": earlier, "content": "no"}
    assert await refused(live, edit) == "blocked"
    one = f"{messages}{earlier}/"
    tries = (
        sara.http.post(messages, json={"content": "no"}),
        sara.http.patch(one, json={"content": "no"}),
        sara.http.post(f"{one}attachments/", files={"file": ("f", b"no")}),
        sara.http.put(f"{one}pin/"),
        sara.http.patch(f"/api/conversations/{talk}/", json={"title": "no"}),
        sara.http.post(f"/api/conversations/{talk}/support_ticket/", json={"subject": "no"}),
        sara.http.post("/api/conversations/", json=begun),
        sara.http.post("/api/conversations/", json={"participants": [ali.id]}),
        sara.http.post("/api/conversations/", json={"participants": [ali.id, sara.id]}),
    )
    assert [said(await one) for one in tries] == [REFUSED] * len(tries)
    again = await sara.http.post(messages, json=first)
    assert (again.status_code, again.json()["id"]) == (200, earlier), "it was sent before"
    listed = (await ali.http.get(messages)).json()
    assert [(one["content"], one["attachments"]) for one in listed] == [("first", [])]
    # The other one may, and who is blocked may read and delete.
    assert (await ali.http.post(messages, json={"content": "yes"})).status_code == 201
    assert (await live.receive_type("chat.message"))["content"] == "yes"
    assert (await sara.http.delete(one)).status_code == 204
    blocks = (await ali.http.get("/api/users/me/blocks/")).json()
    assert blocks == [{"id": sara.id, "username": sara.username}]
    assert (await sara.http.get("/api/users/me/blocks/")).json() == []
    await unblock(ali, sara)
    await unblock(ali, sara)
    assert (await sara.http.post(messages, json={"content": "again"})).status_code == 201
    assert (await sara.http.post("/api/conversations/", json=begun)).status_code in (200, 201)


async def test_among_more_people_nothing_changes(people: People) -> None:
    """They are in a group already; but who is blocked adds the other to no group."""
    ali, sara, reza = [await people(name) for name in ("ali", "sara", "reza")]
    group = await reza.begin_conversation(ali, sara)
    other = await sara.begin_conversation(reza)
    await block(ali, sara)
    messages = f"/api/conversations/{group}/messages/"
    assert (await sara.http.post(messages, json={"content": "yes"})).status_code == 201
    added = await sara.http.post(
        f"/api/conversations/{other}/participants/", json={"user_id": ali.id}
    )
    assert said(added) == REFUSED
    begun = await sara.http.post("/api/conversations/", json={"participants": [ali.id, reza.id]})
    assert said(begun) == REFUSED


async def test_a_conversation_that_the_blocker_begins(people: People) -> None:
    """The other one cannot answer there, until a third person comes into it."""
    ali, sara, reza = [await people(name) for name in ("ali", "sara", "reza")]
    await block(ali, sara)
    talk = await ali.begin_conversation(sara)
    messages = f"/api/conversations/{talk}/messages/"
    assert said(await sara.http.post(messages, json={"content": "no"})) == REFUSED
    path = f"/api/conversations/{talk}/participants/"
    assert (await ali.http.post(path, json={"user_id": reza.id})).status_code == 201
    assert (await sara.http.post(messages, json={"content": "yes"})).status_code == 201


async def test_neither_sees_the_presence_of_the_other(people: People) -> None:
    """In a list of participants, and on `/ws/`."""
    ali, sara = await people("ali"), await people("sara")
    talk = await ali.begin_conversation(sara)
    await block(ali, sara)
    for who, other in ((ali, sara), (sara, ali)):
        path = f"/api/conversations/{talk}/participants/"
        listed = {one["id"]: one for one in (await who.http.get(path)).json()}
        assert "presence" in listed[who.id]
        assert "presence" not in listed[other.id]
    reza, dina = await people("reza"), await people("dina")
    await reza.begin_conversation(ali, sara, dina)
    his, hers = await ali.connect(), await reza.connect()
    await sara.connect()
    while (await hers.receive_type("presence"))["user_id"] != sara.id:
        pass
    await dina.connect()
    seen = [0]
    while seen[-1] != dina.id:
        seen.append((await his.receive_type("presence"))["user_id"])
    assert sara.id not in seen


@pytest.mark.parametrize("how", ["two", "direct", "group"])
async def test_typing_does_not_reach_the_blocker(people: People, how: str) -> None:
    """On neither socket, nor from another node; others see it, until the block is gone."""
    ali, sara, reza = await people("ali"), await people("sara"), await people("reza")
    ids = [sara.id, reza.id] if how == "group" else [sara.id]
    begun = {"participants": ids, "direct": how == "direct"}
    talk = (await ali.http.post("/api/conversations/", json=begun)).json()["id"]
    hers = await sara.connect(talk)
    live = await ali.connect(talk, apart_from=hers)
    everything = await ali.connect()
    assert (await everything.receive())["type"] == "hello"
    await block(ali, sara)
    if how == "group":
        other = await reza.connect(talk)
    await hers.send({"type": "typing", "is_typing": True, "ref": "t"})
    assert (await hers.receive())["type"] == "ack"
    if how == "group":
        assert (await other.receive())["user"] == sara.username
    await unblock(ali, sara)
    await hers.send({"type": "typing", "is_typing": False})
    for socket in (live, everything):
        typing = await socket.receive_type("user.typing")
        assert (typing["user"], typing["is_typing"]) == (sara.username, False)


async def test_what_cannot_be_blocked(people: People) -> None:
    ali = await people("ali")
    assert said(await ali.http.put(f"/api/users/{ali.id}/block/")) == (400, "invalid")
    assert (await ali.http.put(f"/api/users/{2**62}/block/")).status_code == 404
    assert (await ali.http.delete(f"/api/users/{2**62}/block/")).status_code == 204


async def test_a_report_reaches_staff_once(people: People) -> None:
    """With what the message said then, whatever becomes of it."""
    pair = await Pair.of(people)
    ali, sara, staff = pair.ali, pair.sara, await people.staff()
    sent = (await ali.http.post(pair.messages, json={"content": "buy now"})).json()["id"]
    path = f"{pair.messages}{sent}/report/"
    for body, field in (
        ({}, "reason"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 1001}, "reason"),
    ):
        answer = await sara.http.post(path, json=body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    made = await sara.http.post(path, json={"reason": "spam"})
    assert made.status_code == 201
    report = made.json()
    assert report["message"] == {
        "id": sent,
        "sender": {"id": ali.id, "username": ali.username},
        "content": "buy now",
    }
    assert (report["reason"], report["reported_by"]["id"]) == ("spam", sara.id)
    again = await sara.http.post(path, json={"reason": "spam!"})
    assert (again.status_code, again.json()) == (200, report)
    await ali.http.patch(f"{pair.messages}{sent}/", json={"content": "innocent"})
    second = await ali.http.post(path, json={"reason": "my own"})
    assert second.status_code == 201
    await ali.http.delete(f"{pair.messages}{sent}/")
    newest = (await staff.http.get("/api/reports/", params={"limit": 1})).json()
    assert newest == [second.json()]
    assert newest[0]["message"]["content"] == "innocent"
    page = await staff.http.get("/api/reports/", params={"limit": 1, "before": newest[0]["id"]})
    assert page.json() == [report]
    assert 'rel="next"' in page.headers["link"]
    assert (await sara.http.get("/api/reports/")).status_code == 403
    stranger = await people("stranger")
    assert (await stranger.http.post(path, json={"reason": "x"})).status_code == 404
    gone = await stranger.http.post(f"{pair.messages}1/report/", json={"reason": "x"})
    assert gone.status_code == 404
    late = (await ali.http.post(pair.messages, json={"content": "gone"})).json()["id"]
    await ali.http.delete(f"{pair.messages}{late}/")
    gone = await sara.http.post(f"{pair.messages}{late}/report/", json={"reason": "x"})
    assert said(gone) == (409, "message_deleted")
