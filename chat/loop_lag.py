"""How late the event loop runs what is due: once per beat, for Prometheus.

A loop that is busy with one thing makes all clients of its worker wait. A beat that comes late
shows for how long.
"""

import asyncio

from chat import metrics

BEAT_SECONDS = 0.02
"""A stall that is shorter may fall between two beats. A beat takes 8 µs of processor time."""
KEPT_SECONDS = 60
"""For so long, at least, the longest stall is shown, so that it is there when Prometheus asks."""


class LoopLag:
    """Measures the loop on which `run` runs. `longest` is for the sampler."""

    def __init__(self) -> None:
        self._present = 0.0
        self._before = 0.0
        """The longest of the present minute, and of the minute before it."""

    @property
    def longest(self) -> float:
        """Seconds of the longest stall of the last minute or two."""
        return max(self._present, self._before)

    async def run(self) -> None:
        """Measure until cancelled."""
        now = asyncio.get_running_loop().time
        minute_ends = now() + KEPT_SECONDS
        while True:
            due = now() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            came = now()
            lag = max(0.0, came - due)
            metrics.loop_lag_seconds.observe(lag)
            self._present = max(self._present, lag)
            if came >= minute_ends:
                self._before, self._present = self._present, 0.0
                minute_ends = came + KEPT_SECONDS
