"""What the fault tests share: the servers that they break, and the rounds."""

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.deployment import CONVERSATIONS, Seeded
from tests.faults.load import ROUNDS, Outcome
from tests.faults.report import Proof, Report
from tests.support.payam_server import PayamServer
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

REPORT = pytest.StashKey[Report]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORT] = Report()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table where FAULT_REPORT says."""
    path, report = os.environ.get("FAULT_REPORT"), session.config.stash[REPORT]
    if path and report:
        Path(path).write_text(report.markdown(), encoding="utf-8")


@pytest.fixture
def prove(request: pytest.FixtureRequest) -> Proof:
    """Proves one row of the report, which it names."""
    report = request.config.stash[REPORT]

    async def prove(row: str, round_: Callable[[], Awaitable[Outcome]]) -> list[Outcome]:
        outcomes = []
        for number in range(1, ROUNDS + 1):
            outcome = await round_()
            report.add(row, outcome)
            assert not outcome.findings, f"round {number} of {ROUNDS}:\n{outcome.findings}"
            outcomes.append(outcome)
        return outcomes

    return prove


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A cluster to be broken; who breaks it mends it."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis to be broken; who breaks it mends it."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def pair(postgres: PostgresServer, redis: RedisServer) -> Iterator[Seeded]:
    """Two workers on PostgreSQL and Redis, with 50 conversations of two.

    They ask soon whether a silent client is there.
    """
    more = {"WS_PING_INTERVAL": "1"}
    with serve(postgres.create_database(), redis.url, more=more) as seeded:
        yield seeded


@pytest.fixture(scope="session")
def embedded() -> Iterator[Seeded]:
    """One process on SQLite, with 50 conversations of two."""
    with PayamServer({"RATE_LIMITS": "off"}) as payam:
        seeded = Seeded(payam)
        seeded.fill()
        yield seeded


@contextmanager
def serve(
    database_url: str,
    redis_url: str,
    *,
    by: str | None = None,
    more: Mapping[str, str] | None = None,
    conversations: int = CONVERSATIONS,
) -> Iterator[Seeded]:
    """Two workers; `by` is the URL over which they reach the database, if another.

    `more` are further settings.
    """
    settings = {"RATE_LIMITS": "off", "DATABASE_URL": by or database_url, "REDIS_URL": redis_url}
    # What is broken on purpose may say so at length; the ledger is the judge here.
    payam = PayamServer({**settings, **(more or {})}, workers=2, allow_traceback=True)
    seeded = Seeded(payam, conversations, database_url=database_url)
    seeded.fill()
    with payam:
        yield seeded
