"""The list of what staff did has everything that they change, by the API and by commands."""

import asyncio
from typing import Any

from tests.support.commands import run_command
from tests.support.people import People, Person


async def acts_of(boss: Person, number: int) -> list[dict[str, Any]]:
    """This person's last acts, the oldest first."""
    found = (await boss.http.get("/api/staff/acts/", params={"limit": 200})).json()
    own = [act for act in found if act["by"] is not None and act["by"]["id"] == boss.id]
    return own[number - 1 :: -1]


async def done(person: Person, method: str, path: str, body: Any = None) -> Any:
    answer = await person.http.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def test_webhooks(people: People) -> None:
    """With the fields that were changed, and without the URL and the secret."""
    boss = await people.staff("boss")
    given = {"url": "https://example.com/very-secret"}
    made = await done(boss, "POST", "/api/webhooks/", given)
    path = f"/api/webhooks/{made['id']}/"
    await done(boss, "PATCH", path, {"url": "https://example.com/other-secret", "is_paused": True})
    await done(boss, "POST", f"{path}replay/", {"since": "2026-01-01T00:00:00Z"})
    await done(boss, "DELETE", path)
    acts = await acts_of(boss, 4)
    name = f"webhook {made['id']}"
    assert [(act["kind"], act["detail"]) for act in acts] == [
        ("webhook.added", name),
        ("webhook.changed", f"{name}: url, is_paused"),
        ("webhook.replayed", name),
        ("webhook.removed", name),
    ]
    assert (await boss.http.get(path)).status_code == 404


async def test_webhooks_by_command(people: People) -> None:
    """The operator has no name."""
    boss = await people.staff("boss")
    settings = boss.server.settings
    url = f"https://example.com/{boss.username}"
    await asyncio.to_thread(run_command, "webhook", "add", url, settings=settings)
    (hook,) = [one for one in await done(boss, "GET", "/api/webhooks/") if one["url"] == url]
    await asyncio.to_thread(run_command, "webhook", "remove", str(hook["id"]), settings=settings)
    found = await done(boss, "GET", "/api/staff/acts/")
    name = f"webhook {hook['id']}"
    about = [(act["kind"], act["by"]) for act in found if act["detail"] == name]
    assert about == [("webhook.removed", None), ("webhook.added", None)]


async def test_tickets(people: People) -> None:
    """What staff did, once for each step; what a customer did is in the ticket's steps alone."""
    boss, ali = await people.staff("boss"), await people("ali")
    talk = await ali.begin_conversation()
    opened = await done(
        ali, "POST", f"/api/conversations/{talk}/support_ticket/", {"subject": "Help"}
    )
    path = f"/api/support_tickets/{opened['id']}/"
    for _ in range(2):  # a retry that changes nothing is no act
        await done(boss, "POST", f"{path}assign/", {"user_id": boss.id})
    await done(boss, "PATCH", path, {"priority": "high"})
    await done(boss, "POST", f"{path}close/")
    await done(ali, "POST", f"{path}reopen/")
    acts = await acts_of(boss, 3)
    assert [act["kind"] for act in acts] == ["ticket.assigned", "ticket.changed", "ticket.closed"]
    assert {(act["conversation"], act["detail"]) for act in acts} == {
        (talk, f"ticket {opened['id']}")
    }
    assert acts[0]["user"]["id"] == boss.id
    assert await acts_of(boss, 4) == acts


async def test_stored_answers_and_the_desk(people: People) -> None:
    """And a change that was refused is no act."""
    boss = await people.staff("boss")
    made = await done(
        boss, "POST", "/api/canned_responses/", {"title": "Hello", "content": "Hello!"}
    )
    path = f"/api/canned_responses/{made['id']}/"
    await done(boss, "PATCH", path, {"title": "Hi"})
    await done(boss, "DELETE", path)
    assert (await boss.http.patch(path, json={"title": "Hi"})).status_code == 404
    await done(boss, "PATCH", "/api/desk/rules/", {})
    kinds = [act["kind"] for act in await acts_of(boss, 4)]
    assert kinds == [
        "canned_response.added",
        "canned_response.changed",
        "canned_response.removed",
        "desk.changed",
    ]
    for takes in (False, None):
        await done(boss, "PUT", f"/api/desk/agents/{boss.id}/", {"takes_tickets": takes})
    await done(boss, "PATCH", "/api/desk/rules/", {"reopen_days": 7})
    await done(boss, "PUT", "/api/desk/rules/", {})
    off, auto, changed, reset = await acts_of(boss, 4)
    assert [(act["kind"], act["detail"], act["user"]["id"]) for act in (off, auto)] == [
        ("desk.switched", "off", boss.id),
        ("desk.switched", "auto", boss.id),
    ]
    assert changed["detail"] == "reopen_days"
    assert "reopen_days" in reset["detail"]
