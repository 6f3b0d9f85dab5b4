"""What a server says to clients that are not like the usual ones."""

import asyncio
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.conftest import LARGE, Site
from tests.http.raw import Answer, RawClient, parsed
from tests.support.payam_server import PayamServer

TWO = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def say(site: Site, data: bytes) -> list[Answer]:
    """All answers to this, until the server closes."""
    async with await RawClient.connect(site.port) as client:
        await client.send(data)
        rest, answers = await client.read_to_the_end(), []
        while rest:
            one = parsed(rest)
            size = int(one.headers.get("content-length", len(one.body)))
            answers.append(Answer(one.status, one.headers, one.body[:size]))
            rest = one.body[size:]
        return answers


@pytest.mark.parametrize("connection", ["", "Connection: keep-alive\r\n"])
async def test_http_1_0_gets_no_chunks(site: Site, connection: str) -> None:
    """A body of unknown length ends with the connection."""
    (answer,) = await say(site, f"GET /streamed HTTP/1.0\r\n{connection}\r\n".encode())
    assert answer.body == LARGE
    assert answer.headers["connection"] == "close"
    assert not answer.headers.keys() & {"transfer-encoding", "content-length"}


async def test_http_1_0_may_stay_where_the_length_is_known(site: Site) -> None:
    """As it asks for."""
    keep = b"GET /sized HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    first, second = await say(site, keep + END)
    assert (first.body, first.headers["connection"]) == (LARGE, "keep-alive")
    assert second.body == b"small"


@pytest.mark.parametrize("path", ["/body", "/streamed", "/sized", "/small"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_head_is_answered_with_the_headers_of_get(
    site: Site, path: str, version: str
) -> None:
    """And without a body: a streamed answer is not one of no bytes."""
    close = f"{path} HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n"
    (got,) = await say(site, f"GET {close}".encode())
    async with await RawClient.connect(site.port) as client:
        await client.send(f"HEAD {close}".encode())
        asked = parsed(await client.read_to_the_end())
    assert (asked.status, asked.headers) == (got.status, got.headers)
    assert asked.body == b""


@pytest.mark.parametrize(
    "trailers", ["", "X-Sum: 1\r\n", "X-A: b\r\nContent-Length: 5\r\nHost: y\r\n", "X-A:\r\n" * 900]
)
async def test_trailers_are_ignored(site: Site, trailers: str) -> None:
    """They end the body, and the next request is the next."""
    body = f"2;x=y\r\nab\r\n0003\r\ncde\r\n0\r\n{trailers}\r\n".encode()
    first, second = await say(site, TWO + body + END)
    assert (first.status, first.body) == (200, b"abcde")
    assert second.body == b"small"


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"zz\r\nab\r\n0\r\n\r\n",
            b"-1\r\n",
            b"+1\r\na\r\n",
            b"0x1\r\na\r\n",
            b"\r\n",
            b"1_0\r\n",
        ),
        *(b"2\r\nabXX0\r\n\r\n", b"2\nab\n0\n\n", b"2 2\r\nab\r\n", b"f" * 17 + b"\r\n"),
        *(b"2;" + b"x" * 2000 + b"\r\nab", b"0\r\nno header\r\n\r\n", b"0\r\nX : y\r\n\r\n"),
        b"0\r\n" + b"X-A: b\r\n" * 2000 + b"\r\n",
    ],
)
async def test_a_body_whose_chunks_are_wrong_is_refused(
    site: Site, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    """With 400, and nothing after it is taken for a request."""
    (answer,) = await say(site, TWO + body + END)
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert answer.headers["content-type"] == "application/problem+json"
    assert caplog.records == []


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /echo HTTP/1.1\r\nContent-Length: abc\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"GET /small HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"GET http://[::1 HTTP/9.9\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET /small HTTP/1.1\nHost: x\n\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /" + b"a" * 20_000, 414),
        (b"GET /small HTTP/1.1\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"POST /echo HTTP/1.1\r\nExpect: what\r\nContent-Length: 1\r\n\r\n", 417),
    ],
)
async def test_what_is_no_request_gets_a_reason(
    site: Site, caplog: pytest.LogCaptureFixture, head: bytes, status: int
) -> None:
    """As a problem document; nothing of it is in the log, and what follows is not read."""
    (answer,) = await say(site, head + END)
    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert answer.headers["content-type"] == "application/problem+json"
    assert caplog.records == []


async def test_who_still_sends_gets_the_reason_too(site: Site) -> None:
    """A connection that is closed with bytes unread is reset, and the answer lost with it."""
    async with await RawClient.connect(site.port) as client:
        await client.send(b"POST /echo HTTP/1.1\r\nContent-Length: 1e6\r\n\r\n")
        for _ in range(20):
            await client.send(b"x" * 10_000)
            await asyncio.sleep(0.01)
        assert parsed(await client.read_to_the_end()).status == 400


async def test_lines_before_a_head_are_skipped(site: Site) -> None:
    """RFC 9112, section 2.2."""
    (answer,) = await say(site, b"\r\n\r\n" + END)
    assert answer.status == 200


async def test_who_waits_to_send_is_not_made_to(site: Site) -> None:
    """`Expect: 100-continue` to what is not there: 404, without 100 before it."""
    head = b"POST /nothing HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    (answer,) = await say(site, head)
    assert (answer.status, answer.headers["connection"]) == (404, "close")
    async with await RawClient.connect(site.port) as client:
        await client.send(head.replace(b"/nothing", b"/echo"))
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"hello")
        assert (await client.answer()).body == b"hello"


def test_no_bytes_make_the_server_fail(on_sqlite: PayamServer) -> None:
    """Whatever comes is answered as HTTP, or waited for; nothing is logged of it."""

    @settings(
        max_examples=60,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        st.sampled_from(["", "GET ", "POST /api/token/ ", "GET http://", "GET / HTTP/1.1\r\n"]),
        st.binary(max_size=60)
        | st.text(st.characters(codec="utf-8"), max_size=60).map(
            lambda text: text.encode(errors="replace")
        ),
    )
    def check(begun: str, more: bytes) -> None:
        with socket.create_connection(("127.0.0.1", on_sqlite.port), timeout=60) as peer:
            peer.sendall(begun.encode() + more + b"\r\n\r\n")
            peer.shutdown(socket.SHUT_WR)
            got = b""
            while data := peer.recv(65536):
                got += data
        assert got == b"" or got.startswith(b"HTTP/1.1 ")

    check()
    on_sqlite.check_log()
