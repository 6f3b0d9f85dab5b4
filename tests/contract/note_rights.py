"""Rooms with notes of staff, and every question that could lead to one.

`test_note_rights` says how a new route, parameter or frame comes in.
"""

import io
import json
import zipfile
from typing import Any

import httpx
from msgspec import Struct
from msgspec.structs import fields
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chat.api.operations import operation_of
from chat.docs.endpoints import METHODS, path_of
from tests.api.client import PASSWORD, Api, Person
from tests.contract.rights import EXPECTED, FILE, FRAMES, OUTSIDERS, World, begin
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


def begin_room(api: Api, people: dict[str, Person], caller: str) -> Room:
    """With a note of an agent, and one of who is staff no more. A guest has a room of their own."""
    demoted = api.person("demoted", is_staff=True, password=PASSWORD)
    everybody = {**people, "demoted": demoted}
    world = begin(everybody, with_ticket=True)
    for name in ("conversation_id", "attachment_id", "code", "webhook_id", "response_id"):
        assert world.values[name]  # it is made now, before the message's id is that of a note
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


async def open_socket(api: Api, room: Room, caller: str, path: str) -> Socket:
    who = room.world.people.get(caller)
    bearer = {} if who is None else {"Authorization": f"Bearer {who.access}"}
    url = f"ws://127.0.0.1:{api.port}{room.world.path(path)}"
    return Socket(await connect(url, additional_headers=bearer, proxy=None, open_timeout=60))


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
