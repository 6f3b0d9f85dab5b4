"""How long sound and films are, as their files say; None where they do not say it."""

import io
import wave
from pathlib import Path
from struct import pack

import pytest

from chat.media.lengths import milliseconds

EBML = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"
SEGMENT, INFO, CLUSTER = b"\x18\x53\x80\x67", b"\x15\x49\xa9\x66", b"\x1f\x43\xb6\x75"
UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
FTYP = pack(">I4s4sI", 16, b"ftyp", b"isom", 0)


def measured(folder: Path, data: bytes) -> int | None:
    path = folder / "file"
    path.write_bytes(data)
    return milliseconds(path)


def element(name: bytes, body: bytes) -> bytes:
    return name + pack(">Q", len(body) | 1 << 56) + body


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return pack(">I4s", len(body) + 8, kind) + body


def sound(seconds: float) -> bytes:
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(seconds * 16000)))
    return kept.getvalue()


def mp4(scale: int, length: int, *others: bytes) -> bytes:
    mvhd = box(b"mvhd", bytes(12), pack(">II", scale, length), bytes(80))
    return FTYP + box(b"moov", mvhd, *others)


def in_fragments(*runs: bytes, default: int = 0) -> bytes:
    """An MP4 file as recorders write it: the length is in its fragments alone."""
    track = box(
        b"trak",
        box(b"tkhd", bytes(12), pack(">I", 1), bytes(68)),
        box(b"mdia", box(b"mdhd", bytes(12), pack(">II", 48_000, 0), bytes(4))),
    )
    more = box(b"mvex", box(b"trex", bytes(4), pack(">IIIII", 1, 1, default, 0, 0)))
    fragments = [
        box(b"moof", box(b"traf", box(b"tfhd", pack(">II", 0, 1)), box(b"trun", run)))
        + box(b"mdat", bytes(100))
        for run in runs
    ]
    return mp4(1000, 0, track, more) + b"".join(fragments)


def test_sound(tmp_path: Path) -> None:
    """To the millisecond."""
    assert measured(tmp_path, sound(2.5)) == 2500


def test_a_film(tmp_path: Path) -> None:
    """MP4 and WebM say it in their own units."""
    assert measured(tmp_path, mp4(600, 900)) == 1500
    info = element(
        INFO, element(b"\x2a\xd7\xb1", b"\x07\xa1\x20") + element(b"\x44\x89", pack(">d", 5000))
    )
    assert measured(tmp_path, EBML + element(SEGMENT, info)) == 2500


def test_mp4_in_fragments(tmp_path: Path) -> None:
    """Where the samples say how long each is, and where all are as long."""
    timed = pack(">IIII", 0x100, 2, 24_000, 48_000)
    assert measured(tmp_path, in_fragments(timed, timed)) == 3000
    assert measured(tmp_path, in_fragments(pack(">II", 0, 3), default=24_000)) == 1500


def test_webm_that_was_written_as_it_came(tmp_path: Path) -> None:
    """A browser that records does not go back to write the length: the last block says it."""
    clusters = b"".join(
        CLUSTER
        + UNKNOWN_SIZE
        + element(b"\xe7", pack(">H", start))
        + b"".join(element(b"\xa3", b"\x81" + pack(">h", at) + b"\x80sound") for at in (0, 60, 120))
        for start in (0, 1000)
    )
    data = EBML + SEGMENT + UNKNOWN_SIZE + element(INFO, b"") + clusters
    assert measured(tmp_path, data) == 1120


def ogg(begin: int) -> bytes:
    """A second of Opus, whose first sample has this number: two pages of 25 packets of 20 ms."""
    head = b"OpusHead" + pack("<BBHIHB", 1, 1, 0, 48_000, 0, 0)
    tags = b"OpusTags" + pack("<II", 0, 0)
    pages = [
        (0, [head]),
        (0, [tags]),
        *((begin + end, [b"\x08\0"] * 25) for end in (24_000, 48_000)),
    ]
    return b"".join(
        pack("<4sBBqIIIB", b"OggS", 0, 4 * (number == 3), ends_at, 1, number, 0, len(packets))
        + bytes(map(len, packets))
        + b"".join(packets)
        for number, (ends_at, packets) in enumerate(pages)
    )


@pytest.mark.parametrize("begin", [0, 3600])
def test_what_is_cut_out_of_a_stream(tmp_path: Path, begin: int) -> None:
    """The hour before it is no part of it."""
    assert measured(tmp_path, ogg(begin * 48_000)) == 1000
    blocks = [element(b"\xa3", b"\x81" + pack(">hB", at, 0) + bytes(4)) for at in (0, 500, 1000)]
    cluster = element(b"\xe7", pack(">I", begin * 1000)) + b"".join(blocks)
    assert measured(tmp_path, EBML + element(SEGMENT, element(CLUSTER, cluster))) == 1000


@pytest.mark.parametrize(
    "data", [mp4(0, 900), mp4(600, 0), mp4(600, 2**32 - 1), mp4(1, 2**31), in_fragments()]
)
def test_a_length_that_cannot_be_is_none(tmp_path: Path, data: bytes) -> None:
    """No scale, no length, the sign for an unknown one, and seventy years."""
    assert measured(tmp_path, data) is None


def test_a_file_without_end_is_left(tmp_path: Path) -> None:
    """Boxes of no size, and more of them than a real file has."""
    assert measured(tmp_path, FTYP + pack(">I4s", 8, b"free") * 300_000) is None
