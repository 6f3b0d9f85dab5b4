"""Everything of a conversation as a zip, for staff.

Their notes are not in it, because they may give it to the customer.
"""

import zipfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from chat import records
from chat.services.erasure import READ
from chat.services.export import Archive, path_of
from chat.store import export as store
from chat.store import oversight
from chat.store.database import Database
from chat.store.files import Files
from chat.times import now

DAY = 86_400 * 1_000_000


class ConversationExport:
    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    async def of(self, whole: records.WholeConversation) -> AsyncGenerator[bytes, None]:
        """`conversation.json`, `messages.json` with their senders, and the files in `files/`."""
        with zipfile.ZipFile(archive := Archive(self._files), "w", zipfile.ZIP_DEFLATED) as made:
            people = await oversight.participants(self._database, whole.id, 100_000)
            archive.put(made, "conversation.json", {"conversation": whole, "participants": people})
            async with aclosing(archive.array(made, "messages.json", self._sent(whole.id))) as all_:
                async for piece in all_:
                    yield piece
            async for ids in self._parts(whole.id):
                for _, id_, file in await store.files(self._database, whole.id, ids):
                    path = path_of(id_, file.name)
                    async with aclosing(archive.file(made, path, file)) as pieces:
                        async for piece in pieces:
                            yield piece
        yield archive.taken()

    async def _parts(self, conversation_id: int) -> AsyncIterator[list[int]]:
        after: int | None = 0
        before = now() + DAY
        while after is not None:
            part = await oversight.part(self._database, conversation_id, after, before, READ)
            if part.present:
                yield part.present
            after = part.last

    async def _sent(self, conversation_id: int) -> AsyncIterator[list[dict[str, Any]]]:
        async for ids in self._parts(conversation_id):
            found = await store.sent(self._database, conversation_id, ids)
            names = await oversight.names(self._database, [one["sender"] for one in found])
            named: dict[int, list[str]] = {}
            for message_id, id_, file in await store.files(self._database, conversation_id, ids):
                named.setdefault(message_id, []).append(path_of(id_, file.name))
            yield [
                {
                    **message,
                    "sender": records.User(message["sender"], names[message["sender"]]),
                    "files": named.get(message["id"], []),
                }
                for message in found
            ]
