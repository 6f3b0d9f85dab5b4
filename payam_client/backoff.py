"""How long to wait before trying again."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Seconds: about the first pause, and about the longest."""

    least: float = 0.5
    most: float = 30.0

    def pause(self, attempt: int) -> float:
        """Seconds after so many attempts in vain, from 0; no two clients wait the same."""
        longest = min(self.most, self.least * 2.0 ** min(attempt, 32))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter

    def long_pause(self) -> float:
        """Seconds when there was too much of this client."""
        return self.most * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
