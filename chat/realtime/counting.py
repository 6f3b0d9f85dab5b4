"""Counts of all nodes, in Redis: how often a caller did something in a window of time.

The library `limits` counts, in a script that runs in Redis and goes by its clock. Its other window,
the moving one, goes by the clients' clocks, which differ. Who calls is kept as a digest, because
it may be a password that somebody typed into the field of the name.
"""

import asyncio
import logging
from hashlib import blake2b
from math import ceil
from time import monotonic, time
from typing import Any

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisClusterStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from chat.realtime.relay.cluster_map import is_cluster
from chat.realtime.relay.redis_client import PATIENCE, connect

log = logging.getLogger("payam.limits")

SECONDS = 0.5
"""How long Redis may take to answer."""
PAUSE_SECONDS = 5.0
"""After a failure each node counts alone for so long."""
PREFIX = "chat_limits"


class RedisCounts:
    def __init__(self, url: str) -> None:
        self._url = url
        self._deployment = ""
        self._limiter: SlidingWindowCounterRateLimiter | None = None
        self._client: Any = None
        self._away_until = 0.0

    def belong(self, deployment: str) -> None:
        """Count apart from other deployments on this Redis."""
        self._deployment = deployment

    async def hit(self, what: str, caller: str, amount: int, seconds: int) -> float | None:
        """Count one. None where there were at most `amount` in so many seconds, or while Redis is
        away; else the seconds to wait.
        """
        if monotonic() < self._away_until:
            return None
        item = RateLimitItemPerSecond(amount, max(1, seconds), self._deployment)
        digest = blake2b(caller.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        try:
            async with asyncio.timeout(SECONDS):
                limiter = self._made()
                if await limiter.hit(item, what.replace(" ", "-"), digest):
                    return None
                stats = await limiter.get_window_stats(item, what.replace(" ", "-"), digest)
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = monotonic() + PAUSE_SECONDS
            log.warning("each node counts alone for now: Redis does not count (%r)", error)
            return None
        return float(max(1, ceil(stats.reset_time - time())))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    def _made(self) -> SlidingWindowCounterRateLimiter:
        if self._limiter is None:
            storage: Any
            if is_cluster(self._url):
                plain = self._url.partition("?")[0].partition("://")[2].partition("/")[0]
                address = f"async+redis+cluster://{plain}"
                storage = RedisClusterStorage(address, implementation="redispy", key_prefix=PREFIX)
                self._client = storage.bridge.storage
            else:
                self._client = connect(self._url, PATIENCE)
                storage = RedisStorage(
                    "async+redis://",
                    implementation="redispy",
                    key_prefix=PREFIX,
                    connection_pool=self._client.connection_pool,
                )
            self._limiter = SlidingWindowCounterRateLimiter(storage)
        return self._limiter
