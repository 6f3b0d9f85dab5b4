"""`Idempotency-Key` on every POST that makes something: on each shape, on either worker."""

import asyncio
import secrets
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.contract.helpers import Pair
from tests.support.http_client import http_client
from tests.support.people import People


class Making:
    """One POST that makes something, and another body for the same path."""

    def __init__(
        self, client: httpx.AsyncClient, path: str, body: dict[str, Any], other: dict[str, Any]
    ) -> None:
        self.client = client
        self.path = path
        self.body = body
        self.other = other

    @classmethod
    async def of(cls, what: str, pair: Pair, third: int) -> "Making":
        body: dict[str, Any]
        other: dict[str, Any]
        http, talk = pair.ali.http, f"/api/conversations/{pair.conversation}/"
        if what == "user":
            body = {"username": f"new_{secrets.token_hex(6)}", "password": "correct horse"}
            other = {"username": f"new_{secrets.token_hex(6)}", "password": "correct horse"}
            return cls(http, "/api/users/", {"json": body}, {"json": other})
        if what == "conversation":
            body = {"participants": [pair.sara.id], "title": "once"}
            return cls(http, "/api/conversations/", {"json": body}, {"json": {"participants": []}})
        if what == "participant":
            path = f"{talk}participants/"
            other = {"user_ids": [third, pair.sara.id]}
            return cls(http, path, {"json": {"user_ids": [third]}}, {"json": other})
        if what == "ticket":
            path = f"{talk}support_ticket/"
            return cls(http, path, {"json": {"subject": "help"}}, {"json": {"subject": "help!"}})
        message = (await http.post(pair.messages, json={"content": "see"})).json()["id"]
        path = f"{pair.messages}{message}/attachments/"
        same, other_file = ("f.txt", b"x" * 100_000), ("f.txt", b"y" * 100_000)
        return cls(http, path, {"files": {"file": same}}, {"files": {"file": other_file}})

    async def post(self, key: str | None, options: dict[str, Any] | None = None) -> httpx.Response:
        """On a connection of its own, so that it may come to either worker."""
        headers = {"Authorization": self.client.headers["Authorization"]}
        if key is not None:
            headers["Idempotency-Key"] = key
        async with http_client(str(self.client.base_url), headers=headers) as client:
            return await client.post(self.path, **(options or self.body))


WHAT = ["user", "conversation", "participant", "ticket", "attachment"]


@pytest.mark.parametrize("what", WHAT)
async def test_a_repeat_makes_nothing(people: People, what: str) -> None:
    """It is answered with what the first one made, and 200; another body is 422."""
    pair, third = await Pair.of(people), (await people("third")).id
    making, key = await Making.of(what, pair, third), secrets.token_hex(8)
    first = await making.post(key)
    assert first.status_code == 201, first.text
    for _ in range(3):
        again = await making.post(key)
        assert (again.status_code, again.json()) == (200, first.json())
    other = await making.post(key, making.other)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert (await making.post(key)).status_code == 200


@pytest.mark.parametrize("what", WHAT)
async def test_of_many_at_once_one_makes_it(people: People, what: str) -> None:
    """All get the same answer, whichever worker they come to."""
    pair, third = await Pair.of(people), (await people("third")).id
    making, key = await Making.of(what, pair, third), secrets.token_hex(8)
    answers = await asyncio.gather(*(making.post(key) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 7}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_what_was_refused_leaves_its_key_free(people: People) -> None:
    """Once what stood in the way is gone, the same request is carried out."""
    pair = await Pair.of(people)
    path = f"/api/conversations/{pair.conversation}/support_ticket/"
    opened = (await pair.ali.http.post(path, json={"subject": "first"})).json()
    making = Making(pair.ali.http, path, {"json": {"subject": "second"}}, {})
    assert (await making.post("k")).status_code == 409
    closed = await pair.ali.http.post(f"/api/support_tickets/{opened['id']}/close/")
    assert closed.status_code == 200
    assert (await making.post("k")).status_code == 201
    assert (await making.post("k")).status_code == 200


@pytest.mark.parametrize("who", ["creator", "leaver"])
async def test_a_repeated_removal_removes_nobody_who_came_back(people: People, who: str) -> None:
    """204 for the repeat, on either worker; without its key the same request removes them."""
    pair = await Pair.of(people)
    remover = pair.ali if who == "creator" else pair.sara
    talk = f"/api/conversations/{pair.conversation}/"
    path, headers = f"{talk}participants/{pair.sara.id}/", {"Idempotency-Key": "k"}
    assert (await remover.http.delete(path, headers=headers)).status_code == 204
    assert (await remover.http.delete(path, headers=headers)).status_code == 204
    back = await pair.ali.http.post(f"{talk}participants/", json={"user_id": pair.sara.id})
    assert back.status_code == 201
    assert (await remover.http.delete(path, headers=headers)).status_code == 204
    assert (await pair.sara.http.get(talk)).status_code == 200
    other = await remover.http.delete(f"{talk}participants/{pair.ali.id}/", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert (await remover.http.delete(path)).status_code == 204
    assert (await pair.sara.http.get(talk)).status_code == 404


async def test_a_key_is_its_users_own(people: People) -> None:
    """Two people may choose the same one."""
    ali, sara = await people("ali"), await people("sara")
    made = [
        await Making(who.http, "/api/conversations/", {"json": {"participants": []}}, {}).post("k")
        for who in (ali, sara)
    ]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] != made[1].json()["id"]


async def test_a_repeat_of_another_path_is_another_request(people: People) -> None:
    """422, although the body is the same."""
    ali = await people("ali")
    paths = [f"/api/conversations/{await ali.begin_conversation()}/support_ticket/" for _ in "ab"]
    answers = [await Making(ali.http, p, {"json": {"subject": "x"}}, {}).post("k") for p in paths]
    assert [answer.status_code for answer in answers] == [201, 422]


async def test_another_password_is_another_sign_up(people: People) -> None:
    """Nobody learns who a key belongs to, and the first password is the one that counts."""
    ali = await people("ali")
    name, key = f"new_{secrets.token_hex(6)}", secrets.token_hex(8)
    body = {"username": name, "password": "correct horse"}
    making = Making(ali.http, "/api/users/", {"json": body}, {})
    assert (await making.post(key)).status_code == 201
    wrong = await making.post(key, {"json": body | {"password": "battery staple"}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "key_reused")
    without_key = await making.post(None)
    assert (without_key.status_code, without_key.json()["code"]) == (409, "username_taken")


async def test_others_hear_of_a_repeated_upload_once(people: People) -> None:
    """And the repeat's bytes are not kept."""
    pair = await Pair.of(people)
    making, key = await Making.of("attachment", pair, 0), secrets.token_hex(8)
    for _ in range(3):
        await making.post(key)
    await pair.first.send({"type": "chat_message", "message": "marker"})
    frames = [await pair.second.receive() for _ in range(3)]
    assert [frame["type"] for frame in frames] == [
        "chat.message", "attachment.added", "chat.message",
    ]  # fmt: skip
    assert [frame["seq"] for frame in frames] == [1, 2, 3]
    assert len((await pair.sara.http.get(making.path)).json()) == 1


@pytest.mark.parametrize("key", ["", "k" * 65])
async def test_a_wrong_key_is_400(people: People, key: str) -> None:
    """By its name; nothing is made."""
    ali = await people("ali")
    making = Making(ali.http, "/api/conversations/", {"json": {"participants": []}}, {})
    answer = await making.post(key)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])
    assert (await ali.http.get("/api/conversations/")).json() == []
