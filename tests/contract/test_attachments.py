"""Files: sent by one, announced to all, given to participants only, on every shape."""

import struct
from typing import Any

from tests.contract.helpers import Pair
from tests.support.people import People

DATA = bytes(range(256)) * 8
PICTURE = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 800, 600) + bytes(90)
BOMB = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 2**32 - 1, 2**32 - 1)


async def attach(
    pair: Pair, data: bytes = DATA, content_type: str = "application/octet-stream"
) -> dict[str, Any]:
    """A file on a new message of the first person's, as HTTP answers."""
    sent = (await pair.ali.http.post(pair.messages, json={"content": "see"})).json()
    answer = await pair.ali.http.post(
        f"{pair.messages}{sent['id']}/attachments/",
        files={"file": ("data.bin", data, content_type)},
    )
    assert answer.status_code == 201, answer.text
    attachment: dict[str, Any] = answer.json()
    return attachment


async def test_a_new_file_is_announced_to_all(people: People) -> None:
    """As `attachment.added`, with what HTTP answered; the message lists it too."""
    pair = await Pair.of(people)
    attachment = await attach(pair)
    for socket in (pair.first, pair.second):
        await socket.receive_type("chat.message")
        frame = await socket.receive()
        assert frame == {
            "type": "attachment.added",
            "message_id": attachment["message_id"],
            "attachment": attachment,
            "seq": 2,
        }
    (message,) = (await pair.sara.http.get(pair.messages)).json()
    assert message["attachments"] == [attachment]


async def test_a_picture_says_how_large_it_is(people: People) -> None:
    """In the answer, the frame, the page of messages and on resuming; other files say nothing."""
    pair = await Pair.of(people)
    picture = await attach(pair, PICTURE, "image/png")
    assert (picture["width"], picture["height"]) == (800, 600)
    await pair.second.receive_type("chat.message")
    assert (await pair.second.receive())["attachment"] == picture
    (message,) = (await pair.sara.http.get(pair.messages)).json()
    assert message["attachments"] == [picture]
    back = await pair.sara.connect(pair.conversation, since=0, apart_from=pair.second)
    await back.receive_type("chat.message")
    assert (await back.receive())["attachment"] == picture
    for data in (DATA, BOMB, PICTURE[:20], b"\xff\xd8\xff\xe1"):
        other = await attach(pair, data, "image/jpeg")
        assert other["size"] == len(data)
        assert "width" not in other
        assert "height" not in other


async def test_who_was_away_learns_of_the_file(people: People) -> None:
    """On resuming: the frames that the others had; over HTTP, as a change of the message."""
    pair = await Pair.of(people)
    await attach(pair)
    heard = [await pair.first.receive() for _ in range(2)]
    back = await pair.sara.connect(pair.conversation, since=0, apart_from=pair.first)
    assert [await back.receive() for _ in range(2)] == heard
    assert await back.receive_resumed() == 2
    changed = (await pair.sara.http.get(pair.messages, params={"since": 1})).json()
    assert [(message["id"], message["seq"]) for message in changed] == [(heard[0]["id"], 2)]


async def test_participants_download_it_whole_or_in_parts(people: People) -> None:
    """Saved, never shown; a range is 206, what the client has is 304."""
    pair = await Pair.of(people)
    url = (await attach(pair))["url"]
    whole = await pair.sara.http.get(url)
    assert (whole.status_code, whole.content) == (200, DATA)
    assert whole.headers["Content-Disposition"].startswith("attachment")
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    part = await pair.sara.http.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, DATA[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(DATA)}"
    beyond = await pair.sara.http.get(url, headers={"Range": f"bytes={len(DATA)}-"})
    assert beyond.status_code == 416
    same = await pair.sara.http.get(url, headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_nobody_else_learns_of_it(people: People) -> None:
    """404 for the list, the file and an upload; a participant who did not send it gets 403."""
    pair = await Pair.of(people)
    stranger = await people("stranger")
    attachment = await attach(pair)
    listed = f"{pair.messages}{attachment['message_id']}/attachments/"
    assert (await stranger.http.get(listed)).status_code == 404
    assert (await stranger.http.get(attachment["url"])).status_code == 404
    for person, status in ((stranger, 404), (pair.sara, 403)):
        answer = await person.http.post(listed, files={"file": ("x", b"x")})
        assert answer.status_code == status
    assert (await pair.sara.http.get(listed)).json() == [attachment]


async def test_the_file_goes_with_its_message(people: People) -> None:
    """Deleted, it has no attachments, the URL is 404, and the bytes are off the disk."""
    pair = await Pair.of(people)
    folder = pair.ali.server.directory / "data" / "attachments"
    before = {path for path in folder.rglob("*") if path.is_file()}
    attachment = await attach(pair)
    (added,) = {path for path in folder.rglob("*") if path.is_file()} - before
    assert added.read_bytes() == DATA
    path = f"{pair.messages}{attachment['message_id']}/"
    assert (await pair.ali.http.delete(path)).status_code == 204
    message = (await pair.sara.http.get(path)).json()
    assert (message["content"], message["attachments"]) == ("", [])
    assert (await pair.sara.http.get(attachment["url"])).status_code == 404
    assert not added.exists()


async def test_without_the_field_file_it_is_400(people: People) -> None:
    """The field is named, and nobody receives anything."""
    pair = await Pair.of(people)
    sent = (await pair.ali.http.post(pair.messages, json={"content": "see"})).json()
    path = f"{pair.messages}{sent['id']}/attachments/"
    answer = await pair.ali.http.post(path, files={"document": ("x", b"x")})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["file"])
    await pair.first.send({"type": "chat_message", "message": "marker"})
    assert [(await pair.second.receive())["seq"] for _ in range(2)] == [1, 2]
