"""How much there is of everything, for staff."""

from chat import records
from chat.auth.identity import Identity
from chat.services.staff import require_staff
from chat.store import statistics as store
from chat.store.database import Database


class Statistics:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, who: Identity | None) -> records.Statistics:
        await require_staff(self._database, who)
        return await store.read(self._database)
