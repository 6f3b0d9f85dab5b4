"""What happens on the socket for everything, pure: text in to typed events.

Those of one conversation are the events of `events.py`, with `conversation`. And for the account:
    ConversationCreated  ConversationRemoved  PresenceChanged
    CaughtUp        all that was missed is here
    AccountReset    the server's database was put back: what came before may be wrong
    SendingChanged  made here: a message of one's own goes its way to the server
"""

from datetime import datetime
from typing import Literal

import msgspec

from payam_client.events import (
    Ack,
    AttachmentAdded,
    AuthExpiring,
    ConversationUpdated,
    Event,
    Frame,
    MessageDeleted,
    MessageEdited,
    MessageRead,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    Refused,
    TicketUpdated,
    UserTyping,
    type_of,
)
from payam_client.records import ConversationRecord, User

Status = Literal["sending", "stored", "failed", "discarded"]


class ConversationCreated(Frame, tag="conversation.created", frozen=True):
    """One began with this user, or the user was added.

    It may come again for one that is known: it replaces what was known.
    """

    conversation: ConversationRecord


class ConversationRemoved(Frame, tag="conversation.removed", frozen=True):
    """The user has left it, or was removed from it."""

    conversation: int


class PresenceChanged(Frame, tag="presence", frozen=True):
    """`status` is online or offline; `last_seen` is when the user was last there."""

    user: str
    status: str
    last_seen: datetime | None = None


class CaughtUp(Frame, tag="resumed", frozen=True):
    """All that was missed has come, in every conversation, and what follows is live."""

    cursor: str
    epoch: str


class AccountReset(Event, tag="reset", frozen=True):
    """The server's database was put back to an older state: forget what came before.

    With `conversation` it is this one alone. The list and the messages that were loaded are
    read again by themselves.
    """

    epoch: str
    cursor: str | None = None
    seq: int | None = None


class SendingChanged(Frame, tag="sending", frozen=True):
    """`error` says why it failed."""

    conversation: int
    client_id: str
    status: Status
    error: str | None = None


class Hello(Frame, tag="hello", frozen=True):
    user: User
    epoch: str
    cursor: str


class Cursor(Frame, tag="cursor", frozen=True):
    cursor: str


class Positions(Frame, tag="positions", frozen=True):
    """The present `seq` of each conversation; the cursor that was sent is of no use any more."""

    positions: dict[int, int]
    epoch: str
    cursor: str


OfConversation = (
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
)
FromServer = (
    OfConversation
    | ConversationCreated
    | ConversationRemoved
    | PresenceChanged
    | CaughtUp
    | AccountReset
)
AccountEvent = FromServer | SendingChanged
"""What an account yields."""

AccountFrame = FromServer | Ack | Refused | AuthExpiring | Hello | Cursor | Positions

_decode = msgspec.json.Decoder(AccountFrame).decode
_KNOWN = {kind.__struct_config__.tag for kind in AccountFrame.__args__}


def decode(frame: str | bytes) -> AccountFrame | None:
    """The event of a frame; None for one of a kind that this version does not know.

    Raises msgspec.DecodeError for what is no frame of Payam's.
    """
    return _decode(frame) if type_of(frame) in _KNOWN else None
