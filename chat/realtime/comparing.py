"""Compares groups that may have missed something with the database, many in one query."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextvars import Context
from itertools import islice

from chat.errors import Unavailable
from chat.realtime.deliveries import Batch

PART = 500
"""Conversations that are compared in one step: a socket of everything brings thousands."""


class Comparing:
    """Compares positions of groups with the `seq` that the database has.

    - `position` gives that of a conversation's group, or None where there is no group here.
    - `seqs` reads the present `seq` of conversations.
    - `deliver` is called with each `seq` that is beyond its group.
    - `went_back` is as for the hub.
    - `pause` is how many seconds lie between two questions while the database is away.
    """

    def __init__(
        self,
        position: Callable[[int], int | None],
        seqs: Callable[[Collection[int]], Awaitable[dict[int, int]]],
        deliver: Callable[[int, Batch], None],
        went_back: Callable[[int, int, int], None],
        pause: float,
    ) -> None:
        self._position = position
        self._seqs = seqs
        self._deliver = deliver
        self._went_back = went_back
        self._pause = pause
        self._doubtful: set[int] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        return self._task is not None

    def add(self, conversation_ids: Iterable[int]) -> None:
        """Compare these conversations soon."""
        self._doubtful.update(conversation_ids)
        if self._task is None and self._doubtful:
            # A new context, so that its log lines do not have the first request's id.
            self._task = asyncio.get_running_loop().create_task(self._compare(), context=Context())

    async def _compare(self) -> None:
        try:
            while self._doubtful:
                doubtful = set(islice(self._doubtful, PART))
                self._doubtful -= doubtful
                try:
                    await self.compare(doubtful)
                except Unavailable:
                    self._doubtful |= doubtful
                    await asyncio.sleep(self._pause)
        finally:
            self._task = None

    async def compare(self, conversation_ids: Collection[int]) -> dict[int, int]:
        """Compare these now. Returns the `seq` of each in the database. Raises Unavailable."""
        position = self._position
        before = {id_: known for id_ in conversation_ids if (known := position(id_)) is not None}
        seqs = await self._seqs(conversation_ids)
        for conversation_id, seq in seqs.items():
            here = position(conversation_id)
            if here is not None and here < seq:
                self._deliver(conversation_id, Batch(seq, []))
        for conversation_id, known in before.items():
            stored = seqs.get(conversation_id, 0)
            here = position(conversation_id)
            # The members were at `known` before the database said `stored`.
            if stored < known and here is not None and here >= known:
                self._went_back(conversation_id, known, stored)
        return seqs

    async def close(self) -> None:
        """Stop comparing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
