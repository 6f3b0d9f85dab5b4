"""The epoch: what a change number is worth after the database was put back to an older state."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import deploy
from tests.contract.helpers import Pair
from tests.support.commands import run_command
from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.postgres_server import PostgresServer
from tests.support.sockets import Socket

MESSAGES = 3


@pytest.fixture
async def pair(people: People) -> Pair:
    """With a few messages, so that there are numbers."""
    return await some_said(people)


async def some_said(people: People) -> Pair:
    pair = await Pair.of(people)
    for number in range(MESSAGES):
        await pair.ali.http.post(pair.messages, json={"content": f"{number}"})
    return pair


async def epoch_of(pair: Pair) -> str:
    conversation = (await pair.ali.http.get(f"/api/conversations/{pair.conversation}/")).json()
    assert conversation["seq"] == MESSAGES
    epoch: str = conversation["epoch"]
    return epoch


async def back(pair: Pair, since: int, epoch: str | None = None) -> Socket:
    """Sara's new socket."""
    return await pair.sara.connect(pair.conversation, since=since, epoch=epoch)


async def expect_live(pair: Pair, socket: Socket, content: str) -> None:
    """The next frame is a message that is sent now."""
    await pair.ali.http.post(pair.messages, json={"content": content})
    frame = await socket.receive()
    assert (frame["type"], frame["content"]) == ("chat.message", content)


async def test_every_conversation_says_its_epoch(pair: Pair) -> None:
    """The same in the list, in one, and in `resumed`."""
    epoch = await epoch_of(pair)
    assert 0 < len(epoch) <= 64
    listed = (await pair.sara.http.get("/api/conversations/")).json()
    assert {one["epoch"] for one in listed} == {epoch}
    socket = await back(pair, MESSAGES - 1)
    frames = [await socket.receive() for _ in range(2)]
    assert [frame["type"] for frame in frames] == ["chat.message", "resumed"]
    assert frames[1] == {"type": "resumed", "seq": MESSAGES, "epoch": epoch}


@pytest.mark.parametrize("since", [0, 1, MESSAGES])
async def test_with_the_present_epoch_resuming_is_as_ever(pair: Pair, since: int) -> None:
    """In the URL and in a frame."""
    epoch = await epoch_of(pair)
    socket = await back(pair, since, epoch)
    for _ in range(2):
        frames = [await socket.receive() for _ in range(MESSAGES - since + 1)]
        assert [frame["seq"] for frame in frames] == [*range(since + 1, MESSAGES + 1), MESSAGES]
        assert frames[-1]["type"] == "resumed"
        await socket.send({"type": "resume", "since": since, "epoch": epoch})


@pytest.mark.parametrize("since", [0, 1, MESSAGES, MESSAGES + 2])
async def test_another_epoch_is_answered_with_reset(pair: Pair, since: int) -> None:
    """In place of changes, whatever `since` says; and then live."""
    epoch = await epoch_of(pair)
    reset: dict[str, Any] = {"type": "reset", "seq": MESSAGES, "epoch": epoch}
    socket = await back(pair, since, "another")
    assert await socket.receive() == reset
    await expect_live(pair, socket, "live")
    reset["seq"] += 1
    await socket.send({"type": "resume", "since": since, "epoch": "another", "ref": "r"})
    assert await socket.receive() == {**reset, "ref": "r"}
    await socket.send({"type": "resume", "since": since, "epoch": "another"})
    assert await socket.receive() == reset
    await expect_live(pair, socket, "still live")


async def test_more_than_there_is_is_answered_with_reset(pair: Pair) -> None:
    """To who sent an epoch; others get the point that there is, as ever."""
    epoch = await epoch_of(pair)
    socket = await back(pair, MESSAGES + 2, epoch)
    reset: dict[str, Any] = {"type": "reset", "seq": MESSAGES, "epoch": epoch}
    assert await socket.receive() == reset
    await socket.send({"type": "resume", "since": MESSAGES + 1, "epoch": epoch, "ref": "r"})
    assert await socket.receive() == {**reset, "ref": "r"}
    await socket.send({"type": "resume", "since": MESSAGES + 1})
    assert await socket.receive() == {"type": "resumed", "seq": MESSAGES, "epoch": epoch}
    await expect_live(pair, socket, "live")


async def test_changes_over_http_are_refused_with_another_epoch(pair: Pair) -> None:
    """409, with the present epoch; with the present one, and without one, as ever."""
    epoch = await epoch_of(pair)
    get = pair.sara.http.get
    for query in (f"since=1&epoch={epoch}", "since=1", "since=9"):
        answer = await get(f"{pair.messages}?{query}")
        assert answer.status_code == 200, answer.text
        assert len(answer.json()) == (2 if "since=1" in query else 0)
    for query in ("since=1&epoch=another", f"since={MESSAGES + 1}&epoch={epoch}"):
        answer = await get(f"{pair.messages}?{query}")
        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        assert (problem["code"], problem["epoch"]) == ("epoch_changed", epoch)
    first = await get(f"{pair.messages}?since=0&limit=2&epoch={epoch}")
    assert f"epoch={epoch}" in first.headers["link"]


async def test_a_wrong_epoch_names_the_field(people: People, pair: Pair) -> None:
    """And changes nothing; who is not in the conversation learns nothing."""
    stranger = await people("stranger")
    assert (await stranger.http.get(f"{pair.messages}?since=1&epoch=x")).status_code == 404
    for query in ("since=1&epoch=", f"since=1&epoch={'x' * 65}", "epoch=x", "limit=5&epoch=x"):
        answer = await pair.ali.http.get(f"{pair.messages}?{query}")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["epoch"]), query
    answer = await pair.ali.http.get(f"/ws/chat/{pair.conversation}/?since=1&epoch={'x' * 65}")
    assert answer.status_code == 400
    socket = await back(pair, 0)
    await socket.receive_type("resumed")
    for wrong in ("", "x" * 65, 5):
        await socket.send({"type": "resume", "since": 1, "epoch": wrong, "ref": "r"})
        error = await socket.receive()
        assert (error["type"], list(error["errors"]), error["ref"]) == ("error", ["epoch"], "r")


@pytest.fixture(params=["sqlite", "postgres-redis", "two-workers"])
def put_back(request: pytest.FixtureRequest) -> Iterator[PayamServer]:
    """A server of the test's own, whose every socket may be closed."""
    if request.param == "sqlite":
        with PayamServer({"RATE_LIMITS": "off"}) as server:
            yield server
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    template: str = request.getfixturevalue("migrated_template")
    workers = 2 if request.param == "two-workers" else 1
    yield from deploy(postgres.create_database(template=template), workers=workers)


@pytest.mark.parametrize("is_announced", [True, False])
async def test_restored_sends_everybody_away_and_their_numbers_with_them(
    put_back: PayamServer, is_announced: bool
) -> None:
    """Sockets close with 1012 and a delay; who comes back gets `reset`, a new one goes on.

    So it is where the workers do not hear of it: a handshake finds out, and a look now and then. So
    it is where staff say it to one of the workers. Both are among the acts of staff.
    """
    settings = put_back.settings
    if not is_announced:
        settings = {**settings, "REDIS_URL": "", "WEB_CONCURRENCY": "1"}
    async with People(put_back) as people:
        pair = await some_said(people)
        before = await epoch_of(pair)
        printed = await asyncio.to_thread(run_command, "restored", settings=settings)
        socket = await back(pair, MESSAGES, before)
        for old in (pair.first, pair.second):
            assert await old.closed() == 1012
            assert 0 <= int(old.connection.close_reason or "") <= 3000
        after = await epoch_of(pair)
        assert after != before
        assert after in printed
        assert await socket.receive() == {"type": "reset", "seq": MESSAGES, "epoch": after}
        await expect_live(pair, socket, "live")
        answer = await pair.ali.http.get(f"{pair.messages}?since=1&epoch={before}")
        assert answer.json()["epoch"] == after
        again = await back(pair, MESSAGES, after)
        assert (await again.receive())["content"] == "live"
        boss = await people.staff("boss")
        answer = await boss.http.post("/api/staff/restored/")
        assert answer.status_code == 200, answer.text
        newest = answer.json()["epoch"]
        assert newest not in (before, after)
        for old in (socket, again):
            assert await old.closed() == 1012
        reset = {"type": "reset", "seq": MESSAGES + 1, "epoch": newest}
        assert await (await back(pair, MESSAGES, after)).receive() == reset
        acts = (await boss.http.get("/api/staff/acts/")).json()
        by = [act["by"] for act in acts if act["kind"] == "restored"]
        assert by == [{"id": boss.id, "username": boss.username}, None]
