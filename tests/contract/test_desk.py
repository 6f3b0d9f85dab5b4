"""The desk: staff hear of every ticket on `/ws/`, on whatever node it changes."""

import secrets
from typing import Any

from tests.support.people import People
from tests.support.sockets import Socket


async def test_staff_hear_of_tickets_in_conversations_of_others(people: People) -> None:
    """Of a new one, and of each change; customers hear of their own conversation's alone."""
    ali, sara, agent = await people("ali"), await people("sara"), await people.staff("agent")
    conversation = await ali.begin_conversation()
    at_desk = await agent.connect()
    of_sara = await sara.connect(apart_from=at_desk)
    of_ali = await ali.connect()
    for socket in (at_desk, of_sara, of_ali):
        await socket.receive_type("hello")
    path = f"/api/conversations/{conversation}/support_ticket/"
    ticket = (await ali.http.post(path, json={"subject": "help"})).json()
    while (news := await of(at_desk, conversation))["type"] == "ticket.updated":
        assert (news["support_ticket"], news["desk"]) == (ticket, True)  # a look has found it first
    assert news == {
        "type": "ticket.created",
        "conversation": conversation,
        "support_ticket": ticket,
    }
    own = [await of_ali.receive_type("ticket.updated")]  # before the next change: it is as of now
    mine = f"/api/support_tickets/{ticket['id']}/assign/"
    taken = (await agent.http.post(mine, json={"user_id": agent.id})).json()
    seq = (await ali.http.get(f"/api/conversations/{conversation}/")).json()["seq"]
    while (news := await of(at_desk, conversation))["support_ticket"] == ticket:
        assert (news["type"], news["desk"]) == ("ticket.updated", True)  # a look may repeat it
    assert news == {
        "type": "ticket.updated",
        "conversation": conversation,
        "support_ticket": taken,
        "seq": seq,
        "desk": True,
    }
    own.append(await of_ali.receive_type("ticket.updated"))
    assert [one["support_ticket"] for one in own] == [ticket, taken]
    assert all("desk" not in one for one in own)
    await nothing_of_tickets(of_sara, conversation)


async def of(socket: Socket, conversation: int) -> dict[str, Any]:
    """The next frame of this conversation: the desk hears of those of earlier tests too."""
    while (frame := await socket.receive()).get("conversation") != conversation:
        pass
    return frame


async def test_a_ticket_has_the_names_that_people_have_chosen(people: People) -> None:
    """Of the customer and of the agent: a guest's username says nothing to anybody."""
    ali, agent = await people("ali"), await people.staff("agent")
    mark = secrets.token_hex(4)
    await ali.http.patch("/api/users/me/", json={"display_name": f"علی {mark}"})
    await agent.http.patch("/api/users/me/", json={"display_name": "Sara of the desk"})
    path = f"/api/conversations/{await ali.begin_conversation()}/support_ticket/"
    ticket = (await ali.http.post(path, json={"subject": "help"})).json()
    assert ticket["created_by"]["display_name"] == f"علی {mark}"
    # With the letter of an Arabic keyboard too.
    for name in ("علی", "علي", "سارا"):
        found = await agent.http.get("/api/support_tickets/", params={"q": f"{name} {mark}"})
        assert [one["id"] for one in found.json()] == ([ticket["id"]] if name != "سارا" else [])
    mine = f"/api/support_tickets/{ticket['id']}/assign/"
    taken = (await agent.http.post(mine, json={"user_id": agent.id})).json()
    assert taken["assigned_to"]["display_name"] == "Sara of the desk"
    # Who has it already changes nothing by taking it again.
    assert (await agent.http.post(mine, json={"user_id": agent.id})).json() == taken


async def nothing_of_tickets(socket: Socket, conversation: int) -> None:
    """Up to the answer to a frame that is sent now."""
    await socket.send({"type": "resume", "since": {}, "ref": "end"})
    while (frame := await socket.receive())["type"] != "resumed":
        is_of_it = frame.get("conversation") == conversation
        assert not (is_of_it and frame["type"].startswith("ticket.")), frame


async def test_staff_who_take_part_hear_of_a_change_once(people: People) -> None:
    """As the change of their own conversation, which is resumed; and of a new ticket as all do."""
    ali, agent = await people("ali"), await people.staff("agent")
    conversation = await ali.begin_conversation(agent)
    at_desk = await agent.connect()
    await at_desk.receive_type("hello")
    path = f"/api/conversations/{conversation}/support_ticket/"
    ticket = (await ali.http.post(path, json={"subject": "help"})).json()
    frames = [await of(at_desk, conversation) for _ in range(2)]
    frames = sorted(frames, key=lambda one: str(one["type"]))
    assert [one["type"] for one in frames] == ["ticket.created", "ticket.updated"]
    await ali.http.post(f"/api/support_tickets/{ticket['id']}/close/")
    closed = await of(at_desk, conversation)
    assert (closed["support_ticket"]["status"], "desk" in closed) == ("closed", False)
    await nothing_of_tickets(at_desk, conversation)
