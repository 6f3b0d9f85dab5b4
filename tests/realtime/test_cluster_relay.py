"""The relay over a real Redis Cluster of three primaries, and what becomes of it in a fault."""

import asyncio
from collections.abc import Iterator

import pytest

from chat.realtime import counting
from chat.realtime.counting import RedisCounts
from chat.realtime.relay.cluster_relay import ClusterRelay
from tests.realtime.relays import (
    EVERYONE,
    Heard,
    carried,
    channel,
    flushed,
    running,
    two_nodes,
    until,
)
from tests.support.ports import free_port
from tests.support.redis_cluster import CALM_MS, NODE_TIMEOUT_MS, ClusterNode, RedisCluster

CONVERSATIONS = range(1, 101)
"""Enough that every primary has some of their channels."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    """One for all tests here; each leaves it whole, and calm."""
    with RedisCluster() as cluster:
        cluster.fail_after(CALM_MS)
        yield cluster


def homes(cluster: RedisCluster) -> dict[int, ClusterNode]:
    """The primary of each conversation's channel."""
    return {
        conversation: cluster.primary_of(channel(conversation)) for conversation in CONVERSATIONS
    }


def of_primary(cluster: RedisCluster, primary: ClusterNode) -> set[int]:
    return {conversation for conversation, home in homes(cluster).items() if home is primary}


async def restore(cluster: RedisCluster, *nodes: ClusterNode) -> None:
    """Bring these back, and wait until the cluster is as it was, if not the same ones on top."""
    for node in nodes:
        await asyncio.to_thread(node.start)
    await asyncio.to_thread(cluster.wait_until_whole)
    await asyncio.to_thread(cluster.wait_for_replicas)
    cluster.fail_after(CALM_MS)


async def test_another_is_asked_where_the_first_is_away(cluster: RedisCluster) -> None:
    """Messages wait until one of the servers that REDIS_URL names has answered."""
    address = f"127.0.0.1:{cluster.nodes[-1].port}"
    url = f"redis://127.0.0.1:{free_port()},{address}?cluster=true"
    async with running(cluster.url) as (there, heard):
        there.subscribe(1)
        await until(lambda: heard.subscriptions == [1])
        here = ClusterRelay(url)
        assert not here.is_connected
        here.publish(1, b"early", 1)
        async with carried(here, Heard()):
            await until(lambda: heard.news[1] == [b"early"])


@pytest.mark.parametrize("carries_everyone", [True, False])
async def test_a_primary_killed_hands_over_to_its_replica(
    cluster: RedisCluster, carries_everyone: bool
) -> None:
    """Its channels are subscribed to anew, and get the positions of the conversations.

    Announcements made meanwhile arrive, or else there is a warning that some may not have.
    """
    carrier = cluster.primary_of(EVERYONE)
    victim = next(node for node in cluster.primaries() if (node is carrier) is carries_everyone)
    moved = of_primary(cluster, victim)
    async with two_nodes(cluster.url, CONVERSATIONS) as (here, there, heard):
        heard.subscriptions.clear()
        cluster.fail_after(NODE_TIMEOUT_MS)
        victim.kill()
        await until(lambda: not there.is_connected)
        for conversation in CONVERSATIONS:
            here.publish(conversation, b"meanwhile", 7)
        here.announce(b"revoked")
        await until(lambda: moved <= set(heard.subscriptions))
        await until(lambda: here.is_connected and there.is_connected)
        await flushed(here)
        await until(lambda: heard.interruptions == 2 or b"revoked" in heard.announcements)
        for conversation in CONVERSATIONS:
            here.publish(conversation, b"after", 8)
        await until(lambda: all(b"after" in heard.news[one] for one in CONVERSATIONS))
        assert heard.interruptions == (2 if carries_everyone else 1)
        for conversation, news in heard.news.items():
            assert news[-1] == b"after"
            assert set(news[:-1]) <= {b"meanwhile", b"as far as 7"}
            # It heard what was published meanwhile, or that something may have been missed.
            assert len(news) > 1 or conversation in heard.subscriptions
    await restore(cluster, victim)


async def test_a_primary_gone_without_a_replica_does_not_hold_up_the_others(
    cluster: RedisCluster,
) -> None:
    """Where the cluster serves what it can, so does the relay; the rest is published later."""
    victim = cluster.primaries()[0]
    moved = of_primary(cluster, victim)
    others = set(CONVERSATIONS) - moved
    replica = next(
        node
        for node in cluster.nodes
        if node.ask("ROLE")[:3] == ["slave", "127.0.0.1", victim.port]
    )
    for node in cluster.nodes:
        node.ask("CONFIG", "SET", "cluster-require-full-coverage", "no")
    async with two_nodes(cluster.url, CONVERSATIONS) as (here, there, heard):
        replica.kill()
        victim.kill()
        await until(lambda: not there.is_connected)
        for conversation in CONVERSATIONS:
            here.publish(conversation, b"meanwhile", 7)
        await until(lambda: all(heard.news[one] == [b"meanwhile"] for one in others))
        there.subscribe(min(others))
        await until(lambda: heard.subscriptions.count(min(others)) == 2)
        assert not any(heard.news[one] for one in moved)
        assert not there.is_connected
        heard.subscriptions.clear()
        await restore(cluster, victim, replica)
        await until(lambda: moved <= set(heard.subscriptions))
        await flushed(here)
        for conversation in moved:
            here.publish(conversation, b"after", 8)
        await until(lambda: all(b"after" in heard.news[one] for one in moved))
        assert set(heard.subscriptions) == moved
    for node in cluster.nodes:
        node.ask("CONFIG", "SET", "cluster-require-full-coverage", "yes")


async def test_a_primary_that_steps_down_hands_over_to_its_replica(cluster: RedisCluster) -> None:
    """In a planned failover both live on; the channels follow."""
    old = cluster.primary_of(EVERYONE)
    moved = of_primary(cluster, old)
    replica = cluster.replica_of(old)
    async with two_nodes(cluster.url, CONVERSATIONS) as (here, there, heard):
        heard.subscriptions.clear()
        replica.ask("CLUSTER", "FAILOVER")
        await until(lambda: moved <= set(heard.subscriptions))
        await until(lambda: here.is_connected and there.is_connected)
        for conversation in CONVERSATIONS:
            here.publish(conversation, b"after", 8)
        here.announce(b"revoked")
        await flushed(here)
        await until(lambda: all(heard.news[one] for one in CONVERSATIONS))
        await until(lambda: heard.announcements == [b"revoked"])
        assert set(heard.subscriptions) == moved
        assert heard.interruptions == 2
    await restore(cluster)


async def test_a_slot_that_moves_takes_its_channel_along(cluster: RedisCluster) -> None:
    """Only this channel is subscribed to anew; who still publishes where it was is sent on."""
    source = cluster.primary_of(channel(1))
    target = next(node for node in cluster.primaries() if node is not source)
    async with two_nodes(cluster.url, CONVERSATIONS) as (here, there, heard):
        heard.subscriptions.clear()
        cluster.move_slot_of(channel(1), target)
        await until(lambda: heard.subscriptions == [1])
        here.publish(1, b"to the old place", 7)
        await until(lambda: bool(heard.news[1]))
        assert heard.news[1] == [b"as far as 7"]
        here.publish(1, b"to the new place", 8)
        await until(lambda: heard.news[1][1:] == [b"to the new place"])
        assert heard.subscriptions == [1]
        assert there.is_connected
    await restore(cluster)


async def test_the_least_rights_are_enough_on_a_cluster(cluster: RedisCluster) -> None:
    """Those that docs/operations.md asks for, on each server."""
    rights = ["+ssubscribe", "+sunsubscribe", "+spublish", "+ping", "+cluster|slots"]
    for node in cluster.nodes:
        node.ask("ACL", "SETUSER", "few", "reset", "on", ">pw", "&chat_*", *rights)
    url = cluster.url.replace("redis://", "redis://few:pw@")
    async with running(url) as (relay, heard):
        for conversation in CONVERSATIONS:
            relay.subscribe(conversation)
        await until(lambda: relay.is_connected and len(heard.subscriptions) == len(CONVERSATIONS))
        for conversation in CONVERSATIONS:
            relay.publish(conversation, b"news", 1)
        await until(lambda: heard.news == {key: [b"news"] for key in CONVERSATIONS})


async def test_who_may_not_publish_on_one_primary_is_not_connected(cluster: RedisCluster) -> None:
    """Whatever the others allow."""
    for node in cluster.nodes:
        node.ask("ACL", "SETUSER", "deaf", "reset", "on", ">pw", "&chat_*", "+@all")
    first = cluster.primaries()[0]
    first.ask("ACL", "SETUSER", "deaf", "-spublish")
    async with running(cluster.url.replace("redis://", "redis://deaf:pw@")) as (relay, _):
        await until(lambda: "Redis refuses SPUBLISH on chat_pulse_" in relay.trouble)
        assert not relay.is_connected
        first.ask("ACL", "SETUSER", "deaf", "+spublish")
        await until(lambda: relay.is_connected)


async def test_nodes_count_together_on_a_cluster(
    cluster: RedisCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the limits count is kept on whichever server has its slot."""
    monkeypatch.setattr(counting, "SECONDS", 60.0)  # of a cluster that answers, if late
    one, two = (RedisCounts(cluster.url) for _ in range(2))
    for caller in ("ali", "sara", "reza"):
        assert await one.hit("passwords", caller, 1, 600) is None
        assert await two.hit("passwords", caller, 1, 600) is not None
    for counts in (one, two):
        await counts.close()
