"""Token buckets in this process's memory: how much one caller may do in a given time.

Limits protect one node from one client, so each node counts for itself.
"""

import logging
from collections import OrderedDict
from collections.abc import Hashable
from time import monotonic

from cachetools import TTLCache

from chat import metrics
from chat.errors import RateLimited

log = logging.getLogger("payam.limits")

_said: TTLCache[tuple[str, Hashable], None] = TTLCache(10_000, 60)


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
    ) -> None:
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
            say_hit(self._what, caller, is_secret=self._is_secret)
            raise RateLimited(
                f"Too many {self._what}: at most {pace(self._rate)} on the average,"
                f" {self._burst:g} at once.",
                retry_after=(1 - left) / self._rate,
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
