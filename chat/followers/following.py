"""Runs a follower conversation by conversation: hands it the changes where it is behind."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from chat.changes import reading
from chat.errors import Unavailable
from chat.followers.follower import Follower, Later
from chat.followers.looking import POLL_SECONDS, Looking
from chat.store import leases as store
from chat.store.database import Database
from chat.store.leases import Lease, Position, Turn

log = logging.getLogger("payam.followers")

PAGE = 200
"""Most changes of one call."""
LEASE_SECONDS = 15.0
"""After that, another process takes over what one was at work on that died with its machine."""
TOGETHER_SECONDS = 0.02
"""For so long a look waits for other conversations to end as well: it costs as much for one of them
as for all."""
PAUSE_SECONDS = 1.0
"""After the first failure; each further one doubles it."""
PAUSE_MAX = 3600.0


class Following(Looking):
    def __init__(
        self,
        database: Database,
        follower: Follower,
        stored: Callable[[], int] = lambda: 0,
        *,
        poll: float = POLL_SECONDS,
        lease: float = LEASE_SECONDS,
        pause: float = PAUSE_SECONDS,
        owner: str = "",
        sharing: Callable[[], int] = lambda: 1,
    ) -> None:
        """`owner` stands in its leases. `stored` and `sharing` are those of `Looking`.

        The others are in seconds.
        """
        super().__init__(database, follower, stored, poll=poll, sharing=sharing)
        self._follower = follower
        self._lease = lease
        self._pause = pause
        self._owner = owner or secrets.token_hex(8)
        self._working: set[asyncio.Task[None]] = set()
        self._ended: list[tuple[Turn, float]] = []
        """Turns that are not settled yet, each with the moment at which its lease is over."""

    async def _look(self) -> None:
        """Begin to work where the follower is behind, as far as there is room."""
        lease = Lease(self.name, store.token_of(self._owner), self._lease)
        room = self._follower.room(len(self._working) + len(self._ended))
        positions = await store.lease(self._database, lease, room) if room > 0 else []
        self._has_more = 0 < room == len(positions)
        for position in positions:
            task = asyncio.get_running_loop().create_task(self._work(lease, position))
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def _wait(self) -> None:
        """Wait until there may be something to do: something changed, or a turn has ended."""
        if not self._ended:
            woken = asyncio.get_running_loop().create_task(self._woken.wait())
            try:
                await asyncio.wait(
                    [woken, *self._working], timeout=self._poll, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                woken.cancel()
        if self._working:
            await asyncio.wait(self._working, timeout=TOGETHER_SECONDS)

    async def _rest(self, worked: float, *, is_busy: bool) -> None:
        """Work that was begun goes on while it rests, and counts as the follower's time."""
        begun = monotonic()
        if self._working and is_busy:
            await asyncio.wait(self._working)
        await self._settle()
        await super()._rest(worked + monotonic() - begun, is_busy=is_busy)

    async def leave_off(self) -> None:
        """Cut off what is being worked on, and leave it to a later turn."""
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _stop(self) -> None:
        await self.leave_off()
        await self._settle()

    async def _work(self, lease: Lease, position: Position) -> None:
        try:
            turn = await self._try(lease, position)
        except asyncio.CancelledError:
            with suppress(Unavailable):
                await store.release(self._database, lease, position.conversation_id)
            raise
        self._ended.append((turn, monotonic() + lease.seconds))

    async def _try(self, lease: Lease, position: Position) -> Turn:
        """Hand the next changes over; how that ended."""
        try:
            seq = await self._go_on(lease, position)
        except Unavailable as error:
            log.warning("the follower %s waits: %s", lease.follower, error.detail)
            return Turn(lease, position, position.seq, error.retry_after, is_failure=True)
        except Later as later:
            return Turn(lease, position, later.seq, later.pause, later.is_failure)
        except Exception:
            pause = min(self._pause * 2.0 ** min(position.failures, 32), PAUSE_MAX)
            log.exception(
                "the follower %s failed, and tries again in %.0f s",
                lease.follower,
                pause,
                extra={"conversation": position.conversation_id},
            )
            return Turn(lease, position, position.seq, pause, is_failure=True)
        return Turn(lease, position, seq)

    async def _settle(self) -> None:
        """Store how the turns ended that have ended, all in one transaction.

        What cannot be stored is tried again for as long as its lease lasts. After that the changes
        come once more.
        """
        moment = monotonic()
        self._ended = ended = [one for one in self._ended if moment < one[1]]
        count = len(ended)
        if not count:
            return
        with suppress(Unavailable):
            left = set(await store.settle(self._database, [turn for turn, _ in ended]))
            # Those at the end have ended meanwhile.
            self._ended = [one for one in ended[:count] if one[0] in left] + ended[count:]

    async def _go_on(self, lease: Lease, position: Position) -> int:
        """Hand the next changes over; up to which `seq` the follower has them all."""
        conversation_id = position.conversation_id
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(lease.seconds) as limit:
            renewing = loop.create_task(self._renew(lease, conversation_id, limit.reschedule))
            try:
                page = await reading.since(
                    self._database, conversation_id, position.seq, limit=PAGE
                )
                if page.changes:
                    await self._follower.handle(conversation_id, page.changes)
                return page.seq
            finally:
                renewing.cancel()

    async def _renew(
        self, lease: Lease, conversation_id: int, extend: Callable[[float], None]
    ) -> None:
        """Keep the lease. Where that fails, the work ends before another process begins it."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(lease.seconds / 3)
            asked_at = loop.time()
            try:
                is_kept = await store.renew(self._database, lease, conversation_id)
            except Unavailable:
                continue
            if not is_kept:
                return
            extend(asked_at + lease.seconds)
