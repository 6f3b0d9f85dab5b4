"""Reads from the database what a client has missed while it was away."""

from collections.abc import Collection, Mapping, Sequence

from chat.auth.identity import Identity
from chat.changes import reading
from chat.events import Change, Ephemeral, MessageRead
from chat.placing import placed
from chat.store import conversations, read_marks
from chat.store.database import Database

PAGE = 200
"""The most changes of one conversation that are read at once."""
PAGES = 2000
"""About as many of all conversations together: an event loop encodes them in a few ms."""
LEAST = 10
"""Of each conversation at least so many, however many there are."""

Missed = tuple[Sequence[Change], int, bool]
"""Changes in order, the position to which they lead, and whether there are no more."""


class Changes:
    """`prefix` is the path of the site, which is put before each path in a change."""

    def __init__(self, database: Database, prefix: str) -> None:
        self._database = database
        self._prefix = prefix

    async def since(self, conversation_id: int, seq: int) -> Missed:
        """The changes after `seq` in one conversation."""
        page = await reading.since(self._database, conversation_id, seq, limit=PAGE)
        return placed(self._prefix, page.changes), page.seq, page.is_last

    async def since_many(self, who: Identity, positions: Mapping[int, int]) -> dict[int, Missed]:
        """The changes of each conversation after its position, in a few statements for all.

        Conversations that the caller is not in are left out.
        """
        limit = min(PAGE, max(LEAST, PAGES // max(1, len(positions))))
        pages = await reading.since_many(
            self._database, positions, limit=limit, user_id=who.user_id
        )
        return {
            conversation_id: (placed(self._prefix, page.changes), page.seq, page.is_last)
            for conversation_id, page in pages.items()
        }

    async def seqs(self, conversation_ids: Collection[int]) -> dict[int, int]:
        """The present `seq` of each."""
        return await conversations.seqs(self._database, conversation_ids)

    async def marks_since(
        self, who: Identity, positions: Mapping[int, int]
    ) -> dict[int, list[Ephemeral]]:
        """By conversation, the marks of reading since its position: the newest 100 of others, and
        the own mark of the caller.

        A mark that was made when the client was exactly at its position may be one that it has
        received. In a conversation of more than 2,000 participants only the user's own is.
        """
        found = await read_marks.marks_since(self._database, positions, who.user_id)
        return {
            conversation_id: [
                Ephemeral(
                    conversation_id, MessageRead(mark.username, mark.last_read_id), mark.user_id
                )
                for mark in marks
            ]
            for conversation_id, marks in found.items()
        }
