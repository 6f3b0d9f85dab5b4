"""The events of a conversation: frames in, typed events out. It does no I/O.

changes, each with a `seq`
    MessageSent  MessageEdited  MessageDeleted  AttachmentAdded
    ParticipantJoined  ParticipantLeft  ConversationUpdated  TicketUpdated
    MessagePinned  MessageUnpinned  ReactionAdded  ReactionRemoved
without a `seq`
    UserTyping  MessageRead
Resumed     everything that was missed is here
Reset       the server's database was put back: what came before may be wrong
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from payam_client.records import RIGHTS, Attachment, Member, Parent, Profile, SupportTicket, User


class Frame(Struct, tag_field="type", frozen=True):
    pass


class Event(Frame, frozen=True, kw_only=True):
    """`conversation` is the conversation's id. It is None on a socket of one conversation."""

    conversation: int | None = None


class Change(Event, frozen=True, kw_only=True):
    """Something that is kept. No two changes of a conversation have the same `seq`."""

    seq: int


class MessageSent(Change, tag="chat.message", frozen=True):
    """A message was sent. The flags are for a client that gets it late, with its present content.

    `role` is `agent` if a member of staff sent it without being a participant. `client_id` comes
    only to the sender.
    """

    id: int
    sender: str
    content: str
    timestamp: datetime
    is_edited: bool = False
    is_deleted: bool = False
    role: str | None = None
    mentions: list[User] = []
    sender_id: int | None = None
    reply_to: Parent | None = None
    metadata: dict[str, Any] = {}
    client_id: str | None = None


class EditedMessage(Struct, frozen=True):
    id: int
    content: str
    mentions: list[User] = []


class MessageEdited(Change, tag="message.edited", frozen=True):
    message: EditedMessage


class MessageDeleted(Change, tag="message.deleted", frozen=True):
    message_id: int


class AttachmentAdded(Change, tag="attachment.added", frozen=True):
    """A file was attached. It may come before its message if both were missed."""

    message_id: int
    attachment: Attachment


class ParticipantJoined(Change, tag="participant.joined", frozen=True):
    participant: User


class ParticipantLeft(Change, tag="participant.left", frozen=True):
    participant: User


class ConversationUpdated(Change, tag="conversation.updated", frozen=True):
    """The conversation has a new title, other metadata, or other rights of its members. With
    `participant` it is the role of that one that changed.

    If it `is_own`, the user has changed their own settings of it instead, here or on another
    device: `muted_until`, `archived` and `pinned`. That takes no number, so `seq` is 0.
    """

    title: str
    muted_until: datetime | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    metadata: dict[str, Any] = {}
    members_may: list[str] = field(default_factory=RIGHTS.copy)
    avatar_url: str | None = None
    participant: Member | None = None

    @property
    def is_own(self) -> bool:
        return self.seq == 0


class TicketUpdated(Change, tag="ticket.updated", frozen=True):
    support_ticket: SupportTicket
    desk: bool = False
    """An account gives a `DeskTicketUpdated` instead where this is true."""


class MessagePinned(Change, tag="message.pinned", frozen=True):
    """`user` pinned the message."""

    message_id: int
    user: str


class MessageUnpinned(Change, tag="message.unpinned", frozen=True):
    """`user` unpinned the message."""

    message_id: int
    user: str


class ReactionAdded(Change, tag="reaction.added", frozen=True):
    """`user` reacted to the message. `count` is how many do so by now; None from a server of an
    earlier release.
    """

    message_id: int
    emoji: str
    user: str
    count: int | None = None


class ReactionRemoved(Change, tag="reaction.removed", frozen=True):
    """`user` took a reaction back. `count` as in `ReactionAdded`."""

    message_id: int
    emoji: str
    user: str
    count: int | None = None


class UserTyping(Event, tag="user.typing", frozen=True):
    """Another participant types, or has stopped."""

    user: str
    is_typing: bool


class MessageRead(Event, tag="message.read", frozen=True):
    """Somebody has read everything up to the message: another user, or oneself elsewhere."""

    user: str
    message_id: int


class UserUpdated(Event, tag="user.updated", frozen=True):
    """Somebody has another name that is shown, or another picture. It may be oneself, elsewhere."""

    user: Profile


class Resumed(Event, tag="resumed", frozen=True):
    """Everything that was missed has come. What follows is live.

    `seq` counts within `epoch`, which is None if the server has none.
    """

    seq: int
    epoch: str | None = None


class Reset(Event, tag="reset", frozen=True):
    """The server's database was put back to an older state: forget what came before.

    Numbers begin again, in this `epoch`. Next comes the whole conversation, from its first change
    on. If it was opened with `replay=False`, it goes on live after `seq` instead, and the caller
    reads the messages before that with `payam.messages`.
    """

    seq: int
    epoch: str


class Ack(Event, tag="ack", frozen=True):
    """What was asked for is done. If it is something that lasts, it is on the server's disk.

    `id` is that of the message. `seq` is that of the change, or None if it takes none. Do not
    resume from this `seq`, because changes of others before it may still be on their way.
    """

    id: int | None = None
    seq: int | None = None
    timestamp: datetime | None = None
    client_id: str | None = None
    ref: str | None = None


class Refused(Event, tag="error", frozen=True):
    """A frame was not carried out. `retry_after` is in seconds."""

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
    | MessagePinned
    | MessageUnpinned
    | ReactionAdded
    | ReactionRemoved
    | UserTyping
    | MessageRead
    | UserUpdated
    | Resumed
    | Reset
)
"""The events of an iteration over a conversation."""

AnyFrame = AnyEvent | Ack | Refused | AuthExpiring


class _OnlyType(Struct):
    type: str


_decode_type = msgspec.json.Decoder(_OnlyType).decode
_decode = msgspec.json.Decoder(AnyFrame).decode
_KNOWN = {kind.__struct_config__.tag for kind in AnyFrame.__args__}


def type_of(frame: str | bytes) -> str:
    """The `type` of a frame. Raises msgspec.DecodeError for a text that is no frame of Payam."""
    return _decode_type(frame).type


def decode(frame: str | bytes) -> AnyFrame | None:
    """The event of a frame; None for a kind that this version does not know.

    Raises msgspec.DecodeError for a text that is no frame of Payam.
    """
    return _decode(frame) if type_of(frame) in _KNOWN else None
