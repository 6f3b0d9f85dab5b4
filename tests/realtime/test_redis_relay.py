"""The relay over a real Redis: what arrives, what is lost in an outage, and what says so."""

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import pytest
import redis

from chat.realtime.relay import redis_client, redis_outbox, redis_reader
from chat.realtime.relay.redis_relay import RedisRelay
from chat.realtime.relay.relay import RelayListener
from tests.support.redis_server import RedisServer

WAIT_SECONDS = 30
LOOK_SECONDS = 0.005


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
def server() -> Iterator[RedisServer]:
    """One of this file's own, which may be stopped."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that hangs is found out sooner."""
    for module in (redis_client, redis_outbox, redis_reader):
        monkeypatch.setattr(module, "PATIENCE", 0.2)


@asynccontextmanager
async def running(url: str) -> AsyncIterator[tuple[RedisRelay, Told]]:
    relay, told = RedisRelay(url), Told()
    task = asyncio.create_task(relay.run(told))
    try:
        yield relay, told
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()


@asynccontextmanager
async def two_nodes(server: RedisServer) -> AsyncIterator[tuple[RedisRelay, RedisRelay, Told]]:
    """One that publishes, one that listens to conversations 1 and 2, and what it is told."""
    async with running(server.url) as (here, _), running(server.url) as (there, told):
        for conversation in (1, 2):
            there.subscribe(conversation)
        await until(lambda: sorted(told.subscriptions) == [1, 2])
        await until(lambda: here.is_connected and there.is_connected)
        yield here, there, told


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not is_so():
            await asyncio.sleep(LOOK_SECONDS)


async def heard_of(relay: RedisRelay, told: Told, word: bytes) -> None:
    """Everything published before is there: news has one order."""
    relay.announce(word)
    await until(lambda: word in told.announcements)


async def test_news_of_a_conversation_arrives_where_it_is_subscribed(server: RedisServer) -> None:
    """In order, once, any bytes; elsewhere nothing."""
    async with two_nodes(server) as (here, _, told):
        sent = [b"\0\xff%d" % n for n in range(1200)]
        for seq, payload in enumerate(sent, 1):
            here.publish(1, payload, seq)
            here.publish(3, payload, seq)
        here.publish(2, b"passing", None)
        await heard_of(here, told, b"end")
        assert dict(told.news) == {1: sent, 2: [b"passing"]}


async def test_announcements_reach_every_node_and_their_own(server: RedisServer) -> None:
    """Whatever it has subscribed to."""
    async with running(server.url) as (here, mine), running(server.url) as (there, theirs):
        await until(lambda: here.is_connected and there.is_connected)
        here.announce(b"all of you")
        await until(lambda: mine.announcements == theirs.announcements == [b"all of you"])


async def test_a_conversation_that_is_left_is_not_told_of(server: RedisServer) -> None:
    """Coming back is confirmed anew, since something may have been missed."""
    async with two_nodes(server) as (here, there, told):
        there.unsubscribe(1)
        there.subscribe(4)
        await until(lambda: 4 in told.subscriptions)
        here.publish(1, b"missed", 1)
        await heard_of(here, told, b"first")
        there.subscribe(1)
        await until(lambda: told.subscriptions.count(1) == 2)
        here.publish(1, b"heard", 2)
        await heard_of(here, told, b"second")
        assert told.news[1] == [b"heard"]


async def test_coming_and_going_at_once_ends_as_the_last_word_says(server: RedisServer) -> None:
    """Orders are carried out in the order in which they were given."""
    async with two_nodes(server) as (here, there, told):
        for _ in range(50):
            there.unsubscribe(1)
            there.subscribe(1)
            there.subscribe(2)
            there.unsubscribe(2)
        there.subscribe(5)
        await until(lambda: 5 in told.subscriptions)
        for conversation in (1, 2):
            here.publish(conversation, b"news", 1)
        await heard_of(here, told, b"end")
        assert dict(told.news) == {1: [b"news"]}


async def test_many_subscriptions_are_all_confirmed(server: RedisServer) -> None:
    """Those asked for before there was a connection, too."""
    async with running(server.url) as (relay, told):
        for conversation in range(3000):
            relay.subscribe(conversation)
        await until(lambda: set(told.subscriptions) == set(range(3000)))


async def test_a_restart_is_told_and_everything_is_subscribed_again(server: RedisServer) -> None:
    """News flows again, and each subscription is confirmed anew: there may be a gap."""
    async with two_nodes(server) as (here, there, told):
        assert told.interruptions == 1
        there.subscribe(3)
        there.unsubscribe(2)
        await until(lambda: 3 in told.subscriptions)
        told.subscriptions.clear()
        await asyncio.to_thread(server.stop)
        await until(lambda: not (here.is_connected or there.is_connected))
        there.subscribe(6)
        await asyncio.to_thread(server.start)
        await until(lambda: sorted(told.subscriptions) == [1, 3, 6])
        assert told.interruptions == 2
        here.publish(6, b"news", 1)
        await until(lambda: told.news[6] == [b"news"])


async def test_what_could_not_be_published_is_told_as_a_point_reached(
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
            two_nodes(server) as (_, _, told),
            running(f"redis://late:pw@127.0.0.1:{server.port}/0") as (late, _),
        ):
            for seq in range(1, 101):
                late.publish(1 + seq % 2, b"%d" % seq, seq)
            late.publish(1, b"typing", None)
            late.announce(b"revoked")
            await until(lambda: "Redis refuses PUBLISH on chat_" in caplog.text)
            assert not late.is_connected
            assert not told.news
            admin.execute_command("ACL", "SETUSER", "late", "+publish")
            async with asyncio.timeout(WAIT_SECONDS):
                await late.flush()
            await heard_of(late, told, b"end")
            assert dict(told.news) == {1: [b"as far as 100"], 2: [b"as far as 99"]}
            assert told.announcements == [b"revoked", b"end"]


async def test_publishing_goes_on_after_an_outage(server: RedisServer) -> None:
    """Whatever became of what was published meanwhile, nothing stays behind for ever."""
    async with two_nodes(server) as (here, there, told):
        await asyncio.to_thread(server.kill)
        for seq in range(1, 1000):
            here.publish(1, b"in vain", seq)
        await until(lambda: not (here.is_connected or there.is_connected))
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(WAIT_SECONDS):
            await here.flush()
        await until(lambda: there.is_connected and told.subscriptions.count(1) == 2)
        here.publish(1, b"after", 1000)
        await until(lambda: b"after" in told.news[1])


@pytest.mark.usefixtures("hasty")
async def test_a_server_that_hangs_is_noticed_and_left(server: RedisServer) -> None:
    """Its connections stay open; only its silence gives it away."""
    async with two_nodes(server) as (here, there, told):
        server.process.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: not (here.is_connected or there.is_connected))
        finally:
            server.process.send_signal(signal.SIGCONT)
        await until(lambda: told.interruptions == 2 and sorted(told.subscriptions) == [1, 1, 2, 2])
        here.publish(1, b"news", 1)
        await until(lambda: b"news" in told.news[1])


@pytest.mark.usefixtures("hasty")
async def test_a_quiet_server_is_not_taken_for_one_that_hangs(server: RedisServer) -> None:
    """Silence of many times that length, with pings answered, is no interruption."""
    async with two_nodes(server) as (here, there, told):
        await asyncio.sleep(1.5)
        assert here.is_connected
        assert there.is_connected
        assert told.interruptions == 1


async def test_what_waits_is_bounded_and_the_oldest_is_told_as_a_point(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is published while nobody takes it."""
    monkeypatch.setattr(redis_outbox, "OUTBOX_MAX", 10)
    relay, own = RedisRelay(server.url), Told()
    for seq in range(1, 101):
        relay.publish(1, b"%d" % seq, seq)
    async with running(server.url) as (there, told):
        there.subscribe(1)
        await until(lambda: told.subscriptions == [1])
        task = asyncio.create_task(relay.run(own))
        await until(lambda: b"100" in told.news[1])
        assert told.news[1] == [b"as far as 90", *(b"%d" % seq for seq in range(91, 101))]
        task.cancel()
        await asyncio.wait([task])


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
        async with running(url) as (relay, told):
            relay.subscribe(1)
            await until(lambda: relay.is_connected and told.subscriptions == [1])
            relay.publish(1, b"news", 1)
            await heard_of(relay, told, b"all of you")
            assert told.news[1] == [b"news"]
            relay.unsubscribe(1)
            relay.subscribe(2)
            await until(lambda: told.subscriptions == [1, 2])
    assert "refuses" not in caplog.text


@pytest.mark.usefixtures("hasty")
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
        async with running(url) as (relay, told):
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
            assert told.interruptions == 1


@pytest.mark.usefixtures("hasty")
async def test_a_channel_that_is_refused_keeps_none_of_the_others(server: RedisServer) -> None:
    """They are heard, and published to, without a pause; the one is asked for again."""
    with user_with(server, *LEAST[:-1], "&chat_pulse_*", "&chat_everyone", "&chat_2") as url:
        async with running(url) as (relay, told), running(server.url) as (other, heard):
            other.subscribe(1)
            for conversation in (1, 2):
                relay.subscribe(conversation)
            await until(lambda: told.subscriptions == [2] and heard.subscriptions == [1])
            await until(lambda: "chat_1" in relay.trouble)
            for seq in range(1, 101):
                relay.publish(1, b"refused", seq)
                relay.publish(2, b"%d" % seq, seq)
            await heard_of(relay, told, b"end")
            assert told.news[2] == [b"%d" % seq for seq in range(1, 101)]
            assert not relay.is_connected
            assert not heard.news
            with user_with(server, *LEAST):
                await until(lambda: relay.is_connected)
                await until(lambda: heard.news[1] == [b"as far as 100"])
            assert told.subscriptions == [2, 1]
            assert told.interruptions == 1
