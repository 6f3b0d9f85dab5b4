"""Staff where a conversation has a ticket: they answer it without being in it, on every shape."""

from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.contract.helpers import Pair
from tests.support.people import People, Person


async def ticketed(people: People) -> tuple[Pair, Person, dict[str, Any]]:
    """Two who talk, a member of staff who is not among them, and the ticket that Ali opened."""
    pair = await Pair.of(people)
    agent = await people.staff("agent")
    opened = await pair.ali.http.post(pair.support_ticket, json={"subject": "help"})
    assert opened.status_code == 201
    for socket in (pair.first, pair.second):
        assert (await socket.receive())["type"] == "ticket.updated"
    return pair, agent, opened.json()


def of(pair: Pair) -> str:
    return f"/api/conversations/{pair.conversation}/"


async def test_an_agent_answers_over_rest(people: People) -> None:
    """Reads all, writes, edits and deletes their own; `role` says who they are, everywhere."""
    pair, agent, ticket = await ticketed(people)
    asked = (await pair.ali.http.post(pair.messages, json={"content": "help!"})).json()
    assert "role" not in asked
    shown = (await agent.http.get(of(pair))).json()
    assert {user["id"] for user in shown["participants"]} == {pair.ali.id, pair.sara.id}
    assert (shown["support_ticket"], shown["unread_count"]) == (ticket, 0)
    assert (shown["last_message"]["id"], shown["last_message"]["is_read"]) == (asked["id"], True)
    assert (await agent.http.get("/api/conversations/")).json() == []
    [read] = (await agent.http.get(pair.messages)).json()
    assert (read["content"], read["is_read"]) == ("help!", True)
    answer = await agent.http.post(pair.messages, json={"content": "hello", "client_id": "1"})
    said = answer.json()
    assert (answer.status_code, said["role"], said["is_read"]) == (201, "agent", False)
    again = await agent.http.post(pair.messages, json={"content": "hello", "client_id": "1"})
    assert (again.status_code, again.json()) == (200, said)
    for query in ("", "?limit=5", "?since=0", f"?after={asked['id']}"):
        found = (await pair.ali.http.get(pair.messages + query)).json()
        assert [message.get("role") for message in found][-1] == "agent"
        assert [message["id"] for message in found if "role" in message] == [said["id"]]
    last = (await pair.ali.http.get(of(pair))).json()["last_message"]
    assert (last["role"], last["is_read"]) == ("agent", False)
    one = f"{pair.messages}{said['id']}/"
    frames = [await pair.heard() for _ in range(2)]
    assert (await agent.http.patch(one, json={"content": "hi"})).json()["role"] == "agent"
    frames.append(await pair.heard())
    others = f"{pair.messages}{asked['id']}/"
    assert (await agent.http.patch(others, json={"content": "x"})).status_code == 403
    file = {"file": ("a.txt", b"abc")}
    attached = await agent.http.post(f"{one}attachments/", files=file)
    assert attached.status_code == 201
    frames.append(await pair.heard())
    assert (await agent.http.get(attached.json()["url"])).content == b"abc"
    read_up_to = {"message_id": asked["id"]}
    assert (await agent.http.post(f"{of(pair)}read/", json=read_up_to)).status_code == 204
    assert (await agent.http.delete(one)).status_code == 204
    frames.append(await pair.heard())
    assert [frame["type"] for frame in frames] == [
        "chat.message",
        "chat.message",
        "message.edited",
        "attachment.added",
        "message.deleted",
    ]
    assert [frame.get("role") for frame in frames[:2]] == [None, "agent"]


async def test_an_agent_answers_on_a_socket(people: People) -> None:
    """All frames both ways, live and resumed, with the others on another worker."""
    pair, agent, _ = await ticketed(people)
    socket = await agent.connect(pair.conversation, apart_from=pair.first)
    await socket.send({"type": "typing", "is_typing": True})
    for other in (pair.first, pair.second):
        assert (await other.receive())["user"] == agent.username
    await socket.send({"type": "chat_message", "message": "hello", "client_id": "1"})
    # What is read from the log may come before the ack.
    both = {frame["type"]: frame for frame in [await socket.receive() for _ in range(2)]}
    ack = both["ack"]
    for frame in (both["chat.message"], await pair.first.receive(), await pair.second.receive()):
        assert (frame["id"], frame["sender"], frame["role"]) == (ack["id"], agent.username, "agent")
    await pair.first.send({"type": "chat_message", "message": "hi"})
    for one in (socket, pair.first, pair.second):
        frame = await one.receive()
        assert (frame["content"], "role" in frame) == ("hi", False)
    await socket.send({"type": "mark_read", "message_id": frame["id"], "ref": "r"})
    assert (await socket.receive())["type"] == "ack"
    changes: list[dict[str, Any]] = [
        {"type": "edit_message", "content": "hello!"},
        {"type": "delete_message"},
    ]
    for change, kind in zip(changes, ("message.edited", "message.deleted"), strict=True):
        await socket.send({**change, "message_id": ack["id"]})
        for one in (socket, pair.first, pair.second):
            assert (await one.receive())["type"] == kind
    back = await agent.connect(pair.conversation, since=0, apart_from=socket)
    frames = [await back.receive() for _ in range(5)]
    assert [(frame["type"], frame.get("role")) for frame in frames] == [
        ("ticket.updated", None),
        ("chat.message", "agent"),
        ("chat.message", None),
        ("message.deleted", None),
        ("resumed", None),
    ]


async def test_a_closed_ticket_is_still_one(people: People) -> None:
    """The agent goes on reading and answering."""
    pair, agent, ticket = await ticketed(people)
    assert (await agent.http.post(f"/api/support_tickets/{ticket['id']}/close/")).status_code == 200
    assert (await agent.http.post(pair.messages, json={"content": "x"})).status_code == 201
    await agent.connect(pair.conversation)
    shown = (await agent.http.get(of(pair))).json()
    assert shown["support_ticket"] is None


async def test_an_agent_joins_and_is_a_participant_then(people: People) -> None:
    """By adding themselves; what they say then has no role, and having left they are an agent."""
    pair, agent, _ = await ticketed(people)
    body = {"user_id": agent.id}
    assert (await agent.http.post(f"{of(pair)}participants/", json=body)).status_code == 201
    [listed] = (await agent.http.get("/api/conversations/")).json()
    assert agent.id in {user["id"] for user in listed["participants"]}
    said = (await agent.http.post(pair.messages, json={"content": "x"})).json()
    assert "role" not in said
    assert (await agent.http.delete(f"{of(pair)}participants/{agent.id}/")).status_code == 204
    assert (await agent.http.get("/api/conversations/")).json() == []
    said = (await agent.http.post(pair.messages, json={"content": "x"})).json()
    assert said["role"] == "agent"


async def test_staff_get_no_conversation_without_a_ticket(people: People) -> None:
    """404, as strangers do, and by opening one there they get none either."""
    pair = await Pair.of(people)
    agent = await people.staff("agent")
    for path in (of(pair), pair.messages):
        assert (await agent.http.get(path)).status_code == 404
    answers = [
        await agent.http.post(pair.messages, json={"content": "x"}),
        await agent.http.post(pair.support_ticket, json={"subject": "x"}),
        await agent.http.post(f"{of(pair)}participants/", json={"user_id": agent.id}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    with pytest.raises(InvalidStatus) as refused:
        await agent.connect(pair.conversation)
    assert refused.value.response.status_code == 404
    assert (await pair.ali.http.get(of(pair))).json()["seq"] == 0


async def test_a_customer_alone_is_answered(people: People) -> None:
    """A conversation with nobody else in it, as a desk's are; and one that everybody left."""
    ali = await people("ali")
    conversation = await ali.begin_conversation()
    path = f"/api/conversations/{conversation}/"
    await ali.http.post(f"{path}support_ticket/", json={"subject": "help"})
    agent = await people.staff("agent")
    his, socket = await ali.connect(conversation), await agent.connect(conversation)
    await socket.send({"type": "chat_message", "message": "hello"})
    assert (await his.receive())["role"] == "agent"
    [heard] = (await ali.http.get(f"{path}messages/")).json()
    assert (heard["is_read"], (await ali.http.get(path)).json()["unread_count"]) == (False, 1)
    await ali.http.delete(f"{path}participants/{ali.id}/")
    shown = (await agent.http.get(path)).json()
    assert (shown["participants"], shown["participant_count"]) == ([], 0)


async def test_who_is_no_agent_any_more_loses_all_of_it(people: People) -> None:
    """The next request is refused, the socket of the conversation closes, and what is said from
    then on comes to no socket. The ticket may be given to others.
    """
    pair, agent, ticket = await ticketed(people)
    boss = await people.staff("boss")
    mine = f"/api/support_tickets/{ticket['id']}/"
    assert (await agent.http.post(f"{mine}assign/", json={"user_id": agent.id})).is_success
    inside, everywhere = await agent.connect(pair.conversation), await agent.connect()
    await everywhere.receive_type("hello")
    path = f"/api/staff/users/{agent.id}/"
    assert (await boss.http.patch(path, json={"is_staff": False})).is_success
    refusals = [
        await agent.http.get(url)
        for url in (of(pair), pair.messages, mine, f"{mine}steps/", "/api/support_tickets/")
    ]
    refusals += [
        await agent.http.get(url)
        for url in ("/api/canned_responses/", "/api/desk/rules/", "/api/desk/figures/")
    ]
    assert [one.status_code for one in refusals] == [404] * 4 + [403] * 4
    assert await inside.closed() == 4404
    note = {"content": "of the team", "internal": True}
    assert (await boss.http.post(pair.messages, json=note)).status_code == 201
    given = await boss.http.post(f"{mine}assign/", json={"user_id": boss.id})
    assert given.json()["assigned_to"]["id"] == boss.id
    await everywhere.send({"type": "resume", "since": {}, "ref": "end"})
    while (frame := await everywhere.receive())["type"] != "resumed":
        # The desk heard of tickets while they were staff: of this one, and of earlier tests'.
        about = frame.get("support_ticket")
        is_of_it = frame.get("conversation") == pair.conversation
        assert not is_of_it or (about and about["assigned_to"]["id"] == agent.id), frame
