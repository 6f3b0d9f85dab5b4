"""What the chat is made of, in the shapes that clients see.

The store builds these from rows and HTTP encodes them as they are, so a field's name
here is its name on the wire. Moments are RFC 3339 text.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

ID_MAX = 2**63 - 1
"""Beyond that no database can be asked about it."""
STATUSES = ("open", "pending", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")

# What the documents of the interfaces say of these besides their type; nothing checks it.
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Status = Annotated[str, Meta(extra_json_schema={"enum": STATUSES})]
Priority = Annotated[str, Meta(extra_json_schema={"enum": PRIORITIES})]
Role = Annotated[str, Meta(extra_json_schema={"enum": ("agent",)})]


class User(Struct, frozen=True):
    """How one participant sees another."""

    id: int
    username: str


class Attachment(Struct, frozen=True):
    """`size` is in bytes; `url` is a path on this server, for participants only.

    Where a proxy serves Payam behind a path (`BASE_PATH`), `url` begins with it, as every link
    does: it is resolved against the server's origin.

    A picture whose file says so has `width` and `height`: the pixels as they are shown, with
    the orientation of its EXIF applied. Other files have neither.
    """

    id: int
    message_id: int
    name: str
    size: int
    content_type: str
    url: str
    created_at: Moment
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET


class Message(Struct, frozen=True):
    """`is_read` is for the one who asks; `client_id` is there only for the sender.

    `role` is there only where a member of staff sent it without being a participant.
    """

    id: int
    sender: User
    content: str
    timestamp: Moment
    is_read: bool
    is_edited: bool
    is_deleted: bool
    seq: int
    attachments: list[Attachment]
    client_id: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET


class LastMessage(Struct, frozen=True):
    id: int
    sender: User
    content: str
    timestamp: Moment
    is_read: bool
    role: Role | UnsetType = UNSET


class SupportTicket(Struct, frozen=True):
    id: int
    conversation: int
    subject: str
    status: Status
    priority: Priority
    created_by: User
    assigned_to: User | None
    created_at: Moment
    updated_at: Moment


class Conversation(Struct, frozen=True):
    """`support_ticket` is the one that is not closed; `unread_count` is the caller's.

    `direct` says that it is the one conversation of two people, to which nobody is added.
    `last_read_id` is the message up to which the caller has read, or 0.
    `participants` are at most 100, the caller always among them; `participant_count` says how
    many there are. `seq` counts within `epoch`: to catch up from here, send both back.
    """

    id: int
    title: str
    direct: bool
    participants: list[User]
    participant_count: int
    created_at: Moment
    last_message: LastMessage | None
    support_ticket: SupportTicket | None
    unread_count: int
    last_read_id: int
    seq: int
    epoch: str


def role_of(by_agent: object) -> str | UnsetType:
    """The `role` of a message, from what the store keeps of it."""
    return "agent" if by_agent else UNSET


def attachment_url(conversation_id: int, message_id: int, attachment_id: int) -> str:
    return (
        f"/api/conversations/{conversation_id}/messages/{message_id}/attachments/{attachment_id}/"
    )
