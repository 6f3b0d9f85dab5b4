"""What every relay does, over a Redis, over the master that Sentinels name, and over a cluster."""

import asyncio
from collections.abc import Iterator

import pytest

from chat.realtime.relay.redis_client import Patience
from tests.realtime.relays import (
    Backend,
    Heard,
    carried,
    flushed,
    relay_over,
    running,
    two_nodes,
    until,
)
from tests.support.redis_cluster import CALM_MS, RedisCluster
from tests.support.redis_sentinels import RedisSentinels
from tests.support.redis_server import RedisServer

CONVERSATIONS = range(1, 101)
"""Enough that every primary of a cluster has some of their channels."""
ELSEWHERE = 1000


@pytest.fixture(scope="module", params=["redis", "sentinels", "cluster"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The tests here break nothing."""
    if request.param == "redis":
        with RedisServer() as server:
            yield Backend(server.url, lambda _: server)
    elif request.param == "sentinels":
        with RedisSentinels() as sentinels:
            sentinels.calm()
            yield Backend(sentinels.url, lambda _: sentinels.master())
    else:
        with RedisCluster() as cluster:
            cluster.fail_after(CALM_MS)
            yield Backend(cluster.url, cluster.primary_of)


async def test_news_arrives_where_it_is_subscribed(backend: Backend) -> None:
    """In order, once, any bytes, in each of 100 conversations; elsewhere nothing."""
    sent = [b"\0\xff%d" % number for number in range(20)]
    async with two_nodes(backend.url, CONVERSATIONS) as (here, _, heard):
        for seq, payload in enumerate(sent, 1):
            for conversation in (*CONVERSATIONS, ELSEWHERE):
                here.publish(conversation, payload, seq)
        here.publish(1, b"passing", None)
        expected = {one: [*sent, b"passing"] if one == 1 else sent for one in CONVERSATIONS}
        await until(lambda: sum(map(len, heard.news.values())) >= 100 * 20 + 1)
        assert heard.news == expected
        assert heard.interruptions == 1


async def test_announcements_reach_every_node_and_their_own(backend: Backend) -> None:
    """Whatever it has subscribed to."""
    async with running(backend.url) as (here, mine), running(backend.url) as (there, theirs):
        await until(lambda: here.is_connected and there.is_connected)
        here.announce(b"all of you")
        await until(lambda: mine.announcements == theirs.announcements == [b"all of you"])


async def test_what_came_before_there_was_a_connection_waits(backend: Backend) -> None:
    """Subscriptions and messages both."""
    here, there, heard = relay_over(backend.url), relay_over(backend.url), Heard()
    there.subscribe(1)
    async with carried(there, heard):
        await until(lambda: heard.subscriptions == [1])
        assert not here.is_connected
        here.publish(1, b"early", 1)
        async with carried(here, Heard()):
            await until(lambda: heard.news[1] == [b"early"])


async def test_a_conversation_that_is_left_is_silent(backend: Backend) -> None:
    """The server counts no listener. Coming back is confirmed, since something may be missed."""
    async with two_nodes(backend.url, [1]) as (here, there, heard):
        assert backend.listeners(1) == 1
        there.unsubscribe(1)
        await until(lambda: backend.listeners(1) == 0)
        here.publish(1, b"missed", 1)
        await flushed(here)
        there.subscribe(1)
        await until(lambda: heard.subscriptions == [1, 1])
        here.publish(1, b"heard", 2)
        await until(lambda: heard.news[1] == [b"heard"])


async def test_coming_and_going_at_once_ends_as_the_last_word_says(backend: Backend) -> None:
    """Orders are carried out in the order in which they were given."""
    async with two_nodes(backend.url, [1, 2]) as (here, there, heard):
        for _ in range(50):
            there.unsubscribe(1)
            there.subscribe(1)
            there.subscribe(2)
            there.unsubscribe(2)
        await until(lambda: backend.listeners(2) == 0)
        await until(lambda: heard.subscriptions.count(1) == 51)
        for conversation in (2, 1):
            here.publish(conversation, b"news", 1)
        await until(lambda: heard.news[1] == [b"news"])
        assert backend.listeners(1) == 1
        assert not heard.news[2]


async def test_many_subscriptions_are_all_confirmed(backend: Backend) -> None:
    """Those asked for before there was a connection, too."""
    relay, heard = relay_over(backend.url), Heard()
    for conversation in range(1500):
        relay.subscribe(conversation)
    async with carried(relay, heard):
        for conversation in range(1500, 3000):
            relay.subscribe(conversation)
        await until(lambda: len(heard.subscriptions) >= 3000)
        assert sorted(heard.subscriptions) == list(range(3000))


async def test_it_stops_while_it_publishes(backend: Backend) -> None:
    """At whatever point of a write or a reply that finds it."""
    for round_ in range(40):
        async with running(backend.url) as (relay, _):
            await until(lambda: relay.is_connected)
            for seq in range(1, 10 + round_):
                for conversation in range(1, 7):
                    relay.publish(conversation, b"news", seq)
                await asyncio.sleep(0)


async def test_what_waits_is_bounded_and_the_oldest_becomes_a_point(backend: Backend) -> None:
    """However much is published while nobody takes it."""
    relay = relay_over(backend.url, Patience(outbox=10))
    for seq in range(1, 101):
        relay.publish(1, b"%d" % seq, seq)
    assert relay.backlog == 11
    async with running(backend.url) as (there, heard):
        there.subscribe(1)
        await until(lambda: heard.subscriptions == [1])
        async with carried(relay, Heard()):
            await until(lambda: b"100" in heard.news[1])
        assert heard.news[1] == [b"as far as 90", *(b"%d" % seq for seq in range(91, 101))]
