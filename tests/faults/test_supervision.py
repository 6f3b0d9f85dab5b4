"""A part that must live dies: its worker ends, loudly, and gunicorn puts another in its place."""

import pytest

from tests.faults.load import under_load
from tests.faults.test_mechanisms import MESSAGES, nothing, two_workers
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer


@pytest.mark.parametrize("part", ["writer", "relay"])
async def test_a_worker_ends_with_its_part_and_is_replaced(
    postgres: PostgresServer, redis: RedisServer, filled: str, part: str
) -> None:
    """Clients find the other worker, or the new one, and nothing is lost with it."""
    url = postgres.create_database(template=filled)
    with two_workers(f"the_{part}", url, redis.url, allow_traceback=True) as seeded:
        before = set(seeded.payam.pids())
        outcome = await under_load(seeded, nothing, messages=5 * MESSAGES)
        after = set(seeded.payam.pids())
        assert not outcome.findings, str(outcome.findings)
        assert outcome.codes[1012] > 0
        assert len(after) == len(before)
        assert len(after - before) == 1
        log = seeded.payam.log()
        assert f"the {part} has died; this worker ends" in log
        assert f"the {part} cannot go on" in log
