"""How large a picture is: what Pillow says of the same file, and never an error."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from chat.media.sizes import PARTS_MOST, Size, size_of

WAYS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "GIF": {},
    "JPEG": {},
    "JPEG progressive": {"progressive": True},
    "WEBP": {},
    "WEBP lossless": {"lossless": True},
    "AVIF": {},
}
ORIENTED = [way for way in WAYS if way != "GIF"]


def picture(way: str, width: int, height: int, orientation: int = 1, **options: Any) -> bytes:
    exif = Image.Exif()
    if orientation != 1:
        exif[ExifTags.Base.Orientation] = orientation
        options["exif"] = exif
    kept = io.BytesIO()
    image = Image.new("RGB", (width, height), "teal")
    image.save(kept, way.partition(" ")[0], **WAYS[way], **options)
    return kept.getvalue()


def measured(folder: Path, data: bytes) -> Size | None:
    path = folder / "picture"
    path.write_bytes(data)
    return size_of(path)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("width", "height"), [(1, 1), (640, 427), (33, 2000)])
def test_each_format_says_its_size(tmp_path: Path, way: str, width: int, height: int) -> None:
    """Width first, whatever comes before it in the file."""
    assert measured(tmp_path, picture(way, width, height)) == Size(width, height)


@pytest.mark.parametrize("way", ORIENTED)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(tmp_path: Path, way: str, orientation: int) -> None:
    """As Pillow turns the picture that the camera held on its side."""
    data = picture(way, 60, 20, orientation)
    turned = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert measured(tmp_path, data) == Size(*turned.size)


@pytest.mark.parametrize("way", ["JPEG", "PNG", "WEBP"])
def test_much_may_come_before_the_first_pixel(tmp_path: Path, way: str) -> None:
    """A colour profile of several parts, and what else cameras write."""
    data = picture(way, 300, 200, 6, icc_profile=bytes(300_000))
    assert measured(tmp_path, data) == Size(200, 300)


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_of_either_order_of_bytes(tmp_path: Path, order: str) -> None:
    """Little endian as Pillow writes it, and big endian as many cameras do."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(f"{order}HHIHH", ExifTags.Base.Orientation, 3, 1, 8, 0)
    exif = mark + struct.pack(f"{order}IH", 8, 1) + entry
    assert measured(tmp_path, picture("JPEG", 30, 20, exif=b"Exif\0\0" + exif)) == Size(20, 30)


@pytest.mark.parametrize("way", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"", b"MM", b"II*\0" + bytes(90), b"MM\0*\xff\xff\xff\xff\0\1"])
def test_exif_that_is_nonsense_turns_nothing(tmp_path: Path, way: str, exif: bytes) -> None:
    """The size is there all the same."""
    assert measured(tmp_path, picture(way, 30, 20, exif=b"Exif\0\0" + exif)) == Size(30, 20)


def test_an_animation_is_as_large_as_its_canvas(tmp_path: Path) -> None:
    """And not as its first frame's part that changed."""
    frames = [Image.new("RGB", (50, 40), colour) for colour in ("red", "blue")]
    for form in ("GIF", "WEBP", "PNG"):
        kept = io.BytesIO()
        frames[0].save(kept, form, save_all=True, append_images=frames[1:])
        assert measured(tmp_path, kept.getvalue()) == Size(50, 40), form


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *before: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", b"")


def test_a_bomb_is_measured_and_not_opened(tmp_path: Path) -> None:
    """It takes as long as any other, since no pixel is decoded."""
    assert measured(tmp_path, png(60_000, 60_000)) == Size(60_000, 60_000)


@pytest.mark.parametrize(("width", "height"), [(0, 9), (9, 0), (2**31, 9), (9, 2**32 - 1)])
def test_a_size_that_no_picture_has_is_unknown(tmp_path: Path, width: int, height: int) -> None:
    """Nothing, or more than PNG allows."""
    assert measured(tmp_path, png(width, height)) is None


def test_a_file_of_countless_parts_is_left(tmp_path: Path) -> None:
    """After so many parts it is no picture that anybody made."""
    crowd = [chunk(b"tEXt", b"")] * 2 * PARTS_MOST
    assert measured(tmp_path, png(40, 30, *crowd)) == Size(40, 30)
    whole = picture("JPEG", 40, 30)
    assert measured(tmp_path, whole[:2] + b"\xff\xfe\0\2" * 2 * PARTS_MOST + whole[2:]) is None


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b"\xff\xd8\xff",
            b"GIF89a",
            b"RIFF",
            b"%PDF-1.7",
            b"<svg width='9' height='9'/>",
            b"BM",
        ),
        *(b"RIFF\0\0\0\0WEBPVP8X", b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\1"),
    ],
)
def test_what_is_no_picture_has_no_size(tmp_path: Path, data: bytes) -> None:
    """A beginning alone is not enough either."""
    assert measured(tmp_path, data) is None


@given(data=st.data())
def test_whatever_a_file_holds_nothing_is_raised(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Real files with some bytes replaced, taken out or put in, and cut off anywhere."""
    way = data.draw(st.sampled_from(list(WAYS)))
    whole = bytearray(picture(way, 60, 20, 1 if way == "GIF" else 6))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(whole), 700)))
        whole[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    cut = data.draw(st.integers(0, len(whole)))
    size = measured(tmp_path_factory.getbasetemp(), bytes(whole[: cut or None]))
    assert size is None or (0 < size.width < 2**31 and 0 < size.height < 2**31)
