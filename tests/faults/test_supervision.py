"""A part that must live dies: its worker ends, loudly, and gunicorn puts another in its place."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.load import under_load
from tests.faults.test_mechanisms import MESSAGES, two_workers
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

REPLACED_SECONDS = 60  # keeps the test from hanging


def is_replaced(before: set[int], after: set[int]) -> bool:
    """As many processes as before, and one of them is new."""
    return len(after) == len(before) and len(after - before) == 1


@pytest.mark.parametrize("part", ["writer", "relay"])
async def test_a_worker_ends_with_its_part_and_is_replaced(
    postgres: PostgresServer, redis: RedisServer, filled: str, part: str
) -> None:
    """Clients find the other worker, or the new one, and nothing is lost with it."""
    url = postgres.create_database(template=filled)
    with two_workers(f"the_{part}", url, redis.url, allow_traceback=True) as seeded:
        before = set(seeded.payam.pids())

        async def break_it() -> None:
            (Path(seeded.payam.settings["DATA_DIR"]) / "break").touch()

        outcome = await under_load(seeded, break_it, messages=5 * MESSAGES)
        assert not outcome.findings, str(outcome.findings)
        assert outcome.codes[1012] > 0
        async with asyncio.timeout(REPLACED_SECONDS):
            while not is_replaced(before, set(seeded.payam.pids())):
                await asyncio.sleep(0.05)
        log = seeded.payam.log()
        assert f"the {part} has died; this worker ends" in log
        assert f"the {part} cannot go on" in log
