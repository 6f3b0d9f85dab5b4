"""A message is sent, edited or deleted."""

from msgspec import Struct

from chat.changes.examples import AT
from chat.changes.family import Family
from chat.events import ChangeFrame, MessageSent


class EditedMessage(Struct, frozen=True):
    id: int
    content: str


class MessageEdited(ChangeFrame, tag="message.edited", frozen=True):
    """Its sender changed a message's content."""

    message: EditedMessage


class MessageDeleted(ChangeFrame, tag="message.deleted", frozen=True):
    """Its sender deleted a message; its attachments are gone as well."""

    message_id: int


FAMILY = Family(
    examples=(
        MessageSent(123, "ali", "سلام", AT, seq=345),
        MessageEdited(EditedMessage(123, "سلام!"), seq=346),
        MessageDeleted(123, seq=347),
    ),
)
