"""What the chat is made of, in the shapes that clients see.

The store builds these from rows and HTTP encodes them as they are, so a field's name
here is its name on the wire. Moments are RFC 3339 text.
"""

from msgspec import UNSET, Struct, UnsetType


class User(Struct, frozen=True):
    """How one participant sees another."""

    id: int
    username: str


class Attachment(Struct, frozen=True):
    """`size` is in bytes; `url` is a path on this server, for participants only."""

    id: int
    message_id: int
    name: str
    size: int
    content_type: str
    url: str
    created_at: str


class Message(Struct, frozen=True):
    """`is_read` is for the one who asks; `client_id` is there only for the sender."""

    id: int
    sender: User
    content: str
    timestamp: str
    is_read: bool
    is_edited: bool
    is_deleted: bool
    seq: int
    attachments: list[Attachment]
    client_id: str | UnsetType = UNSET


class LastMessage(Struct, frozen=True):
    id: int
    sender: User
    content: str
    timestamp: str
    is_read: bool


class SupportTicket(Struct, frozen=True):
    """`status` is open, pending or closed."""

    id: int
    conversation: int
    subject: str
    status: str
    priority: str
    created_by: User
    assigned_to: User | None
    created_at: str
    updated_at: str


class Conversation(Struct, frozen=True):
    """`support_ticket` is the one that is not closed; `unread_count` is the caller's."""

    id: int
    title: str
    participants: list[User]
    created_at: str
    last_message: LastMessage | None
    support_ticket: SupportTicket | None
    unread_count: int
    seq: int


def attachment_url(conversation_id: int, message_id: int, attachment_id: int) -> str:
    return (
        f"/api/conversations/{conversation_id}/messages/{message_id}/attachments/{attachment_id}/"
    )
