"""Reading in bulk: however bytes are cut into chunks, the books are those of the frames."""

import struct
from collections.abc import Iterable, Sequence

import picows
from hypothesis import given
from hypothesis import strategies as st

from loadtest.bulk import BUFFER, Reader, Receiver, frames
from loadtest.client import Traffic
from loadtest.histogram import Histogram
from loadtest.ledger import Count, Ledger, Marks
from loadtest.targets.payam import Payam

TEXT = 0x81
CONVERSATION = 7


def frame(payload: bytes) -> bytes:
    """One of a server: RFC 6455, section 5.2."""
    length = len(payload)
    if length < 126:
        return bytes([TEXT, length]) + payload
    if length < 1 << 16:
        return struct.pack("!BBH", TEXT, 126, length) + payload
    return struct.pack("!BBQ", TEXT, 127, length) + payload


def delivery(seq: int) -> bytes:
    # Some are of a length that takes two bytes to say.
    text = "x" * (seq % 3 * 100)
    return frame(
        b'{"type":"chat.message","id":%d,"content":"%s","seq":%d}' % (seq, text.encode(), seq)
    )


def chunks(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    ends = [*sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def opened(members: int) -> tuple[Traffic, list[Reader]]:
    payam = Payam()
    traffic = Traffic("http://server", payam, Ledger(Marks(payam.mark)), Histogram(), 60)
    clients = [Receiver(traffic, number, number, CONVERSATION) for number in range(members)]
    traffic.ledger.begin({CONVERSATION: 0})
    # Only pings and closes are answered; here there are none.
    unused = picows.WSTransport.__new__(picows.WSTransport)
    return traffic, [Reader(client, unused) for client in clients]


def feed(reader: Reader, data: Sequence[bytes]) -> None:
    for chunk in data:
        reader.get_buffer(len(chunk))[: len(chunk)] = chunk
        reader.buffer_updated(len(chunk))


seqs = st.lists(st.integers(min_value=1, max_value=12), max_size=20)
cuts = st.lists(st.integers(min_value=1, max_value=3000), max_size=12)


@given(seqs, cuts, cuts)
def test_two_members_have_the_books_of_their_frames(
    heard: list[int], one: list[int], other: list[int]
) -> None:
    """Expected: as if it came in one piece, whichever way the bytes of each socket are cut."""
    data = b"".join(delivery(seq) for seq in heard)
    traffic, readers = opened(3)
    for reader, cut in zip(readers, ([], one, other), strict=True):
        feed(reader, chunks(data, cut))
    books = traffic.ledger.conversations[CONVERSATION].books
    assert len({(book.due, frozenset(book.holes), book.late, book.doubled) for book in books}) == 1
    assert books[0].due == max(heard, default=0) + 1
    assert books[0].doubled == len(heard) - len(set(heard))


def test_a_reading_is_used_only_for_the_very_same_bytes() -> None:
    """Expected: one byte more or less, or another message, is read by itself."""
    traffic, readers = opened(4)
    plain = delivery(1) + delivery(2)
    twice = delivery(1) + delivery(1)
    assert len(plain) != len(twice)
    same_length = plain.replace(b"xx", b"xy", 1)
    for reader, data in zip(readers, (plain, plain, twice, same_length), strict=True):
        feed(reader, [data])
    assert traffic.ledger.count() == Count(expected=8, delivered=7, doubled=1, out_of_order=0)


def test_a_chunk_that_was_known_after_a_cut_is_not_known_after_another() -> None:
    """Expected: what was cut off before counts, not only the chunk."""
    traffic, readers = opened(2)
    first, second = delivery(1), delivery(2)
    feed(readers[0], [first[:5], first[5:] + second])
    feed(readers[1], [first[:4], first[4:5], first[5:] + second])
    assert traffic.ledger.count() == Count(expected=4, delivered=4, doubled=0, out_of_order=0)


@given(st.lists(st.binary(max_size=300), max_size=5), st.binary(max_size=1))
def test_frames_are_found_whole(payloads: list[bytes], rest: bytes) -> None:
    """Expected: each payload, and nothing of a frame that has only begun."""
    data = b"".join(frame(payload) for payload in payloads) + rest
    assert [data[start:end] for _, start, end in frames(data)] == payloads


def test_a_long_frame_is_found_whole() -> None:
    """Expected: a length of eight bytes is read as one, and a byte too few is no frame."""
    data = frame(b"x" * 70_000)
    assert [(start, end) for _, start, end in frames(data)] == [(10, 70_010)]
    assert list(frames(data[:-1])) == []
    assert len(BUFFER) > len(data)
