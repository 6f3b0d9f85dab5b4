"""Answers to clients that read slowly, or not at all, and requests that come slowly."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

import pytest

from chat import metrics
from chat.http.connection import LEAST_PACE
from config.settings import Settings
from tests.http.conftest import LARGE, SHORT, Site
from tests.http.raw import RawClient, dechunked, parsed

PIECE, PAUSE = 16 * 1024, 0.05
"""1 MiB in 3.2 s: four times what the server waits for anything else."""
PATHS = ("/body", "/streamed", "/sized")


def request(path: str, *lines: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: x", *lines, "", ""]).encode()


@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_a_client_that_reads_slowly_gets_the_whole_answer(site: Site, version: str) -> None:
    """Before a close, whichever way the answer is made; long after every other timeout."""

    async def get(path: str) -> bytes:
        async with await RawClient.connect(site.port, is_slow=True) as client:
            await client.send(request(path, "Connection: close", version=version))
            answer = parsed(await client.read_to_the_end(piece=PIECE, pause=PAUSE))
        assert answer.status == 200
        is_chunked = answer.headers.get("transfer-encoding") == "chunked"
        assert is_chunked == (path == "/streamed" and version == "1.1")
        return dechunked(answer.body) if is_chunked else answer.body

    assert set(await asyncio.gather(*(get(path) for path in PATHS))) == {LARGE}


async def test_so_does_one_that_stays(site: Site) -> None:
    """And its connection goes on: what is idle is counted from when it has the answer."""
    async with await RawClient.connect(site.port, is_slow=True) as client:
        await client.send(request("/body"))
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < len(LARGE):
            got += await client.reader.read(PIECE)
            await asyncio.sleep(PAUSE)
        assert parsed(got).body == LARGE
        await client.send(request("/small"))
        assert (await client.answer()).body == b"small"
        assert await client.read_to_the_end() == b""  # idle for longer than it may be


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("connection", ["close", "keep-alive"])
async def test_a_client_that_takes_nothing_is_cut_off(
    site: Site, caplog: pytest.LogCaptureFixture, path: str, connection: str
) -> None:
    """After `send_timeout`, with a line in the log and a count; what it sends is no excuse."""
    cut = metrics.clients_cut._value.get()
    with caplog.at_level(logging.WARNING, "payam.http"):
        async with await RawClient.connect(site.port, is_slow=True) as client:
            await client.send(request(path, f"Connection: {connection}"))
            while not client.reader.at_eof() and not caplog.records:
                await client.send(b"x" if connection == "close" else request("/small"))
                await asyncio.sleep(0.05)
            with suppress(ConnectionError):  # of what it sent last something may be unread
                assert len(await client.read_to_the_end()) < len(LARGE)
    (record,) = caplog.records
    assert f"GET {path} was cut off" in record.getMessage()
    assert "took nothing of it for 1 s" in record.getMessage()
    assert metrics.clients_cut._value.get() == cut + 1
    assert site.app.ctx.room.total == 0


@pytest.mark.parametrize("path", ["/streamed", "/sized", "/paused"])
async def test_a_client_that_leaves_is_no_news(
    site: Site, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """In the middle of an answer: nothing is held for it, and nothing is logged.

    Also where its next part is not there yet.
    """
    async with await RawClient.connect(site.port, is_slow=path != "/paused") as client:
        await client.send(request(path))
        await client.reader.readexactly(PIECE)
    site.app.ctx.go_on.set()
    while site.app.ctx.room.total:
        await asyncio.sleep(0.01)
    assert caplog.records == []


async def test_what_fails_behind_the_beginning_of_an_answer_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """As an answer whose next part does not come: its client only sees the connection end."""
    async with await RawClient.connect(site.port) as client:
        await client.send(request("/paused"))
        await client.read_to_the_end()
    (record,) = caplog.records
    assert record.getMessage() == "GET /paused failed behind its answer"
    assert record.exc_info is not None
    assert "Response Timeout" in str(record.exc_info[1])


async def test_an_upload_that_goes_on_is_read_to_its_end(site: Site) -> None:
    """At the least pace too; one that stops gets 408."""
    pieces, piece = 16, b"x" * LEAST_PACE
    head = (
        f"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {pieces * len(piece)}\r\n\r\n".encode()
    )
    async with await RawClient.connect(site.port) as client:
        await client.send(head)
        for _ in range(pieces):
            await client.send(piece)
            await asyncio.sleep(SHORT / 8)
        assert (await client.answer()).body == pieces * piece
        await client.send(head + b"x")
        answer = await client.answer()
        assert (answer.status, answer.headers["content-type"]) == (408, "application/problem+json")


DRIPS = {
    "body": ("/echo", "Content-Length: 100000"),
    "chunks": ("/echo", "Transfer-Encoding: chunked"),
    "handshake": ("/echo", "Content-Length: 100000\r\nConnection: Upgrade\r\nUpgrade: websocket"),
    "refused": ("/nowhere", "Content-Length: 100000"),
    "unasked": ("/small", "Content-Length: 100000"),
}


@pytest.mark.parametrize("name", DRIPS)
async def test_a_body_byte_by_byte_is_cut(
    site: Site, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the answer has gone out already, the connection is closed. Neither is a failure."""
    path, headers = DRIPS[name]
    method = "GET" if name == "unasked" else "POST"
    chunked = b"1\r\nx\r\n" if name == "chunks" else b"x"
    async with await RawClient.connect(site.port) as client:
        await client.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode())

        async def drip() -> None:
            with suppress(ConnectionError):
                while True:
                    await client.send(chunked)
                    await asyncio.sleep(SHORT / 8)

        dripping = asyncio.create_task(drip())
        answer = await client.answer()
        assert answer.status == (404 if name == "refused" else 408)
        with suppress(ConnectionError):
            assert await client.read_to_the_end() == b""
        dripping.cancel()
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_a_body_that_comes_after_its_408_is_no_failure(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """It is read and thrown away, and the connection is closed. So is an empty body that nobody
    reads, as of a request that has no need of it.
    """
    async with await RawClient.connect(site.port) as client:
        await client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nbegun")
        assert (await client.answer()).status == 408
        await client.send(b"ends")
        with suppress(ConnectionError):
            assert await client.read_to_the_end() == b""
    async with await RawClient.connect(site.port) as client:
        await client.send(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert (await client.answer()).status == 200
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_a_head_must_come_whole_in_its_time(site: Site) -> None:
    """Byte by byte it would never end: 408."""
    async with await RawClient.connect(site.port) as client:
        await client.send(b"GET /small HTTP/1.1\r\nX-A: ")

        async def drip() -> None:
            while True:
                await client.send(b"x")
                await asyncio.sleep(SHORT / 8)

        dripping = asyncio.create_task(drip())
        assert (await client.answer()).status == 408
        dripping.cancel()


class TestWhatWaitsIsBounded:
    @pytest.fixture
    def settings(self) -> Settings:
        """Room for two large bodies, or for some streams; one user may have a third of that."""
        return replace(
            Settings(),
            send_timeout=30.0,
            send_buffer_per_user=600 * 1024,
            send_buffer_per_worker=len(LARGE) + 900 * 1024,
            trusted_proxies=("127.0.0.1",),
        )

    @staticmethod
    async def ask(site: Site, path: str, who: str = "203.0.113.1") -> tuple[RawClient, int]:
        """A client that has read no more than the beginning of its answer."""
        client = await RawClient.connect(site.port, is_slow=True)
        await client.send(request(path, f"X-Forwarded-For: {who}"))
        return client, int((await client.reader.readuntil(b"\r\n")).split()[1])

    @pytest.mark.parametrize("path", ["/streamed", "/sized"])
    async def test_of_one_user(self, site: Site, path: str) -> None:
        """The third unread answer is refused with 429; when one is read, there is room."""
        clients = [await self.ask(site, path) for _ in range(3)]
        assert [status for _, status in clients] == [200, 200, 429]
        small, status = await self.ask(site, "/small")
        little, of_little = await self.ask(site, "/little")
        assert of_little == 200
        other, others = await self.ask(site, path, "203.0.113.2")
        assert (status, others) == (200, 200)
        clients[0][0].writer.transport.abort()
        while site.app.ctx.room.total > 2 * 256 * 1024:
            await asyncio.sleep(0.01)
        again, status = await self.ask(site, path)
        assert status == 200
        for client in (small, little, other, again, *(client for client, _ in clients)):
            client.writer.transport.abort()

    async def test_of_one_user_whose_answers_are_large(self, site: Site) -> None:
        """One is always sent, though it is above the bound by itself; a POST's always."""
        whole, first = await self.ask(site, "/body")
        refused, second = await self.ask(site, "/body")
        assert (first, second) == (200, 429)
        posted = await RawClient.connect(site.port, is_slow=True)
        await posted.send(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert b" 200 " in await posted.reader.readuntil(b"\r\n")
        for client in (whole, refused, posted):
            client.writer.transport.abort()

    async def test_of_the_worker(self, site: Site) -> None:
        """Everybody's next answer is refused with 503 and a time to come back."""
        first = metrics.answers_refused.labels("worker")._value.get()
        clients = [await self.ask(site, "/body", f"203.0.113.{n}") for n in range(2)]
        assert [status for _, status in clients] == [200, 503]
        assert b"Retry-After" in await clients[1][0].reader.readuntil(b"\r\n\r\n")
        assert metrics.answers_refused.labels("worker")._value.get() == first + 1
        for client, _ in clients:
            client.writer.transport.abort()
