"""The media type of a file, found in its first bytes.

Neither the name nor the type that a client gives is believed where the content says something. A
container such as MP4 may hold a film or sound alone, so there the client's word chooses between the
two.
"""

from struct import unpack_from

HEAD_SIZE = 4096
"""Bytes from the beginning of a file that are enough."""
UNKNOWN = "application/octet-stream"

FILM = ("video/mp4", "audio/mp4", "audio/x-m4a", "audio/m4a", "video/x-m4v")
SOUND = ("audio/mp4", "audio/x-m4a", "audio/m4a", "audio/x-m4b")
BRANDS: dict[bytes, tuple[str, ...]] = {
    b"avif": ("image/avif",),
    b"avis": ("image/avif",),
    b"heic": ("image/heic",),
    b"heix": ("image/heic",),
    b"heim": ("image/heic",),
    b"heis": ("image/heic",),
    b"hevc": ("image/heic-sequence", "image/heic"),
    b"hevx": ("image/heic-sequence", "image/heic"),
    b"mif1": ("image/heif", "image/heic"),
    b"msf1": ("image/heif-sequence", "image/heif"),
    b"qt  ": ("video/quicktime",),
    b"M4A ": SOUND,
    b"M4B ": SOUND,
    b"M4V ": ("video/mp4", "video/x-m4v"),
}
"""By brand of the ISO base media format (ISO/IEC 14496-12). Other brands are films."""
GPP = ("video/3gpp", "audio/3gpp", "video/3gpp2", "audio/3gpp2")
MATROSKA = ("video/x-matroska", "video/matroska", "audio/x-matroska", "audio/matroska")
PLAIN: tuple[tuple[bytes, tuple[str, ...]], ...] = (
    (b"\x89PNG\r\n\x1a\n", ("image/png", "image/apng")),
    (b"\xff\xd8\xff", ("image/jpeg",)),
    (b"GIF87a", ("image/gif",)),
    (b"GIF89a", ("image/gif",)),
    (b"II*\0", ("image/tiff",)),
    (b"MM\0*", ("image/tiff",)),
    (b"fLaC", ("audio/flac", "audio/x-flac")),
    (b"ID3", ("audio/mpeg", "audio/mp3")),
    (b"#!AMR", ("audio/amr",)),
    (b"%PDF-", ("application/pdf",)),
)
WAVE = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
RIFF: dict[bytes, tuple[str, ...]] = {
    b"WEBP": ("image/webp",),
    b"WAVE": WAVE,
    b"AVI ": ("video/x-msvideo", "video/avi"),
}
BMP, BMP_HEADERS = ("image/bmp", "image/x-ms-bmp"), (12, 40, 52, 56, 64, 108, 124)
"""Two letters are too little to know it by: the size of its header must be one that there is."""
MPEG = ("audio/mpeg", "audio/mp3")
ADTS = ("audio/aac", "audio/x-aac", "audio/aacp")
OGG_SOUND = ("audio/ogg", "audio/opus", "audio/x-opus+ogg", "application/ogg")
OGG_FILM = ("video/ogg", "application/ogg")
WEBM_SOUND, WEBM_FILM = ("audio/webm",), ("video/webm",)
EBML = b"\x1a\x45\xdf\xa3"
ANYWHERE = {*MPEG}
"""Types whose files may begin with anything, so that their absence cannot be seen."""
SHOWN: frozenset[str] = frozenset(
    {
        name
        for names in (
            *BRANDS.values(),
            *(names for _, names in PLAIN),
            *RIFF.values(),
            *(BMP, FILM, GPP, MATROSKA, ADTS, OGG_SOUND, OGG_FILM, WEBM_SOUND, WEBM_FILM),
        )
        for name in names
    }
    - ANYWHERE
)
"""Types that the content shows. A file that is called so, and does not show it, is not of it."""


def media_type(head: bytes, claimed: str) -> str:
    """The type of a file with these first bytes, which a client calls `claimed`."""
    names = of_content(head)
    if names:
        return claimed if claimed in names else names[0]
    return UNKNOWN if claimed in SHOWN else claimed


def of_content(head: bytes) -> tuple[str, ...]:
    """The names of the type, the usual one first; empty where the content shows none."""
    for magic, names in PLAIN:
        if head.startswith(magic):
            return names
    if head[4:8] == b"ftyp":
        return of_brands(head)
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return BMP if int.from_bytes(head[14:18], "little") in BMP_HEADERS else ()
    if head.startswith(b"RIFF"):
        return RIFF.get(head[8:12], ())
    if head.startswith(b"OggS"):
        return OGG_FILM if b"theora" in head[:256] else OGG_SOUND
    if head.startswith(EBML):
        return of_matroska(head)
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return of_mpeg_audio(head)
    return ()


def of_brands(head: bytes) -> tuple[str, ...]:
    """The type by the main brand, or else by the first known one of the compatible brands."""
    (length,) = unpack_from(">I", head)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(length, len(head)), 4))]
    if brands[0] in {b"mif1", b"msf1"}:  # it says only that it is built so: the others say of what
        brands = [*(brand for brand in brands if brand != brands[0]), brands[0]]
    if brands[0][:2] == b"3g":
        return GPP
    return next((BRANDS[brand] for brand in brands if brand in BRANDS), FILM)


def of_matroska(head: bytes) -> tuple[str, ...]:
    if b"webm" not in head[:64]:
        return MATROSKA
    # A recorder of sound writes its only track at the beginning.
    has_sound, has_film = b"A_" in head, b"V_" in head
    if has_sound or has_film:
        return WEBM_FILM if has_film else WEBM_SOUND
    return (*WEBM_FILM, *WEBM_SOUND)


def of_mpeg_audio(head: bytes) -> tuple[str, ...]:
    """The four bytes of a frame's header, without the values that no frame has."""
    layer = head[1] >> 1 & 3
    if layer == 0:
        return ADTS if head[1] & 0xF0 == 0xF0 and head[2] >> 2 & 0xF < 13 else ()
    is_frame = head[1] >> 3 & 3 != 1 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3
    return MPEG if is_frame else ()
