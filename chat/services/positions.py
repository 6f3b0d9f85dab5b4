"""The positions of all conversations of a user. With them a socket of `/ws/` is let in."""

from collections.abc import Collection

from chat.auth.identity import Identity
from chat.services.membership import (
    Memberships,
    memberships_again,
    memberships_of,
    memberships_since,
)
from chat.store import touched
from chat.store.database import Database
from chat.store.positions import Behind
from chat.store.touched import News


class Positions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def memberships(self, who: Identity) -> Memberships:
        """Proof of all conversations that the caller is in, and where each is now."""
        return await memberships_of(self._database, who)

    async def since(self, who: Identity, cursor: str) -> tuple[Memberships, Behind | None]:
        """The same, and what the caller may have missed since the cursor.

        That is None where the cursor cannot be compared. Raises InvalidInput, and EpochChanged
        where the database was put back since.
        """
        return await memberships_since(self._database, who, cursor)

    async def again(
        self, who: Identity, cursor: str, known: Collection[int], since: int, news: News
    ) -> tuple[Memberships, Behind] | None:
        """The same by what is known; see `memberships_again`."""
        return await memberships_again(self._database, who, cursor, known, since, news)

    async def news(self, point: int) -> News | None:
        """What changed since this stamp, of all users alike; None where that is not known."""
        return await touched.news(self._database, point)
