"""Staff and the operator look after accounts: by the API, by commands, and with a list of it."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.contract.helpers import PATIENCE, settled
from tests.support.commands import command, run_command
from tests.support.people import People, Person

USERS = "/api/staff/users/"


def of(person: Person) -> str:
    return f"{USERS}{person.id}/"


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def sign_in(person: Person) -> httpx.Response:
    body = {"username": person.username, "password": person.password}
    return await person.http.post("/api/token/", json=body, headers={"Authorization": ""})


async def payam(person: Person, *arguments: str, stdin: str = "") -> Any:
    """What a command beside the running server says to programs."""
    printed = await asyncio.to_thread(
        run_command, *arguments, "--json", settings=person.server.settings, stdin=stdin
    )
    return json.loads(printed)


@pytest.mark.parametrize("by", ["api", "command"])
async def test_a_suspended_user_is_out_at_once(people: People, by: str) -> None:
    """Tokens, refresh tokens and sockets end on every node, and nobody signs in, until it ends."""
    ali, sara, boss = await people("ali"), await people("sara"), await people.staff("boss")
    talk = await ali.begin_conversation(sara)
    one = await ali.connect(talk)
    every = await ali.connect(apart_from=one)
    if by == "api":
        answer = await boss.http.post(f"{of(ali)}suspend/", json={"reason": "spam"})
        assert answer.status_code == 200, answer.text
        account = answer.json()
        assert said(await ali.http.get("/api/users/me/"))[0] == 401
    else:
        account = await payam(ali, "users", "suspend", ali.username, "--reason", "spam")
    assert (account["id"], account["suspended_at"] is not None) == (ali.id, True)
    assert [await one.closed(), await every.closed()] == [4401, 4401]
    assert (await ali.http.get("/api/users/me/")).status_code == 401
    with pytest.raises(InvalidStatus) as refused:
        await ali.connect(talk)
    assert refused.value.response.status_code == 401
    for _ in range(8):
        renewed = await ali.http.post("/api/token/refresh/", json={"refresh": ali.refresh})
        assert said(renewed) == (401, "suspended")
    assert said(await sign_in(ali)) == (403, "suspended")
    wrong = {"username": ali.username, "password": "wrong wrong"}
    assert said(await ali.http.post("/api/token/", json=wrong)) == (401, "wrong_credentials")
    given = command("token", ali.username, settings=ali.server.settings)
    assert (given.status, given.complaint) == (1, "payam: This account is suspended.\n")
    wanted = {"suspended": "true", "search": ali.username}
    listed = (await boss.http.get(USERS, params=wanted)).json()
    assert [one["id"] for one in listed] == [ali.id]
    # The others go on, and what was written stays.
    assert (await sara.http.get(f"/api/conversations/{talk}/")).status_code == 200

    if by == "api":
        assert (await boss.http.post(f"{of(ali)}unsuspend/")).json()["suspended_at"] is None
    else:
        assert (await payam(ali, "users", "unsuspend", str(ali.id)))["suspended_at"] is None
    # At once and on every worker: also on one that has not heard yet that the suspension ended.
    old = ali.access
    await ali.sign_in()
    one = await ali.connect(talk)
    await ali.connect(talk, apart_from=one)
    for _ in range(8):
        assert (await ali.http.get("/api/users/me/")).json()["id"] == ali.id
    ended = await ali.http.get("/api/users/me/", headers={"Authorization": f"Bearer {old}"})
    assert said(ended) == (401, "token_revoked"), "sign-ins that ended stay ended"
    acts = (await boss.http.get("/api/staff/acts/", params={"user": ali.id})).json()
    author = None if by == "command" else {"id": boss.id, "username": boss.username}
    assert [(act["kind"], act["by"], act["detail"]) for act in acts] == [
        ("user.unsuspended", author, ""),
        ("user.suspended", author, "spam"),
    ]
    assert "spam" not in ali.server.log()


async def test_staff_give_a_password_and_rights(people: People) -> None:
    """A new password ends all sign-ins; rights come and go; nobody does it to themselves."""
    ali, boss = await people("ali"), await people.staff("boss")
    socket = await ali.connect()
    answer = await boss.http.post(f"{of(ali)}password/", json={"password": "another one"})
    assert answer.status_code == 204
    assert await socket.closed() == 4401
    assert (await ali.http.get("/api/users/me/")).status_code == 401
    assert said(await sign_in(ali)) == (401, "wrong_credentials")
    ali.password = "another one"
    await ali.sign_in()
    assert (await payam(ali, "users", "set-password", ali.username, stdin="third one\n"))["id"]
    ali.password = "third one"
    await ali.sign_in()
    assert said(await ali.http.get(USERS)) == (403, "forbidden")
    made = await boss.http.patch(of(ali), json={"is_staff": True})
    assert made.json()["is_staff"] is True
    assert (await ali.http.get(of(ali))).json()["account"]["is_staff"] is True
    assert (await payam(ali, "users", "set-staff", ali.username, "--off"))["is_staff"] is False
    assert said(await ali.http.get(USERS)) == (403, "forbidden")
    own = (
        boss.http.post(f"{of(boss)}suspend/", json={}),
        boss.http.patch(of(boss), json={"is_staff": False}),
        boss.http.post(f"{of(boss)}password/", json={"password": "another one"}),
        boss.http.delete(of(boss)),
    )
    assert [said(await one) for one in own] == [(409, "own_account")] * len(own)
    nobody = f"{USERS}{2**62}/"
    none = (
        boss.http.get(nobody),
        boss.http.post(f"{nobody}suspend/", json={}),
        boss.http.post(f"{nobody}unsuspend/"),
        boss.http.patch(nobody, json={"is_staff": True}),
        boss.http.post(f"{nobody}password/", json={"password": "another one"}),
        boss.http.delete(nobody),
        boss.http.get(f"{nobody}export/"),
    )
    assert [said(await one) for one in none] == [(404, "not_found")] * len(none)


async def test_accounts_are_made_found_and_erased(people: People) -> None:
    """Once per key; in pages; and erased as if the user had done it."""
    boss = await people.staff("boss")
    name = f"{boss.username}_new"
    key = {"Idempotency-Key": "k1"}
    body = {"username": name, "password": "long enough", "is_staff": False}
    made = [await boss.http.post(USERS, json=body, headers=key) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 200]
    assert made[0].json() == made[1].json()
    assert said(await boss.http.post(USERS, json=body)) == (409, "username_taken")
    refused = await boss.http.post(USERS, json={"username": name + "2", "password": "short"})
    assert said(refused) == (400, "invalid")
    other = await payam(boss, "users", "create", f"{boss.username}_two", "--no-password")
    found = (await boss.http.get(USERS, params={"search": boss.username})).json()
    assert [one["username"] for one in found] == [boss.username, name, other["username"]]
    page = await boss.http.get(USERS, params={"search": boss.username, "limit": 2})
    assert [one["id"] for one in page.json()] == [one["id"] for one in found[:2]]
    link = page.links["next"]["url"]
    assert [one["id"] for one in (await boss.http.get(link)).json()] == [other["id"]]
    listed = await payam(boss, "users", "list", "--search", boss.username)
    assert listed == found
    assert (await payam(boss, "users", "show", name))["figures"]["sign_ins"] == 0

    ali, sara = await people("ali"), await people("sara")
    talk = await ali.begin_conversation(sara)
    messages = f"/api/conversations/{talk}/messages/"
    for person in (ali, sara):
        assert (await person.http.post(messages, json={"content": "x"})).status_code == 201
    assert (await boss.http.delete(of(ali))).status_code == 202
    assert (await ali.http.get("/api/users/me/")).status_code == 401
    done = await payam(sara, "users", "delete", sara.username, "--yes")
    assert done == {"id": sara.id, "is_done": True}
    end = time.monotonic() + PATIENCE  # what a command does, servers learn within a second
    while time.monotonic() < end:
        status = (await sara.http.get("/api/users/me/")).status_code
        if status == 401 and f"user {ali.id} is erased" in ali.server.log():
            break
        await asyncio.sleep(0.05)
    assert status == 401
    for person in (ali, sara):
        account = (await boss.http.get(of(person))).json()["account"]
        assert account["username"] == f"deleted-user-{person.id}"
        assert said(await boss.http.post(f"{of(person)}suspend/", json={})) == (404, "not_found")
    await settled(boss.server)


async def test_an_export_for_staff(people: People, tmp_path: Any) -> None:
    """The same zip by both ways; the file of a command is its owner's, and never replaces one."""
    ali, boss = await people("ali"), await people.staff("boss")
    answer = await boss.http.get(f"{of(ali)}export/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    path = tmp_path / "ali.zip"
    export = ("users", "export", ali.username, "--output", str(path))
    assert (await payam(ali, *export))["size"] == path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes()[:2] == answer.content[:2] == b"PK"
    again = command(*export, settings=ali.server.settings)
    assert (again.status, again.complaint.count("\n")) == (1, 1)
    acts = await payam(ali, "acts", "--user", ali.username)
    assert [act["kind"] for act in acts] == ["user.exported"] * 2
