"""A participant's own settings of a conversation: muted, archived, pinned."""

from typing import Any

import pytest

from chat.store import own_settings
from tests.contract.test_everything import opened, say, until
from tests.support.people import People, Person
from tests.support.sockets import Socket

Frame = dict[str, Any]
UNSET = {"muted_until": None, "archived": False, "pinned": False}
FAR = "9999-12-31T23:59:59Z"


async def put(person: Person, conversation: int, **settings: object) -> Frame:
    answer = await person.http.patch(f"/api/conversations/{conversation}/me/", json=settings)
    assert answer.status_code == 200, answer.text
    return own(answer.json())


def own(record: Frame) -> Frame:
    return {name: record[name] for name in UNSET}


async def settings_of(person: Person, conversation: int) -> Frame:
    return own((await person.http.get(f"/api/conversations/{conversation}/")).json())


async def listed(person: Person, query: str = "") -> list[int]:
    answer = await person.http.get(f"/api/conversations/{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()]


async def heard(socket: Socket, conversation: int) -> Frame:
    frame = (await until(socket, "conversation.updated", conversation))[-1]
    assert frame["seq"] == 0
    return own(frame)


async def test_each_participant_has_settings_of_their_own(people: People) -> None:
    """All of the user's sockets of `/ws/` hear of them, and nobody else; they take no number."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    assert await settings_of(sara, conversation) == UNSET
    first, _ = await opened(sara)
    second, _ = await opened(sara, apart_from=first)
    alone = await sara.connect(conversation)
    others, _ = await opened(ali)
    muted = {**UNSET, "muted_until": FAR, "pinned": True}
    assert await put(sara, conversation, muted_until=FAR, pinned=True) == muted
    for socket in (first, second):
        assert await heard(socket, conversation) == muted
    archived = {**muted, "archived": True}
    assert await put(sara, conversation, archived=True) == archived
    for socket in (first, second):  # before the next change: a frame says what is stored by then
        assert await heard(socket, conversation) == archived
    assert await put(sara, conversation, archived=True) == archived  # a second time
    assert await put(sara, conversation) == archived
    assert await put(sara, conversation, muted_until=None, pinned=False) == {
        **UNSET,
        "archived": True,
    }
    for socket in (first, second):
        assert await heard(socket, conversation) == {**UNSET, "archived": True}
    assert await settings_of(sara, conversation) == {**UNSET, "archived": True}
    assert await settings_of(ali, conversation) == UNSET
    await say(ali, conversation, "to all")
    for socket in (others, alone):
        before = await until(socket, "chat.message")
        assert "conversation.updated" not in [frame["type"] for frame in before]


@pytest.mark.parametrize("by", ["cursor", "map", "one"])
async def test_who_returns_gets_what_has_changed(people: People, by: str) -> None:
    """And nothing of conversations whose settings have not changed."""
    ali, sara = await people("ali"), await people("sara")
    quiet, changed = [await ali.begin_conversation(sara) for _ in range(2)]
    for conversation in (quiet, changed):
        await say(ali, conversation, "known")
    away, hello = await opened(sara)
    await away.close()
    await put(sara, changed, archived=True)
    await put(ali, quiet, archived=True)  # another's
    await say(ali, quiet, "news")
    if by == "cursor":
        socket, _ = await opened(sara, cursor=hello["cursor"])
    else:
        socket, _ = await opened(sara)
        await say(ali, changed, "live")  # a resume that comes before that finds no conversation
        await until(socket, "chat.message", changed)
        since = {str(quiet): 1, str(changed): 1}
        frame = {"since": since} if by == "map" else {"conversation": changed, "since": 1}
        await socket.send({"type": "resume", "epoch": hello["epoch"], **frame})
    if by == "one":
        assert await heard(socket, changed) == {**UNSET, "archived": True}
        return
    frames = await until(socket, "resumed")
    updated = [one for one in frames if one["type"] == "conversation.updated"]
    assert [(one["conversation"], own(one)) for one in updated] == [
        (changed, {**UNSET, "archived": True})
    ]


async def test_the_list_is_asked_for_what_is_archived(people: People) -> None:
    """Whole, in pages, and with the same answer by every link."""
    sara = await people("sara")
    ids = [await sara.begin_conversation() for _ in range(5)][::-1]
    for conversation in ids[::2]:
        await put(sara, conversation, archived=True)
    assert await listed(sara) == ids
    assert await listed(sara, "?archived=true") == ids[::2]
    assert await listed(sara, "?archived=false") == ids[1::2]
    answer = await sara.http.get("/api/conversations/?archived=true&limit=2")
    assert [one["id"] for one in answer.json()] == ids[0:4:2]
    answer = await sara.http.get(answer.links["next"]["url"])
    assert [one["id"] for one in answer.json()] == [ids[4]]
    assert "next" not in answer.links
    for wrong in ("maybe", "", "True"):
        refused = await sara.http.get("/api/conversations/", params={"archived": wrong})
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["archived"])


async def test_bad_settings_are_refused_and_change_nothing(people: People) -> None:
    """With the name of the field."""
    sara = await people("sara")
    conversation = await sara.begin_conversation()
    wrong: list[tuple[str, object]] = [
        ("muted_until", "tomorrow"),
        ("muted_until", "2030-01-01T00:00:00"),
        ("muted_until", "9999-12-31T23:59:59-01:00"),
        ("muted_until", 4102444800),
        ("muted_until", True),
        ("muted_until", "+275760-09-13T00:00:00.000Z"),
        ("archived", "true"),
        ("archived", None),
        ("pinned", 1),
        ("muted", True),
    ]
    for field, value in wrong:
        body = {"pinned": True, field: value}
        answer = await sara.http.patch(f"/api/conversations/{conversation}/me/", json=body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), value
    assert await settings_of(sara, conversation) == UNSET


async def test_moments_are_kept_in_every_spelling(people: People) -> None:
    """What has passed mutes nothing, from the first moment of all on."""
    sara = await people("sara")
    conversation = await sara.begin_conversation()
    for given, kept in (
        ("2999-01-01T03:30:00+03:30", "2999-01-01T00:00:00Z"),
        ("2999-01-01T00:00:00.25Z", "2999-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", None),
        ("2020-01-01T00:00:00Z", None),
        (FAR, FAR),
    ):
        assert (await put(sara, conversation, muted_until=given))["muted_until"] == kept


async def test_who_comes_back_begins_without_settings(people: People) -> None:
    """Else a conversation to which one is added again would not be seen."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    await put(sara, conversation, archived=True, pinned=True, muted_until=FAR)
    people_of = f"/api/conversations/{conversation}/participants/"
    await sara.http.delete(f"{people_of}{sara.id}/")
    assert (
        await sara.http.patch(f"/api/conversations/{conversation}/me/", json={})
    ).status_code == 404
    await ali.http.post(people_of, json={"user_id": sara.id})
    assert await settings_of(sara, conversation) == UNSET


def test_a_moment_that_passes_mutes_no_more() -> None:
    """Without anybody changing it."""
    assert own_settings.muted_text(1) is None
    assert own_settings.muted_text(None) is None
    assert own_settings.muted_text(253402300799_000_000) == FAR
