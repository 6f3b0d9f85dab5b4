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
TRIES = 16
"""So many callers are looked at, at most, to forget one."""
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


class Bucket:
    """What is `left` to a caller, `at` which moment, and how many calls are not settled."""

    __slots__ = ("at", "left", "unsettled")

    def __init__(self, left: float, at: float) -> None:
        self.left = left
        self.at = at
        self.unsettled = 0


class Limit:
    """At most `rate` calls per second on the average, and `burst` calls at once.

    A `rate` of None means no limit. At most `most` callers are remembered. Beyond that, one of
    the oldest is forgotten, if possible one that may do as much as somebody new. With `is_secret`
    the caller is not logged. Somebody may type a password into the field of the name, and the
    caller is then this password. `counts` is for `count`, and `settling` for `take`.
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
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()
        """By caller, in the order of the first call, but for those that `_forget` put back."""
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
        bucket = self._buckets.get(caller)
        if bucket is None:
            if len(self._buckets) >= self._most:
                self._forget(now)
            bucket = self._buckets[caller] = Bucket(self._burst, now)
        left = bucket.left + (now - bucket.at) * self._rate
        if left > self._burst:  # noqa: PLR1730 - a call of min would cost a fifth of all this
            left = self._burst
        bucket.at = now
        if left < 1:
            bucket.left = left
            self._refuse(caller, (1 - left) / self._rate)
        bucket.left = left - 1
        bucket.unsettled += 1
        if bucket.unsettled >= self._share:
            self._due.add(caller)
            assert self._settling is not None
            self._settling.wake()

    def _forget(self, now: float) -> None:
        """Forget a caller. Whoever came first goes, unless the bucket is not full again: then it is
        one of the next. To keep the order at each call would make every frame dearer.
        """
        assert self._rate is not None
        for _ in range(TRIES):
            caller, bucket = self._buckets.popitem(last=False)
            if bucket.left + (now - bucket.at) * self._rate >= self._burst:
                return
            self._buckets[caller] = bucket
        self._buckets.popitem(last=False)

    async def settle(self, counts: Counts) -> None:
        """Count over all nodes what callers that are due took here, and heed what is left."""
        due = [caller for caller in self._due if caller in self._buckets]
        self._due.clear()
        if not due or self._rate is None:
            return
        taken = dict[str, int]()
        for caller in due:
            bucket = self._buckets[caller]
            taken[str(caller)], bucket.unsettled = bucket.unsettled, 0
        remaining = await counts.settle(self._what, self._rate, self._burst, taken)
        if remaining is None:
            return
        now = monotonic()
        for caller in due:
            kept = self._buckets.get(caller)
            if kept is not None:
                here = min(self._burst, kept.left + (now - kept.at) * self._rate)
                kept.left = min(here, remaining[str(caller)] - kept.unsettled)
                kept.at = now

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
