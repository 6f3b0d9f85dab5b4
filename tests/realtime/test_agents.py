"""Staff whose right is taken away while they are in a conversation of others."""

import asyncio
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import connect

from chat.auth.identity import Identity
from chat.errors import Unavailable
from chat.realtime.agents import Agents
from config.settings import Settings
from tests.api.client import Api, Person, problem
from tests.support.sockets import Socket


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("agents"), database_url=own_database, rate_limits=False
    )
    with Api(settings) as served:
        yield served


@pytest.fixture
def agent(api: Api) -> Person:
    return api.person("agent", is_staff=True)


@pytest.fixture
def conversation(api: Api) -> str:
    """The path of one with a ticket."""
    ali = api.person("ali")
    path = ali.begin(api.person("sara"))
    ali.say(path, "the secret")
    assert ali.post(path + "support_ticket/", {"subject": "help"}).status_code == 201
    return path


async def open_socket(api: Api, person: Person, conversation: str, query: str = "") -> Socket:
    connection = await connect(
        f"ws://127.0.0.1:{api.port}/ws/chat/{conversation.split('/')[3]}/{query}",
        additional_headers={"Authorization": f"Bearer {person.access}"},
        proxy=None,
        open_timeout=60,
    )
    return Socket(connection)


async def take_away(api: Api, person: Person) -> None:
    """The right of staff, as an operator does: nobody is notified."""
    async with api.app.ctx.payam.database.transaction() as transaction:
        await transaction.execute("UPDATE users SET is_staff = FALSE WHERE id = ?", (person.id,))


def test_the_next_request_is_refused(api: Api, agent: Person, conversation: str) -> None:
    """Though the token was found good a moment ago."""
    said = agent.say(conversation, "hello")
    api.run(take_away(api, agent))
    own = f"{conversation}messages/{said['id']}/"
    answers: list[Any] = [
        agent.get(conversation),
        agent.get(conversation + "messages/"),
        agent.get(conversation + "messages/?since=0"),
        agent.get(conversation + "participants/"),
        agent.post(conversation + "messages/", {"content": "x"}),
        agent.post(conversation + "participants/", {"user_id": agent.id}),
        agent.post(conversation + "support_ticket/", {"subject": "x"}),
        agent.patch(conversation, {"title": "x"}),
        agent.patch(own, {"content": "x"}),
        agent.delete(own),
        agent.post(own + "attachments/", files={"file": ("f", b"x")}),
    ]
    for answer in answers:
        problem(answer, 404, "not_found")


def test_who_hears_is_closed(api: Api, agent: Person, conversation: str) -> None:
    """With 4404, by the next look; what their client asks for is refused at once."""

    async def listen() -> list[dict[str, Any]]:
        socket = await open_socket(api, agent, conversation)
        await take_away(api, agent)
        await api.app.ctx.payam.sockets.agents.look()
        frames = await socket.until_closed()
        assert socket.connection.close_code == 4404
        return frames

    assert api.run(listen()) == []


def test_who_joined_meanwhile_stays(api: Api, agent: Person, conversation: str) -> None:
    """They are a participant like others."""
    body = {"user_id": agent.id}

    async def begin() -> Socket:
        return await open_socket(api, agent, conversation)

    async def go_on(socket: Socket) -> None:
        assert (await socket.receive())["type"] == "participant.joined"
        await api.app.ctx.payam.sockets.agents.look()
        await socket.send({"type": "chat_message", "message": "still here"})
        frame = await socket.receive()
        assert (frame["content"], "role" in frame) == ("still here", False)
        await socket.close()

    socket = api.run(begin())
    assert agent.post(conversation + "participants/", body).status_code == 201
    api.run(take_away(api, agent))
    api.run(go_on(socket))
    assert agent.get(conversation).status_code == 200


@pytest.mark.parametrize("kind", ["chat_message", "resume", "mark_read"])
def test_a_frame_is_refused(
    api: Api, agent: Person, conversation: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also before the next look."""

    async def look() -> None:
        """Not now: it would close the socket first."""

    monkeypatch.setattr(api.app.ctx.payam.sockets.agents, "look", look)
    [message] = agent.get(conversation + "messages/").json()
    fields: dict[str, dict[str, Any]] = {
        "chat_message": {"message": "x"},
        "resume": {"since": 0},
        "mark_read": {"message_id": message["id"]},
    }
    frame = {"type": kind, "ref": "r", **fields[kind]}

    async def ask() -> tuple[list[dict[str, Any]], int | None]:
        socket = await open_socket(api, agent, conversation)
        await take_away(api, agent)
        await socket.send(frame)
        if kind == "resume":
            return await socket.until_closed(), socket.connection.close_code
        frames = [await socket.receive()]
        await socket.close()
        return frames, None

    frames, code = api.run(ask())
    if kind == "resume":
        assert (frames, code) == ([], 4404)
    else:
        assert [(one["type"], one["code"]) for one in frames] == [("error", "not_found")]


async def test_it_looks_from_time_to_time() -> None:
    """Until it is cancelled, also after the database was away."""
    looks: list[bool] = []

    class Counting(Agents):
        async def look(self) -> None:
            looks.append(True)
            if len(looks) == 1:
                raise Unavailable("away", retry_after=1)

    async def nobody(_: Collection[int]) -> set[int]:
        return set()

    async def let_in(_: Identity, __: int) -> None:
        return

    looking = asyncio.create_task(Counting(nobody, let_in, pause=0.001).run())
    async with asyncio.timeout(60):
        while len(looks) < 3:
            await asyncio.sleep(0.001)
    looking.cancel()


def test_who_is_staff_no_more_sees_no_notes(api: Api, agent: Person, conversation: str) -> None:
    """Not even as a participant whose socket stays open, nor by coming back."""
    colleague = api.person("colleague", is_staff=True)
    assert agent.post(conversation + "participants/", {"user_id": agent.id}).status_code == 201
    messages = conversation + "messages/"
    note = {"content": "a giraffe", "internal": True}

    async def begin() -> Socket:
        return await open_socket(api, agent, conversation)

    async def come_back() -> list[dict[str, Any]]:
        """All that was missed."""
        again = await open_socket(api, agent, conversation, "?since=0")
        frames = []
        while (frame := await again.receive())["type"] != "resumed":
            frames.append(frame)
        return frames

    socket = api.run(begin())
    first = colleague.post(messages, note).json()

    async def first_heard() -> dict[str, Any]:
        return await socket.receive_type("chat.message")

    assert api.run(first_heard())["id"] == first["id"]
    api.run(take_away(api, agent))
    assert colleague.post(messages, note).status_code == 201
    colleague.say(conversation, "hello")
    assert api.run(first_heard())["content"] == "hello"
    assert "giraffe" not in str(api.run(come_back()))
    for path in (messages, messages + "?since=0", messages + "?limit=50", "/api/search/?q=giraffe"):
        assert "giraffe" not in agent.get(path).text
    problem(agent.get(f"{messages}{first['id']}/"), 404, "not_found")
