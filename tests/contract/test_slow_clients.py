"""Uploads that come byte by byte are cut, and what follows from that is as for any other cut."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from config.settings import Settings
from tests.api.client import Api, Person

PATIENCE = 0.6
"""Seconds of RECEIVE_TIMEOUT here."""
SECONDS = 60  # keeps a test from hanging


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    data = tmp_path_factory.mktemp("slow")
    with Api(Settings(data_dir=data, rate_limits=False, receive_timeout=PATIENCE)) as served:
        yield served


@pytest.fixture(scope="module")
def ali(api: Api) -> Person:
    return api.person("ali")


async def drip(person: Person, method: str, path: str, headers: list[str], begin: bytes) -> bytes:
    """All that is answered to a request whose body goes on byte by byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", person.api.port)
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {person.access}"]
    writer.write("\r\n".join([*lines, *headers, "", ""]).encode() + begin)

    async def go_on() -> None:
        with suppress(OSError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(PATIENCE / 8)

    dripping = asyncio.create_task(go_on())
    answer = b""
    with suppress(OSError):
        async with asyncio.timeout(60):
            while part := await reader.read(65536):
                answer += part
    dripping.cancel()
    writer.transport.abort()
    return answer


def test_an_attachment_is_cut_and_leaves_nothing(api: Api, ali: Person) -> None:
    """408 in the form of every error; others are answered meanwhile."""
    talk = ali.begin()
    path = f"{talk}messages/{ali.say(talk, 'a')['id']}/attachments/"
    form = b'--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nbegun'
    headers = ["Content-Type: multipart/form-data; boundary=B", "Content-Length: 100000"]

    async def both() -> tuple[bytes, int]:
        dripping = asyncio.create_task(drip(ali, "POST", path, headers, form))
        await asyncio.sleep(PATIENCE / 2)
        bearer = {"Authorization": f"Bearer {ali.access}"}
        meanwhile = await api.send("GET", "/api/users/me/", headers=bearer)
        return await dripping, meanwhile.status_code

    answer, meanwhile = api.run(both())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer
    assert meanwhile == 200
    assert ali.get(path).json() == []
    end = time.monotonic() + SECONDS
    while found := [file for file in api.settings.uploads.rglob("*") if file.is_file()]:
        assert time.monotonic() < end, found
        time.sleep(0.02)


def test_a_resumable_upload_keeps_what_came(api: Api, ali: Person) -> None:
    """So its client goes on from there, as after any other cut."""
    begun = ali.post("/api/uploads/", headers={"Upload-Length": "100000", "Tus-Resumable": "1.0.0"})
    path = begun.headers["Location"]
    path = path[path.index("/api/") :]
    tus = ["Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream"]
    headers = [*tus, "Upload-Offset: 0", "Content-Length: 100000"]
    answer = api.run(drip(ali, "PATCH", path, headers, b"y" * 1000))
    assert answer.startswith(b"HTTP/1.1 408 ")
    offset = int(ali.head(path, headers={"Tus-Resumable": "1.0.0"}).headers["Upload-Offset"])
    assert 1000 <= offset < 2000
