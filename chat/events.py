"""Events: all that services hand to realtime, and the frames that clients receive of them.

A `Change` is durable before it becomes an event, and its frame carries its `seq`. An `Ephemeral` is
stored nowhere, and a client that is not connected then never receives it.

The frames of a message that was sent, and of ephemeral events, are here. Those of all other changes
are declared in the catalogue, `chat/changes/`.
"""

from msgspec import UNSET, Struct, UnsetType

from chat.records import Internal, Metadata, Moment, Parent, Profile, Role, User


class ServerFrame(Struct, tag_field="type", frozen=True):
    """What a client gets: its JSON is the frame. A field that is not set is not sent."""


class ChangeFrame(ServerFrame, frozen=True, kw_only=True):
    """Reports a change. `seq` is its number in the conversation."""

    seq: int


class MessageSent(ChangeFrame, tag="chat.message", frozen=True):
    """A message was sent. The flags come only when true, to clients that receive it late.

    `role` comes only where a member of staff sent it without being a participant. `mentions` are
    the participants whom the text mentions, and come only where it mentions somebody.
    `reply_to` and `metadata` come only where there are any. `client_id` comes only to the sender's
    own sockets. `internal` comes only with a note, and only to staff: then every change of the note
    comes as this frame again, with its present content.
    """

    id: int
    sender: str
    content: str
    timestamp: Moment
    is_edited: bool | UnsetType = UNSET
    is_deleted: bool | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    mentions: list[User] | UnsetType = UNSET
    sender_id: int | UnsetType = UNSET
    reply_to: Parent | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    internal: Internal | UnsetType = UNSET


class UserTyping(ServerFrame, tag="user.typing", frozen=True):
    """Another participant types, or has stopped."""

    user: str
    is_typing: bool


class MessageRead(ServerFrame, tag="message.read", frozen=True):
    """A participant has read everything up to the message.

    It may be the caller, on another device: then what is unread there is so here too.
    """

    user: str
    message_id: int


class UserUpdated(ServerFrame, tag="user.updated", frozen=True):
    """Somebody has another `display_name` or picture, or none any more. It may be the caller, on
    another device.
    """

    user: Profile


class Event(Struct, frozen=True):
    conversation_id: int


class Change(Event, frozen=True):
    """`client_id` is that of a message that was sent with one. It is for its sender alone.

    `readers` are the users who may see it; None for all who are in the conversation.
    """

    frame: ChangeFrame
    client_id: str | None = None
    readers: frozenset[int] | None = None

    def is_for(self, user_id: int) -> bool:
        return self.readers is None or user_id in self.readers

    @property
    def seq(self) -> int:
        return self.frame.seq


class Reached(Event, frozen=True):
    """The conversation has come at least as far as `seq`; who is behind should look."""

    seq: int


class Joined(Event, frozen=True):
    """These users have come into the conversation: it began with them, or they were added."""

    user_ids: tuple[int, ...]


class OwnChanged(Event, frozen=True):
    """This user has changed their own settings of the conversation."""

    user_id: int


class TicketChanged(Event, frozen=True):
    """A ticket of the conversation was opened, which `is_new` says, or changed."""

    ticket_id: int
    is_new: bool = False


class Ephemeral(Event, frozen=True):
    """An event that is not kept. `user_id` caused it, and those in `unseen_by` do not receive it.

    `origin` is the socket that it came from, or None; nobody but realtime knows what it is.
    """

    frame: ServerFrame
    user_id: int
    origin: object = None
    unseen_by: tuple[int, ...] = ()


class FamilyRevoked(Struct, frozen=True):
    """Every token that came from one sign-in has stopped working."""

    family: str


class UserErased(Struct, frozen=True):
    """The user has erased themselves: no token of theirs works any more, whoever issued it."""

    user_id: int


class AccountChanged(Struct, frozen=True):
    """Staff changed what the user may do: read it anew. A suspended user's sockets close."""

    user_id: int
    is_suspended: bool
