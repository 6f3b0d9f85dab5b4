"""The longest stall of the server's event loop during a run, from its own metrics."""

import re
from collections.abc import Mapping
from math import inf

from loadtest.http import RequestFailed
from loadtest.load import Load

BUCKET = re.compile(rb'^payam_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)

Lags = Mapping[float, float]
"""How often a timer was late by at most so many seconds, since the server started."""


async def lags(load: Load) -> Lags:
    """As the server counts them now. It is empty for a server that does not."""
    try:
        connection = await load.request_as(load.crowd.user(0))
    except RequestFailed:
        return {}
    try:
        found = BUCKET.findall(await connection.request("GET", "/metrics"))
    except RequestFailed:  # a proxy keeps it from the outside
        return {}
    finally:
        connection.close()
    return {float(bound): float(count) for bound, count in found}


def longest(before: Lags, after: Lags) -> float | None:
    """Seconds that no stall between the two was longer than: a bound of the server's buckets. None
    if nothing was counted, or if there is no such bound.
    """
    since = {bound: count - before.get(bound, 0.0) for bound, count in after.items()}
    if not since.get(inf):
        return None
    bound = min(bound for bound, count in since.items() if count == since[inf])
    return None if bound == inf else bound
