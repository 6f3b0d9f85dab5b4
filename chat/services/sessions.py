"""Sign-ins: give out tokens, renew and revoke them, and find the user behind a token.

A sign-in begins a family of tokens. Its refresh token works once, and using it gives the
next one. When an old one is used again, somebody else seems to have it, so the whole family
stops working. There is one exception: for a short time after its use, the last one gives the
same next one again. Its answer may have been lost, or two tabs may have renewed at once.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection
from contextlib import suppress
from time import monotonic, time

from cachetools import LRUCache, TTLCache
from msgspec import Struct

from chat import metrics
from chat.auth.identity import Identity
from chat.auth.passwords import Passwords, is_own
from chat.auth.token_ends import TokenEnds
from chat.auth.tokens import Claims, Tokens
from chat.errors import Forbidden, NotAuthenticated, Unavailable
from chat.events import AccountChanged, FamilyRevoked, UserErased
from chat.services import checks
from chat.services.sharing import Shared
from chat.services.sign_in_limits import SignInLimits
from chat.services.users import Users, suspended
from chat.store import token_families as store
from chat.store import users as users_store
from chat.store.database import Database
from chat.text.names import key_of
from chat.times import now

log = logging.getLogger("payam.sessions")

CACHE_SIZE = 50_000
CACHE_SECONDS = 60.0
"""After this time a token is checked against the database again, because the announcement of
a revocation may have been lost.
"""
PRUNE_SECONDS = 3_600.0
REVOKED_KEPT = 86_400 * 1_000_000
"""Microseconds for which a revoked sign-in is kept, so that its client learns what became of it."""
REVOKED_SIZE = 50_000
"""Most revoked sign-ins that are remembered. Each is remembered for as long as a token lives."""


class Pair(Struct, frozen=True):
    access: str
    refresh: str


class Known(Struct, frozen=True):
    """The state of a token.

    `round` is a counter: each time that all tokens must be checked again, it grows by one, and
    what was learned in an earlier round does not count. Neither does what was learned with keys
    that are not the issuer's any more: `keys` is their generation. `ends_at` is the token's end by
    the monotonic clock.
    """

    identity: Identity
    round: int
    keys: int
    ends_at: float


class Sessions:
    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        passwords: Passwords,
        users: Users,
        announce: Callable[[FamilyRevoked], None],
        announced: Callable[[], Awaitable[None]],
        *,
        grace: float,
        limits: SignInLimits,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._passwords = passwords
        self._users = users
        self._announce = announce
        self._announced = announced
        self._limits = limits
        self._grace = grace
        self._ends = TokenEnds(tokens.leeway)
        self._known: TTLCache[str, Known] = TTLCache(CACHE_SIZE, CACHE_SECONDS)
        self._revoked: LRUCache[str, None] = LRUCache(REVOKED_SIZE)
        self._erased: LRUCache[int, None] = LRUCache(REVOKED_SIZE)
        self._suspended: LRUCache[int, None] = LRUCache(REVOKED_SIZE)
        self._round = 0
        self._turns = 0
        """Counts the changes of accounts. What was read before one may not be true after it."""
        self._looks: Shared[str, set[str]] = Shared(self.working)

    async def sign_in(self, username: str, password: str, address: str) -> Pair:
        """Check a password and begin a sign-in. Raises NotAuthenticated, with the same error and
        after the same work for a wrong password and for an unknown user.
        """
        if not self._tokens.can_issue:
            raise Forbidden("Tokens come from another identity provider here.")
        await self._limits.count_address(address)
        checks.text("username", username, most=checks.USERNAME_MAX_LENGTH)
        checks.short("password", password, checks.PASSWORD_MAX_LENGTH)
        await self._limits.count_name(key_of(username), address)
        pair = None
        while pair is None:  # again where the account was changed meanwhile
            pair = await self._checked(username, password, address)
        return pair

    async def _checked(self, username: str, password: str, address: str) -> Pair | None:
        """Check a password that was counted. None if it was changed while it was checked, or the
        user was suspended.
        """
        account = await users_store.by_username(self._database, username)
        hashed = account.password_hash if account else None
        rounds = await users_store.most_rounds(self._database)
        if not await self._passwords.verify(password, hashed, rounds) or account is None:
            metrics.sign_ins_failed.inc()
            # The name is not logged, because somebody may type a password into its field.
            whose = "a name that nobody has" if account is None else f"user {account.id}"
            log.warning("a sign-in failed: from %s, for %s", address, whose)
            raise NotAuthenticated("Wrong username or password.", code="wrong_credentials")
        self._limits.remember(key_of(username), address)
        if account.is_suspended:  # only somebody who knows the password learns of it
            raise no_sign_in()
        if hashed and not is_own(hashed):
            made = await self._passwords.hash(password)
            async with self._database.transaction() as transaction:
                if await users_store.replace_hash(transaction, account.id, hashed, made):
                    hashed = made
        return await self._begin(account, hashed)

    async def begin(self, account: users_store.Account) -> Pair:
        """Begin a new family for a user who has proven their identity. Raises Forbidden for a user
        who is suspended.
        """
        pair = None if account.is_suspended else await self._begin(account, None)
        if pair is None:
            raise no_sign_in()
        return pair

    async def _begin(self, account: users_store.Account, verified: str | None) -> Pair | None:
        """None where the user may not sign in any more, or not by the password of this hash."""
        family, refresh_id = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        if not await store.create(self._database, family, account.id, refresh_id, verified):
            return None
        return self._pair(account, family, refresh_id, int(time()))

    async def refresh(self, refresh: str, address: str) -> Pair:
        await self._limits.count_renewal(address)
        claims = self._decode(refresh)
        assert claims.family is not None
        assert claims.token_id is not None
        account = await self._users.of_claims(claims)
        rotation = await store.rotate(
            self._database,
            claims.family,
            claims.token_id,
            secrets.token_urlsafe(16),
            self._grace,
        )
        if rotation is None:
            await self._users.require_not_suspended(claims)
            log.warning("an old refresh token came again: user %d is signed out there", account.id)
            await self._revoke(claims.family)
            raise NotAuthenticated("The refresh token was used before.", code="token_revoked")
        # It is signed from the stored moment of its rotation. So whoever asks within the grace
        # gets the same pair.
        return self._pair(account, claims.family, rotation.refresh_id, rotation.since // 1_000_000)

    async def revoke(self, refresh: str, address: str) -> None:
        """Stop the family's tokens, here and on all nodes that the relay reaches."""
        await self._limits.count_renewal(address)
        claims = self._decode(refresh)
        assert claims.family is not None
        await self._revoke(claims.family)

    def _decode(self, refresh: str) -> Claims:
        checks.short("refresh", refresh, checks.TOKEN_MAX_LENGTH)
        return self._tokens.decode_refresh(refresh)

    async def identify(self, token: str) -> Identity:
        """The user behind the token; raises NotAuthenticated."""
        known: Known | None
        try:
            known = self._known[token]
        except KeyError:  # `get` would look twice
            known = None
        if known is None or known.round != self._round or known.keys != self._tokens.generation:
            return await self.identify_afresh(token, is_kept=True)
        identity, leeway = known.identity, self._tokens.leeway
        # Both clocks are asked, because the wall clock may have been put forward or back.
        if time() >= identity.expires_at + leeway or monotonic() >= known.ends_at + leeway:
            return await self.identify_afresh(token, is_kept=True)
        self.require_working(identity)
        return identity

    async def identify_afresh(self, token: str, *, is_kept: bool = False) -> Identity:
        """The same, but asks the database whether the sign-in was revoked. This is for what lasts,
        such as a socket. With `is_kept` the answer is remembered for requests.
        """
        keys = self._tokens.generation
        claims = await self._tokens.decode_access(token)
        while True:
            asked_in, turn = self._round, self._turns
            family = claims.family
            if family is not None and family not in await self._looks.ask(family):
                await self._users.require_not_suspended(claims)
                raise revoked()
            account = await self._users.of_claims(claims)
            if (asked_in, turn) == (self._round, self._turns):
                break
            # The announcement of a revocation may have been lost while the database was asked.
        # There is no await from here on, so every revocation that was announced is known here.
        # The database was asked after the last suspension that is known, so that one has ended.
        self._suspended.pop(account.id, None)
        expires_at, ends_at = self._ends.of(token, claims.expires_at)
        identity = Identity(
            account.id,
            account.username,
            account.is_staff,
            expires_at,
            claims.family,
            account.is_guest,
        )
        self.require_working(identity)
        if is_kept or token in self._known:
            self._known[token] = Known(identity, asked_in, keys, ends_at)
        return identity

    async def while_working(
        self, identity: Identity, chunks: AsyncIterable[bytes]
    ) -> AsyncIterator[bytes]:
        """Pass the chunks of a slow upload on, as long as the sender's sign-in is not revoked."""
        async for chunk in chunks:
            self.require_working(identity)
            yield chunk
        self.require_working(identity)

    async def run(self) -> None:
        """Delete sign-ins that ended, from time to time, until cancelled."""
        while True:
            await asyncio.sleep(PRUNE_SECONDS)
            with suppress(Unavailable):
                await self.prune()

    async def prune(self) -> None:
        """A sign-in ends a while after it was revoked, or when its last tokens have expired."""
        moment = now()
        unused = moment - int(self._tokens.longest * 1_000_000)
        last: str | None = ""
        while last is not None:
            last = await store.prune(self._database, last, moment - REVOKED_KEPT, unused)

    async def close(self) -> None:
        """Stop asking the database."""
        await self._looks.close()

    def require_working(self, identity: Identity) -> None:
        """Raises NotAuthenticated where the sign-in is known here to be revoked."""
        if identity.family in self._revoked or identity.user_id in self._erased:
            raise revoked()
        if identity.user_id in self._suspended:
            raise suspended()

    async def working(self, families: Collection[str]) -> set[str]:
        """Those of the families that are not revoked."""
        return await store.working(self._database, families)

    def forget(self, event: FamilyRevoked | None = None) -> None:
        """Trust no token of this family any more. Without an event, an announcement may have been
        lost, so every token is checked against the database again.
        """
        if event is None:
            self._round += 1
            self._revoked.clear()
            self._suspended.clear()
        else:
            self._revoked[event.family] = None

    def forget_user(self, event: UserErased) -> None:
        """Trust no token of this user any more."""
        self._erased[event.user_id] = None

    def account_changed(self, event: AccountChanged) -> None:
        """Check every token of this user against the database again."""
        self._turns += 1
        for token, known in list(self._known.items()):
            if known.identity.user_id == event.user_id:
                del self._known[token]
        if event.is_suspended:
            self._suspended[event.user_id] = None
        else:
            self._suspended.pop(event.user_id, None)

    async def _revoke(self, family: str) -> None:
        """Asked again, it announces it again: the answer of the first time may have been lost with
        its announcement.
        """
        await store.revoke(self._database, family)
        self._announce(FamilyRevoked(family))
        await self._announced()

    def _pair(self, account: users_store.Account, family: str, refresh_id: str, since: int) -> Pair:
        return Pair(
            self._tokens.issue_access(account.id, account.username, family, (refresh_id, since)),
            self._tokens.issue_refresh(account.id, family, refresh_id, since),
        )


def revoked() -> NotAuthenticated:
    return NotAuthenticated("The token was revoked.", code="token_revoked")


def no_sign_in() -> Forbidden:
    return Forbidden("This account is suspended.", code="suspended")
