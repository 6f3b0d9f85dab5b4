"""Workers killed at random moments: gunicorn replaces them, and nobody notices but by a pause."""

import asyncio
import os
import random
import signal

from tests.faults.deployment import Seeded
from tests.faults.load import IS_LONG, Outcome, under_load
from tests.faults.report import Proof

KILLS = 6 if IS_LONG else 2


def workers(seeded: Seeded) -> list[int]:
    """The ids of the worker processes: all but gunicorn's master."""
    master = seeded.payam.process.pid
    return [pid for pid in seeded.payam.pids() if pid != master]


async def two_of(seeded: Seeded) -> list[int]:
    """The workers, once both are there."""
    async with asyncio.timeout(30):
        while len(found := workers(seeded)) < 2:
            await asyncio.sleep(0.05)
    return found


async def test_a_worker_killed_again_and_again_loses_nothing(pair: Seeded, prove: Proof) -> None:
    """One of the two, at random moments."""

    async def kill_some() -> None:
        for _ in range(KILLS):
            await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - any moment
            os.kill(random.choice(await two_of(pair)), signal.SIGKILL)  # noqa: S311

    async def round_() -> Outcome:
        return await under_load(pair, kill_some)

    outcomes = await prove("kill -9 of a worker, again and again", round_)
    assert all(outcome.reconnects > 0 for outcome in outcomes)


async def test_both_workers_killed_at_once_lose_nothing(pair: Seeded, prove: Proof) -> None:
    """For a while nobody serves at all."""

    async def kill_both() -> None:
        await asyncio.sleep(1)
        for pid in await two_of(pair):
            os.kill(pid, signal.SIGKILL)

    async def round_() -> Outcome:
        return await under_load(pair, kill_both)

    outcomes = await prove("kill -9 of both workers", round_)
    assert all(outcome.reconnects >= len(pair.conversations) for outcome in outcomes)
