"""How long to wait before trying again."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Growing pauses in seconds: the first is about `least`, and the longest about `most`."""

    least: float = 0.5
    most: float = 30.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after so many failed attempts, from 0. Each client waits differently."""
        longest = min(self.most, self.least * 2.0 ** min(attempt, 32))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter

    def long_pause(self) -> float:
        """Seconds to wait after the server said that this client sends too much."""
        return self.most * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
