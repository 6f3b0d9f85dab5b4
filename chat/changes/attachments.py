"""A file is attached to a message."""

from chat import records
from chat.changes.examples import FILE
from chat.changes.family import Family
from chat.events import ChangeFrame


class AttachmentAdded(ChangeFrame, tag="attachment.added", frozen=True):
    """A file was attached to a message."""

    message_id: int
    attachment: records.Attachment


FAMILY = Family(examples=(AttachmentAdded(123, FILE, seq=348),))
