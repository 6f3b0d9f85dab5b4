"""Redis restarted, hanging, gone: the relay is a fast path, and losing it loses no message."""

import asyncio
import os
import signal

from tests.faults.deployment import Seeded
from tests.faults.load import IS_LONG, Outcome, under_load
from tests.faults.report import Proof
from tests.support.redis_server import RedisServer

HANGS_SECONDS = 8
GONE_SECONDS = 30 if IS_LONG else 4


async def test_a_restart_of_redis_loses_nothing(
    pair: Seeded, redis: RedisServer, prove: Proof
) -> None:
    """It comes back empty, and without the subscriptions."""

    async def restart() -> None:
        for _ in range(2):
            await asyncio.sleep(1)
            await asyncio.to_thread(redis.stop)
            await asyncio.to_thread(redis.start)

    async def round_() -> Outcome:
        return await under_load(pair, restart)

    await prove("Redis restarted", round_)


async def test_a_crash_of_redis_loses_nothing(
    pair: Seeded, redis: RedisServer, prove: Proof
) -> None:
    """What it had taken and not yet passed on is gone."""

    async def crash() -> None:
        for _ in range(3):
            await asyncio.sleep(0.7)
            await asyncio.to_thread(redis.kill)
            await asyncio.to_thread(redis.start)

    async def round_() -> Outcome:
        return await under_load(pair, crash)

    await prove("Redis killed", round_)


async def test_a_redis_that_hangs_loses_nothing(
    pair: Seeded, redis: RedisServer, prove: Proof
) -> None:
    """Its connections stay open, and nothing comes."""

    async def hang() -> None:
        await asyncio.sleep(0.5)
        os.kill(redis.process.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(HANGS_SECONDS)
        finally:
            os.kill(redis.process.pid, signal.SIGCONT)

    async def round_() -> Outcome:
        return await under_load(pair, hang)

    await prove("Redis stopped by SIGSTOP for 8 s", round_)


async def test_a_redis_that_is_gone_for_a_while_loses_nothing(
    pair: Seeded, redis: RedisServer, prove: Proof
) -> None:
    """Nobody listens on its port meanwhile."""

    async def be_gone() -> None:
        await asyncio.sleep(0.5)
        await asyncio.to_thread(redis.stop)
        await asyncio.sleep(GONE_SECONDS)
        await asyncio.to_thread(redis.start)

    async def round_() -> Outcome:
        return await under_load(pair, be_gone)

    await prove(f"Redis gone for {GONE_SECONDS} s", round_)
