"""When a follower looks for what it has to do: soon after a change, seldom while others are busy.

How it goes on from there is `following`, conversation by conversation, or `gathering`, many
conversations at once.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from time import monotonic

from chat.errors import Unavailable
from chat.followers.follower import Durable
from chat.store import followers as store
from chat.store.database import Database

POLL_SECONDS = 1.0
"""How often it looks for what other processes have changed."""
LEAST_SECONDS = 0.05
"""Between two looks, however often this process changes something: it leaves the database to
others, and finds more at once."""
BUSY = 500
"""Changes per second of the serving process from which on senders need the time more."""
PACE_SECONDS = 0.25
"""Over so long they are counted, at least: how many there were is heard every 0.05 seconds."""
SHARE = 0.03
"""The part of the time in which a follower works then, or all webhooks together. What they put off
they do later."""
REST_MAX = 2.0
"""However much there was to do. Of many webhooks each rests longer, up to REST_MOST."""
REST_MOST = 15.0
TOGETHER_SECONDS = 1.0
"""For so long one that does not yield lets changes come together then. Each look costs as much for
a hundred changes of a conversation as for one."""


class Looking(ABC):
    def __init__(
        self,
        database: Database,
        follower: Durable,
        stored: Callable[[], int] = lambda: 0,
        *,
        poll: float = POLL_SECONDS,
        sharing: Callable[[], int] = lambda: 1,
    ) -> None:
        """`stored` says how many changes this process has stored. `poll` is in seconds.

        `sharing` says how many followers share the time that this one may take.
        """
        self._database = database
        self.name = follower.name
        self._with_past = follower.with_past
        self._yields = follower.yields
        self._pace = Pace(stored)
        self._poll = poll
        self._sharing = sharing
        self._woken = asyncio.Event()
        self._has_more = False

    def wake(self) -> None:
        """This process has changed something: look soon."""
        self._woken.set()

    async def run(self) -> None:
        """Follow until cancelled. What is not done then is left to other processes."""
        try:
            await self._begin()
            while True:
                self._woken.clear()
                begun = monotonic()
                try:
                    if await self._database.align():
                        await self._begin()
                    await store.find(self._database, self.name)
                    await self._look()
                except Unavailable:
                    await asyncio.sleep(self._poll)
                worked = monotonic() - begun
                await self._wait()
                await self._rest(worked, is_busy=self._pace.is_busy())
        finally:
            await self._stop()

    @abstractmethod
    async def _look(self) -> None:
        """Take up what is due; raises Unavailable."""

    @abstractmethod
    async def _wait(self) -> None:
        """Wait until there may be work."""

    @abstractmethod
    async def _stop(self) -> None: ...

    async def _rest(self, worked: float, *, is_busy: bool) -> None:
        """Leave the time to senders, after so many seconds of work."""
        if not self._yields:
            pause = TOGETHER_SECONDS if is_busy else LEAST_SECONDS
            await asyncio.sleep(0 if self._has_more else pause)
        elif is_busy:
            await asyncio.sleep(rest_of(worked, self._sharing()))
        else:  # with much to do it works half of the time
            await asyncio.sleep(worked if self._has_more else LEAST_SECONDS)

    async def _begin(self) -> None:
        while True:
            try:
                if self._with_past is None:
                    await store.complete(self._database, self.name)
                else:
                    await store.begin(self._database, self.name, with_past=self._with_past)
                break
            except Unavailable:
                await asyncio.sleep(self._poll)


class Pace:
    """Whether much is sent now. What it said last holds until there is more to count."""

    def __init__(self, stored: Callable[[], int]) -> None:
        self._stored = stored
        self._since, self._before = monotonic(), stored()
        self._is_busy = False

    def is_busy(self) -> bool:
        moment = monotonic()
        seconds = moment - self._since
        if seconds >= PACE_SECONDS:
            stored = self._stored()
            self._is_busy = stored - self._before > BUSY * seconds
            self._since, self._before = moment, stored
        return self._is_busy


def rest_of(worked: float, sharing: int = 1) -> float:
    """Seconds to rest after so many of work, while senders are busy.

    Example, with a share of a tenth: after 20 ms of work it rests for 180 ms. Of ten followers that
    share this tenth each rests for 1980 ms.
    """
    longest = min(REST_MAX * sharing, REST_MOST)
    return min(longest, worked * (sharing / SHARE - 1))
