"""Pins: the messages that a conversation keeps at hand."""

from typing import Any

from chat.services.pins import PINS_MAX
from tests.contract.helpers import Pair
from tests.support.people import People

Frame = dict[str, Any]


async def say(pair: Pair, text: str) -> int:
    answer = await pair.ali.http.post(pair.messages, json={"content": text})
    assert answer.status_code == 201, answer.text
    message_id: int = answer.json()["id"]
    return message_id


async def pinned(pair: Pair) -> list[int]:
    answer = await pair.sara.http.get(f"/api/conversations/{pair.conversation}/pins/")
    assert answer.status_code == 200, answer.text
    return [message["id"] for message in answer.json()]


def path(pair: Pair, message_id: int) -> str:
    return f"{pair.messages}{message_id}/pin/"


async def test_pins_reach_everybody_and_those_who_return(people: People) -> None:
    """Live, by `resume`, and in the list, the last pinned first; each takes one `seq`."""
    pair = await Pair.of(people)
    one, two = await say(pair, "one"), await say(pair, "two")
    assert (await pair.ali.http.put(path(pair, one))).status_code == 204
    assert (await pair.sara.http.put(path(pair, two))).status_code == 204
    assert await pinned(pair) == [two, one]
    live = [await pair.second.receive_type("message.pinned") for _ in range(2)]
    expected = [
        {"type": "message.pinned", "message_id": one, "user": pair.ali.username, "seq": 3},
        {"type": "message.pinned", "message_id": two, "user": pair.sara.username, "seq": 4},
    ]
    assert live == expected
    assert (await pair.ali.http.put(path(pair, one))).status_code == 204, "a second time"
    assert (await pair.sara.http.delete(path(pair, one))).status_code == 204
    unpinned = await pair.first.receive_type("message.unpinned")
    assert unpinned == {
        "type": "message.unpinned",
        "message_id": one,
        "user": pair.sara.username,
        "seq": 5,
    }
    assert (await pair.ali.http.delete(path(pair, one))).status_code == 204
    assert await pinned(pair) == [two]
    returning = await pair.ali.connect(pair.conversation, since=2)
    assert [await returning.receive() for _ in range(2)] == [expected[1], unpinned]
    assert await returning.receive_resumed() == 5


async def test_a_deleted_message_is_not_pinned(people: People) -> None:
    """Its pin goes with it, for who returns too, and it cannot be pinned again."""
    pair = await Pair.of(people)
    message_id = await say(pair, "one")
    await pair.sara.http.put(path(pair, message_id))
    await pair.ali.http.delete(f"{pair.messages}{message_id}/")
    assert await pinned(pair) == []
    refused = await pair.sara.http.put(path(pair, message_id))
    assert (refused.status_code, refused.json()["code"]) == (409, "message_deleted")
    assert (await pair.sara.http.delete(path(pair, message_id))).status_code == 204
    returning = await pair.ali.connect(pair.conversation, since=1)
    assert (await returning.receive())["type"] == "message.deleted"
    assert await returning.receive_resumed() == 3


async def test_a_conversation_has_so_many_pins_at_most(people: People) -> None:
    """One more is refused with the number, and changes nothing; one less makes room."""
    pair = await Pair.of(people)
    ids = [await say(pair, str(number)) for number in range(PINS_MAX + 1)]
    for message_id in ids[:-1]:
        assert (await pair.ali.http.put(path(pair, message_id))).status_code == 204
    refused = await pair.ali.http.put(path(pair, ids[-1]))
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_pins")
    assert str(PINS_MAX) in refused.json()["detail"]
    assert await pinned(pair) == ids[-2::-1]
    await pair.ali.http.delete(path(pair, ids[0]))
    assert (await pair.ali.http.put(path(pair, ids[-1]))).status_code == 204


async def test_only_messages_of_the_conversation_are_pinned(people: People) -> None:
    pair, other = await Pair.of(people), await Pair.of(people)
    elsewhere = await say(other, "elsewhere")
    for message_id in (elsewhere, 2**60):
        answer = await pair.ali.http.put(path(pair, message_id))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await pinned(pair) == []
