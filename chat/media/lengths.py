"""How long sound or a film is. Only the worker imports this.

TinyTag reads the formats of sound. Films, and what browsers record (WebM, MP4 in fragments), are
read here: their boxes and elements are walked over, and nothing is decoded.
"""

from collections.abc import Iterator
from os import SEEK_CUR, SEEK_END
from pathlib import Path
from struct import unpack
from typing import BinaryIO

from tinytag import TinyTag

PARTS_MOST = 200_000
"""Boxes or elements that are looked at, at most."""
LENGTH_MOST = 365 * 86_400
"""Seconds. What is longer is a mistake of the file."""
CONTAINERS = {b"moov", b"mvex", b"trak", b"mdia", b"moof", b"traf"}
"""Boxes of MP4 that hold others."""
BOX_MOST = 4 * 1024 * 1024
"""Bytes of one box that are read."""
SEGMENT, INFO, CLUSTER = 0x18538067, 0x1549A966, 0x1F43B675
TIMESTAMP_SCALE, DURATION, TIMESTAMP = 0x2AD7B1, 0x4489, 0xE7
BLOCK_GROUP, BLOCK, SIMPLE_BLOCK = 0xA0, 0xA1, 0xA3
"""Elements of Matroska (RFC 9559)."""
INTO = (SEGMENT, INFO, CLUSTER, BLOCK_GROUP)
NANOSECONDS_PER_TICK = 1_000_000
OPUS_RATE = 48_000
OPUS_FRAMES = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4
"""Samples of one frame by the configuration of its packet (RFC 6716, section 3.1)."""


def milliseconds(path: Path) -> int | None:
    """The length; None if the file does not say it. Raises whatever a malformed file causes."""
    with path.open("rb") as file:
        head = file.read(12)
        if head.startswith(b"\x1a\x45\xdf\xa3"):
            seconds = matroska(file)
        elif head[4:8] == b"ftyp":
            seconds = mp4(file)
        else:
            seconds = TinyTag.get(path, image=False).duration
            if seconds and head.startswith(b"OggS"):
                seconds -= opus_begin(file)
    return round(seconds * 1000) if seconds and 0 < seconds <= LENGTH_MOST else None


class Mp4:
    """The length of an MP4 file, from its boxes (ISO/IEC 14496-12). Lengths are in units of the
    file's, or of the track's, own scale: so many per second.

    A file in fragments has its length in `mehd`, or else in the sum of its samples.
    """

    def __init__(self) -> None:
        self.scale = self.length = 0
        self.scales: dict[int, int] = {}
        self.defaults: dict[int, int] = {}
        self.played: dict[int, int] = {}
        self.track = self.default = 0
        self.readers = {
            b"mvhd": self.mvhd,
            b"mehd": self.mehd,
            b"tkhd": self.tkhd,
            b"mdhd": self.mdhd,
            b"trex": self.trex,
            b"tfhd": self.tfhd,
            b"trun": self.trun,
        }

    def seconds(self) -> float | None:
        if self.scale and self.length:
            return self.length / self.scale
        known = [self.played[id_] / self.scales[id_] for id_ in self.played if self.scales.get(id_)]
        return max(known, default=None)

    def mvhd(self, body: bytes) -> None:
        wide = body[0] == 1
        self.scale, length = unpack(">IQ", body[20:32]) if wide else unpack(">II", body[12:20])
        self.length = 0 if length in {2**32 - 1, 2**64 - 1} else length  # not known

    def mehd(self, body: bytes) -> None:
        (self.length,) = unpack(">Q", body[4:12]) if body[0] == 1 else unpack(">I", body[4:8])

    def tkhd(self, body: bytes) -> None:
        (self.track,) = unpack(">I", body[20:24] if body[0] == 1 else body[12:16])

    def mdhd(self, body: bytes) -> None:
        (scale,) = unpack(">I", body[20:24] if body[0] == 1 else body[12:16])
        self.scales[self.track] = scale

    def trex(self, body: bytes) -> None:
        track, _, default = unpack(">III", body[4:16])
        self.defaults[track] = default

    def tfhd(self, body: bytes) -> None:
        """A fragment begins: its track, and how long its samples are where they do not say it."""
        flags, self.track = unpack(">II", body[:8])
        self.default = self.defaults.get(self.track, 0)
        if flags & 0x8:
            at = 8 + 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2)
            (self.default,) = unpack(">I", body[at : at + 4])

    def trun(self, body: bytes) -> None:
        """A run of samples of the fragment."""
        flags, count = unpack(">II", body[:8])
        at = 8 + 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
        step = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
        length = count * self.default
        if flags & 0x100:
            places = range(at, min(at + count * step, len(body) - 3), step)
            length = sum(int.from_bytes(body[place : place + 4], "big") for place in places)
        self.played[self.track] = self.played.get(self.track, 0) + length


def mp4(file: BinaryIO) -> float | None:
    """In seconds."""
    found = Mp4()
    for kind, size in boxes(file, file.seek(0, SEEK_END)):
        if kind in found.readers:
            found.readers[kind](file.read(min(size, BOX_MOST)))
    return found.seconds()


def boxes(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int]]:
    """The kind and size of each box that holds no boxes, with the file at its body."""
    at = 0
    for _ in range(PARTS_MOST):
        if at + 8 > end:
            return
        file.seek(at)
        size, kind = unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,) = unpack(">Q", file.read(8))
            head = 16
        elif size == 0:
            size = end - at
        if size < head:
            return
        if kind in CONTAINERS:
            at += head
            continue
        yield kind, size - head
        at += size


def matroska(file: BinaryIO) -> float | None:
    """In seconds. A recording that was written as it came has no `Duration`, and only the times of
    its first and its last block. One that is cut out of a stream does not begin at 0.
    """
    end = file.seek(0, SEEK_END)
    file.seek(0)
    scale, length, cluster = NANOSECONDS_PER_TICK, 0.0, 0
    times: list[int] = []
    for _ in range(PARTS_MOST):
        if file.tell() >= end:
            break
        name, size = number(file, keeps_mark=True), number(file)
        if name in INTO:
            continue
        if name == TIMESTAMP_SCALE:
            scale = int.from_bytes(file.read(min(size, 8)), "big")
        elif name == DURATION:
            (length,) = unpack(">d" if size == 8 else ">f", file.read(size))
            break
        elif name == TIMESTAMP:
            cluster = int.from_bytes(file.read(min(size, 8)), "big")
        elif name in (BLOCK, SIMPLE_BLOCK):
            after = file.tell() + size
            number(file)  # the track
            times.append(cluster + int.from_bytes(file.read(2), "big", signed=True))
            file.seek(after)
        else:
            file.seek(size, SEEK_CUR)
    return (length or (max(times) - max(min(times), 0) if times else 0)) * scale / 1e9


def opus_begin(file: BinaryIO) -> float:
    """The second at which the sound begins; 0 if it is not Opus. What is cut out of a stream goes
    on with the stream's numbers (RFC 7845, section 4.5), and TinyTag takes the last for the length.
    """
    file.seek(0)
    is_opus = False
    for _ in range(PARTS_MOST):
        head = file.read(27)
        if len(head) < 27 or not head.startswith(b"OggS"):
            break
        table = file.read(head[26])
        body = file.read(sum(table))
        is_opus = is_opus or body.startswith(b"OpusHead")
        ends_at = int.from_bytes(head[6:14], "little", signed=True)
        if not is_opus:
            break
        if ends_at > 0:
            return max(ends_at - opus_samples(table, body), 0) / OPUS_RATE
    return 0.0


def opus_samples(table: bytes, body: bytes) -> int:
    """Of the packets of one page (RFC 3533, section 6)."""
    samples = begin = end = 0
    for size in table:
        end += size
        if size < 255 and end > begin:
            packet = body[begin:end]
            frames = (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)[packet[0] & 3]
            samples += frames * OPUS_FRAMES[packet[0] >> 3]
            begin = end
    return samples


def number(file: BinaryIO, *, keeps_mark: bool = False) -> int:
    """A number of variable length (RFC 8794, section 4); names are read with their mark."""
    first = file.read(1)[0]
    width = 9 - first.bit_length()
    rest = file.read(width - 1)
    if keeps_mark:
        return int.from_bytes(bytes([first]) + rest, "big")
    return int.from_bytes(bytes([first & (1 << 8 - width) - 1]) + rest, "big")
