"""The wire format against RFC 6455, and against the `websockets` library's own."""

import importlib.util
import sys
import tracemalloc

import pytest
import websockets.utils
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from chat.realtime import framing
from chat.realtime.framing import BINARY, CLOSE, PING, PONG, TEXT, FrameParser, ProtocolError

Messages = list[tuple[int, bytes]]

MAX_SIZE = 1 << 20
HELLO = bytes.fromhex("818537fa213d7f9f4d5158")
"""A text, "Hello", as a client sends it: the example in section 5.7."""
KEY = bytes(4)
"""A mask that changes nothing, so that the cases below can be read."""


def client_frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(Opcode(opcode), payload, fin).serialize(mask=True)


def feed(*pieces: bytes, max_size: int = MAX_SIZE) -> tuple[Messages, tuple[int, str] | None]:
    """What a new parser makes of the pieces: its messages, and its error's code and reason."""
    parser = FrameParser(max_size)
    messages = [message for piece in pieces for message in parser.feed(piece)]
    error = parser.error
    return messages, None if error is None else (error.code, error.reason)


def in_bytes(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


def read_by_client(data: bytes) -> list[tuple[int, bytes, bool]]:
    """What the library's client makes of a server's bytes: (opcode, payload, final)."""
    client = Protocol(Side.CLIENT, max_size=None)
    client.receive_data(data)
    frames = [event for event in client.events_received() if isinstance(event, Frame)]
    return [(frame.opcode, bytes(frame.data), frame.fin) for frame in frames]


def test_a_masked_text_is_unmasked() -> None:
    """The examples of section 5.7, a text and a pong, give what they carry."""
    pong = bytes.fromhex("8a8537fa213d7f9f4d5158")
    assert feed(HELLO + pong) == ([(TEXT, b"Hello"), (PONG, b"Hello")], None)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 128, 65535, 65536, 70000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_every_form_of_length_is_read_and_written(opcode: int, length: int) -> None:
    """Payloads around each limit of the length field arrive whole, both ways."""
    payload = (bytes(range(256)) * 300)[:length]
    assert feed(client_frame(opcode, payload)) == ([(opcode, payload)], None)
    assert read_by_client(framing.frame(opcode, payload)) == [(opcode, payload, True)]


def test_control_frames_come_from_between_fragments() -> None:
    """A ping inside a fragmented message comes first, and the message whole after it."""
    data = (
        client_frame(TEXT, b"Hel", fin=False)
        + client_frame(PING, b"?")
        + client_frame(framing.CONTINUATION, b"", fin=False)
        + client_frame(CLOSE, b"")
        + client_frame(framing.CONTINUATION, b"lo")
        + HELLO
    )
    expected = [(PING, b"?"), (CLOSE, b""), (TEXT, b"Hello"), (TEXT, b"Hello")]
    assert feed(data) == (expected, None)


def test_a_text_that_is_not_utf8_is_passed_on() -> None:
    """Bytes of a whole text that are not UTF-8 come as they are: the caller finds out when it
    decodes.
    """
    assert feed(client_frame(TEXT, b"\xff\xfe")) == ([(TEXT, b"\xff\xfe")], None)


NOT_UTF8 = (1007, "text must be UTF-8")
GREEK = "κόσμε".encode()
SURROGATE = b"\xed\xa0\x80"
BAD_TEXTS = {
    "in the last fragment": [
        client_frame(TEXT, GREEK, fin=False),
        client_frame(framing.CONTINUATION, SURROGATE, fin=False),
    ],
    "in the first fragment": [client_frame(TEXT, GREEK + SURROGATE + b"edited", fin=False)],
    "in a part of a frame": [client_frame(TEXT, GREEK + SURROGATE + b"edited" * 9)[:-50]],
    "beyond the last code point": [client_frame(TEXT, b"\xf4\x90\x80\x80" + b"x" * 90)[:-80]],
    "in a part of a fragment": [
        client_frame(TEXT, GREEK[:3], fin=False),
        client_frame(framing.CONTINUATION, GREEK[3:] + b"\xff" + b"x" * 99)[:-99],
    ],
    "behind a ping": [
        client_frame(TEXT, GREEK, fin=False),
        client_frame(PING, b"\xff"),
        client_frame(framing.CONTINUATION, b"\xc0\xaf", fin=False),
    ],
    "in a large frame": [client_frame(TEXT, b"x" * 70_000 + b"\xff" + b"x" * 30_000)[:-29_000]],
}
"""Texts whose end never comes. Autobahn calls some of these 6.4.1 to 6.4.4."""


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_a_text_that_is_not_utf8_ends_before_its_end(name: str) -> None:
    """As soon as the bytes show it, whole or a byte at a time; controls are answered before."""
    pieces = BAD_TEXTS[name]
    for some in (pieces, in_bytes(b"".join(pieces))):
        messages, error = feed(*some)
        assert error == NOT_UTF8
        assert [opcode for opcode, _ in messages] == [PING] * ("ping" in name)


def test_a_character_may_be_cut_between_fragments_and_reads() -> None:
    """And a binary message may hold anything."""
    frames = [client_frame(TEXT, GREEK[:3], fin=False)]
    frames += [client_frame(framing.CONTINUATION, GREEK[3:4], fin=False)]
    frames += [client_frame(PING), client_frame(framing.CONTINUATION, GREEK[4:])]
    frames += [client_frame(BINARY, b"\xff\xff", fin=False)]
    frames += [client_frame(framing.CONTINUATION, b"\xff" * 9)]
    frames += [client_frame(TEXT, GREEK * 20)]
    expected = [(PING, b""), (TEXT, GREEK), (BINARY, b"\xff" * 11), (TEXT, GREEK * 20)]
    wire = b"".join(frames)
    assert feed(wire) == feed(*in_bytes(wire)) == (expected, None)


STARTED = bytes((0x01, 0x81)) + KEY + b"x"
"""The first fragment of a text."""


@pytest.mark.parametrize(
    ("before", "header"),
    [
        pytest.param(b"", b"\x81\x05", id="unmasked text, 5.1"),
        pytest.param(b"", b"\x88\x00", id="unmasked close, 5.1"),
        pytest.param(b"", b"\x81\x7e", id="unmasked longer text, 5.1"),
        pytest.param(b"", b"\xc1\x80", id="RSV1, 5.2"),
        pytest.param(b"", b"\xa1\x80", id="RSV2, 5.2"),
        pytest.param(b"", b"\x91\x80", id="RSV3, 5.2"),
        pytest.param(STARTED, b"\xc0\x80", id="RSV1 on a continuation, 5.2"),
        pytest.param(b"", b"\xc9\x80", id="RSV1 on a ping, 5.2"),
        *(
            pytest.param(b"", bytes((0x80 | opcode, 0x80)), id=f"unknown opcode {opcode}, 5.2")
            for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
        ),
        pytest.param(b"", b"\x08\x80", id="fragmented close, 5.5"),
        pytest.param(b"", b"\x09\x80", id="fragmented ping, 5.5"),
        pytest.param(b"", b"\x0a\x80", id="fragmented pong, 5.5"),
        pytest.param(b"", b"\x89\xfe", id="ping of more than 125 bytes, 5.5"),
        pytest.param(b"", b"\x88\xff", id="close of more than 125 bytes, 5.5"),
        pytest.param(b"", b"\x80\x80", id="last continuation of nothing, 5.4"),
        pytest.param(b"", b"\x00\x80", id="continuation of nothing, 5.4"),
        pytest.param(STARTED, b"\x81\x80", id="text inside a fragmented message, 5.4"),
        pytest.param(STARTED, b"\x01\x80", id="fragmented text inside another, 5.4"),
        pytest.param(STARTED, b"\x82\x80", id="binary inside a fragmented message, 5.4"),
        pytest.param(b"", b"\x81\xfe\x00\x7d", id="125 in two bytes, 5.2"),
        pytest.param(b"", b"\x82\xfe\x00\x00", id="0 in two bytes, 5.2"),
        pytest.param(b"", b"\x81\xff" + (65535).to_bytes(8), id="65535 in eight bytes, 5.2"),
        pytest.param(b"", b"\x81\xff" + (1 << 63).to_bytes(8), id="top bit of a length, 5.2"),
    ],
)
def test_a_broken_rule_is_1002_as_soon_as_it_shows(before: bytes, header: bytes) -> None:
    """The header is refused, alone or with a body, whole or in bytes, but not a byte earlier."""
    assert feed(before + header[:-1]) == ([], None)
    messages, error = feed(before + header)
    assert messages == []
    assert error is not None
    assert error[0] == 1002
    assert feed(*in_bytes(before + header)) == ([], error)
    assert feed(before + header + KEY + bytes(MAX_SIZE)) == ([], error)


@pytest.mark.parametrize(
    ("header", "max_size"),
    [
        pytest.param(b"\x81\xe5", 100, id="one byte"),
        pytest.param(b"\x82\xfe" + (1001).to_bytes(2), 1000, id="two bytes"),
        pytest.param(b"\x81\xfe" + (1001).to_bytes(2), 1000, id="two bytes of text"),
        pytest.param(b"\x81\xff" + (70001).to_bytes(8), 70000, id="eight bytes"),
        pytest.param(b"\x01\xff" + ((1 << 63) - 1).to_bytes(8), MAX_SIZE, id="the longest"),
        pytest.param(STARTED + b"\x00\xe4", 100, id="with the fragment before"),
    ],
)
def test_a_message_above_the_limit_is_1009_before_its_body(header: bytes, max_size: int) -> None:
    """The header that announces one byte too many is refused at its last byte of length."""
    error = (1009, f"a message holds {max_size} bytes at most")
    assert feed(header[:-1], max_size=max_size) == ([], None)
    assert feed(header, max_size=max_size) == ([], error)
    assert feed(*in_bytes(header), max_size=max_size) == ([], error)
    assert feed(header + KEY + bytes(max_size + 1), max_size=max_size) == ([], error)


def test_a_message_at_the_limit_is_taken() -> None:
    """Exactly `max_size` bytes pass, in one frame, in fragments, and time after time."""
    whole = client_frame(TEXT, b"x" * 1000)
    parts = [client_frame(TEXT, b"x" * 600, fin=False), client_frame(0, b"x" * 400)]
    messages, error = feed(whole, *parts, *parts, whole, max_size=1000)
    assert messages == [(TEXT, b"x" * 1000)] * 4
    assert error is None


def test_the_limit_is_for_messages_not_for_control_frames() -> None:
    """A ping passes inside a message that is already as long as it may be."""
    start = client_frame(TEXT, b"x" * 10, fin=False)
    messages, error = feed(start, client_frame(PING, b"y" * 125), client_frame(0), max_size=10)
    assert messages == [(PING, b"y" * 125), (TEXT, b"x" * 10)]
    assert error is None


def test_messages_before_a_bad_frame_are_kept_and_those_after_ignored() -> None:
    """What came before the error is returned; nothing is after it, in any call."""
    parser = FrameParser(MAX_SIZE)
    assert parser.feed(HELLO + HELLO + b"\x81\x05Hello" + HELLO) == [(TEXT, b"Hello")] * 2
    error = parser.error
    assert isinstance(error, ProtocolError)
    assert (error.code, error.reason) == (1002, "frame is not masked")
    assert parser.feed(HELLO) == []
    assert parser.feed(b"\xff\xff") == []
    assert parser.error is error
    assert error.__traceback__ is None  # it would keep the parser alive


def test_a_frame_may_come_a_byte_at_a_time() -> None:
    """64 KiB in as many pieces give the message, once, with the last of them."""
    payload = "سلام, ".encode() * 6500
    parser = FrameParser(len(payload))
    data = client_frame(TEXT, payload)
    *early, last = in_bytes(data)
    for byte in early:
        assert parser.feed(byte) == []
    assert parser.feed(last) == [(TEXT, payload)]


@pytest.mark.parametrize(
    ("rest", "most"),
    [
        pytest.param(client_frame(framing.CONTINUATION, b"x" * 9000), 64, id="idle"),
        pytest.param(b"\x81\x85", 2000, id="failed"),
    ],
)
def test_a_parser_with_nothing_under_way_holds_no_buffer(rest: bytes, most: int) -> None:
    """After its fragments a parser is as small as a new one; a failed one keeps its error."""
    data = client_frame(TEXT, b"x" * 9000, fin=False) + rest
    parsers = [FrameParser(MAX_SIZE) for _ in range(100)]
    tracemalloc.start()
    try:
        for parser in parsers:
            for index in range(0, len(data), 1000):
                parser.feed(data[index : index + 1000])
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert grown / len(parsers) < most


def test_empty_fragments_take_no_memory() -> None:
    """A client that sends empty continuations without end makes nothing grow."""
    parser = FrameParser(MAX_SIZE)
    parser.feed(STARTED)
    empty = (b"\x00\x80" + KEY) * 1000
    tracemalloc.start()
    try:
        for _ in range(20):
            assert parser.feed(empty) == []
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert grown < 10_000
    assert parser.feed(b"\x80\x80" + KEY) == [(TEXT, b"x")]


def test_masks_come_off_without_the_compiled_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `websockets` has no C extension, its Python function does the same."""
    monkeypatch.setitem(sys.modules, "websockets.speedups", None)
    spec = importlib.util.spec_from_file_location("plain_framing", framing.__file__)
    assert spec is not None
    assert spec.loader is not None
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    assert plain.apply_mask is websockets.utils.apply_mask
    assert plain.FrameParser(MAX_SIZE).feed(HELLO) == [(TEXT, b"Hello")]


def test_server_frames_are_unmasked_and_whole() -> None:
    """The examples of section 5.7, a text and a ping, byte for byte."""
    assert framing.text_frame(b"Hello") == bytes.fromhex("810548656c6c6f")
    assert framing.frame(PING, b"Hello") == bytes.fromhex("890548656c6c6f")


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
def test_a_control_frame_above_125_bytes_cannot_be_made(opcode: int) -> None:
    """125 bytes pass and 126 raise, since every client would have to refuse them."""
    assert read_by_client(framing.frame(PING, bytes(125))) == [(PING, bytes(125), True)]
    with pytest.raises(ValueError, match="125"):
        framing.frame(opcode, bytes(126))


SENDABLE = [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4401, 4999]
UNSENDABLE = [0, 999, 1004, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


@pytest.mark.parametrize("code", SENDABLE)
def test_a_close_code_that_may_be_sent_is_read_and_written(code: int) -> None:
    """Code and reason come back, from our parser and from the library's client."""
    data = framing.close_frame(code, "سلام")
    assert framing.parse_close(data[2:]) == (code, "سلام")
    assert read_by_client(data) == [(CLOSE, code.to_bytes(2) + "سلام".encode(), True)]


@pytest.mark.parametrize("code", [*UNSENDABLE, 1005])
def test_a_close_code_that_may_not_be_sent_is_1002(code: int) -> None:
    """Section 7.4: reserved, internal and unassigned codes are protocol errors."""
    with pytest.raises(ProtocolError) as caught:
        framing.parse_close(code.to_bytes(2) + b"reason")
    assert caught.value.code == 1002


@pytest.mark.parametrize("code", UNSENDABLE)
def test_a_close_frame_with_such_a_code_cannot_be_made(code: int) -> None:
    """It raises, since every client would have to refuse it."""
    with pytest.raises(ValueError, match=str(code)):
        framing.close_frame(code)


def test_a_close_without_a_body_is_1005() -> None:
    """An empty body reads as 1005 without a reason, and 1005 is written as one."""
    assert framing.parse_close(b"") == (1005, "")
    assert framing.close_frame(1005) == b"\x88\x00"


def test_a_close_body_of_one_byte_is_1002() -> None:
    """Section 5.5.1: a body begins with a code of two bytes."""
    with pytest.raises(ProtocolError) as caught:
        framing.parse_close(b"\x03")
    assert caught.value.code == 1002


def test_a_close_reason_that_is_not_utf8_is_1007() -> None:
    """Section 5.5.1: the reason is UTF-8, to its last byte."""
    with pytest.raises(ProtocolError) as caught:
        framing.parse_close(b"\x03\xe8" + "سلام".encode()[:-1])
    assert caught.value.code == 1007


@settings(deadline=None)  # nothing here is about time
@given(st.text(max_size=200) | st.text(alphabet="aس€😀", min_size=30, max_size=130))
def test_a_reason_is_cut_between_characters(reason: str) -> None:
    """What fits of a reason is sent: all of it, or so much that no character more would fit."""
    data = framing.close_frame(1000, reason)
    assert len(data) <= 127
    sent = framing.parse_close(data[2:])[1]
    assert reason.startswith(sent)
    assert sent == reason or len(reason[: len(sent) + 1].encode()) > 123


PAYLOADS = st.binary(max_size=300) | st.sampled_from(
    [b"x" * length for length in (125, 126, 127, 65535, 65536)]
)
CONTROLS = st.tuples(st.sampled_from([CLOSE, PING, PONG]), st.binary(max_size=125))


@st.composite
def texts(draw: st.DrawFn) -> list[bytes]:
    """A text in UTF-8, in fragments that may cut its characters."""
    text = draw(st.text(max_size=300) | st.sampled_from(["x" * 65536, "é" * 63])).encode()
    points = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[a:b] for a, b in zip([0, *points], [*points, len(text)], strict=True)]


DATA = st.tuples(st.just(TEXT), texts()) | st.tuples(
    st.just(BINARY), st.lists(PAYLOADS, min_size=1, max_size=4)
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, Messages]:
    """A client's bytes, with control frames anywhere, and the messages in them."""
    frames: list[bytes] = []
    messages: Messages = []
    for opcode, fragments in draw(st.lists(DATA, max_size=5)):
        last = len(fragments) - 1
        for index, fragment in enumerate(fragments):
            for control in draw(st.lists(CONTROLS, max_size=2)):
                frames.append(client_frame(*control))
                messages.append(control)
            kind = framing.CONTINUATION if index else opcode
            frames.append(client_frame(kind, fragment, fin=index == last))
        messages.append((opcode, b"".join(fragments)))
    return b"".join(frames), messages


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes in pieces, some of them perhaps empty."""
    points = sorted(draw(st.lists(st.integers(0, len(data)), max_size=30)))
    return [data[a:b] for a, b in zip([0, *points], [*points, len(data)], strict=True)]


@settings(deadline=None)
@given(streams(), st.data())
def test_messages_are_the_same_however_their_bytes_are_cut(
    stream: tuple[bytes, Messages], data: st.DataObject
) -> None:
    """Whole or in pieces, a stream from the library gives exactly the messages put in."""
    wire, messages = stream
    assert feed(wire) == (messages, None)
    assert feed(*data.draw(cut(wire))) == (messages, None)
    if len(wire) < 5000:
        assert feed(*in_bytes(wire)) == (messages, None)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([TEXT, BINARY]), PAYLOADS) | CONTROLS, max_size=10))
def test_server_frames_are_what_a_client_reads(messages: Messages) -> None:
    """The library's client reads back every frame, up to the close after which it stops."""
    closing = [index for index, (opcode, _) in enumerate(messages) if opcode == CLOSE]
    readable = [
        (opcode, payload, True) for opcode, payload in messages[: closing[0] if closing else None]
    ]
    data = b"".join(framing.frame(*message) for message in messages[: len(readable)])
    assert read_by_client(data + framing.close_frame(1000)) == [
        *readable,
        (CLOSE, b"\x03\xe8", True),
    ]


HEADERS = st.builds(
    lambda first, length: bytes((first, length)),
    st.sampled_from([0x00, 0x01, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A]) | st.integers(0, 255),
    st.integers(0x80, 0x90) | st.integers(0, 255),
)
GARBAGE = st.lists(HEADERS | st.binary(max_size=20), max_size=12).map(b"".join)


@settings(deadline=None)
@given(streams(), GARBAGE, st.data())
def test_garbage_never_raises_and_is_judged_the_same_however_it_is_cut(
    stream: tuple[bytes, Messages], garbage: bytes, data: st.DataObject
) -> None:
    """After good messages anything may come: they are kept, and the verdict is one.

    A text that is not UTF-8 is found by the parser if it came in parts, and else by its caller.
    """
    wire, messages = stream

    def judged(*pieces: bytes) -> tuple[Messages, tuple[int, str] | None]:
        found, error = feed(*pieces)
        for place, (opcode, payload) in enumerate(found):
            try:
                payload.decode("utf-8" if opcode == TEXT else "latin-1")
            except UnicodeDecodeError:
                return found[:place], NOT_UTF8
        return found, error

    outcome = judged(wire + garbage)
    assert outcome[0][: len(messages)] == messages
    assert judged(*data.draw(cut(wire + garbage))) == outcome
    assert judged(wire, *in_bytes(garbage)) == outcome
