"""Messages, and what belongs to each."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chat.records.attachments import Attachment
from chat.records.fields import Metadata, Moment
from chat.records.users import User

Internal = bool
"""It is true, and comes only with a note, which staff alone see. A literal true in the OpenAPI
document would be a puzzle to generators of clients.
"""
Role = Annotated[str, Meta(extra_json_schema={"enum": ("agent",)})]


class Reactions(Struct, frozen=True):
    """How many people reacted to a message with this emoji. `me` says that the caller is one."""

    emoji: str
    count: int
    me: bool


class Parent(Struct, frozen=True):
    """The message that another one replies to, as it is now. `content` is its beginning, at most
    500 characters, and empty where it is deleted.
    """

    id: int
    sender: User
    content: str
    is_deleted: bool


class Message(Struct, frozen=True):
    """`is_read` is for the caller. `client_id` comes only to the sender.

    `role` comes only where an agent sent it: a member of staff who was no participant. `mentions`
    are the participants whom the text mentions, by id. `seq` is that of its last change, with the
    reactions and the replies to it. `reply_count` leaves deleted replies out. `internal` comes only
    with a note, which staff alone see.
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
    mentions: list[User]
    reactions: list[Reactions]
    reply_to: Parent | None
    reply_count: int
    metadata: Metadata
    client_id: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    internal: Internal | UnsetType = UNSET


class Found(Struct, frozen=True):
    """A message that search found. `matches` are half-open ranges of code points of `content`."""

    conversation: int
    message: Message
    matches: list[tuple[int, int]]


def role_of(by_agent: object) -> str | UnsetType:
    """The `role` of a message, from its column `by_agent`."""
    return "agent" if by_agent else UNSET
