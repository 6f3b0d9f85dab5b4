"""The relay over a real Redis Cluster of three primaries, and what becomes of it in a fault."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

import pytest

from chat.realtime.relay.cluster_relay import ClusterRelay
from chat.realtime.relay.relay import RelayListener
from tests.support.ports import free_port
from tests.support.redis_cluster import ClusterNode, RedisCluster

CONVERSATIONS = range(1, 101)
"""Enough that every primary has some of their channels."""
WAIT_SECONDS = 30
LOOK_SECONDS = 0.01
EVERYONE = "chat_everyone"


class Told(RelayListener):
    """Keeps all that a relay tells."""

    def __init__(self) -> None:
        self.news: defaultdict[int, list[bytes]] = defaultdict(list)
        self.announcements: list[bytes] = []
        self.subscriptions: list[int] = []
        self.interruptions = 0

    def relayed(self, conversation_id: int, payload: bytes) -> None:
        self.news[conversation_id].append(payload)

    def progress(self, seq: int) -> bytes:
        return b"as far as %d" % seq

    def announced(self, payload: bytes) -> None:
        self.announcements.append(payload)

    def subscribed(self, conversation_ids: Sequence[int]) -> None:
        self.subscriptions += conversation_ids

    def interrupted(self) -> None:
        self.interruptions += 1


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    """One for all tests here; each leaves it whole."""
    with RedisCluster() as cluster:
        yield cluster


@asynccontextmanager
async def running(url: str) -> AsyncIterator[tuple[ClusterRelay, Told]]:
    relay, told = ClusterRelay(url), Told()
    task = asyncio.create_task(relay.run(told))
    try:
        yield relay, told
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=WAIT_SECONDS)
        assert task.cancelled(), "it does not stop"


@asynccontextmanager
async def two_nodes(
    cluster: RedisCluster,
) -> AsyncIterator[tuple[ClusterRelay, ClusterRelay, Told]]:
    """One that publishes and one that listens to every conversation, and what it is told."""
    async with running(cluster.url) as (here, _), running(cluster.url) as (there, told):
        for conversation in CONVERSATIONS:
            there.subscribe(conversation)
        await until(lambda: len(told.subscriptions) == len(CONVERSATIONS))
        await until(lambda: here.is_connected and there.is_connected)
        yield here, there, told


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not is_so():
            await asyncio.sleep(LOOK_SECONDS)


def channel(conversation: int) -> str:
    return f"chat_{conversation}"


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


async def test_news_arrives_through_every_primary(cluster: RedisCluster) -> None:
    """Once and in order in each of 100 conversations, whose channels are on all three."""
    assert all(of_primary(cluster, primary) for primary in cluster.primaries())
    sent = [b"%d" % number for number in range(20)]
    async with two_nodes(cluster) as (here, _, told):
        for number, payload in enumerate(sent):
            for conversation in CONVERSATIONS:
                here.publish(conversation, payload, number + 1)
        here.announce(b"the end")
        await here.flush()
        await until(lambda: len(told.announcements) == 1)
        await until(lambda: sum(map(len, told.news.values())) >= len(sent) * len(CONVERSATIONS))
        assert told.news == dict.fromkeys(CONVERSATIONS, sent)
        assert told.announcements == [b"the end"]
        assert sorted(told.subscriptions) == list(CONVERSATIONS)
        assert told.interruptions == 1


async def test_what_came_before_the_cluster_answered_is_not_lost(cluster: RedisCluster) -> None:
    """Subscriptions and messages wait for it, although the first server named is away."""
    address = f"127.0.0.1:{cluster.nodes[-1].port}"
    url = f"redis://127.0.0.1:{free_port()},{address}?cluster=true"
    async with running(cluster.url) as (there, told):
        there.subscribe(1)
        await until(lambda: told.subscriptions == [1])
        here = ClusterRelay(url)
        assert not here.is_connected
        here.publish(1, b"early", 1)
        task = asyncio.create_task(here.run(Told()))
        await here.flush()
        await until(lambda: told.news[1] == [b"early"])
        task.cancel()
        await asyncio.wait([task])


async def test_it_stops_while_it_publishes(cluster: RedisCluster) -> None:
    """At whatever point of a write or a reply that finds it."""
    for round_ in range(60):
        async with running(cluster.url) as (relay, _):
            await until(lambda: relay.is_connected)
            for seq in range(1, 10 + round_):
                for conversation in range(1, 7):
                    relay.publish(conversation, b"news", seq)
                await asyncio.sleep(0)


async def test_a_conversation_that_is_left_is_not_told_of(cluster: RedisCluster) -> None:
    """Its primary counts no subscriber any more; joining again brings news again."""
    home = cluster.primary_of(channel(1))

    def subscribers() -> int:
        return int(home.ask("PUBSUB", "SHARDNUMSUB", channel(1))[1])

    async with two_nodes(cluster) as (here, there, told):
        assert subscribers() == 1
        there.unsubscribe(1)
        await until(lambda: subscribers() == 0)
        there.subscribe(1)
        there.unsubscribe(1)
        there.subscribe(1)
        await until(lambda: told.subscriptions.count(1) == 3)
        assert subscribers() == 1
        here.publish(1, b"again", 1)
        await until(lambda: told.news[1] == [b"again"])


@pytest.mark.parametrize("carries_everyone", [True, False])
async def test_a_primary_killed_hands_over_to_its_replica(
    cluster: RedisCluster, carries_everyone: bool
) -> None:
    """Its channels are subscribed to anew, and told how far the conversations have come.

    Announcements made meanwhile arrive, or else there is a warning that some may not have.
    """
    carrier = cluster.primary_of(EVERYONE)
    victim = next(node for node in cluster.primaries() if (node is carrier) is carries_everyone)
    moved = of_primary(cluster, victim)
    async with two_nodes(cluster) as (here, there, told):
        told.subscriptions.clear()
        victim.kill()
        await until(lambda: not there.is_connected)
        for conversation in CONVERSATIONS:
            here.publish(conversation, b"meanwhile", 7)
        here.announce(b"revoked")
        await until(lambda: moved <= set(told.subscriptions))
        await until(lambda: here.is_connected and there.is_connected)
        await here.flush()
        await until(lambda: told.interruptions == 2 or b"revoked" in told.announcements)
        for conversation in CONVERSATIONS:
            here.publish(conversation, b"after", 8)
        await until(lambda: all(b"after" in told.news[one] for one in CONVERSATIONS))
        assert told.interruptions == (2 if carries_everyone else 1)
        for conversation, news in told.news.items():
            assert news[-1] == b"after"
            assert set(news[:-1]) <= {b"meanwhile", b"as far as 7"}
            # Told of what was published meanwhile, or that something may have been missed.
            assert len(news) > 1 or conversation in told.subscriptions
    await restore(cluster, victim)


async def test_a_primary_gone_without_a_replica_does_not_hold_up_the_others(
    cluster: RedisCluster,
) -> None:
    """Where the cluster serves what it can, so does the relay; the rest is told later."""
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
    async with two_nodes(cluster) as (here, there, told):
        replica.kill()
        victim.kill()
        await until(lambda: not there.is_connected)
        for conversation in CONVERSATIONS:
            here.publish(conversation, b"meanwhile", 7)
        await until(lambda: all(told.news[one] == [b"meanwhile"] for one in others))
        there.subscribe(min(others))
        await until(lambda: told.subscriptions.count(min(others)) == 2)
        assert not any(told.news[one] for one in moved)
        assert not there.is_connected
        told.subscriptions.clear()
        await restore(cluster, victim, replica)
        await until(lambda: moved <= set(told.subscriptions))
        await here.flush()
        for conversation in moved:
            here.publish(conversation, b"after", 8)
        await until(lambda: all(b"after" in told.news[one] for one in moved))
        assert set(told.subscriptions) == moved
    for node in cluster.nodes:
        node.ask("CONFIG", "SET", "cluster-require-full-coverage", "yes")


async def test_a_primary_that_steps_down_hands_over_to_its_replica(cluster: RedisCluster) -> None:
    """In a planned failover both live on; the channels follow."""
    old = cluster.primary_of(EVERYONE)
    moved = of_primary(cluster, old)
    replica = cluster.replica_of(old)
    async with two_nodes(cluster) as (here, there, told):
        told.subscriptions.clear()
        replica.ask("CLUSTER", "FAILOVER")
        await until(lambda: moved <= set(told.subscriptions))
        await until(lambda: here.is_connected and there.is_connected)
        for conversation in CONVERSATIONS:
            here.publish(conversation, b"after", 8)
        here.announce(b"revoked")
        await here.flush()
        await until(lambda: all(told.news[one] for one in CONVERSATIONS))
        await until(lambda: told.announcements == [b"revoked"])
        assert set(told.subscriptions) == moved
        assert told.interruptions == 2
    await restore(cluster)


async def test_a_slot_that_moves_takes_its_channel_along(cluster: RedisCluster) -> None:
    """Only this channel is subscribed to anew; who still publishes where it was is sent on."""
    source = cluster.primary_of(channel(1))
    target = next(node for node in cluster.primaries() if node is not source)
    async with two_nodes(cluster) as (here, there, told):
        told.subscriptions.clear()
        cluster.move_slot_of(channel(1), target)
        await until(lambda: told.subscriptions == [1])
        here.publish(1, b"to the old place", 7)
        await until(lambda: bool(told.news[1]))
        assert told.news[1] == [b"as far as 7"]
        here.publish(1, b"to the new place", 8)
        await until(lambda: told.news[1][1:] == [b"to the new place"])
        assert told.subscriptions == [1]
        assert there.is_connected
    await restore(cluster)


async def test_the_least_rights_are_enough_on_a_cluster(cluster: RedisCluster) -> None:
    """Those that docs/operations.md asks for, on each server."""
    rights = ["+ssubscribe", "+sunsubscribe", "+spublish", "+ping", "+cluster|slots"]
    for node in cluster.nodes:
        node.ask("ACL", "SETUSER", "few", "reset", "on", ">pw", "&chat_*", *rights)
    url = cluster.url.replace("redis://", "redis://few:pw@")
    async with running(url) as (relay, told):
        for conversation in CONVERSATIONS:
            relay.subscribe(conversation)
        await until(lambda: relay.is_connected and len(told.subscriptions) == len(CONVERSATIONS))
        for conversation in CONVERSATIONS:
            relay.publish(conversation, b"news", 1)
        await until(lambda: told.news == {key: [b"news"] for key in CONVERSATIONS})


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
