"""Finds the devices that show what their user has read since, on another device."""

from chat.store import notices, touched
from chat.store.cursors import Cursor
from chat.store.database import Database


class Seen:
    """A mark of reading takes no `seq`, so the follower does not see it.

    It is found by what any transaction touched, in conversations of which some device shows
    something. Every process looks; to find the same twice does no harm.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cursor: Cursor | None = None
        """From where to ask what changed; None where everything that is shown must be compared."""
        self._again: set[int] = set()

    async def look(self) -> None:
        """Have these devices looked at. Raises Unavailable."""
        if not await notices.any_shown(self._database):
            self._cursor, self._again = None, set()
            return
        present = await touched.present(self._database)
        changed: set[int] | None = None
        if self._cursor is not None:
            found = await touched.since(self._database, self._cursor)
            changed, present = found.ids, found.cursor
        if changed is not None:
            changed |= self._again
        ids = await notices.shown_conversations(self._database, changed)
        self._again = await notices.mark_seen(self._database, ids)
        self._cursor = present
