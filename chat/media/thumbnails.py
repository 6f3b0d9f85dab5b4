"""Makes thumbnails with Pillow. Only the worker imports this.

A thumbnail is a WebP picture that fits into SIDE × SIDE pixels. It is upright, it moves if the
picture moves, and it has nothing of the metadata of the picture but its colour profile.
"""

from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageSequence
from pillow_heif import register_heif_opener

SIDE = 512
"""In pixels. The page shows a picture up to 288 high, on screens with two pixels per pixel."""
QUALITY = 80
FORMATS = ("PNG", "GIF", "JPEG", "WEBP", "AVIF", "HEIF")
MOVING = ("PNG", "GIF", "WEBP", "AVIF")
"""In JPEG (MPO) and HEIF further pictures are other views, and not a film."""
FRAMES_MOST = 150
"""Of a longer animation every second frame is taken, or every third, and so on."""
FRAME_MILLISECONDS = 100
"""How long a frame is shown that does not say it, as browsers do."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by the orientation in its EXIF data."""
PROFILE_MOST = 16 * 1024
"""Bytes of a colour profile; larger ones are for printing."""

register_heif_opener(thumbnails=False)


def make(source: Path, thumbnail: Path, pixels_most: int, is_still: bool = False) -> int | None:
    """Write the thumbnail of a picture, or with `is_still` of its first frame. Returns its size in
    bytes.

    None for a picture of more than `pixels_most` pixels, which is not decoded, and where the
    thumbnail of an animation is no smaller than the animation. Raises whatever Pillow raises.
    """
    Image.MAX_IMAGE_PIXELS = None  # the check is the one below, which is exact
    with Image.open(source, formats=FORMATS) as picture:
        if picture.width * picture.height > pixels_most:
            return None
        moves = picture.format in MOVING and not is_still
        frames = getattr(picture, "n_frames", 1) if moves else 1
        if frames > 1:
            film(picture, frames, thumbnail)
        else:
            still(picture, thumbnail)
    size = thumbnail.stat().st_size
    if frames > 1 and size >= source.stat().st_size:
        thumbnail.unlink()
        return None
    return size


def still(picture: Image.Image, thumbnail: Path) -> None:
    picture.draft("RGB", (SIDE * 2, SIDE * 2))  # JPEG is decoded at an eighth, which saves memory
    small = shrunk(picture)
    small.save(thumbnail, "WEBP", quality=QUALITY, **profile_of(picture))


def film(picture: Image.Image, count: int, thumbnail: Path) -> None:
    step = -(-count // FRAMES_MOST)
    frames: list[Image.Image] = []
    durations: list[int] = []
    for number, frame in enumerate(ImageSequence.Iterator(picture)):
        frame.load()  # WebP says only then how long it is shown
        length = int(frame.info.get("duration") or FRAME_MILLISECONDS)
        if number % step == 0:
            frames.append(shrunk(frame.copy()))
            durations.append(length)
        else:
            durations[-1] += length
    first, *others = frames
    loop = int(picture.info.get("loop", 1 if picture.format == "GIF" else 0))
    first.save(
        thumbnail,
        "WEBP",
        quality=QUALITY,
        method=2,
        save_all=True,
        append_images=others,
        duration=durations,
        loop=loop,
        **profile_of(picture),
    )


def shrunk(picture: Image.Image) -> Image.Image:
    """A small copy in RGB or RGBA, upright. The picture itself is not of use afterwards."""
    for name in ("xmp", "XML:com.adobe.xmp"):
        picture.info.pop(name, None)  # Pillow reads an orientation in it, and browsers do not
    turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    has_alpha = picture.has_transparency_data
    if picture.mode.startswith("I;16"):  # 16 bits of grey: converting would cut instead of scale
        picture = picture.point(lambda value: value / 256, "L")
    colours = "RGBA" if has_alpha else "RGB"
    plain = picture if picture.mode == colours else picture.convert(colours)
    # First smaller and then upright, because a picture that is turned is copied whole.
    plain.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if turn is not None:
        plain = plain.transpose(turn)
    small = Image.new(plain.mode, plain.size)
    small.paste(plain)
    return small


def profile_of(picture: Image.Image) -> dict[str, Any]:
    """Its colour profile, where it is one of colours on screens."""
    profile = picture.info.get("icc_profile")
    if not isinstance(profile, bytes) or len(profile) > PROFILE_MOST or profile[16:20] != b"RGB ":
        return {}
    return {"icc_profile": profile}
