"""Internal notes: staff see them in every place, and a customer in none."""

import io
import json
import zipfile
from typing import Any

import httpx

from tests.contract.test_agents import ticketed
from tests.support.people import People, Person
from tests.support.sockets import Socket

SECRET = "زرافه giraffe"
"""Words that are in notes alone."""


async def noted(agent: Person, messages: str, text: str = SECRET, **more: Any) -> dict[str, Any]:
    answer = await agent.http.post(messages, json={"content": text, "internal": True, **more})
    assert answer.status_code == 201, answer.text
    note: dict[str, Any] = answer.json()
    return note


async def heard(socket: Socket) -> list[dict[str, Any]]:
    """What the socket has received by the time that its own typing is acknowledged."""
    await socket.send({"type": "typing", "is_typing": False, "ref": "end"})
    frames = []
    while (frame := await socket.receive()).get("ref") != "end":
        frames.append(frame)
    return frames


async def test_staff_see_a_note_in_every_place(people: People) -> None:
    """In its place in the list, by its id, live, resumed, and in search; once, if it is retried."""
    pair, agent, _ = await ticketed(people)
    live = await agent.connect(pair.conversation, apart_from=pair.first)
    asked = (await pair.ali.http.post(pair.messages, json={"content": "help"})).json()
    note = await noted(agent, pair.messages, client_id="1", metadata={"kind": "hint"})
    assert (note["internal"], note["role"], note["metadata"]) == (True, "agent", {"kind": "hint"})
    retried = {"content": SECRET, "internal": True, "client_id": "1", "metadata": {"kind": "hint"}}
    again = await agent.http.post(pair.messages, json=retried)
    assert (again.status_code, again.json()) == (200, note)
    other = await agent.http.post(pair.messages, json={**retried, "content": "x"})
    assert other.status_code == 422
    answer = (await agent.http.post(pair.messages, json={"content": "hello"})).json()
    ids = [asked["id"], note["id"], answer["id"]]
    assert ids == sorted(ids)
    for query, expected in (
        ("", ids),
        ("?limit=2", ids[1:]),
        (f"?before={ids[2]}&limit=1", ids[1:2]),
        (f"?after={ids[0]}", ids[1:]),
        (f"?after={ids[1]}", ids[2:]),
        ("?since=0", ids),
    ):
        found = (await agent.http.get(pair.messages + query)).json()
        assert [message["id"] for message in found] == expected, query
    assert (await agent.http.get(f"{pair.messages}{note['id']}/")).json() == note
    shown = await live.receive_type("chat.message")
    shown = shown if "internal" in shown else await live.receive_type("chat.message")
    assert (shown["id"], shown["content"], shown["internal"]) == (note["id"], SECRET, True)
    back = await agent.connect(pair.conversation, since=note["seq"] - 1)
    assert await back.receive() == shown
    for query in (f"&conversation={pair.conversation}", ""):
        found = (await agent.http.get(f"/api/search/?q=زرافه{query}")).json()
        assert [one["message"]["id"] for one in found if one["conversation"] == pair.conversation]
    # Others of the staff see it too.
    colleague = await people.staff("colleague")
    found = (await colleague.http.get(pair.messages)).json()
    assert [message["id"] for message in found] == ids


async def test_a_note_is_read_with_what_is_before_it(people: People) -> None:
    """By staff who take part. Others see how far they have read, and that names no note."""
    ali, agent = await people("ali"), await people.staff("agent")
    place = await ali.begin_conversation(agent)
    messages, read = (f"/api/conversations/{place}/{name}/" for name in ("messages", "read"))
    early = await noted(agent, messages)
    assert (await agent.http.post(read, json={"message_id": early["id"]})).status_code == 204
    asked = (await ali.http.post(messages, json={"content": "help"})).json()
    note = await noted(agent, messages)
    customer, socket = await ali.connect(place), await agent.connect(place)
    await socket.send({"type": "mark_read", "message_id": note["id"], "ref": "1"})
    shown = await customer.receive_type("message.read")
    assert (shown["user"], shown["message_id"]) == (agent.username, asked["id"])
    shown = (await agent.http.get(f"/api/conversations/{place}/")).json()
    assert (shown["unread_count"], shown["last_read_id"]) == (0, asked["id"])
    refused = await ali.http.post(read, json={"message_id": note["id"]})
    assert refused.status_code == 404


async def test_a_note_never_reaches_a_customer(people: People) -> None:
    """By no path and no socket, live or later, whatever happens to the note."""
    pair, agent, _ = await ticketed(people)
    everything = await pair.sara.connect(apart_from=pair.first)
    before = (await everything.receive_type("hello"))["cursor"]
    asked = (await pair.ali.http.post(pair.messages, json={"content": "help"})).json()
    note = await noted(agent, pair.messages, f"{SECRET} @{pair.ali.username}")
    one = f"{pair.messages}{note['id']}/"
    edited = await agent.http.patch(one, json={"content": f"{SECRET}!"})
    assert (edited.json()["is_edited"], edited.json()["internal"]) == (True, True)
    kept = await noted(agent, pair.messages)
    assert (await agent.http.delete(one)).status_code == 204
    assert (await agent.http.delete(one)).status_code == 204, "a second time"
    said = (await agent.http.post(pair.messages, json={"content": "hello"})).json()
    frames = await heard(pair.first) + await heard(pair.second)
    late = [
        await pair.ali.connect(pair.conversation, since=0),
        await pair.ali.connect(cursor=before),
    ]
    for socket in (*late, everything):
        await socket.send({"type": "resume", "since": {str(pair.conversation): 0}, "ref": "r"}) if (
            socket is everything
        ) else None
        while (frame := await socket.receive())["type"] != "resumed":
            frames.append(frame)
    ids = {frame["id"] for frame in frames if frame["type"] == "chat.message"}
    assert ids == {asked["id"], said["id"]}
    customer, here = pair.ali.http, f"/api/conversations/{pair.conversation}/"
    answers = [
        await customer.get(path)
        for path in (
            "/api/conversations/",
            here,
            f"{here}participants/",
            f"{here}pins/",
            pair.messages,
            *(f"{pair.messages}?{query}" for query in ("limit=50", "after=0", "since=0")),
            f"{pair.messages}?before={said['id']}",
            f"/api/search/?q=giraffe&conversation={pair.conversation}",
            "/api/search/?q=زرافه",
        )
    ]
    assert all(answer.status_code == 200 for answer in answers)
    everywhere = json.dumps([frames, [answer.json() for answer in answers]], ensure_ascii=False)
    assert "giraffe" not in everywhere
    assert str(note["id"]) not in {str(m["id"]) for m in answers[4].json()}
    shown = answers[1].json()
    assert (shown["last_message"]["id"], shown["unread_count"]) == (said["id"], 1)
    assert shown["unread_mentions"] == 0
    with zipfile.ZipFile(io.BytesIO((await customer.get("/api/users/me/export/")).content)) as own:
        assert all(b"giraffe" not in own.read(name) for name in own.namelist())
    with zipfile.ZipFile(
        io.BytesIO((await agent.http.get("/api/users/me/export/")).content)
    ) as own:
        assert [item["id"] for item in json.loads(own.read("notes.json"))] == [kept["id"]]
    refused = [
        await customer.get(f"{pair.messages}{kept['id']}/"),
        await customer.patch(f"{pair.messages}{kept['id']}/", json={"content": "x"}),
        await customer.delete(f"{pair.messages}{kept['id']}/"),
        await customer.get(f"{pair.messages}{kept['id']}/replies/"),
        await customer.get(f"{pair.messages}{kept['id']}/attachments/"),
        await customer.put(f"{pair.messages}{kept['id']}/pin/"),
        await customer.put(f"{pair.messages}{kept['id']}/reactions/%F0%9F%91%8D/"),
        await customer.post(f"{pair.messages}{kept['id']}/report/", json={"reason": "x"}),
    ]
    assert {answer.status_code for answer in refused} == {404}
    for body in ({"content": "x", "reply_to": kept["id"]},):
        absent = {**body, "reply_to": 2**61}
        of_a_note = await customer.post(pair.messages, json=body)
        of_none = await customer.post(pair.messages, json=absent)
        assert said_of(of_a_note) == said_of(of_none)
    frame = {"type": "chat_message", "message": "x", "internal": True}
    await pair.first.send(frame)
    assert (await pair.first.receive_type("error"))["code"] == "malformed_frame"


def said_of(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json().get("code")


async def test_only_staff_write_notes(people: People) -> None:
    """A customer gets 403 and writes nothing; an agent changes no note of another one."""
    pair, agent, _ = await ticketed(people)
    refused = await pair.ali.http.post(pair.messages, json={"content": "x", "internal": True})
    assert said_of(refused) == (403, "forbidden")
    assert (await pair.ali.http.get(pair.messages)).json() == []
    note = await noted(agent, pair.messages)
    colleague = await people.staff("colleague")
    one = f"{pair.messages}{note['id']}/"
    assert said_of(await colleague.http.patch(one, json={"content": "x"})) == (403, "forbidden")
    assert said_of(await colleague.http.delete(one)) == (403, "forbidden")
    both = {"content": "x", "internal": True, "reply_to": note["id"]}
    assert (await agent.http.post(pair.messages, json=both)).json()["errors"].keys() == {"reply_to"}
    # It holds text only, which its author learns.
    thumb = "%F0%9F%91%8D"
    for answer in (
        await agent.http.post(f"{one}attachments/", files={"file": ("f.txt", b"x")}),
        await agent.http.put(f"{one}pin/"),
        await agent.http.put(f"{one}reactions/{thumb}/"),
        await colleague.http.post(f"{one}report/", json={"reason": "x"}),
    ):
        assert said_of(answer) == (409, "note_holds_text")
    # Where there is no ticket, there is no agent.
    alone = await pair.ali.begin_conversation()
    path = f"/api/conversations/{alone}/messages/"
    assert (await agent.http.post(path, json={"content": "x", "internal": True})).status_code == 404
