"""The frames from clients. `ref` comes back in the frame's `ack` or `error`.

chat_message edit_message delete_message typing   (the original four)
mark_read resume auth add_reaction remove_reaction
"""

from msgspec import UNSET, Struct, UnsetType

from chat.services.fields import (
    Content,
    Conversation,
    Cursor,
    Emoji,
    Epoch,
    Id,
    Key,
    Metadata,
    Positions,
    Ref,
    Seq,
)


class ClientFrame(Struct, tag_field="type", frozen=True, forbid_unknown_fields=True):
    pass


class ConversationFrame(ClientFrame, frozen=True, kw_only=True):
    """A frame for one conversation: the socket's own, or on `/ws/` the one that it names."""

    conversation: Conversation | None = None


class ChatMessage(ConversationFrame, tag="chat_message", frozen=True):
    """Send a message. All sockets of the conversation receive `chat.message`, the sender's too.

    With a `client_id`, a retry stores nothing and is acknowledged with the first one's id.
    `reply_to` is a message of the same conversation.
    """

    message: Content
    client_id: Key | None = None
    ref: Ref | None = None
    reply_to: Id | None = None
    metadata: Metadata | UnsetType = UNSET


class EditMessage(ConversationFrame, tag="edit_message", frozen=True):
    """Edit one's own message. Everybody receives `message.edited`."""

    message_id: Id
    content: Content
    ref: Ref | None = None


class DeleteMessage(ConversationFrame, tag="delete_message", frozen=True):
    """Delete one's own message. Everybody receives `message.deleted`."""

    message_id: Id
    ref: Ref | None = None


class Typing(ConversationFrame, tag="typing", frozen=True):
    """Show that one types. The other users receive `user.typing`. It is stored nowhere."""

    is_typing: bool
    ref: Ref | None = None


class MarkRead(ConversationFrame, tag="mark_read", frozen=True):
    """Mark everything up to the message as read.

    The others receive `message.read`, and so do the user's own other sockets.
    """

    message_id: Id
    ref: Ref | None = None


class AddReaction(ConversationFrame, tag="add_reaction", frozen=True):
    """React to a message with one emoji. Everybody receives `reaction.added`."""

    message_id: Id
    emoji: Emoji
    ref: Ref | None = None


class RemoveReaction(ConversationFrame, tag="remove_reaction", frozen=True):
    """Take a reaction back. Everybody receives `reaction.removed`."""

    message_id: Id
    emoji: Emoji
    ref: Ref | None = None


class Resume(ConversationFrame, tag="resume", frozen=True):
    """Receive everything that changed after `since`, in order, then `resumed`, then live changes.

    `since` is the highest `seq` that the client received in a change or in `resumed`. The `seq`
    of an `ack` does not count, because changes of others before it may still be on their way.
    With `epoch`, the answer is `reset` if `since` does not count any more.

    On `/ws/` this resumes one conversation if the frame names a `conversation`. Otherwise it
    resumes all conversations: from a `cursor`, or from the numbers of those that `since` names.
    With both, those named go on from their numbers, and all others from the cursor.
    """

    since: Seq | Positions | None = None
    ref: Ref | None = None
    epoch: Epoch | None = None
    cursor: Cursor | None = None


class Auth(ClientFrame, tag="auth", frozen=True):
    """Replace the token without a new socket. It is answered with an `ack`."""

    token: str
    ref: Ref | None = None


AnyClientFrame = (
    ChatMessage
    | EditMessage
    | DeleteMessage
    | Typing
    | MarkRead
    | AddReaction
    | RemoveReaction
    | Resume
    | Auth
)
