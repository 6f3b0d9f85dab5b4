"""A conversation's support ticket, from opening to closing, on every shape."""

import asyncio

from tests.contract.helpers import Pair
from tests.support.people import People


async def test_a_tickets_whole_life_reaches_all(people: People) -> None:
    """Opened, changed, assigned, closed: `ticket.updated` for each, to both."""
    pair = await Pair.of(people)
    boss = await people.staff()
    path = pair.support_ticket
    opened = await pair.sara.http.post(path, json={"subject": "help", "priority": "high"})
    assert opened.status_code == 201
    ticket = opened.json()
    frames = [await pair.heard()]
    sara = {"id": pair.sara.id, "username": pair.sara.username}
    assert (ticket["status"], ticket["created_by"], ticket["assigned_to"]) == ("open", sara, None)
    shown = await pair.ali.http.get(f"/api/conversations/{pair.conversation}/")
    assert shown.json()["support_ticket"] == ticket
    changed = await pair.ali.http.patch(path, json={"status": "pending"})
    frames.append(await pair.heard())
    assigned = await boss.http.patch(path, json={"assigned_to": boss.id})
    frames.append(await pair.heard())
    assert (changed.status_code, assigned.status_code) == (200, 200)
    assert assigned.json()["assigned_to"]["id"] == boss.id
    assert (await pair.ali.http.delete(path)).status_code == 204
    frames.append(await pair.heard())
    assert {frame["type"] for frame in frames} == {"ticket.updated"}
    assert [frame["seq"] for frame in frames] == [1, 2, 3, 4]
    heard = [frame["support_ticket"] for frame in frames]
    assert heard[:3] == [ticket, changed.json(), assigned.json()]
    assert [one["status"] for one in heard] == ["open", "pending", "pending", "closed"]
    shown = await pair.ali.http.get(f"/api/conversations/{pair.conversation}/")
    assert shown.json()["support_ticket"] is None


async def test_a_ticket_is_taken_by_one_of_many(people: People) -> None:
    """All at once and on several workers: one has it, the others get 409; each change is sent."""
    pair = await Pair.of(people)
    agents = [await people.staff() for _ in range(4)]
    ticket = (await pair.ali.http.post(pair.support_ticket, json={"subject": "help"})).json()
    frames = [await pair.heard()]
    path = f"/api/support_tickets/{ticket['id']}/"
    answers = await asyncio.gather(
        *(agent.http.post(f"{path}assign/", json={"user_id": agent.id}) for agent in agents)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    (taken,) = [answer.json() for answer in answers if answer.status_code == 200]
    frames.append(await pair.heard())
    closed = (await agents[0].http.post(f"{path}close/")).json()
    frames.append(await pair.heard())
    again = (await agents[0].http.post(f"{path}close/")).json()
    reopened = (await pair.sara.http.post(f"{path}reopen/")).json()
    frames.append(await pair.heard())
    assert again == closed
    assert [frame["seq"] for frame in frames] == [1, 2, 3, 4]
    heard = [frame["support_ticket"] for frame in frames]
    assert heard == [ticket, taken, closed, reopened]


async def test_one_at_a_time_is_open(people: People) -> None:
    """409 for a second; once the first is closed, another has a new id."""
    pair = await Pair.of(people)
    path = pair.support_ticket
    first = (await pair.ali.http.post(path, json={"subject": "one"})).json()
    assert (await pair.sara.http.post(path, json={"subject": "two"})).status_code == 409
    assert (await pair.sara.http.delete(path)).status_code == 204
    second = await pair.sara.http.post(path, json={"subject": "two"})
    assert second.status_code == 201
    assert second.json()["id"] != first["id"]


async def test_only_staff_assign_and_list(people: People) -> None:
    """403 for participants; strangers do not learn of it: 404."""
    pair = await Pair.of(people)
    stranger, boss = await people("stranger"), await people.staff()
    path = pair.support_ticket
    ticket = (await pair.ali.http.post(path, json={"subject": "help"})).json()
    assign = {"assigned_to": pair.ali.id}
    assert (await pair.ali.http.patch(path, json=assign)).status_code == 403
    assert (await pair.ali.http.get("/api/support_tickets/")).status_code == 403
    assert (await stranger.http.patch(path, json={"status": "closed"})).status_code == 404
    assert (await stranger.http.post(path, json={"subject": "x"})).status_code == 404
    listed = (await boss.http.get("/api/support_tickets/")).json()
    assert ticket in listed
