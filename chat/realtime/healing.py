"""Reads what is missing in a group from the database, before anything later is delivered."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from chat import metrics
from chat.errors import Unavailable
from chat.realtime.deliveries import Batch, Delivery
from chat.realtime.group import Group
from chat.realtime.patience import Patience
from chat.realtime.writing import deliver

log = logging.getLogger("payam.hub")

WAITING_MAX = 100
"""Most batches that are kept while what is before them is read."""


class Healing:
    """What waits in a group until what is before it has been read, which a task sees to."""

    __slots__ = ("is_reading", "waiting")

    def __init__(self) -> None:
        # It has a limit. A batch that is dropped here is a gap, which is read like any other.
        self.waiting: deque[Batch] = deque(maxlen=WAITING_MAX)
        self.is_reading = False
        """Whether the task is reading. Otherwise it pauses, because a reading found nothing."""


class Healer:
    """`load` and `went_back` are as for the hub; `drop_empty` is called after somebody was
    removed from a group. `commits` says how many this process has made.
    """

    def __init__(
        self,
        load: Callable[[int, int], Awaitable[tuple[list[Delivery], int, bool]]],
        went_back: Callable[[int, int, int], None],
        drop_empty: Callable[[Group], None],
        commits: Callable[[], int],
        patience: Patience,
    ) -> None:
        self._load = load
        self._went_back = went_back
        self._drop_empty = drop_empty
        self._commits = commits
        self._patience = patience
        self._tasks: set[asyncio.Task[None]] = set()
        self.healings: dict[Group, Healing] = {}
        """Of the groups that heal. Few do, and a process may have very many."""

    @property
    def is_busy(self) -> bool:
        return bool(self._tasks)

    def begin(self, group: Group) -> Healing:
        """Begin to heal. Batches that are put into it wait until what is before is delivered."""
        healing = self.healings[group] = Healing()
        task = asyncio.get_running_loop().create_task(self._heal(group, healing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return healing

    def deliver_waiting(self, group: Group) -> None:
        """Write the waiting batches that continue at the group's position now."""
        healing = self.healings[group]
        waiting = list(healing.waiting)
        healing.waiting.clear()
        is_removed = False
        for batch in waiting:
            if batch.before <= group.seq:
                is_removed = deliver(group, batch.changes) or is_removed
            else:
                healing.waiting.append(batch)
        if is_removed:
            self._drop_empty(group)

    async def _heal(self, group: Group, healing: Healing) -> None:
        """Read what is missing and deliver it, and then what has come meanwhile.

        The relay may announce changes that the database does not have, of a history that does not
        exist any more. While such a batch waits, the members get what continues at their position.
        """
        in_vain = 0
        pauses = self._patience.in_vain
        try:
            while healing.waiting and not group.is_empty:
                if await self._read(group, healing):
                    in_vain = 0
                    continue
                metrics.heals_in_vain.inc()
                await asyncio.sleep(pauses[min(in_vain, len(pauses) - 1)])
                in_vain += 1
        except Exception:
            # Otherwise these sockets would miss changes in silence.
            log.exception(
                "conversation %d cannot be caught up",
                group.conversation_id,
                extra={"conversation": group.conversation_id},
            )
            for member in group.everyone():
                member.close(1011, "reconnect with since")
                group.discard(member)
            self._drop_empty(group)
        finally:
            del self.healings[group]

    async def _read(self, group: Group, healing: Healing) -> bool:
        """Deliver everything that the database has. Returns whether the missing part was there."""
        wanted = max(batch.before for batch in healing.waiting)
        is_last = False
        healing.is_reading = True
        while not is_last and not group.is_empty:
            try:
                changes, upto, is_last = await self._load(group.conversation_id, group.seq)
            except Unavailable:
                await asyncio.sleep(self._patience.retry)
                continue
            if upto < group.seq:
                self._went_back(group.conversation_id, group.seq, upto)
            group.read_at = self._commits()
            if deliver(group, changes):
                self._drop_empty(group)
            group.advance(upto)
        healing.is_reading = False
        is_there = group.seq >= wanted or group.is_empty
        if is_there:
            metrics.gaps_healed.inc()
        self.deliver_waiting(group)
        return is_there

    async def close(self) -> None:
        """Stop reading."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
