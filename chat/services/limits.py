"""How much one caller may do in a given time.

Both ways of counting go over all nodes, where there is Redis. While Redis is away, each node counts
alone.

`count` asks Redis each time. It is for what happens seldom and is dear, as passwords are.

`take` is for what happens often: requests and frames. It counts in token buckets in this process's
memory, and `Settling` brings Redis what was counted. Example, with a burst of 100:

1. Sara sends 60 frames to one node and 30 to another one. Each node lets them through at once.
2. A caller's tenth frame makes the caller due. At most PAUSE_SECONDS later each node has settled:
   Redis knows of 90 frames, and each node knows that 10 are left to Sara.
3. Sara sends 200 frames more, to both nodes. At first each node lets 10 through. Then Redis has
   counted 110, and what is left to Sara is below zero. No node lets her go on before time has made
   up for it.

So in the first moment a caller may get through one burst on each node. In the long run it is never
more than the rate, because what was too much is paid back.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil, inf
from time import monotonic
from typing import NoReturn, Protocol

from cachetools import TTLCache

from chat import metrics
from chat.errors import RateLimited

log = logging.getLogger("payam.limits")

SHARES = 10
"""A caller is settled each time that it has taken a tenth of the burst on this node."""
PAUSE_SECONDS = 0.1
"""Between two settlements, which bring Redis whoever is due by then."""

_said: TTLCache[tuple[str, Hashable], None] = TTLCache(10_000, 60)


class Counts(Protocol):
    """Counts over all nodes."""

    async def hit(self, what: str, caller: str, amount: int, seconds: int) -> float | None:
        """None where there were at most `amount` in so many seconds; else the seconds to wait."""
        ...

    async def settle(
        self, what: str, rate: float, burst: float, taken: Mapping[str, int]
    ) -> Mapping[str, float] | None:
        """Count what callers took here, in buckets of all nodes. What is left of each caller's
        bucket, below zero where it took too much; None where nobody counts.
        """
        ...


def network_of(address: str) -> str:
    """The address for limits. Of an IPv6 address the first 64 bits: who has one, has all of these,
    and could come from another one each time.
    """
    try:
        parsed = ip_address(address)
    except ValueError:  # a unix socket's peer has none
        return address
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return address


class Settling:
    """Brings what limits have counted to Redis, now and then, for those that take part."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self._limits: list[Limit] = []
        self._is_due = asyncio.Event()

    def join(self, limit: "Limit") -> None:
        self._limits.append(limit)

    def wake(self) -> None:
        """Somebody is due."""
        self._is_due.set()

    async def run(self) -> None:
        """Settle whoever is due, until cancelled."""
        while True:
            await self._is_due.wait()
            await self.settle()
            await asyncio.sleep(PAUSE_SECONDS)

    async def settle(self) -> None:
        """Once. While Redis is away, what was taken meanwhile is not counted elsewhere."""
        self._is_due.clear()
        for limit in self._limits:
            await limit.settle(self.counts)


class Limit:
    """At most `rate` calls per second on the average, and `burst` calls at once.

    A `rate` of None means no limit. At most `most` callers are remembered: beyond that, the
    caller that was quiet for the longest time is forgotten. With `is_secret` the caller is
    not logged. Somebody may type a password into the field of the name, and the caller is
    then this password. `counts` is for `count`, and `settling` for `take`.
    """

    def __init__(
        self,
        rate: float | None,
        burst: float,
        what: str,
        *,
        most: int = 100_000,
        is_secret: bool = False,
        counts: Counts | None = None,
        settling: Settling | None = None,
    ) -> None:
        self._counts = counts
        self._rate = rate
        self._burst = burst
        self._what = what
        self._most = most
        self._is_secret = is_secret
        self._buckets: OrderedDict[Hashable, tuple[float, float, int]] = OrderedDict()
        """By caller: what is left, when that was, and how many calls are not settled."""
        self._due: set[Hashable] = set()
        self._settling = settling
        self._share = inf
        if settling is not None and rate is not None:
            self._share = max(1, burst // SHARES)
            settling.join(self)

    def take(self, caller: Hashable) -> None:
        """Count one call; raises RateLimited, with the time to wait, when it is one too many."""
        if self._rate is None:
            return
        now = monotonic()
        left, at, unsettled = self._buckets.pop(caller, (self._burst, now, 0))
        left = min(self._burst, left + (now - at) * self._rate)
        if left < 1:
            self._buckets[caller] = (left, now, unsettled)
            self._refuse(caller, (1 - left) / self._rate)
        self._buckets[caller] = (left - 1, now, unsettled + 1)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if unsettled + 1 >= self._share:
            self._due.add(caller)
            assert self._settling is not None
            self._settling.wake()

    async def settle(self, counts: Counts) -> None:
        """Count over all nodes what callers that are due took here, and heed what is left."""
        due = [caller for caller in self._due if caller in self._buckets]
        self._due.clear()
        if not due or self._rate is None:
            return
        taken = dict[str, int]()
        for caller in due:
            left, at, unsettled = self._buckets[caller]
            taken[str(caller)] = unsettled
            self._buckets[caller] = (left, at, 0)
        remaining = await counts.settle(self._what, self._rate, self._burst, taken)
        if remaining is None:
            return
        now = monotonic()
        for caller in due:
            bucket = self._buckets.get(caller)
            if bucket is not None:
                left, at, unsettled = bucket
                here = min(self._burst, left + (now - at) * self._rate)
                everywhere = remaining[str(caller)] - unsettled
                self._buckets[caller] = (min(here, everywhere), now, unsettled)

    async def count(self, caller: str) -> None:
        """The same over all nodes, at once. `caller` may be an address."""
        if self._rate is None:
            return
        caller = network_of(caller)
        self.take(caller)
        if self._counts is not None:
            amount = ceil(self._burst)
            wait = await self._counts.hit(self._what, caller, amount, ceil(amount / self._rate))
            if wait is not None:
                self._refuse(caller, wait)

    def _refuse(self, caller: Hashable, wait: float) -> NoReturn:
        assert self._rate is not None
        say_hit(self._what, caller, is_secret=self._is_secret)
        raise RateLimited(
            f"Too many {self._what}: at most {pace(self._rate)} on the average,"
            f" {self._burst:g} at once.",
            retry_after=wait,
            limit=ceil(self._burst),
            window=ceil(self._burst / self._rate),
        )


def say_hit(what: str, caller: Hashable, *, is_secret: bool = False) -> None:
    """Log that this caller has hit a limit, once per minute, and count it each time.

    A caller is a user's id, or an address.
    """
    metrics.limits_hit.labels(what).inc()
    if (what, caller) in _said:
        return
    _said[what, caller] = None
    who = f"user {caller}" if isinstance(caller, int) else caller
    log.warning("too many %s", what if is_secret else f"{what}: {who}")


def pace(rate: float) -> str:
    """The rate (calls per second) in words, per second, minute or hour: as a whole number if
    possible.
    """
    if float(rate).is_integer():
        return f"{rate:g} per second"
    return f"{rate * 60:g} per minute" if rate * 60 >= 1 else f"{rate * 3600:g} per hour"
