"""`/ws/`: all conversations of a user on one socket, those that begin later too."""

from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.people import People, Person
from tests.support.sockets import Socket

Frame = dict[str, Any]


async def opened(person: Person, **options: Any) -> tuple[Socket, Frame]:
    """A socket of all of somebody's conversations, and its `hello`."""
    socket = await person.connect(**options)
    hello = await socket.receive()
    assert hello["type"] == "hello"
    return socket, hello


async def say(person: Person, conversation: int, text: str) -> Frame:
    answer = await person.http.post(
        f"/api/conversations/{conversation}/messages/", json={"content": text}
    )
    assert answer.status_code == 201, answer.text
    message: Frame = answer.json()
    return message


async def until(socket: Socket, kind: str, conversation: int | None = None) -> list[Frame]:
    """The frames up to the next one of this type, and of this conversation if one is named."""
    frames: list[Frame] = []
    while True:
        frames.append(await socket.receive())
        of_it = conversation in (None, frames[-1].get("conversation"))
        if frames[-1]["type"] == kind and of_it:
            return frames


def said(frames: list[Frame]) -> list[tuple[int, str]]:
    """Of each message its conversation and its text."""
    return [
        (one["conversation"], one["content"]) for one in frames if one["type"] == "chat.message"
    ]


async def test_hello_says_who_and_where(people: People) -> None:
    ali, sara = await people("ali"), await people("sara")
    for _ in range(3):
        conversation = await ali.begin_conversation(sara)
    _, hello = await opened(sara)
    answer = await sara.http.get(f"/api/conversations/{conversation}/")
    assert hello == {
        "type": "hello",
        "user": {"id": sara.id, "username": sara.username},
        "epoch": answer.json()["epoch"],
        "cursor": hello["cursor"],
        "conversations": 3,
    }
    assert 0 < len(hello["cursor"]) < 1024


async def test_frames_say_their_conversation(people: People) -> None:
    """What is answered and what others hear; on the socket of the conversation they do not."""
    ali, sara = await people("ali"), await people("sara")
    conversation, other = await ali.begin_conversation(sara), await ali.begin_conversation(sara)
    first, _ = await opened(ali)
    second = await sara.connect(conversation, apart_from=first)
    third, _ = await opened(sara, apart_from=first)

    async def heard(kind: str) -> Frame:
        alone = await second.receive_type(kind)
        assert "conversation" not in alone
        wide = (await until(third, kind))[-1]
        assert wide == {**alone, "conversation": conversation}
        return wide

    of_it = {"conversation": conversation}
    await first.send({"type": "chat_message", "message": "x", "client_id": "one", **of_it})
    ack = (await until(first, "ack"))[-1]
    message = await heard("chat.message")
    assert (ack["conversation"], ack["id"]) == (conversation, message["id"])
    edit = {"type": "edit_message", "message_id": message["id"], "content": "y", "ref": "e"}
    await first.send({**edit, **of_it})
    await heard("message.edited")
    await first.send({"type": "typing", "is_typing": True, **of_it})
    await heard("user.typing")
    await second.send({"type": "mark_read", "message_id": message["id"]})
    assert (await until(third, "message.read"))[-1]["conversation"] == conversation
    await ali.http.patch(f"/api/conversations/{conversation}/", json={"title": "t"})
    await heard("conversation.updated")
    await ali.http.post(f"/api/conversations/{conversation}/support_ticket/", json={"subject": "x"})
    await heard("ticket.updated")
    await first.send({"type": "delete_message", "message_id": message["id"], **of_it})
    await heard("message.deleted")
    # Of another conversation the one socket hears, and the other does not.
    await say(ali, other, "elsewhere")
    assert said(await until(third, "chat.message")) == [(other, "elsewhere")]
    await say(ali, conversation, "here")
    assert (await second.receive())["content"] == "here"


async def test_a_frame_names_a_conversation_of_the_callers(people: People) -> None:
    """Or is refused, with what it named, and the socket stays open."""
    ali, sara = await people("ali"), await people("sara")
    mine, foreign = await ali.begin_conversation(), await sara.begin_conversation()
    message = await say(sara, foreign, "the secret")
    socket, _ = await opened(ali)
    frames: list[Frame] = [
        {"type": "chat_message", "message": "x"},
        {"type": "edit_message", "message_id": message["id"], "content": "x"},
        {"type": "delete_message", "message_id": message["id"]},
        {"type": "typing", "is_typing": True},
        {"type": "mark_read", "message_id": message["id"]},
        {"type": "resume", "since": 0},
    ]
    for frame in frames:
        for conversation in (foreign, 2**60):
            await socket.send({**frame, "conversation": conversation, "ref": frame["type"]})
            error = await socket.receive()
            assert (error["type"], error["code"]) == ("error", "not_found")
            assert (error["conversation"], error["ref"]) == (conversation, frame["type"])
        if frame["type"] != "resume":
            await socket.send({**frame, "ref": "r"})
            error = await socket.receive()
            assert list(error["errors"]) == ["conversation"]
            assert "conversation" not in error
    await socket.send({"type": "auth", "token": ali.access, "ref": "a"})
    assert await socket.receive() == {"type": "ack", "ref": "a"}
    await socket.send({"type": "chat_message", "message": "x", "conversation": mine})
    assert (await socket.receive())["conversation"] == mine


async def test_on_the_socket_of_one_conversation_only_that_one_is_named(people: People) -> None:
    """By its own number, or by none."""
    ali = await people("ali")
    mine, other = await ali.begin_conversation(), await ali.begin_conversation()
    socket = await ali.connect(mine)
    await socket.send({"type": "chat_message", "message": "1", "conversation": mine, "ref": "r"})
    # What is read from the log may come before the ack.
    both = {frame["type"]: frame for frame in [await socket.receive() for _ in range(2)]}
    assert "conversation" not in both["ack"]
    assert both["chat.message"]["content"] == "1"
    await socket.send({"type": "chat_message", "message": "2", "conversation": other, "ref": "r"})
    error = await socket.receive()
    assert (list(error["errors"]), error["ref"]) == (["conversation"], "r")
    for text in (
        {"type": "resume", "cursor": "x"},
        {"type": "resume", "since": {str(mine): 0}},
        {"type": "resume"},
    ):
        await socket.send(text)
        assert (await socket.receive())["type"] == "error"
    await socket.expect_nothing()


async def test_a_conversation_that_begins_comes_by_itself(people: People) -> None:
    """With its JSON, and then everything in it; so does one that somebody is added to."""
    ali, sara = await people("ali"), await people("sara")
    old = await ali.begin_conversation()
    await say(ali, old, "before")
    socket, hello = await opened(sara)
    assert hello["conversations"] == 0
    conversation = await ali.begin_conversation(sara)
    (created,) = await until(socket, "conversation.created")
    answer = await sara.http.get(f"/api/conversations/{conversation}/")
    assert created["conversation"] == answer.json()
    await say(ali, conversation, "hello")
    assert said(await until(socket, "chat.message")) == [(conversation, "hello")]

    await ali.http.post(f"/api/conversations/{old}/participants/", json={"user_id": sara.id})
    (added,) = await until(socket, "conversation.created")
    assert (added["conversation"]["id"], added["conversation"]["seq"]) == (old, 2)
    assert added["conversation"]["last_message"]["content"] == "before"
    await say(ali, old, "after")
    assert said(await until(socket, "chat.message")) == [(old, "after")]


async def test_the_direct_conversation_of_two_comes_too(people: People) -> None:
    """Where it begins, and where it brings back who left it."""
    ali, sara = await people("ali"), await people("sara")
    socket, _ = await opened(sara)
    body = {"participants": [sara.id], "direct": True}
    begun = (await ali.http.post("/api/conversations/", json=body)).json()["id"]
    (created,) = await until(socket, "conversation.created")
    assert (created["conversation"]["id"], created["conversation"]["direct"]) == (begun, True)
    await sara.http.delete(f"/api/conversations/{begun}/participants/{sara.id}/")
    await until(socket, "conversation.removed")
    await ali.http.post("/api/conversations/", json=body)
    (again,) = await until(socket, "conversation.created")
    assert again["conversation"]["id"] == begun


async def test_who_is_removed_loses_the_conversation_and_not_the_socket(people: People) -> None:
    """And has it again when added again, with what was said meanwhile."""
    ali, sara = await people("ali"), await people("sara")
    conversation, other = await ali.begin_conversation(sara), await ali.begin_conversation(sara)
    socket, _ = await opened(sara)
    people_of = f"/api/conversations/{conversation}/participants/"
    await ali.http.delete(f"{people_of}{sara.id}/")
    left, removed = await until(socket, "conversation.removed")
    assert (left["type"], left["participant"]["id"]) == ("participant.left", sara.id)
    assert removed == {"type": "conversation.removed", "conversation": conversation}
    await say(ali, conversation, "without her")
    await socket.send({"type": "typing", "is_typing": True, "conversation": conversation})
    assert (await socket.receive())["code"] == "not_found"
    await say(ali, other, "still here")
    assert said(await until(socket, "chat.message")) == [(other, "still here")]
    await ali.http.post(people_of, json={"user_id": sara.id})
    (again,) = await until(socket, "conversation.created")
    assert again["conversation"]["seq"] == 3
    await say(ali, conversation, "welcome")
    assert said(await until(socket, "chat.message")) == [(conversation, "welcome")]


async def test_one_conversation_is_resumed_by_its_number(people: People) -> None:
    """The others go on meanwhile."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    for number in range(3):
        await say(ali, conversation, str(number))
    socket, hello = await opened(sara)
    resume = {"type": "resume", "conversation": conversation, "since": 1, "ref": "r"}
    await socket.send({**resume, "epoch": hello["epoch"]})
    frames = await until(socket, "resumed")
    assert said(frames) == [(conversation, "1"), (conversation, "2")]
    ending = {"seq": 3, "epoch": hello["epoch"], "ref": "r", "conversation": conversation}
    assert frames[-1] == {"type": "resumed", **ending}
    await socket.send({**resume, "epoch": "another"})
    assert await socket.receive() == {"type": "reset", **ending}


@pytest.mark.parametrize("by", ["url", "frame"])
async def test_a_cursor_brings_what_was_missed(people: People, by: str) -> None:
    """In the conversations that changed, began, or were lost; then all of it is live."""
    ali, sara = await people("ali"), await people("sara")
    quiet, busy, lost = [await ali.begin_conversation(sara) for _ in range(3)]
    for conversation in (quiet, busy, lost):
        await say(ali, conversation, "known")
    away, hello = await opened(sara)
    await away.close()
    for number in range(3):
        await say(ali, busy, str(number))
    await ali.http.delete(f"/api/conversations/{lost}/participants/{sara.id}/")
    new = await ali.begin_conversation(sara)
    await say(ali, new, "in its JSON")

    if by == "url":
        socket, again = await opened(sara, cursor=hello["cursor"])
        assert again["cursor"] == hello["cursor"]  # to keep until `resumed`
    else:
        socket, _ = await opened(sara)
        await socket.send({"type": "resume", "cursor": hello["cursor"], "ref": "r"})
    frames = await until(socket, "resumed")
    texts = [text for conversation, text in said(frames) if conversation == busy]
    assert texts[-3:] == ["0", "1", "2"]  # "known" may come again
    created = [one["conversation"] for one in frames if one["type"] == "conversation.created"]
    assert [(one["id"], one["seq"]) for one in created] == [(new, 1)]
    assert {"type": "conversation.removed", "conversation": lost} in frames
    assert frames[-1]["cursor"] != hello["cursor"]
    assert frames[-1].get("ref") == (None if by == "url" else "r")
    for conversation in (quiet, busy, new):
        await say(ali, conversation, "live")
        assert said(await until(socket, "chat.message")) == [(conversation, "live")]


async def test_a_map_of_numbers_brings_what_was_missed(people: People) -> None:
    """What it does not name is new to the client, and what is not the user's is lost."""
    ali, sara = await people("ali"), await people("sara")
    first, second, unnamed = [await ali.begin_conversation(sara) for _ in range(3)]
    foreign = await ali.begin_conversation()
    for conversation in (first, second, unnamed):
        for text in ("1", "2"):
            await say(ali, conversation, text)
    socket, hello = await opened(sara)
    resume = {"type": "resume", "epoch": hello["epoch"], "ref": "r"}
    await socket.send({**resume, "since": {str(first): 1, str(second): 2, str(foreign): 5}})
    frames = await until(socket, "resumed")
    assert said(frames) == [(first, "2")]
    created = [one["conversation"] for one in frames if one["type"] == "conversation.created"]
    assert [one["id"] for one in created] == [unnamed]
    assert {"type": "conversation.removed", "conversation": foreign} in frames
    assert frames[-1]["ref"] == "r"

    await socket.send({**resume, "since": {str(first): 3, str(second): 2, str(unnamed): 2}})
    reset, ending = await until(socket, "resumed")
    assert (reset["type"], reset["conversation"], reset["seq"]) == ("reset", first, 2)
    both = {"cursor": ending["cursor"], "since": {str(first): 3, str(second): 0}}
    await socket.send({**resume, **both})
    frames = await until(socket, "resumed")
    assert said(frames) == [(second, "1"), (second, "2")]
    resets = [one for one in frames if one["type"] == "reset"]
    assert [(one["conversation"], one["seq"]) for one in resets] == [(first, 2)]
    await socket.send({**resume, "since": {}, "epoch": "another"})
    (whole,) = await until(socket, "reset")
    assert whole == {
        "type": "reset", "epoch": hello["epoch"], "cursor": whole["cursor"], "ref": "r"
    }  # fmt: skip


async def test_what_cannot_be_resumed_is_named(people: People) -> None:
    ali = await people("ali")
    socket, hello = await opened(ali)
    for fields, wrong in (
        ({}, "cursor"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"since": 5}, "since"),
        ({"since": {"x": 5}}, "since"),
        ({"since": {"0": 5}}, "since"),
        ({"since": {"5": 1, "05": 2}}, "since"),
        ({"since": {"5": -1}}, "since.5"),
        ({"since": {"4": 1, "5": 2**63}}, "since.5"),
        ({"since": {}, "epoch": ""}, "epoch"),
        ({"conversation": 5, "cursor": hello["cursor"], "since": 0}, "cursor"),
    ):
        await socket.send({"type": "resume", "ref": "r", **fields})
        error = await socket.receive()
        assert error["type"] == "error", error
        assert (list(error.get("errors", {})), error.get("ref")) == ([wrong], "r"), (fields, error)
        if wrong == "since.5":  # it names the limits too
            assert error["errors"][wrong] == [f"A whole number from 0 to {2**63 - 1}."]
    with pytest.raises(InvalidStatus) as refused:
        await ali.connect(cursor="x")
    assert refused.value.response.status_code == 400
    with pytest.raises(InvalidStatus) as refused:
        await ali.connect(since=5)
    assert b"since" in refused.value.response.body


async def test_a_cursor_of_another_epoch_is_answered_with_reset(people: People) -> None:
    """The socket is live from the new cursor on."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    _, hello = await opened(sara)
    old = hello["cursor"].replace(hello["epoch"], "another", 1)
    socket, _ = await opened(sara, cursor=old)
    reset = await socket.receive()
    assert reset == {"type": "reset", "epoch": hello["epoch"], "cursor": reset["cursor"]}
    resume = {"type": "resume", "cursor": hello["cursor"], "epoch": "another", "ref": "r"}
    await socket.send({**resume, "since": {str(conversation): 0}})
    (reset,) = await until(socket, "reset")
    assert (reset["epoch"], reset["ref"]) == (hello["epoch"], "r")
    await say(ali, conversation, "live")
    assert said(await until(socket, "chat.message")) == [(conversation, "live")]


async def test_a_cursor_that_cannot_be_compared_is_answered_with_positions(
    people: People,
) -> None:
    """Of all conversations; those where the client is behind are resumed from the numbers."""
    ali, sara = await people("ali"), await people("sara")
    behind, there = await ali.begin_conversation(sara), await ali.begin_conversation(sara)
    await say(ali, behind, "missed")
    _, hello = await opened(sara)
    epoch, _, point = hello["cursor"].split(".")
    socket, _ = await opened(sara, cursor=f"{epoch}.another.{point}")
    positions = await socket.receive()
    assert positions == {
        "type": "positions",
        "positions": {str(behind): 1, str(there): 0},
        "epoch": epoch,
        "cursor": positions["cursor"],
    }
    resume = {"type": "resume", "cursor": positions["cursor"], "since": {str(behind): 0}}
    await socket.send(resume)
    assert said(await until(socket, "resumed")) == [(behind, "missed")]


async def test_what_was_left_or_begun_before_such_positions_is_not_missed(people: People) -> None:
    """A client names what it held; what is not the user's any more is removed, also beside a
    cursor, and what began after the positions comes.
    """
    ali, sara = await people("ali"), await people("sara")
    left, kept = await ali.begin_conversation(sara), await ali.begin_conversation(sara)
    _, hello = await opened(sara)
    epoch, _, point = hello["cursor"].split(".")
    path = f"/api/conversations/{left}/participants/{sara.id}/"
    assert (await ali.http.delete(path)).status_code == 204
    socket, _ = await opened(sara, cursor=f"{epoch}.another.{point}")
    positions = await socket.receive()
    assert positions["positions"] == {str(kept): 0}
    begun = await ali.begin_conversation(sara)
    await say(ali, kept, "missed")
    await socket.close()
    socket, _ = await opened(sara)
    since = {str(left): 0, str(kept): 0}
    await socket.send({"type": "resume", "cursor": positions["cursor"], "since": since})
    frames = await until(socket, "resumed")
    assert said(frames) == [(kept, "missed")]
    assert [one["conversation"] for one in frames if one["type"] == "conversation.removed"] == [
        left
    ]
    created = [one["conversation"] for one in frames if one["type"] == "conversation.created"]
    assert [one["id"] for one in created] == [begun]


async def test_ones_own_devices_agree(people: People) -> None:
    """What is read on one is read on the other; typing is not shown as somebody else's."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    message = await say(ali, conversation, "x")
    phone, _ = await opened(sara)
    desk, _ = await opened(sara, apart_from=phone)
    of_it = {"conversation": conversation}
    await phone.send({"type": "typing", "is_typing": True, **of_it})
    await phone.send({"type": "mark_read", "message_id": message["id"], "ref": "r", **of_it})
    assert await phone.receive() == {"type": "ack", "id": message["id"], "ref": "r", **of_it}
    read = {"type": "message.read", "user": sara.username, "message_id": message["id"], **of_it}
    assert await desk.receive() == read
    await phone.expect_nothing()


async def test_an_agent_answers_and_is_no_participant(people: People) -> None:
    """Staff send and type where there is a ticket; what is said there does not come by itself."""
    ali, staff = await people("ali"), await people.staff("staff")
    conversation, other = await ali.begin_conversation(), await ali.begin_conversation()
    await ali.http.post(f"/api/conversations/{conversation}/support_ticket/", json={"subject": "x"})
    customer, _ = await opened(ali)
    agent, hello = await opened(staff)
    agent.passed_over |= {"ticket.created", "ticket.updated"}  # these come to all staff
    assert hello["conversations"] == 0
    answer = {"type": "chat_message", "message": "answered", "client_id": "a", "ref": "r"}
    await agent.send({**answer, "conversation": conversation})
    assert (await agent.receive())["type"] == "ack"
    heard = (await until(customer, "chat.message"))[-1]
    assert (heard["content"], heard["role"]) == ("answered", "agent")
    typing = {"type": "typing", "is_typing": True, "ref": "t"}
    await agent.send({**typing, "conversation": conversation})
    assert (await agent.receive())["type"] == "ack"
    assert (await until(customer, "user.typing"))[-1]["user"] == staff.username
    for refused in ({**answer, "client_id": "b"}, typing):
        await agent.send({**refused, "conversation": other})
        assert (await agent.receive())["code"] == "not_found"
    await agent.send({"type": "resume", "since": 0, "conversation": conversation})
    assert (await agent.receive())["code"] == "not_found"
    await agent.expect_nothing()


async def test_a_browser_shows_its_token_as_a_subprotocol(people: People) -> None:
    """And learns by a close code that it is no good."""
    ali = await people("ali")
    socket = await ali.connect(as_browser=True)
    assert (await socket.receive())["type"] == "hello"
    assert socket.connection.subprotocol == "chat.v1"
    access, ali.access = ali.access, "no.token"
    refused = await ali.connect(as_browser=True)
    assert await refused.closed() == 4401
    ali.access = access
    await ali.http.post("/api/token/revoke/", json={"refresh": ali.refresh})
    assert await socket.closed() == 4401


async def test_marks_made_during_an_absence_are_known_on_return(people: People) -> None:
    """By whichever way somebody resumes; on this socket one's own from other devices too."""
    ali, sara, reza = await people("ali"), await people("sara"), await people("reza")
    conversation = await ali.begin_conversation(sara, reza)
    message = await say(ali, conversation, "x")
    away, hello = await opened(sara)
    await away.close()
    for person in (reza, sara):
        await person.http.post(
            f"/api/conversations/{conversation}/read/", json={"message_id": message["id"]}
        )

    async def marks(socket: Socket) -> set[str]:
        return {one["user"] for one in await until(socket, "resumed") if "user" in one}

    socket, _ = await opened(sara, cursor=hello["cursor"])
    assert await marks(socket) == {sara.username, reza.username}
    for resume in (
        {"cursor": hello["cursor"]},
        {"since": {str(conversation): 1}},
        {"since": 1, "conversation": conversation},
    ):
        await socket.send({"type": "resume", **resume})
        assert await marks(socket) == {sara.username, reza.username}
    alone = await sara.connect(conversation, since=1, epoch=hello["epoch"])
    assert await marks(alone) == {reza.username}
    await alone.send({"type": "resume", "since": 0})
    assert await marks(alone) == {reza.username}
