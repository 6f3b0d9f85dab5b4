"""The inbox of staff: which tickets are found, how long customers wait, and each step kept."""

import asyncio
from typing import Any

from tests.contract.test_agents import of, ticketed
from tests.support.people import People, Person


async def act(agent: Person, ticket: dict[str, Any], action: str, **body: Any) -> dict[str, Any]:
    path = f"/api/support_tickets/{ticket['id']}/{action}/"
    answer = await agent.http.post(path, json=body or None)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def found(agent: Person, query: str) -> list[int]:
    answer = await agent.http.get(f"/api/support_tickets/?{query}")
    assert answer.status_code == 200, answer.text
    return [ticket["id"] for ticket in answer.json()]


async def test_every_step_is_an_entry_of_the_conversation(people: People) -> None:
    """Each with its `seq`, who did it and to whom, live, resumed and by the ticket."""
    pair, agent, ticket = await ticketed(people)
    other = await people.staff("other")
    await act(agent, ticket, "assign", user_id=agent.id)
    await act(agent, ticket, "assign", user_id=agent.id)  # a retry is no step
    await act(agent, ticket, "assign", user_id=other.id)
    await act(other, ticket, "assign", user_id=None)
    await act(agent, ticket, "close")
    await act(agent, ticket, "close")
    path = f"/api/support_tickets/{ticket['id']}/"
    await agent.http.patch(path, json={"status": "open", "assigned_to": other.id})
    await agent.http.patch(path, json={"priority": "urgent"})
    steps = (await pair.ali.http.get(f"{path}steps/")).json()
    assert [(step["action"], step["by"]["id"], (step["to"] or {}).get("id")) for step in steps] == [
        ("opened", pair.ali.id, None),
        ("assigned", agent.id, agent.id),
        ("handed_over", agent.id, other.id),
        ("returned", other.id, None),
        ("closed", agent.id, None),
        ("reopened", agent.id, other.id),
        ("changed", agent.id, other.id),
    ]
    seqs = [step["seq"] for step in steps]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    live = [await pair.second.receive_type("ticket.updated") for _ in steps[1:]]
    assert [frame["step"] for frame in live] == steps[1:]
    back = await pair.sara.connect(pair.conversation, since=0)
    late = [await back.receive_type("ticket.updated") for _ in steps]
    assert [frame["step"] for frame in late] == steps
    page = await pair.ali.http.get(f"{path}steps/?limit=3")
    following = page.links["next"]["url"]
    assert (page.json(), (await pair.ali.http.get(following)).json()[:3]) == (steps[:3], steps[3:6])
    stranger = await people("stranger")
    assert (await stranger.http.get(f"{path}steps/")).status_code == 404


async def test_of_two_who_assign_at_once_one_wins(people: People) -> None:
    """The other one is answered 409 `already_assigned`, and there is one step."""
    _, agent, ticket = await ticketed(people)
    other = await people.staff("other")
    path = f"/api/support_tickets/{ticket['id']}/"
    answers = await asyncio.gather(
        *(one.http.post(f"{path}assign/", json={"user_id": one.id}) for one in (agent, other))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [refused] = [answer for answer in answers if answer.status_code == 409]
    assert refused.json()["code"] == "already_assigned"
    steps = (await agent.http.get(f"{path}steps/")).json()
    assert [step["action"] for step in steps] == ["opened", "assigned"]


async def test_tickets_are_found(people: People) -> None:
    """By agent, queue, customer, priority, and text in whatever spelling; and page by page."""
    pair, agent, ticket = await ticketed(people)
    alone = await pair.sara.begin_conversation()
    path = f"/api/conversations/{alone}/support_ticket/"
    body = {"subject": "كتاب‌هاي گم‌شده 100%", "priority": "urgent"}
    second = (await pair.sara.http.post(path, json=body)).json()
    ids = [second["id"], ticket["id"]]
    of_ali, of_sara = f"created_by={pair.ali.id}", f"created_by={pair.sara.id}"
    assert await found(agent, of_ali) == ids[1:]
    assert await found(agent, of_sara) == ids[:1]
    assert await found(agent, f"{of_sara}&priority=urgent") == ids[:1]
    assert await found(agent, f"{of_sara}&priority=low") == []
    assert await found(agent, f"{of_sara}&q=کتاب های") == ids[:1]
    assert await found(agent, f"{of_sara}&q=گم شده") == ids[:1]
    assert await found(agent, f"{of_sara}&q=100%25") == ids[:1]
    assert await found(agent, f"{of_sara}&q=1%25%25") == []
    assert await found(agent, f"q={pair.ali.username.upper()}") == ids[1:]
    assert await found(agent, "assigned_to=me") == []
    await act(agent, ticket, "assign", user_id=agent.id)
    for query in ("assigned_to=me", f"assigned_to={agent.id}"):
        assert await found(agent, query) == ids[1:]
    assert await found(agent, f"{of_ali}&assigned_to=none") == []
    assert await found(agent, f"{of_sara}&assigned_to=none") == ids[:1]
    page = await agent.http.get("/api/support_tickets/?limit=1&assigned_to=me&q=help")
    assert "assigned_to=me&q=help" in page.links["next"]["url"]
    for query, field in (
        ("assigned_to=you", "assigned_to"),
        ("priority=huge", "priority"),
        ("q=", "q"),
        ("q=%00", "q"),
        ("created_by=x", "created_by"),
    ):
        answer = await agent.http.get(f"/api/support_tickets/?{query}")
        assert (answer.status_code, [*answer.json()["errors"]]) == (400, [field])


async def test_the_list_says_how_long_a_customer_waits(people: People) -> None:
    """Since the ticket was opened, then since the first word after the last answer."""
    pair, agent, ticket = await ticketed(people)

    async def waiting() -> str | None:
        answer = await agent.http.get(f"/api/support_tickets/?created_by={pair.ali.id}")
        [one] = answer.json()
        since: str | None = one["waiting_since"]
        return since

    assert await waiting() == ticket["created_at"]
    await pair.ali.http.post(pair.messages, json={"content": "help"})
    await agent.http.post(pair.messages, json={"content": "a note", "internal": True})
    assert await waiting() == ticket["created_at"]
    await agent.http.post(pair.messages, json={"content": "hello"})
    assert await waiting() is None
    first = (await pair.ali.http.post(pair.messages, json={"content": "and now?"})).json()
    await pair.ali.http.post(pair.messages, json={"content": "still there?"})
    assert await waiting() == first["timestamp"]
    # An agent who has come into the conversation answers as well.
    await agent.http.post(f"{of(pair)}participants/", json={"user_id": agent.id})
    await agent.http.post(pair.messages, json={"content": "yes"})
    assert await waiting() is None
    await pair.ali.http.post(pair.messages, json={"content": "thanks"})
    await act(agent, ticket, "close")
    assert await waiting() is None


async def test_stored_answers_are_shared_by_staff(people: People) -> None:
    """Stored once by a retry, listed page by page, changed, deleted; and refused to others."""
    ali, agent, other = await people("ali"), await people.staff("agent"), await people.staff("b")
    path, body = "/api/canned_responses/", {"title": "سلام", "content": "سلام {{customer}}!"}
    headers = {"Idempotency-Key": f"{agent.id}"}
    made = await agent.http.post(path, json=body, headers=headers)
    again = await agent.http.post(path, json=body, headers=headers)
    assert (made.status_code, again.status_code, again.json()) == (201, 200, made.json())
    answer = made.json()
    assert {name: answer[name] for name in body} == body
    assert answer["created_by"]["id"] == agent.id
    one = f"{path}{answer['id']}/"
    changed = (await other.http.patch(one, json={"title": "Greeting"})).json()
    assert (changed["title"], changed["content"]) == ("Greeting", body["content"])
    assert changed in (await agent.http.get(f"{path}?after={answer['id'] - 1}&limit=1")).json()
    for wrong, field in (({"title": " "}, "title"), ({"content": ""}, "content"), ({"x": 1}, "x")):
        refused = await agent.http.patch(one, json=wrong)
        assert (refused.status_code, [*refused.json()["errors"]]) == (400, [field])
    for refused in (
        await ali.http.get(path),
        await ali.http.get(one),
        await ali.http.post(path, json=body),
        await ali.http.delete(one),
    ):
        assert refused.status_code == 403
    assert (await other.http.delete(one)).status_code == 204
    assert (await other.http.delete(one)).status_code == 404
    assert (await other.http.patch(one, json={"title": "x"})).status_code == 404


async def test_a_customer_rates_a_closed_ticket(people: People) -> None:
    """From 1 to 5, with a word; again replaces it. Neither staff rate, nor is an open one rated."""
    pair, agent, ticket = await ticketed(people)
    path = f"/api/support_tickets/{ticket['id']}/"

    async def rate(who: Person, **body: Any) -> tuple[int, Any]:
        answer = await who.http.post(f"{path}rating/", json=body)
        return answer.status_code, answer.json()

    assert (await rate(pair.ali, score=5))[0] == 409
    await act(agent, ticket, "close")
    assert (await rate(agent, score=5))[0] == 403
    assert (await rate(pair.sara, score=1))[0] == 403  # a participant whose ticket it is not
    for score in (0, 6, "5", None):
        status, problem = await rate(pair.ali, score=score)
        assert (status, [*problem["errors"]]) == (400, ["score"])
    status, rated = await rate(pair.ali, score=4, comment="ممنون")
    assert (status, rated["rating"]) == (200, {"score": 4, "comment": "ممنون"})
    assert (await rate(pair.ali, score=4, comment="ممنون"))[1] == rated
    assert (await rate(pair.ali, score=5))[1]["rating"] == {"score": 5, "comment": ""}
    shown = (await agent.http.get(path)).json()
    assert (shown["rating"]["score"], shown["status"]) == (5, "closed")
    steps = (await agent.http.get(f"{path}steps/")).json()
    assert [step["action"] for step in steps] == ["opened", "closed", "rated", "rated"]
