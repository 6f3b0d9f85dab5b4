"""Token buckets in this process's memory: how much one caller may do in a while.

Limits protect one worker from one client, so each worker counts for itself.
"""

from collections import OrderedDict
from collections.abc import Hashable
from time import monotonic

from chat.errors import RateLimited


class Limit:
    """`rate` a second on the average, `burst` at once; None lifts it.

    Beyond `most` callers, those are forgotten who have been quiet the longest.
    """

    def __init__(self, rate: float | None, burst: float, what: str, most: int = 100_000) -> None:
        self._rate = rate
        self._burst = burst
        self._what = what
        self._most = most
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, caller: Hashable) -> None:
        """Count one; raises RateLimited, with the time to wait, when it is one too many."""
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
            raise RateLimited(
                f"Too many {self._what}: at most {self._rate:g} a second on the average,"
                f" {self._burst:g} at once.",
                retry_after=(1 - left) / self._rate,
            )
