"""What frames do, and who may: one conversation, two people, on every shape."""

import asyncio
import secrets
from typing import Any

from tests.contract.helpers import Pair
from tests.support.people import People


async def say(pair: Pair, text: str = "hello") -> dict[str, Any]:
    """A message of the first person's, as both have seen it."""
    await pair.first.send({"type": "chat_message", "message": text})
    frame = await pair.first.receive_type("chat.message")
    assert await pair.second.receive_type("chat.message") == frame
    return frame


async def test_an_ack_says_that_it_is_stored(people: People) -> None:
    """To the sender alone, with the message's id, seq, timestamp, and what it sent along."""
    pair = await Pair.of(people)
    await pair.first.send({"type": "chat_message", "message": "x", "client_id": "one", "ref": "r1"})
    ack = await pair.first.receive_type("ack")
    frame = await pair.second.receive()
    assert ack == {
        "type": "ack",
        "client_id": "one",
        "ref": "r1",
        "id": frame["id"],
        "seq": frame["seq"],
        "timestamp": frame["timestamp"],
    }
    stored = await pair.sara.http.get(f"{pair.messages}{ack['id']}/")
    assert stored.json()["content"] == "x"


async def test_ref_comes_back_whatever_the_frame(people: People) -> None:
    """In the ack of what was done, and in the error of what was not."""
    pair = await Pair.of(people)
    message_id = (await say(pair))["id"]
    frames: list[dict[str, Any]] = [
        {"type": "edit_message", "message_id": message_id, "content": "y"},
        {"type": "mark_read", "message_id": message_id},
        {"type": "typing", "is_typing": True},
        {"type": "auth", "token": pair.ali.access},
        {"type": "delete_message", "message_id": message_id},
    ]
    for frame in frames:
        await pair.first.send(frame | {"ref": frame["type"]})
        assert (await pair.first.receive_type("ack"))["ref"] == frame["type"]
    for frame in (
        {"type": "edit_message", "message_id": message_id, "content": "too late"},
        {"type": "delete_message", "message_id": 2**60},
        {"type": "chat_message"},
        {"type": "nonsense"},
    ):
        await pair.first.send(frame | {"ref": "again"})
        assert (await pair.first.receive_type("error"))["ref"] == "again"


async def test_a_frame_with_an_unknown_field_changes_nothing(people: People) -> None:
    """It is named in an `error`, with the frame's `ref`; the socket goes on."""
    pair = await Pair.of(people)
    message = await say(pair)
    frames: list[dict[str, Any]] = [
        {"type": "chat_message", "message": "x", "colour": 1},
        {"type": "edit_message", "message_id": message["id"], "content": "y", "colour": 1},
        {"type": "delete_message", "message_id": message["id"], "colour": 1},
        {"type": "typing", "is_typing": True, "colour": 1},
        {"type": "mark_read", "message_id": message["id"], "colour": 1},
        {"type": "resume", "since": 0, "colour": 1},
        {"type": "auth", "token": pair.ali.access, "colour": 1},
    ]
    for frame in frames:
        await pair.first.send(frame | {"ref": "r"})
        error = await pair.first.receive()
        assert (error["type"], error["code"]) == ("error", "malformed_frame")
        assert (error["ref"], list(error["errors"])) == ("r", ["colour"])
    (stored,) = (await pair.sara.http.get(pair.messages)).json()
    assert (stored["content"], stored["is_edited"]) == ("hello", False)
    assert (await say(pair))["seq"] == message["seq"] + 1


async def test_a_retry_is_the_same_message(people: People) -> None:
    """On the other's worker, on a new socket and over HTTP: one id, which others get once."""
    pair = await Pair.of(people)
    key = secrets.token_hex(8)
    frame = {"type": "chat_message", "message": "once", "client_id": key}
    await pair.first.send(frame)
    first = await pair.first.receive_type("ack")
    again = await pair.ali.connect(pair.conversation, apart_from=pair.first)
    await again.send(frame)
    assert await again.receive_type("ack") == first
    over_http = await pair.ali.http.post(
        pair.messages, json={"content": "once"}, headers={"Idempotency-Key": key}
    )
    assert (over_http.status_code, over_http.json()["id"]) == (200, first["id"])
    await pair.first.send({"type": "chat_message", "message": "the next"})
    assert (await pair.second.receive())["content"] == "once"
    assert (await pair.second.receive())["content"] == "the next"


async def test_the_same_key_at_once_gives_one_message(people: People) -> None:
    """Over websockets of two workers and HTTP at the same moment."""
    pair = await Pair.of(people)
    other = await pair.ali.connect(pair.conversation, apart_from=pair.first)
    for _ in range(10):
        key = secrets.token_hex(8)
        frame = {"type": "chat_message", "message": "once", "client_id": key}
        answer, *_ = await asyncio.gather(
            pair.ali.http.post(pair.messages, json={"content": "once", "client_id": key}),
            pair.first.send(frame),
            other.send(frame),
        )
        ids = {(await socket.receive_type("ack"))["id"] for socket in (pair.first, other)}
        assert ids == {answer.json()["id"]}
    assert len((await pair.sara.http.get(pair.messages)).json()) == 10


async def test_a_key_with_another_body_is_refused(people: People) -> None:
    """An error on the socket, 422 over HTTP, and nothing is stored."""
    pair = await Pair.of(people)
    await pair.first.send({"type": "chat_message", "message": "one", "client_id": "k"})
    await pair.first.receive_type("ack")
    await pair.first.send({"type": "chat_message", "message": "two", "client_id": "k"})
    error = await pair.first.receive_type("error")
    assert (error["code"], error["client_id"]) == ("key_reused", "k")
    refused = await pair.ali.http.post(pair.messages, json={"content": "three", "client_id": "k"})
    assert refused.status_code == 422
    assert len((await pair.ali.http.get(pair.messages)).json()) == 1


async def test_only_the_sender_changes_a_message(people: People) -> None:
    """Others get an error, and the message stays as it is."""
    pair = await Pair.of(people)
    message_id = (await say(pair))["id"]
    for frame in (
        {"type": "edit_message", "message_id": message_id, "content": "mine now"},
        {"type": "delete_message", "message_id": message_id},
    ):
        await pair.second.send(frame)
        assert (await pair.second.receive_type("error"))["code"] == "forbidden"
    message = (await pair.ali.http.get(f"{pair.messages}{message_id}/")).json()
    assert (message["content"], message["is_edited"], message["is_deleted"]) == (
        "hello",
        False,
        False,
    )


async def test_a_message_of_another_conversation_is_not_found(people: People) -> None:
    """Though it is the sender's own."""
    pair = await Pair.of(people)
    message_id = (await say(pair))["id"]
    elsewhere = await pair.ali.connect(await pair.ali.begin_conversation(pair.sara))
    for frame in (
        {"type": "edit_message", "message_id": message_id, "content": "z"},
        {"type": "delete_message", "message_id": message_id},
        {"type": "mark_read", "message_id": message_id},
    ):
        await elsewhere.send(frame)
        assert (await elsewhere.receive_type("error"))["code"] == "not_found"


async def test_reading_is_sent_to_the_others(people: People) -> None:
    """As `message.read`; `is_read` and `unread_count` follow, and never go back."""
    pair = await Pair.of(people)
    ids = [(await say(pair, text))["id"] for text in ("a", "b", "c")]
    await pair.second.send({"type": "mark_read", "message_id": ids[1]})
    assert await pair.first.receive() == {
        "type": "message.read",
        "user": pair.sara.username,
        "message_id": ids[1],
    }
    path = f"/api/conversations/{pair.conversation}/"
    assert (await pair.sara.http.get(path)).json()["unread_count"] == 1
    own = (await pair.ali.http.get(pair.messages)).json()
    assert [message["is_read"] for message in own] == [True, True, False]
    await pair.second.send({"type": "mark_read", "message_id": ids[0], "ref": "back"})
    await pair.second.receive_type("ack")
    assert (await pair.sara.http.get(path)).json()["unread_count"] == 1
    answer = await pair.sara.http.post(f"{path}read/", json={"message_id": ids[2]})
    assert answer.status_code == 204
    assert (await pair.first.receive_type("message.read"))["message_id"] == ids[2]


async def test_a_users_devices_agree_on_what_is_read(people: People) -> None:
    """Each hears of a mark made on another one, on any worker; the one that made it does not."""
    pair = await Pair.of(people)
    ids = [(await say(pair, text))["id"] for text in ("a", "b")]
    beside = await pair.sara.connect(pair.conversation)
    apart = await pair.sara.connect(pair.conversation, apart_from=pair.second)
    await pair.second.send({"type": "mark_read", "message_id": ids[0], "ref": "r"})
    read = {"type": "message.read", "user": pair.sara.username, "message_id": ids[0]}
    for socket in (beside, apart, pair.first):
        assert await socket.receive() == read
    assert (await pair.second.receive())["type"] == "ack"
    path = f"/api/conversations/{pair.conversation}/read/"
    await pair.sara.http.post(path, json={"message_id": ids[1]})
    for socket in (beside, apart, pair.second, pair.first):
        assert await socket.receive() == {**read, "message_id": ids[1]}


async def test_ones_own_typing_is_nobody_elses(people: People) -> None:
    """No socket of the same user hears of it, on any worker."""
    pair = await Pair.of(people)
    beside = await pair.ali.connect(pair.conversation)
    apart = await pair.ali.connect(pair.conversation, apart_from=pair.first)
    await pair.first.send({"type": "typing", "is_typing": True})
    assert (await pair.second.receive())["type"] == "user.typing"
    await say(pair, "after")
    for socket in (beside, apart):
        assert (await socket.receive())["content"] == "after"


async def test_everyone_sees_the_same_order(people: People) -> None:
    """What two people send as fast as they can comes to both alike, with dense numbers."""
    pair = await Pair.of(people)
    count = 100

    async def talk(name: str, socket: Any) -> None:
        for number in range(count):
            await socket.send({"type": "chat_message", "message": f"{name} {number}"})

    await asyncio.gather(talk("ali", pair.first), talk("sara", pair.second))
    seen = [
        [await socket.receive() for _ in range(2 * count)] for socket in (pair.first, pair.second)
    ]
    assert seen[0] == seen[1]
    assert [frame["seq"] for frame in seen[0]] == list(range(1, 2 * count + 1))
    assert [frame["id"] for frame in seen[0]] == sorted(frame["id"] for frame in seen[0])
    for name in ("ali", "sara"):
        own = [frame["content"] for frame in seen[0] if frame["content"].startswith(name)]
        assert own == [f"{name} {number}" for number in range(count)]


async def test_every_kind_of_change_takes_the_next_number(people: People) -> None:
    """Sends, edits, attachments, tickets, joins, leaves and deletes, each with its seq."""
    pair = await Pair.of(people)
    message_id = (await say(pair))["id"]
    reza = await people("reza")
    path = f"/api/conversations/{pair.conversation}"
    await pair.first.send({"type": "edit_message", "message_id": message_id, "content": "b"})
    edited = await pair.second.receive()
    await pair.ali.http.post(
        f"{pair.messages}{message_id}/attachments/", files={"file": ("a.txt", b"a")}
    )
    attached = await pair.second.receive()
    await pair.sara.http.post(f"{path}/support_ticket/", json={"subject": "help"})
    opened = await pair.second.receive()
    await pair.ali.http.post(f"{path}/participants/", json={"user_id": reza.id})
    joined = await pair.second.receive()
    await pair.ali.http.delete(f"{path}/participants/{reza.id}/")
    left = await pair.second.receive()
    await pair.ali.http.delete(f"{pair.messages}{message_id}/")
    deleted = await pair.second.receive()
    frames = (edited, attached, opened, joined, left, deleted)
    assert [frame["type"] for frame in frames] == [
        "message.edited",
        "attachment.added",
        "ticket.updated",
        "participant.joined",
        "participant.left",
        "message.deleted",
    ]
    assert [frame["seq"] for frame in frames] == [2, 3, 4, 5, 6, 7]
    assert joined["participant"] == {"id": reza.id, "username": reza.username}


async def test_what_was_missed_comes_first_and_once(people: People) -> None:
    """With `since` in the URL: in order, then `resumed`, then live, while others go on."""
    pair = await Pair.of(people)
    frames = [await say(pair, f"{number}") for number in range(5)]
    await pair.second.close()
    for number in range(5, 300):
        await pair.first.send({"type": "chat_message", "message": f"{number}"})
    back = await pair.sara.connect(pair.conversation, since=frames[2]["seq"], apart_from=pair.first)
    for number in range(300, 400):
        await pair.first.send({"type": "chat_message", "message": f"{number}"})
    seen: list[dict[str, Any]] = []
    kinds = {"chat.message": 0, "resumed": 0}
    while kinds != {"chat.message": 397, "resumed": 1}:
        seen.append(await back.receive())
        kinds[seen[-1]["type"]] += 1
    (resumed,) = [place for place, frame in enumerate(seen) if frame["type"] == "resumed"]
    assert seen[resumed]["seq"] == seen[resumed - 1]["seq"]
    heard = [frame for frame in seen if frame["type"] == "chat.message"]
    assert [frame["content"] for frame in heard] == [f"{number}" for number in range(3, 400)]
    assert [frame["seq"] for frame in heard] == list(range(4, 401))


async def test_resuming_by_frame_brings_all_kinds(people: People) -> None:
    """What began later is a chat.message as it is now, and edited or deleted like the older."""
    pair = await Pair.of(people)
    kept, gone = [(await say(pair, text))["id"] for text in ("kept", "gone")]
    await pair.second.close()
    await pair.first.send({"type": "edit_message", "message_id": kept, "content": "changed"})
    await pair.first.send({"type": "delete_message", "message_id": gone})
    await pair.first.send({"type": "chat_message", "message": "new", "ref": "n"})
    new = (await pair.first.receive_type("ack"))["id"]
    await pair.first.send(
        {"type": "edit_message", "message_id": new, "content": "newer", "ref": "e"}
    )
    await pair.first.receive_type("ack")
    back = await pair.sara.connect(pair.conversation)
    await back.send({"type": "resume", "since": 2, "ref": "back"})
    assert (await back.receive())["message"] == {"id": kept, "content": "changed"}
    assert (await back.receive())["message_id"] == gone
    sent = await back.receive()
    assert (sent["type"], sent["content"], sent["is_edited"]) == ("chat.message", "newer", True)
    assert (await back.receive())["message"] == {"id": new, "content": "newer"}
    resumed = await back.receive()
    assert (resumed["type"], resumed["seq"], resumed["ref"]) == ("resumed", 6, "back")
