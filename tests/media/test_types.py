"""What a file is: as its content says, whatever the client calls it."""

import pytest

from chat.media.types import UNKNOWN, media_type
from tests.media.pictures import picture

PNG = picture("PNG", 2, 2)
FTYP = b"\0\0\0\x18ftyp"
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm"


@pytest.mark.parametrize(
    ("head", "claimed", "found"),
    [
        (PNG, "text/plain", "image/png"),
        (PNG, UNKNOWN, "image/png"),
        (PNG, "image/jpeg", "image/png"),
        (picture("JPEG", 2, 2), "image/png", "image/jpeg"),
        (picture("GIF", 2, 2), "text/html", "image/gif"),
        (picture("WEBP", 2, 2), "image/png", "image/webp"),
        (picture("AVIF", 2, 2), "image/png", "image/avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "x/y", "image/heic"),
        (picture("BMP", 2, 2), "image/png", "image/bmp"),
        (b"%PDF-1.7", "image/png", "application/pdf"),
        (b"fLaC", "audio/mpeg", "audio/flac"),
        (b"ID3\4", UNKNOWN, "audio/mpeg"),
        (b"\xff\xfb\x90\x64", UNKNOWN, "audio/mpeg"),
        (b"RIFF\0\0\0\0WAVEfmt ", UNKNOWN, "audio/wav"),
        (b"OggS" + bytes(24) + b"OpusHead", "video/mp4", "audio/ogg"),
        (b"OggS" + bytes(24) + b"\x80theora", "audio/ogg", "video/ogg"),
        (FTYP + b"M4A ", "video/mp4", "audio/mp4"),
        (FTYP + b"qt  ", UNKNOWN, "video/quicktime"),
        (FTYP + b"3gp4", UNKNOWN, "video/3gpp"),
        (WEBM + b"A_OPUS", "video/webm", "audio/webm"),
        (WEBM + b"V_VP9A_OPUS", "audio/webm", "video/webm"),
    ],
)
def test_the_content_says_it(head: bytes, claimed: str, found: str) -> None:
    """Whatever the client calls it."""
    assert media_type(head, claimed) == found


@pytest.mark.parametrize(
    ("head", "claimed"),
    [
        (FTYP + b"isom", "audio/mp4"),
        (FTYP + b"mp42", "video/mp4"),
        (FTYP + b"M4A ", "audio/x-m4a"),
        (b"hello", "text/plain"),
        (b"BM is what this text begins with", "text/plain"),
        (b"PK\3\4", "application/vnd.oasis.opendocument.text"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"\0\0\0\0", "audio/mpeg"),
        (b"", "text/plain"),
    ],
)
def test_the_client_says_what_the_content_leaves_open(head: bytes, claimed: str) -> None:
    """Sound or film in the same container; text; and formats that other formats are built of."""
    assert media_type(head, claimed) == claimed


@pytest.mark.parametrize(
    "claimed", ["image/png", "image/heic", "video/mp4", "audio/ogg", "application/pdf"]
)
def test_what_the_content_denies_is_not_believed(claimed: str) -> None:
    """A page that is called a picture is not served as a picture."""
    assert media_type(b"<!doctype html><script>", claimed) == UNKNOWN
    assert media_type(b"", claimed) == UNKNOWN
