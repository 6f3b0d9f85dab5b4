"""Latencies as an HDR histogram: three digits, from a microsecond to ten minutes."""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from hdrh.histogram import HdrHistogram

MICROSECOND = 1e-6
LONGEST = 600_000_000
"""In microseconds. Anything longer counts as this."""
DIGITS = 3
MOST_NINES = 7
ROUNDING = 1e-9
LAPS_KEPT = 100
"""Most laps that are kept as they are. They are sorted into the buckets after a run, when there is
time; more of them would take too much memory.
"""
PERCENTILES = (50.0, 90.0, 99.0, 99.9)


@dataclass(frozen=True)
class Latencies:
    """In seconds. `percentiles` are pairs (percent, value), `bars` are pairs (value, count)."""

    count: int
    mean: float
    maximum: float
    percentiles: tuple[tuple[float, float], ...]
    curve: tuple[tuple[float, float], ...]
    """Percentiles that come nearer and nearer to 100, for the plot."""
    bars: tuple[tuple[float, int], ...]
    """Every value that occurred, to three digits."""


@dataclass(frozen=True)
class Lap:
    """In seconds: what was recorded since the lap before."""

    count: int
    p50: float
    p99: float
    maximum: float


class Histogram:
    """Records values, and sorts them into buckets only when somebody asks for a result."""

    def __init__(self) -> None:
        self._lap: dict[int, int] = {}
        self._laps: list[dict[int, int]] = []
        """Earlier laps that are in no bucket yet."""
        self._buckets = empty()

    def record(self, seconds: float) -> None:
        # The library takes two microseconds per value. This takes a tenth of one.
        value = int(seconds * 1e6)
        self._lap[value] = self._lap.get(value, 0) + 1

    def clear(self) -> None:
        self._lap.clear()
        self._laps.clear()
        self._buckets.reset()

    def lap(self) -> Lap | None:
        """What was recorded since the last call; None if nothing was."""
        counts, self._lap = self._lap, {}
        if not counts:
            return None
        self._laps.append(counts)
        if len(self._laps) > LAPS_KEPT:
            self._settle()
        values = sorted(counts)
        upto = list(accumulate([counts[value] for value in values]))
        p50, p99 = (values[bisect_left(upto, part * upto[-1])] for part in (0.5, 0.99))
        return Lap(upto[-1], p50 * MICROSECOND, p99 * MICROSECOND, values[-1] * MICROSECOND)

    def _settle(self) -> None:
        for counts in self._laps:
            fill(self._buckets, counts)
        self._laps.clear()

    def _whole(self) -> HdrHistogram:
        self._settle()
        whole = empty()
        whole.add(self._buckets)
        fill(whole, self._lap)
        return whole

    def percentile(self, percent: float) -> float:
        """The percentile in seconds; 0 if nothing was recorded."""
        return at(self._whole(), percent)

    def latencies(self) -> Latencies | None:
        """Everything that was recorded; None if nothing was."""
        whole = self._whole()
        count: int = whole.get_total_count()
        if not count:
            return None
        bars = tuple(
            (item.value_iterated_to * MICROSECOND, int(item.count_added_in_this_iter_step))
            for item in whole.get_recorded_iterator()
        )
        curve = tuple((100.0 * part, at(whole, 100.0 * part)) for part in parts_of(count))
        return Latencies(
            count,
            whole.get_mean_value() * MICROSECOND,
            whole.get_max_value() * MICROSECOND,
            tuple((percent, at(whole, percent)) for percent in PERCENTILES),
            curve,
            bars,
        )


def empty() -> HdrHistogram:
    return HdrHistogram(1, LONGEST, DIGITS)


def fill(buckets: HdrHistogram, counts: Mapping[int, int]) -> None:
    for value, count in counts.items():
        buckets.record_value(min(max(value, 1), LONGEST), count)


def at(buckets: HdrHistogram, percent: float) -> float:
    """Seconds."""
    value: int = buckets.get_value_at_percentile(percent)
    return value * MICROSECOND


def parts_of(count: int, steps: int = 12) -> list[float]:
    """Shares of all values, from 0 towards 1, with `steps` shares per further nine.

    They end where a share would be less than one value.
    """
    last = min(int(math.log10(count) * steps + ROUNDING), MOST_NINES * steps)
    return [1 - 10.0 ** -(step / steps) for step in range(last + 1)]
