"""A world in which everything is there `size` times, and how each route is asked in it."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from msgspec import Struct

from chat.services.sessions import Pair
from chat.store.users import Account
from tests.api.client import PASSWORD, Api, Person
from tests.contract.rights import ACCOUNT as STAFF_USER
from tests.contract.rights import CANNED, CONVERSATION, MESSAGE, RECEIVER, TICKET, WEBHOOK, WHOLE
from tests.media.pictures import picture

SECRET = "a secret of the shop"
PNG = picture("PNG", 4, 4)
WIDE = picture("PNG", 520, 2)
"""Large enough to have a thumbnail."""
THUMB = "%F0%9F%91%8D"
TUS = {"Tus-Resumable": "1.0.0"}
OLD = 40
"""Days since messages were sent that are to be deleted after 30 days."""


class World:
    """Ali's conversations, messages and all that belongs to them; he is staff too."""

    def __init__(self, api: Api, size: int) -> None:
        self.api, self.size = api, size
        self.another: Person | None = None
        self.ali = api.person("ali", is_staff=True, password=PASSWORD)
        self.others = others = [api.person("other") for _ in range(size)]
        for other in others:
            talk = self.ali.begin(other)
            self.ali.put(f"/api/users/{other.id}/block/")
            other_talk = other.begin(api.person("third"))
            spam = other.say(other_talk, "spam")["id"]
            other.post(f"{other_talk}messages/{spam}/report/", {"reason": "spam"})
            other.post(f"{other_talk}support_ticket/", {"subject": "x"})
            self.ali.say(talk, "hello")
            self.ali.patch(f"{talk}me/", {"pinned": True})
            other.put("/api/users/me/avatar/", files={"file": ("a.png", PNG)})
            self.sign_in(self.ali)
        for number in range(size):
            self.ali.post("/api/uploads/", headers={**TUS, "Upload-Length": "5"})
            self.ali.post("/api/devices/", self.phone())
            self.ali.post("/api/canned_responses/", {"title": f"t{number}", "content": "x"})
        self.path, self.first = self.grown_conversation()
        ticket = others[0].post(f"{self.path}support_ticket/", {"subject": "x"}).json()["id"]
        for number in range(size):
            self.ali.patch(f"/api/support_tickets/{ticket}/", {"subject": f"x{number}"})
            self.ali.post(f"{self.path}messages/", {"content": "a note", "internal": True})
        attachments = self.ali.get(f"{self.path}messages/{self.first}/attachments/").json()
        self.values: dict[str, Any] = {
            "conversation_id": self.path.split("/")[3],
            "message_id": self.first,
            "ticket_id": ticket,
            "attachment_id": attachments[0]["id"],
            "user_id": others[0].id,
            "emoji": THUMB,
            "code": self.ali.get(f"{self.path}invites/").json()[0]["code"],
            "upload_id": self.ali.get("/api/uploads/").json()[0]["id"],
            "device_id": self.ali.get("/api/devices/").json()[0]["id"],
            "response_id": self.ali.get("/api/canned_responses/").json()[0]["id"],
            "name": "index.html",
        }

    def grown_conversation(self) -> tuple[str, int]:
        """Of Ali and all others: its path, and the first message, to which all belongs."""
        path = self.ali.begin(*self.others)
        first = self.grown_message(path)
        for number, other in enumerate(self.others):
            reply = {
                "content": f"hello @{self.ali.username} @{other.username}",
                "reply_to": first,
                "metadata": {"n": number},
            }
            said = other.post(f"{path}messages/", reply).json()["id"]
            one = f"{path}messages/{said}/"
            for message in (one, f"{path}messages/{first}/"):
                other.put(f"{message}reactions/{THUMB}/")
            other.put(f"{one}pin/")
            other.post(f"{one}attachments/", files={"file": ("a.png", PNG)})
            self.ali.post(f"{path}invites/", {"max_uses": number + 1})
        return path, first

    def grown_message(self, path: str) -> int:
        """A message of Ali that mentions everybody, with files and reactions."""
        said = self.ali.say(path, "hello " + " ".join(f"@{one.username}" for one in self.others))
        message = f"{path}messages/{said['id']}/"
        for _ in self.others:
            file = {"file": ("a.png", WIDE)}
            assert self.ali.post(f"{message}attachments/", files=file).status_code == 201
        for other in self.others[:2]:
            other.put(f"{message}reactions/{THUMB}/")
        self.ali.put(f"{message}pin/")
        return int(said["id"])

    def sign_in(self, person: Person) -> Pair:
        account = Account(person.id, person.username, False, None, None)
        pair: Pair = self.api.run(self.api.app.ctx.services.sessions.begin(account))
        return pair

    def phone(self) -> dict[str, str]:
        return {
            "platform": "webhook",
            "url": "https://push.example/",
            "app_id": "a",
            "pushkey": secrets.token_hex(8),
        }

    def someone(self) -> Person:
        """Somebody new with `size` sign-ins, each with a device, who has blocked everybody, and
        has said as much in one conversation, with files.
        """
        person = self.api.person("someone", password=PASSWORD)
        for other in self.others:
            pair = self.sign_in(person)
            there = Person(self.api, person.id, person.username, pair)
            answer = there.post("/api/devices/", self.phone())
            assert answer.status_code == 201, answer.text
            person.put(f"/api/users/{other.id}/block/")
        path = person.begin(self.ali)
        for _ in self.others:
            said = person.say(path, "hello")["id"]
            person.post(f"{path}messages/{said}/attachments/", files={"file": ("a.png", PNG)})
        return person

    def identified(self, name: str, guest: Person | None = None) -> Person:
        """The shop's user of this name, who was this guest until now."""
        body = signed(name) if guest is None else {**signed(name), "guest": guest.access}
        said = self.api.request("POST", "/api/guests/identify/", json=body).json()
        return Person(self.api, said["id"], said["username"], Pair(said["access"], said["refresh"]))

    def guest(self, tickets: int = 0) -> Person:
        """A guest with one conversation, in which so many tickets were opened and closed."""
        said = self.api.request("POST", "/api/guests/", json={}).json()
        guest = Person(
            self.api, said["id"], said["username"], Pair(said["access"], said["refresh"])
        )
        path = guest.begin()
        for _ in range(tickets):
            guest.say(path, "hello")
            guest.post(f"{path}support_ticket/", {"subject": "x"})
            guest.delete(f"{path}support_ticket/")
        return guest


def signed(name: str) -> dict[str, str]:
    return {
        "user_id": name,
        "signature": hmac.new(SECRET.encode(), name.encode(), sha256).hexdigest(),
    }


Given = Mapping[str, Any]


class Call(Struct, frozen=True):
    """How a route is asked. `before` makes what the request uses up, and returns values for the
    path, and for `{name}` in the body and the headers; `who` among them is who asks, else Ali.
    """

    body: Any = None
    query: str = ""
    before: Callable[[World], Given] = lambda _: {}
    headers: Mapping[str, str] = {}
    content: bytes | None = None


def a_name(_: World) -> Given:
    return {"fresh": f"n{secrets.token_hex(6)}"}


def a_sign_in(world: World) -> Given:
    return {"refresh": world.sign_in(world.ali).refresh}


def a_person(world: World) -> Given:
    person = world.someone()
    return {"who": person, "refresh": person.refresh, "user_id": person.id}


def another(world: World) -> Given:
    """The same person again, of whom staff may dispose."""
    world.another = world.another or world.someone()
    return {"user_id": world.another.id}


def for_the_last_time(world: World) -> Given:
    given = another(world)
    world.another = None
    return given


def a_shopper(world: World) -> Given:
    """Who was many guests."""
    name = secrets.token_hex(6)
    world.identified(name)
    for _ in world.others:
        guest = world.guest()
        guest.put("/api/users/me/avatar/", files={"file": ("a.png", PNG)})
        shopper = world.identified(name, guest)
    return {"who": shopper}


def a_guest(world: World) -> Given:
    name = secrets.token_hex(6)
    world.identified(name)
    guest = world.guest(tickets=world.size)
    return {"who": guest, "guest": guest.access, **signed(name)}


def a_newcomer(world: World) -> Given:
    return {"who": world.api.person("newcomer")}


def a_picture(world: World) -> Given:
    for path in ("/api/users/me/avatar/", f"{world.path}avatar/"):
        world.ali.put(path, files={"file": ("a.png", PNG)})
    return {"user_id": world.ali.id}


def a_participant(world: World) -> Given:
    user_id = world.api.person("participant").id
    world.ali.post(f"{world.path}participants/", {"user_id": user_id})
    return {"user_id": user_id}


def unknown_people(world: World) -> Given:
    people = [world.api.person("one") for _ in world.others]
    return {"user_ids": [one.id for one in people]}


def an_invite(world: World) -> Given:
    return {"invite_id": world.ali.post(f"{world.path}invites/", {}).json()["id"]}


def an_unread_message(world: World) -> Given:
    return {"message_id": world.others[0].say(world.path, "hello")["id"]}


def many_names(world: World) -> Given:
    return {"text": " ".join(f"@{one.username}" for one in world.others), "parent": world.first}


def a_message(world: World) -> Given:
    return {"message_id": world.grown_message(world.path), **many_names(world)}


def unpinned(world: World) -> Given:
    world.ali.delete(f"{world.path}messages/{world.first}/pin/")
    return {}


def pinned(world: World) -> Given:
    world.ali.put(f"{world.path}messages/{world.first}/pin/")
    return {}


def not_liked(world: World) -> Given:
    world.ali.delete(f"{world.path}messages/{world.first}/reactions/{THUMB}/")
    return {}


def liked(world: World) -> Given:
    world.ali.put(f"{world.path}messages/{world.first}/reactions/{THUMB}/")
    return {}


def an_upload(world: World) -> Given:
    """That is finished."""
    begun = world.ali.post("/api/uploads/", headers={**TUS, "Upload-Length": "5"})
    id_ = begun.headers["Location"].rstrip("/").split("/")[-1]
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert world.ali.patch(f"/api/uploads/{id_}/", headers=headers, content=b"hello").is_success
    return {"upload_id": id_}


def an_empty_upload(world: World) -> Given:
    begun = world.ali.post("/api/uploads/", headers={**TUS, "Upload-Length": "5"})
    return {"upload_id": begun.headers["Location"].rstrip("/").split("/")[-1]}


def a_device(world: World) -> Given:
    for device in world.ali.get("/api/devices/").json()[world.size :]:
        world.ali.delete(f"/api/devices/{device['id']}/")
    return {"device_id": world.ali.post("/api/devices/", world.phone()).json()["id"]}


def a_phone(world: World) -> Given:
    return {"pushkey": world.phone()["pushkey"]}


def no_ticket(world: World) -> Given:
    path, _ = world.grown_conversation()
    return {"conversation_id": path.split("/")[3]}


def a_ticket(world: World) -> Given:
    """That is open."""
    world.ali.post(f"/api/support_tickets/{world.values['ticket_id']}/reopen/")
    return {"subject": secrets.token_hex(4)}


def a_closed_ticket(world: World) -> Given:
    world.ali.post(f"/api/support_tickets/{world.values['ticket_id']}/close/")
    return {"who": world.others[0]}


def a_closed_ticket_of_staff(world: World) -> Given:
    a_closed_ticket(world)
    return {}


def nobodys_ticket(world: World) -> Given:
    a_ticket(world)
    ticket = f"/api/support_tickets/{world.values['ticket_id']}/"
    world.ali.post(f"{ticket}assign/", {"user_id": None})
    return {"agent_id": world.ali.id}


def a_guest_to_show(world: World) -> Given:
    return {"user_id": world.guest().id}


def a_response(world: World) -> Given:
    made = world.ali.post("/api/canned_responses/", {"title": "x", "content": "x"})
    return {"response_id": made.json()["id"]}


def webhooks(world: World) -> Given:
    """As many as this world has of everything. They are there only now, because each is sent
    everything that happens.
    """
    there = [one["id"] for one in world.ali.get("/api/webhooks/").json()]
    for webhook_id in there[world.size :]:
        world.ali.delete(f"/api/webhooks/{webhook_id}/")
    while len(there) < world.size:
        there.append(world.ali.post("/api/webhooks/", {"url": RECEIVER}).json()["id"])
    return {"webhook_id": there[0]}


def a_conversation(world: World) -> Given:
    path, first = world.grown_conversation()
    return {"conversation_id": path.split("/")[3], "message_id": first}


def a_suspended(world: World) -> Given:
    given = another(world)
    world.ali.post(f"/api/staff/users/{given['user_id']}/suspend/", {"reason": "x"})
    return given


def old_messages(world: World) -> Given:
    """In one conversation. Those of earlier calls have nothing left, and are new now."""
    path, _ = world.grown_conversation()
    world.api.execute("UPDATE conversations SET created_at = active_at WHERE id > 0")
    at = int((datetime.now(UTC) - timedelta(days=OLD)).timestamp() * 1_000_000)
    for table, key in (("conversations", "id"), ("messages", "conversation_id")):
        sql = f"UPDATE {table} SET created_at = ? WHERE {key} = ?"  # noqa: S608 - of ours
        world.api.execute(sql, (at, int(path.split("/")[3])))
    return {}


CALLS: dict[str, Call] = {
    "POST /api/users/": Call({"username": "{fresh}", "password": PASSWORD}, before=a_name),
    "POST /api/token/": Call(
        {"username": "{username}", "password": PASSWORD},
        before=lambda world: {"username": world.ali.username},
    ),
    "POST /api/token/refresh/": Call({"refresh": "{refresh}"}, before=a_sign_in),
    "POST /api/token/revoke/": Call({"refresh": "{refresh}"}, before=a_person),
    "GET /api/users/": Call(query="?search="),
    "GET /api/users/me/": Call(),
    "POST /api/users/me/password/": Call(
        {"old_password": PASSWORD, "new_password": "correct-horse"}, before=a_person
    ),
    "PATCH /api/users/me/": Call({"display_name": "{fresh}"}, before=a_name),
    "DELETE /api/users/me/": Call({}, before=a_shopper),
    "GET /api/users/me/export/": Call(before=a_person),
    "PUT /api/users/me/avatar/": Call(PNG),
    "GET /api/users/{user_id}/avatar/": Call(before=a_picture),
    "DELETE /api/users/me/avatar/": Call(before=a_picture),
    "GET /api/users/me/blocks/": Call(),
    "PUT /api/users/{user_id}/block/": Call(
        before=lambda world: {"user_id": world.api.person("one").id}
    ),
    "DELETE /api/users/{user_id}/block/": Call(),
    "GET /api/reports/": Call(),
    "GET /api/conversations/": Call(query="?limit=50"),
    "POST /api/conversations/": Call({"participants": "{user_ids}"}, before=unknown_people),
    f"GET {CONVERSATION}": Call(),
    f"PATCH {CONVERSATION}": Call({"title": "{fresh}"}, before=a_name),
    f"PATCH {CONVERSATION}me/": Call({"archived": False}),
    f"GET {CONVERSATION}participants/": Call(),
    f"POST {CONVERSATION}participants/": Call({"user_ids": "{user_ids}"}, before=unknown_people),
    f"PATCH {CONVERSATION}participants/{{user_id}}/": Call({"role": "admin"}, before=a_participant),
    f"DELETE {CONVERSATION}participants/{{user_id}}/": Call(before=a_participant),
    f"GET {CONVERSATION}invites/": Call(),
    f"POST {CONVERSATION}invites/": Call({"max_uses": 1}),
    f"DELETE {CONVERSATION}invites/{{invite_id}}/": Call(before=an_invite),
    "GET /api/invites/{code}/": Call(before=a_newcomer),
    "POST /api/invites/{code}/": Call(before=a_newcomer),
    f"PUT {CONVERSATION}avatar/": Call(PNG),
    f"GET {CONVERSATION}avatar/": Call(before=a_picture),
    f"DELETE {CONVERSATION}avatar/": Call(before=a_picture),
    f"POST {CONVERSATION}read/": Call({"message_id": "{message_id}"}, before=an_unread_message),
    f"GET {CONVERSATION}messages/": Call(query="?limit=50"),
    f"POST {CONVERSATION}messages/": Call(
        {"content": "{text}", "reply_to": "{parent}"}, before=many_names
    ),
    f"GET {MESSAGE}": Call(),
    f"PATCH {MESSAGE}": Call({"content": "{text}"}, before=a_message),
    f"DELETE {MESSAGE}": Call(before=a_message),
    f"GET {MESSAGE}replies/": Call(),
    f"GET {MESSAGE}attachments/": Call(),
    f"POST {MESSAGE}attachments/": Call({"upload": "{upload_id}"}, before=an_upload),
    f"GET {MESSAGE}attachments/{{attachment_id}}/": Call(),
    f"GET {MESSAGE}attachments/{{attachment_id}}/thumbnail/": Call(),
    f"POST {MESSAGE}report/": Call({"reason": "x"}, before=a_message),
    f"GET {CONVERSATION}pins/": Call(),
    f"PUT {MESSAGE}pin/": Call(before=unpinned),
    f"DELETE {MESSAGE}pin/": Call(before=pinned),
    f"PUT {MESSAGE}reactions/{{emoji}}/": Call(before=not_liked),
    f"DELETE {MESSAGE}reactions/{{emoji}}/": Call(before=liked),
    "GET /api/search/": Call(query="?q=hello"),
    "GET /api/uploads/": Call(),
    "POST /api/uploads/": Call(headers={**TUS, "Upload-Length": "5"}),
    "GET /api/uploads/{upload_id}/": Call(),
    "PATCH /api/uploads/{upload_id}/": Call(
        before=an_empty_upload,
        headers={**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        content=b"hello",
    ),
    "DELETE /api/uploads/{upload_id}/": Call(before=an_empty_upload, headers=TUS),
    "GET /api/devices/": Call(),
    "POST /api/devices/": Call(
        {
            "platform": "webhook",
            "url": "https://push.example/",
            "app_id": "a",
            "pushkey": "{pushkey}",
        },
        before=a_phone,
    ),
    "GET /api/devices/{device_id}/": Call(),
    "DELETE /api/devices/{device_id}/": Call(before=a_device),
    "GET /api/support_tickets/": Call(),
    f"POST {CONVERSATION}support_ticket/": Call({"subject": "x"}, before=no_ticket),
    f"PATCH {CONVERSATION}support_ticket/": Call({"subject": "{subject}"}, before=a_ticket),
    f"DELETE {CONVERSATION}support_ticket/": Call(before=a_ticket),
    f"GET {TICKET}": Call(),
    f"PATCH {TICKET}": Call({"subject": "{subject}"}, before=a_ticket),
    f"POST {TICKET}close/": Call(before=a_ticket),
    f"POST {TICKET}reopen/": Call(before=a_closed_ticket_of_staff),
    f"POST {TICKET}rating/": Call({"score": 5}, before=a_closed_ticket),
    f"GET {TICKET}steps/": Call(),
    f"POST {TICKET}assign/": Call({"user_id": "{agent_id}"}, before=nobodys_ticket),
    "POST /api/guests/": Call({"name": "Ali"}),
    "POST /api/guests/identify/": Call(
        {"user_id": "{user_id}", "signature": "{signature}", "guest": "{guest}"}, before=a_guest
    ),
    "GET /api/guests/{user_id}/": Call(before=a_guest_to_show),
    "GET /api/desk/rules/": Call(),
    "PATCH /api/desk/rules/": Call({}),
    "PUT /api/desk/rules/": Call({}),
    "GET /api/desk/agents/": Call(),
    "PUT /api/desk/agents/{user_id}/": Call(
        {"takes_tickets": None}, before=lambda world: {"user_id": world.ali.id}
    ),
    "GET /api/desk/figures/": Call(),
    "GET /api/desk/figures.csv/": Call(),
    "GET /api/canned_responses/": Call(),
    "POST /api/canned_responses/": Call({"title": "x", "content": "x"}),
    f"GET {CANNED}": Call(),
    f"PATCH {CANNED}": Call({"title": "{fresh}"}, before=a_name),
    f"DELETE {CANNED}": Call(before=a_response),
    "GET /api/staff/users/": Call(),
    "POST /api/staff/users/": Call({"username": "{fresh}"}, before=a_name),
    f"GET {STAFF_USER}": Call(),
    f"PATCH {STAFF_USER}": Call({"is_staff": False}, before=another),
    f"GET {STAFF_USER}export/": Call(before=another),
    f"POST {STAFF_USER}suspend/": Call({"reason": "x"}, before=another),
    f"POST {STAFF_USER}unsuspend/": Call(before=a_suspended),
    f"POST {STAFF_USER}password/": Call({"password": "correct-horse"}, before=another),
    f"DELETE {STAFF_USER}": Call(before=for_the_last_time),
    f"GET {WHOLE}": Call(),
    f"GET {WHOLE}export/": Call(),
    f"DELETE {WHOLE}": Call(before=a_conversation),
    f"DELETE {WHOLE}messages/{{message_id}}/": Call(before=a_message),
    "POST /api/staff/retention/": Call({"days": OLD - 10}, before=old_messages),
    "GET /api/staff/stats/": Call(),
    "GET /api/staff/acts/": Call(),
    "GET /api/staff/version/": Call(),
    "GET /api/webhooks/": Call(before=webhooks),
    "POST /api/webhooks/": Call({"url": RECEIVER}, before=webhooks),
    f"GET {WEBHOOK}": Call(before=webhooks),
    f"PATCH {WEBHOOK}": Call({"batches": False}, before=webhooks),
    f"POST {WEBHOOK}test/": Call(before=webhooks),
    f"POST {WEBHOOK}replay/": Call({"since": "2100-01-01T00:00:00Z"}, before=webhooks),
    f"DELETE {WEBHOOK}": Call(before=webhooks),
    "GET /api/desk/": Call(),
    **{
        f"GET {path}": Call()
        for path in (
            "/",
            "/web/{name}/",
            "/sw.js/",
            "/widget.js/",
            "/widget/",
            "/docs/",
            "/docs/openapi.json",
            "/docs/asyncapi.json",
            "/api/settings/",
            "/health/live/",
            "/health/ready/",
            "/metrics/",
        )
    },
    # The last, because all tokens are looked up again after it.
    "POST /api/staff/restored/": Call(),
}
"""By method and path, in an order in which each finds what it needs."""


def options_of(world: World, call: Call, given: Given) -> dict[str, Any]:
    """What httpx sends."""
    options: dict[str, Any] = {"headers": dict(call.headers)}
    if isinstance(call.body, bytes):
        options["files"] = {"file": ("a.png", call.body)}
    elif call.body is not None:
        options["json"] = {name: filled(world, one, given) for name, one in call.body.items()}
    if call.content is not None:
        options["content"] = call.content
    return options


def filled(world: World, value: Any, given: Given) -> Any:
    if isinstance(value, str) and value.startswith("{"):
        return {**world.values, **given}[value.strip("{}")]
    return value


def frames_of(world: World, path: str) -> list[dict[str, Any]]:
    """One of each kind for this socket, in an order in which each finds what it needs."""
    of_one: dict[str, Any] = {}
    resume: dict[str, Any] = {"type": "resume", "since": 0}
    if path == "/ws/":
        of_one = {"conversation": int(world.values["conversation_id"])}
        mine = world.ali.get("/api/conversations/").json()
        resume["since"] = {str(one["id"]): 0 for one in mine}
    message = {"message_id": world.grown_message(world.path)}
    said = many_names(world)
    frames = (
        {"type": "typing", "is_typing": False},
        {"type": "chat_message", "message": said["text"], "reply_to": said["parent"]},
        {"type": "edit_message", **message, "content": said["text"]},
        {"type": "add_reaction", **message, "emoji": "👍"},
        {"type": "remove_reaction", **message, "emoji": "👍"},
        {"type": "delete_message", **message},
        {"type": "mark_read", **an_unread_message(world)},
    )
    auth = {"type": "auth", "token": world.ali.access}
    return [*({**frame, **of_one} for frame in frames), auth, resume]
