"""Conversations, as one who may read them sees them."""

from msgspec import UNSET, Struct, UnsetType

from chat.records.fields import Metadata, Moment
from chat.records.messages import Role
from chat.records.participants import OwnRole, Rights
from chat.records.support_tickets import SupportTicket
from chat.records.users import Profile, User, version_of


class LastMessage(Struct, frozen=True):
    id: int
    sender: User
    content: str
    timestamp: Moment
    is_read: bool
    role: Role | UnsetType = UNSET


class Conversation(Struct, frozen=True):
    """`support_ticket` is the one that is not closed. `unread_count` and
    `unread_mentions`, of which each mentions the caller, are the caller's.

    `direct` says that it is the direct conversation of two people, to which nobody is added.
    `last_read_id` is the message up to which the caller has read, or 0. `participants` has at
    most 100 users, the caller always among them; `participant_count` counts all. `seq` counts
    within `epoch`. To catch up from here later, send both back. `muted_until`, `archived` and
    `pinned` are the caller's own settings. `muted_until` is null where it is not muted. `role` is
    the caller's: `agent` for staff who are no participants. `members_may` says what members may do
    here: `add` participants, `pin` messages, and `rename` (change the title and the metadata).
    Owner and admins may do all of it.
    """

    id: int
    title: str
    direct: bool
    participants: list[Profile]
    participant_count: int
    created_at: Moment
    last_message: LastMessage | None
    support_ticket: SupportTicket | None
    unread_count: int
    unread_mentions: int
    last_read_id: int
    seq: int
    epoch: str
    muted_until: Moment | None
    archived: bool
    pinned: bool
    metadata: Metadata
    role: OwnRole
    members_may: Rights
    avatar_url: str | None


def conversation_avatar(conversation_id: int, avatar: str | None) -> str | None:
    if avatar is None:
        return None
    return f"/api/conversations/{conversation_id}/avatar/?v={version_of(avatar)}"
