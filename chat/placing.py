"""Puts the path that a proxy has given to Payam before the paths in answers and frames."""

from typing import Any

from msgspec.structs import replace

from chat.changes.attachments import AttachmentAdded
from chat.events import Change
from chat.records import Attachment, Message


def placed(prefix: str, value: Any) -> Any:
    """A copy of a record or an event, or of a list of them, with `prefix` before each path."""
    if not prefix:
        return value
    if isinstance(value, list | tuple):
        return [placed(prefix, one) for one in value]
    if isinstance(value, Attachment):
        thumbnail = value.thumbnail_url and prefix + value.thumbnail_url
        return replace(value, url=prefix + value.url, thumbnail_url=thumbnail)
    if isinstance(value, Message) and value.attachments:
        return replace(value, attachments=placed(prefix, value.attachments))
    if isinstance(value, Change) and isinstance(value.frame, AttachmentAdded):
        attachment = placed(prefix, value.frame.attachment)
        return replace(value, frame=replace(value.frame, attachment=attachment))
    return value
