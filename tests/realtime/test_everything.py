"""What happens while a `/ws/` opens or resumes: every change comes once, and in order.

As in `test_gate`, a seam keeps an answer of the database until the news has arrived, from the
same node and from another one.
"""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

from chat.errors import Unavailable
from chat.realtime import reading, transport, whole_resume
from chat.realtime.groups import Groups
from chat.realtime.seats import Seat
from chat.store import conversations, history, touched
from tests.api.client import Person
from tests.realtime.nodes import Nodes, Talk, close_all, hold, open_socket, until
from tests.support.sockets import Socket

Frame = dict[str, Any]

FAR = 1_000_000_000
"""Ids beyond those that are given out."""


async def opened(nodes: Nodes, person: Person, query: str = "") -> tuple[Socket, Frame]:
    """A socket of everything, and its `hello`."""
    socket = await open_socket(nodes.here, person, "", query=query)
    assert isinstance(socket, Socket), socket
    hello = await socket.receive()
    assert hello["type"] == "hello"
    return socket, hello


async def settled(nodes: Nodes, socket: Socket, person: Person) -> list[Frame]:
    """The frames until the socket has all that happened before."""
    while True:
        frames = await until_answer(socket)
        sockets = nodes.here.app.ctx.payam.sockets.users.of(person.id)
        if all(one.is_settled for one in sockets):
            return [*frames, *await until_answer(socket)]


async def until_answer(socket: Socket) -> list[Frame]:
    """The frames before the answer to what the socket asks now."""
    await socket.send({"type": "resume", "ref": "all?"})  # refused: it says from where not
    frames: list[Frame] = []
    while True:
        frame = await socket.receive()
        if frame.get("ref") == "all?":
            return frames
        frames.append(frame)


def id_of(path: str) -> int:
    return int(path.split("/")[3])


def texts(frames: list[Frame]) -> list[str]:
    return [one["content"] for one in frames if one["type"] == "chat.message"]


def kinds(frames: list[Frame]) -> list[str]:
    return [one["type"] for one in frames]


async def begin(nodes: Nodes, talk: Talk, *others: Person) -> str:
    body = {"participants": [one.id for one in others]}
    answer = await nodes.ask(nodes.there, talk.ali, "POST", "/api/conversations/", json=body)
    assert answer.status_code == 201, answer.text
    return f"/api/conversations/{answer.json()['id']}/"


async def add_sara(nodes: Nodes, talk: Talk) -> None:
    path, body = f"{talk.path}participants/", {"user_id": talk.sara.id}
    answer = await nodes.ask(nodes.there, talk.ali, "POST", path, json=body)
    assert answer.status_code == 201, answer.text


async def is_live(nodes: Nodes, talk: Talk, socket: Socket, text: str) -> None:
    """What is said now comes next, once."""
    await talk.say(nodes, text)
    frame = await socket.receive()
    while frame["type"] == "participant.joined":
        frame = await socket.receive()
    assert frame.get("content") == text, frame
    assert texts(await until_answer(socket)) == []


async def created(socket: Socket) -> Frame:
    """The next frame, which brings a conversation."""
    frame = await socket.receive()
    assert frame["type"] == "conversation.created"
    return frame


async def witnessed(nodes: Nodes, talk: Talk) -> Socket:
    """Reza's socket on the node where Sara's are: what it has had, that node has heard of."""
    socket = await open_socket(nodes.here, talk.reza, talk.path)
    assert isinstance(socket, Socket), socket
    return socket


def read_by_itself(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the database for each client that comes back, also for one that comes back soon."""

    async def unknown(*_: object) -> None:
        return None

    returns = nodes.here.app.ctx.payam.sockets._whole._returns
    monkeypatch.setattr(returns, "ask", unknown)


async def away(_: Collection[int]) -> dict[int, int]:
    raise Unavailable("away", retry_after=1)


def users_of(nodes: Nodes) -> Any:
    return nodes.here.app.ctx.payam.sockets.users


def test_between_resuming_and_live_there_is_no_seam(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said while the page is on its way comes behind it, before `resumed`, and once."""

    async def scenario() -> list[Frame]:
        away, hello = await opened(nodes, talk.sara)
        await away.close()
        await talk.say(nodes, "1")
        witness = await witnessed(nodes, talk)
        held = hold(monkeypatch, users_of(nodes)._reading, "_load", most=1)
        socket, _ = await opened(nodes, talk.sara, f"?cursor={hello['cursor']}")
        await held.until_waiting()
        await talk.say(nodes, "2")
        await talk.say(nodes, "3")
        while (await witness.receive_type("chat.message"))["content"] != "3":
            pass
        held.release()
        frames: list[Frame] = []
        while not frames or frames[-1]["type"] != "resumed":
            frames.append(await socket.receive())
        await is_live(nodes, talk, socket, "4")
        return frames

    frames = nodes.run(scenario())
    assert (texts(frames), kinds(frames)[-1]) == (["1", "2", "3"], "resumed")


def test_what_is_said_while_the_socket_opens_comes(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the database has said how far the conversation is, with members here and without."""

    async def scenario() -> list[list[str]]:
        said = []
        for _ in range(2):
            held = hold(monkeypatch, nodes.here.app.ctx.services.positions, "memberships", most=1)
            opening = asyncio.create_task(opened(nodes, talk.sara))
            await held.until_waiting()
            await talk.say(nodes, "during")
            held.release()
            monkeypatch.undo()
            socket, _ = await opening
            frame = await socket.receive()
            said.append([frame["content"], *texts(await settled(nodes, socket, talk.sara))])
            await is_live(nodes, talk, socket, "after")
        return said

    assert nodes.run(scenario()) == [["during"], ["during"]]


def test_missed_marks_of_reading_come_behind_the_messages_of_their_conversation(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a client knows the message that a mark names, though conversations are read by turns."""
    monkeypatch.setattr(reading, "PART", 1)
    talk = Talk(nodes)

    async def say(path: str, text: str) -> int:
        body = {"content": text}
        answer = await nodes.ask(nodes.there, talk.ali, "POST", f"{path}messages/", json=body)
        return int(answer.json()["id"])

    async def scenario() -> None:
        quiet, *spoken = [await begin(nodes, talk, talk.sara, talk.reza) for _ in range(4)]
        newest = {path: await say(path, "before") for path in (quiet, *spoken)}
        away, hello = await opened(nodes, talk.sara)
        await settled(nodes, away, talk.sara)
        await away.close()
        witness, _ = await opened(nodes, talk.ali)
        await settled(nodes, witness, talk.ali)
        newest |= {path: await say(path, "missed") for path in spoken}
        for path, message_id in newest.items():
            body = {"message_id": message_id}
            answer = await nodes.ask(nodes.there, talk.reza, "POST", f"{path}read/", json=body)
            assert answer.status_code < 300, answer.text
            while (await witness.receive_type("message.read"))["user"] != talk.reza.username:
                pass  # until this node has heard of it
        held = hold(monkeypatch, users_of(nodes)._reading, "_load", most=1)
        opening = asyncio.create_task(opened(nodes, talk.sara, f"?cursor={hello['cursor']}"))
        await held.until_waiting(len(spoken))
        socket, _ = await opening
        frames = [await socket.receive()]  # of what is not held
        held.release()
        frames += await until_resumed(socket)
        for path, message_id in newest.items():
            of_it = [one for one in frames if one.get("conversation") == id_of(path)]
            came = [
                (one["type"], one.get("id") or one["message_id"])
                for one in of_it
                if one["type"] == "chat.message" or one.get("user") == talk.reza.username
            ]
            missed = [] if path == quiet else [("chat.message", message_id)]
            assert came == [*missed, ("message.read", message_id)]

    nodes.run(scenario())


def test_a_conversation_that_begins_meanwhile_comes(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer that is on its way does not have it."""

    async def scenario() -> tuple[list[int], list[str]]:
        away, hello = await opened(nodes, talk.sara)
        await away.close()
        read_by_itself(nodes, monkeypatch)
        held = hold(monkeypatch, nodes.here.app.ctx.services.positions, "since", most=1)
        query = f"?cursor={hello['cursor']}"
        opening = asyncio.create_task(opened(nodes, talk.sara, query))
        await held.until_waiting()
        talk.path = await begin(nodes, talk, talk.sara)
        held.release()
        socket, _ = await opening
        frames = [await socket.receive()]
        while "conversation.created" not in kinds(frames) or "resumed" not in kinds(frames):
            frames.append(await socket.receive())
        await is_live(nodes, talk, socket, "live")
        return [
            one["conversation"]["id"] for one in frames if one["type"] == "conversation.created"
        ], texts(frames)

    created, said = nodes.run(scenario())
    assert (created, said) == ([id_of(talk.path)], [])


@pytest.mark.parametrize("others", [False, True])
def test_a_removal_during_the_handshake_takes_the_conversation(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch, *, others: bool
) -> None:
    """Whether the conversation has others here who hear of it, or not."""

    async def scenario() -> list[Frame]:
        if others:
            await open_socket(nodes.here, talk.reza, talk.path)
        held = hold(monkeypatch, nodes.here.app.ctx.services.positions, "memberships", most=1)
        opening = asyncio.create_task(opened(nodes, talk.sara))
        await held.until_waiting()
        await talk.remove_sara(nodes)
        held.release()
        socket, hello = await opening
        assert hello["conversations"] == 1
        frames = [await socket.receive()]
        while frames[-1]["type"] != "conversation.removed":
            frames.append(await socket.receive())
        await talk.say(nodes, "without her")
        return [*frames, *await settled(nodes, socket, talk.sara)]

    frames = nodes.run(scenario())
    assert frames[-1] == {"type": "conversation.removed", "conversation": id_of(talk.path)}
    assert set(kinds(frames[:-1])) <= {"participant.left"}


@pytest.mark.parametrize("others", [False, True])
def test_a_removal_during_the_handshake_takes_what_is_newer_than_the_cursor(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch, *, others: bool
) -> None:
    """The client has the conversation, but came by it after its cursor."""

    async def scenario() -> list[Frame]:
        away, hello = await opened(nodes, talk.sara)
        talk.path = await begin(nodes, talk, talk.sara, talk.reza)
        await created(away)
        await away.close()
        if others:
            await open_socket(nodes.here, talk.reza, talk.path)
        read_by_itself(nodes, monkeypatch)
        held = hold(monkeypatch, nodes.here.app.ctx.services.positions, "since", most=1)
        opening = asyncio.create_task(opened(nodes, talk.sara, f"?cursor={hello['cursor']}"))
        await held.until_waiting()
        await talk.remove_sara(nodes)
        held.release()
        socket, _ = await opening
        frames: list[Frame] = []
        while not {"conversation.removed", "resumed"} <= set(kinds(frames)):
            frames.append(await socket.receive())
        await talk.say(nodes, "without her")
        return [*frames, *await settled(nodes, socket, talk.sara)]

    frames = nodes.run(scenario())
    removed = [one["conversation"] for one in frames if one["type"] == "conversation.removed"]
    assert (removed, texts(frames)) == ([id_of(talk.path)], [])


def test_a_removal_during_a_resume_takes_the_page_with_it(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read for her is not sent, and nothing later either; the socket stays."""

    async def scenario() -> list[Frame]:
        away, hello = await opened(nodes, talk.sara)
        await away.close()
        await talk.say(nodes, "the secret")
        witness = await witnessed(nodes, talk)
        held = hold(monkeypatch, users_of(nodes)._reading, "_load", most=1)
        socket, _ = await opened(nodes, talk.sara, f"?cursor={hello['cursor']}")
        await held.until_waiting()
        await talk.remove_sara(nodes)
        await witness.receive_type("participant.left")
        held.release()
        frames: list[Frame] = []
        while not {"conversation.removed", "resumed"} <= set(kinds(frames)):
            frames.append(await socket.receive())
        await talk.say(nodes, "without her")
        return [*frames, *await settled(nodes, socket, talk.sara)]

    frames = nodes.run(scenario())
    assert texts(frames) == []
    assert kinds(frames).count("conversation.removed") == 1


def test_who_is_removed_and_added_again_during_the_handshake_is_in(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes of it, at the end the conversation is there, and live, once."""

    async def scenario() -> None:
        held = hold(monkeypatch, nodes.here.app.ctx.services.positions, "memberships", most=1)
        opening = asyncio.create_task(opened(nodes, talk.sara))
        await held.until_waiting()
        await talk.remove_sara(nodes)
        await add_sara(nodes, talk)
        held.release()
        socket, _ = await opening
        frames = [await socket.receive()]
        while not said_that_she_is_in(frames):
            frames.append(await socket.receive())
        await settled(nodes, socket, talk.sara)
        await is_live(nodes, talk, socket, "live")

    def said_that_she_is_in(frames: list[Frame]) -> bool:
        joined = [one for one in frames if one["type"] == "participant.joined"]
        return bool(joined) or "conversation.created" in kinds(frames)

    nodes.run(scenario())


def test_who_is_added_again_before_the_removal_is_heard_of_is_in(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The news that she was added comes first, and finds her in still."""

    async def scenario() -> list[Frame]:
        socket, _ = await opened(nodes, talk.sara)
        await settled(nodes, socket, talk.sara)
        hub = nodes.here.app.ctx.payam.dispatcher.hub
        # These find the news where the test is slow.
        monkeypatch.setattr(hub, "compare", away)
        monkeypatch.setattr(hub, "check", lambda _: None)
        late: list[Any] = []
        with monkeypatch.context() as patch:
            patch.setattr(hub, "deliver_own", lambda *news: late.append(news))
            patch.setattr(hub, "deliver", lambda *news: late.append(news))
            await talk.remove_sara(nodes)
            await add_sara(nodes, talk)
            await until(lambda: len(late) == 2)
        frames = await settled(nodes, socket, talk.sara)
        assert frames == []
        for news in late:
            hub.deliver(*news)
        while "conversation.created" not in kinds(frames):
            frames.append(await socket.receive())
        await is_live(nodes, talk, socket, "live")
        return frames

    expected = ["participant.left", "conversation.removed", "conversation.created"]
    assert kinds(nodes.run(scenario())) == expected


def test_two_sockets_of_one_user_have_the_same(nodes: Nodes, talk: Talk) -> None:
    """What begins comes to both; when one goes, the other goes on."""

    async def scenario() -> list[list[Frame]]:
        phone, _ = await opened(nodes, talk.sara)
        desk, _ = await opened(nodes, talk.sara)
        talk.path = await begin(nodes, talk, talk.sara)
        frames = [await created(one) for one in (phone, desk)]
        await phone.close()
        await is_live(nodes, talk, desk, "live")
        talk.path = await begin(nodes, talk, talk.sara)
        return [frames, [await created(desk)]]

    both, one = nodes.run(scenario())
    assert kinds(both) == ["conversation.created"] * 2
    assert both[0] == both[1]
    assert one[0]["conversation"]["id"] == id_of(talk.path)


@pytest.mark.parametrize("as_browser", [False, True])
def test_a_revocation_during_the_handshake_leaves_no_socket_open(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch, *, as_browser: bool
) -> None:
    """And nothing of them stays behind."""

    async def scenario() -> list[int]:
        witness, _ = await opened(nodes, talk.ali)
        held = hold(monkeypatch, nodes.here.app.ctx.services.positions, "memberships")
        opening = [
            asyncio.create_task(open_socket(nodes.here, talk.ali, "", as_browser=as_browser))
            for _ in range(3)
        ]
        await held.until_waiting(3)
        await nodes.revoke(talk.ali)
        assert await witness.closed() == 4401
        held.release()
        return await close_all(await asyncio.gather(*opening))

    assert nodes.run(scenario()) == [4401 if as_browser else 401] * 3
    left = nodes.here.app.ctx.payam.connections
    nodes.run(until(lambda: talk.ali.id not in {one.identity.user_id for one in left}))
    assert talk.ali.id not in users_of(nodes).users()


def test_a_user_has_room_for_so_many_sockets_of_both_kinds(few: Nodes) -> None:
    """Five here; the sixth is refused until one has gone."""
    talk = Talk(few)

    async def scenario() -> None:
        sockets = [await open_socket(few.here, talk.sara, "") for _ in range(4)]
        sockets.append(await open_socket(few.here, talk.sara, talk.path))
        assert await open_socket(few.here, talk.sara, "") == 429
        assert isinstance(sockets[0], Socket)
        await sockets[0].close()
        payam = few.here.app.ctx.payam
        await until(lambda: len(payam.connections) == 4)
        assert isinstance(await open_socket(few.here, talk.sara, ""), Socket)

    few.run(scenario())


def test_after_the_database_was_put_back_a_cursor_brings_reset(nodes: Nodes, talk: Talk) -> None:
    """Every socket is sent away with 1012, and what it comes back with counts no more."""

    async def scenario() -> tuple[int, Frame, str]:
        socket, hello = await opened(nodes, talk.sara)
        await history.renew(nodes.there.app.ctx.payam.database)
        for node in (nodes.here, nodes.there):
            await node.app.ctx.payam.history.look()
        code = await socket.closed()
        back, again = await opened(nodes, talk.sara, f"?cursor={hello['cursor']}")
        reset = await back.receive()
        await is_live(nodes, talk, back, "live")
        assert reset["epoch"] == again["epoch"] != hello["epoch"]
        return code, reset, hello["cursor"]

    code, reset, old = nodes.run(scenario())
    assert (code, reset["type"]) == (1012, "reset")
    assert reset["cursor"] != old


def test_a_step_of_the_loop_takes_a_part_of_many_conversations(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens a socket with thousands, or is away for long, holds nobody up; and nothing stays
    behind.
    """
    hub, users = nodes.here.app.ctx.payam.dispatcher.hub, users_of(nodes)
    most = 1700
    turn = 0
    steps: dict[str, dict[int, int]] = {"seat": {}, "unseat": {}}

    async def turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    def counting(name: str) -> None:
        work = getattr(Groups, name)

        def count(groups: Groups, seat: Seat, *arguments: Any) -> Any:
            if seat.user_id == talk.sara.id:
                steps[name][turn] = steps[name].get(turn, 0) + 1
            return work(groups, seat, *arguments)

        monkeypatch.setattr(Groups, name, count)

    async def scenario() -> None:
        ticking = asyncio.create_task(turns())
        database = nodes.here.app.ctx.payam.database
        async with database.transaction() as transaction:
            await conversations.seed(
                transaction, [(FAR + number, [talk.sara.id]) for number in range(most)]
            )
        for name in steps:
            counting(name)
        socket, hello = await opened(nodes, talk.sara)
        assert hello["conversations"] == most + 1
        await settled(nodes, socket, talk.sara)
        await is_live(nodes, talk, socket, "live")
        await socket.close()
        await until(lambda: not users.of(talk.sara.id))
        monkeypatch.setattr(users, "_kept_seconds", 0.0)
        await users.vacate()
        ticking.cancel()

    nodes.run(scenario())
    assert not [one for one in hub.conversations() if one >= FAR]
    for of_one in steps.values():
        assert sum(of_one.values()) == most + 1
        assert max(of_one.values()) <= 250


def test_a_kept_seat_goes_on_and_whoever_comes_back_finds_it(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second socket and a return join nothing anew. What was missed comes once, whatever came to
    the seat meanwhile: a conversation, a removal.
    """
    users = users_of(nodes)
    monkeypatch.setattr(users, "_kept_seconds", 3600.0)

    async def scenario() -> list[Frame]:
        old_path = talk.path
        first, hello = await opened(nodes, talk.sara)
        await settled(nodes, first, talk.sara)
        seat = users.of(talk.sara.id)[0].seat
        before = list(seat.conversations)
        second, _ = await opened(nodes, talk.sara)
        await settled(nodes, second, talk.sara)
        assert [one.seat for one in users.of(talk.sara.id)] == [seat, seat]
        assert list(seat.conversations) == before
        await first.close()
        await is_live(nodes, talk, second, "to the second")
        await second.close()
        await until(lambda: not users.of(talk.sara.id))
        await talk.say(nodes, "missed")
        talk.path = await begin(nodes, talk, talk.sara)
        await talk.say(nodes, "in the new one")
        socket, _ = await opened(nodes, talk.sara, f"?cursor={hello['cursor']}")
        assert users.of(talk.sara.id)[0].seat is seat
        frames: list[Frame] = []
        while not frames or frames[-1]["type"] != "resumed":
            frames.append(await socket.receive())
        await settled(nodes, socket, talk.sara)
        await is_live(nodes, talk, socket, "live")
        await socket.close()
        await until(lambda: not users.of(talk.sara.id))
        await talk.remove_sara(nodes)
        removed = id_of(talk.path)
        await until(lambda: removed not in seat.conversations)
        talk.path = old_path
        socket, again = await opened(nodes, talk.sara)
        assert again["conversations"] == 1
        await is_live(nodes, talk, socket, "still live")
        return frames

    frames = nodes.run(scenario())
    assert texts(frames) == ["to the second", "missed"]
    assert kinds(frames).count("conversation.created") == 1


async def gone(nodes: Nodes, person: Person) -> str:
    """A socket of everything that has gone, at a moment at which the node knew all. The cursor."""
    socket, hello = await opened(nodes, person)
    await settled(nodes, socket, person)
    payam = nodes.here.app.ctx.payam
    users = users_of(nodes)
    users.verified = None
    async with asyncio.timeout(60):
        while users.verified is None:  # what was said just now may be on its way
            await payam.live.tick(await touched.present(payam.database))
    await socket.close()
    await until(lambda: not users.of(person.id))
    return str(hello["cursor"])


async def until_resumed(socket: Socket) -> list[Frame]:
    frames: list[Frame] = []
    while not frames or frames[-1]["type"] != "resumed":
        frames.append(await socket.receive())
    return frames


def note_asking(nodes: Nodes, monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    """Note how the database is asked for those who come back."""
    positions = nodes.here.app.ctx.services.positions
    since, again = positions.since, positions.again

    async def counted(*arguments: Any) -> Any:
        asked.append("by itself")
        return await since(*arguments)

    async def counted_again(*arguments: Any) -> Any:
        found = await again(*arguments)
        asked.append("no" if found is None else "again")
        return found

    monkeypatch.setattr(positions, "since", counted)
    monkeypatch.setattr(positions, "again", counted_again)


@pytest.mark.parametrize("meanwhile", ["nothing", "missed", "said", "both", "removed", "begun"])
def test_who_comes_back_soon_is_not_read_for_and_misses_nothing(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """The database says what changed, for all who come back; the rest is as it was. What happens
    while the answer is on its way comes too, once.
    """
    asked: list[str] = []
    said = {"missed": ["missed"], "said": ["said"], "both": ["missed", "said"]}

    async def happens() -> None:
        if meanwhile in ("said", "both"):
            await talk.say(nodes, "said")
        elif meanwhile == "removed":
            await talk.remove_sara(nodes)
        elif meanwhile == "begun":
            talk.path = await begin(nodes, talk, talk.sara)

    async def scenario() -> tuple[list[Frame], list[Frame]]:
        cursor = await gone(nodes, talk.sara)
        note_asking(nodes, monkeypatch, asked)
        if meanwhile in ("missed", "both"):
            await talk.say(nodes, "missed")
        held = hold(
            monkeypatch, nodes.here.app.ctx.payam.sockets._whole._returns._news, "_look", most=1
        )
        opening = asyncio.create_task(opened(nodes, talk.sara, f"?cursor={cursor}"))
        await held.until_waiting()
        path = talk.path
        await happens()
        held.release()
        socket, hello = await opening
        assert hello["conversations"] == 1
        frames = await until_resumed(socket)
        # What was said on another node may still be on its way, and so may the news of a beginning
        # and of a removal.
        expected = len(said.get(meanwhile, [])) or meanwhile in ("begun", "removed")
        news = ("chat.message", "conversation.created", "conversation.removed")
        while sum(kind in news for kind in kinds(frames)) < expected:
            frames.append(await socket.receive())
        more = await settled(nodes, socket, talk.sara)
        if meanwhile == "removed":
            await add_sara(nodes, talk)
            while (await socket.receive())["type"] != "conversation.created":
                pass
        await is_live(nodes, talk, socket, "live")
        talk.path = path
        await is_live(nodes, talk, socket, "live there")
        return frames, more

    frames, more = nodes.run(scenario())
    assert asked == ["again"]
    assert texts([*frames, *more]) == said.get(meanwhile, [])
    assert texts(more) == []
    assert kinds([*frames, *more]).count("conversation.removed") == (meanwhile == "removed")
    assert kinds([*frames, *more]).count("conversation.created") == (meanwhile == "begun")


def test_who_has_missed_nothing_is_answered_with_one_write(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a network failed, thousands are answered at once."""
    written: list[bytes] = []
    write = transport.write

    def noted(descriptor: int, data: bytes) -> int:
        written.append(bytes(data))
        return write(descriptor, data)

    async def scenario() -> None:
        cursor = await gone(nodes, talk.sara)
        monkeypatch.setattr(transport, "write", noted)
        socket, _ = await opened(nodes, talk.sara, f"?cursor={cursor}")
        await until_resumed(socket)

    nodes.run(scenario())
    # Other sockets of the node may be written to as well.
    (whole,) = [one for one in written if one.startswith(b"HTTP/1.1 101 ")]
    assert whole.index(b'"type":"hello"') < whole.index(b'"type":"resumed"')


@pytest.mark.parametrize("meanwhile", ["removed", "begun"])
def test_who_comes_back_soon_is_read_for_where_conversations_came_or_went(
    nodes: Nodes, talk: Talk, meanwhile: str
) -> None:
    """Before the database is asked, and unheard of by this node."""

    async def scenario() -> list[Frame]:
        cursor = await gone(nodes, talk.sara)
        seat = users_of(nodes)._seats[talk.sara.id]
        if meanwhile == "removed":
            await talk.remove_sara(nodes)
        else:
            await begin(nodes, talk, talk.sara)
        socket, hello = await opened(nodes, talk.sara, f"?cursor={cursor}")
        assert hello["conversations"] == (0 if meanwhile == "removed" else 2)
        frames = await until_resumed(socket)
        assert users_of(nodes)._seats[talk.sara.id] is seat
        return [*frames, *await settled(nodes, socket, talk.sara)]

    expected = "conversation.removed" if meanwhile == "removed" else "conversation.created"
    assert kinds(nodes.run(scenario())).count(expected) == 1


def test_each_socket_of_a_user_takes_a_new_conversation_by_itself(
    nodes: Nodes, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that is later gets nothing of it before its `conversation.created`."""
    users = users_of(nodes)

    async def scenario() -> list[str | None]:
        sockets = [(await opened(nodes, talk.sara))[0] for _ in range(2)]
        for socket in sockets:
            await settled(nodes, socket, talk.sara)
        late = users.of(talk.sara.id)[1]
        take, held = users._take_once, asyncio.Event()

        async def slowly(connection: Any, conversation_id: int) -> None:
            if connection is late:
                await held.wait()
            await take(connection, conversation_id)

        monkeypatch.setattr(users, "_take_once", slowly)
        talk.path = await begin(nodes, talk, talk.sara)
        await created(sockets[0])
        await settled_one(nodes, users.of(talk.sara.id)[0])
        await talk.say(nodes, "first")
        assert (await sockets[0].receive())["content"] == "first"
        assert not late.is_settled
        held.set()
        await created(sockets[1])
        seen = []
        await settled(nodes, sockets[1], talk.sara)
        await talk.say(nodes, "both")
        for socket in sockets:
            seen.append((await socket.receive()).get("content"))
        return seen

    async def settled_one(nodes: Nodes, connection: Any) -> None:
        await until(lambda: not connection.unsettled)

    assert nodes.run(scenario()) == ["both", "both"]


def test_what_is_asked_before_all_is_entered_is_answered_after_it(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client with many conversations need not wait for them before it resumes one."""
    monkeypatch.setattr(whole_resume, "PART", 1)
    talk = Talk(nodes)

    async def ask() -> list[Frame]:
        paths = [talk.path, *[await begin(nodes, talk, talk.sara) for _ in range(4)]]
        socket = await open_socket(nodes.here, talk.sara, "")
        assert isinstance(socket, Socket), socket
        frames: list[Frame] = []
        for path in (*paths, f"/api/conversations/{FAR}/"):
            await socket.send({"type": "resume", "conversation": id_of(path), "since": 0})
        while len(frames) <= len(paths):
            frame = await socket.receive()
            if frame["type"] in ("resumed", "error"):
                frames.append(frame)
        await socket.close()
        return frames

    answers = nodes.run(ask())
    assert sorted(kinds(answers)) == ["error", *["resumed"] * 5]
    assert [one["code"] for one in answers if one["type"] == "error"] == ["not_found"]
