"""Presence in people's JSON, and what the database keeps of it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from msgspec.structs import replace

from chat import records
from chat.errors import Unavailable
from chat.store import presence as store
from chat.store.database import Database

Online = Callable[[Collection[int]], Awaitable[set[int]]]
"""Which of these users are online on any node; raises Unavailable where nobody can tell."""


class Presences:
    def __init__(self, database: Database, online: Online) -> None:
        self._database = database
        self._online = online

    async def of(self, people: Sequence[records.Participant]) -> list[records.Participant]:
        """The same with their presence; without it while it is not known who is online."""
        ids = [one.id for one in people]
        try:
            online = await self._online(ids)
        except Unavailable:  # the rest of the answer is worth having
            return list(people)
        seen = await store.last_seen(self._database, [id_ for id_ in ids if id_ not in online])
        return [
            replace(
                one,
                presence=records.Presence("online", None)
                if one.id in online
                else records.Presence("offline", seen.get(one.id)),
            )
            for one in people
        ]

    async def shared(self, user_ids: Collection[int]) -> dict[int, tuple[str, list[int]]]:
        """The name of each user, and the conversations whose participants hear of its presence."""
        return await store.shared(self._database, user_ids)

    async def keep(self, seen: Mapping[int, int]) -> None:
        """Keep when these users were last online, in microseconds since the epoch."""
        async with self._database.transaction() as transaction:
            await store.keep(transaction, seen)
