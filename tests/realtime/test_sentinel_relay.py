"""The relay over a master that real Sentinels name, and what becomes of it in a failover."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from chat.realtime.relay.redis_client import Patience
from chat.realtime.relay.redis_relay import RedisRelay
from tests.realtime.relays import EVERYONE, heard_of, running, until
from tests.support.ports import free_port
from tests.support.redis_sentinels import NAME, RedisSentinels, Watched


@pytest.fixture
def sentinels() -> Iterator[RedisSentinels]:
    """For one test: a failover leaves others than it found."""
    with RedisSentinels() as sentinels:
        yield sentinels


@pytest.fixture(scope="module")
def watchful() -> Iterator[RedisSentinels]:
    """For the tests that leave the master as it is."""
    with RedisSentinels() as sentinels:
        sentinels.calm()
        yield sentinels


async def test_news_goes_on_after_a_failover(sentinels: RedisSentinels) -> None:
    """Both nodes find the new master, subscribe there anew, and say that there may be a gap."""
    async with running(sentinels.url) as (here, _), running(sentinels.url) as (there, heard):
        there.subscribe(1)
        await until(lambda: here.is_connected and there.is_connected and heard.subscriptions == [1])
        here.publish(1, b"before", 1)
        await until(lambda: heard.news[1] == [b"before"])
        old = sentinels.master()
        await asyncio.to_thread(old.kill)
        await until(lambda: not (here.is_connected or there.is_connected))
        here.publish(1, b"meanwhile", 2)
        await until(lambda: here.is_connected and there.is_connected)
        assert sentinels.master() is not old
        here.publish(1, b"after", 3)
        await heard_of(here, heard, b"end")
        assert heard.news[1][-1] == b"after"
        # Where the machine is busy, the Sentinels may change the master once more.
        assert heard.interruptions >= 2
        assert heard.subscriptions.count(1) >= 2


async def test_a_master_that_hangs_is_left(sentinels: RedisSentinels) -> None:
    """It still has its connections; the Sentinels have another by then."""
    async with running(sentinels.url) as (relay, heard):
        await until(lambda: relay.is_connected)
        old = sentinels.master()
        old.process.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: heard.interruptions >= 2 and relay.is_connected)
            assert sentinels.master() is not old
        finally:
            old.process.send_signal(signal.SIGCONT)


async def test_a_master_that_is_made_a_replica_is_left(sentinels: RedisSentinels) -> None:
    """Nothing is broken: an operator has asked for another."""
    async with running(sentinels.url) as (here, _), running(sentinels.url) as (there, heard):
        await until(lambda: here.is_connected and there.is_connected)
        sentinels.sentinels[0].ask("SENTINEL", "FAILOVER", NAME)
        await until(lambda: heard.interruptions >= 2)
        await until(lambda: here.is_connected and there.is_connected)
        await heard_of(here, heard, b"end")
        new = sentinels.master()
        assert new is not sentinels.servers[0]
        assert subscribers(new) == 2


async def test_another_master_is_followed_though_the_old_one_lives(
    sentinels: RedisSentinels,
) -> None:
    """As on the two sides of a broken network: no connection breaks, and both take news."""
    often = Patience(patrol=0.1)
    with Watched() as other:
        async with (
            running(sentinels.url, often) as (here, _),
            running(sentinels.url, often) as (there, heard),
        ):
            await until(lambda: here.is_connected and there.is_connected)
            for sentinel in sentinels.sentinels:
                sentinel.ask("SENTINEL", "REMOVE", NAME)
                sentinel.ask("SENTINEL", "MONITOR", NAME, "127.0.0.1", str(other.port), "2")
            await until(lambda: heard.interruptions >= 2)
            await until(lambda: here.is_connected and there.is_connected)
            await heard_of(here, heard, b"end")
            assert subscribers(other) == 2


def subscribers(server: Watched) -> int:
    _, count = server.ask("PUBSUB", "NUMSUB", EVERYONE)
    return int(count)


async def test_sentinels_that_are_away_are_passed_over(watchful: RedisSentinels) -> None:
    """One that hangs too: the next is asked."""
    hanging = watchful.sentinels[0]
    hanging.process.send_signal(signal.SIGSTOP)
    try:
        url = f"redis+sentinel://:p%40ss%3Aword%2F@127.0.0.1:{free_port()},{watchful.hosts}/{NAME}"
        async with running(url) as (relay, _):
            await until(lambda: relay.is_connected)
    finally:
        hanging.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    ("user", "name", "words"),
    [
        ("", NAME, "Authentication required"),
        (":wrong@", NAME, "invalid username-password pair"),
        (":p%40ss%3Aword%2F@", "another", "knows no master of this name"),
    ],
)
async def test_what_is_wrong_is_said_at_once(
    watchful: RedisSentinels, user: str, name: str, words: str
) -> None:
    """A password, or the master's name."""
    async with running(f"redis+sentinel://{user}{watchful.hosts}/{name}") as (relay, _):
        await until(lambda: words in relay.trouble)
        assert not relay.is_connected


async def test_the_address_of_a_sentinel_alone_is_not_that_of_a_redis(
    watchful: RedisSentinels, caplog: pytest.LogCaptureFixture
) -> None:
    """It lets one listen, and not publish."""
    port = watchful.sentinels[0].port
    async with running(f"redis://127.0.0.1:{port}/0") as (relay, _):
        await until(lambda: "REDIS_URL names a Sentinel" in caplog.text)
        assert not relay.is_connected


def test_a_relay_by_sentinels_is_one_for_several_processes() -> None:
    """As every relay over Redis."""
    assert RedisRelay("redis+sentinel://127.0.0.1/mymaster").has_others
