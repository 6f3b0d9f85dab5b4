"""What happens in a conversation, pure: text in to typed events.

changes, each with the conversation's change number `seq`
    MessageSent  MessageEdited  MessageDeleted  AttachmentAdded
    ParticipantJoined  ParticipantLeft  ConversationUpdated  TicketUpdated
ephemeral, and missed by who is not there
    UserTyping  MessageRead
Resumed     all that was missed is here
Reset       the server's database was put back: what came before may be wrong
"""

from datetime import datetime

import msgspec
from msgspec import Struct

from payam_client.records import Attachment, SupportTicket, User


class Frame(Struct, tag_field="type", frozen=True):
    pass


class Event(Frame, frozen=True, kw_only=True):
    """`conversation` is its id; None on a socket that has one conversation alone."""

    conversation: int | None = None


class Change(Event, frozen=True, kw_only=True):
    """Something that lasts; in a conversation no two have the same `seq`."""

    seq: int


class MessageSent(Change, tag="chat.message", frozen=True):
    """The flags are for who learns of it late, with the content it has by then.

    `role` is `agent` where a member of staff sent it without being a participant.
    """

    id: int
    sender: str
    content: str
    timestamp: datetime
    is_edited: bool = False
    is_deleted: bool = False
    role: str | None = None


class EditedMessage(Struct, frozen=True):
    id: int
    content: str


class MessageEdited(Change, tag="message.edited", frozen=True):
    message: EditedMessage


class MessageDeleted(Change, tag="message.deleted", frozen=True):
    message_id: int


class AttachmentAdded(Change, tag="attachment.added", frozen=True):
    """May come before its message, where both were missed."""

    message_id: int
    attachment: Attachment


class ParticipantJoined(Change, tag="participant.joined", frozen=True):
    participant: User


class ParticipantLeft(Change, tag="participant.left", frozen=True):
    participant: User


class ConversationUpdated(Change, tag="conversation.updated", frozen=True):
    """The conversation has a new title."""

    title: str


class TicketUpdated(Change, tag="ticket.updated", frozen=True):
    support_ticket: SupportTicket


class UserTyping(Event, tag="user.typing", frozen=True):
    """Another participant types, or has stopped."""

    user: str
    is_typing: bool


class MessageRead(Event, tag="message.read", frozen=True):
    """A participant has read everything up to the message: another, or oneself elsewhere."""

    user: str
    message_id: int


class Resumed(Event, tag="resumed", frozen=True):
    """All that was missed has come, and what follows is live.

    `seq` counts within `epoch`, which is None where the server knows of none.
    """

    seq: int
    epoch: str | None = None


class Reset(Event, tag="reset", frozen=True):
    """The server's database was put back to an older state: forget what came before.

    The change numbers count anew, in this `epoch`. Unless the conversation was opened with
    `replay=False`, all of it comes next, from its first change on. Otherwise what comes after
    `seq` comes live, and who iterates reads what was there before with `payam.messages`.
    """

    seq: int
    epoch: str


class Ack(Event, tag="ack", frozen=True):
    """What was asked for is done, and on the server's disk where it is something that lasts.

    `id` is the message's. `seq` is the change's, and None for what takes no number; it is
    not a point to resume from, since others' changes before it may still be on their way.
    """

    id: int | None = None
    seq: int | None = None
    timestamp: datetime | None = None
    client_id: str | None = None
    ref: str | None = None


class Refused(Event, tag="error", frozen=True):
    """A frame that was not carried out; `retry_after` is in seconds."""

    code: str
    detail: str
    errors: dict[str, list[str]] = {}
    retry_after: float | None = None
    ref: str | None = None


class AuthExpiring(Frame, tag="auth.expiring", frozen=True):
    """The token ends in so many seconds."""

    expires_in: int


AnyEvent = (
    MessageSent
    | MessageEdited
    | MessageDeleted
    | AttachmentAdded
    | ParticipantJoined
    | ParticipantLeft
    | ConversationUpdated
    | TicketUpdated
    | UserTyping
    | MessageRead
    | Resumed
    | Reset
)
"""What a conversation yields."""

AnyFrame = AnyEvent | Ack | Refused | AuthExpiring


class _OnlyType(Struct):
    type: str


_decode_type = msgspec.json.Decoder(_OnlyType).decode
_decode = msgspec.json.Decoder(AnyFrame).decode
_KNOWN = {kind.__struct_config__.tag for kind in AnyFrame.__args__}


def type_of(frame: str | bytes) -> str:
    """Raises msgspec.DecodeError for what is no frame of Payam's."""
    return _decode_type(frame).type


def decode(frame: str | bytes) -> AnyFrame | None:
    """The event of a frame; None for one of a kind that this version does not know.

    Raises msgspec.DecodeError for what is no frame of Payam's.
    """
    return _decode(frame) if type_of(frame) in _KNOWN else None
