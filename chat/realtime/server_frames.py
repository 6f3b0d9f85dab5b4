"""The frames to clients that report no change.

resumed reset ack auth.expiring error, and on `/ws/` alone
hello cursor positions conversation.created conversation.removed presence ticket.created

The frames of changes are in the catalogue, those of what passes in `chat.events`.
"""

from msgspec import UNSET, UnsetType

from chat import records
from chat.changes import catalogue
from chat.events import MessageRead, ServerFrame, UserTyping, UserUpdated
from chat.records import Moment, PresenceStatus


class Ack(ServerFrame, tag="ack", frozen=True):
    """The server has done what was asked for. If that is something that lasts, it is on the disk.

    Only a frame with a `client_id` or a `ref`, and `auth`, gets one.
    """

    client_id: str | UnsetType = UNSET
    id: int | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    timestamp: Moment | UnsetType = UNSET
    ref: str | UnsetType = UNSET


class Resumed(ServerFrame, tag="resumed", frozen=True):
    """Everything up to `seq` was delivered. From here on it is live.

    `seq` counts within `epoch`. To resume later, a client sends both back. After a resume of all
    conversations on `/ws/`, there is a `cursor` instead of `seq`.
    """

    seq: int | UnsetType = UNSET
    ref: str | UnsetType = UNSET
    epoch: str | UnsetType = UNSET
    cursor: str | UnsetType = UNSET


class Reset(ServerFrame, tag="reset", frozen=True):
    """The database was put back to an older state, so what the client holds may be wrong.

    It comes instead of changes and `resumed`, only to a client that sent an `epoch`. The client
    reads the conversation again; what comes after `seq` is live. With a `cursor` instead of `seq`,
    on `/ws/`, this is about all conversations.
    """

    seq: int | UnsetType = UNSET
    epoch: str | UnsetType = UNSET
    ref: str | UnsetType = UNSET
    cursor: str | UnsetType = UNSET


class AuthExpiring(ServerFrame, tag="auth.expiring", frozen=True):
    """The token ends soon, so send an `auth` frame. `expires_in` is in seconds."""

    expires_in: int


class Error(ServerFrame, tag="error", frozen=True):
    """A frame was not carried out, and changed nothing.

    `retry_after` is in seconds. `client_id` says which message was not stored.
    """

    code: str
    detail: str
    errors: dict[str, list[str]] | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    ref: str | UnsetType = UNSET


class Hello(ServerFrame, tag="hello", frozen=True):
    """The first frame of `/ws/`: the user, and how many conversations they have.

    The socket is live from `cursor` on. A client that resumes keeps its old cursor until
    `resumed`. If it resumes by the URL, `cursor` is that old one.
    """

    user: records.User
    epoch: str
    cursor: str
    conversations: int


class CursorMoved(ServerFrame, tag="cursor", frozen=True):
    """The cursor to keep instead of older ones. Everything before it was sent on this socket."""

    cursor: str


class Positions(ServerFrame, tag="positions", frozen=True):
    """The present `seq` of each of the user's conversations.

    It comes on `/ws/` instead of changes and `resumed`, if the client's cursor cannot be compared
    any more. The client resumes those in which it is behind, together with `cursor`.
    """

    positions: dict[str, int]
    epoch: str
    cursor: str
    ref: str | UnsetType = UNSET


class ConversationCreated(ServerFrame, tag="conversation.created", frozen=True):
    """A conversation began with the user in it, or the user was added to one.

    It comes on `/ws/`. What follows in the conversation has a higher `seq` than the one here.
    """

    conversation: records.Conversation


class ConversationRemoved(ServerFrame, tag="conversation.removed", frozen=True):
    """The user left a conversation, or was removed from it. It comes on `/ws/`."""

    conversation: int


class PresenceChanged(ServerFrame, tag="presence", frozen=True):
    """Somebody with whom the user shares a small conversation went online or offline.

    It comes on `/ws/`, and only about others. `user` is the name. `last_seen` is when an offline
    user was last online. It is null for somebody who is online.
    """

    user: str
    user_id: int
    status: PresenceStatus
    last_seen: Moment | None


class TicketCreated(ServerFrame, tag="ticket.created", frozen=True):
    """Somebody opened a ticket, in whatever conversation. It comes on `/ws/`, to staff.

    Later changes of the ticket come as `ticket.updated`.
    """

    conversation: int
    support_ticket: records.SupportTicket


TO_USER: tuple[type[ServerFrame], ...] = (
    Hello,
    CursorMoved,
    Positions,
    ConversationCreated,
    ConversationRemoved,
    PresenceChanged,
    TicketCreated,
)
"""Frames of `/ws/` alone. A `conversation` in them does not mean that they belong to one."""

HAPPENINGS: tuple[type[ServerFrame], ...] = (
    *catalogue.FRAMES,
    UserTyping,
    MessageRead,
    UserUpdated,
)
"""Frames of events in one conversation."""
ANSWERS: tuple[type[ServerFrame], ...] = (Ack, Resumed, Reset, Error)
"""Answers. One belongs to a conversation if the client's frame did."""
TO_CLIENT: tuple[type[ServerFrame], ...] = (*HAPPENINGS, *ANSWERS, AuthExpiring, *TO_USER)
