"""No endpoint asks the database once for each thing that it answers with, or that it changes.

Each is called where there are few things, and then where there are many: the number of statements
is the same.
"""

from time import sleep
from typing import Any

import pytest

from tests.api.client import Api
from tests.api.statements import Counter
from tests.contract.rights import EXPECTED
from tests.media.pictures import picture

FEW, MANY = 2, 6
CONVERSATION = "/api/conversations/{conversation_id}/"
MESSAGE = CONVERSATION + "messages/{message_id}/"

SEARCH = "/api/search/?q=hello"

LISTS = {
    "/api/users/": "/api/users/?search=",
    "/api/users/me/blocks/": "",
    "/api/conversations/": "?limit=50",
    CONVERSATION: "",
    f"{CONVERSATION}participants/": "",
    f"{CONVERSATION}invites/": "",
    f"{CONVERSATION}messages/": "?limit=50",
    f"{CONVERSATION}pins/": "",
    f"{MESSAGE}replies/": "",
    f"{MESSAGE}attachments/": "",
    "/api/search/": SEARCH.removeprefix("/api/search/"),
    "/api/uploads/": "",
    "/api/devices/": "",
    "/api/reports/": "",
    "/api/support_tickets/": "",
    "/api/webhooks/": "",
    "/api/canned_responses/": "",
    "/api/desk/agents/": "",
    "/api/staff/users/": "",
    "/api/staff/acts/": "",
}
"""The paths of lists, with what is asked."""
UNASKED = {"/api/desk/", f"POST {CONVERSATION}messages/"}
"""What is answered from memory, and what one statement stores together with what others send."""

ONES = (
    "/api/users/me/",
    "/api/users/{user_id}/avatar/",
    MESSAGE,
    "/api/invites/{code}/",
    "/api/uploads/{upload_id}/",
    "/api/devices/{device_id}/",
    "/api/webhooks/{webhook_id}/",
    "/api/canned_responses/{response_id}/",
    "/api/support_tickets/{ticket_id}/",
    "/api/support_tickets/{ticket_id}/steps/",
    "/api/staff/users/{user_id}/",
    "/api/staff/conversations/{conversation_id}/",
    "/api/staff/stats/",
    "/api/desk/",
    "/api/desk/rules/",
    "/api/desk/figures/",
)
CHANGES: dict[str, dict[str, Any]] = {
    f"POST {CONVERSATION}messages/": {"content": "hello"},
    f"PATCH {MESSAGE}": {"content": "hello again"},
    f"PUT {MESSAGE}reactions/%F0%9F%91%8D/": {},
    f"DELETE {MESSAGE}reactions/%F0%9F%91%8D/": {},
    f"PUT {MESSAGE}pin/": {},
    f"DELETE {MESSAGE}pin/": {},
    f"POST {CONVERSATION}read/": {"message_id": 0},
    f"PATCH {CONVERSATION}": {"title": "a title"},
    f"PATCH {CONVERSATION}me/": {"archived": False},
    f"POST {CONVERSATION}participants/": {"user_ids": []},
    "POST /api/conversations/": {"participants": []},
    "PATCH /api/users/me/": {"display_name": "Ali"},
    f"POST {CONVERSATION}invites/": {"max_uses": 1},
    "PATCH /api/support_tickets/{ticket_id}/": {"priority": "high"},
}
"""Bodies by method and path. Ids are filled in: those of all others, and of the first message."""


class World:
    """Ali's conversations, messages and all that belongs to them; he is staff too."""

    def __init__(self, api: Api, size: int) -> None:
        self.ali = api.person("ali", is_staff=True)
        others = [api.person("other") for _ in range(size)]
        for other in others:
            talk = self.ali.begin(other)
            self.ali.request("PUT", f"/api/users/{other.id}/block/")
            other_talk = other.begin(api.person("third"))
            spam = other.say(other_talk, "spam")["id"]
            other.post(f"{other_talk}messages/{spam}/report/", {"reason": "spam"})
            ticket = other.post(f"{other_talk}support_ticket/", {"subject": "x"}).json()["id"]
            self.ali.say(talk, "hello")
            self.ali.request("PATCH", f"{talk}me/", json={"pinned": True})
        self.path = self.ali.begin(*others)
        first = self.ali.say(self.path, "hello")["id"]
        self.values = {"conversation_id": self.path.split("/")[3], "message_id": first}
        png = picture("PNG", 4, 4)
        for number, other in enumerate(others):
            other.request("PUT", "/api/users/me/avatar/", files={"file": ("a.png", png)})
            other.request("PATCH", "/api/users/me/", json={"display_name": f"Other {number}"})
            reply = {
                "content": f"hello @{self.ali.username} @{other.username}",
                "reply_to": first,
                "metadata": {"n": number},
            }
            said = other.post(f"{self.path}messages/", reply).json()["id"]
            one = f"{self.path}messages/{said}/"
            for message in (one, f"{self.path}messages/{first}/"):
                other.request("PUT", f"{message}reactions/%F0%9F%91%8D/")
            other.request("PUT", f"{one}pin/")
            other.post(f"{one}attachments/", files={"file": ("a.png", png)})
            self.ali.post(
                f"{self.path}messages/{first}/attachments/", files={"file": ("a.png", png)}
            )
            invite = self.ali.post(f"{self.path}invites/", {"max_uses": number + 1}).json()
            self.ali.post("/api/uploads/", headers={"Upload-Length": "5"})
            phone = {
                "platform": "webhook",
                "url": "https://push.example/",
                "app_id": "a",
                "pushkey": f"k{self.ali.id}-{number}",
            }
            device = self.ali.post("/api/devices/", phone).json()
            webhook = self.ali.post("/api/webhooks/", {"url": "https://receiver.invalid/"}).json()
            stored = {"title": f"t{number}", "content": "x"}
            response = self.ali.post("/api/canned_responses/", stored).json()
        self.others = [other.id for other in others]
        self.values |= {
            "user_id": others[0].id,
            "code": invite["code"],
            "upload_id": self.ali.get("/api/uploads/").json()[0]["id"],
            "device_id": device["id"],
            "webhook_id": webhook["id"],
            "response_id": response["id"],
            "ticket_id": ticket,
        }

    def body_of(self, template: str) -> dict[str, Any]:
        body = dict(CHANGES[template])
        for name in ("user_ids", "participants"):
            if name in body:
                body[name] = self.others
        if "message_id" in body:
            body["message_id"] = self.values["message_id"]
        return body

    def path_of(self, template: str, query: str) -> str:
        return template.format(**self.values) + (query if query.startswith("?") else "")


@pytest.fixture(scope="module")
def counts(api: Api) -> dict[str, tuple[list[str], list[str]]]:
    """By path, the statements with few things and with many. Some lists are of everybody."""
    found: list[dict[str, list[str]]] = []
    with pytest.MonkeyPatch.context() as patch:
        counter = Counter(patch)
        for size in (FEW, MANY):
            world = World(api, size)
            counter.is_writing = False
            for _ in range(400):  # while the index is behind, messages are asked too
                if not any("WITH spans" in one for one in counter.of(world.ali, SEARCH)):
                    break
                sleep(0.05)
            taken = {
                path: counter.of(world.ali, world.path_of(path, LISTS[path])) for path in LISTS
            }
            taken |= {path: counter.of(world.ali, world.path_of(path, "")) for path in ONES}
            counter.is_writing = True
            for template in CHANGES:
                method, path = template.split()
                body = world.body_of(template)
                path = world.path_of(path, "")
                taken[template] = counter.least_of(world.ali, method, path, json=body)
            found.append(taken)
    few, many = found
    return {path: (few[path], many[path]) for path in few}


@pytest.mark.parametrize("path", [*LISTS, *ONES, *CHANGES])
def test_many_things_take_as_many_statements_as_few(
    counts: dict[str, tuple[list[str], list[str]]], path: str
) -> None:
    few, many = counts[path]
    assert few != [] or path in UNASKED
    assert len(many) <= len(few), many


def test_every_list_is_counted() -> None:
    """A path that ends in a noun of many is one; a new one is added above."""
    gets = {line.removeprefix("GET ") for line in EXPECTED if line.startswith("GET /api/")}
    ends = {path for path in gets if path.endswith("s/")}
    assert ends - set(LISTS) - set(ONES) == {"/api/settings/"}, "which asks nothing"
