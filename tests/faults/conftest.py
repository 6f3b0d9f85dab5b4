"""What the fault tests share: the servers that they break, and the rounds."""

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.deployment import CONVERSATIONS, FEW, USERS, Seeded
from tests.faults.load import ROUNDS, Outcome
from tests.faults.report import Proof, report
from tests.support.payam_server import PayamServer
from tests.support.postgres_server import PostgresServer
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer

REPORT = os.environ.get("FAULT_REPORT")
"""The page with a row for each fault, where there is to be one."""


@pytest.fixture
def prove() -> Proof:
    """Proves one row of the report, of clients on one kind of socket, or of a follower."""

    async def prove(
        row: str,
        socket: str,
        round_: Callable[[], Awaitable[Outcome]],
        rounds: int | None = None,
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        while len(outcomes) < (rounds or ROUNDS):
            outcomes.append(await round_())
            if REPORT:
                report(Path(REPORT), row, socket, outcomes)
            findings = outcomes[-1].findings
            assert not findings, f"{row}, round {len(outcomes)} of {rounds or ROUNDS}:\n{findings}"
        return outcomes

    return prove


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A cluster to be broken; who breaks it mends it."""
    with PostgresServer(fsync=True) as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis to be broken; who breaks it mends it."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def filled(postgres: PostgresServer) -> str:
    """The name of a database with a few conversations, to be copied."""
    payam = PayamServer({"DATABASE_URL": postgres.create_database("filled")})
    Seeded(payam, FEW).fill()
    payam.close()
    return "filled"


@pytest.fixture(scope="module")
def pair(postgres: PostgresServer, redis: RedisServer) -> Iterator[Seeded]:
    """Two workers on PostgreSQL and Redis, with 50 conversations of two, ten for each user.

    They ask soon whether a silent client is there.
    """
    more = {"WS_PING_INTERVAL": "1"}
    with serve(postgres.create_database(), redis.url, more=more) as seeded:
        yield seeded


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    """Three primaries, each with a replica, to be broken; who breaks them leaves them whole."""
    with RedisCluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def on_cluster(postgres: PostgresServer, cluster: RedisCluster) -> Iterator[Seeded]:
    """Two workers on PostgreSQL and the cluster, with 50 conversations of two."""
    with serve(postgres.create_database(), cluster.url) as seeded:
        yield seeded


@pytest.fixture(scope="module")
def embedded() -> Iterator[Seeded]:
    """One process on SQLite, with 50 conversations of two, ten for each user."""
    with PayamServer({"RATE_LIMITS": "off"}) as payam:
        seeded = Seeded(payam, users=USERS)
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
    users: int = USERS,
) -> Iterator[Seeded]:
    """Two workers; `by` is the URL over which they reach the database, if another.

    `more` are further settings.
    """
    settings = {"RATE_LIMITS": "off", "DATABASE_URL": by or database_url, "REDIS_URL": redis_url}
    payam = PayamServer({**settings, **(more or {})}, workers=2)
    seeded = Seeded(payam, conversations, users=users, database_url=database_url)
    seeded.fill()
    with payam:
        yield seeded
