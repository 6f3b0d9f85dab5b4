"""Thumbnails: small, upright, moving where the picture moves, and without its metadata."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from chat.media.thumbnails import FRAMES_MOST, SIDE, make
from tests.media.pictures import film, picture, saved

PIXELS = 4_000_000
RED, TEAL = (255, 0, 0), (0, 128, 128)


def made(folder: Path, data: bytes, pixels: int = PIXELS) -> Image.Image | None:
    source, thumbnail = folder / "picture", folder / "thumbnail"
    source.write_bytes(data)
    size = make(source, thumbnail, pixels)
    if size is None:
        assert not thumbnail.exists()
        return None
    assert thumbnail.stat().st_size == size
    return Image.open(io.BytesIO(thumbnail.read_bytes()))


def is_near(found: Any, wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 24 for one, other in zip(found, wanted, strict=False))


@pytest.mark.parametrize("way", ["PNG", "GIF", "JPEG", "WEBP", "AVIF", "HEIF"])
def test_each_format_has_one(tmp_path: Path, way: str) -> None:
    """WebP, in the shape of the picture, with its colours."""
    small = made(tmp_path, picture(way))
    assert small is not None
    assert (small.format, small.size) == ("WEBP", (SIDE, 341))
    shown = small.convert("RGB")
    assert is_near(shown.getpixel((50, 50)), RED)
    assert is_near(shown.getpixel((450, 300)), TEAL)


@pytest.mark.parametrize("way", ["PNG", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "red"),
    [(2, (1, 0)), (3, (1, 1)), (4, (0, 1)), (5, (0, 0)), (6, (1, 0)), (7, (1, 1)), (8, (0, 1))],
)
def test_it_is_upright(tmp_path: Path, way: str, orientation: int, red: tuple[int, int]) -> None:
    """The quarter that is stored first is where the camera's position brings it."""
    small = made(tmp_path, picture(way, 600, 400, orientation))
    assert small is not None
    assert small.size == ((512, 341) if orientation < 5 else (341, 512))
    x, y = (size // 4 + size // 2 * half for size, half in zip(small.size, red, strict=True))
    assert is_near(small.convert("RGB").getpixel((x, y)), RED)
    assert small.getexif().get(ExifTags.Base.Orientation, 1) == 1


@pytest.mark.parametrize("way", ["GIF", "PNG", "WEBP"])
def test_what_moves_goes_on_moving(tmp_path: Path, way: str) -> None:
    """As many pictures, for as long."""
    small: Any = made(tmp_path, film(way))
    assert (small.n_frames, small.size) == (3, (SIDE, 341))
    lengths = []
    for number in range(3):
        small.seek(number)
        small.load()
        lengths.append(small.info["duration"])
    assert lengths == [200, 200, 200]


def test_a_long_film_keeps_its_length(tmp_path: Path) -> None:
    """Of too many pictures every second one is taken, which is shown for twice as long."""
    small: Any = made(tmp_path, film("GIF", 2 * FRAMES_MOST, 64, 32))
    lengths = 0
    for number in range(small.n_frames):
        small.seek(number)
        small.load()
        lengths += small.info["duration"]
    assert small.n_frames <= FRAMES_MOST
    assert lengths == 200 * 2 * FRAMES_MOST


def test_where_and_when_it_was_taken_stays_behind(tmp_path: Path) -> None:
    """A thumbnail has neither EXIF data nor XMP."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "a camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>where</x:xmpmeta>"
    small = made(tmp_path, picture("JPEG", exif=exif, xmp=xmp))
    assert small is not None
    assert not dict(small.getexif())
    assert "xmp" not in small.info


def test_what_is_transparent_stays_transparent(tmp_path: Path) -> None:
    """In pictures with an alpha channel, and in those with one transparent colour."""
    image = Image.new("RGBA", (600, 600), (0, 0, 0, 0))
    for data in (saved(image, "PNG"), saved(image.quantize(), "GIF", transparency=0)):
        small = made(tmp_path, data)
        assert small is not None
        assert small.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_every_kind_of_colour_has_one(tmp_path: Path, mode: str) -> None:
    """White stays white, also in 16 bits of grey and in the colours of printers."""
    image = Image.new(mode if mode != "I;16" else "I;16", (600, 600))
    image = Image.new("L", (600, 600), 255).convert(mode) if mode != "I;16" else image
    if mode == "I;16":
        image = Image.new("I;16", (600, 600), 65535)
    small = made(tmp_path, saved(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert small is not None
    assert is_near(small.convert("RGB").getpixel((5, 5)), (255, 255, 255))


def test_too_many_pixels_are_not_decoded(tmp_path: Path) -> None:
    """One pixel more than the limit, and there is no thumbnail."""
    data = picture("PNG", 100, 100)
    assert made(tmp_path, data, 100 * 100) is not None
    (tmp_path / "thumbnail").unlink()
    assert made(tmp_path, data, 100 * 100 - 1) is None


def test_other_views_are_no_film(tmp_path: Path) -> None:
    """Phones put a second view of the same picture into a JPEG file."""
    image = Image.new("RGB", (600, 400), "teal")
    small: Any = made(tmp_path, saved(image, "MPO", save_all=True, append_images=[image]))
    assert getattr(small, "n_frames", 1) == 1
