"""PostgreSQL restarted, crashed, gone, cut off: what was acked is there, the rest comes again."""

import asyncio
import random
from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.faults.aside import aside
from tests.faults.conftest import serve
from tests.faults.deployment import Seeded
from tests.faults.load import IN_DOUBT, IS_LONG, Outcome, under_load
from tests.faults.proxy import FaultProxy, Way
from tests.faults.report import Proof
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

GONE_SECONDS = 10 if IS_LONG else 3
TIMES = 5 if IS_LONG else 2
WRITE_SECONDS = 2


async def test_a_restart_of_postgres_loses_nothing(
    pair: Seeded, postgres: PostgresServer, prove: Proof
) -> None:
    """Every connection ends in good order."""

    async def restart() -> None:
        for _ in range(TIMES):
            await asyncio.sleep(0.7)
            await asyncio.to_thread(postgres.stop)
            await asyncio.to_thread(postgres.start)

    async def round_() -> Outcome:
        return await under_load(pair, restart)

    await prove("PostgreSQL restarted", round_)


async def test_a_crash_of_postgres_loses_nothing(
    pair: Seeded, postgres: PostgresServer, prove: Proof
) -> None:
    """It recovers from its log what it had committed, and nothing else was acked."""

    async def crash() -> None:
        for _ in range(TIMES):
            await asyncio.sleep(0.7)
            await asyncio.to_thread(postgres.kill)
            await asyncio.to_thread(postgres.start)

    async def round_() -> Outcome:
        return await under_load(pair, crash)

    await prove("PostgreSQL killed", round_)


async def test_a_postgres_that_is_gone_for_a_while_loses_nothing(
    pair: Seeded, postgres: PostgresServer, prove: Proof
) -> None:
    """Changes wait, or are refused and sent again."""

    async def be_gone() -> None:
        await asyncio.sleep(0.5)
        await asyncio.to_thread(postgres.stop)
        await asyncio.sleep(GONE_SECONDS)
        await asyncio.to_thread(postgres.start)

    async def round_() -> Outcome:
        return await under_load(pair, be_gone)

    await prove(f"PostgreSQL gone for {GONE_SECONDS} s", round_)


async def test_backends_terminated_lose_nothing(
    pair: Seeded, postgres: PostgresServer, prove: Proof
) -> None:
    """Every backend at once, in the middle of whatever it does, again and again."""

    def terminate() -> None:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    async def terminate_all() -> None:
        for _ in range(TIMES * 4):
            await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - any moment
            await asyncio.to_thread(terminate)

    async def round_() -> Outcome:
        return await under_load(pair, terminate_all)

    await prove("every PostgreSQL backend terminated", round_)


@pytest.fixture
async def line(postgres: PostgresServer) -> AsyncIterator[FaultProxy]:
    """What the workers reach PostgreSQL over."""
    async with FaultProxy(postgres.port) as proxy:
        yield proxy


@pytest.fixture
async def apart(
    line: FaultProxy, postgres: PostgresServer, redis: RedisServer
) -> AsyncIterator[Seeded]:
    """Two workers whose way to PostgreSQL is the proxy, which lives in this loop."""
    url = postgres.create_database()
    serving = serve(
        url,
        redis.url,
        by=url.replace(f":{postgres.port}/", f":{line.port}/"),
        more={"WRITE_TIMEOUT": str(WRITE_SECONDS)},
    )
    async with aside(serving) as seeded:
        yield seeded
        line.resume()


async def test_connections_cut_in_the_midst_of_commits_lose_nothing(
    apart: Seeded, line: FaultProxy, prove: Proof
) -> None:
    """Whether a commit was stored is not known, and is found out by trying again."""

    async def cut() -> None:
        for _ in range(TIMES * 5):
            await asyncio.sleep(random.uniform(0.05, 0.4))  # noqa: S311 - any moment
            line.cut()

    async def round_() -> Outcome:
        return await under_load(apart, cut)

    await prove("connections to PostgreSQL cut", round_)
    assert IN_DOUBT in apart.payam.log()


async def test_a_postgres_that_hangs_loses_nothing(
    apart: Seeded, line: FaultProxy, prove: Proof
) -> None:
    """Answers do not come for longer than a change may wait, those of commits among them."""

    async def hang() -> None:
        await asyncio.sleep(0.7)
        line.stall(Way.BACK)
        await asyncio.sleep(WRITE_SECONDS + 2)
        line.resume()

    async def round_() -> Outcome:
        return await under_load(apart, hang)

    await prove("PostgreSQL's answers held back for longer than WRITE_TIMEOUT", round_)
    assert IN_DOUBT in apart.payam.log()
