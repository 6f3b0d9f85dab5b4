"""The tokens of one sign-in: renewed before they end, and when they are refused."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct

from payam_client.errors import PayamError

RENEW_BEFORE = 30.0
"""A token is replaced so many seconds before its end."""


class Tokens(Struct, frozen=True):
    """An access token, and the refresh token, which gives the next pair once."""

    access: str
    refresh: str


class _Claims(Struct):
    iat: float
    exp: float
    sub: str


class TokenKeeper:
    """Gives an access token that works, as long as it is possible to get one.

    `renew` gets a new pair for a refresh token. `keep` is called with every pair, and with None
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
        """The `sub` of the tokens, which says whose they are."""
        self._renew = renew
        self._keep = keep
        self._renew_at = 0.0
        self._turn = 0
        self._renewing: tuple[Tokens, asyncio.Task[str]] | None = None
        if tokens is not None:
            self._take(tokens, is_new=False)

    def begin(self) -> int:
        """Begin to sign in or out. Give the number to `set`, which accepts only the last one."""
        self._turn += 1
        return self._turn

    def set(self, tokens: Tokens | None, turn: int | None = None) -> bool:
        """Use this pair, or none, from now on. Returns whether nobody has begun since `turn`."""
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
        """An access token that works for a while, and is not `refused`.

        With `subject` it is one of this user, so that a call of one user is never repeated as
        another. Raises PayamError, with status 401 if only a new sign-in helps.
        """
        tokens = self.tokens
        if tokens is None or subject not in (None, self.subject):
            raise signed_out()
        if tokens.access != refused and time.monotonic() < self._renew_at:
            return tokens.access
        if self._renewing is None or self._renewing[0] is not tokens:
            task = asyncio.create_task(self._next(tokens, self.subject))
            # Look at the result, even if all callers are gone.
            task.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._renewing = tokens, task
        # A caller may be cancelled, but the new pair must be taken.
        return await asyncio.shield(self._renewing[1])

    async def settle(self) -> None:
        """Wait until no new pair is under way."""
        if self._renewing is not None:
            await asyncio.wait([self._renewing[1]])

    async def _next(self, old: Tokens, subject: str | None) -> str:
        """The next access token. The answer counts only for the tokens for which it was asked."""
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
    """The claims of a token. Raises PayamError for a text that is no JWT."""
    try:
        payload = access.split(".")[1]
        padded = payload + "=" * (-len(payload) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Claims)
    except (IndexError, ValueError) as error:  # base64 and msgspec raise ValueErrors
        raise PayamError("access: is not a JSON Web Token.", code="token_invalid") from error


def seconds_good(claims: _Claims, *, is_new: bool) -> float:
    """The seconds for which to use the token. `is_new` says that the server has just made it."""
    life = claims.exp - claims.iat
    # This counts how long the token lasts, because the clock of this machine may be wrong.
    left = life if is_new else min(life, claims.exp - time.time())
    return left - min(RENEW_BEFORE, life / 4)


def signed_out() -> PayamError:
    return PayamError("Not signed in.", code="not_authenticated", status=401)
