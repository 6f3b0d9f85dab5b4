"""When tokens end, by a clock that nobody sets.

A token names its end by the wall clock, which may be put back. So the time that is left of a
token is computed once, when the token is first seen. From then on the monotonic clock counts.
"""

from hashlib import blake2b
from math import ceil
from time import monotonic, time

from chat.errors import NotAuthenticated

MOST = 50_000
"""Most tokens that are remembered, at about 100 bytes each; beyond it the oldest is forgotten."""
STEP = 2.0
"""A clock that is only adjusted may seem to have been put back by up to so many seconds."""


class TokenEnds:
    """A token is accepted for `leeway` seconds longer, because clocks may differ."""

    def __init__(self, leeway: float) -> None:
        self._leeway = leeway
        self._first: dict[int, int] = {}

    def of(self, token: str, expires_at: float) -> tuple[float, float]:
        """The token's end by the present wall clock, and by the monotonic clock.

        Raises NotAuthenticated for a token that has ended, also if the wall clock was put back
        and says otherwise.
        """
        wall, now = time(), monotonic()
        ends_at = now + expires_at - wall
        digest = int.from_bytes(blake2b(token.encode(), digest_size=7).digest())
        first = self._first.get(digest)
        if first is None:
            if len(self._first) >= MOST:
                del self._first[next(iter(self._first))]
            self._first[digest] = ceil(ends_at)
            return expires_at, ends_at
        if ends_at <= first + STEP:
            return expires_at, ends_at
        if now >= first + self._leeway:
            raise NotAuthenticated("The token has expired.", code="token_expired")
        return wall + first - now, first
