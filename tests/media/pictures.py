"""Pictures that tests make."""

import io
from typing import Any

from PIL import ExifTags, Image
from pillow_heif import register_heif_opener

register_heif_opener()  # with it Pillow writes HEIC too


def picture(
    way: str = "PNG", width: int = 1200, height: int = 800, orientation: int = 1, **options: Any
) -> bytes:
    """A picture that is red in its upper left quarter, and teal elsewhere, as it is stored."""
    if orientation != 1:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        options["exif"] = exif.tobytes()  # from `Exif` itself HEIC would not be turned
    image = Image.new("RGB", (width, height), "teal")
    image.paste("red", (0, 0, width // 2, height // 2))
    return saved(image, way, **options)


def film(way: str = "GIF", frames: int = 3, width: int = 1200, height: int = 800) -> bytes:
    """Pictures that follow each other, each shown for 200 ms."""
    first, *others = [
        Image.new("RGB", (width, height), (40 * number % 256, 90, 200)) for number in range(frames)
    ]
    return saved(first, way, save_all=True, append_images=others, duration=200, loop=0)


def saved(image: Image.Image, way: str, **options: Any) -> bytes:
    kept = io.BytesIO()
    image.save(kept, way, **options)
    return kept.getvalue()
