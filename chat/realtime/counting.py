"""Counts of all nodes, in Redis: how often a caller did something in a window of time.

The library `limits` counts, in a script that runs in Redis and goes by its clock. Its other window,
the moving one, goes by the clients' clocks, which differ. Who calls is kept as a digest, because
it may be a password that somebody typed into the field of the name.

Requests and frames are counted by each node, and settled here: one question for many callers, which
`limits` does not have. `BUCKETS` is the script, and goes by the clock of Redis as well.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from itertools import islice
from math import ceil
from time import monotonic, time
from typing import Any, TypeVar

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisClusterStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from chat.realtime.relay.cluster_map import is_cluster
from chat.realtime.relay.redis_client import PATIENCE, connect

log = logging.getLogger("payam.limits")

T = TypeVar("T")

SECONDS = 0.5
"""How long Redis may take to answer."""
PAUSE_SECONDS = 5.0
"""After a failure each node counts alone for so long."""
PREFIX = "chat_limits"
CHUNK = 500
"""Most callers of one question."""
BUCKETS = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local remaining = {}
for i, key in ipairs(KEYS) do
  local kept = redis.call('HMGET', key, 'left', 'at')
  local left = tonumber(kept[1]) or burst
  local passed = math.max(0, now - (tonumber(kept[2]) or now))
  left = math.min(burst, left + passed * rate) - ARGV[i + 2]
  redis.call('HSET', key, 'left', string.format('%.6f', left), 'at', string.format('%.6f', now))
  redis.call('EXPIRE', key, math.ceil((burst - left) / rate) + 1)
  remaining[i] = string.format('%.6f', left)
end
return remaining
"""
"""Token buckets: of a caller that is not there the bucket is full."""


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
        item = RateLimitItemPerSecond(amount, max(1, seconds), self._deployment)

        async def ask() -> float | None:
            limiter = self._made()
            if await limiter.hit(item, what.replace(" ", "-"), digest_of(caller)):
                return None
            stats = await limiter.get_window_stats(item, what.replace(" ", "-"), digest_of(caller))
            return float(max(1, ceil(stats.reset_time - time())))

        return await self._asked(ask)

    async def settle(
        self, what: str, rate: float, burst: float, taken: Mapping[str, int]
    ) -> dict[str, float] | None:
        """Count what callers took. What is left of the bucket of each, or None while Redis is away.

        The bucket of a caller that took too much is below zero, until time has filled it.
        """
        # One hash tag, because the keys of a script must be on one server of a cluster.
        place = f"{PREFIX}{{{self._deployment}:{what.replace(' ', '-')}}}:"

        async def ask() -> dict[str, float]:
            self._made()
            remaining = dict[str, float]()
            left = iter(taken.items())
            while some := dict(islice(left, CHUNK)):
                keys = [place + digest_of(caller) for caller in some]
                answer = await self._client.eval(
                    BUCKETS, len(keys), *keys, rate, burst, *some.values()
                )
                remaining.update(zip(some, map(float, answer), strict=True))
            return remaining

        return await self._asked(ask)

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """The answer, or None where Redis is away; then it is not asked for a while."""
        if monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(SECONDS):
                return await ask()
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = monotonic() + PAUSE_SECONDS
            log.warning("each node counts alone for now: Redis does not count (%r)", error)
            return None

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


def digest_of(caller: str) -> str:
    return blake2b(caller.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
