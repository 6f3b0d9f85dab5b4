"""A user gives themselves another password. Every other sign-in of the user ends."""

from collections.abc import Awaitable, Callable

from chat.auth.identity import Identity
from chat.auth.passwords import Passwords
from chat.errors import Forbidden, NotAuthenticated
from chat.events import FamilyRevoked
from chat.services import checks
from chat.services.erasure import wrong_password
from chat.services.limits import Limit
from chat.store import token_families, users
from chat.store.database import Database
from chat.text.names import key_of


class PasswordChange:
    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        per_name: Limit,
        announce: Callable[[FamilyRevoked], None],
        announced: Callable[[], Awaitable[None]],
        *,
        least: int,
    ) -> None:
        """`least` is the length of the shortest password."""
        self._database = database
        self._passwords = passwords
        self._per_name = per_name
        self._announce = announce
        self._announced = announced
        self._least = least

    async def change(self, who: Identity, old: str, new: str) -> None:
        """Replace the caller's password. The sign-in of the caller goes on, and all others end.

        Raises InvalidInput, and Forbidden where `old` is wrong or there is no password here.
        """
        checks.short("old_password", old, checks.PASSWORD_MAX_LENGTH)
        checks.password(new, least=self._least, field="new_password")
        account = await users.by_id(self._database, who.user_id)
        if account is None:
            raise NotAuthenticated("The token's user does not exist.", code="user_unknown")
        if account.password_hash is None:
            raise Forbidden("This user has no password here.")
        await self._per_name.count(key_of(account.username))
        rounds = await users.most_rounds(self._database)
        if not await self._passwords.verify(old, account.password_hash, rounds):
            raise wrong_password()
        made = await self._passwords.hash(new)
        async with self._database.transaction() as transaction:
            if not await users.replace_hash(transaction, account.id, account.password_hash, made):
                raise wrong_password()  # it was changed meanwhile
            ended = await token_families.revoke_others(transaction, account.id, who.family)
        for family in ended:
            self._announce(FamilyRevoked(family))
        await self._announced()
