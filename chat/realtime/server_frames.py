"""The frames to clients that report no change.

resumed reset ack auth.expiring error, and on `/ws/` alone
hello cursor positions conversation.created conversation.removed

The frames of changes are in the catalogue, those of what passes in `chat.events`.
"""

from msgspec import UNSET, UnsetType

from chat import records
from chat.changes import catalogue
from chat.events import MessageRead, ServerFrame, UserTyping
from chat.records import Moment, PresenceStatus


class Ack(ServerFrame, tag="ack", frozen=True):
    """What was asked for is done, and on the disk where it is something that lasts.

    Only a frame with a `client_id` or a `ref`, or `auth`, gets one.
    """

    client_id: str | UnsetType = UNSET
    id: int | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    timestamp: Moment | UnsetType = UNSET
    ref: str | UnsetType = UNSET


class Resumed(ServerFrame, tag="resumed", frozen=True):
    """Everything up to `seq` has come; from here on it is live.

    `seq` counts within `epoch`: to resume later, a client sends both back. Where all
    conversations were resumed on `/ws/`, `cursor` stands in place of `seq`.
    """

    seq: int | UnsetType = UNSET
    ref: str | UnsetType = UNSET
    epoch: str | UnsetType = UNSET
    cursor: str | UnsetType = UNSET


class Reset(ServerFrame, tag="reset", frozen=True):
    """The database was put back to an older state, so what the client holds may be wrong.

    It comes in place of changes and `resumed`, only to a client that sent an `epoch`. The
    client reads the conversation again; what comes after `seq` it gets live. With `cursor` in
    place of `seq` this is so of all conversations, which happens on `/ws/`.
    """

    seq: int | UnsetType = UNSET
    epoch: str | UnsetType = UNSET
    ref: str | UnsetType = UNSET
    cursor: str | UnsetType = UNSET


class AuthExpiring(ServerFrame, tag="auth.expiring", frozen=True):
    """The token ends soon: time for an `auth` frame. `expires_in` is in seconds."""

    expires_in: int


class Error(ServerFrame, tag="error", frozen=True):
    """A frame was not carried out, and changed nothing.

    `retry_after` is in seconds; `client_id` says which message was not stored.
    """

    code: str
    detail: str
    errors: dict[str, list[str]] | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    ref: str | UnsetType = UNSET


class Hello(ServerFrame, tag="hello", frozen=True):
    """The first frame of `/ws/`: who the caller is, and how many conversations there are.

    The socket is live from `cursor` on. A client that resumes keeps its old cursor until
    `resumed`; where it resumes by the URL, `cursor` is that old one.
    """

    user: records.User
    epoch: str
    cursor: str
    conversations: int


class CursorMoved(ServerFrame, tag="cursor", frozen=True):
    """The cursor to keep in place of older ones: everything before it was sent on this socket."""

    cursor: str


class Positions(ServerFrame, tag="positions", frozen=True):
    """The change number of each of the caller's conversations, now.

    It comes on `/ws/` in place of changes and `resumed`, where the client's cursor cannot be
    compared any more. The client resumes those in which it is behind, together with `cursor`.
    """

    positions: dict[str, int]
    epoch: str
    cursor: str
    ref: str | UnsetType = UNSET


class ConversationCreated(ServerFrame, tag="conversation.created", frozen=True):
    """A conversation began with the caller in it, or the caller was added to one.

    It comes on `/ws/`. What follows in the conversation has a `seq` above the one here.
    """

    conversation: records.Conversation


class ConversationRemoved(ServerFrame, tag="conversation.removed", frozen=True):
    """The caller left a conversation, or was removed from it. It comes on `/ws/`."""

    conversation: int


class Presence(ServerFrame, tag="presence", frozen=True):
    """Somebody with whom the caller shares a small conversation went online or offline.

    It comes on `/ws/`, about others alone. `user` is the name. `last_seen` is when an offline
    user was last online; it is null for one who is online.
    """

    user: str
    user_id: int
    status: PresenceStatus
    last_seen: Moment | None


TO_USER: tuple[type[ServerFrame], ...] = (
    Hello,
    CursorMoved,
    Positions,
    ConversationCreated,
    ConversationRemoved,
    Presence,
)
"""On `/ws/` alone. `conversation` does not name there what the frame belongs to."""

HAPPENINGS: tuple[type[ServerFrame], ...] = (*catalogue.FRAMES, UserTyping, MessageRead)
"""What happens in one conversation."""
ANSWERS: tuple[type[ServerFrame], ...] = (Ack, Resumed, Reset, Error)
"""Belong to one conversation where the client's frame did."""
TO_CLIENT: tuple[type[ServerFrame], ...] = (*HAPPENINGS, *ANSWERS, AuthExpiring, *TO_USER)
