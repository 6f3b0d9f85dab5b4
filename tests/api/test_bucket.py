"""Attachments in a bucket, in a server that speaks S3: the same over HTTP, by signed addresses."""

import os
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from msgspec import convert
from msgspec.structs import replace

from chat.changes import catalogue
from chat.errors import Unavailable
from chat.store import doctor, moving
from chat.store.attachments import StoredFile
from chat.store.bucket import PART
from chat.store.drift import Drift
from config.settings import Settings
from payam_client import Attachment as ClientAttachment
from payam_client import Tokens
from tests.api.client import Api, Person, problem
from tests.client.people import connect
from tests.media.pictures import picture
from tests.support.commands import run_command
from tests.support.payam_server import CHECKOUT
from tests.support.s3_server import BUCKET, S3Server

DATA = bytes(range(256)) * 8
NAME = "گزارش.bin"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        server.make_bucket()
        with patch.dict(os.environ, server.rights):
            yield server


@pytest.fixture(scope="module")
def api(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("bucket"),
        rate_limits=False,
        attachment_storage=f"s3://{BUCKET}/chat/files",
    )
    with Api(settings) as served:
        yield served


@pytest.fixture
def attachments(ali: Person, conversation: str) -> str:
    """The path of the attachments of a message of Ali's."""
    return f"{conversation}messages/{ali.say(conversation, 'look')['id']}/attachments/"


def attach(person: Person, path: str, data: bytes = DATA) -> dict[str, Any]:
    response = person.post(path, files={"file": (NAME, data, "application/x-test")})
    assert response.status_code == 201, response.text
    attachment: dict[str, Any] = response.json()
    return attachment


def on_disk(api: Api) -> set[Path]:
    return {path for path in api.settings.uploads.rglob("*") if path.is_file()}


def in_bucket(api: Api) -> set[str]:
    bucket = api.app.ctx.payam.files.bucket
    return set(api.run(bucket.everything()))


def downloaded(person: Person, url: str, method: str = "GET", **headers: str) -> httpx.Response:
    """What the signed address gives to whoever has it."""
    answer = person.request(method, url, headers=headers)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return httpx.request(method, answer.headers["Location"], headers=headers)


def drifts(api: Api) -> list[Drift]:
    payam = api.app.ctx.payam
    kinds, entries = catalogue.LOGGED, catalogue.ENTRIES
    return api.run(doctor.examine(payam.database, payam.files, kinds, entries))


def test_files_are_in_the_bucket(api: Api, ali: Person, sara: Person, attachments: str) -> None:
    """Whole, under their names, and nothing of them on the disk."""
    attachment = attach(ali, attachments)
    answer = downloaded(sara, attachment["url"])
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["Content-Type"] == "application/x-test"
    assert "%DA%AF" in answer.headers["Content-Disposition"]
    part = downloaded(sara, attachment["url"], Range="bytes=5-9")
    assert (part.status_code, part.content) == (206, DATA[5:10])
    head = downloaded(sara, attachment["url"], "HEAD")
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(DATA)))
    assert on_disk(api) == set()
    assert api.app.ctx.settings.attachment_storage
    assert ali.get("/api/settings/").json()["attachment_storage"] == "s3"


def test_a_thumbnail_is_there_too(ali: Person, attachments: str) -> None:
    """With its own type."""
    attachment = attach(ali, attachments, picture())
    answer = downloaded(ali, attachment["thumbnail_url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")


def test_the_clients_follow(api: Api, s3: S3Server, ali: Person, attachments: str) -> None:
    """The page may read at the bucket's origin; the client for Python goes there by itself."""
    attachment = attach(ali, attachments)
    policy = ali.get("/").headers["Content-Security-Policy"]
    assert f"connect-src 'self' {s3.url};" in policy

    async def read() -> bytes:
        tokens = Tokens(ali.access, "")
        async with connect(f"http://127.0.0.1:{api.port}", tokens) as payam:
            file = convert(attachment, ClientAttachment, strict=False)
            return b"".join([chunk async for chunk in payam.download(file)])

    assert api.run(read()) == DATA


def test_only_participants_get_an_address(ali: Person, stranger: Person, attachments: str) -> None:
    """Which is signed, and good for some minutes."""
    attachment = attach(ali, attachments)
    problem(stranger.get(attachment["url"]), 404, "not_found")
    place = ali.request("GET", attachment["url"]).headers["Location"]
    assert parse_qs(urlsplit(place).query)["X-Amz-Expires"] == ["300"]


def test_it_goes_with_its_message(api: Api, ali: Person, attachments: str) -> None:
    """The file and the thumbnail are out of the bucket."""
    before = in_bucket(api)
    attach(ali, attachments, picture())
    assert len(in_bucket(api) - before) == 2
    assert ali.delete(attachments.removesuffix("attachments/")).status_code == 204
    assert in_bucket(api) == before


def test_a_resumable_upload_goes_there(api: Api, ali: Person, attachments: str) -> None:
    """When it is attached."""
    sent = {"Upload-Length": str(len(DATA)), "Content-Type": "application/offset+octet-stream"}
    place = ali.post("/api/uploads/", content=DATA, headers=sent).headers["Location"]
    attached = ali.post(attachments, {"upload": place.split("/")[-2]})
    assert attached.status_code == 201
    assert downloaded(ali, attached.json()["url"]).content == DATA
    assert on_disk(api) == set()


def test_a_large_file_goes_there_in_parts(api: Api, ali: Person, attachments: str) -> None:
    """As a form, and as a resumable upload. A range is right across the border of two parts."""
    # Two parts and a little more; no two places in it are the same.
    large = array("Q", range(PART // 4 + 1)).tobytes()
    attachment = attach(ali, attachments, large)
    half = len(large) // 2
    sent = {"Content-Type": "application/offset+octet-stream"}
    begun = ali.post("/api/uploads/", headers={"Upload-Length": str(len(large))}).headers
    for offset, piece in ((0, large[:half]), (half, large[half:])):
        headers = {**sent, "Upload-Offset": str(offset), "Tus-Resumable": "1.0.0"}
        answer = ali.patch(begun["Location"], headers=headers, content=piece)
        assert answer.status_code == 204, answer.text
    uploaded = ali.post(attachments, {"upload": begun["Location"].split("/")[-2]}).json()
    border = slice(PART - 3, PART + 5)
    for one in (attachment, uploaded):
        assert one["size"] == len(large)
        whole = downloaded(ali, one["url"])
        assert whole.content == large
        assert whole.headers["ETag"].endswith('-3"')  # S3's own sign of three parts
        part = downloaded(ali, one["url"], Range=f"bytes={border.start}-{border.stop - 1}")
        assert (part.status_code, part.content) == (206, large[border])
        last = downloaded(ali, one["url"], Range="bytes=-5")
        assert (last.status_code, last.content) == (206, large[-5:])

    async def read(start: int, size: int) -> bytes:
        """As an export does, past the signed addresses."""
        files = api.app.ctx.payam.files
        sizes = await files.bucket.everything()
        (name, _) = [name for name, kept in sizes.items() if kept.size == len(large)]
        return b"".join([chunk async for chunk in files.chunks(name, start, size)])

    assert api.run(read(border.start, 8)) == large[border]
    assert api.run(read(0, len(large))) == large
    assert on_disk(api) == set()
    assert ali.delete(attachments.removesuffix("attachments/")).status_code == 204


def test_files_move_and_are_there_all_the_time(
    api: Api, ali: Person, attachments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the disk and back; a second move finds nothing to do, and the doctor nothing wrong."""
    payam = api.app.ctx.payam
    monkeypatch.setattr(moving, "PAGE", 2)
    attachment = attach(ali, attachments, picture())
    attach(ali, attachments)

    def move(*, to_bucket: bool) -> moving.Moved:
        words: list[str] = []
        done = api.run(
            moving.move(
                payam.database, payam.files, payam.files.bucket, words.append, to_bucket=to_bucket
            )
        )
        # A line of progress after each page of two: how far it is, of how much.
        files = [line.partition(",")[0] for line in words]
        seen = [min(number, done.seen) for number in range(2, done.seen + 2, 2)]
        assert files == [f"{number} of {done.seen} files seen" for number in seen]
        assert words[-1].endswith(f", {done.moved} moved")
        return done

    everything = move(to_bucket=False)
    assert everything.moved == everything.seen > 0
    assert in_bucket(api) == set()
    served = ali.get(attachment["url"])
    assert (served.status_code, served.content) == (200, picture())
    assert ali.get(attachment["thumbnail_url"]).status_code == 200
    assert drifts(api) == []
    assert move(to_bucket=False).moved == 0
    assert move(to_bucket=True).moved == everything.moved
    assert on_disk(api) == set()
    assert downloaded(ali, attachment["url"]).content == picture()
    assert drifts(api) == []


def test_a_move_that_was_killed_goes_on(
    api: Api, s3: S3Server, ali: Person, conversation: str
) -> None:
    """A command that is killed half-way, and what one leaves that ends between two steps: the next
    one finishes it, and nothing stays in the place that was left.
    """
    payam = api.app.ctx.payam
    files, bucket = payam.files, payam.files.bucket
    message = ali.say(conversation, "many")["id"]
    path = f"{conversation}messages/{message}/attachments/"
    for number in range(10):
        attach(ali, path, DATA + bytes([number]))
    pictured = attach(ali, path, picture())
    everything = in_bucket(api)
    settings = {
        "DATA_DIR": str(api.settings.data_dir),
        "ATTACHMENT_STORAGE": f"s3://{BUCKET}/chat/files",
        **s3.rights,
    }

    def killed(place: str, begun: Callable[[], bool]) -> None:
        command = [sys.executable, "-m", "chat", "attachments", "move", place]
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env={"PATH": os.defpath, **settings}, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and not begun():
            time.sleep(0.001)
        process.kill()
        process.wait()

    def row() -> StoredFile:
        sql = "SELECT stored_name, name, size, content_type, sha256 FROM attachments WHERE id = ?"
        (values,) = api.run(payam.database.fetch(sql, (pictured["id"],)))
        return replace(StoredFile(*values), thumbnail_size=1)

    killed("disk", lambda: len(on_disk(api)) > 2)
    assert drifts(api) == []
    for one in ali.get(path).json():
        assert ali.get(one["url"], follow_redirects=True).status_code == 200
    run_command("attachments", "move", "disk", settings=settings)
    assert in_bucket(api) == set()
    assert {one.name for one in on_disk(api)} == everything
    # A file was copied, and its copy in the bucket not deleted yet.
    file = row()
    api.run(files.send(file, files.path(file.stored_name), bucket))
    run_command("attachments", "move", "disk", settings=settings)
    assert in_bucket(api) == set()

    killed("s3", lambda: len(in_bucket(api)) > 2)
    assert drifts(api) == []
    run_command("attachments", "move", "s3", settings=settings)
    assert (in_bucket(api), on_disk(api)) == (everything, set())
    # A file was deleted, and its thumbnail not yet.
    api.run(files.fetch(file, bucket))
    files.path(file.stored_name).unlink()
    run_command("attachments", "move", "s3", settings=settings)
    assert (in_bucket(api), on_disk(api)) == (everything, set())
    assert downloaded(ali, pictured["thumbnail_url"]).status_code == 200
    assert drifts(api) == []


def test_the_doctor_looks_into_the_bucket(api: Api, ali: Person, attachments: str) -> None:
    """A file that is lost there is missing."""
    payam = api.app.ctx.payam
    before = in_bucket(api)
    attachment = attach(ali, attachments)
    (name,) = in_bucket(api) - before
    api.run(payam.files.bucket.remove([name]))
    (drift,) = drifts(api)
    assert drift.what == f"attachment {attachment['id']}: its file is missing"
    api.run(doctor.mend(payam.database, [drift], payam.files))
    assert drifts(api) == []


def test_what_others_put_there_is_left_alone(api: Api, s3: S3Server) -> None:
    """A folder that was made by hand, and a file of somebody else, are no files of Payam's."""
    before = in_bucket(api)
    for path in ("", "old/", "notes/monday.txt"):
        httpx.put(f"{s3.url}/{BUCKET}/chat/files/{path}", content=b"").raise_for_status()
    assert in_bucket(api) == before


def test_while_it_is_away_nothing_is_lost(
    api: Api, s3: S3Server, ali: Person, attachments: str
) -> None:
    """503 for an upload, which leaves nothing; the doctor does not take files for lost."""
    s3.kill()
    refused = ali.post(attachments, files={"file": ("a", DATA)})
    problem(refused, 503, "unavailable")
    assert on_disk(api) == set()
    assert ali.get(attachments).json() == []
    with pytest.raises(Unavailable):
        drifts(api)
