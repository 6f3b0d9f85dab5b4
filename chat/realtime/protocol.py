"""The frames, pure: text in to typed frames, events out to bytes. No I/O.

client → server    chat_message edit_message delete_message typing     (the original four)
                   mark_read resume auth
server → client    chat.message message.edited message.deleted user.typing  (the original)
                   message.read attachment.added participant.joined participant.left
                   conversation.updated ticket.updated resumed reset ack auth.expiring error
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from chat import events, records
from chat.errors import InvalidInput, PayamError, RetryLater
from chat.realtime.framing import text_frame
from chat.records import Moment, Role
from chat.services.checks import KEY_MAX_LENGTH
from chat.services.fields import Content, Epoch, Id, Key, Ref, Seq
from chat.services.malformed import explain

# From clients. `ref` comes back in the frame's `ack` or `error`.


class ClientFrame(Struct, tag_field="type", frozen=True, forbid_unknown_fields=True):
    pass


class ChatMessage(ClientFrame, tag="chat_message", frozen=True):
    """Send a message: everybody's sockets get `chat.message`, the sender's too.

    With a `client_id`, a repeat stores nothing and is acknowledged with the first one's id.
    """

    message: Content
    client_id: Key | None = None
    ref: Ref | None = None


class EditMessage(ClientFrame, tag="edit_message", frozen=True):
    """Change the content of one's own message: everybody gets `message.edited`."""

    message_id: Id
    content: Content
    ref: Ref | None = None


class DeleteMessage(ClientFrame, tag="delete_message", frozen=True):
    """Delete one's own message: everybody gets `message.deleted`."""

    message_id: Id
    ref: Ref | None = None


class Typing(ClientFrame, tag="typing", frozen=True):
    """Stored nowhere; the other users get `user.typing`."""

    is_typing: bool
    ref: Ref | None = None


class MarkRead(ClientFrame, tag="mark_read", frozen=True):
    """Everything up to the message is read.

    The others get `message.read`, and so do the caller's own other sockets.
    """

    message_id: Id
    ref: Ref | None = None


class Resume(ClientFrame, tag="resume", frozen=True):
    """Everything that changed after `since` comes, in order, then `resumed`, then live.

    `since` is the highest `seq` that came to the client as a change or in `resumed`. The `seq`
    of an `ack` does not count: it says where the client's own message stands, while changes of
    others before it may still be on their way. With `epoch`, the answer is `reset` where
    `since` does not count any more.
    """

    since: Seq
    ref: Ref | None = None
    epoch: Epoch | None = None


class Auth(ClientFrame, tag="auth", frozen=True):
    """Replace the token without reconnecting; answered with an `ack`."""

    token: str
    ref: Ref | None = None


AnyClientFrame = ChatMessage | EditMessage | DeleteMessage | Typing | MarkRead | Resume | Auth

# To clients. A field that is not set is not sent.


class ServerFrame(Struct, tag_field="type", frozen=True):
    pass


class MessageSent(ServerFrame, tag="chat.message", frozen=True):
    """A message was sent. The flags come only when true, to who learns of it late.

    `role` comes only where a member of staff sent it without being a participant.
    """

    id: int
    sender: str
    content: str
    timestamp: Moment
    seq: int
    is_edited: bool | UnsetType = UNSET
    is_deleted: bool | UnsetType = UNSET
    role: Role | UnsetType = UNSET


class EditedMessage(Struct, frozen=True):
    id: int
    content: str


class MessageEdited(ServerFrame, tag="message.edited", frozen=True):
    """Its sender changed a message's content."""

    message: EditedMessage
    seq: int


class MessageDeleted(ServerFrame, tag="message.deleted", frozen=True):
    """Its sender deleted a message; its attachments are gone as well."""

    message_id: int
    seq: int


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


class AttachmentAdded(ServerFrame, tag="attachment.added", frozen=True):
    """A file was attached to a message."""

    message_id: int
    attachment: records.Attachment
    seq: int


class ParticipantJoined(ServerFrame, tag="participant.joined", frozen=True):
    """Somebody was added to the conversation."""

    participant: records.User
    seq: int


class ParticipantLeft(ServerFrame, tag="participant.left", frozen=True):
    """Somebody left the conversation, or was removed from it."""

    participant: records.User
    seq: int


class ConversationUpdated(ServerFrame, tag="conversation.updated", frozen=True):
    """The conversation has a new title, which may be empty."""

    title: str
    seq: int


class TicketUpdated(ServerFrame, tag="ticket.updated", frozen=True):
    """The conversation's ticket was opened, changed or closed."""

    support_ticket: records.SupportTicket
    seq: int


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

    `seq` counts within `epoch`: to resume later, a client sends both back.
    """

    seq: int
    ref: str | UnsetType = UNSET
    epoch: str | UnsetType = UNSET


class Reset(ServerFrame, tag="reset", frozen=True):
    """The database was put back to an older state, so what the client holds may be wrong.

    It comes in place of changes and `resumed`, only to a client that sent an `epoch`. The
    client reads the conversation again; what comes after `seq` it gets live.
    """

    seq: int
    epoch: str
    ref: str | UnsetType = UNSET


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


class MalformedFrame(InvalidInput):
    """A client's frame that says nothing we understand. `ref` is its own, if it had one."""

    code = "malformed_frame"

    def __init__(self, fields: dict[str, list[str]], ref: str | None) -> None:
        super().__init__(fields)
        self.ref = ref


class _OnlyRef(Struct):
    ref: Any = None


_decoder: msgspec.json.Decoder[AnyClientFrame] = msgspec.json.Decoder(AnyClientFrame)
_decode = _decoder.decode
_decode_ref = msgspec.json.Decoder(_OnlyRef).decode
_encode = msgspec.json.Encoder().encode


def decode(text: str) -> AnyClientFrame:
    """The typed frame of a text message; raises MalformedFrame."""
    try:
        frame = _decode(text)
    except msgspec.ValidationError as error:
        raise MalformedFrame(explain(str(error), "frame"), _ref_of(text)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedFrame({"frame": [f"Is not JSON: {error}."]}, None) from None
    if frame.ref is not None and len(frame.ref) > KEY_MAX_LENGTH:
        raise MalformedFrame({"ref": [f"At most {KEY_MAX_LENGTH} characters."]}, None)
    return frame


def _ref_of(text: str) -> str | None:
    try:
        ref = _decode_ref(text).ref
    except (msgspec.DecodeError, RecursionError):  # the first error may have come before this one
        return None
    return ref if isinstance(ref, str) and len(ref) <= KEY_MAX_LENGTH else None


def frame_of(frame: ServerFrame) -> bytes:
    """The bytes on the wire: the same for every client."""
    return text_frame(_encode(frame))


def error_frame(
    error: PayamError, *, ref: str | None = None, client_id: str | None = None
) -> bytes:
    return frame_of(
        Error(
            code=error.code,
            detail=error.detail,
            errors=error.fields if isinstance(error, InvalidInput) else UNSET,
            retry_after=round(error.retry_after, 3) if isinstance(error, RetryLater) else UNSET,
            client_id=UNSET if client_id is None else client_id,
            ref=UNSET if ref is None else ref,
        )
    )


def encode(event: events.Event) -> bytes:
    """The frame that tells clients of an event, framed."""
    return frame_of(_SERVER_FRAMES[type(event)](event))


def _sent(event: events.MessageSent) -> ServerFrame:
    return MessageSent(
        event.id,
        event.sender,
        event.content,
        event.timestamp,
        event.seq,
        event.is_edited or UNSET,
        event.is_deleted or UNSET,
        records.role_of(event.by_agent),
    )


def _edited(event: events.MessageEdited) -> ServerFrame:
    return MessageEdited(EditedMessage(event.id, event.content), event.seq)


_SERVER_FRAMES: dict[type[events.Event], Callable[[Any], ServerFrame]] = {
    events.MessageSent: _sent,
    events.MessageEdited: _edited,
    events.MessageDeleted: lambda event: MessageDeleted(event.id, event.seq),
    events.AttachmentAdded: lambda event: AttachmentAdded(
        event.attachment.message_id, event.attachment, event.seq
    ),
    events.ParticipantJoined: lambda event: ParticipantJoined(event.participant, event.seq),
    events.ParticipantLeft: lambda event: ParticipantLeft(event.participant, event.seq),
    events.ConversationUpdated: lambda event: ConversationUpdated(event.title, event.seq),
    events.TicketUpdated: lambda event: TicketUpdated(event.ticket, event.seq),
    events.Typing: lambda event: UserTyping(event.username, event.is_typing),
    events.MessageRead: lambda event: MessageRead(event.username, event.message_id),
}
