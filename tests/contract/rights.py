"""What each caller may do, by route; and the world in which it is tried.

How a route gets its expectation is in the docstring of `test_rights`.
"""

import asyncio
import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tests.api.client import PASSWORD, Api, Person
from tests.media.pictures import picture

CALLERS = (
    "nobody",
    "stranger",
    "former",
    "participant",
    "sender",
    "creator",
    "staff",
    "agent",
    "suspended",
    "blocked",
)
"""Without a token; never in the conversation; removed from it; in it; who sent the message;
who began the conversation; staff, who are not in it; the same where it has a ticket; in it, and
suspended; who sent the message to the only other participant, and was blocked then."""

UNKNOWN = {"nobody": 401, "suspended": 401}
OUTSIDERS = {**UNKNOWN, "stranger": 404, "former": 404, "staff": 404}

Statuses = Mapping[str, int]
"""By caller."""


class Rights(Struct, frozen=True):
    """What callers are answered, and the body that the request brings."""

    statuses: Statuses
    body: Any = None


def public(status: int, body: Any = None) -> Rights:
    """Nobody is asked who is asking."""
    return Rights(dict.fromkeys(CALLERS, status), body)


def users(status: int, body: Any = None, **others: int) -> Rights:
    """Anybody with a token."""
    return Rights({**dict.fromkeys(CALLERS, status), **UNKNOWN, **others}, body)


def members(status: int, body: Any = None, **others: int) -> Rights:
    """Participants and agents alone; `others` are those who are answered otherwise."""
    return Rights({**dict.fromkeys(CALLERS, status), **OUTSIDERS, **others}, body)


def staff(status: int, body: Any = None) -> Rights:
    """Staff, whatever conversations they are in."""
    return users(403, body, staff=status, agent=status)


WEBHOOK = "/api/webhooks/{webhook_id}/"
WHOLE = "/api/staff/conversations/{conversation_id}/"
ACCOUNT = "/api/staff/users/{user_id}/"
PATIENCE = 60.0
"""Seconds; only a test that fails waits so long."""
RECEIVER = "https://receiver.invalid/"
"""There is none, and nobody may make one."""
CONVERSATION = "/api/conversations/{conversation_id}/"
MESSAGE = CONVERSATION + "messages/{message_id}/"
TICKET = "/api/support_tickets/{ticket_id}/"
CANNED = "/api/canned_responses/{response_id}/"
FILE = "a file"
"""Stands for a form with a file in it."""

PICTURE = picture("PNG", 520, 2) + b"the secret"
"""Large enough to have a thumbnail."""
PHONE = {
    "platform": "webhook",
    "url": "https://push.example/",
    "app_id": "a",
    "pushkey": "{pushkey}",
}

EXPECTED: dict[str, Rights] = {
    "GET /": public(200),
    "GET /web/{name}/": public(200),
    "GET /sw.js/": public(200),
    "GET /widget.js/": public(200),
    "GET /widget/": public(200),
    "GET /docs/": public(200),
    "GET /docs/openapi.json": public(200),
    "GET /docs/asyncapi.json": public(200),
    "GET /api/settings/": public(200),
    "GET /health/live/": public(200),
    "GET /health/ready/": public(200),
    "GET /metrics/": public(200),
    # Public, and refused for what is in the body: nobody is signed in or out on the way.
    "POST /api/users/": public(400, {}),
    "POST /api/token/": public(400, {}),
    "POST /api/token/refresh/": public(401, {"refresh": "x"}),
    "POST /api/token/revoke/": public(401, {"refresh": "x"}),
    "GET /api/users/": users(200),
    "GET /api/users/me/": users(200),
    "POST /api/users/me/password/": users(
        403, {"old_password": "wrong", "new_password": "correct-horse"}
    ),
    "PATCH /api/users/me/": users(200, {"display_name": "x"}),
    # Nobody is erased here: the password is wrong.
    "DELETE /api/users/me/": users(403, {"password": "wrong"}),
    "GET /api/users/me/export/": users(200),
    # What is sent is no picture, and nobody has one.
    "PUT /api/users/me/avatar/": users(400, FILE),
    "DELETE /api/users/me/avatar/": users(204),
    "GET /api/users/{user_id}/avatar/": users(404),
    "GET /api/users/me/blocks/": users(200),
    "PUT /api/users/{user_id}/block/": users(204),
    "DELETE /api/users/{user_id}/block/": users(204),
    "GET /api/reports/": users(403, staff=200, agent=200),
    "GET /api/conversations/": users(200),
    "POST /api/conversations/": users(201, {"participants": []}),
    f"GET {CONVERSATION}": members(200),
    f"PATCH {CONVERSATION}": members(200, {"title": "x"}, blocked=403),
    # Nothing is stored of an agent.
    f"PATCH {CONVERSATION}me/": members(200, {"archived": True}, agent=403),
    f"GET {CONVERSATION}participants/": members(200),
    f"POST {CONVERSATION}participants/": members(201, {"user_id": "{newcomer}"}),
    f"DELETE {CONVERSATION}participants/{{user_id}}/": members(
        204, participant=403, sender=403, blocked=403
    ),
    # Staff remove others, and do not say who owns a conversation.
    f"PATCH {CONVERSATION}participants/{{user_id}}/": members(403, {"role": "admin"}, creator=200),
    f"GET {CONVERSATION}invites/": members(403, creator=200, agent=200),
    f"POST {CONVERSATION}invites/": members(403, {}, creator=201, agent=201),
    f"DELETE {CONVERSATION}invites/{{invite_id}}/": members(403, creator=204, agent=204),
    # Who was removed does not come back by a link.
    "GET /api/invites/{code}/": users(200, former=403),
    "POST /api/invites/{code}/": users(
        201, former=403, participant=200, blocked=200, sender=200, creator=200
    ),
    f"GET {CONVERSATION}avatar/": members(404),
    f"PUT {CONVERSATION}avatar/": members(400, FILE, blocked=403),
    f"DELETE {CONVERSATION}avatar/": members(204, blocked=403),
    f"POST {CONVERSATION}read/": members(204, {"message_id": "{message_id}"}),
    f"GET {CONVERSATION}messages/": members(200),
    f"POST {CONVERSATION}messages/": members(201, {"content": "x"}, blocked=403),
    f"GET {MESSAGE}": members(200),
    f"PATCH {MESSAGE}": members(403, {"content": "x"}, sender=200),
    f"DELETE {MESSAGE}": members(403, sender=204, blocked=204),
    f"GET {MESSAGE}replies/": members(200),
    f"GET {MESSAGE}attachments/": members(200),
    f"POST {MESSAGE}attachments/": members(403, FILE, sender=201),
    f"GET {MESSAGE}attachments/{{attachment_id}}/": members(200),
    # Of whoever asks: nobody has begun the upload, and to begin one a header is missing.
    "GET /api/uploads/": users(200),
    "POST /api/uploads/": users(400),
    "GET /api/uploads/{upload_id}/": users(404),
    "PATCH /api/uploads/{upload_id}/": users(404),
    "DELETE /api/uploads/{upload_id}/": users(404),
    f"GET {MESSAGE}attachments/{{attachment_id}}/thumbnail/": members(200),
    f"POST {MESSAGE}report/": members(201, {"reason": "x"}),
    f"GET {CONVERSATION}pins/": members(200),
    f"PUT {MESSAGE}pin/": members(204, blocked=403),
    f"DELETE {MESSAGE}pin/": members(204, blocked=403),
    f"PUT {MESSAGE}reactions/{{emoji}}/": members(204, blocked=403),
    f"DELETE {MESSAGE}reactions/{{emoji}}/": members(204),
    # What each finds is tested in `test_search`; here nothing is looked for.
    "GET /api/search/": users(400),
    "GET /api/devices/": users(200),
    # Of whoever asks: everybody registers a device of their own, and sees no other.
    "POST /api/devices/": users(201, PHONE),
    "GET /api/devices/{device_id}/": users(404),
    "DELETE /api/devices/{device_id}/": users(404),
    # The conversation of who is blocked has no ticket.
    "GET /api/support_tickets/": users(403, staff=200, agent=200),
    # Where the conversation has a ticket, a second one conflicts with it.
    f"POST {CONVERSATION}support_ticket/": members(409, {"subject": "x"}, blocked=403),
    f"PATCH {CONVERSATION}support_ticket/": members(200, {"subject": "y"}, blocked=404),
    f"DELETE {CONVERSATION}support_ticket/": members(204, blocked=404),
    f"GET {TICKET}": members(200, blocked=404),
    f"PATCH {TICKET}": members(200, {"subject": "y"}, blocked=404),
    f"POST {TICKET}close/": members(200, blocked=404),
    f"POST {TICKET}reopen/": members(200, blocked=404),
    f"POST {TICKET}rating/": members(
        409, {"score": 5}, participant=403, sender=403, agent=403, blocked=404
    ),
    f"GET {TICKET}steps/": members(200, blocked=404),
    # There are no guests where nothing says so.
    "POST /api/guests/": public(403, {}),
    "POST /api/guests/identify/": public(403, {"user_id": "x", "signature": "0" * 64}),
    "GET /api/guests/{user_id}/": staff(404),
    "GET /api/desk/": users(200),
    "GET /api/desk/rules/": staff(200),
    "PATCH /api/desk/rules/": staff(200, {}),
    "PUT /api/desk/rules/": staff(200, {}),
    "GET /api/desk/agents/": staff(200),
    # Here the user is one of the customers, who are no agents.
    "PUT /api/desk/agents/{user_id}/": staff(404, {"takes_tickets": None}),
    "GET /api/desk/figures/": staff(200),
    "GET /api/desk/figures.csv/": staff(200),
    "GET /api/canned_responses/": staff(200),
    "POST /api/canned_responses/": staff(201, {"title": "x", "content": "x"}),
    f"GET {CANNED}": staff(200),
    f"PATCH {CANNED}": staff(200, {"title": "y"}),
    f"DELETE {CANNED}": staff(204),
    "GET /api/webhooks/": staff(200),
    "POST /api/webhooks/": staff(201, {"url": RECEIVER}),
    f"GET {WEBHOOK}": staff(200),
    f"PATCH {WEBHOOK}": staff(200, {"batches": False}),
    f"DELETE {WEBHOOK}": staff(204),
    f"POST {WEBHOOK}test/": staff(200),
    f"POST {WEBHOOK}replay/": staff(200, {"since": "2100-01-01T00:00:00Z"}),
    "GET /api/staff/users/": staff(200),
    "POST /api/staff/users/": staff(409, {"username": "{taken}"}),
    f"GET {ACCOUNT}": staff(200),
    f"PATCH {ACCOUNT}": staff(200, {"is_staff": False}),
    f"GET {ACCOUNT}export/": staff(200),
    f"POST {ACCOUNT}suspend/": staff(200, {"reason": "x"}),
    f"POST {ACCOUNT}unsuspend/": staff(200),
    f"POST {ACCOUNT}password/": staff(204, {"password": "correct-horse"}),
    f"DELETE {ACCOUNT}": staff(202),
    f"GET {WHOLE}": staff(200),
    f"DELETE {WHOLE}": staff(202),
    f"GET {WHOLE}export/": staff(200),
    f"DELETE {WHOLE}messages/{{message_id}}/": staff(204),
    "POST /api/staff/retention/": staff(200, {"days": 30_000}),
    "GET /api/staff/stats/": staff(200),
    "GET /api/staff/acts/": staff(200),
    "GET /api/staff/version/": staff(200),
    "POST /api/staff/restored/": staff(200),
    f"POST {TICKET}assign/": members(403, {"user_id": "{agent_id}"}, agent=200, blocked=404),
}
"""By method and path. HEAD is answered as GET is, and OPTIONS with 204, to everybody."""

SOCKETS: dict[str, Rights] = {
    "/ws/chat/{conversation_id}/": members(101),
    "/ws/": users(101),
}
"""Answers to a handshake, by path; without one those who may get 426."""

CLOSES = {401: 4401, 404: 4404}
"""How a browser's handshake is answered, whose token is a subprotocol: 101, and this code."""


class World(Struct, frozen=True):
    """A conversation; the values of paths' parameters in it."""

    people: dict[str, Person]
    values: dict[str, Any]

    def path(self, template: str) -> str:
        for word, name in FILLED.items():
            if word in template:
                self.values[name]
        return template.format_map(self.values)

    def body(self, rights: Rights) -> Any:
        if not isinstance(rights.body, dict):
            return rights.body
        return {
            name: self.values[value.strip("{}")]
            if isinstance(value, str) and value.startswith("{")
            else value
            for name, value in rights.body.items()
        }


FILLED = {"attachments/": "attachment_id", "export/": "attachment_id", "invites/": "code"}
"""A path with this word is asked where there is something to be seen."""


class Values(dict[str, Any]):
    """Of paths' parameters. What most paths do not name is made once it is asked for."""

    def __init__(self, people: dict[str, Person], *, with_ticket: bool, of_two: bool) -> None:
        super().__init__(
            upload_id="0" * 32,
            device_id=2**62,
            ticket_id=2**62,  # there is none
            pushkey=secrets.token_hex(8),
            agent_id=people["agent"].id,
            emoji="%F0%9F%91%8D",
            newcomer=people["newcomer"].id,
            taken=people["newcomer"].username,
            name="index.html",
        )
        if with_ticket:
            del self["ticket_id"]
        self._people = people
        self._with_ticket = with_ticket
        self._of_two = of_two
        self._sender = people["blocked" if of_two else "sender"]

    def __missing__(self, name: str) -> Any:
        for names, make in (
            (("conversation_id", "message_id", "ticket_id", "user_id"), self._conversation),
            (("attachment_id",), self._attachment),
            (("invite_id", "code"), self._invite),
            (("webhook_id",), self._webhook),
            (("response_id",), self._response),
        ):
            if name in names:
                make()
                return self[name]
        raise KeyError(name)

    def _conversation(self) -> None:
        creator = self._people["creator"]
        bystander = creator.api.person("bystander")  # whom staff may have erased
        if self._of_two:
            assert creator.delete(f"/api/users/{self._sender.id}/block/").status_code == 204
            path = creator.begin(self._sender)
        else:
            others = [self._people[name] for name in ("participant", "former", "suspended")]
            path = creator.begin(self._sender, bystander, *others)
            former = self._people["former"].id
            assert creator.delete(f"{path}participants/{former}/").status_code == 204
        message = self._sender.say(path, "the secret")
        self |= {
            "conversation_id": int(path.split("/")[3]),
            "message_id": message["id"],
            "user_id": bystander.id,
        }
        if self._with_ticket:
            opened = creator.post(f"{path}support_ticket/", {"subject": "x"})
            assert opened.status_code == 201
            self["ticket_id"] = opened.json()["id"]
        if self._of_two:  # who is blocked adds nothing later
            self._attachment()
            self._invite()
            assert creator.put(f"/api/users/{self._sender.id}/block/").status_code == 204

    def _attachment(self) -> None:
        path = f"/api/conversations/{self['conversation_id']}/messages/{self['message_id']}/"
        if "attachment_id" in self:  # it came with the conversation
            return
        file = {"file": ("f.png", PICTURE)}
        attached = self._sender.post(f"{path}attachments/", files=file)
        assert attached.status_code == 201, attached.text
        self["attachment_id"] = attached.json()["id"]

    def _invite(self) -> None:
        path = f"/api/conversations/{self['conversation_id']}/invites/"
        if "code" in self:
            return
        invite = self._people["creator"].post(path, {}).json()
        self |= {"invite_id": invite["id"], "code": invite["code"]}

    def _webhook(self) -> None:
        staff = self._people["staff"]
        webhooks = staff.get("/api/webhooks/").json()
        if not webhooks:
            webhooks = [staff.post("/api/webhooks/", {"url": RECEIVER}).json()]
        self["webhook_id"] = webhooks[0]["id"]

    def _response(self) -> None:
        answer = {"title": "x", "content": "x"}
        made = self._people["staff"].post("/api/canned_responses/", answer)
        self["response_id"] = made.json()["id"]


def sign_up(api: Api) -> dict[str, Person]:
    """Everybody who has a token, and two who are only acted upon."""
    names = (*CALLERS[1:], "newcomer")
    people = {
        name: api.person(name, is_staff=name in ("staff", "agent"), password=PASSWORD)
        for name in names
    }
    suspend = f"/api/staff/users/{people['suspended'].id}/suspend/"
    assert people["staff"].post(suspend, {}).status_code == 200
    return people


def begin(people: dict[str, Person], *, with_ticket: bool, of_two: bool = False) -> World:
    """A new conversation of these people, with a message and its attachment.

    `of_two` has the creator in it, and `blocked`, whom the creator blocks at the end.
    """
    return World(people, Values(people, with_ticket=with_ticket, of_two=of_two))


class Frame(Struct, frozen=True):
    """What a frame brings, and how it is answered to who is no participant any more.

    The answer is a close code, or the `type` and `code` of a frame. `route` is what does the same
    over HTTP: whoever may there may here.
    """

    answer: Any
    body: Any
    route: str

    def fields(self, world: World) -> dict[str, Any]:
        filled: dict[str, Any] = world.body(Rights({}, self.body))
        return filled


NOT_FOUND = ("error", "not_found")
PASSED = ("ack", None)
REACTION = {"message_id": "{message_id}", "emoji": "👍"}
FRAMES = {
    "chat_message": Frame(NOT_FOUND, {"message": "x"}, f"POST {CONVERSATION}messages/"),
    "edit_message": Frame(
        NOT_FOUND, {"message_id": "{message_id}", "content": "x"}, f"PATCH {MESSAGE}"
    ),
    "delete_message": Frame(NOT_FOUND, {"message_id": "{message_id}"}, f"DELETE {MESSAGE}"),
    "add_reaction": Frame(NOT_FOUND, REACTION, f"PUT {MESSAGE}reactions/{{emoji}}/"),
    "remove_reaction": Frame(NOT_FOUND, REACTION, f"DELETE {MESSAGE}reactions/{{emoji}}/"),
    "mark_read": Frame(NOT_FOUND, {"message_id": "{message_id}"}, f"POST {CONVERSATION}read/"),
    "resume": Frame(4404, {"since": 0}, f"GET {CONVERSATION}messages/"),
    # These read nothing. The database is asked only where the socket is not in the conversation.
    "typing": Frame(PASSED, {"is_typing": True}, f"GET {CONVERSATION}"),
    "auth": Frame(PASSED, {}, "GET /api/users/me/"),
}
"""By `type`."""


class Answer(Struct, frozen=True):
    """`closed_with` is the code of the close that is the first thing after a 101, or 0."""

    status: int
    closed_with: int = 0
    body: bytes = b""


# With `close`: what is no handshake would leave the connection open.
HANDSHAKE = {"Connection": "Upgrade, close", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
PING, PONG, CLOSE, TEXT = bytes([0x89, 0x80, 0, 0, 0, 0]), 0x8A, 0x88, 0x81


async def ask(
    port: int,
    method: str,
    path: str,
    token: str | None,
    body: Any = None,
    *,
    upgrade: bool = False,
    as_browser: bool = False,
) -> Answer:
    """One request on a connection of its own. `as_browser` sends the token as a subprotocol."""
    headers = {"Host": "127.0.0.1", "Connection": "close"}
    if upgrade:
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        headers |= {**HANDSHAKE, "Sec-WebSocket-Key": key}
    if token is not None and as_browser:
        headers["Sec-WebSocket-Protocol"] = f"chat.v1, bearer.{token}"
    elif token is not None:
        headers["Authorization"] = f"Bearer {token}"
    content = b""
    if body == FILE:
        headers["Content-Type"] = "multipart/form-data; boundary=x"
        disposition = 'Content-Disposition: form-data; name="file"; filename="f"'
        content = f"--x\r\n{disposition}\r\n\r\nx\r\n--x--\r\n".encode()
    elif body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(body).encode()
    if content:
        headers["Content-Length"] = str(len(content))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        status = int(answer.split(b" ", 2)[1])
        if status != 101:
            return Answer(status, body=await asyncio.wait_for(reader.read(), PATIENCE))
        writer.write(PING)
        first = await asyncio.wait_for(reader.readexactly(2), PATIENCE)
        while first[0] == TEXT:  # what the server says of itself
            length = first[1] if first[1] < 126 else int.from_bytes(await reader.readexactly(2))
            await asyncio.wait_for(reader.readexactly(length), PATIENCE)
            first = await asyncio.wait_for(reader.readexactly(2), PATIENCE)
        if first[0] == PONG:
            return Answer(status)
        assert first[0] == CLOSE, first
        return Answer(status, int.from_bytes(await reader.readexactly(2), "big"))
    finally:
        writer.transport.abort()
