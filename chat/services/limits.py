"""How much one caller may do in a given time.

`take` counts in token buckets in this process's memory. It is for what happens often: requests and
frames, of which each node protects itself. `count` is for what happens seldom and is dear, as
passwords are: it counts over all nodes as well, in Redis where there is one. While Redis is away,
each node counts alone.
"""

import logging
from collections import OrderedDict
from collections.abc import Hashable
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import monotonic
from typing import Protocol

from cachetools import TTLCache

from chat import metrics
from chat.errors import RateLimited

log = logging.getLogger("payam.limits")

_said: TTLCache[tuple[str, Hashable], None] = TTLCache(10_000, 60)


class Counts(Protocol):
    """Counts over all nodes."""

    async def hit(self, what: str, caller: str, amount: int, seconds: int) -> float | None:
        """None where there were at most `amount` in so many seconds; else the seconds to wait."""
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


class Limit:
    """At most `rate` calls per second on the average, and `burst` calls at once.

    A `rate` of None means no limit. At most `most` callers are remembered: beyond that, the
    caller that was quiet for the longest time is forgotten. With `is_secret` the caller is
    not logged. Somebody may type a password into the field of the name, and the caller is
    then this password.
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
    ) -> None:
        self._counts = counts
        self._rate = rate
        self._burst = burst
        self._what = what
        self._most = most
        self._is_secret = is_secret
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, caller: Hashable) -> None:
        """Count one call; raises RateLimited, with the time to wait, when it is one too many."""
        if self._rate is None:
            return
        now = monotonic()
        left, at = self._buckets.pop(caller, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        allowed = left >= 1
        self._buckets[caller] = (left - 1 if allowed else left, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if not allowed:
            self._refuse(caller, (1 - left) / self._rate)

    async def count(self, caller: str) -> None:
        """The same over all nodes. `caller` may be an address."""
        if self._rate is None:
            return
        caller = network_of(caller)
        self.take(caller)
        if self._counts is not None:
            amount = ceil(self._burst)
            wait = await self._counts.hit(self._what, caller, amount, ceil(amount / self._rate))
            if wait is not None:
                self._refuse(caller, wait)

    def _refuse(self, caller: Hashable, wait: float) -> None:
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
    """The rate (calls per second) in words, per second or per minute: as a whole number if
    possible.
    """
    return f"{rate:g} per second" if float(rate).is_integer() else f"{rate * 60:g} per minute"
