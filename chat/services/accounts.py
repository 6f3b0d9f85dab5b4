"""Accounts in the hands of staff: find, make, suspend, erase and export them.

Each method takes `who`: a member of staff, or None for the operator on the command line. What they
do is kept as an act, in the same transaction.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import partial

from chat import records
from chat.auth.identity import Identity
from chat.auth.passwords import Passwords
from chat.errors import Conflict, NotFound
from chat.events import AccountChanged, FamilyRevoked
from chat.services import checks
from chat.services.erasure import Erasure
from chat.services.export import Exports
from chat.services.lasting import while_allowed
from chat.services.staff import require_staff, say_act
from chat.services.users import Users
from chat.store import accounts as store
from chat.store import acts
from chat.store import users as users_store
from chat.store.database import Database, Transaction
from chat.store.idempotency_keys import IdempotencyKey

log = logging.getLogger("payam.staff")


class Accounts:
    def __init__(
        self,
        database: Database,
        users: Users,
        passwords: Passwords,
        erasure: Erasure,
        exports: Exports,
        revoked: Callable[[FamilyRevoked], None],
        announced: Callable[[], Awaitable[None]],
        changed: Callable[[AccountChanged], None],
        *,
        least: int,
    ) -> None:
        """`revoked` announces the end of a sign-in on all nodes, and `announced` waits until they
        have it. `changed` announces a change of an account in this process. `least` is the length
        of the shortest password.
        """
        self._database = database
        self._users = users
        self._passwords = passwords
        self._erasure = erasure
        self._exports = exports
        self._revoked = revoked
        self._announced = announced
        self._changed = changed
        self._least = least

    async def list(
        self,
        who: Identity | None,
        *,
        prefix: str = "",
        is_staff: bool | None = None,
        is_suspended: bool | None = None,
        after: int = 0,
        limit: int = 50,
    ) -> Sequence[records.Account]:
        """Users by id, from behind `after`, whose name begins with `prefix`."""
        await require_staff(self._database, who)
        checks.text("search", prefix, most=checks.USERNAME_MAX_LENGTH, least=0)
        return await store.page(
            self._database,
            prefix=prefix,
            is_staff=is_staff,
            is_suspended=is_suspended,
            after=after,
            limit=limit,
        )

    async def show(self, who: Identity | None, user_id: int) -> records.WholeAccount:
        await require_staff(self._database, who)
        found = await self._one(user_id)
        return records.WholeAccount(
            account=found, figures=await store.figures(self._database, user_id)
        )

    async def named(self, name: str) -> int:
        """The id of the user whom a command names: by the name, or else by the id in digits."""
        account = await users_store.by_username(
            self._database, checks.text("user", name, most=checks.USERNAME_MAX_LENGTH)
        )
        if account is not None:
            return account.id
        if name.isascii() and name.isdigit() and len(name) < 19:
            return (await self._one(int(name))).id
        raise NotFound(f"There is no user {name!r}.")

    async def create(
        self,
        who: Identity | None,
        username: str,
        password: str | None,
        *,
        is_staff: bool,
        key: str | None = None,
    ) -> tuple[records.Account, bool]:
        """Make a user. Returns the account, and whether it is new: a retry with the same `key`
        gets the first one. Without a password nobody can sign in as the user.
        """
        actor = await require_staff(self._database, who)

        async def act(transaction: Transaction, user_id: int) -> None:
            detail = "staff" if is_staff else ""
            await acts.write(transaction, actor, acts.CREATED, user_id=user_id, detail=detail)

        once = IdempotencyKey.of(actor or 0, key, "accounts", username, is_staff)
        user, is_new = await self._users.make(
            username, password, is_staff=is_staff, key=once, also=act
        )
        if is_new:
            self._say(actor, acts.CREATED, user.id)
        return await self._one(user.id), is_new

    async def suspend(
        self, who: Identity | None, user_id: int, reason: str = ""
    ) -> records.Account:
        """End all sign-ins of the user, everywhere, and let nobody sign in as the user."""
        checks.text("reason", reason, most=checks.REASON_MAX_LENGTH, least=0)
        actor = await self._require_other(who, user_id)
        async with self._database.transaction() as transaction:
            families = await store.suspend(transaction, user_id)
            if families is not None:
                await acts.write(transaction, actor, acts.SUSPENDED, user_id=user_id, detail=reason)
        if families is not None:
            self._changed(AccountChanged(user_id, is_suspended=True))
            await self._end(families)
            self._say(actor, acts.SUSPENDED, user_id)
        return await self._one(user_id)

    async def unsuspend(self, who: Identity | None, user_id: int) -> records.Account:
        """Let the user sign in again. The sign-ins that ended stay ended."""
        actor = await self._require_other(who, user_id)
        async with self._database.transaction() as transaction:
            if is_changed := await store.unsuspend(transaction, user_id):
                await acts.write(transaction, actor, acts.UNSUSPENDED, user_id=user_id)
        if is_changed:
            self._changed(AccountChanged(user_id, is_suspended=False))
            self._say(actor, acts.UNSUSPENDED, user_id)
        return await self._one(user_id)

    async def set_staff(
        self, who: Identity | None, user_id: int, *, is_staff: bool
    ) -> records.Account:
        actor = await self._require_other(who, user_id)
        kind = acts.STAFF_BEGAN if is_staff else acts.STAFF_ENDED
        async with self._database.transaction() as transaction:
            if is_changed := await store.set_staff(transaction, user_id, is_staff=is_staff):
                await acts.write(transaction, actor, kind, user_id=user_id)
        found = await self._one(user_id)
        if is_changed:
            self._changed(AccountChanged(user_id, is_suspended=found.suspended_at is not None))
            self._say(actor, kind, user_id)
        return found

    async def set_password(self, who: Identity | None, user_id: int, password: str) -> None:
        """Give the user another password. All sign-ins of the user end."""
        actor = await self._require_other(who, user_id)
        checks.password(password, least=self._least)
        made = await self._passwords.hash(password)
        async with self._database.transaction() as transaction:
            families = await store.set_password(transaction, user_id, made)
            if families is None:
                raise no_such_user()
            await acts.write(transaction, actor, acts.PASSWORD_SET, user_id=user_id)
        await self._end(families)
        self._say(actor, acts.PASSWORD_SET, user_id)

    async def delete(self, who: Identity | None, user_id: int) -> None:
        """Erase the user as they could themselves: the account now, and all they wrote soon."""
        actor = await self._require_other(who, user_id)

        async def act(transaction: Transaction) -> None:
            await acts.write(transaction, actor, acts.DELETED, user_id=user_id)

        if await self._erasure.erase(user_id, act):
            self._say(actor, acts.DELETED, user_id)

    async def export(self, who: Identity | None, user_id: int) -> AsyncGenerator[bytes, None]:
        """Everything of the user, as a zip."""
        actor = await require_staff(self._database, who)
        account = await self._one(user_id)
        async with self._database.transaction() as transaction:
            await acts.write(transaction, actor, acts.EXPORTED, user_id=user_id)
        self._say(actor, acts.EXPORTED, user_id)
        chunks = self._exports.of(Identity(user_id, account.username, account.is_staff, 0.0, None))
        return while_allowed(chunks, partial(require_staff, self._database, who))

    async def _require_other(self, who: Identity | None, user_id: int) -> int | None:
        """Staff who do this to themselves might lock everybody out."""
        actor = await require_staff(self._database, who)
        if (await self._one(user_id)).erased_at is not None:
            raise no_such_user()
        if actor == user_id:
            raise own_account()
        return actor

    async def _one(self, user_id: int) -> records.Account:
        found = await store.one(self._database, user_id)
        if found is None:
            raise no_such_user()
        return found

    async def _end(self, families: Sequence[str]) -> None:
        for family in families:
            self._revoked(FamilyRevoked(family))
        await self._announced()

    def _say(self, actor: int | None, kind: str, user_id: int) -> None:
        say_act(actor, kind, f"user {user_id}")


def no_such_user() -> NotFound:
    return NotFound("There is no such user.")


def own_account() -> Conflict:
    return Conflict("Staff cannot do this to their own account.", code="own_account")
