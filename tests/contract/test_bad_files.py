"""Files that lie, burst or hide something, and forms that are wrong: against a running server."""

import asyncio
import base64
import re
import stat
import struct
import zlib
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import unquote

import httpx

from tests.contract.helpers import PATIENCE, Pair
from tests.media.pictures import picture
from tests.support.people import People, Person

UNKNOWN = "application/octet-stream"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
HTML = b"<!doctype html><script>alert(1)</script>"
PNG, JPEG = picture("PNG", 2, 2), picture("JPEG", 2, 2)
FILES: dict[str, tuple[bytes, str, str]] = {
    "a page": (HTML, "text/html", "text/html"),
    "a page as a picture": (HTML, "image/png", UNKNOWN),
    "a page as a film": (b"\xef\xbb\xbf <!-- x -->" + HTML, "video/mp4", UNKNOWN),
    "a drawing": (SVG, "image/svg+xml", "image/svg+xml"),
    "a drawing as a picture": (b"\n\n" + SVG, "image/jpeg", UNKNOWN),
    "a picture as a page": (PNG, "text/html", "image/png"),
    "a picture and a page": (PNG + HTML, "text/html", "image/png"),
    "a picture and a script": (b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)", "text/js", "image/gif"),
    "a photo with a page in it": (
        JPEG[:2] + b"\xff\xfe\0\x2a" + HTML + JPEG[2:],
        "x/y",
        "image/jpeg",
    ),
    "a document and a page": (b"%PDF-1.7\n" + HTML, "text/html", "application/pdf"),
    "an archive as sound": (b"PK\3\4" + bytes(30), "audio/ogg", UNKNOWN),
    "sound as a picture": (b"OggS" + bytes(24) + b"OpusHead", "image/png", "audio/ogg"),
    "a type of two lines": (b"x", "text/plain\t; charset=x", "text/plain"),
    "no type at all": (b"x", "/", UNKNOWN),
}
"""The content, what it says it is, and what it is."""


def png(width: int, height: int) -> bytes:
    """A PNG in which every pixel is there, and the same."""

    def part(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    row = zlib.compressobj(9)
    data = b"".join(row.compress(bytes(width // 8 + 1)) for _ in range(height)) + row.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", data) + part(b"IEND", b"")


def stored(person: Person) -> set[Path]:
    """The files of all attachments and pictures that are there, and those on their way."""
    folder = Path(person.server.settings["DATA_DIR"]) / "attachments"
    return {path for path in folder.rglob("*") if path.is_file()}


def everything_of(person: Person) -> list[Path]:
    """DATA_DIR, and all that is in it."""
    folder = Path(person.server.settings["DATA_DIR"])
    return [folder, *folder.rglob("*")]


async def place_of(pair: Pair) -> str:
    """The path of the attachments of a new message."""
    sent = (await pair.ali.http.post(pair.messages, json={"content": "see"})).json()
    return f"{pair.messages}{sent['id']}/attachments/"


async def attach(person: Person, path: str, *file: Any) -> dict[str, Any]:
    answer = await person.http.post(path, files={"file": file})
    assert answer.status_code == 201, answer.text
    attachment: dict[str, Any] = answer.json()
    return attachment


async def test_no_file_is_shown_in_our_origin(people: People) -> None:
    """It comes back byte by byte as what it is, to be saved, and no browser may guess otherwise."""
    pair = await Pair.of(people)
    path = await place_of(pair)
    for what, (content, claimed, found) in FILES.items():
        attachment = await attach(pair.ali, path, f"{what}.html", content, claimed)
        assert attachment["content_type"] == found, what
        got = await pair.sara.http.get(attachment["url"])
        assert (got.status_code, got.content) == (200, content), what
        assert got.headers["Content-Type"].partition(";")[0] == found, what
        assert got.headers["Content-Disposition"].startswith("attachment;"), what
        assert got.headers["X-Content-Type-Options"] == "nosniff", what


async def test_a_picture_is_measured_before_it_is_unpacked(people: People) -> None:
    """A few kilobytes that are 400 million pixels, or say so, are kept as any file, without a
    thumbnail. As somebody's picture they are refused. A small one gets its thumbnail afterwards.
    """
    pair = await Pair.of(people)
    path = await place_of(pair)
    real = png(20_000, 20_000)
    false = PNG[:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + PNG[24:]
    broken = picture("GIF", 1200, 800)[:500]
    for bomb in (real, false, broken):
        attachment = await attach(pair.ali, path, "bomb.png", bomb, "image/png")
        assert "thumbnail_url" not in attachment
        assert (await pair.sara.http.get(attachment["url"])).content == bomb
        answer = await pair.ali.http.put("/api/users/me/avatar/", files={"file": ("b.png", bomb)})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["file"])
    fine = await attach(pair.ali, path, "fine.png", picture("PNG", 1200, 800), "image/png")
    assert fine["thumbnail_url"]


PART = ('Content-Disposition: form-data; name="file"; filename="f"', "", "x")
OTHER = ('Content-Disposition: form-data; name="more"', "", "x")
FORMS: dict[str, tuple[tuple[str, ...], str]] = {
    "a second file": (("--B", *PART, "--B", *PART, "--B--", ""), "file"),
    "another field after it": (("--B", *PART, "--B", *OTHER, "--B--", ""), "more"),
    "a thousand fields": (("--B", *(*OTHER, "--B") * 1000, *PART, "--B--", ""), "more"),
    "no end": (("--B", *PART), "file"),
    "an end in the boundary": (("--B", *PART, "--B"), "file"),
    "an end in the head": (("--B", PART[0]), "file"),
    "another boundary": (("--C", *PART, "--C--", ""), "file"),
    "nothing": ((), "file"),
    "a text": (
        ("--B", 'Content-Disposition: form-data; name="file"', "", "x", "--B--", ""),
        "file",
    ),
}


async def test_a_wrong_form_leaves_nothing(people: People) -> None:
    """400 with the name of the field, for a form of known length and for one in chunks."""
    pair = await Pair.of(people)
    path = await place_of(pair)
    before = stored(pair.ali)
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    for what, (lines, field) in FORMS.items():
        body = "\r\n".join(lines).encode()

        async def in_chunks(body: bytes = body) -> Any:
            for at in range(0, len(body), 50):
                yield body[at : at + 50]

        for content in (body, in_chunks()):
            answer = await pair.ali.http.post(path, content=content, headers=headers)
            assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), what
    assert (await pair.ali.http.get(path)).json() == []
    assert stored(pair.ali) - before == set()


async def test_a_body_of_another_length_leaves_nothing(people: People) -> None:
    """One that ends early is no file. What comes after the end of one is no part of it, and no
    request either.
    """
    pair = await Pair.of(people)
    path = await place_of(pair)
    before = stored(pair.ali)
    body = "\r\n".join(("--B", *PART, "--B--", "")).encode()
    short = await say(pair.ali, path, len(body) + 50, body)
    assert not short.startswith(b"HTTP/1.1 201"), short
    assert (await pair.ali.http.get(path)).json() == []
    end = monotonic() + PATIENCE
    while found := stored(pair.ali) - before:  # nobody waits for it to go
        assert monotonic() < end, found
        await asyncio.sleep(0.02)
    longer = await say(pair.ali, path, len(body), body + b"x" * 50 + b"\r\n\r\n")
    assert re.findall(rb"HTTP/1\.1 (\d+)", longer) == [b"201", b"400"], longer
    (attachment,) = (await pair.ali.http.get(path)).json()
    assert (await pair.sara.http.get(attachment["url"])).content == b"x"
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    begun = await pair.ali.http.post("/api/uploads/", headers={**tus, "Upload-Length": "3"})
    place = httpx.URL(begun.headers["Location"]).path
    more = await pair.ali.http.patch(place, content=b"1234", headers={**tus, "Upload-Offset": "0"})
    assert (more.status_code, list(more.json()["errors"])) == (400, ["Upload-Length"])
    assert (await pair.ali.http.delete(place, headers=tus)).status_code == 204


async def say(person: Person, path: str, length: int, body: bytes) -> bytes:
    """All that is answered to a form of this length, until the server closes. A client that has
    sent less than it said leaves.
    """
    reader, writer = await asyncio.open_connection(person.server.host, person.server.port)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {person.access}\r\n"
        f"Content-Type: multipart/form-data; boundary=B\r\nContent-Length: {length}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    if len(body) < length:
        writer.write_eof()
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer


NAMES: dict[str, str] = {
    'filename="a%22b.txt"': 'a"b.txt',
    'filename="a\\"b.txt"': 'a"b.txt',
    "filename*=UTF-8''%D9%86%D8%A7%D9%85%D9%87.txt": "نامه.txt",
    "filename=\"x.txt\"; filename*=UTF-8''%D9%86%D8%A7%D9%85%D9%87.txt": "نامه.txt",
    "filename*=iso-8859-1'en'%E9.txt": "é.txt",
    'filename="می‌شود 😀.txt"': "می‌شود 😀.txt",
    "filename=plain.txt": "plain.txt",
    'filename=".gitignore"': ".gitignore",
    'filename="..a.b"': "..a.b",
    'filename="../../etc/passwd"': "passwd",
    "filename*=UTF-8''..%2F..%2Fetc%2Fpasswd": "passwd",
    'filename="C:\\fakepath\\photo.jpg"': "photo.jpg",
    'filename="photo\u202egnp.exe"': "photognp.exe",
    'filename="a%0D%0AX-Evil: 1"': "aX-Evil: 1",
    'filename=".."': "file",
    'filename="100%.txt"': "100%.txt",
}
"""As clients write it, and what is kept."""


async def test_names_are_read_in_every_form(people: People) -> None:
    """And are the same in the list, and in what a browser saves."""
    pair = await Pair.of(people)
    path = await place_of(pair)
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    for parameter, name in NAMES.items():
        lines = (
            "--B",
            f'Content-Disposition: form-data; name="file"; {parameter}',
            "",
            "x",
            "--B--",
        )
        body = "\r\n".join((*lines, "")).encode()
        answer = await pair.ali.http.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json().get("name")) == (201, name), parameter
        got = await pair.sara.http.get(answer.json()["url"])
        saved = got.headers["Content-Disposition"].rpartition("filename*=UTF-8''")[2]
        assert unquote(saved) == name
    listed = (await pair.sara.http.get(path)).json()
    assert [one["name"] for one in listed] == list(NAMES.values())


async def test_what_is_stored_is_its_owners_alone(people: People) -> None:
    """No other user of the machine reads attachments, thumbnails, pictures and unfinished uploads,
    nor what else is in DATA_DIR.
    """
    pair = await Pair.of(people)
    photo = picture("PNG", 1200, 800)
    attachment = await attach(pair.ali, await place_of(pair), "p.png", photo, "image/png")
    assert attachment["thumbnail_url"]
    files = {"file": ("p.png", photo)}
    assert (await pair.ali.http.put("/api/users/me/avatar/", files=files)).status_code == 200
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    name = base64.b64encode(b"f").decode()
    begun = await pair.ali.http.post(
        "/api/uploads/", headers={**tus, "Upload-Metadata": f"filename {name}"}
    )
    assert begun.status_code == 201
    everything = everything_of(pair.ali)
    assert len(stored(pair.ali)) >= 4
    for path in everything:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:  # it was there for a moment, as files of SQLite are
            continue
        assert not mode & (stat.S_IRWXG | stat.S_IRWXO), (path, oct(mode))
