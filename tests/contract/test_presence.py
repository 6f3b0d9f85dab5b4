"""Presence: who is online, on `/ws/` and in a conversation's list of participants."""

from typing import Any

from tests.support.people import People, Person
from tests.support.sockets import Socket

Frame = dict[str, Any]
LONG = 60
"""Seconds; only a test that fails waits so long."""


async def of(socket: Socket, person: Person, status: str) -> Frame:
    """The next frame of this person's presence, which must say this."""
    while True:
        frame = await socket.receive_type("presence", LONG)
        if frame["user_id"] == person.id:
            assert frame["status"] == status, frame
            return frame


async def listed(reader: Person, conversation: int, person: Person) -> Frame:
    answer = await reader.http.get(f"/api/conversations/{conversation}/participants/")
    assert answer.status_code == 200, answer.text
    found: Frame = next(one for one in answer.json() if one["id"] == person.id)
    return found


async def test_people_who_share_a_conversation_hear_of_each_other(people: People) -> None:
    """Of the first socket and the last one, on any node; not of oneself."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    of_ali = await ali.connect()
    of_sara = await sara.connect(apart_from=of_ali)
    online = await of(of_ali, sara, "online")
    assert online == {
        "type": "presence",
        "user": sara.username,
        "user_id": sara.id,
        "status": "online",
        "last_seen": None,
    }
    assert (await listed(ali, conversation, sara))["presence"] == {
        "status": "online",
        "last_seen": None,
    }
    # A second device is no news, and the first one's leaving is none either.
    second = await sara.connect(conversation)
    await of_sara.close()
    answer = await sara.http.post(
        f"/api/conversations/{conversation}/messages/", json={"content": "hello"}
    )
    message_id = answer.json()["id"]
    while True:
        frame = await of_ali.receive()
        assert frame["type"] != "presence" or frame["user_id"] == sara.id, "of oneself"
        assert frame.get("status") != "offline"
        if frame["type"] == "chat.message":
            break
    await second.close()
    offline = await of(of_ali, sara, "offline")
    found = await listed(ali, conversation, sara)
    assert found["presence"] == {"status": "offline", "last_seen": offline["last_seen"]}
    assert offline["last_seen"] is not None
    assert found["last_read_id"] == 0
    await sara.http.post(
        f"/api/conversations/{conversation}/read/", json={"message_id": message_id}
    )
    assert (await listed(ali, conversation, sara))["last_read_id"] == message_id


async def test_strangers_hear_nothing(people: People) -> None:
    """Whoever shares a conversation hears of it."""
    ali, sara, reza = [await people(name) for name in ("ali", "sara", "reza")]
    await ali.begin_conversation(reza)
    of_sara = await sara.connect()
    of_reza = await reza.connect()
    await ali.connect()
    await of(of_reza, ali, "online")
    # What is announced together comes to each socket at once.
    await of_sara.send({"type": "auth", "token": sara.access, "ref": "now"})
    while (frame := await of_sara.receive()).get("ref") != "now":
        assert frame["type"] != "presence"
