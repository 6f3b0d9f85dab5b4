"""What is a request's head, and what gets a 400 instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic.exceptions import BadRequest

from chat.http import heads


def head(*lines: str, first: str = "POST /a?b=c HTTP/1.1") -> bytes:
    return "\r\n".join([first, *lines]).encode(errors="surrogateescape")


def test_a_head_is_taken_apart() -> None:
    """Names in lower case, values without the space around them; bytes that are not UTF-8 stay."""
    found = heads.parse(head("Host: x", "X-A:\t b c \t", "x-b:", "X-C: سلام \udcff"))
    assert (found.method, found.target, found.version) == ("POST", "/a?b=c", "1.1")
    assert found.headers == [
        ("host", "x"),
        ("x-a", "b c"),
        ("x-b", ""),
        ("x-c", "سلام \udcff"),
    ]
    assert (found.length, found.is_chunked) == (None, False)


@pytest.mark.parametrize(
    ("first", "target"),
    [
        ("GET / HTTP/1.0", "/"),
        ("GET //a HTTP/1.1", "//a"),
        ("GET http://x/a?b HTTP/1.1", "/a?b"),
        ("GET HTTPS://[2001:db8::1]:8443?b HTTP/1.1", "/?b"),
        ("GET http://x HTTP/1.1", "/"),
        ("OPTIONS * HTTP/1.1", "*"),
        ("BREW /pot HTTP/1.1", "/pot"),
    ],
)
def test_the_target_is_a_path_or_has_one(first: str, target: str) -> None:
    """A proxy sends whole URLs."""
    assert heads.parse(head(first=first)).target == target


@pytest.mark.parametrize(
    "first",
    [
        *("", "GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1"),
        *("GET / a HTTP/1.1", "GET / HTTP/2.0", "GET / HTTP/1.2", "GET / http/1.1", "GET / HTTP/1"),
        *("G(T / HTTP/1.1", "GET\t/ HTTP/1.1", "GET /\x00 HTTP/1.1", "GET /\x7f HTTP/1.1"),
        *("GET /é HTTP/1.1", "GÉT / HTTP/1.1", "GET * HTTP/1.1", "CONNECT x:80 HTTP/1.1"),
        *("GET a HTTP/1.1", "GET ftp://x/ HTTP/1.1", "GET http://x\\y HTTP/1.1", "GET ?a HTTP/1.1"),
    ],
)
def test_a_first_line_that_is_none_is_refused(first: str) -> None:
    with pytest.raises(BadRequest):
        heads.parse(head(first=first))


@pytest.mark.parametrize(
    "line",
    [
        *("Host", "Host : x", ": x", " Host: x", "X-A: b\r\n c", "X-A: b\0c", "X-A: b\nX-B: c"),
        *("X-A: b\rX-B: c", "X-Ä: b", "X A: b", "X-A: b\x7f", "", "Host: x\r\nHost: x"),
    ],
)
def test_a_line_that_is_no_header_is_refused(line: str) -> None:
    """Nor are two hosts."""
    with pytest.raises(BadRequest):
        heads.parse(head(line))


@pytest.mark.parametrize(
    ("lines", "length", "is_chunked"),
    [
        (["Content-Length: 0"], 0, False),
        (["content-length:\t00012 "], 12, False),
        (["Transfer-Encoding: chunked"], None, True),
        (["TRANSFER-ENCODING: Chunked "], None, True),
    ],
)
def test_a_body_is_announced(lines: list[str], length: int | None, is_chunked: bool) -> None:
    """By its length, or in chunks."""
    found = heads.parse(head(*lines))
    assert (found.length, found.is_chunked) == (length, is_chunked)


@pytest.mark.parametrize(
    "lines",
    [
        *([f"Content-Length: {value}"] for value in ("", "abc", "-1", "+1", "1_0", "0x1", "1.0")),
        *([f"Content-Length: {value}"] for value in ("1, 1", "1 1", "٣", "9" * 19, "1;a")),
        ["Content-Length: 1", "Content-Length: 1"],
        ["Content-Length: 1", "Transfer-Encoding: chunked"],
        *([f"Transfer-Encoding: {value}"] for value in ("", "gzip", "identity", "gzip, chunked")),
        *(
            [f"Transfer-Encoding: {value}"]
            for value in ("chunked, chunked", "chunked;a=b", "xchunked")
        ),
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    ],
)
def test_a_body_whose_end_is_not_clear_is_refused(lines: list[str]) -> None:
    """Two readers would not agree where the next request begins."""
    with pytest.raises(BadRequest):
        heads.parse(head(*lines))


def test_http_1_0_knows_no_chunks() -> None:
    with pytest.raises(BadRequest):
        heads.parse(head("Transfer-Encoding: chunked", first="POST / HTTP/1.0"))


@pytest.mark.parametrize(
    ("version", "lines", "keep_alive"),
    [
        ("1.1", [], True),
        ("1.1", ["Connection: TE, Keep-Alive"], True),
        ("1.1", ["Connection: Upgrade"], True),
        ("1.1", ["Connection: TE", "Connection: Close"], False),
        ("1.0", [], False),
        ("1.0", ["Connection: Keep-Alive, TE"], True),
    ],
)
def test_whether_the_connection_goes_on(version: str, lines: list[str], keep_alive: bool) -> None:
    """As the version says, or one of the options of `Connection`."""
    assert heads.parse(head(*lines, first=f"GET / HTTP/{version}")).keep_alive is keep_alive


@pytest.mark.parametrize("begun", [b"\x16\x03\x01", b"GET / HTTP/1.1\nHost: x", b" GET", b"\0\0"])
def test_what_cannot_become_a_head_is_known_early(begun: bytes) -> None:
    """TLS on a plain port, bare line ends: nobody waits for the rest."""
    assert heads.is_hopeless(begun)
    assert not heads.is_hopeless(b"GET / HTTP/1.1\r\nHost: x\r")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_refused(given_bytes: bytes) -> None:
    """Nothing else is raised, and what is taken has the form that the rest relies on."""
    try:
        found = heads.parse(given_bytes)
    except BadRequest:
        return
    assert found.target.isascii()
    assert found.target.startswith(("/", "*"))
