"""The user behind a token. An Identity goes with each request and each socket."""

from msgspec import Struct


class Identity(Struct, frozen=True):
    """`expires_at` is in seconds since 1970; `family` is the sign-in that the token came from."""

    user_id: int
    username: str
    is_staff: bool
    expires_at: float
    family: str | None
    is_guest: bool = False
