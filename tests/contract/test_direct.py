"""`direct: true`: two people have one conversation, whoever begins it, and when."""

import asyncio
import secrets
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.support.http_client import http_client
from tests.support.people import People, Person

PATH = "/api/conversations/"


async def direct(one: Person, *others: Person, **more: Any) -> httpx.Response:
    """On a connection of its own, so that it may come to either worker."""
    body = {"participants": [other.id for other in others], "direct": True, **more}
    headers = {"Authorization": f"Bearer {one.access}"}
    async with http_client(one.server.url) as client:
        return await client.post(PATH, json=body, headers=headers)


async def test_two_people_have_one(people: People) -> None:
    """Begun by either (201), it is found by both (200)."""
    ali, sara = await people("ali"), await people("sara")
    first = await direct(ali, sara)
    assert first.status_code == 201
    conversation = first.json()
    assert conversation["direct"] is True
    assert {one["id"] for one in conversation["participants"]} == {ali.id, sara.id}
    for one, other in ((ali, sara), (sara, ali), (sara, ali)):
        again = await direct(one, other)
        assert (again.status_code, again.json()["id"]) == (200, conversation["id"])
    with_oneself_named = await direct(ali, ali, sara)
    assert with_oneself_named.json()["id"] == conversation["id"]
    for one in (ali, sara):
        assert [c["id"] for c in (await one.http.get(PATH)).json()] == [conversation["id"]]


async def test_both_at_once_get_the_same(people: People) -> None:
    """On two workers as well; one of all requests begins it."""
    ali, sara = await people("ali"), await people("sara")
    asking = [direct(*pair) for pair in ((ali, sara), (sara, ali)) for _ in range(6)]
    answers = await asyncio.gather(*asking)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 11}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await sara.http.get(PATH)).json()) == 1


async def test_each_pair_has_its_own(people: People) -> None:
    """A group of the same two does not count, nor one with others."""
    ali, sara, reza = await people("ali"), await people("sara"), await people("reza")
    titled = await ali.http.post(PATH, json={"participants": [sara.id], "title": "Trip"})
    three = await ali.begin_conversation(sara, reza)
    ids = [(await direct(ali, other)).json()["id"] for other in (sara, reza)]
    ids.append((await direct(sara, reza)).json()["id"])
    assert len({*ids, titled.json()["id"], three}) == 5


async def test_an_earlier_conversation_of_the_two_becomes_it(people: People) -> None:
    """The latest that they had alone: nobody's history is torn in two."""
    ali, sara = await people("ali"), await people("sara")
    await ali.begin_conversation(sara)
    latest = await sara.begin_conversation(ali)
    await sara.http.post(f"{PATH}{latest}/messages/", json={"content": "before"})
    found = await direct(ali, sara)
    assert (found.status_code, found.json()["id"]) == (200, latest)
    assert found.json()["direct"] is True
    assert (await direct(sara, ali)).json()["id"] == latest


@pytest.mark.parametrize("who_left", ["the one who asks", "the other"])
async def test_who_has_left_comes_back(people: People, who_left: str) -> None:
    """To the same conversation with all that was said; sockets receive it."""
    ali, sara = await people("ali"), await people("sara")
    id_ = (await direct(ali, sara)).json()["id"]
    await ali.http.post(f"{PATH}{id_}/messages/", json={"content": "hello"})
    leaver, stayer = (ali, sara) if who_left == "the one who asks" else (sara, ali)
    assert (await leaver.http.delete(f"{PATH}{id_}/participants/{leaver.id}/")).status_code == 204
    assert (await leaver.http.get(f"{PATH}{id_}/")).status_code == 404
    socket = await stayer.connect(id_)
    again = await direct(ali, sara)
    assert (again.status_code, again.json()["id"]) == (200, id_)
    assert again.json()["participant_count"] == 2
    joined = await socket.receive_type("participant.joined")
    assert joined["participant"]["id"] == leaver.id
    (message,) = (await leaver.http.get(f"{PATH}{id_}/messages/")).json()
    assert message["content"] == "hello"


async def test_nobody_else_is_added_to_it(people: People) -> None:
    """409 by its code; one of the two who left is added like anybody."""
    ali, sara, reza = await people("ali"), await people("sara"), await people("reza")
    id_ = (await direct(ali, sara)).json()["id"]
    path = f"{PATH}{id_}/participants/"
    refused = await ali.http.post(path, json={"user_id": reza.id})
    assert (refused.status_code, refused.json()["code"]) == (409, "direct_conversation")
    assert (await reza.http.get(f"{PATH}{id_}/")).status_code == 404
    await sara.http.delete(f"{path}{sara.id}/")
    assert (await ali.http.post(path, json={"user_id": sara.id})).status_code == 201
    assert (await ali.http.post(path, json={"user_id": sara.id})).status_code == 201


async def test_one_has_one_with_oneself(people: People) -> None:
    """For notes: with one's own id, it is begun once like any other."""
    ali = await people("ali")
    first = await direct(ali, ali)
    again = await direct(ali, ali)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert [one["id"] for one in first.json()["participants"]] == [ali.id]


async def test_it_is_of_two(people: People) -> None:
    """400 by field for another number, for a title, and for who is not there."""
    ali, sara, reza = await people("ali"), await people("sara"), await people("reza")
    refusals = [
        (await direct(ali), "participants"),
        (await direct(ali, sara, reza), "participants"),
        (await direct(ali, sara, title="Us"), "title"),
        (await ali.http.post(PATH, json={"participants": [2**60], "direct": True}), "participants"),
        (await ali.http.post(PATH, json={"participants": [sara.id], "direct": 1}), "direct"),
    ]
    for answer, field in refusals:
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert (await ali.http.get(PATH)).json() == []
    assert (await direct(ali, sara, title="")).status_code == 201


async def test_it_takes_a_key_as_well(people: People) -> None:
    """A repeat is 200 anyway; another body with the same key is 422."""
    ali, sara, reza = await people("ali"), await people("sara"), await people("reza")
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    bodies = [
        {"participants": [sara.id], "direct": True},
        {"participants": [sara.id], "direct": True},
        {"participants": [reza.id], "direct": True},
        {"participants": [sara.id]},
    ]
    answers = [await ali.http.post(PATH, json=body, headers=headers) for body in bodies]
    assert [answer.status_code for answer in answers] == [201, 200, 422, 422]
