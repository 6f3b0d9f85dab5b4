"""The relay over a real Redis: what arrives, what is lost in an outage, and what says so."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from chat.realtime.relay.redis_client import Patience
from tests.realtime.relays import HASTY, flushed, heard_of, running, two_nodes, until
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """One of this file's own, which may be stopped."""
    with RedisServer() as server:
        yield server


async def test_a_restart_is_reported_and_everything_is_subscribed_again(
    server: RedisServer,
) -> None:
    """News flows again, and each subscription is confirmed anew: there may be a gap."""
    async with two_nodes(server.url) as (here, there, heard):
        assert heard.interruptions == 1
        there.subscribe(3)
        there.unsubscribe(2)
        await until(lambda: 3 in heard.subscriptions)
        heard.subscriptions.clear()
        await asyncio.to_thread(server.stop)
        await until(lambda: not (here.is_connected or there.is_connected))
        there.subscribe(6)
        await asyncio.to_thread(server.start)
        await until(lambda: sorted(heard.subscriptions) == [1, 3, 6])
        assert heard.interruptions == 2
        here.publish(6, b"news", 1)
        await until(lambda: heard.news[6] == [b"news"])


async def test_what_could_not_be_published_becomes_a_position(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Once a conversation, with the highest number; announcements whole, passing things not.

    The publisher alone has an outage here: its user may not publish for a while.
    """
    with redis.Redis(port=server.port) as admin:
        admin.execute_command(
            "ACL", "SETUSER", "late", "on", ">pw", "~*", "&*", "+@all", "-publish"
        )
        async with (
            two_nodes(server.url) as (_, _, heard),
            running(f"redis://late:pw@127.0.0.1:{server.port}/0") as (late, _),
        ):
            for seq in range(1, 101):
                late.publish(1 + seq % 2, b"%d" % seq, seq)
            late.publish(1, b"typing", None)
            late.announce(b"revoked")
            await until(lambda: "Redis refuses PUBLISH on chat_" in caplog.text)
            assert not late.is_connected
            assert not heard.news
            admin.execute_command("ACL", "SETUSER", "late", "+publish")
            await flushed(late)
            await heard_of(late, heard, b"end")
            assert dict(heard.news) == {1: [b"as far as 100"], 2: [b"as far as 99"]}
            assert heard.announcements == [b"revoked", b"end"]


async def test_publishing_goes_on_after_an_outage(server: RedisServer) -> None:
    """Whatever became of what was published meanwhile, nothing stays behind for ever."""
    async with two_nodes(server.url) as (here, there, heard):
        await asyncio.to_thread(server.kill)
        for seq in range(1, 1000):
            here.publish(1, b"in vain", seq)
        await until(lambda: not (here.is_connected or there.is_connected))
        await asyncio.to_thread(server.start)
        await flushed(here)
        await until(lambda: there.is_connected and heard.subscriptions.count(1) == 2)
        here.publish(1, b"after", 1000)
        await until(lambda: b"after" in heard.news[1])


async def test_a_server_that_hangs_is_noticed_and_left(server: RedisServer) -> None:
    """Its connections stay open; only its silence gives it away."""
    async with two_nodes(server.url, patience=HASTY) as (here, there, heard):
        server.process.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: not (here.is_connected or there.is_connected))
        finally:
            server.process.send_signal(signal.SIGCONT)
        # Where the machine is busy, the server may seem to hang once more.
        await until(
            lambda: (
                heard.interruptions >= 2
                and all(heard.subscriptions.count(one) >= 2 for one in (1, 2))
            )
        )
        here.publish(1, b"news", 1)
        await until(lambda: b"news" in heard.news[1])


async def test_a_quiet_server_is_not_taken_for_one_that_hangs(server: RedisServer) -> None:
    """Silence of many times that length, with pings answered, is no interruption."""
    async with two_nodes(server.url, patience=Patience(silence=2.0)) as (here, there, heard):
        await asyncio.sleep(5)
        assert here.is_connected
        assert there.is_connected
        assert heard.interruptions == 1


LEAST = ("+subscribe", "+unsubscribe", "+publish", "+ping", "&chat_*")
"""The rights that README asks for."""


@contextmanager
def user_with(server: RedisServer, *rights: str) -> Iterator[str]:
    """The URL of a user who may do this and nothing else."""
    with redis.Redis(port=server.port) as admin:
        admin.execute_command("ACL", "SETUSER", "few", "reset", "on", ">pw", *rights)
        yield f"redis://few:pw@127.0.0.1:{server.port}/7"


async def test_the_least_rights_are_enough(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """For news of conversations, for announcements, and for a database that is not the first."""
    with user_with(server, *LEAST) as url:
        async with running(url) as (relay, heard):
            relay.subscribe(1)
            await until(lambda: relay.is_connected and heard.subscriptions == [1])
            relay.publish(1, b"news", 1)
            await heard_of(relay, heard, b"all of you")
            assert heard.news[1] == [b"news"]
            relay.unsubscribe(1)
            relay.subscribe(2)
            await until(lambda: heard.subscriptions == [1, 2])
    assert "refuses" not in caplog.text


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("-publish", "Redis refuses PUBLISH on chat_pulse_"),
        ("-subscribe", "Redis refuses SUBSCRIBE on chat_"),
    ],
)
async def test_who_may_not_all_is_not_connected(
    server: RedisServer, missing: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The line names the command, the channel and the rights; it comes once, until all is well."""
    with user_with(server, *LEAST, missing) as url:
        async with running(url, HASTY) as (relay, heard):
            await until(lambda: words in relay.trouble)
            for seq in range(1, 20):
                relay.publish(1, b"news", seq)
            await asyncio.sleep(0.5)
            assert not relay.is_connected
            assert caplog.text.count("Redis refuses") == 1
            assert "&chat_*" in caplog.text
            with user_with(server, *LEAST):
                await until(lambda: relay.is_connected)
            assert relay.trouble == ""
            assert heard.interruptions == 1


async def test_a_channel_that_is_refused_keeps_none_of_the_others(server: RedisServer) -> None:
    """They are heard, and published to, without a pause; the one is asked for again."""
    with user_with(server, *LEAST[:-1], "&chat_pulse_*", "&chat_everyone", "&chat_2") as url:
        async with running(url, HASTY) as (relay, heard), running(server.url) as (other, others):
            other.subscribe(1)
            for conversation in (1, 2):
                relay.subscribe(conversation)
            await until(lambda: heard.subscriptions == [2] and others.subscriptions == [1])
            await until(lambda: "chat_1" in relay.trouble)
            for seq in range(1, 101):
                relay.publish(1, b"refused", seq)
                relay.publish(2, b"%d" % seq, seq)
            await heard_of(relay, heard, b"end")
            assert heard.news[2] == [b"%d" % seq for seq in range(1, 101)]
            assert not relay.is_connected
            assert not others.news
            with user_with(server, *LEAST):
                await until(lambda: relay.is_connected)
                await until(lambda: others.news[1] == [b"as far as 100"])
            assert heard.subscriptions == [2, 1]
            assert heard.interruptions == 1
