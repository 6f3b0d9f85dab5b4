"""The deployment as a whole, for staff: which version runs, and that its database was put back."""

import platform
from collections.abc import Callable

from chat import __version__, records
from chat.auth.identity import Identity
from chat.services.staff import require_staff, say_act
from chat.store import acts, history, schema
from chat.store.database import Database


class Deployment:
    """`who` is a member of staff, or None for the operator on the command line."""

    def __init__(
        self, database: Database, index: Database, announce_history: Callable[[], None]
    ) -> None:
        """`announce_history` lets every process look what the history is called now."""
        self._database = database
        self._index = index
        self._announce_history = announce_history

    async def version(self, who: Identity | None) -> records.Version:
        await require_staff(self._database, who)
        return version()

    async def restored(self, who: Identity | None) -> records.Restored:
        """Begin a new epoch, so that clients that come back read their conversations again."""
        actor = await require_staff(self._database, who)
        async with self._database.transaction() as transaction:
            epoch = await history.begin(transaction)
            await acts.write(transaction, actor, acts.RESTORED)
        await self._index.align()
        self._announce_history()
        say_act(actor, acts.RESTORED, f"the epoch is {epoch}")
        return records.Restored(epoch)


def version() -> records.Version:
    """Of the code that runs. `schema` is the one that it needs, and so the database's."""
    return records.Version(__version__, schema.known()[-1], platform.python_version())
