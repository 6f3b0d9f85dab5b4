"""Staff and the operator look after conversations: delete, export, remove, and keep for so long."""

import asyncio
import io
import json
import time
import zipfile
from typing import Any

from tests.contract.helpers import PATIENCE, Pair, settled
from tests.contract.test_staff import payam, said
from tests.support.people import People

STAFF = "/api/staff"


async def fill(pair: Pair) -> list[int]:
    """A message of each, one with a file, a reaction, a mention and a report."""
    ids = []
    for person, text in (
        (pair.ali, f"the secret @{pair.sara.username}"),
        (pair.sara, "secret too"),
    ):
        made = await person.http.post(pair.messages, json={"content": text, "metadata": {"a": 1}})
        ids.append(made.json()["id"])
    one = f"{pair.messages}{ids[0]}/"
    file = {"file": ("the secret.txt", b"the secret")}
    assert (await pair.ali.http.post(f"{one}attachments/", files=file)).status_code == 201
    assert (await pair.sara.http.put(f"{one}reactions/%F0%9F%91%8D/")).status_code == 204
    report = await pair.sara.http.post(f"{one}report/", json={"reason": "spam"})
    assert report.status_code == 201
    return ids


async def test_a_deleted_conversation_is_gone_for_all(people: People) -> None:
    """Live, for who comes back, for agents, on the disk, in search; and `doctor` agrees."""
    pair, boss = await Pair.of(people), await people.staff("boss")
    ids = await fill(pair)
    talk = pair.conversation
    whole = f"{STAFF}/conversations/{talk}/"
    titled = {"title": "the secret"}
    assert (await pair.ali.http.patch(f"/api/conversations/{talk}/", json=titled)).is_success
    assert (await pair.ali.http.post(pair.support_ticket, json={"subject": "x"})).is_success
    assert (await boss.http.get(f"/api/conversations/{talk}/")).status_code == 200
    shown = (await boss.http.get(whole)).json()
    assert (shown["participants"], shown["messages"], shown["files"]) == (2, 2, 1)
    every = await pair.sara.connect()
    hello = await every.receive_type("hello")
    away = await pair.ali.connect()
    cursor = (await away.receive_type("hello"))["cursor"]
    await away.close()

    assert (await boss.http.delete(whole)).status_code == 202
    assert (await boss.http.delete(whole)).status_code == 202, "a second time does no harm"
    assert await pair.first.closed() == 4404
    assert await every.receive_type("conversation.removed") == {
        "type": "conversation.removed",
        "conversation": talk,
    }
    assert hello["cursor"]
    back = await pair.ali.connect(cursor=cursor)
    assert (await back.receive_type("conversation.removed"))["conversation"] == talk
    for person in (pair.ali, pair.sara):
        gone = await person.http.get(f"/api/conversations/{talk}/")
        assert said(gone) == (404, "not_found")
    # Staff come in by the ticket, which goes after the last participant.
    await emptied(boss, whole)
    assert said(await boss.http.get(f"/api/conversations/{talk}/")) == (404, "not_found")
    found = await pair.ali.http.get("/api/search/", params={"q": "secret"})
    assert found.json() == []
    reports = (await boss.http.get("/api/reports/")).json()
    assert [one["message"]["content"] for one in reports if one["conversation"] == talk] == [""]
    assert ids
    await settled(boss.server)
    again = await pair.ali.http.post("/api/conversations/", json={"participants": [pair.sara.id]})
    assert again.json()["id"] != talk


async def emptied(boss: Any, whole: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        shown = (await boss.http.get(whole)).json()
        nothing = (shown["participants"], shown["messages"], shown["files"], shown["tickets"])
        if nothing == (0, 0, 0, 0) and shown["title"] == "":
            return
        await asyncio.sleep(0.05)
    raise AssertionError(shown)


async def test_the_commands_do_the_same(people: People, tmp_path: Any) -> None:
    """Beside the running server, whose people learn of it; an export has all, also of others."""
    pair = await Pair.of(people)
    ids = await fill(pair)
    talk = str(pair.conversation)
    shown = await payam(pair.ali, "conversations", "show", talk)
    assert (shown["id"], shown["messages"]) == (pair.conversation, 2)
    path = tmp_path / "talk.zip"
    await payam(pair.ali, "conversations", "export", talk, "--output", str(path))
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        messages = json.loads(archive.read("messages.json"))
        (file,) = messages[0]["files"]
        assert archive.read(file) == b"the secret"
    assert [(one["id"], one["sender"]["id"]) for one in messages] == [
        (ids[0], pair.ali.id),
        (ids[1], pair.sara.id),
    ]
    done = await payam(pair.ali, "conversations", "delete", talk, "--yes")
    assert done["id"] == pair.conversation
    assert await pair.first.closed() == 4404
    assert said(await pair.sara.http.get(pair.messages)) == (404, "not_found")
    figures = await payam(pair.ali, "stats")
    assert figures["users"] >= 2
    assert figures["database_bytes"] > 0
    acts = await payam(pair.ali, "acts", "--limit", "2")
    assert [act["kind"] for act in acts] == ["conversation.deleted", "conversation.exported"]
    boss = await people.staff("boss")
    version = (await boss.http.get(f"{STAFF}/version/")).json()
    assert version == await payam(pair.ali, "version")
    assert version.keys() == {"version", "schema", "python"}
    await settled(pair.ali.server)


async def test_staff_remove_a_message(people: People) -> None:
    """It becomes a deleted one, live and for who was away, and it is in the list of acts."""
    pair, boss = await Pair.of(people), await people.staff("boss")
    ids = await fill(pair)
    one = f"{STAFF}/conversations/{pair.conversation}/messages/{ids[0]}/"
    assert said(await pair.sara.http.delete(one)) == (403, "forbidden")
    assert (await boss.http.delete(one)).status_code == 204
    assert (await pair.second.receive_type("message.deleted"))["message_id"] == ids[0]
    assert said(await boss.http.delete(one)) == (409, "message_deleted")
    gone = f"{STAFF}/conversations/{pair.conversation}/messages/{2**62}/"
    assert said(await boss.http.delete(gone)) == (404, "not_found")
    shown = (await pair.sara.http.get(f"{pair.messages}{ids[0]}/")).json()
    assert (shown["content"], shown["is_deleted"], shown["attachments"]) == ("", True, [])
    (act,) = (await boss.http.get(f"{STAFF}/acts/", params={"user": pair.ali.id})).json()
    assert (act["kind"], act["message"], act["by"]["id"]) == ("message.removed", ids[0], boss.id)


async def test_young_messages_are_kept(people: People) -> None:
    """By a command and by the API, which refuse what is no number of days."""
    pair, boss = await Pair.of(people), await people.staff("boss")
    ids = await fill(pair)
    assert (await payam(boss, "retention", "--days", "30000", "--yes"))["deleted"] == 0
    none = await boss.http.post(f"{STAFF}/retention/", json={"days": 30_000})
    assert none.json() == {"deleted": 0, "is_done": True}
    for days in (0, 40_000):
        refused = await boss.http.post(f"{STAFF}/retention/", json={"days": days})
        assert said(refused) == (400, "invalid")
    assert (await pair.sara.http.get(f"{pair.messages}{ids[0]}/")).json()["is_deleted"] is False
