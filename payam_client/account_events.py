"""The events of the socket `/ws/`: frames in, typed events out. It does no I/O.

Events of one conversation are those of `events.py`, with `conversation`. The account has these too:
    ConversationCreated  ConversationRemoved  PresenceChanged
    TicketCreated  DeskTicketUpdated    for staff: the tickets of all conversations
    CaughtUp        everything that was missed is here
    AccountReset    the server's database was put back: what came before may be wrong
    SendingChanged  made by the client: the state of one's own message has changed
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
    MessagePinned,
    MessageRead,
    MessageSent,
    MessageUnpinned,
    ParticipantJoined,
    ParticipantLeft,
    ReactionAdded,
    ReactionRemoved,
    Refused,
    TicketUpdated,
    UserTyping,
    UserUpdated,
    type_of,
)
from payam_client.records import ConversationRecord, SupportTicket, User

Status = Literal["sending", "stored", "failed", "discarded"]


class ConversationCreated(Frame, tag="conversation.created", frozen=True):
    """A conversation began with this user, or the user was added.

    It may come again for a conversation that is known. Then it replaces what was known.
    """

    conversation: ConversationRecord


class ConversationRemoved(Frame, tag="conversation.removed", frozen=True):
    """The user left the conversation, or was removed from it."""

    conversation: int


class PresenceChanged(Frame, tag="presence", frozen=True):
    """Somebody with whom the user shares a small conversation went online or offline.

    `status` is online or offline. `last_seen` is when an offline user was last online.
    """

    user: str
    status: str
    last_seen: datetime | None = None
    user_id: int = 0


class TicketCreated(Frame, tag="ticket.created", frozen=True):
    """For staff: somebody opened a ticket, in whatever conversation."""

    conversation: int
    support_ticket: SupportTicket


class DeskTicketUpdated(Frame, tag="desk.ticket.updated", frozen=True):
    """For staff: a ticket changed in a conversation in which they are not.

    It is ephemeral. After each new connection, read the tickets again.
    """

    conversation: int
    support_ticket: SupportTicket


class CaughtUp(Frame, tag="resumed", frozen=True):
    """Everything that was missed has come, in all conversations. What follows is live."""

    cursor: str
    epoch: str


class AccountReset(Event, tag="reset", frozen=True):
    """The server's database was put back to an older state: forget what came before.

    With `conversation` this is about that one alone. The account reads the list and the loaded
    messages again by itself.
    """

    epoch: str
    cursor: str | None = None
    seq: int | None = None


class SendingChanged(Frame, tag="sending", frozen=True):
    """One's own message has another state. `error` says why it failed."""

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
    """The present `seq` of each conversation. The cursor that was sent cannot be used any more."""

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
    | MessagePinned
    | MessageUnpinned
    | ReactionAdded
    | ReactionRemoved
    | UserTyping
    | MessageRead
    | UserUpdated
)
FromServer = (
    OfConversation
    | ConversationCreated
    | ConversationRemoved
    | PresenceChanged
    | TicketCreated
    | DeskTicketUpdated
    | CaughtUp
    | AccountReset
)
AccountEvent = FromServer | SendingChanged
"""The events of an iteration over an account."""

AccountFrame = FromServer | Ack | Refused | AuthExpiring | Hello | Cursor | Positions

_decode = msgspec.json.Decoder(AccountFrame).decode
_KNOWN = {kind.__struct_config__.tag for kind in AccountFrame.__args__}


def decode(frame: str | bytes) -> AccountFrame | None:
    """The event of a frame; None for a kind that this version does not know.

    Raises msgspec.DecodeError for a text that is no frame of Payam.
    """
    if type_of(frame) not in _KNOWN:
        return None
    event: AccountFrame = _decode(frame)
    if isinstance(event, TicketUpdated) and event.desk and event.conversation is not None:
        return DeskTicketUpdated(event.conversation, event.support_ticket)
    return event
