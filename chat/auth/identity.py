"""Who is asking, as established from a token: it rides with the request and the socket."""

from msgspec import Struct


class Identity(Struct, frozen=True):
    """`expires_at` is in seconds since the epoch; `family` is the sign-in it came from."""

    user_id: int
    username: str
    is_staff: bool
    expires_at: float
    family: str | None
