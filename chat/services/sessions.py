"""Sign-ins: tokens given out, renewed and taken back, and who a token says is asking.

A sign-in begins a family of tokens. Its refresh token works once: using it gives the
next, and using an old one again means that somebody else has it, so the whole family
stops working.
"""

import secrets
from collections.abc import Callable, Collection
from time import time

from cachetools import TTLCache
from msgspec import Struct

from chat.auth.identity import Identity
from chat.auth.passwords import Passwords
from chat.auth.tokens import Claims, Tokens
from chat.errors import Forbidden, NotAuthenticated
from chat.events import FamilyRevoked
from chat.services import checks
from chat.services.limits import Limit
from chat.services.users import Users
from chat.store import token_families as store
from chat.store import users as users_store
from chat.store.database import Database

CACHE_SIZE = 50_000
CACHE_SECONDS = 60.0
"""After this a token is checked against the database again, should news have been lost."""


class Pair(Struct, frozen=True):
    access: str
    refresh: str


class Sessions:
    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        passwords: Passwords,
        users: Users,
        announce: Callable[[FamilyRevoked], None],
        *,
        per_name: Limit,
        per_address: Limit,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._passwords = passwords
        self._users = users
        self._announce = announce
        self._per_name = per_name
        self._per_address = per_address
        self._known: TTLCache[str, Identity] = TTLCache(CACHE_SIZE, CACHE_SECONDS)

    async def sign_in(self, username: str, password: str, address: str) -> Pair:
        """A wrong password and an unknown user answer the same, after the same work."""
        if not self._tokens.can_issue:
            raise Forbidden("Tokens come from another identity provider here.")
        self._per_address.take(address)
        checks.text("username", username, most=checks.USERNAME_MAX_LENGTH)
        checks.short("password", password, checks.PASSWORD_MAX_LENGTH)
        self._per_name.take(users_store.key_of(username))
        account = await users_store.by_username(self._database, username)
        hashed = account.password_hash if account else None
        if not await self._passwords.verify(password, hashed) or account is None:
            raise NotAuthenticated("Wrong username or password.", code="wrong_credentials")
        return await self.begin(account)

    async def begin(self, account: users_store.Account) -> Pair:
        """A new family for a user who has proven who it is."""
        family, refresh_id = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        await store.create(self._database, family, account.id, refresh_id)
        return self._pair(account, family, refresh_id)

    async def refresh(self, refresh: str) -> Pair:
        claims = self._decode(refresh)
        assert claims.family is not None
        assert claims.token_id is not None
        account = await self._users.of_claims(claims)
        successor = secrets.token_urlsafe(16)
        if not await store.rotate(self._database, claims.family, claims.token_id, successor):
            await self._revoke(claims.family)
            raise NotAuthenticated("The refresh token was used before.", code="token_revoked")
        return self._pair(account, claims.family, successor)

    async def revoke(self, refresh: str) -> None:
        """The family's tokens stop working, here at once and on the other nodes as they hear."""
        claims = self._decode(refresh)
        assert claims.family is not None
        await self._revoke(claims.family)

    def _decode(self, refresh: str) -> Claims:
        checks.short("refresh", refresh, checks.TOKEN_MAX_LENGTH)
        return self._tokens.decode_refresh(refresh)

    async def identify(self, token: str) -> Identity:
        """Who the token says is asking; raises NotAuthenticated."""
        identity = self._known.get(token)
        if identity is not None and time() < identity.expires_at:
            return identity
        return await self.identify_afresh(token)

    async def identify_afresh(self, token: str) -> Identity:
        """The same, and the database knows of no revocation: for what lasts, such as a socket."""
        self._known.pop(token, None)
        claims = await self._tokens.decode_access(token)
        if claims.family is not None and not await self.working({claims.family}):
            raise NotAuthenticated("The token was revoked.", code="token_revoked")
        account = await self._users.of_claims(claims)
        identity = Identity(
            account.id, account.username, account.is_staff, claims.expires_at, claims.family
        )
        self._known[token] = identity
        return identity

    async def working(self, families: Collection[str]) -> set[str]:
        """Those of the families that are not revoked."""
        return await store.working(self._database, families)

    def forget(self, event: FamilyRevoked | None = None) -> None:
        """Drop what is remembered of one family, or, after news may have been lost, of all."""
        if event is None:
            self._known.clear()
            return
        for token, identity in list(self._known.items()):
            if identity.family == event.family:
                del self._known[token]

    async def _revoke(self, family: str) -> None:
        if await store.revoke(self._database, family):
            self._announce(FamilyRevoked(family))

    def _pair(self, account: users_store.Account, family: str, refresh_id: str) -> Pair:
        return Pair(
            self._tokens.issue_access(account.id, account.username, family),
            self._tokens.issue_refresh(account.id, family, refresh_id),
        )
