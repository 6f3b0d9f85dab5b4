"""`GET /api/search/`: the caller's messages that contain a text."""

from typing import Any

import pytest

from tests.support.commands import run_command
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.postgres_server import PostgresServer

Found = dict[str, Any]


async def say(person: Person, conversation: int, text: str) -> int:
    answer = await person.http.post(
        f"/api/conversations/{conversation}/messages/", json={"content": text}
    )
    assert answer.status_code == 201, answer.text
    message_id: int = answer.json()["id"]
    return message_id


async def search(person: Person, text: str, **parameters: Any) -> list[Found]:
    answer = await person.http.get("/api/search/", params={"q": text, **parameters})
    assert answer.status_code == 200, answer.text
    found: list[Found] = answer.json()
    return found


def ids(found: list[Found]) -> list[int]:
    return [one["message"]["id"] for one in found]


async def test_what_was_just_said_is_found_in_every_spelling(people: People) -> None:
    """With the message as the caller sees it, and where in it the text stands."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    text = "سلام، می‌روم كتاب‌ها را بیاورم"
    message_id = await say(ali, conversation, text)
    path = f"/api/conversations/{conversation}/messages/{message_id}/"
    for query in ("میروم", "می روم", "می‌روم", "کتابها", "کتاب ها", "کتا", "ک"):
        (found,) = await search(sara, query)
        assert found["conversation"] == conversation
        assert found["message"] == (await sara.http.get(path)).json()
        assert found["matches"]
    (found,) = await search(ali, "کتاب ها")
    ((start, end),) = found["matches"]
    assert text[start:end] == "كتاب‌ها"


async def test_only_ones_own_conversations_are_searched(people: People) -> None:
    """Not those of others, and not one that was left, until one is back."""
    ali, sara, reza = [await people(name) for name in ("ali", "sara", "reza")]
    ours, theirs = await ali.begin_conversation(sara), await reza.begin_conversation(sara)
    first = await say(ali, ours, "قرار فردا")
    second = await say(reza, theirs, "قرار امروز")
    assert ids(await search(sara, "قرار")) == [second, first]
    assert ids(await search(ali, "قرار")) == [first]
    assert ids(await search(sara, "قرار", conversation=ours)) == [first]
    refused = await ali.http.get("/api/search/", params={"q": "قرار", "conversation": theirs})
    assert refused.status_code == 404
    path = f"/api/conversations/{ours}/participants/"
    await ali.http.delete(f"{path}{sara.id}/")
    assert ids(await search(sara, "قرار")) == [second]
    await ali.http.post(path, json={"user_id": sara.id})
    assert ids(await search(sara, "قرار")) == [second, first]


async def test_edits_and_deletions_reach_the_index(people: People) -> None:
    """A message is found by what it says now; a deleted one is not."""
    ali = await people("ali")
    conversation = await ali.begin_conversation()
    message_id = await say(ali, conversation, "بازار تهران")
    path = f"/api/conversations/{conversation}/messages/{message_id}/"
    assert ids(await search(ali, "تهران")) == [message_id]
    await ali.http.patch(path, json={"content": "میدان شیراز"})
    assert ids(await search(ali, "تهران")) == []
    assert ids(await search(ali, "شیراز")) == [message_id]
    await ali.http.delete(path)
    assert ids(await search(ali, "شیراز")) == []


async def test_pages_lead_to_earlier_messages(people: People) -> None:
    """The newest come first; `Link` leads on, with the same question."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    sent = [await say(who, conversation, f"خبر {n}") for n, who in enumerate([ali, sara] * 3)]
    path: str | None = f"/api/search/?q=خبر&limit=2&conversation={conversation}"
    pages = []
    while path:
        answer = await ali.http.get(path)
        pages.append(ids(answer.json()))
        path = answer.links["next"]["url"] if "next" in answer.links else None
    assert [one for page in pages for one in page] == sent[::-1]
    assert pages[:3] == [sent[5:3:-1], sent[3:1:-1], sent[1::-1]]
    assert ids(await search(ali, "خبر", sender=sara.id)) == sent[5::-2]
    assert ids(await search(ali, "خبر", before=sent[2])) == sent[1::-1]
    everything = {"conversation": conversation, "sender": ali.id, "before": sent[4], "limit": 1}
    assert ids(await search(sara, "خبر", **everything)) == [sent[2]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "q"),
        ("q=", "q"),
        ("q=%20", "q"),
        ("q=%E2%80%8C", "q"),
        ("q=%D9%8E", "q"),
        ("q=" + "x" * 201, "q"),
        ("q=x&q=y", "q"),
        ("q=x&limit=0", "limit"),
        ("q=x&limit=101", "limit"),
        ("q=x&conversation=ali", "conversation"),
        ("q=x&sender=-1", "sender"),
        ("q=x&before=1.5", "before"),
        ("q=x&order=oldest", "order"),
    ],
)
async def test_a_wrong_question_names_the_parameter(people: People, query: str, field: str) -> None:
    ali = await people("ali")
    answer = await ali.http.get(f"/api/search/?{query}")
    assert answer.status_code == 400, answer.text
    assert set(answer.json()["errors"]) == {field}


async def test_an_agent_searches_a_conversation_with_a_ticket(people: People) -> None:
    """One at a time; those without a ticket stay closed to staff."""
    ali, sara = await people("ali"), await people("sara")
    agent = await people.staff("agent")
    helped, private = await ali.begin_conversation(sara), await ali.begin_conversation(sara)
    for conversation in (helped, private):
        await say(ali, conversation, "کارت بانکی")
    await ali.http.post(
        f"/api/conversations/{helped}/support_ticket/", json={"subject": "the card"}
    )
    assert len(await search(agent, "کارت", conversation=helped)) == 1
    assert await search(agent, "کارت") == []
    refused = await agent.http.get("/api/search/", params={"q": "کارت", "conversation": private})
    assert refused.status_code == 404


async def test_search_answers_also_without_an_index(postgres_server: PostgresServer) -> None:
    """The log says at the start why there is none."""
    url = postgres_server.create_database(template="template0", lc_ctype="C")
    server = PayamServer({"DATABASE_URL": url, "RATE_LIMITS": "off"})
    run_command("migrate", settings=server.settings)
    with server:
        assert "search has no index of pieces: with lc_ctype 'C'" in server.log()
        async with People(server) as people:
            ali, sara = await people("ali"), await people("sara")
            conversation = await ali.begin_conversation(sara)
            message_id = await say(ali, conversation, "می‌روم کتاب‌ها را بیاورم")
            for query in ("میروم", "کتاب ها", "ک"):
                assert ids(await search(sara, query)) == [message_id]
