"""Invite links, and what they show of a conversation."""

from msgspec import Struct

from chat.records.fields import Moment
from chat.records.users import User


class Invite(Struct, frozen=True):
    """A link into a conversation. `uses` of at most `max_uses` people came in by it.

    `expires_at` and `max_uses` are null where there is no end.
    """

    id: int
    code: str
    created_by: User
    created_at: Moment
    expires_at: Moment | None
    max_uses: int | None
    uses: int


class Destination(Struct, frozen=True):
    """What somebody sees of a conversation before they join it."""

    id: int
    title: str
    participant_count: int


class Invitation(Struct, frozen=True):
    """Where an invite link leads. `is_member` says that the caller is there already."""

    conversation: Destination
    created_by: User
    expires_at: Moment | None
    is_member: bool
