"""Where all conversations of a user are: what a socket of all of them is let in by."""

from collections.abc import Collection

from chat.auth.identity import Identity
from chat.services.membership import Memberships, memberships_of
from chat.store import participants
from chat.store import positions as store
from chat.store.database import Database
from chat.store.positions import Behind


class Positions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def memberships(self, who: Identity) -> Memberships:
        """Proof of all conversations that the caller is in, and where each is now."""
        return await memberships_of(self._database, who)

    async def behind(self, who: Identity, cursor: str) -> Behind | None:
        """What the caller may have missed since the cursor; None where it cannot be compared.

        Raises InvalidInput, and EpochChanged where the database was put back since.
        """
        return await store.behind(self._database, who.user_id, cursor)

    async def those_of(self, who: Identity, conversation_ids: Collection[int]) -> set[int]:
        """Those of the conversations that the caller is in."""
        return await participants.those_of(self._database, who.user_id, conversation_ids)
