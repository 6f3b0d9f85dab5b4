"""What is read without Sanic means the same to Sanic's path, whatever its bytes are."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from chat.auth.middleware import SUBPROTOCOL, subprotocols_in
from chat.http import heads
from chat.realtime.plain_knock import reader

GOOD = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "chat.v1, bearer.a.b.c",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits=15",
    "Origin": "https://example.org",
}
TARGETS = ["/ws/", "/ws/?cursor=e.i.5", "/ws/chat/12/?since=3&epoch=x", "/ws/chat/12/?since="]
SIGNS = st.sampled_from("\t \"',;:=?&%/\\\r\n.-_09aZé")
DATE = re.compile(rb"Date: [^\r]*")


def head(target: str = "/ws/", fields: dict[str, str] = GOOD) -> bytes:
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""]).encode()


@st.composite
def heads_with_faults(draw: st.DrawFn) -> bytes:
    """A good head in which some signs are others, or are gone, or some lines are."""
    lines = head(draw(st.sampled_from(TARGETS))).decode().split("\r\n")[:-2]
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(1, len(lines) - 1))
        kind = draw(st.sampled_from(["drop", "double", "small"]))
        if kind == "drop":
            del lines[place]
        elif kind == "double":
            lines.append(lines[place])
        else:
            lines[place] = lines[place].lower()
    text = "\r\n".join([*lines, "", ""])
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text) - 1))
        text = text[:at] + draw(SIGNS | st.just("")) + text[at + draw(st.integers(0, 1)) :]
    return text.encode()


@given(heads_with_faults())
@hypothesis_settings(max_examples=600, deadline=None)
def test_whatever_is_read_is_a_good_handshake_for_the_other_path_too(data: bytes) -> None:
    """With the same answer, the same conversation, and the same parameters."""
    knock = reader("")(data)
    if knock is None:
        return
    parsed = heads.parse(data.removesuffix(b"\r\n\r\n"))
    assert (parsed.method, parsed.version, parsed.keep_alive) == ("GET", "1.1", True)
    assert (parsed.length, parsed.is_chunked) == (None, False)
    named = dict(parsed.headers)
    offered = SUBPROTOCOL in subprotocols_in([named.get("sec-websocket-protocol", "")])
    protocol = ServerProtocol(subprotocols=[SUBPROTOCOL] if offered else None, state=State.OPEN)  # type: ignore[list-item]
    answer = protocol.accept(Request(parsed.target, Headers(parsed.headers)))
    assert answer.status_code == 101
    assert DATE.sub(b"", knock.answer()) == DATE.sub(b"", answer.serialize())
    path, query = urlsplit(parsed.target).path, urlsplit(parsed.target).query
    found = re.fullmatch("/ws/(?:chat/([0-9]+)/)?", path)
    assert found
    assert knock.conversation_id == (found[1] and int(found[1]))
    assert knock.arguments() == parse_qs(query, keep_blank_values=True)


@pytest.mark.parametrize("target", TARGETS)
def test_what_clients_send_is_read(target: str) -> None:
    """Otherwise the test above would compare nothing."""
    assert reader("")(head(target)) is not None


@pytest.mark.parametrize(
    ("base_path", "target", "is_read"),
    [
        ("/chat", "/chat/ws/", True),
        ("/chat", "/ws/", False),
        ("/a.b", "/a.b/ws/", True),
        ("/a.b", "/aXb/ws/", False),
        ("", "/chat/ws/", False),
    ],
)
def test_a_path_of_the_site_is_left_out(base_path: str, target: str, *, is_read: bool) -> None:
    assert (reader(base_path)(head(target)) is not None) == is_read
