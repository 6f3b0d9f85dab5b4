"""Runs a follower: finds the conversations where it is behind, and hands it their changes."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from chat import metrics
from chat.changes import reading
from chat.errors import Unavailable
from chat.followers.follower import Follower
from chat.store import followers as store
from chat.store.database import Database
from chat.store.followers import Lease, Position

log = logging.getLogger("payam.followers")

PAGE = 200
"""Most changes of one call."""
PARALLEL = 8
"""Most conversations that a process works on at once, per follower."""
POLL_SECONDS = 1.0
"""How often it looks for what other processes have changed."""
LEAST_SECONDS = 0.05
"""Between two looks, however often this process changes something: it leaves the database to
others, and finds more at once."""
LEASE_SECONDS = 30.0
"""After that, another process takes over what one that died was at work on."""
BUSY = 500
"""Changes per second of this process from which on senders need the time more."""
SHARE = 0.03
"""The part of the time in which a follower works then. What it puts off it does later."""
REST_MAX = 1.0
LAG_SECONDS = 5.0
"""How often it measures how far it is behind."""
PAUSE_SECONDS = 1.0
"""After the first failure; each further one doubles it."""
PAUSE_MAX = 3600.0


class Following:
    def __init__(
        self,
        database: Database,
        follower: Follower,
        stored: Callable[[], int] = lambda: 0,
        *,
        poll: float = POLL_SECONDS,
        lease: float = LEASE_SECONDS,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        """`stored` says how many changes this process has stored. The others are in seconds."""
        self._database = database
        self._follower = follower
        self._stored = stored
        self._poll = poll
        self._lease = lease
        self._pause = pause
        self._working: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._measured_at = -LAG_SECONDS

    def wake(self) -> None:
        """This process has changed something: look soon."""
        self._woken.set()
        self._idle.clear()

    async def settled(self, patience: float) -> None:
        """Wait until what this process has changed by now is handled, for so many seconds at most.

        What a follower has put off, or another process is at work on, is not waited for.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._idle.wait()

    async def run(self) -> None:
        """Follow until cancelled. What is not done then is left to other processes."""
        try:
            await self._begin()
            while True:
                self._woken.clear()
                begun, stored = monotonic(), self._stored()
                await self._take_up()
                await self._measure()
                if not self._working and not self._woken.is_set():
                    self._idle.set()
                await self._wait()
                await self._rest(monotonic() - begun, self._stored() - stored)
        finally:
            for task in self._working:
                task.cancel()
            await asyncio.gather(*self._working, return_exceptions=True)

    async def _rest(self, seconds: float, stored: int) -> None:
        """Leave the database to senders, after so many seconds in which so much was stored.

        Example, with a share of a tenth: where looking and working took 20 ms while senders
        were busy, the next look comes 180 ms later. It never rests longer than REST_MAX.
        """
        if stored <= BUSY * seconds:
            await asyncio.sleep(LEAST_SECONDS)
            return
        begun = monotonic()
        if self._working:
            await asyncio.wait(self._working)
        seconds += monotonic() - begun
        await asyncio.sleep(min(REST_MAX, seconds * (1 / SHARE - 1)))

    async def _wait(self) -> None:
        """Until there may be something to take up: something changed, or there is room again."""
        woken = asyncio.get_running_loop().create_task(self._woken.wait())
        try:
            await asyncio.wait(
                [woken, *self._working], timeout=self._poll, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            woken.cancel()

    async def _begin(self) -> None:
        name, with_past = self._follower.name, self._follower.with_past
        while True:
            try:
                return await store.begin(self._database, name, with_past=with_past)
            except Unavailable:
                await asyncio.sleep(self._poll)

    async def _take_up(self) -> None:
        """Begin to work where the follower is behind, as far as there is room."""
        lease = Lease(self._follower.name, secrets.token_hex(8), self._lease)
        room = PARALLEL - len(self._working)
        try:
            await store.find(self._database, self._follower.name)
            positions = await store.lease(self._database, lease, room) if room else []
        except Unavailable:
            return
        for position in positions:
            task = asyncio.get_running_loop().create_task(self._work(lease, position))
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def _measure(self) -> None:
        """Note, from time to time, how far the follower is behind, all processes together."""
        if monotonic() - self._measured_at < LAG_SECONDS:
            return
        self._measured_at = monotonic()
        name = self._follower.name
        try:
            lag = await store.lag(self._database, name)
        except Unavailable:
            return
        metrics.follower_behind_seconds.labels(name).set(lag.seconds)
        metrics.follower_behind_conversations.labels(name).set(lag.conversations)

    async def _work(self, lease: Lease, position: Position) -> None:
        try:
            try:
                seq = await self._go_on(lease, position)
            except Unavailable as error:
                log.warning("the follower %s waits: %s", lease.follower, error.detail)
                await store.put_off(
                    self._database, lease, position.conversation_id, error.retry_after
                )
            except Exception:
                pause = min(self._pause * 2.0 ** min(position.failures, 32), PAUSE_MAX)
                log.exception(
                    "the follower %s failed, and tries again in %.0f s",
                    lease.follower,
                    pause,
                    extra={"conversation": position.conversation_id},
                )
                await store.put_off(self._database, lease, position.conversation_id, pause)
            else:
                await store.settle(self._database, lease, position.conversation_id, seq)
        except Unavailable:
            pass  # the lease ends, and the changes come once more
        except asyncio.CancelledError:
            with suppress(Unavailable):
                await store.release(self._database, lease, position.conversation_id)
            raise

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
