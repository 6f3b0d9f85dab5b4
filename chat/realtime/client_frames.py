"""The frames from clients. `ref` comes back in the frame's `ack` or `error`.

chat_message edit_message delete_message typing   (the original four)
mark_read resume auth
"""

from msgspec import Struct

from chat.services.fields import Content, Conversation, Cursor, Epoch, Id, Key, Positions, Ref, Seq


class ClientFrame(Struct, tag_field="type", frozen=True, forbid_unknown_fields=True):
    pass


class ConversationFrame(ClientFrame, frozen=True, kw_only=True):
    """Is for one conversation: the socket's own, or on `/ws/` the one that it names."""

    conversation: Conversation | None = None


class ChatMessage(ConversationFrame, tag="chat_message", frozen=True):
    """Send a message: everybody's sockets get `chat.message`, the sender's too.

    With a `client_id`, a repeat stores nothing and is acknowledged with the first one's id.
    """

    message: Content
    client_id: Key | None = None
    ref: Ref | None = None


class EditMessage(ConversationFrame, tag="edit_message", frozen=True):
    """Change the content of one's own message: everybody gets `message.edited`."""

    message_id: Id
    content: Content
    ref: Ref | None = None


class DeleteMessage(ConversationFrame, tag="delete_message", frozen=True):
    """Delete one's own message: everybody gets `message.deleted`."""

    message_id: Id
    ref: Ref | None = None


class Typing(ConversationFrame, tag="typing", frozen=True):
    """Stored nowhere; the other users get `user.typing`."""

    is_typing: bool
    ref: Ref | None = None


class MarkRead(ConversationFrame, tag="mark_read", frozen=True):
    """Everything up to the message is read.

    The others get `message.read`, and so do the caller's own other sockets.
    """

    message_id: Id
    ref: Ref | None = None


class Resume(ConversationFrame, tag="resume", frozen=True):
    """Everything that changed after `since` comes, in order, then `resumed`, then live.

    `since` is the highest `seq` that came to the client as a change or in `resumed`. The `seq`
    of an `ack` does not count: it says where the client's own message stands, while changes of
    others before it may still be on their way. With `epoch`, the answer is `reset` where
    `since` does not count any more.

    On `/ws/` this is so with `conversation`. Without it, all conversations are resumed: from a
    `cursor`, from the change numbers of those that `since` names, or, with both, those named
    from their numbers and all others from the cursor.
    """

    since: Seq | Positions | None = None
    ref: Ref | None = None
    epoch: Epoch | None = None
    cursor: Cursor | None = None


class Auth(ClientFrame, tag="auth", frozen=True):
    """Replace the token without reconnecting; answered with an `ack`."""

    token: str
    ref: Ref | None = None


AnyClientFrame = ChatMessage | EditMessage | DeleteMessage | Typing | MarkRead | Resume | Auth
