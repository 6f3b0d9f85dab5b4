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
    sub: str


class TokenKeeper:
    """Gives an access token that works, as long as there is a way to one.

    `renew` makes a new pair of a refresh token; `keep` is given every pair, and None
    when there is none any more.
    """

    def __init__(
        self,
        tokens: Tokens | None,
        renew: Callable[[str], Awaitable[Tokens]],
        keep: Callable[[Tokens | None], None] | None,
    ) -> None:
        self.tokens: Tokens | None = None
        self.subject: str | None = None
        """Whose tokens these are: their `sub`."""
        self._renew = renew
        self._keep = keep
        self._renew_at = 0.0
        self._turn = 0
        self._renewing: tuple[Tokens, asyncio.Task[str]] | None = None
        if tokens is not None:
            self._take(tokens, is_new=False)

    def begin(self) -> int:
        """Somebody signs in or out: give the number to `set`, which takes only the last."""
        self._turn += 1
        return self._turn

    def set(self, tokens: Tokens | None, turn: int | None = None) -> bool:
        """Use this pair from now on, or none; whether nobody has signed in or out since `turn`."""
        if turn is not None and turn != self._turn:
            return False
        if tokens is None:
            self.tokens = self.subject = None
        else:
            self._take(tokens, is_new=True)
        if self._keep is not None:
            self._keep(tokens)
        return True

    async def token(self, refused: str | None = None, *, subject: str | None = None) -> str:
        """An access token that works for a while yet and is not `refused`.

        With `subject`, one of this user alone: what is asked as one user is not asked again
        as another. Raises PayamError, with status 401 where only a new sign-in helps.
        """
        tokens = self.tokens
        if tokens is None or subject not in (None, self.subject):
            raise signed_out()
        if tokens.access != refused and time.monotonic() < self._renew_at:
            return tokens.access
        if self._renewing is None or self._renewing[0] is not tokens:
            task = asyncio.create_task(self._next(tokens, self.subject))
            # Looked at even when nobody who asked is left.
            task.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._renewing = tokens, task
        # Who asks may leave, but the pair must be taken.
        return await asyncio.shield(self._renewing[1])

    async def settle(self) -> None:
        """Wait until no pair is on its way."""
        if self._renewing is not None:
            await asyncio.wait([self._renewing[1]])

    async def _next(self, old: Tokens, subject: str | None) -> str:
        """The next access token. The answer counts only for the tokens it was asked for."""
        try:
            tokens = await self._renew(old.refresh)
        except PayamError as error:
            if error.status in (400, 401) and self.tokens is old:
                self.set(None)
            raise
        finally:
            if self._renewing is not None and self._renewing[0] is old:
                self._renewing = None
        if self.tokens is old:
            self.set(tokens)
        if self.tokens is None or self.subject != subject:
            raise signed_out()
        return self.tokens.access

    def _take(self, tokens: Tokens, *, is_new: bool) -> None:
        claims = claims_of(tokens.access)
        self._renew_at = time.monotonic() + seconds_good(claims, is_new=is_new)
        self.subject = claims.sub
        self.tokens = tokens


def claims_of(access: str) -> _Claims:
    """Raises PayamError for what is no JWT."""
    try:
        payload = access.split(".")[1]
        padded = payload + "=" * (-len(payload) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Claims)
    except (IndexError, ValueError) as error:  # what base64 and msgspec raise are ValueErrors
        raise PayamError("access: is not a JSON Web Token.", code="token_invalid") from error


def seconds_good(claims: _Claims, *, is_new: bool) -> float:
    """For how long to use the token; `is_new` if the server has just made it."""
    life = claims.exp - claims.iat
    # By how long it lasts, not until when: this machine's clock may be wrong.
    left = life if is_new else min(life, claims.exp - time.time())
    return left - min(RENEW_BEFORE, life / 4)


def signed_out() -> PayamError:
    return PayamError("Not signed in.", code="not_authenticated", status=401)
