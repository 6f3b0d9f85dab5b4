"""The frames, pure: text in to typed frames, frames out to bytes. No I/O.

client → server    chat_message edit_message delete_message typing     (the original four)
                   mark_read resume auth
server → client    every kind of the catalogue (`chat.changes.catalogue`): chat.message,
                   message.edited, message.deleted, …
                   user.typing message.read resumed reset ack auth.expiring error
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from chat.changes import catalogue
from chat.errors import InvalidInput, PayamError, RetryLater
from chat.events import MessageRead, ServerFrame, UserTyping
from chat.realtime.framing import text_frame
from chat.records import Moment
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

# To clients. The frames of changes are in the catalogue, those of what passes in `chat.events`.


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


TO_CLIENT: tuple[type[ServerFrame], ...] = (
    *catalogue.FRAMES,
    UserTyping,
    MessageRead,
    Ack,
    Resumed,
    Reset,
    AuthExpiring,
    Error,
)


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
