"""Looks at devices that are due, pushes to them, and settles what they show."""

import asyncio
import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

from msgspec import Struct

from chat import metrics
from chat.errors import Unavailable
from chat.followers.push.delivery import Delivery, Outcome, Result
from chat.followers.push.making import moment_of, pushed_of
from chat.followers.push.origins import Origins
from chat.followers.push.planning import WATCH_SECONDS, Plan, plan
from chat.followers.push.seen import Seen
from chat.outgoing import urls
from chat.store import devices, notices, push_looks
from chat.store.database import Database
from chat.store.notices import Looked, Place
from chat.store.push_looks import Due
from chat.store.push_news import GRACE_SECONDS
from chat.times import now

log = logging.getLogger("payam.push")

PARALLEL = 64
"""Most pushes that this process has on their way."""
UNSURE_SECONDS = 60.0
"""For so long after a message nothing is pushed if nobody knows who is online."""
QUIET_TRIES = 6
"""So often a push is tried that only takes a notification away, or replaces its text."""
TOGETHER_SECONDS = 0.05
"""Pushes that end within it are settled in one transaction."""

Online = Callable[[Collection[int]], Awaitable[set[int]]]


class Times(Struct, frozen=True):
    """All in seconds. `pause` is after the first failure; each further one doubles it.

    While a user is online, their devices are looked at every `again`, for `watch` after the
    message. `lease` is longer than any push takes.
    """

    grace: float = GRACE_SECONDS
    poll: float = 1.0
    watch: float = WATCH_SECONDS
    again: float = 20.0
    pause: float = 5.0
    pause_max: float = 1800.0
    lease: float = 30.0


TIMES = Times()


class Done(NamedTuple):
    due: Due
    plan: Plan
    result: Result | None
    """None where the origin was left alone; then `pause` says until when."""
    pause: float


class Pusher:
    def __init__(
        self,
        database: Database,
        online: Online,
        delivery: Delivery,
        *,
        ttl: int,
        with_content: bool,
        times: Times = TIMES,
    ) -> None:
        """`online` answers which of these users are online on any node; raises Unavailable.

        `ttl` is in seconds: what is older is not pushed.
        """
        self._database = database
        self._online = online
        self._delivery = delivery
        self._ttl = ttl
        self._with_content = with_content
        self._times = times
        self._token = secrets.token_hex(8)
        self._origins = Origins()
        self._pushing: dict[asyncio.Task[Done], Place] = {}
        self._seen = Seen(database)
        self._looked_at = 0.0

    async def run(self) -> None:
        """Push until cancelled. What is not done then is left to other processes."""
        try:
            # A process that begins has no sockets yet: its clients return first.
            await asyncio.sleep(self._times.grace)
            while True:
                has_more = False
                try:
                    has_more = await self._turn()
                except Unavailable:
                    pass
                except Exception:  # chat must go on without pushes
                    log.exception("pushes fail, and are tried again")
                    await asyncio.sleep(self._times.pause)
                if not has_more:
                    await self._wait()
        finally:
            await self._stop()

    async def _wait(self) -> None:
        if not self._pushing:
            await asyncio.sleep(self._times.poll)
            return
        await asyncio.wait(
            self._pushing, timeout=self._times.poll, return_when=asyncio.FIRST_COMPLETED
        )
        await asyncio.sleep(min(TOGETHER_SECONDS, self._times.poll))

    async def _stop(self) -> None:
        places = list(self._pushing.values())
        for task in self._pushing:
            task.cancel()
        await asyncio.gather(*self._pushing, return_exceptions=True)
        await self._delivery.close()
        if places:  # nobody knows whether these were sent; another process sends them again
            with suppress(Unavailable):
                async with self._database.transaction() as transaction:
                    await notices.put_off(
                        transaction, self._token, [(place, 0.0, 0) for place in places]
                    )

    async def _turn(self) -> bool:
        """Settle, look, and begin to push. Returns whether there may be more to look at."""
        await self._settle()
        if not await devices.are_there(self._database):
            return False
        if monotonic() - self._looked_at >= self._times.poll:
            self._looked_at = monotonic()
            await self._seen.look()
            metrics.push_waiting_seconds.set(await notices.waiting(self._database))
        room = PARALLEL - len(self._pushing)
        lease = notices.Lease(self._token, self._times.lease)
        places = await notices.lease(self._database, lease, room) if room else []
        if not places:
            return False
        # One whose lease has ended over its push is still being pushed here.
        working = set(self._pushing.values())
        await self._look([place for place in places if place not in working])
        return len(places) == room and len(self._pushing) < PARALLEL

    async def _look(self, places: Sequence[Place]) -> None:
        """Plan for each, begin what is to be pushed, and settle the rest."""
        moment = now()
        every = await push_looks.look(self._database, places, moment)
        is_sure = True
        try:
            online = await self._online({due.user_id for due in every})
        except Unavailable:
            is_sure, online = False, set()
        plans: dict[Plan, list[Due]] = {one: [] for one in Plan}
        for due in every:
            planned = plan(
                due,
                moment,
                ttl=self._ttl,
                is_online=due.user_id in online,
                watch=self._times.watch,
                with_content=self._with_content,
            )
            if planned in (Plan.MESSAGE, Plan.ADDED) and not is_sure and is_fresh(due, moment):
                planned = Plan.WAIT
            if planned in (Plan.KEEP, Plan.DROP) and due.failures:
                metrics.pushes.labels(due.address.platform, "expired").inc()
            plans[planned].append(due)
        gone = set(places) - {due.place for due in every}
        grace = self._times.grace
        async with self._database.transaction() as transaction:
            again = self._times.again if is_sure else self._times.pause
            await notices.put_off(
                transaction, self._token, [(due.place, again, 0) for due in plans[Plan.WAIT]]
            )
            await notices.keep(transaction, self._token, looked(plans[Plan.KEEP]), grace)
            await notices.drop(transaction, self._token, looked(plans[Plan.DROP]), grace)
            await notices.forget(transaction, gone)
        pushed = Plan.MESSAGE, Plan.ADDED, Plan.EDITED, Plan.READ
        pushes = [(due, one) for one in pushed for due in plans[one]]
        badges = await self._badges({due.user_id for due, _ in pushes})
        for due, planned in pushes:
            work = self._push(due, planned, badges[due.user_id])
            self._pushing[asyncio.get_running_loop().create_task(work)] = due.place

    async def _badges(self, user_ids: Collection[int]) -> dict[int, int]:
        """Count all unread messages, by user: once, however many pushes the user gets.

        One after the other, so that requests find connections to the database.
        """
        moment = now()
        return {id_: await push_looks.badge(self._database, id_, moment) for id_ in user_ids}

    async def _push(self, due: Due, planned: Plan, badge: int) -> Done:
        try:
            return await self._try(due, planned, badge)
        except Exception:
            log.exception("a push could not be made", extra={"conversation": due.place[0]})
            return Done(due, planned, Result(Outcome.FAILED), self._times.pause_max)

    async def _try(self, due: Due, planned: Plan, badge: int) -> Done:
        origin = urls.parse(due.address.url).shown
        if wait := self._origins.begin(origin):
            return Done(due, planned, None, wait)
        why: str | None = None
        try:
            pushed = pushed_of(due, planned, badge, ttl=self._ttl, with_content=self._with_content)
            result = await self._delivery.send(due.address, due.registered_at, pushed)
            why = result.why if result.is_down else None
        finally:
            self._origins.end(origin, why)
        metrics.pushes.labels(due.address.platform, result.outcome.value).inc()
        if result.outcome is Outcome.DELIVERED and planned in (Plan.MESSAGE, Plan.ADDED):
            metrics.push_seconds.observe((now() - moment_of(due)) / 1_000_000)
        if result.outcome is Outcome.REFUSED:
            log.warning("%s refuses a push for good: %s", origin, result.why)
        pause = self._times.pause * 2.0 ** min(due.failures, 16)
        spread = random.uniform(1.0, 1.25)  # noqa: S311 - no secret
        pause = max(min(pause, self._times.pause_max) * spread, result.retry_after)
        return Done(due, planned, result, pause)

    async def _settle(self) -> None:
        """Write down how the pushes ended that have ended."""
        done = [task for task in self._pushing if task.done()]
        if not done:
            return
        grace = self._times.grace
        async with self._database.transaction() as transaction:
            later: list[tuple[Place, float, int]] = []
            kept: list[Looked] = []
            dropped: list[Looked] = []
            for task in done:
                due, planned, result, pause = task.result()
                tries = due.failures + (result is not None)
                if result is not None and result.outcome is Outcome.GONE:
                    await devices.remove(transaction, due.user_id, due.place.device_id)
                elif result is None or result.outcome is Outcome.FAILED:
                    if tries < QUIET_TRIES or planned in (Plan.MESSAGE, Plan.ADDED):
                        later.append((due.place, pause, tries))
                    elif planned is Plan.READ:
                        dropped.append(due.looked)
                    else:
                        kept.append(due.looked)
                elif planned is Plan.READ:
                    dropped.append(due.looked)
                elif result.outcome is Outcome.REFUSED:
                    kept.append(due.looked)
                else:
                    shown_id = due.newest.id if due.newest is not None else due.shown_id
                    await notices.shown(transaction, self._token, due.looked, shown_id, grace)
            await notices.put_off(transaction, self._token, later)
            await notices.keep(transaction, self._token, kept, grace)
            await notices.drop(transaction, self._token, dropped, grace)
        for task in done:
            del self._pushing[task]


def looked(every: Sequence[Due]) -> list[Looked]:
    return [due.looked for due in every]


def is_fresh(due: Due, moment: int) -> bool:
    return moment - moment_of(due) < UNSURE_SECONDS * 1_000_000
