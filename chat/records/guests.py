"""Guests of a shop, and users whom a shop names."""

from msgspec import UNSET, UnsetType

from chat.records.fields import Moment
from chat.records.users import User


class SignedIn(User, frozen=True):
    """A guest, or a user whom the shop's signature names, with the tokens of this sign-in."""

    access: str
    refresh: str


class Guest(User, frozen=True):
    """A guest, or a user whom the shop names, as they described themselves. `consent` is what they
    agreed to at `created_at`, as the client gave it, or empty. `is_known` says that the shop's
    signature has named them. `joined` is the user whose conversations the guest's are now.
    """

    email: str
    is_known: bool
    joined: int | None
    created_at: Moment
    consent: str
    display_name: str | UnsetType = UNSET
