"""The follower that keeps the texts that search looks in."""

from collections.abc import Sequence
from typing import ClassVar

from chat.changes.messages import MessageDeleted, MessageEdited, message_of
from chat.events import Change, MessageSent
from chat.followers.follower import Follower
from chat.store import search
from chat.store.database import Database


class SearchFollower(Follower):
    """Each message is found by what it says now; a deleted one is not found."""

    name: ClassVar = "search"
    with_past: ClassVar = True

    def __init__(self, database: Database) -> None:
        self._database = database

    async def handle(self, conversation_id: int, changes: Sequence[Change]) -> None:
        ids = {
            message_of(change.frame)
            for change in changes
            if isinstance(change.frame, MessageSent | MessageEdited | MessageDeleted)
        }
        if not ids:
            return
        # As they are now: where a process died, an earlier change may come again after a later.
        texts = await search.texts(self._database, conversation_id, ids)
        async with self._database.transaction() as transaction:
            await search.keep(transaction, texts)
            await search.forget(
                transaction, conversation_id, ids - {one.message_id for one in texts}
            )
