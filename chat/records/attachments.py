"""Attachments of messages, and resumable uploads."""

from msgspec import UNSET, Struct, UnsetType

from chat.records.fields import Moment


class Attachment(Struct, frozen=True):
    """`size` is in bytes. `url` is a path on this server, for participants only.

    Where a proxy serves Payam behind a path (`BASE_PATH`), `url` begins with it, as every link
    does. Resolve it against the server's origin.

    `content_type` is found in the content of the file. What the client said counts only where the
    content shows nothing, as with text.

    A picture has `width` and `height` if its file says them: the pixels as people see them, with
    the orientation of its EXIF data applied. Other files have neither. `thumbnail_url` is the path
    of a small WebP picture, which fits into 512 × 512 pixels and moves if the picture moves. A
    picture that is small itself has none, and neither has a picture of more than
    `image_max_pixels`. `duration` is how long sound or a film is, in seconds, if its file says it.
    """

    id: int
    message_id: int
    name: str
    size: int
    content_type: str
    url: str
    created_at: Moment
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET
    thumbnail_url: str | UnsetType = UNSET
    duration: float | UnsetType = UNSET


class Upload(Struct, frozen=True):
    """A resumable upload. `offset` of its `size` bytes have arrived.

    It is deleted at `expires_at`, unless it is attached before.
    """

    id: str
    name: str
    size: int
    offset: int
    created_at: Moment
    expires_at: Moment


def attachment_url(conversation_id: int, message_id: int, attachment_id: int) -> str:
    return (
        f"/api/conversations/{conversation_id}/messages/{message_id}/attachments/{attachment_id}/"
    )


def thumbnail_url(url: str) -> str:
    """The path of the thumbnail of the attachment with this path."""
    return f"{url}thumbnail/"
