"""Users, as others and they themselves see them."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chat.records.fields import Metadata, Moment

PresenceStatus = Annotated[str, Meta(extra_json_schema={"enum": ("online", "offline")})]


class Presence(Struct, frozen=True):
    """`last_seen` is when an offline user was last online; null while online, or not known."""

    status: PresenceStatus
    last_seen: Moment | None


class User(Struct, frozen=True):
    """A user, as others see them."""

    id: int
    username: str


class Profile(User, frozen=True):
    """`display_name` comes only where the user has given one, and `avatar_url`, the path of their
    picture, only where there is one. Another picture has another path.
    """

    display_name: str | UnsetType = UNSET
    avatar_url: str | UnsetType = UNSET


class Me(User, frozen=True):
    """The caller. `display_name` may be empty, and `avatar_url` null. `metadata` is for the caller
    alone.
    """

    is_staff: bool
    display_name: str
    metadata: Metadata
    avatar_url: str | None = None


def profile_of(id_: int, username: str, display_name: str, avatar: str | None) -> Profile:
    if avatar is None and not display_name:  # as most are, and lists have hundreds of them
        return Profile(id_, username)
    return Profile(id_, username, display_name or UNSET, user_avatar(id_, avatar) or UNSET)


def version_of(avatar: str) -> str:
    """The part of a picture's address that differs from picture to picture."""
    return avatar[:12]


def user_avatar(user_id: int, avatar: str | None) -> str | None:
    """The path of a user's picture, by the name of its file."""
    return None if avatar is None else f"/api/users/{user_id}/avatar/?v={version_of(avatar)}"
