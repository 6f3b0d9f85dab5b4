"""Reads the size of a picture from the beginning of its file.

The formats are those that browsers show (PNG, GIF, JPEG, WebP, AVIF), and HEIC, which is built like
AVIF. A library would do more: Pillow also reads all of EXIF, and a small hostile file can make it
take gigabytes. Here the work has a limit, whatever the file says: at most PARTS_MOST parts are
looked at, and at most PART_MOST bytes of each are read.
"""

import struct
from collections.abc import Iterator
from os import SEEK_CUR
from pathlib import Path
from struct import unpack, unpack_from
from typing import BinaryIO

from msgspec import Struct

PARTS_MOST = 1000
"""Far more parts than a real file has before its first pixel."""
PART_MOST = 256 * 1024
"""In bytes."""
SIDE_MOST = 2**31 - 1
"""In pixels, by the rule of PNG."""
HEIF_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"}
EXIF = b"Exif\0\0"
ORIENTATION, SHORT = 0x0112, 3
"""The tag for how the camera was held, and its type (EXIF 2.32, 4.6.4)."""
ON_ITS_SIDE = (5, 6, 7, 8)


class Size(Struct, frozen=True):
    """The size of a picture in pixels, as people see it."""

    width: int
    height: int


def size_of(path: Path) -> Size | None:
    """The size of a picture. None if the file is no picture, or does not say its size.

    It reads the disk, so call it in a thread.
    """
    try:
        with path.open("rb") as file:
            size = read(file)
    except (struct.error, OverflowError, OSError):  # it ends too early, or points beyond its end
        return None
    if size is None or not (0 < size.width <= SIDE_MOST and 0 < size.height <= SIDE_MOST):
        return None
    return size


def read(file: BinaryIO) -> Size | None:
    head = file.read(32)
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return png(file, head)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Size(*unpack_from("<HH", head, 6))
    if head.startswith(b"\xff\xd8\xff"):
        return jpeg(file)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return webp(file, head)
    if head[4:8] == b"ftyp":
        return heif(file)
    return None


def png(file: BinaryIO, head: bytes) -> Size:
    size = Size(*unpack_from(">II", head, 16))
    file.seek(8)
    for _ in range(PARTS_MOST):
        part = file.read(8)
        if len(part) < 8:
            break
        length, kind = unpack(">I4s", part)
        if kind == b"eXIf":
            return upright(size, file.read(min(length, PART_MOST)))
        if kind == b"IDAT":
            break
        file.seek(length + 4, SEEK_CUR)  # a checksum follows
    return size


def jpeg(file: BinaryIO) -> Size | None:
    exif = b""
    file.seek(2)
    for _ in range(PARTS_MOST):
        first, marker = unpack("BB", file.read(2))
        if first != 0xFF:
            return None
        if marker == 0xFF:  # any number of these may come before a marker
            file.seek(-1, SEEK_CUR)
            continue
        (length,) = unpack(">H", file.read(2))
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = unpack(">xHH", file.read(5))
            return upright(Size(width, height), exif)
        part = file.read(max(length - 2, 0))
        if marker == 0xE1 and part.startswith(EXIF) and not exif:
            exif = part
    return None


def webp(file: BinaryIO, head: bytes) -> Size | None:
    kind = head[12:16]
    if kind == b"VP8 ":
        width, height = unpack_from("<HH", head, 26)
        return Size(width & 0x3FFF, height & 0x3FFF)  # the upper bits are for scaling
    if kind == b"VP8L":
        (bits,) = unpack_from("<I", head, 21)
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind != b"VP8X" or len(head) < 30:
        return None
    size = Size(*(int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27)))
    if not head[20] & 0x08:  # no EXIF
        return size
    file.seek(12)
    for _ in range(PARTS_MOST):
        part = file.read(8)
        if len(part) < 8:
            break
        kind, length = unpack("<4sI", part)
        if kind == b"EXIF":
            return upright(size, file.read(min(length, PART_MOST)))
        file.seek(length + length % 2, SEEK_CUR)
    return size


def upright(size: Size, exif: bytes) -> Size:
    """`size`, with its sides exchanged if EXIF says that the picture lies on one side."""
    tiff = exif.removeprefix(EXIF)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return size
    try:
        (start,) = unpack_from(f"{order}I", tiff, 4)
        (count,) = unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * min(count, PARTS_MOST), 12):
            tag, kind, number, value = unpack_from(f"{order}HHIH", tiff, at)
            if tag == ORIENTATION and kind == SHORT and number == 1 and value in ON_ITS_SIDE:
                return Size(size.height, size.width)
    except struct.error:  # it ends too early, or points beyond its end
        pass
    return size


def heif(file: BinaryIO) -> Size | None:
    """The size of the primary item (ISO/IEC 14496-12 and 23008-12)."""
    file.seek(0)
    for number in range(PARTS_MOST):
        length, kind = unpack(">I4s", file.read(8))
        if length < 8:  # it goes to the end of the file, or is longer than 32 bits can say
            return None
        if number == 0:
            brands = file.read(min(length - 8, PART_MOST))
            if not any(brands[at : at + 4] in HEIF_BRANDS for at in range(0, len(brands), 4)):
                return None
        elif kind == b"meta":
            return primary(file.read(length - 8)) if length <= PART_MOST else None
        else:
            file.seek(length - 8, SEEK_CUR)
    return None


def primary(meta: bytes) -> Size | None:
    """The size in the properties of the primary item."""
    parts = dict(boxes(meta[4:]))
    properties = list(boxes(parts.get(b"iprp", b"")))
    held = list(boxes(dict(properties).get(b"ipco", b"")))
    pitm = parts.get(b"pitm", b"")
    (item,) = unpack_from(">xxxxH" if pitm[:1] == b"\0" else ">xxxxI", pitm)
    size, is_turned = None, False
    for kind, body in properties:
        if kind != b"ipma":
            continue
        for place in associated(body, item):
            name, value = held[place - 1] if 1 <= place <= len(held) else (b"", b"")
            if name == b"ispe":
                size = Size(*unpack_from(">xxxxII", value))
            elif name == b"irot":
                is_turned = bool(value[0] & 1) if value else False  # counts quarter turns
    if size is not None and is_turned:
        return Size(size.height, size.width)
    return size


def associated(ipma: bytes, item: int) -> Iterator[int]:
    """The places of the item's properties in the list of all properties, counted from 1."""
    version, flags = unpack_from(">B3s", ipma)
    entry, wide = (">HB" if version == 0 else ">IB"), flags[2] & 1
    (count,) = unpack_from(">I", ipma, 4)
    at = 8
    for _ in range(min(count, len(ipma))):
        id_, number = unpack_from(entry, ipma, at)
        at += struct.calcsize(entry)
        places = unpack_from(f">{number}{'H' if wide else 'B'}", ipma, at)
        at += number * (2 if wide else 1)
        if id_ == item:
            yield from (place & (0x7FFF if wide else 0x7F) for place in places)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the content of each part of a box."""
    at = 0
    while at + 8 <= len(data):
        length, kind = unpack_from(">I4s", data, at)
        if length < 8:
            return
        yield kind, data[at + 8 : at + length]
        at += length
