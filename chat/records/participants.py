"""Participants of a conversation, their roles and rights."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chat.records.users import Presence, User

OWNER, ADMIN, MEMBER, AGENT = "owner", "admin", "member", "agent"
ROLES = (OWNER, ADMIN, MEMBER)
ParticipantRole = Annotated[str, Meta(extra_json_schema={"enum": ROLES})]
OwnRole = Annotated[str, Meta(extra_json_schema={"enum": (*ROLES, AGENT)})]
RIGHTS = ("add", "pin", "rename")
"""What members may do, unless a conversation keeps it for its owner and admins."""
Rights = Annotated[list[str], Meta(extra_json_schema={"items": {"enum": RIGHTS}})]


class Member(User, frozen=True):
    """A participant with the role that they have now."""

    role: ParticipantRole


class Participant(Struct, frozen=True):
    """`last_read_id` is the last message that this participant has read, or 0.

    Without `presence` it is not known at the moment who is online. `display_name` comes only
    where the user has given one.
    """

    id: int
    username: str
    last_read_id: int
    role: ParticipantRole
    presence: Presence | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    avatar_url: str | UnsetType = UNSET


def rights_of(text: str | None) -> list[str]:
    """What members may do, from the column `members_may`."""
    return list(RIGHTS) if text is None else text.split()
