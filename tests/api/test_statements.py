"""No endpoint asks the database once for each thing that it answers with.

Each list is read with few things in it, and then with many: the number of statements is the same.
"""

import pytest

from tests.api.client import Api
from tests.api.statements import Counter
from tests.contract.rights import EXPECTED
from tests.media.pictures import picture

FEW, MANY = 2, 6
CONVERSATION = "/api/conversations/{conversation_id}/"
MESSAGE = CONVERSATION + "messages/{message_id}/"

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
    "/api/search/": "?q=hello",
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
UNCOUNTED = {
    "/api/desk/figures/",
    "/api/desk/rules/",
    "/api/settings/",
    "/api/staff/stats/",
    "/api/support_tickets/{ticket_id}/steps/",
}
"""They end like lists. The steps of a ticket need the ticket's own world: see `test_inbox`."""


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
            other.post(f"{other_talk}support_ticket/", {"subject": "x"})
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
            self.ali.post(f"{self.path}invites/", {"max_uses": number + 1})
            self.ali.post("/api/uploads/", headers={"Upload-Length": "5"})
            phone = {
                "platform": "webhook",
                "url": "https://push.example/",
                "app_id": "a",
                "pushkey": f"k{self.ali.id}-{number}",
            }
            self.ali.post("/api/devices/", phone)
            self.ali.post("/api/webhooks/", {"url": "https://receiver.invalid/"})
            self.ali.post("/api/canned_responses/", {"title": f"t{number}", "content": "x"})

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
            found.append(
                {path: counter.of(world.ali, world.path_of(path, LISTS[path])) for path in LISTS}
            )
    few, many = found
    return {path: (few[path], many[path]) for path in LISTS}


@pytest.mark.parametrize("path", LISTS)
def test_a_long_list_takes_as_many_statements_as_a_short_one(
    counts: dict[str, tuple[list[str], list[str]]], path: str
) -> None:
    few, many = counts[path]
    assert few != []
    assert len(many) <= len(few), many


def test_every_list_is_counted() -> None:
    """A path that ends in a noun of many is one; a new one is added above."""
    gets = {line.removeprefix("GET ") for line in EXPECTED if line.startswith("GET /api/")}
    ends = {path for path in gets if path.endswith("s/")}
    assert ends - set(LISTS) == UNCOUNTED
