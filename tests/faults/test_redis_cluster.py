"""A primary of Redis Cluster lost: its replica takes over, and no message is lost with it."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from tests.faults.conftest import serve
from tests.faults.deployment import Seeded
from tests.faults.load import Outcome, under_load
from tests.faults.report import Proof
from tests.support.postgres_server import PostgresServer
from tests.support.redis_cluster import ClusterNode, RedisCluster

EVERYONE = "chat_everyone"
HANGS_SECONDS = 8


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    """Three primaries of the file's own, each with a replica; a test leaves it whole."""
    with RedisCluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def on_cluster(postgres: PostgresServer, cluster: RedisCluster) -> Iterator[Seeded]:
    """Two workers on PostgreSQL and the cluster, with 50 conversations of two."""
    with serve(postgres.create_database(), cluster.url) as seeded:
        yield seeded


async def test_a_primary_killed_and_failed_over_loses_nothing(
    on_cluster: Seeded, cluster: RedisCluster, prove: Proof
) -> None:
    """Its replica is promoted, and it comes back as a replica; then the next primary."""

    async def kill_and_bring_back() -> None:
        carrier = await asyncio.to_thread(cluster.primary_of, EVERYONE)
        primaries = await asyncio.to_thread(cluster.primaries)
        other = next(node for node in primaries if node is not carrier)
        for victim in (carrier, other):
            await asyncio.sleep(0.7)
            await asyncio.to_thread(lose, cluster, victim)

    async def round_() -> Outcome:
        return await under_load(on_cluster, kill_and_bring_back)

    await prove("Redis Cluster: primary killed and failed over", round_)


async def test_a_primary_that_hangs_loses_nothing(
    on_cluster: Seeded, cluster: RedisCluster, prove: Proof
) -> None:
    """Its connections stay open, and nothing comes; awake again, it is a replica."""

    async def hang() -> None:
        victim = await asyncio.to_thread(cluster.primary_of, EVERYONE)
        await asyncio.sleep(0.5)
        os.kill(victim.process.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(HANGS_SECONDS)
        finally:
            os.kill(victim.process.pid, signal.SIGCONT)
        await asyncio.to_thread(cluster.wait_until_whole)
        await asyncio.to_thread(cluster.wait_for_replicas)

    async def round_() -> Outcome:
        return await under_load(on_cluster, hang)

    await prove("Redis Cluster: primary stopped by SIGSTOP for 8 s", round_)


def lose(cluster: RedisCluster, victim: ClusterNode) -> None:
    """Kill it, and bring it back once its replica has taken over."""
    victim.kill()
    cluster.wait_until_whole()
    victim.start()
    cluster.wait_for_replicas()
