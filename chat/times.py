"""Moments: whole microseconds since the epoch inside, RFC 3339 text outside.

An integer is the same in both databases and costs nothing to compare. The text has
whole seconds, exactly as in the original specification's examples: order within a
second is `seq`'s business, not the clock's.
"""

from datetime import UTC, datetime
from functools import lru_cache
from time import time_ns


def now() -> int:
    """Microseconds since the epoch."""
    return time_ns() // 1000


def to_text(moment: int) -> str:
    """`2023-10-27T10:00:00Z` of microseconds since the epoch."""
    return _second_to_text(moment // 1_000_000)


@lru_cache(maxsize=4096)  # the rows of one page, and the messages of one second, share few
def _second_to_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
