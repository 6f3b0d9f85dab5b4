"""Users: sign up, search, and find the user that a token speaks for."""

import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

from cachetools import TTLCache
from msgspec import UNSET, Raw, UnsetType

from chat import records
from chat.auth.identity import Identity
from chat.auth.passwords import Passwords
from chat.auth.tokens import Claims
from chat.errors import Conflict, Forbidden, InvalidInput, KeyReused, NotAuthenticated
from chat.events import Event
from chat.services import checks
from chat.services.limits import Limit
from chat.services.metadata import text_of
from chat.services.once import Made, once
from chat.services.user_news import UserNews
from chat.store import users as store
from chat.store.database import Database, Transaction
from chat.store.idempotency_keys import NOBODY, IdempotencyKey
from chat.store.work import Apply, Outcome
from config.settings import Settings

SEARCH_MAX = 100
ID_DIGITS = 19
"""An id has fewer digits than this, so it fits into 63 bits."""
CACHE_SIZE = 50_000
CACHE_SECONDS = 60.0
"""After this time a user is read again, because the name or the rights may have changed."""


class Way(Protocol):
    """An invite link, by which somebody signs up."""

    async def run(self, apply: Apply[Made]) -> Made:
        """Run this in a transaction with the conversation's lock."""
        ...

    async def require_open(self, transaction: Transaction) -> None:
        """Raises Conflict and NotFound. Nothing is written yet."""
        ...

    async def come(self, transaction: Transaction, user_id: int, username: str) -> Sequence[Event]:
        """Let the new user into the conversation."""
        ...


class Users:
    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        settings: Settings,
        sign_ups: Limit,
        news: UserNews,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._settings = settings
        self._sign_ups = sign_ups
        self._news = news
        self._forgotten = 0
        """Counts how often users were forgotten. What was read before is not kept after it."""
        self._of_subject: TTLCache[tuple[str, bool], store.Account] = TTLCache(
            CACHE_SIZE, CACHE_SECONDS
        )

    async def sign_up(
        self,
        username: str,
        password: str,
        address: str,
        key: str | None = None,
        by: Way | None = None,
    ) -> tuple[records.User, bool]:
        """Make an account. Returns the user, and whether it is new: a retry with the same `key`
        gets the first one. `by` is the invite link that the user comes by.

        Raises Conflict when the name is taken; letter case does not count.
        """
        if self._settings.jwt_create_users:
            raise Forbidden("Users come from another identity provider here.")
        if self._settings.sign_up == "closed":
            raise sign_up_closed()
        if self._settings.sign_up == "invite" and by is None:
            raise invite_needed()
        await self._sign_ups.count(address)
        # The password is left out: guessing it from a fingerprint is easier than from its hash.
        once_key = IdempotencyKey.of(NOBODY, key, "users", username)
        user, is_new = await self.make(username, password, is_staff=False, key=once_key, by=by)
        if not is_new:
            account = await store.by_id(self._database, user.id)
            if account is None or not await self._passwords.verify(password, account.password_hash):
                raise KeyReused("Idempotency-Key: was used before, with another password.")
        return user, is_new

    async def create(self, username: str, password: str | None, *, is_staff: bool) -> records.User:
        """Make a user. Without a password nobody can sign in as this user, but tokens can be made
        for it.
        """
        return (await self.make(username, password, is_staff=is_staff, key=None))[0]

    async def make(
        self,
        username: str,
        password: str | None,
        *,
        is_staff: bool,
        key: IdempotencyKey | None,
        also: Callable[[Transaction, int], Awaitable[None]] | None = None,
        by: Way | None = None,
    ) -> tuple[records.User, bool]:
        """The same, at most once per key; `also` happens in the same transaction."""
        username = checks.username(username)
        hashed = None
        if password is not None:
            checks.password(password, least=self._settings.password_min_length)
            hashed = await self._passwords.hash(password)

        async def make(transaction: Transaction) -> Outcome[int]:
            if by is not None:
                await by.require_open(transaction)
            user_id = await store.create(
                transaction, self._database, username, password_hash=hashed, is_staff=is_staff
            )
            if user_id is None:
                raise Conflict("This username is taken.", code="username_taken")
            if also is not None:
                await also(transaction, user_id)
            events = await by.come(transaction, user_id, username) if by is not None else ()
            return Outcome(user_id, events)

        apply = once(key, make)
        if by is not None:
            made = await by.run(apply)
        else:
            async with self._database.transaction() as transaction:
                made = (await apply(transaction)).result
        return records.User(made.id, username), made.is_new

    async def me(self, who: Identity) -> records.Me:
        """The caller, as the database has them now."""
        found = await store.me(self._database, who.user_id)
        if found is None:
            raise NotAuthenticated("The token's user does not exist.", code="user_unknown")
        return found

    async def change(
        self, who: Identity, display_name: str | UnsetType, metadata: Raw | UnsetType
    ) -> records.Me:
        """Change what is given. Raises InvalidInput, which names the field."""
        if display_name is not UNSET:
            checks.display_name(display_name)
        text = text_of(metadata)
        async with self._database.transaction() as transaction:
            if display_name is not UNSET:
                await store.show_as(transaction, who.user_id, display_name)
            if metadata is not UNSET:
                await store.keep(transaction, who.user_id, text)
        if display_name is not UNSET:
            await self._news.changed(who.user_id)
        return await self.me(who)

    async def search(self, who: Identity, prefix: str, limit: int) -> list[records.Profile]:
        """Users whose name begins with `prefix`; letter case does not count."""
        if not 1 <= limit <= SEARCH_MAX:
            raise InvalidInput({"limit": [f"A whole number from 1 to {SEARCH_MAX}."]})
        checks.text("search", prefix, most=checks.USERNAME_MAX_LENGTH, least=0)
        return await store.search(self._database, who.user_id, prefix, limit)

    async def staff_among(self, user_ids: Collection[int]) -> set[int]:
        """Those of the users who are staff now, according to the database."""
        return await store.staff_among(self._database, user_ids)

    async def of_claims(self, claims: Claims) -> store.Account:
        """The user that a valid token speaks for.

        Payam's own tokens name the user's id. Another issuer's subject is looked up as an
        external id first, and then as the id of a user who has no external id. So nobody
        becomes another user by a number that happens to be the same. Raises NotAuthenticated
        for a suspended user, and for an unknown one, unless JWT_CREATE_USERS makes one.
        """
        subject = (claims.subject, claims.family is None)
        account = self._of_subject.get(subject)
        if account is not None:
            return account
        forgotten = self._forgotten
        account = await self._known(claims)
        if account is None and claims.family is None and self._settings.jwt_create_users:
            account = await self._create_external(claims)
        if account is None:
            raise NotAuthenticated("The token's user does not exist.", code="user_unknown")
        if account.is_suspended:
            raise suspended()
        if forgotten == self._forgotten:  # else it may be older than what was forgotten
            self._of_subject[subject] = account
        return account

    async def require_not_suspended(self, claims: Claims) -> None:
        """Ask the database about the user that Payam's own token speaks for. Raises
        NotAuthenticated.
        """
        account = await self._known(claims)
        if account is not None and account.is_suspended:
            raise suspended()

    def forget(self) -> None:
        """From now on read every user from the database again."""
        self._forgotten += 1
        self._of_subject.clear()

    def forget_one(self, user_id: int) -> None:
        """From now on read this user from the database again."""
        self._forgotten += 1
        for subject, account in list(self._of_subject.items()):
            if account.id == user_id:
                del self._of_subject[subject]

    async def _known(self, claims: Claims) -> store.Account | None:
        subject = claims.subject
        is_number = subject.isascii() and subject.isdigit() and len(subject) < ID_DIGITS
        user_id = int(subject) if is_number else 0
        if claims.family is not None:
            return await store.by_id(self._database, user_id)
        accounts = await store.of_subject(self._database, subject, user_id)
        for account in accounts:
            if account.external_id == subject:
                return account
        return next((one for one in accounts if one.external_id is None), None)

    async def _create_external(self, claims: Claims) -> store.Account | None:
        wanted = claims.username or claims.subject
        try:
            name = checks.username(wanted)
        except InvalidInput as error:
            raise NotAuthenticated(
                f"The token's user cannot be created: {error.detail}", code="user_unknown"
            ) from None
        # A name that is taken gets an ending. Another request may create the same user meanwhile.
        for candidate in (name, f"{name[:140]}-{secrets.token_hex(3)}"):
            async with self._database.transaction() as transaction:
                await store.create(
                    transaction, self._database, candidate, external_id=claims.subject
                )
            account = await store.by_external_id(self._database, claims.subject)
            if account is not None:
                return account
        return None


def suspended() -> NotAuthenticated:
    return NotAuthenticated("This account is suspended.", code="suspended")


def sign_up_closed() -> Forbidden:
    return Forbidden("Nobody signs up here.", code="sign_up_closed")


def invite_needed() -> Forbidden:
    return Forbidden("Signing up needs an invite link here.", code="invite_needed")
