"""Nothing that an erased user wrote is anywhere: in no table, in no file, and in no search."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chat.services.oversight import DAY
from chat.store import doctor, leftovers_doctor
from chat.store.drift import Drift
from chat.times import now
from config.settings import Settings
from tests.api.client import PASSWORD, Api, Person
from tests.media.pictures import picture

MARK = "qxjzmark"
"""It is in all that the user writes, and in nothing else. Foldings keep it."""
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}
SECONDS = 60.0


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("leftovers")
    settings = Settings(data_dir=folder, database_url=own_database, rate_limits=False, guests=True)
    with Api(settings) as served:
        served.app.ctx.payam.inspector.patience = SECONDS
        yield served


def made(answer: Any) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def left_in_tables(api: Api) -> list[str]:
    """Each place in the database where the mark is."""
    database, found = api.app.ctx.payam.database, []
    for (table,) in await database.fetch(TABLES[database.dialect]):
        rows = await database.fetch(f'SELECT * FROM "{table}"')  # noqa: S608
        found += [f"{table}: {row}" for row in rows if MARK in str(row).lower()]
    return found


async def gone_from_tables(api: Api) -> list[str]:
    """The same, once what search looks in has followed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            while await left_in_tables(api):
                await asyncio.sleep(0.05)
    return await left_in_tables(api)


def left_in_files(api: Api) -> list[Path]:
    files = (path for path in api.settings.uploads.rglob("*") if path.is_file())
    return [path for path in files if MARK.encode() in path.read_bytes()]


def write_everything(ali: Person, sara: Person, agent: Person) -> None:
    """Whatever a user can write, with the mark in it."""
    keyed = {"headers": {"Idempotency-Key": f"{MARK}key"}}
    made(ali.patch("/api/users/me/", {"display_name": MARK, "metadata": {"a": MARK}}))
    image = {"files": {"file": (f"{MARK}.png", picture("PNG", 300, 200) + MARK.encode())}}
    made(ali.put("/api/users/me/avatar/", **image))
    talk = ali.begin(sara)
    alone = made(ali.post("/api/conversations/", {"participants": [], "title": MARK}, **keyed))
    alone = f"/api/conversations/{alone['id']}/"
    made(ali.patch(alone, {"metadata": {"a": MARK}}))
    made(ali.put(f"{alone}avatar/", **image))
    hers = sara.say(talk, "hers")
    for place in (talk, alone):
        said = {
            "content": f"one {MARK}",
            "metadata": {"a": MARK},
            "client_id": f"{MARK}{len(place)}",
        }
        one = made(ali.post(f"{place}messages/", said))
        path = f"{place}messages/{one['id']}/"
        made(ali.post(f"{path}attachments/", files={"file": (f"{MARK}.txt", MARK.encode())}))
        made(ali.patch(path, {"content": f"two {MARK} @{sara.username}"}))
        gone = ali.say(place, f"gone {MARK}")
        assert ali.delete(f"{place}messages/{gone['id']}/").status_code == 204
        made(ali.put(f"{path}pin/"))
        assert ali.put(f"{path}reactions/👍/").status_code == 204
    made(sara.post(f"{talk}messages/", {"content": "yes", "reply_to": hers["id"]}))
    made(ali.post(f"{talk}messages/{hers['id']}/report/", {"reason": f"bad {MARK}"}))
    mine = ali.say(talk, f"reported {MARK}")
    made(sara.post(f"{talk}messages/{mine['id']}/report/", {"reason": "hers"}))
    ticket = made(
        ali.post(f"{talk}support_ticket/", {"subject": MARK}, headers={"Accept-Language": "fa"})
    )
    made(agent.post(f"{talk}messages/", {"content": "an answer"}))
    assert ali.delete(f"{talk}support_ticket/").status_code in (200, 204)
    rated = ali.request(
        "POST", f"/api/support_tickets/{ticket['id']}/rating/", json={"score": 1, "comment": MARK}
    )
    assert rated.status_code < 300, rated.text
    made(ali.post(f"{talk}support_ticket/", {"subject": f"again {MARK}"}))
    phone = {"platform": "webhook", "url": "https://push.example/", "app_id": MARK, "pushkey": MARK}
    made(ali.post("/api/devices/", phone))
    made(ali.post(f"{talk}invites/", {}))
    assert ali.put(f"/api/users/{sara.id}/block/").status_code == 204
    tus = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": "100",
        "Content-Type": "application/offset+octet-stream",
        "Upload-Metadata": "filename cXhqem1hcms=",
    }
    assert ali.post("/api/uploads/", headers=tus, content=MARK.encode()).status_code == 201


def wait(api: Api, sql: str, parameters: Any) -> None:
    database = api.app.ctx.payam.database

    async def waiting() -> None:
        async with asyncio.timeout(SECONDS):
            while await database.fetch(sql, parameters):
                await asyncio.sleep(0.02)

    api.run(waiting())


def leftovers(api: Api) -> list[Drift]:
    """What `doctor` finds."""
    return api.run(leftovers_doctor.examine(api.app.ctx.payam.database))


def test_nothing_is_left_of_who_was_erased(api: Api) -> None:
    """And `doctor` finds what would be left, and mends it."""
    ali = api.person(MARK, password=PASSWORD)
    sara, agent = api.person("sara"), api.person("agent", is_staff=True)
    write_everything(ali, sara, agent)
    before = {line.partition(":")[0] for line in api.run(left_in_tables(api))}
    assert len(before) >= 9, before
    assert left_in_files(api)
    erased = ali.request("DELETE", "/api/users/me/", json={"password": PASSWORD})
    assert erased.status_code == 202, erased.text
    wait(api, "SELECT 1 FROM erasures WHERE user_id = ?", (ali.id,))
    api.run(api.app.ctx.payam.services.resumable_uploads.remove_expired())
    api.run(api.app.ctx.payam.files.settled())
    assert api.run(gone_from_tables(api)) == []
    assert left_in_files(api) == []
    assert leftovers(api) == []
    database = api.app.ctx.payam.database
    for spoil in (
        "UPDATE reports SET reason = 'x' WHERE reported_by = ?",
        "UPDATE messages SET client_id = CAST(id AS text) WHERE sender_id = ?",
        "UPDATE conversations SET title = 'x' WHERE participant_count = 0 AND created_by = ?",
    ):
        api.execute(spoil, (ali.id,))
        found = leftovers(api)
        assert len(found) == 1, spoil
        api.run(doctor.mend(database, found))
        api.run(api.app.ctx.services.erasure.complete(ali.id, lambda _: None))
        wait(api, "SELECT 1 FROM erasures WHERE user_id = ?", (ali.id,))
        assert leftovers(api) == []


def test_nothing_is_left_of_a_deleted_conversation(api: Api) -> None:
    """Of what several people and an agent wrote there, some of it in a ticket and in notes."""
    ali, sara = api.person("ali"), api.person("sara")
    agent, staff = api.person("agent", is_staff=True), api.person("staff", is_staff=True)
    begun = {"participants": [sara.id], "title": MARK, "metadata": {"a": MARK}}
    talk = f"/api/conversations/{made(ali.post('/api/conversations/', begun))['id']}/"
    image = {"files": {"file": (f"{MARK}.png", picture("PNG", 300, 200) + MARK.encode())}}
    made(ali.put(f"{talk}avatar/", **image))
    made(ali.post(f"{talk}support_ticket/", {"subject": MARK}))
    for person in (ali, sara, agent):
        said = {"content": f"one {MARK} @{sara.username}", "metadata": {"a": MARK}}
        one = made(person.post(f"{talk}messages/", said | {"client_id": MARK}))
        path = f"{talk}messages/{one['id']}/"
        made(person.post(f"{path}attachments/", files={"file": (f"{MARK}.txt", MARK.encode())}))
        gone = person.say(talk, f"gone {MARK}")
        assert person.delete(f"{talk}messages/{gone['id']}/").status_code == 204
    made(sara.post(f"{talk}messages/{one['id']}/report/", {"reason": MARK}))
    made(agent.post(f"{talk}messages/", {"content": MARK, "internal": True}))
    made(ali.post(f"{talk}invites/", {}))
    assert api.run(left_in_tables(api))
    deleted = staff.delete(f"/api/staff{talk.removeprefix('/api')}")
    assert deleted.status_code in (202, 204), deleted.text
    conversation_id = int(talk.split("/")[-2])
    wait(api, "SELECT 1 FROM deletions WHERE conversation_id = ?", (conversation_id,))
    assert api.run(gone_from_tables(api)) == []
    assert left_in_files(api) == []
    assert leftovers(api) == []


def test_nothing_is_left_of_what_is_too_old(api: Api) -> None:
    """What is younger stays, and who was away gets the deletion as any other."""
    ali, sara, staff = api.person("ali"), api.person("sara"), api.person("staff", is_staff=True)
    talk = ali.begin(sara)
    said = {"content": f"old {MARK}", "metadata": {"a": MARK}}
    old = made(ali.post(f"{talk}messages/", said))
    file = {"file": (f"{MARK}.txt", MARK.encode())}
    made(ali.post(f"{talk}messages/{old['id']}/attachments/", files=file))
    young = sara.say(talk, "young")
    seq = sara.get(talk).json()["seq"]
    long_ago, conversation_id = now() - 40 * DAY, int(talk.split("/")[-2])
    where = "WHERE conversation_id = ? AND content <> 'young'"
    api.execute(f"UPDATE messages SET created_at = ? {where}", (long_ago, conversation_id))  # noqa: S608
    api.execute("UPDATE conversations SET created_at = ? WHERE id = ?", (long_ago, conversation_id))
    for deleted in (1, 0):
        answer = made(staff.post("/api/staff/retention/", {"days": 30}))
        assert answer == {"deleted": deleted, "is_done": True}
    changed = sara.get(f"{talk}messages/", params={"since": seq}).json()
    assert [(one["id"], one["is_deleted"], one["content"]) for one in changed] == [
        (old["id"], True, "")
    ]
    assert sara.get(f"{talk}messages/{young['id']}/").json()["content"] == "young"
    assert api.run(gone_from_tables(api)) == []
    assert left_in_files(api) == []
