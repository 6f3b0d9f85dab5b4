"""The row of the rights matrix for notes of staff: no route and no frame shows one to others.

It is walked from the application's own table of routes, the queries of their `Operation`, and the
kinds of frames. So a route, a parameter or a frame that is added later falls under it by itself.
A new parameter of a query gets a value in `QUERIES`, and whatever shows notes to staff a line in
`SHOWN`.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec import Struct
from msgspec.structs import fields
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chat.api.operations import operation_of
from chat.docs.endpoints import METHODS, path_of
from config.settings import Settings
from tests.api.client import PASSWORD, Api, Person
from tests.contract.rights import (
    EXPECTED,
    FILE,
    FRAMES,
    OUTSIDERS,
    SOCKETS,
    World,
    begin,
    sign_up,
)
from tests.support.sockets import Socket

WORD = "quaggazirafe"
"""It is in notes alone."""
FIRST_ID = 7_310_000_000
"""Notes and messages of these tests have ids from here on, which no other number is like."""
ABSENT = FIRST_ID * 2
"""No message and no note has this id."""

OTHERS = ("nobody", "stranger", "former", "participant", "creator", "guest", "demoted")
"""`demoted` is a participant who was staff, and wrote one of the notes then."""
INSIDE = [name for name in OTHERS if name not in OUTSIDERS]

QUERIES: dict[str, tuple[str, ...]] = {
    "q": (WORD, WORD[:5]),
    "search": ("", "agent"),
    "limit": ("100",),
    "since": ("0",),
    "after": ("0", "{before_note}"),
    "before": (str(ABSENT), "{message_id}"),
    "conversation": ("{conversation_id}",),
    "sender": ("{agent_id}", "{demoted_id}"),
    "id": ("{ticket_id}",),
    "user": ("{agent_id}",),
    "created_by": ("{agent_id}",),
    "moderate": ("true",),
    "archived": ("true", "false"),
    "pinned": ("true", "false"),
    "muted": ("true", "false"),
    "direct": ("true", "false"),
    "staff": ("true",),
    "suspended": ("true",),
    "status": ("open", "closed"),
    "assigned_to": ("none",),
    "priority": ("normal",),
    "until": ("2100-01-01",),
    "timezone": ("UTC",),
    "of": ("tickets", "hours", "agents"),
    # Only an answer before gives these.
    "epoch": ("x",),
    "cursor": ("x",),
}
"""What is asked by each parameter of a query: what could lead to a note."""

SHOWN = {
    "GET /api/conversations/{conversation_id}/messages/",
    "GET /api/conversations/{conversation_id}/messages/{message_id}/",
    "GET /api/search/",
}
"""Where staff find the notes. Their author's own export has them too."""


class Room(Struct, frozen=True):
    """A conversation with a ticket, a message, and two notes; `message_id` is that of a note."""

    world: World
    notes: tuple[int, ...]

    def traces(self, text: str) -> list[str]:
        return [one for one in (WORD, *(str(id_) for id_ in self.notes)) if one in text]

    def instead(self, message_id: int) -> World:
        return World(self.world.people, {**self.world.values, "message_id": message_id})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("notes"),
        database_url=url,
        rate_limits=False,
        guests=True,
        widget_secret="x" * 32,
    )
    with Api(settings) as served:
        served.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', ?)"
            if request.param == "sqlite"
            else "SELECT setval(pg_get_serial_sequence('messages', 'id'), ?)",
            (FIRST_ID,),
        )
        yield served


@pytest.fixture(scope="module")
def people(api: Api) -> dict[str, Person]:
    return sign_up(api)


@pytest.fixture
def room(api: Api, people: dict[str, Person], caller: str) -> Room:
    """New for each caller, because what a caller does may change it."""
    demoted = api.person("demoted", is_staff=True, password=PASSWORD)
    everybody = {**people, "demoted": demoted}
    world = begin(everybody, with_ticket=True)
    if caller == "guest":
        world = of_a_guest(world)
    else:
        here = world.path("/api/conversations/{conversation_id}/")
        joined = everybody["creator"].post(f"{here}participants/", {"user_id": demoted.id})
        assert joined.status_code == 201
    messages = world.path("/api/conversations/{conversation_id}/messages/")
    written = []
    for author in (everybody["agent"], demoted):
        text = f"{WORD} @{everybody['participant'].username}"
        answer = author.post(messages, {"content": text, "internal": True})
        assert answer.status_code == 201, answer.text
        written.append(answer.json()["id"])
    staff = everybody["staff"]
    lost = staff.patch(f"/api/staff/users/{demoted.id}/", {"is_staff": False})
    assert lost.status_code == 200
    signed_in = {"username": demoted.username, "password": PASSWORD}
    demoted.access = api.request("POST", "/api/token/", json=signed_in).json()["access"]
    values = {
        **world.values,
        "before_note": world.values["message_id"],
        "demoted_id": demoted.id,
        "message_id": written[0],
        "name": "index.html",
    }
    return Room(World(world.people, values), tuple(written))


def of_a_guest(other: World) -> World:
    """A new guest's own conversation, as the widget begins it. Other ids are of somebody else."""
    api = other.people["creator"].api
    made = api.request("POST", "/api/guests/", json={"name": "guest"}).json()
    guest = api.person()
    guest.id, guest.username, guest.access = made["id"], made["username"], made["access"]
    path = guest.begin()
    said = guest.say(path, "hello")
    ticket = guest.post(f"{path}support_ticket/", {"subject": "x"})
    assert ticket.status_code == 201, ticket.text
    return World(
        {**other.people, "guest": guest},
        {
            **other.values,
            "conversation_id": int(path.split("/")[3]),
            "message_id": said["id"],
            "ticket_id": ticket.json()["id"],
        },
    )


def routes(api: Api) -> list[tuple[str, str, type[Struct] | None]]:
    """Method, path and query of all routes; those first that change nothing, deletions last."""
    found = [
        (method, path_of(route), operation.query if operation else None)
        for route in api.app.router.routes
        for operation in [operation_of(route.handler)]
        for method in METHODS
        if method in route.methods
    ]
    return sorted(found, key=lambda one: (METHODS.index(one[0]), one[1]))


def queries(shape: type[Struct] | None, world: World) -> list[dict[str, str]]:
    """What a route is asked: nothing, each of its parameters, and each beside what it requires."""
    if shape is None:
        return [{}]
    required = {
        one.encode_name: QUERIES[one.encode_name][0] for one in fields(shape) if one.required
    }
    asked = [{}, required] if required else [{}]
    for one in fields(shape):
        for value in QUERIES[one.encode_name]:
            asked.append({**required, one.encode_name: world.path(value)})
    return asked


def ask(
    api: Api, who: Person | None, line: str, world: World, query: dict[str, str]
) -> httpx.Response:
    method, _, path = line.partition(" ")
    headers = {} if who is None else {"Authorization": f"Bearer {who.access}"}
    rights = EXPECTED.get(line)
    body = world.body(rights) if rights else None
    sent: dict[str, Any] = {} if body is None else {"json": body}
    if body == FILE:
        sent = {"files": {"file": ("f", b"x")}}
    return api.request(method, world.path(path), headers=headers, params=query, **sent)


def shown_in(answer: httpx.Response) -> str:
    """All that an answer shows, the files of a zip too."""
    content = answer.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    return f"{dict(answer.headers)}{content.decode(errors='replace')}"


def test_every_parameter_of_a_query_is_tried(api: Api) -> None:
    """A new one needs a value that could lead to a note, and one that is gone needs none."""
    known = {
        one.encode_name for _, _, shape in routes(api) if shape is not None for one in fields(shape)
    }
    assert known == set(QUERIES)


@pytest.mark.parametrize("caller", OTHERS)
def test_no_route_shows_a_note(api: Api, room: Room, caller: str) -> None:
    """Whatever it is asked: neither the words nor the id. An id of a note is that of nothing.

    One of the databases is only asked what changes nothing, because the rights are asked there in
    the same way.
    """
    methods = METHODS if api.app.ctx.payam.database.dialect == "sqlite" else ("GET",)
    who = None if caller == "nobody" else room.world.people[caller]
    absent = room.instead(ABSENT)
    wrong = []
    for method, path, shape in routes(api):
        if method not in methods:
            continue
        line = f"{method} {path}"
        rights = EXPECTED.get(line)
        names_it = "{message_id}" in f"{path} {rights.body if rights else ''}"
        for query in queries(shape, room.world):
            if method != "GET" and query and not names_it:
                continue
            answer = ask(api, who, line, room.world, query)
            found = room.traces(shown_in(answer))
            if found:
                wrong.append(f"{line} {query}: {answer.status_code} with {found}")
            if names_it:
                other = ask(api, who, line, absent, query)
                if (answer.status_code, answer.content) != (other.status_code, other.content):
                    wrong.append(f"{line} {query}: {answer.text} is not {other.text}")
    assert wrong == []


@pytest.mark.parametrize("caller", ["agent", "staff"])
def test_staff_see_a_note_where_messages_are(api: Api, room: Room, caller: str) -> None:
    """The same walk finds it for them: exactly where it should, and in the author's export."""
    who = room.world.people[caller]
    found = {
        f"{method} {path}"
        for method, path, shape in routes(api)
        if method == "GET"
        for query in queries(shape, room.world)
        if WORD in shown_in(ask(api, who, f"{method} {path}", room.world, query))
    }
    assert found - SHOWN == ({"GET /api/users/me/export/"} if caller == "agent" else set())
    assert found >= SHOWN


@pytest.mark.parametrize("caller", INSIDE)
def test_no_frame_shows_a_note(api: Api, room: Room, caller: str) -> None:
    """On no kind of socket: as an answer to any frame that names its id, live, and resumed."""
    for path in SOCKETS:
        answers, frames = api.run(asked_on(api, room, caller, path))
        assert answers[::2] == answers[1::2], "a note's id, and one that is of nothing"
        live, made = api.run(shown_live(api, room, caller, path))
        assert live, "nothing came at all"
        everywhere = json.dumps([answers, frames, live])
        for trace in (WORD, *map(str, (*made, *room.notes))):
            assert trace not in everywhere


async def open_socket(api: Api, room: Room, caller: str, path: str) -> Socket:
    who = room.world.people.get(caller)
    bearer = {} if who is None else {"Authorization": f"Bearer {who.access}"}
    url = f"ws://127.0.0.1:{api.port}{room.world.path(path)}"
    return Socket(await connect(url, additional_headers=bearer, proxy=None))


async def asked_on(
    api: Api, room: Room, caller: str, path: str
) -> tuple[list[tuple[Any, ...]], list[dict[str, Any]]]:
    """Each kind of frame, with the id of a note and with one of nothing. The answers, and what
    came besides.
    """
    socket = await open_socket(api, room, caller, path)
    answers, others = [], []
    for kind in FRAMES:
        for message_id in (room.notes[0], ABSENT):
            frame = {"type": kind, **FRAMES[kind].fields(room.instead(message_id))}
            if kind == "chat_message":
                frame["reply_to"] = message_id
            elif kind == "auth":
                frame["token"] = room.world.people[caller].access
            if kind != "auth" and path == "/ws/":
                frame["conversation"] = room.world.values["conversation_id"]
            ref = f"{kind} {message_id == ABSENT}"
            await socket.send({**frame, "ref": ref})
            while (came := await socket.receive()).get("ref") != ref:
                others.append(came)
            answers.append((kind, came["type"], came.get("code"), came.get("detail")))
    await socket.close()
    return answers, others


async def shown_live(
    api: Api, room: Room, caller: str, path: str
) -> tuple[list[dict[str, Any]], list[int]]:
    """What comes while notes are written, edited and deleted, and to a socket that resumes then;
    and the ids of these notes.
    """
    agent, conversation = room.world.people["agent"], room.world.values["conversation_id"]
    messages = f"/api/conversations/{conversation}/messages/"

    async def send(method: str, path: str, **body: Any) -> int:
        bearer = {"Authorization": f"Bearer {agent.access}"}
        answer = await api.send(method, path, headers=bearer, json=body or None)
        assert answer.status_code < 300, answer.text
        return int(answer.json()["id"]) if answer.content else 0

    socket = await open_socket(api, room, caller, path)
    gone = await send("POST", messages, content=WORD, internal=True)
    await send("PATCH", f"{messages}{gone}/", content=f"{WORD}!")
    await send("DELETE", f"{messages}{gone}/")
    kept = await send("POST", messages, content=WORD, internal=True)
    last = f"the last word on {path}"
    await send("POST", messages, content=last)
    frames = await frames_before(socket, last)
    late = await open_socket(api, room, caller, path)
    since = {str(conversation): 0} if path == "/ws/" else 0
    await late.send({"type": "resume", "since": since})
    frames += await frames_before(late, last)
    await socket.close()
    await late.close()
    return frames, [gone, kept]


async def frames_before(socket: Socket, text: str) -> list[dict[str, Any]]:
    """All frames before the one that has the text in it, which comes after everything else."""
    frames = []
    while text not in json.dumps(frame := await socket.receive()):
        frames.append(frame)
    return frames


@pytest.mark.parametrize("caller", ["nobody", "former"])
def test_who_is_outside_opens_no_socket_with_a_note(api: Api, room: Room, caller: str) -> None:
    """Or it is their own, on which nothing of this conversation comes."""
    for path in SOCKETS:
        assert room.traces(api.run(shown_outside(api, room, caller, path))) == []


async def shown_outside(api: Api, room: Room, caller: str, path: str) -> str:
    try:
        socket = await open_socket(api, room, caller, path)
    except InvalidStatus as refused:
        return str(refused)
    since = {str(room.world.values["conversation_id"]): 0}
    await socket.send({"type": "resume", "since": since})
    await socket.send({"type": "x", "ref": "the last word"})
    frames = await frames_before(socket, "the last word")
    await socket.close()
    return json.dumps(frames)
