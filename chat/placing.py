"""Puts the path that a proxy has given to Payam before the paths in answers and frames."""

from typing import Any

from msgspec.structs import replace

from chat.changes.attachments import AttachmentAdded
from chat.changes.conversations import ConversationUpdated
from chat.events import Change, UserUpdated
from chat.records import Attachment, Conversation, Me, Message, Participant, Profile


def placed(prefix: str, value: Any) -> Any:
    """A copy of a record or an event, or of a list of them, with `prefix` before each path."""
    if not prefix:
        return value
    if isinstance(value, list | tuple):
        return [placed(prefix, one) for one in value]
    if isinstance(value, Profile | Me | Participant):
        return replace(value, avatar_url=value.avatar_url and prefix + value.avatar_url)
    if isinstance(value, Conversation):
        people = placed(prefix, value.participants)
        avatar_url = value.avatar_url and prefix + value.avatar_url
        return replace(value, avatar_url=avatar_url, participants=people)
    if isinstance(value, UserUpdated):
        return replace(value, user=placed(prefix, value.user))
    if isinstance(value, Change) and isinstance(value.frame, ConversationUpdated):
        url = value.frame.avatar_url and prefix + value.frame.avatar_url
        return replace(value, frame=replace(value.frame, avatar_url=url))
    if isinstance(value, Attachment):
        thumbnail = value.thumbnail_url and prefix + value.thumbnail_url
        return replace(value, url=prefix + value.url, thumbnail_url=thumbnail)
    if isinstance(value, Message) and value.attachments:
        return replace(value, attachments=placed(prefix, value.attachments))
    if isinstance(value, Change) and isinstance(value.frame, AttachmentAdded):
        attachment = placed(prefix, value.frame.attachment)
        return replace(value, frame=replace(value.frame, attachment=attachment))
    return value
