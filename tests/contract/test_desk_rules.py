"""The desk acts by its rules, on whatever node it runs: seen over REST and on sockets."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any

import pytest

from tests.support.people import People, Person

PATIENCE = 60.0
RULES = "/api/desk/rules/"


@pytest.fixture
async def agents(people: People) -> AsyncIterator[list[Person]]:
    """Two who take tickets, and nobody else does: others may be online from tests before.
    Afterwards the rules are as before, because others share the server.
    """
    found = [await people.staff(f"agent{number}") for number in range(2)]
    ids = {agent.id for agent in found}
    http = found[0].http
    for agent in (await http.get("/api/desk/agents/")).json():
        takes = {"takes_tickets": agent["id"] in ids}
        assert (await http.put(f"/api/desk/agents/{agent['id']}/", json=takes)).status_code == 200
    yield found
    await http.put(RULES, json={})
    for id_ in ids:
        await http.put(f"/api/desk/agents/{id_}/", json={"takes_tickets": False})


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    give_up = monotonic() + PATIENCE
    while not await condition():
        assert monotonic() < give_up
        await asyncio.sleep(0.1)


async def steps(person: Person, ticket: dict[str, Any]) -> list[str]:
    found = (await person.http.get(f"/api/support_tickets/{ticket['id']}/steps/")).json()
    return [step["action"] for step in found]


async def test_a_ticket_is_answered_given_and_reopened_by_rule(
    people: People, agents: list[Person]
) -> None:
    """Each thing once, as an entry that every socket gets in the order of `seq`."""
    rules = {
        "assignment": "in_turn",
        "first_answer_inside": {"fa": "سلام", "en": "Hello"},
        "reopen_days": 7,
    }
    assert (await agents[0].http.patch(RULES, json=rules)).status_code == 200
    customer = await people("customer")
    assert (await customer.http.get("/api/desk/")).json()["reopens"] is True
    socket = await customer.connect()
    await socket.receive_type("hello")
    places, tickets = [], []
    for number in range(4):
        place = await customer.begin_conversation()
        if not number:
            await socket.receive_type("conversation.created")  # what comes later has a frame
        path = f"/api/conversations/{place}/support_ticket/"
        language = {"Accept-Language": "en;q=0.1, fa-IR;q=0.9"} if number else {}
        body = {"subject": "help"} if number else {"subject": "help", "language": "fa"}
        tickets.append((await customer.http.post(path, json=body, headers=language)).json())
        places.append(place)

    async def are_given() -> bool:
        return all([await steps(customer, one) == ["opened", "assigned"] for one in tickets])

    await until(are_given)
    holders = Counter[int]()
    for ticket in tickets:
        now = (await customer.http.get(f"/api/support_tickets/{ticket['id']}/")).json()
        holders[now["assigned_to"]["id"]] += 1
    assert holders == {agent.id: 2 for agent in agents}

    place, ticket = places[0], tickets[0]
    for one in places[1:]:
        (said,) = (await customer.http.get(f"/api/conversations/{one}/messages/")).json()
        assert said["content"] == "سلام"
    messages = f"/api/conversations/{place}/messages/"
    (first,) = (await customer.http.get(messages)).json()
    assert (first["content"], first["role"], first["seq"]) == ("سلام", "agent", 2)
    assert first["metadata"] == {"desk": "first_answer"}
    assert (await agents[0].http.post(f"/api/support_tickets/{ticket['id']}/close/")).is_success
    await customer.http.post(messages, json={"content": "one more question"})

    async def is_open() -> bool:
        return "reopened" in await steps(customer, ticket)

    await until(is_open)
    assert await steps(customer, ticket) == ["opened", "assigned", "closed", "reopened"]
    seen = list[tuple[int, str]]()
    while len(seen) < 6:
        frame = await socket.receive()
        if frame.get("conversation") == place and "seq" in frame:
            seen.append((frame["seq"], frame.get("step", {}).get("action") or frame["type"]))
    assert seen == [
        (1, "opened"),
        (2, "chat.message"),
        (3, "assigned"),
        (4, "closed"),
        (5, "chat.message"),
        (6, "reopened"),
    ]
