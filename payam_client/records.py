"""The records that REST answers with. Times are aware datetimes in UTC."""

from datetime import datetime
from typing import Any

from msgspec import Struct, field

RIGHTS = ["add", "pin", "rename"]
"""What members may do, unless a conversation keeps it for its owner and admins."""


class User(Struct, frozen=True):
    id: int
    username: str


class Profile(User, frozen=True):
    """`display_name` is empty where the user has given none. `avatar_url` is None, or the path of
    their picture, which `payam.avatar` reads.
    """

    display_name: str = ""
    avatar_url: str | None = None


class Me(Profile, frozen=True, kw_only=True):
    is_staff: bool
    metadata: dict[str, Any] = {}


class Presence(Struct, frozen=True):
    """`status` is online or offline; `last_seen` is None while online, or where not known."""

    status: str
    last_seen: datetime | None = None


class Member(User, frozen=True):
    """A participant with their role: owner, admin or member."""

    role: str


class Participant(Profile, frozen=True):
    """`last_read_id` is the last message that they have read, or 0. `role` is owner, admin or
    member.

    `presence` is None where it is not known at the moment who is online.
    """

    last_read_id: int = 0
    presence: Presence | None = None
    role: str = "member"


class Attachment(Struct, frozen=True):
    """`size` is in bytes. `url` is a path on the server; `payam.download` reads it.

    `width` and `height` are those of a picture, in pixels, and None for other files. A picture that
    is not small has a `thumbnail_url`, which `payam.thumbnail` reads. `duration` is how long sound
    or a film is, in seconds.
    """

    id: int
    message_id: int
    name: str
    size: int
    content_type: str
    url: str
    created_at: datetime
    width: int | None = None
    height: int | None = None
    thumbnail_url: str | None = None
    duration: float | None = None


class Reactions(Struct, frozen=True):
    """How many people reacted to a message with this emoji. `me` says that the caller is one."""

    emoji: str
    count: int
    me: bool


class Parent(Struct, frozen=True):
    """The message that another one replies to, as it is now.

    `content` is its beginning, and empty where it is deleted.
    """

    id: int
    sender: User
    content: str
    is_deleted: bool


class LastMessage(Struct, frozen=True, kw_only=True):
    """`is_read` says whether the caller has read it, or, if the caller sent it, everyone else.

    `role` is `agent` if a member of staff sent it without being a participant.
    """

    id: int
    sender: User
    content: str
    timestamp: datetime
    is_read: bool
    role: str | None = None


class Message(LastMessage, frozen=True, kw_only=True):
    """`content` of a deleted message is empty. `client_id` comes only to the sender.

    `mentions` are the participants whom the text mentions. `internal` says that it is a note of
    staff, which only they see.
    """

    is_edited: bool
    is_deleted: bool
    seq: int
    attachments: list[Attachment]
    internal: bool = False
    client_id: str | None = None
    mentions: list[User] = []
    reactions: list[Reactions] = []
    reply_to: Parent | None = None
    reply_count: int = 0
    metadata: dict[str, Any] = {}


class Found(Struct, frozen=True):
    """A message that search found.

    `matches` says where the text stands: half-open ranges of code points of `message.content`, as
    Python counts them too.
    """

    conversation: int
    message: Message
    matches: list[tuple[int, int]]


class SupportTicket(Struct, frozen=True):
    """`status` is open, pending or closed. `priority` is low, normal, high or urgent.

    `waiting_since` says since when the customer has waited for an answer; None where nobody waits.
    """

    id: int
    conversation: int
    subject: str
    status: str
    priority: str
    created_by: Profile
    assigned_to: Profile | None
    created_at: datetime
    updated_at: datetime
    waiting_since: datetime | None = None
    rating: dict[str, Any] | None = None


class Invite(Struct, frozen=True):
    """A link into a conversation. `uses` people came in by it.

    `expires_at` and `max_uses` are None where there is no end.
    """

    id: int
    code: str
    created_by: User
    created_at: datetime
    expires_at: datetime | None
    max_uses: int | None
    uses: int


class Destination(Struct, frozen=True):
    """What one sees of a conversation before one joins it."""

    id: int
    title: str
    participant_count: int


class Invitation(Struct, frozen=True):
    """Where an invite link leads. `is_member` says that the caller is there already."""

    conversation: Destination
    created_by: User
    expires_at: datetime | None
    is_member: bool


class ConversationRecord(Struct, frozen=True):
    """`support_ticket` is the one that is not closed. `unread_count` is the caller's, and
    `unread_mentions` counts those that mention the caller.

    `last_read_id` is the message up to which the caller has read, or 0. `participants` has at most
    100 users, the caller always among them; `participant_count` counts all. `direct` says that it
    is the direct conversation of two people. `muted_until`, `archived` and `pinned` are the
    caller's own settings; `muted_until` is None where it is not muted. `role` is the caller's:
    owner, admin, member, or agent. `members_may` says which of `add`, `pin` and `rename` members
    may do too.
    """

    id: int
    title: str
    participants: list[Profile]
    participant_count: int
    created_at: datetime
    last_message: LastMessage | None
    support_ticket: SupportTicket | None
    unread_count: int
    last_read_id: int
    seq: int
    epoch: str | None = None
    direct: bool = False
    muted_until: datetime | None = None
    archived: bool = False
    pinned: bool = False
    unread_mentions: int = 0
    metadata: dict[str, Any] = {}
    role: str = "member"
    members_may: list[str] = field(default_factory=RIGHTS.copy)
    avatar_url: str | None = None
