"""Latencies as an HDR histogram: three digits from a microsecond to ten minutes."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from hdrh.histogram import HdrHistogram

MICROSECOND = 1e-6
LONGEST = 600_000_000
"""Microseconds. What took longer counts as this."""
DIGITS = 3
MOST_NINES = 7
ROUNDING = 1e-9
PERCENTILES = (50.0, 90.0, 99.0, 99.9)


@dataclass(frozen=True)
class Latencies:
    """Seconds. `percentiles` are (percent, value) pairs, `bars` (value, count) pairs."""

    count: int
    mean: float
    maximum: float
    percentiles: tuple[tuple[float, float], ...]
    curve: tuple[tuple[float, float], ...]
    """Percentiles ever nearer to 100, to be drawn."""
    bars: tuple[tuple[float, int], ...]
    """Every value that occurred, to three digits."""


@dataclass(frozen=True)
class Lap:
    """Seconds, of what was recorded since the lap before."""

    count: int
    p50: float
    p99: float
    maximum: float


class Histogram:
    """Takes what was measured; sorted into buckets only when it is looked at."""

    def __init__(self) -> None:
        self._fresh: dict[int, int] = {}
        self._lap: dict[int, int] = {}
        self._buckets = HdrHistogram(1, LONGEST, DIGITS)

    def record(self, seconds: float) -> None:
        # The library takes two microseconds for a value, this a tenth of one.
        value = int(seconds * 1e6)
        self._fresh[value] = self._fresh.get(value, 0) + 1

    def clear(self) -> None:
        self._fresh.clear()
        self._lap.clear()
        self._buckets.reset()

    def _settle(self) -> None:
        for value, count in self._fresh.items():
            self._buckets.record_value(min(max(value, 1), LONGEST), count)
            self._lap[value] = self._lap.get(value, 0) + count
        self._fresh.clear()

    def lap(self) -> Lap | None:
        """What came since the last call; None when that is nothing."""
        self._settle()
        values, counts = sorted(self._lap), self._lap
        self._lap = {}
        if not values:
            return None
        upto = list(accumulate(counts[value] for value in values))
        p50, p99 = (values[bisect_left(upto, part * upto[-1])] for part in (0.5, 0.99))
        return Lap(upto[-1], p50 * MICROSECOND, p99 * MICROSECOND, values[-1] * MICROSECOND)

    def percentile(self, percent: float) -> float:
        """Seconds; 0 when nothing was recorded."""
        self._settle()
        value: int = self._buckets.get_value_at_percentile(percent)
        return value * MICROSECOND

    def latencies(self) -> Latencies | None:
        """All of it; None when nothing was recorded."""
        self._settle()
        count: int = self._buckets.get_total_count()
        if not count:
            return None
        bars = tuple(
            (item.value_iterated_to * MICROSECOND, int(item.count_added_in_this_iter_step))
            for item in self._buckets.get_recorded_iterator()
        )
        curve = tuple((100.0 * part, self.percentile(100.0 * part)) for part in parts_of(count))
        return Latencies(
            count,
            self._buckets.get_mean_value() * MICROSECOND,
            self._buckets.get_max_value() * MICROSECOND,
            tuple((percent, self.percentile(percent)) for percent in PERCENTILES),
            curve,
            bars,
        )


def parts_of(count: int, steps: int = 12) -> list[float]:
    """Shares of all values, from 0 toward 1, `steps` for each further nine.

    They end where a share of the values would be less than one of them.
    """
    last = min(int(math.log10(count) * steps + ROUNDING), MOST_NINES * steps)
    return [1 - 10.0 ** -(step / steps) for step in range(last + 1)]
