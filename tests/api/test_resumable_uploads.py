"""Resumable uploads over HTTP, step by step, as tus 1.0 says."""

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from tests.api.client import PASSWORD, Api, Person, problem, wrong_fields
from tests.media.pictures import picture

OCTETS = "application/offset+octet-stream"
QUOTA = 300_000
MOST = 200_000
NAME = "گزارش می‌شود.txt"
UPLOADS = "/api/uploads/"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("uploads"),
        rate_limits=False,
        attachment_max_size=MOST,
        upload_quota=QUOTA,
    )
    with Api(settings) as served:
        yield served


@pytest.fixture
def attachments(ali: Person, conversation: str) -> str:
    """The path of the attachments of a message of Ali's."""
    return f"{conversation}messages/{ali.say(conversation, 'look')['id']}/attachments/"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def begin(person: Person, size: int, **more: Any) -> str:
    """Begin an upload; its path."""
    metadata = f"filename {encoded(NAME)},filetype {encoded('text/plain')},other"
    sent = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata}
    answer = person.post(UPLOADS, headers=sent | more.pop("headers", {}), **more)
    assert answer.status_code == 201, answer.text
    place: str = answer.headers["Location"]
    return place


def send(person: Person, path: str, offset: int, data: bytes, **headers: str) -> Any:
    sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": OCTETS}
    return person.patch(path, content=data, headers=sent | headers)


def arrived(person: Person, path: str) -> int:
    answer = person.head(path, headers={"Tus-Resumable": "1.0.0"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


async def pieces() -> AsyncIterator[bytes]:
    """Without their sum in the request."""
    yield b"wor"
    yield b"ld of more"


def id_of(path: str) -> str:
    return path.strip("/").rpartition("/")[2]


def drafts(api: Api) -> set[Path]:
    return set(api.app.ctx.payam.files.drafts.everything())


def test_it_says_what_it_offers(api: Api, ali: Person) -> None:
    """To everybody, by OPTIONS; an error says the version too."""
    answer = ali.request("OPTIONS", UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    offered = set(answer.headers["Tus-Extension"].split(","))
    assert offered == {"creation", "creation-with-upload", "termination", "expiration"}
    assert answer.headers["Tus-Max-Size"] == str(MOST)
    said = ali.get("/api/settings/").json()
    assert (said["upload_quota"], said["upload_ttl"]) == (QUOTA, 86_400)


def test_a_file_comes_in_pieces(ali: Person, sara: Person, attachments: str) -> None:
    """Each is acknowledged with where the next begins; at the end it is a file as any other."""
    path = begin(ali, 10)
    assert arrived(ali, path) == 0
    first = send(ali, path, 0, b"hello ")
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "6")
    assert first.headers["Tus-Resumable"] == "1.0.0"
    assert arrived(ali, path) == 6
    early = ali.post(attachments, {"upload": id_of(path)})
    problem(early, 409, "upload_unfinished")
    assert send(ali, path, 6, b"Sara").headers["Upload-Offset"] == "10"
    attached = ali.post(attachments, {"upload": id_of(path)})
    assert attached.status_code == 201
    file = attached.json()
    assert (file["name"], file["size"], file["content_type"]) == (NAME, 10, "text/plain")
    assert sara.get(file["url"]).content == b"hello Sara"
    assert sara.get(attachments).json() == [file]


def test_head_gives_back_what_was_said(ali: Person) -> None:
    """The length and the metadata, as they came; GET the same as JSON, and the list has it."""
    path = begin(ali, 7)
    answer = ali.head(path)
    assert answer.headers["Upload-Length"] == "7"
    assert answer.headers["Upload-Metadata"].startswith(f"filename {encoded(NAME)}")
    assert answer.headers["Upload-Expires"].endswith("GMT")
    said = ali.get(path).json()
    assert (said["id"], said["name"], said["size"], said["offset"]) == (id_of(path), NAME, 7, 0)
    assert said in ali.get(UPLOADS).json()
    assert ali.delete(path).status_code == 204


def test_the_first_piece_may_come_at_once(ali: Person) -> None:
    """With the request that begins the upload."""
    path = begin(ali, 5, content=b"abc", headers={"Content-Type": OCTETS})
    assert arrived(ali, path) == 3
    ali.delete(path)


def test_it_is_attached_once(api: Api, ali: Person, conversation: str, attachments: str) -> None:
    """A second time is 409, and a retry with the same key is the first attachment."""
    path = begin(ali, 3, content=b"abc", headers={"Content-Type": OCTETS})
    keyed = {"headers": {"Idempotency-Key": f"attach {id_of(path)}"}}
    first = ali.post(attachments, {"upload": id_of(path)}, **keyed)
    assert first.status_code == 201
    again = ali.post(attachments, {"upload": id_of(path)}, **keyed)
    assert (again.status_code, again.json()) == (200, first.json())
    other = f"{conversation}messages/{ali.say(conversation, 'other')['id']}/attachments/"
    for where in (attachments, other):
        problem(ali.post(where, {"upload": id_of(path)}), 409, "upload_attached")
    assert ali.get(attachments).json() == [first.json()]
    assert ali.head(path).status_code == 404
    assert not any(draft.name == id_of(path) for draft in drafts(api))


def test_a_picture_has_its_thumbnail(ali: Person, attachments: str) -> None:
    """As one that came in a form."""
    data = picture("JPEG", 1200, 800, 6)
    path = begin(ali, len(data), content=data, headers={"Content-Type": OCTETS})
    file = ali.post(attachments, {"upload": id_of(path)}).json()
    assert (file["content_type"], file["width"], file["height"]) == ("image/jpeg", 800, 1200)
    assert ali.get(file["thumbnail_url"]).status_code == 200


def test_an_empty_file_is_finished_at_once(ali: Person, attachments: str) -> None:
    """Nothing has to be sent."""
    path = begin(ali, 0)
    assert ali.post(attachments, {"upload": id_of(path)}).json()["size"] == 0


def test_a_wrong_offset_is_refused(ali: Person) -> None:
    """409 before and beyond the end, and nothing is written; nor are bytes beyond the length."""
    path = begin(ali, 10)
    send(ali, path, 0, b"hello")
    for offset in (0, 4, 6):
        problem(send(ali, path, offset, b"xx"), 409, "wrong_offset")
    assert wrong_fields(send(ali, path, 5, b"too long")) == {"Upload-Length"}
    refused = ali.patch(
        path,
        content=pieces(),
        headers={"Upload-Offset": "5", "Content-Type": OCTETS},
    )
    assert wrong_fields(refused) == {"Upload-Length"}
    assert arrived(ali, path) in (5, 8)
    ali.delete(path)


def test_it_belongs_to_its_user(ali: Person, sara: Person, attachments: str) -> None:
    """To everybody else it is not there, and nobody else attaches it."""
    path = begin(sara, 3, content=b"abc", headers={"Content-Type": OCTETS})
    assert ali.head(path).status_code == 404
    problem(send(ali, path, 0, b"abc"), 404, "not_found")
    problem(ali.delete(path), 404, "not_found")
    assert wrong_fields(ali.post(attachments, {"upload": id_of(path)})) == {"upload"}
    assert arrived(sara, path) == 3
    assert sara.delete(path).status_code == 204


def test_what_is_given_up_is_gone(api: Api, ali: Person, attachments: str) -> None:
    """Its file too."""
    before = drafts(api)
    path = begin(ali, 3)
    assert len(drafts(api) - before) == 1
    assert ali.delete(path, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert drafts(api) == before
    assert ali.head(path).status_code == 404
    assert wrong_fields(ali.post(attachments, {"upload": id_of(path)})) == {"upload"}


def test_a_user_has_so_much_of_the_disk(ali: Person, sara: Person) -> None:
    """By the sizes that were promised; who gives one up, or attaches it, has room again."""
    first = begin(ali, MOST)
    sent = {"Upload-Length": str(QUOTA - MOST + 1)}
    problem(ali.post(UPLOADS, headers=sent), 409, "too_many_uploads")
    sara_too = begin(sara, MOST)
    ali.delete(first)
    sara.delete(sara_too)
    again = begin(ali, QUOTA - MOST + 1)
    ali.delete(again)


def test_what_expires_is_deleted(api: Api, ali: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its file, attached or not; nobody can continue it from that moment on."""
    uploads = api.app.ctx.payam.services.resumable_uploads
    kept = begin(ali, 3)
    before = drafts(api)
    monkeypatch.setattr(uploads, "lifetime", -1)
    path = begin(ali, 3)
    assert ali.head(path).status_code == 404
    problem(send(ali, path, 0, b"abc"), 404, "not_found")
    api.run(uploads.remove_expired())
    assert drafts(api) == before
    assert arrived(ali, kept) == 0
    ali.delete(kept)


def test_it_goes_with_its_user(api: Api) -> None:
    """Who erases themselves leaves no unfinished file behind."""
    before = drafts(api)
    leaver = api.person("leaver")
    begin(leaver, 3)
    gone = leaver.request("DELETE", "/api/users/me/", json={"password": PASSWORD})
    assert gone.status_code in (202, 204)
    api.run(api.app.ctx.payam.services.resumable_uploads.remove_expired())
    assert drafts(api) == before


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({}, "Upload-Length"),
        ({"Upload-Length": "-1"}, "Upload-Length"),
        ({"Upload-Length": "1.5"}, "Upload-Length"),
        ({"Upload-Length": "x"}, "Upload-Length"),
        ({"Upload-Defer-Length": "1"}, "Upload-Defer-Length"),
        ({"Upload-Length": "1", "Upload-Metadata": "filename ?"}, "Upload-Metadata"),
        ({"Upload-Length": "1", "Upload-Metadata": "a YQ==,a YQ=="}, "Upload-Metadata"),
        ({"Upload-Length": "1", "Upload-Metadata": ",a YQ=="}, "Upload-Metadata"),
        ({"Upload-Length": "1", "Upload-Metadata": "a " + "YWFh" * 1100}, "Upload-Metadata"),
    ],
)
def test_what_is_wrong_is_named(api: Api, ali: Person, headers: dict[str, str], field: str) -> None:
    """400, and nothing is begun."""
    before = drafts(api)
    assert wrong_fields(ali.post(UPLOADS, headers=headers)) == {field}
    assert drafts(api) == before


def test_other_refusals(api: Api, ali: Person, attachments: str) -> None:
    """A file above the limit, another version of tus, another kind of body."""
    before = drafts(api)
    problem(ali.post(UPLOADS, headers={"Upload-Length": str(MOST + 1)}), 413, "too_large")
    old = {"Upload-Length": "1", "Tus-Resumable": "0.2.2"}
    refused = ali.post(UPLOADS, headers=old)
    problem(refused, 412, "tus_version")
    assert refused.headers["Tus-Version"] == "1.0.0"
    none = {"Upload-Length": "1", "Tus-Resumable": ""}
    problem(ali.post(UPLOADS, headers=none), 412, "tus_version")
    assert drafts(api) == before
    path = begin(ali, 1)
    wrong = send(ali, path, 0, b"x", **{"Content-Type": "text/plain"})
    problem(wrong, 415, "unsupported_media_type")
    assert wrong_fields(ali.patch(path, headers={"Content-Type": OCTETS})) == {"Upload-Offset"}
    ali.delete(path)
    for body in ({}, {"upload": 1}, {"upload": "x", "file": "y"}, {"upload": "../../x"}):
        assert wrong_fields(ali.post(attachments, body))
    problem(ali.post(attachments, {"upload": "a" * 70_000}), 413, "too_large")
