"""Guests of a shop's page, and users whom the shop's signature names."""

import asyncio
import hmac
import io
import json
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from websockets.asyncio.client import connect

from chat.services.sessions import Pair
from chat.store.migrations import m0076_folded_display_names
from config.settings import Settings
from tests.api.client import Api, Person, problem, wrong_fields

SECRET = "a secret that the shop's server has"


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("guests"),
        database_url=own_database,
        guests=True,
        widget_secret=SECRET,
        rate_limits=False,
    )
    with Api(settings) as served:
        yield served


def signed(user_id: str, **more: Any) -> dict[str, Any]:
    signature = hmac.new(SECRET.encode(), user_id.encode(), sha256).hexdigest()
    return {"user_id": user_id, "signature": signature, **more}


def person(api: Api, answer: Any) -> Person:
    """Who is signed in by this answer."""
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.json()
    assert said.keys() == {"id", "username", "access", "refresh"}
    found = Person(api, said["id"], said["username"], Pair(said["access"], said["refresh"]))
    assert found.get("/api/users/me/").json()["id"] == said["id"]
    return found


def guest(api: Api, **said: str) -> Person:
    return person(api, api.request("POST", "/api/guests/", json=said))


def identified(api: Api, user_id: str, **more: Any) -> Person:
    return person(api, api.request("POST", "/api/guests/identify/", json=signed(user_id, **more)))


async def said_on_a_socket(who: Person, place: str, headers: dict[str, str]) -> str:
    """Send there; what comes back: `ack`, or why not."""
    url = f"ws://127.0.0.1:{who.api.port}/ws/chat/{place.strip('/').split('/')[-1]}/"
    headers = {**headers, "Authorization": f"Bearer {who.access}"}
    async with (
        asyncio.timeout(60),
        connect(url, additional_headers=headers, open_timeout=60) as socket,
    ):
        await socket.send('{"type":"chat_message","message":"x","ref":"r"}')
        while True:
            frame = json.loads(await socket.recv())
            if frame.get("ref") == "r":
                return str(frame.get("detail", frame["type"])).partition(":")[0]


def test_a_guest_writes_to_the_desk(api: Api) -> None:
    """With a name and an address that staff read, and nobody else."""
    ali, agent = guest(api, name="علی", email="ali@example.org"), api.person("a", is_staff=True)
    conversation = ali.begin()
    assert ali.post(conversation + "support_ticket/", {"subject": "help"}).status_code == 201
    ali.say(conversation, "hello")
    assert agent.say(conversation, "hi")["role"] == "agent"
    said = agent.get(f"/api/guests/{ali.id}/").json()
    assert (said["display_name"], said["email"], said["is_known"]) == (
        "علی",
        "ali@example.org",
        False,
    )
    problem(ali.get(f"/api/guests/{ali.id}/"), 403, "forbidden")
    problem(agent.get(f"/api/guests/{agent.id}/"), 404, "not_found")


def test_customers_are_found_by_their_names_in_every_spelling(api: Api) -> None:
    """As subjects are; also by a name of an earlier release, and by one that was changed since."""

    async def carry_over() -> None:
        async with api.app.ctx.payam.database.transaction() as transaction:
            await m0076_folded_display_names.carry_over(transaction)

    agent = api.person("a", is_staff=True)

    def found(q: str) -> set[int]:
        answer = agent.get("/api/support_tickets/", params={"q": q, "limit": 200})
        return {one["created_by"]["id"] for one in answer.json()}

    ali = guest(api, name="آرش مؤمنی ۱۲")
    assert ali.post(ali.begin() + "support_ticket/", {"subject": "help"}).status_code == 201
    api.execute("UPDATE users SET display_name_key = ''")
    assert ali.id not in found("ارش")
    api.run(carry_over())
    for q in ("آرش مؤمنی", "ارش مومني", "ARASH", "مؤمنی 12"):
        assert (ali.id in found(q)) == (q != "ARASH"), q
    assert ali.patch("/api/users/me/", {"display_name": "José"}).status_code == 200
    assert ali.id in found("jose")
    assert ali.id not in found("ارش")


def test_a_guest_knows_staff_alone(api: Api) -> None:
    """Others are neither found nor reached, by no path; nor do others find guests."""
    ali, sara, agent = guest(api), api.person("sara"), api.person("a", is_staff=True)
    found = ali.get(f"/api/users/?search={sara.username}").json()
    assert found == []
    assert [one["id"] for one in ali.get(f"/api/users/?search={agent.username}").json()] == [
        agent.id
    ]
    assert sara.get(f"/api/users/?search={ali.username}").json() == []
    assert [one["id"] for one in agent.get(f"/api/users/?search={ali.username}").json()] == [ali.id]
    body: dict[str, Any] = {"participants": [sara.id]}
    unknown = {"participants": [2**61]}
    for more in ({}, {"direct": True}):
        refused = ali.post("/api/conversations/", {**body, **more})
        absent = ali.post("/api/conversations/", {**unknown, **more})
        assert wrong_fields(refused) == wrong_fields(absent) == {"participants"}
    conversation = ali.begin(agent)
    refused = ali.post(conversation + "participants/", {"user_id": sara.id})
    assert wrong_fields(refused) == {"user_id"}


def test_guests_are_not_there_for_others(api: Api) -> None:
    """Whoever is not staff reaches a guest by no path, and gets what an unknown id gets."""
    ali, sara, agent = guest(api), api.person("sara"), api.person("a", is_staff=True)
    for body in ({}, {"direct": True}):
        refused = sara.post("/api/conversations/", {"participants": [ali.id], **body})
        absent = sara.post("/api/conversations/", {"participants": [2**61], **body})
        assert wrong_fields(refused) == wrong_fields(absent) == {"participants"}
        assert ali.username not in refused.text
    place = sara.begin()
    for field, value in (("user_id", ali.id), ("user_ids", [ali.id])):
        refused = sara.post(f"{place}participants/", {field: value})
        assert wrong_fields(refused) == {field}
    for one, other in ((sara, ali), (ali, sara)):
        blocked = one.request("PUT", f"/api/users/me/blocks/{other.id}/")
        problem(blocked, 404, "not_found")
    begun = agent.post("/api/conversations/", {"participants": [ali.id], "direct": True})
    assert begun.status_code == 201


def test_a_guest_lets_nobody_in(api: Api) -> None:
    """By no invite link: none is made, and one of before leads nowhere."""
    ali, sara = guest(api), api.person("sara")
    place = ali.begin()
    problem(ali.post(f"{place}invites/", {}), 403, "forbidden")
    maker = api.person("maker")
    elsewhere = maker.begin()
    code = maker.post(f"{elsewhere}invites/", {}).json()["code"]
    api.execute("UPDATE users SET is_guest = TRUE WHERE id = ?", (maker.id,))
    problem(sara.post(f"/api/invites/{code}/", {}), 404, "not_found")
    problem(sara.get(f"/api/invites/{code}/"), 404, "not_found")


def test_a_signature_makes_the_guest_a_known_user(api: Api) -> None:
    """The same user, who keeps the conversation; and the same again by the signature alone."""
    ali = guest(api, name="Ali")
    conversation = ali.begin()
    ali.say(conversation, "hello")
    known = identified(api, "shop-1", guest=ali.access)
    assert known.id == ali.id
    again = identified(api, "shop-1")
    assert again.id == ali.id
    [message] = again.get(conversation + "messages/").json()
    assert message["sender"]["id"] == ali.id
    agent = api.person("a", is_staff=True)
    assert agent.get(f"/api/guests/{ali.id}/").json()["is_known"] is True


def test_the_conversation_of_a_guest_joins_the_account(api: Api) -> None:
    """Which the shop's user has already: with its ticket; the guest is not in it any more."""
    account = identified(api, "shop-2", name="Sara")
    late = guest(api)
    conversation = late.begin()
    late.say(conversation, "hello")
    ticket = late.post(conversation + "support_ticket/", {"subject": "help"}).json()
    agent = api.person("a", is_staff=True)
    agent.say(conversation, "hi")
    for _ in range(2):  # a retry goes on
        joined = identified(api, "shop-2", guest=late.access)
        assert joined.id == account.id
    said = [one["content"] for one in account.get(conversation + "messages/").json()]
    shown = account.get(conversation).json()
    assert (said, shown["unread_count"]) == (["hello", "hi"], 1)
    assert [one["id"] for one in shown["participants"]] == [account.id]
    assert shown["support_ticket"]["created_by"]["id"] == account.id
    assert shown["support_ticket"]["id"] == ticket["id"]
    problem(late.get(conversation), 404, "not_found")
    assert agent.get(f"/api/guests/{late.id}/").json()["joined"] == account.id


def test_a_suspended_account_takes_nothing_over(api: Api) -> None:
    """403, and the guest keeps the conversation."""
    account = identified(api, "shop-11")
    late, agent = guest(api), api.person("a", is_staff=True)
    conversation = late.begin()
    assert agent.post(f"/api/staff/users/{account.id}/suspend/", {}).status_code == 200
    body = signed("shop-11", guest=late.access)
    problem(api.request("POST", "/api/guests/identify/", json=body), 403, "suspended")
    assert late.get(conversation).status_code == 200


def test_an_export_has_what_was_said_as_a_guest(api: Api) -> None:
    """By a guest, and by who was one before: name, address, consent, messages, tickets, ratings."""
    said = {"name": "Ali", "email": "ali@example.org", "consent": "It is stored."}
    late = guest(api, **said)
    place = late.begin()
    late.say(place, "hello")
    ticket = late.post(place + "support_ticket/", {"subject": "help"}).json()
    agent = api.person("a", is_staff=True)
    assert agent.post(f"/api/support_tickets/{ticket['id']}/close/").status_code == 200
    rating = {"score": 2, "comment": "slow"}
    assert late.post(f"/api/support_tickets/{ticket['id']}/rating/", rating).status_code == 200

    def exported(who: Person) -> tuple[Any, ...]:
        answer = who.get("/api/users/me/export/")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            names = ("profile", "messages", "tickets")
            profile, sent, tickets = (json.loads(archive.read(f"{name}.json")) for name in names)
        (as_guest,) = [one for one in profile["guest"] if one["id"] == late.id]
        of_guest = {name: as_guest[name] for name in said}
        contents = [one["content"] for one in sent]
        return of_guest, contents, [(one["subject"], one["rating"]) for one in tickets]

    expected = (said, ["hello"], [("help", rating)])
    assert exported(late) == expected
    account = identified(api, "shop-12")
    identified(api, "shop-12", guest=late.access)
    assert exported(account) == expected


def test_an_erased_account_takes_its_guest_along(api: Api) -> None:
    """What both said to the desk is gone at once, and nobody is signed in as either."""
    account = identified(api, "shop-6", email="sara@example.org")
    late = guest(api, name="Sara", email="sara@example.org")
    late.begin()
    identified(api, "shop-6", guest=late.access)
    agent = api.person("a", is_staff=True)
    assert agent.get(f"/api/guests/{late.id}/").json()["joined"] == account.id
    assert account.request("DELETE", "/api/users/me/").status_code == 202
    for who in (account, late):
        problem(agent.get(f"/api/guests/{who.id}/"), 404, "not_found")
        assert who.get("/api/users/me/").status_code == 401


def test_the_address_of_a_shop_s_user_is_kept(api: Api) -> None:
    """With a guest before and without; a later one replaces it, and no address takes none away."""
    agent = api.person("a", is_staff=True)

    def kept(who: Person) -> tuple[str, bool]:
        said = agent.get(f"/api/guests/{who.id}/").json()
        return said["email"], said["is_known"]

    sara = identified(api, "shop-7", name="Sara", email="sara@example.org")
    assert kept(sara) == ("sara@example.org", True)
    identified(api, "shop-7")
    assert kept(sara) == ("sara@example.org", True)
    identified(api, "shop-7", email="s@example.org", guest=guest(api, email="x@y.z").access)
    assert kept(sara) == ("s@example.org", True)
    ali = guest(api)
    identified(api, "shop-8", email="ali@example.org", guest=ali.access)
    assert kept(ali) == ("ali@example.org", True)
    nobody = identified(api, "shop-9")
    assert kept(nobody) == ("", True)
    identified(api, "shop-9", guest=guest(api, email="late@example.org").access)
    assert kept(nobody) == ("late@example.org", True)


@pytest.mark.parametrize("signature", ["0" * 64, "", "x", "é" * 64])
def test_a_wrong_signature_names_nobody(api: Api, signature: str) -> None:
    """Nor does the signature of another user, nor one for staff."""
    body = {**signed("shop-3"), "signature": signature}
    problem(api.request("POST", "/api/guests/identify/", json=body), 403, "signature_invalid")
    body = {**signed("shop-3"), "user_id": "shop-4"}
    problem(api.request("POST", "/api/guests/identify/", json=body), 403, "signature_invalid")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"email": "x"}, "email"),
        ({"email": "a b@c"}, "email"),
        ({"email": "@"}, "email"),
        ({"email": "a@"}, "email"),
        ({"email": "@b"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "a\u2003b@c"}, "email"),
        ({"email": "a@" + "b" * 253}, "email"),
        ({"age": 3}, "age"),
    ],
)
def test_wrong_words_of_a_guest_name_the_field(api: Api, body: Any, field: str) -> None:
    """And nobody is made."""
    assert wrong_fields(api.request("POST", "/api/guests/", json=body)) == {field}


def test_the_desk_says_who_is_there(api: Api) -> None:
    """Nobody, while no agent has a socket open."""
    assert guest(api).get("/api/desk/").json() == {
        "online": False,
        "agents": [],
        "in_hours": True,
        "opens_at": None,
        "reopens": False,
    }


def test_an_inbox_hears_that_an_account_took_a_ticket_over(api: Api) -> None:
    """Staff outside the conversation too; and the account owns it, not the agent who is in it."""
    account = identified(api, "shop-10")
    late, agent = guest(api), api.person("a", is_staff=True)
    outside = api.person("b", is_staff=True)
    conversation = late.begin(agent)
    ticket = late.post(conversation + "support_ticket/", {"subject": "help"}).json()

    async def heard() -> Any:
        url = f"ws://127.0.0.1:{api.port}/ws/"
        headers = {"Authorization": f"Bearer {outside.access}"}
        async with (
            asyncio.timeout(60),
            connect(url, additional_headers=headers, open_timeout=60) as socket,
        ):
            while json.loads(await socket.recv())["type"] != "hello":
                pass
            body = signed("shop-10", guest=late.access)
            assert (await api.send("POST", "/api/guests/identify/", json=body)).status_code == 201
            while True:
                frame = json.loads(await socket.recv())
                of_it = frame.get("support_ticket", {})
                if of_it.get("created_by", {}).get("id") == account.id:
                    return frame

    frame = api.run(heard())
    assert (frame["type"], frame["support_ticket"]["id"]) == ("ticket.updated", ticket["id"])
    steps = agent.get(f"/api/support_tickets/{ticket['id']}/steps/").json()
    assert [(one["action"], one["by"]["id"]) for one in steps] == [
        ("opened", late.id),
        ("changed", account.id),
    ]
    there = account.get(f"{conversation}participants/").json()
    assert {one["id"]: one["role"] for one in there} == {account.id: "owner", agent.id: "member"}


def test_an_address_gets_few_guests(tmp_path: Any) -> None:
    """As many as RATE_GUESTS says, and then 429."""
    with Api(Settings(data_dir=tmp_path, guests=True, rate_guests=2)) as served:
        for _ in range(2):
            guest(served)
        answer = served.request("POST", "/api/guests/", json={})
        problem(answer, 429, "rate_limited")
        assert int(answer.headers["Retry-After"]) > 0


def test_a_guest_may_do_less_than_a_user(tmp_path: Any) -> None:
    """Each limit has a name, is the guest's own, and holds for all guests of an address together.
    Users have none of these.
    """
    settings = Settings(
        data_dir=tmp_path,
        guests=True,
        rate_guest_messages=1,
        rate_guest_tickets=1,
        rate_guest_files=1,
        trusted_proxies=("127.0.0.1",),
    )
    with Api(settings) as served:

        def refused(who: Person, path: str, **options: Any) -> str:
            answer = who.request("POST", path, **options)
            problem(answer, 429, "rate_limited")
            assert int(answer.headers["Retry-After"]) > 0
            return str(answer.json()["detail"]).partition(":")[0]

        def place_of(who: Person) -> str:
            """Begun from an address of the guest's own, so that only messages are too many here."""
            path, headers = "/api/conversations/", {"X-Forwarded-For": f"203.0.114.{who.id}"}
            begun = who.post(path, {"participants": []}, headers=headers)
            return f"{path}{begun.json()['id']}/"

        body = {"content": "x"}
        one = guest(served)
        place = place_of(one)
        begun = refused(one, "/api/conversations/", json={"participants": []})
        assert begun == "Too many conversations of this guest"
        ticket, messages = f"{place}support_ticket/", f"{place}messages/"
        assert one.post(ticket, {"subject": "help"}).status_code == 201
        assert refused(one, ticket, json={"subject": "help"}) == "Too many tickets of this guest"
        sent = one.post(messages, body)
        assert refused(one, messages, json=body) == "Too many messages of this guest"
        files = f"{messages}{sent.json()['id']}/attachments/"
        form = {"file": ("a.txt", b"text")}
        assert one.request("POST", files, files=form).status_code == 201
        assert refused(one, files, files=form) == "Too many files of this guest"
        for _ in range(9):
            another = guest(served)
            assert another.post(f"{place_of(another)}messages/", body).status_code == 201
        last = guest(served)
        said = refused(last, f"{place_of(last)}messages/", json=body)
        assert said == "Too many messages of guests from this address"
        for headers, expected in (
            ({}, said),
            ({"X-Forwarded-For": "203.0.113.9"}, "ack"),
            ({"Forwarded": "for=203.0.113.10"}, "ack"),
        ):
            next_one = guest(served)
            place = place_of(next_one)
            assert served.run(said_on_a_socket(next_one, place, headers)) == expected
        user = served.person("user")
        path = f"{place_of(user)}messages/"
        assert [user.post(path, body).status_code for _ in range(2)] == [201, 201]


def test_without_the_setting_there_are_no_guests(tmp_path: Any) -> None:
    """Nor is anybody named by a signature without the secret."""
    with Api(Settings(data_dir=tmp_path)) as served:
        problem(served.request("POST", "/api/guests/", json={}), 403, "guests_closed")
        body = signed("shop-5")
        problem(served.request("POST", "/api/guests/identify/", json=body), 403, "guests_closed")
