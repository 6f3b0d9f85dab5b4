"""Attachments over HTTP: uploads in every shape that clients send, and downloads."""

import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
from msgspec.structs import replace

from chat.auth.identity import Identity
from chat.errors import Forbidden
from chat.services import lasting
from chat.services.quotas import Quota
from tests.api.client import Api, Person, problem, wrong_fields
from tests.api.conftest import ATTACHMENT_MAX_SIZE

PERSIAN = "گزارش می‌شود.txt"
DATA = bytes(range(256)) * 8


@pytest.fixture
def attachments(ali: Person, conversation: str) -> str:
    """The path of the attachments of a message of Ali's."""
    return f"{conversation}messages/{ali.say(conversation, 'hello')['id']}/attachments/"


def attach(person: Person, path: str, data: bytes = DATA, name: str = "data.bin") -> dict[str, Any]:
    response = person.post(path, files={"file": (name, data, "text/x-data")})
    assert response.status_code == 201, response.text
    attachment: dict[str, Any] = response.json()
    return attachment


def stored_files(api: Api) -> set[Path]:
    return {path for path in api.settings.uploads.rglob("*") if path.is_file()}


def form(*lines: str, boundary: str = "B") -> dict[str, Any]:
    """httpx's options for a body of these lines."""
    return {
        "content": "\r\n".join(lines).encode(),
        "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"},
    }


FILE_PART = ('Content-Disposition: form-data; name="file"; filename="f"', "", "x")


def allow(api: Api, monkeypatch: pytest.MonkeyPatch, **quotas: Quota) -> None:
    """Let there be these quotas for the rest of the test."""
    attachments = api.app.ctx.services.attachments
    monkeypatch.setattr(attachments, "_quotas", replace(attachments._quotas, **quotas))


def test_a_message_has_so_many_attachments(
    api: Api, ali: Person, attachments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """409 for one more, whose file does not stay; a repeat of one that is there is that one."""
    allow(api, monkeypatch, per_message=Quota(2, 1 << 40))
    first = attach(ali, attachments)
    keyed = {"files": {"file": ("b", DATA)}, "headers": {"Idempotency-Key": "b"}}
    second = ali.post(attachments, **keyed)
    kept = stored_files(api)
    problem(ali.post(attachments, files={"file": ("c", b"c")}), 409, "too_many_attachments")
    again = ali.post(attachments, **keyed)
    assert (again.status_code, again.json()) == (200, second.json())
    assert ali.get(attachments).json() == [first, second.json()]
    assert stored_files(api) == kept


@pytest.mark.parametrize("quota", [Quota(2, 1 << 40), Quota(100, 10)])
def test_a_conversation_has_so_many_files(
    api: Api, ali: Person, sara: Person, quota: Quota, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And bytes of them, whoever sends them to which message. One more gets 409, and does not stay;
    a repeat gets what is there; a message that is deleted makes room.
    """
    allow(api, monkeypatch, per_conversation=quota)
    talk = ali.begin(sara)
    one, two = (f"{talk}messages/{ali.say(talk, 'a')['id']}/" for _ in range(2))
    theirs = f"{talk}messages/{sara.say(talk, 'b')['id']}/attachments/"
    attach(ali, f"{one}attachments/", b"12345")
    keyed = {"files": {"file": ("b", b"12345")}, "headers": {"Idempotency-Key": "c"}}
    second = ali.post(f"{two}attachments/", **keyed)
    assert second.status_code == 201
    kept = stored_files(api)
    for headers in ({}, {"Idempotency-Key": "d"}):
        refused = sara.post(theirs, files={"file": ("c", b"c")}, headers=headers)
        problem(refused, 409, "conversation_files_full")
    assert ali.post(f"{two}attachments/", **keyed).json() == second.json()
    assert stored_files(api) == kept
    elsewhere = ali.begin(sara)
    attach(ali, f"{elsewhere}messages/{ali.say(elsewhere, 'c')['id']}/attachments/", b"12345")
    assert ali.delete(one).status_code == 204
    assert sara.post(theirs, files={"file": ("c", b"c")}).status_code == 201


def test_an_upload_answers_with_what_was_stored(
    ali: Person, sara: Person, attachments: str
) -> None:
    """201 with every field, and the message has it, for the others too."""
    attachment = attach(ali, attachments)
    assert sara.get(attachments).json() == [attachment]
    assert sara.get(attachments.removesuffix("attachments/")).json()["attachments"] == [attachment]
    assert attachment["url"] == f"{attachments}{attachment['id']}/"
    assert attachment["created_at"].endswith("Z")
    described = [attachment[key] for key in ("name", "size", "content_type")]
    assert described == ["data.bin", len(DATA), "text/x-data"]


def test_a_download_is_the_file(sara: Person, ali: Person, attachments: str) -> None:
    """200, to be saved and never shown, with what caches and resuming clients need."""
    response = sara.get(attach(ali, attachments)["url"])
    assert response.status_code == 200
    assert response.content == DATA
    headers = response.headers
    assert headers["content-length"] == str(len(DATA))
    assert headers["content-type"].startswith("text/x-data")
    assert headers["content-disposition"].startswith('attachment; filename="data.bin"')
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["accept-ranges"] == "bytes"
    assert headers["etag"] == f'"{sha256(DATA).hexdigest()}"'
    assert headers["cache-control"].startswith("private")


@pytest.mark.parametrize("size", [0, 1, ATTACHMENT_MAX_SIZE])
def test_files_of_any_allowed_size_come_back_whole(
    ali: Person, attachments: str, size: int
) -> None:
    """From nothing to the limit."""
    data = b"x" * size
    attachment = attach(ali, attachments, data)
    assert attachment["size"] == size
    assert ali.get(attachment["url"]).content == data


@pytest.mark.parametrize(
    "name", [PERSIAN, 'a"b.txt', "a\\b;c.txt", "100%.txt", "😀.png", ".gitignore", "..a.b"]
)
def test_names_survive_the_way_there_and_back(ali: Person, attachments: str, name: str) -> None:
    """In UTF-8 as browsers and httpx send them; httpx and browsers write %22 for a quote."""
    expected = name.rpartition("\\")[2]
    attachment = attach(ali, attachments, name=name)
    assert attachment["name"] == expected
    disposition = ali.get(attachment["url"]).headers["content-disposition"]
    match = re.fullmatch(
        r"attachment; filename=\"[^\"\\%]+\"; filename\*=UTF-8''(\S+)", disposition
    )
    assert match is not None
    assert unquote(match[1]) == expected


def test_an_extended_name_is_read(ali: Person, attachments: str) -> None:
    """As libraries write it that follow RFC 8187; it goes before the plain one."""
    part = f'form-data; name="file"; filename="x"; filename*=utf-8\'\'{quote(PERSIAN)}'
    body = form("--B", f"Content-Disposition: {part}", "", "x", "--B--", "")
    assert ali.post(attachments, **body).json()["name"] == PERSIAN


@pytest.mark.parametrize(
    ("name", "kept"),
    [("..", "file"), (" . ", "file"), ("a.txt. ", "a.txt"), ("  b", "b"), ("a%0D%0Ab", "ab")],
)
def test_what_is_no_name_is_called_file(
    ali: Person, attachments: str, name: str, kept: str
) -> None:
    """And dots and spaces at its end, and ends of lines, go."""
    assert attach(ali, attachments, name=name)["name"] == kept


def test_a_path_in_the_name_is_dropped(ali: Person, attachments: str) -> None:
    """Nothing but the last part of it stays."""
    assert attach(ali, attachments, name="../../etc/passwd")["name"] == "passwd"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"data": {"caption": "x" * 5000}, "files": [("file", ("f", b"f"))]}, "caption"),
        ({"files": [("other", ("o", b"o")), ("file", ("f", b"f"))]}, "other"),
        ({"files": [("file", ("f", b"f")), ("other", ("o", b"o"))]}, "other"),
        ({"files": [("file", ("f", b"f")), ("file", ("g", b"g"))]}, "file"),
    ],
)
def test_a_form_with_more_than_a_file_is_refused(
    ali: Person, attachments: str, options: dict[str, Any], field: str
) -> None:
    """By name, before and after the file; nothing is attached, and no file is left."""
    assert wrong_fields(ali.post(attachments, **options)) == {field}
    assert ali.get(attachments).json() == []
    assert list((ali.api.settings.uploads / "incoming").iterdir()) == []


def test_a_chunked_upload_is_stored(ali: Person, attachments: str) -> None:
    """Without a Content-Length."""

    async def body() -> AsyncIterator[bytes]:
        for line in ("--B", *FILE_PART, "--B--", ""):
            yield line.encode() + b"\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    response = ali.post(attachments, content=body(), headers=headers)
    assert response.status_code == 201
    assert ali.get(response.json()["url"]).content == b"x"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"files": {"other": ("f", b"x")}}, id="no part of that name"),
        pytest.param({"files": {"file": (None, b"x")}}, id="no file name"),
        pytest.param(form("--B", *FILE_PART), id="cut off in the file"),
        pytest.param(form("--B", *FILE_PART, "--B"), id="cut off after the file"),
        pytest.param(form("--B", FILE_PART[0]), id="cut off in the headers"),
        pytest.param(form(), id="empty"),
        pytest.param(form("--A", *FILE_PART, "--A--"), id="another boundary"),
        pytest.param(form("--B", "no header", "", "x", "--B--"), id="malformed header"),
        pytest.param(form("--B", "x: " + "y" * 9000, *FILE_PART, "--B--"), id="large header"),
        pytest.param(form("--B", *["x: yyy"] * 2000, *FILE_PART, "--B--"), id="many headers"),
        pytest.param(form("--B", *FILE_PART, "--B--", boundary=""), id="no boundary"),
        pytest.param(form("--B", *FILE_PART, "--B--", boundary="b" * 300), id="long boundary"),
    ],
)
def test_a_wrong_form_is_refused(
    api: Api, ali: Person, attachments: str, options: dict[str, Any]
) -> None:
    """400 that names `file`, and nothing of it stays."""
    before = stored_files(api)
    assert wrong_fields(ali.post(attachments, **options)) == {"file"}
    assert ali.get(attachments).json() == []
    assert stored_files(api) == before


@pytest.mark.parametrize(
    "content_type", ["application/octet-stream", "application/x-www-form-urlencoded", None]
)
def test_another_kind_of_body_is_refused(
    ali: Person, attachments: str, content_type: str | None
) -> None:
    """415."""
    headers = {"Content-Type": content_type} if content_type else {}
    problem(ali.post(attachments, content=b"{}", headers=headers), 415, "unsupported_media_type")


def test_a_file_above_the_limit_is_refused(api: Api, ali: Person, attachments: str) -> None:
    """413 for one byte too many, and nothing of it stays."""
    before = stored_files(api)
    files = {"file": ("big", b"x" * (ATTACHMENT_MAX_SIZE + 1))}
    problem(ali.post(attachments, files=files), 413, "too_large")
    assert ali.get(attachments).json() == []
    assert stored_files(api) == before


@pytest.mark.parametrize("chunked", [False, True])
def test_a_far_too_large_upload_gets_its_answer(
    ali: Person, attachments: str, *, chunked: bool
) -> None:
    """413 that a client can read which still sends, and the next request works."""
    start = "\r\n".join(("--B", *FILE_PART)).encode()
    piece, pieces = b"x" * 100_000, 300

    async def body() -> AsyncIterator[bytes]:
        yield start
        for _ in range(pieces):
            yield piece

    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    if not chunked:
        headers["Content-Length"] = str(len(start) + pieces * len(piece))
    problem(ali.post(attachments, content=body(), headers=headers), 413, "too_large")
    assert attach(ali, attachments)["size"] == len(DATA)


def test_an_upload_without_a_token_gets_its_answer(api: Api, attachments: str) -> None:
    """401 that a client can read which still sends."""
    files = {"file": ("big", b"x" * 10_000_000)}
    problem(api.request("POST", attachments, files=files), 401, "not_authenticated")


def test_an_endless_form_around_the_file_is_refused(ali: Person, attachments: str) -> None:
    """413 for other fields that are larger than any form's."""
    files = {"junk": ("junk", b"x" * (3 * ATTACHMENT_MAX_SIZE))}
    problem(ali.post(attachments, files=files), 413, "too_large")


def test_only_the_sender_attaches(
    sara: Person, stranger: Person, ali: Person, attachments: str
) -> None:
    """403 for other participants, 404 for everybody else."""
    files = {"file": ("f", b"x")}
    problem(sara.post(attachments, files=files), 403, "forbidden")
    problem(stranger.post(attachments, files=files), 404, "not_found")
    assert ali.get(attachments).json() == []


def test_a_deleted_message_takes_none(ali: Person, attachments: str) -> None:
    """409, and what it had is gone with it, from the disk too."""
    attachment = attach(ali, attachments)
    stored = stored_files(ali.api)
    assert ali.delete(attachments.removesuffix("attachments/")).status_code == 204
    problem(ali.post(attachments, files={"file": ("f", b"x")}), 409, "message_deleted")
    problem(ali.get(attachment["url"]), 404, "not_found")
    assert len(stored - stored_files(ali.api)) == 1


def test_only_participants_download(ali: Person, stranger: Person, attachments: str) -> None:
    """404 for others, and for ids of other messages."""
    attachment = attach(ali, attachments)
    problem(stranger.get(attachment["url"]), 404, "not_found")
    problem(stranger.get(attachments), 404, "not_found")
    problem(ali.get(f"{attachments}{attachment['id'] + 1}/"), 404, "not_found")


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=2000-", 2000, 2048),
        ("bytes=2000-99999", 2000, 2048),
        ("bytes=-48", 2000, 2048),
        ("bytes=-99999", 0, 2048),
        ("BYTES=1-1", 1, 2),
    ],
)
def test_a_range_is_a_part_of_the_file(
    ali: Person, attachments: str, header: str, start: int, end: int
) -> None:
    """206 with that part, and where it lies."""
    response = ali.get(attach(ali, attachments)["url"], headers={"Range": header})
    assert response.status_code == 206
    assert response.content == DATA[start:end]
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/2048"
    assert response.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "header", ["bytes=5-1", "bytes=-", "lines=1-2", "bytes=a-b", "bytes=0-1,5-6", "bytes", ""]
)
def test_a_range_that_means_nothing_is_ignored(ali: Person, attachments: str, header: str) -> None:
    """200 with the whole file, as for several ranges at once."""
    response = ali.get(attach(ali, attachments)["url"], headers={"Range": header})
    assert (response.status_code, response.content) == (200, DATA)
    assert "content-range" not in response.headers


@pytest.mark.parametrize("header", ["bytes=2048-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(ali: Person, attachments: str, header: str) -> None:
    """416 with the size."""
    response = ali.get(attach(ali, attachments)["url"], headers={"Range": header})
    problem(response, 416, "range_not_satisfiable")
    assert response.headers["content-range"] == "bytes */2048"


def test_a_range_of_another_version_is_the_whole(ali: Person, attachments: str) -> None:
    """If-Range with the present tag gives the part, with any other the file."""
    url = attach(ali, attachments)["url"]
    tag = ali.get(url).headers["etag"]
    same = ali.get(url, headers={"Range": "bytes=0-0", "If-Range": tag})
    other = ali.get(url, headers={"Range": "bytes=0-0", "If-Range": '"other"'})
    assert [same.status_code, other.status_code] == [206, 200]


def test_what_a_client_has_is_not_sent_again(ali: Person, attachments: str) -> None:
    """304 without a body where If-None-Match names the tag, 200 where it does not."""
    url = attach(ali, attachments)["url"]
    tag = ali.get(url).headers["etag"]
    for given in (tag, f'"x", W/{tag}', "*"):
        response = ali.get(url, headers={"If-None-Match": given})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == tag
    assert ali.get(url, headers={"If-None-Match": '"x"'}).status_code == 200


def test_head_says_the_size_without_the_file(ali: Person, attachments: str) -> None:
    """The headers of a download, and no body."""
    response = ali.request("HEAD", attach(ali, attachments)["url"])
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == str(len(DATA))


def test_an_agent_who_is_removed_loses_the_rest(
    api: Api, ali: Person, conversation: str, attachments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a download, of a table and of exports that are on their way."""
    monkeypatch.setattr(lasting, "AGAIN_SECONDS", 0.0)
    assert ali.post(conversation + "support_ticket/", {"subject": "help"}).status_code == 201
    url = attach(ali, attachments, b"x" * 700_000)["url"]
    agent = api.person("agent", is_staff=True)
    who = Identity(agent.id, agent.username, True, 0.0, None)
    payam, services = api.app.ctx.payam, api.app.ctx.services

    async def employ(*, is_staff: bool) -> None:
        async with payam.database.transaction() as transaction:
            await transaction.execute(
                "UPDATE users SET is_staff = ? WHERE id = ?", (is_staff, agent.id)
            )

    async def begun(chunks: AsyncGenerator[bytes, None]) -> None:
        async with aclosing(chunks):
            await anext(chunks)
            await employ(is_staff=False)
            with pytest.raises(Forbidden):
                async for _ in chunks:
                    pass
        await employ(is_staff=True)

    async def exports() -> None:
        await begun(await services.desk_figures.table(who))
        await begun(await services.oversight.export(who, int(conversation.split("/")[-2])))
        await begun(await services.accounts.export(who, ali.id))

    api.run(exports())
    chunks_of = payam.files.chunks

    async def chunks(*place: Any) -> AsyncIterator[bytes]:
        async for chunk in chunks_of(*place):
            yield chunk
            await employ(is_staff=False)

    assert agent.get(url).status_code == 200
    monkeypatch.setattr(payam.files, "chunks", chunks)
    with pytest.raises(httpx.TransportError):
        agent.get(url)


def test_a_download_that_breaks_is_cut(
    api: Api, ali: Person, attachments: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the file has become shorter, the client sees a broken connection."""
    before = stored_files(api)
    url = attach(ali, attachments, b"x" * 700_000)["url"]
    (stored,) = stored_files(api) - before
    with stored.open("r+b") as file:
        file.truncate(400_000)
    with caplog.at_level(logging.CRITICAL, "payam.api"), pytest.raises(httpx.TransportError):
        ali.get(url)
    stored.unlink()
    problem(ali.get(url), 404, "not_found")
