"""A rolling restart: gunicorn replaces its workers, and tells clients when to come back."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from tests.faults.conftest import serve
from tests.faults.deployment import Seeded
from tests.faults.load import Outcome, under_load
from tests.faults.report import Proof
from tests.faults.test_workers import workers
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

SOCKETS = 500
REPLACED_SECONDS = 40


@pytest.fixture(scope="module")
def crowd(postgres: PostgresServer, redis: RedisServer) -> Iterator[Seeded]:
    """Two workers with people enough for 500 sockets."""
    with serve(postgres.create_database(), redis.url, conversations=SOCKETS // 2) as seeded:
        yield seeded


async def restart(seeded: Seeded) -> None:
    """Replace the workers, and wait until they are."""
    old = set(workers(seeded))
    os.kill(seeded.payam.process.pid, signal.SIGHUP)
    async with asyncio.timeout(REPLACED_SECONDS):
        while old & set(workers(seeded)):
            await asyncio.sleep(0.05)


async def test_a_rolling_restart_twice_in_a_row_loses_nothing(crowd: Seeded, prove: Proof) -> None:
    """Each of 500 sockets is sent away with 1012 and a delay, and finds all it missed."""

    async def restart_twice() -> None:
        for _ in range(2):
            await asyncio.sleep(1)
            await restart(crowd)

    async def round_() -> Outcome:
        return await under_load(crowd, restart_twice)

    outcomes = await prove("rolling restart with 500 sockets, twice in a row", round_)
    assert all(outcome.codes[1012] >= SOCKETS for outcome in outcomes)
