"""Clients that send byte by byte are cut by a running server, and nothing they began is done."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import httpx
import pytest

from tests.contract.helpers import Pair
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.postgres_server import PostgresServer

PATIENCE = 1.5
"""Seconds of RECEIVE_TIMEOUT here."""
SECONDS = 60  # keeps a test from hanging
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, postgres_server: PostgresServer, migrated_template: str
) -> Iterator[PayamServer]:
    settings = {"RATE_LIMITS": "off", "RECEIVE_TIMEOUT": str(PATIENCE)}
    if request.param == "postgres":
        settings["DATABASE_URL"] = postgres_server.create_database(template=migrated_template)
    with PayamServer(settings) as started:
        yield started


@pytest.fixture
async def people(server: PayamServer) -> AsyncIterator[People]:
    async with People(server) as everyone:
        yield everyone


async def drip(server: PayamServer, lines: list[str], begin: bytes, drop: bytes = b"x") -> bytes:
    """All that is answered to a request that goes on byte by byte. Of a head only `begin` comes
    where `lines` end without an empty one.
    """
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write("\r\n".join(lines).encode() + begin)

    async def go_on() -> None:
        with suppress(OSError):
            while True:
                writer.write(drop)
                await writer.drain()
                await asyncio.sleep(PATIENCE / 8)

    dripping = asyncio.create_task(go_on())
    answer = b""
    with suppress(OSError):
        async with asyncio.timeout(SECONDS):
            while part := await reader.read(65536):
                answer += part
    dripping.cancel()
    writer.transport.abort()
    return answer


def bearer(person: Person) -> list[str]:
    return ["Host: x", f"Authorization: Bearer {person.access}"]


def on_their_way(server: PayamServer) -> list[Path]:
    folder = Path(server.settings["DATA_DIR"]) / "attachments"
    return [file for file in folder.rglob("*") if file.is_file()]


async def test_an_attachment_is_cut_and_leaves_nothing(people: People) -> None:
    """408 in the form of every error. Others are answered meanwhile, and their sockets go on."""
    pair = await Pair.of(people)
    said = (await pair.ali.http.post(pair.messages, json={"content": "a"})).json()
    path = f"{pair.messages}{said['id']}/attachments/"
    form = b'--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nbegun'
    headers = ["Content-Type: multipart/form-data; boundary=B", "Content-Length: 100000"]
    head = [f"POST {path} HTTP/1.1", *bearer(pair.ali), *headers, "", ""]
    dripping = asyncio.create_task(drip(people.server, head, form))
    await asyncio.sleep(PATIENCE / 2)
    assert (await pair.sara.http.get("/api/users/me/")).status_code == 200
    await pair.second.send({"type": "chat_message", "message": "meanwhile", "client_id": "m"})
    assert (await pair.second.receive_type("ack"))["client_id"] == "m"
    answer = await dripping
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer
    assert (await pair.ali.http.get(path)).json() == []
    end = monotonic() + SECONDS
    while found := on_their_way(people.server):  # it goes after the answer
        assert monotonic() < end, found
        await asyncio.sleep(0.02)


async def test_a_resumable_upload_keeps_what_came(people: People) -> None:
    """So its client goes on from there, as after any other cut."""
    ali = await people("ali")
    begun = await ali.http.post("/api/uploads/", headers={**TUS, "Upload-Length": "100000"})
    path = httpx.URL(begun.headers["Location"]).path
    tus = ["Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream"]
    headers = [*tus, "Upload-Offset: 0", "Content-Length: 100000"]
    head = [f"PATCH {path} HTTP/1.1", *bearer(ali), *headers, "", ""]
    answer = await drip(people.server, head, b"y" * 1000)
    assert answer.startswith(b"HTTP/1.1 408 ")
    offset = int((await ali.http.head(path, headers=TUS)).headers["Upload-Offset"])
    assert 1000 <= offset < 2000
    assert (await ali.http.delete(path, headers=TUS)).status_code == 204


async def test_heads_and_handshakes_are_cut(people: People) -> None:
    """At the same time: a head and a handshake that never end, and JSON that comes byte by byte,
    also in chunks. Nothing of it has been carried out.
    """
    pair = await Pair.of(people)
    who = bearer(pair.ali)
    post = [f"POST {pair.messages} HTTP/1.1", *who, "Content-Type: application/json"]
    chunk = b"1\r\n \r\n"
    upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    answers = await asyncio.gather(
        drip(people.server, ["GET /api/users/me/ HTTP/1.1", *who, "X-Slow: "], b""),
        drip(people.server, ["GET /ws/ HTTP/1.1", *who, *upgrade, "X-Slow: "], b""),
        drip(people.server, [*post, "Content-Length: 5000", "", ""], b'{"content":"', b"x"),
        drip(people.server, [*post, "Transfer-Encoding: chunked", "", ""], chunk, chunk),
    )
    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 408 "] * 4
    assert (await pair.ali.http.get(pair.messages)).json() == []
