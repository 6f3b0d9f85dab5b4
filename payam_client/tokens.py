"""The tokens of one sign-in: renewed before they end, and when they are refused."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct

from payam_client.errors import PayamError

RENEW_BEFORE = 30.0
"""Seconds before its end at which a token is replaced."""


class Tokens(Struct, frozen=True):
    """An access token, and the refresh token that makes the next pair: once."""

    access: str
    refresh: str


class _Claims(Struct):
    iat: float
    exp: float


class TokenKeeper:
    """Gives an access token that works, as long as there is a way to one.

    `renew` makes a new pair of a refresh token; `keep` is told of every pair, and of None
    when there is none any more.
    """

    def __init__(
        self,
        tokens: Tokens | None,
        renew: Callable[[str], Awaitable[Tokens]],
        keep: Callable[[Tokens | None], None] | None,
    ) -> None:
        self.tokens: Tokens | None = None
        self._renew = renew
        self._keep = keep
        self._renew_at = 0.0
        self._renewing: asyncio.Task[str] | None = None
        if tokens is not None:
            self._take(tokens, is_new=False)

    def set(self, tokens: Tokens | None) -> None:
        """Use this pair from now on, or none."""
        if tokens is None:
            self.tokens = None
        else:
            self._take(tokens, is_new=True)
        if self._keep is not None:
            self._keep(tokens)

    async def token(self, refused: str | None = None) -> str:
        """An access token that works for a while yet and is not `refused`.

        Raises PayamError, with status 401 where only a new sign-in helps.
        """
        if self.tokens is None:
            raise PayamError("Not signed in.", code="not_authenticated", status=401)
        if self.tokens.access != refused and time.monotonic() < self._renew_at:
            return self.tokens.access
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._next(self.tokens))
            # Looked at even when nobody who asked is left.
            self._renewing.add_done_callback(lambda task: task.cancelled() or task.exception())
        # A refresh token works once: who asks may leave, but the pair must be taken.
        return await asyncio.shield(self._renewing)

    async def settle(self) -> None:
        """Wait until no pair is on its way."""
        if self._renewing is not None:
            await asyncio.wait([self._renewing])

    async def _next(self, old: Tokens) -> str:
        try:
            tokens = await self._renew(old.refresh)
        except PayamError as error:
            if error.status in (400, 401) and self.tokens is old:
                self.set(None)
            raise
        finally:
            self._renewing = None
        if self.tokens is old:  # and nobody has signed out, or in again, meanwhile
            self.set(tokens)
        return tokens.access

    def _take(self, tokens: Tokens, *, is_new: bool) -> None:
        self._renew_at = time.monotonic() + seconds_good(tokens.access, is_new=is_new)
        self.tokens = tokens


def seconds_good(access: str, *, is_new: bool) -> float:
    """For how long to use the token; `is_new` if the server has just made it.

    Raises PayamError for what is no JWT.
    """
    try:
        payload = access.split(".")[1]
        padded = payload + "=" * (-len(payload) % 4)
        claims = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Claims)
    except (IndexError, ValueError) as error:  # what base64 and msgspec raise are ValueErrors
        raise PayamError("access: is not a JSON Web Token.", code="token_invalid") from error
    life = claims.exp - claims.iat
    # By how long it lasts, not until when: this machine's clock may be wrong.
    left = life if is_new else min(life, claims.exp - time.time())
    return left - min(RENEW_BEFORE, life / 4)
