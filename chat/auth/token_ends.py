"""When tokens end, by a clock that nobody sets.

A token names a moment of the wall clock, which may be put back. What is left of a token
is measured once, where it is first seen, and by the monotonic clock from then on.
"""

from hashlib import blake2b
from math import ceil
from time import monotonic, time

from chat.errors import NotAuthenticated

MOST = 50_000
"""Tokens that are remembered, at about 100 bytes each; of more, the first are forgotten."""
STEP = 2.0
"""Seconds by which a clock that is only being adjusted may seem to have been put back."""


class TokenEnds:
    """`leeway`, in seconds, is for clocks that differ: so much longer a token is accepted."""

    def __init__(self, leeway: float) -> None:
        self._leeway = leeway
        self._first: dict[int, int] = {}

    def of(self, token: str, expires_at: float) -> tuple[float, float]:
        """The token's end by the wall clock, as it is now, and by the monotonic one.

        Raises NotAuthenticated for a token that has ended, though the wall clock, which was
        put back, says otherwise.
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
