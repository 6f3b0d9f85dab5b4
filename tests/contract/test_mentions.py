"""Mentions: `@username` in a message."""

from typing import Any

from tests.contract.helpers import Pair
from tests.support.people import People, Person

Frame = dict[str, Any]


def of(*people: Person) -> list[Frame]:
    """The people, as a message mentions them."""
    found = [{"id": person.id, "username": person.username} for person in people]
    return sorted(found, key=lambda one: one["id"])


async def say(pair: Pair, text: str, by: Person | None = None) -> Frame:
    answer = await (by or pair.ali).http.post(pair.messages, json={"content": text})
    assert answer.status_code == 201, answer.text
    message: Frame = answer.json()
    return message


async def counts(person: Person, conversation: int) -> tuple[int, int]:
    """How many messages, and how many mentions are unread; the list says the same."""
    record = (await person.http.get(f"/api/conversations/{conversation}/")).json()
    listed = (await person.http.get("/api/conversations/")).json()
    assert [one for one in listed if one["id"] == conversation] == [record]
    return record["unread_count"], record["unread_mentions"]


async def test_participants_are_mentioned(people: People) -> None:
    """In the answer, live, in the list, and to who comes back; others are not."""
    pair = await Pair.of(people)
    reza = await people("reza")
    text = f"@{pair.sara.username.upper()}, ask @{reza.username} or @{pair.ali.username}."
    expected = of(pair.ali, pair.sara)
    message = await say(pair, text)
    assert message["mentions"] == expected
    assert (await pair.second.receive_type("chat.message"))["mentions"] == expected
    await pair.first.send({"type": "chat_message", "message": f"again @{pair.sara.username}"})
    live = await pair.second.receive_type("chat.message")
    assert live["mentions"] == of(pair.sara)
    plain = await say(pair, f"write to {pair.ali.username}@{pair.sara.username}")
    assert plain["mentions"] == []
    assert "mentions" not in await pair.second.receive_type("chat.message")
    listed = (await pair.sara.http.get(pair.messages)).json()
    assert [one["mentions"] for one in listed] == [expected, of(pair.sara), []]
    changed = (await pair.sara.http.get(f"{pair.messages}?since=1")).json()
    assert [one["mentions"] for one in changed] == [of(pair.sara), []]
    returning = await pair.sara.connect(pair.conversation, since=0)
    frames = [await returning.receive() for _ in range(3)]
    assert [one.get("mentions") for one in frames] == [expected, of(pair.sara), None]


async def test_unread_mentions_are_counted(people: People) -> None:
    """After reading, edits and deletions; one's own name does not count."""
    pair = await Pair.of(people)
    ali, sara, talk = pair.ali, pair.sara, pair.conversation
    name = f"@{sara.username}"
    first = await say(pair, f"{name} one, {name} again")
    second = await say(pair, f"{name} two")
    third = await say(pair, "three")
    await say(pair, f"I am {name}", by=sara)
    assert await counts(sara, talk) == (3, 2)
    assert await counts(ali, talk) == (1, 0)
    await sara.http.post(f"/api/conversations/{talk}/read/", json={"message_id": first["id"]})
    assert await counts(sara, talk) == (2, 1)
    path = f"{pair.messages}{third['id']}/"
    edited = await ali.http.patch(path, json={"content": f"three {name}"})
    assert edited.json()["mentions"] == of(sara)
    frame = await pair.second.receive_type("message.edited")
    assert frame["message"]["mentions"] == of(sara)
    assert await counts(sara, talk) == (2, 2)
    frame = {"type": "edit_message", "message_id": second["id"], "content": "two"}
    await pair.first.send(frame)
    frame = await pair.second.receive_type("message.edited")
    assert frame["message"] == {"id": second["id"], "content": "two"}
    assert await counts(sara, talk) == (2, 1)
    returning = await sara.connect(talk, since=4)
    frames = [await returning.receive() for _ in range(2)]
    assert [one["message"].get("mentions") for one in frames] == [of(sara), None]
    assert (await ali.http.delete(path)).status_code == 204
    assert await counts(sara, talk) == (1, 0)
    assert (await sara.http.get(path)).json()["mentions"] == []


async def test_many_messages_at_once_each_mention_their_own(people: People) -> None:
    """In one transaction, with plain ones between them, in the order in which they were sent."""
    pair = await Pair.of(people)
    names = [pair.ali, pair.sara]
    for number in range(20):
        text = f"{number} @{names[number % 2].username}" if number % 3 else f"{number}"
        await pair.first.send({"type": "chat_message", "message": text, "client_id": str(number)})
    frames = [await pair.second.receive_type("chat.message") for _ in range(20)]
    assert [one["content"].split()[0] for one in frames] == [str(number) for number in range(20)]
    expected = [of(names[number % 2]) if number % 3 else None for number in range(20)]
    assert [one.get("mentions") for one in frames] == expected
    again = {"content": f"1 @{pair.sara.username}", "client_id": "1"}
    answer = await pair.ali.http.post(pair.messages, json=again)
    assert (answer.status_code, answer.json()["mentions"]) == (200, of(pair.sara))
    listed = (await pair.sara.http.get(pair.messages)).json()
    assert [one["mentions"] or None for one in listed] == expected


async def test_who_left_is_mentioned_no_more(people: People) -> None:
    """And what was said before one came back is not unread."""
    pair = await Pair.of(people)
    sara, people_of = pair.sara, f"/api/conversations/{pair.conversation}/participants/"
    await say(pair, f"@{sara.username} before")
    await sara.http.delete(f"{people_of}{sara.id}/")
    assert (await say(pair, f"@{sara.username} without"))["mentions"] == []
    await pair.ali.http.post(people_of, json={"user_id": sara.id})
    assert await counts(sara, pair.conversation) == (0, 0)
    await say(pair, f"@{sara.username} after")
    assert await counts(sara, pair.conversation) == (1, 1)


async def test_an_agent_mentions_participants(people: People) -> None:
    """And has no unread ones, being none."""
    pair = await Pair.of(people)
    agent = await people.staff()
    await pair.ali.http.post(pair.support_ticket, json={"subject": "x"})
    message = await say(pair, f"@{pair.sara.username} @{agent.username}", by=agent)
    assert message["mentions"] == of(pair.sara)
    assert await counts(pair.sara, pair.conversation) == (1, 1)
    record = await agent.http.get(f"/api/conversations/{pair.conversation}/")
    assert record.json()["unread_mentions"] == 0
