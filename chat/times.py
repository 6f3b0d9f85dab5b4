"""Times: whole microseconds since 1970 inside, RFC 3339 text outside.

An integer is the same in both databases and costs nothing to compare. The text has whole
seconds, exactly as in the examples of the original specification. Within a second, `seq` gives
the order, not the clock.
"""

from datetime import UTC, datetime
from functools import lru_cache
from time import time_ns

MICROSECONDS = 1_000_000
"""In a second."""


def now() -> int:
    """Microseconds since 1970."""
    return time_ns() // 1000


def to_text(moment: int) -> str:
    """Text such as `2023-10-27T10:00:00Z`, from microseconds since 1970."""
    return second_to_text(moment // MICROSECONDS)


@lru_cache(maxsize=4096)  # the rows of a page, and the messages of a second, share few texts
def second_to_text(second: int) -> str:
    """The same from seconds since 1970. Where there are many, one call less each."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
