"""Presence in people's JSON, and what the database keeps of it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from msgspec.structs import replace

from chat import records
from chat.auth.identity import Identity
from chat.errors import Unavailable
from chat.store import blocks
from chat.store import presence as store
from chat.store.database import Database

Online = Callable[[Collection[int]], Awaitable[set[int]]]
"""Which of these users are online on any node; raises Unavailable where nobody can say."""


class Presences:
    def __init__(self, database: Database, online: Online) -> None:
        self._database = database
        self._online = online

    async def of(
        self, who: Identity, people: Sequence[records.Participant]
    ) -> list[records.Participant]:
        """The same participants with their presence. It is missing while it is not known who is
        online, and for those with whom the caller has a block.
        """
        apart = (await blocks.apart(self._database, [who.user_id])).get(who.user_id, set())
        ids = [one.id for one in people if one.id not in apart]
        try:
            online = await self._online(ids)
        except Unavailable:  # the rest of the answer is worth having
            return list(people)
        seen = await store.last_seen(self._database, [id_ for id_ in ids if id_ not in online])

        def presence(user_id: int) -> records.Presence:
            if user_id in online:
                return records.Presence("online", None)
            return records.Presence("offline", seen.get(user_id))

        return [
            one if one.id in apart else replace(one, presence=presence(one.id)) for one in people
        ]

    async def shared(
        self, user_ids: Collection[int]
    ) -> dict[int, tuple[str, list[int], list[int]]]:
        """The name of each user, the conversations whose participants hear of its presence, and
        the users who hear nothing of it, because there is a block between the two.
        """
        shared = await store.shared(self._database, user_ids)
        apart = await blocks.apart(self._database, user_ids)
        return {id_: (*of_one, sorted(apart.get(id_, ()))) for id_, of_one in shared.items()}

    async def keep(self, seen: Mapping[int, int]) -> None:
        """Keep when these users were last online, in microseconds since the epoch."""
        async with self._database.transaction() as transaction:
            await store.keep(transaction, seen)
