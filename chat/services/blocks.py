"""Blocks: who is blocked sends nothing to the other any more, and begins nothing with them."""

from collections.abc import Collection

from chat import records
from chat.auth.identity import Identity
from chat.errors import InvalidInput, NotFound
from chat.store import blocks as store
from chat.store import guests, users
from chat.store.database import Database, Reads
from chat.store.sends import blocked


class Blocks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, who: Identity, user_id: int) -> None:
        """Block a user. A second time changes nothing. Raises NotFound."""
        if user_id == who.user_id:
            raise of_oneself()
        known = await guests.visible(self._database, who.user_id, {user_id})
        if not await users.present(self._database, known):
            raise NotFound("There is no such user.")
        async with self._database.transaction() as transaction:
            await store.put(transaction, who.user_id, user_id)

    async def remove(self, who: Identity, user_id: int) -> None:
        """Block the user no more. Where there is no block, this changes nothing."""
        async with self._database.transaction() as transaction:
            await store.remove(transaction, who.user_id, user_id)

    async def blockers(
        self, places: Collection[tuple[int, int]]
    ) -> dict[tuple[int, int], set[int]]:
        """The participants who have blocked the user, by (conversation, user)."""
        return await store.blockers(self._database, places)

    async def of(self, who: Identity) -> list[records.User]:
        return await store.of_user(self._database, who.user_id)


async def require_welcome(reads: Reads, who: Identity, user_ids: Collection[int]) -> None:
    """Raises Forbidden where one of these has blocked the caller."""
    if await store.has_blocked(reads, who.user_id, user_ids):
        raise blocked()


async def require_unblocked(reads: Reads, who: Identity, conversation_id: int) -> None:
    """Raises Forbidden where the other one of two has blocked the caller."""
    if await store.is_blocked(reads, conversation_id, who.user_id):
        raise blocked()


def of_oneself() -> InvalidInput:
    return InvalidInput({"user_id": ["Nobody blocks themselves."]})
