"""Each mechanism matters: with it switched off, the ledger finds what it is there to prevent.

That the same faults do nothing while everything is on is what the other files prove. The
long form tries faults that are only here with everything on first.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from itertools import count
from typing import Any

import psycopg
import pytest
from redis import Redis

from tests.faults.aside import aside
from tests.faults.deployment import FEW, Seeded
from tests.faults.ledger import Findings
from tests.faults.load import (
    CONNECT_SECONDS,
    IN_DOUBT,
    IS_LONG,
    SOCKETS,
    TICK,
    Load,
    Outcome,
    under_load,
)
from tests.faults.proxy import FaultProxy, Way
from tests.support.payam_server import PayamServer
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

MESSAGES = 300
SETTLE_SECONDS = 1.5
"""What is lost for good does not come later."""
SHORTLY: dict[str, Any] = {"messages": MESSAGES, "settle_seconds": SETTLE_SECONDS}
SUBSCRIBED_SECONDS = 6
"""The same where subscriptions take four seconds, as in `slow_subscriptions`."""
LATE_SECONDS = 0.05
STORED_SECONDS = 4
"""Less than a change may take there: WRITE_TIMEOUT."""
TRIES = 10
"""Where a fault has to fall into a moment that cannot be seen from here."""


@pytest.fixture(params=SOCKETS if IS_LONG else SOCKETS[-1:])
def socket(request: pytest.FixtureRequest) -> str:
    """Where the clients connect: in the short form once for all conversations."""
    kind: str = request.param
    return kind


class CrippledServer(PayamServer):
    """A Payam without one of its mechanisms; with "" it is whole."""

    def __init__(
        self,
        without: str,
        settings: dict[str, str],
        *,
        workers: int = 1,
        allow_traceback: bool = False,
    ) -> None:
        more = {
            "WITHOUT": without,
            "RATE_LIMITS": "off",
            "WRITE_TIMEOUT": "5",
            "GRACEFUL_TIMEOUT": "4",
        }
        super().__init__({**more, **settings}, workers=workers, allow_traceback=allow_traceback)
        self.without = without

    def command(self) -> Sequence[str]:
        if not self.without:
            return super().command()
        if self.workers == 1:
            return [sys.executable, "-m", "tests.faults.crippled"]
        gunicorn = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"]
        return [*gunicorn, "tests.faults.crippled:app"]


@contextmanager
def embedded(without: str) -> Iterator[Seeded]:
    """One process on SQLite."""
    with ExitStack() as closing_last:
        payam = CrippledServer(without, {})
        closing_last.callback(payam.close)
        seeded = Seeded(payam, FEW)
        seeded.fill()
        if without == "looking_for_repeats":
            with closing(sqlite3.connect(seeded.sqlite_file)) as database:
                database.execute("DROP INDEX messages_client_id")
        payam.start()
        yield seeded


@contextmanager
def two_workers(
    without: str, url: str, redis_url: str, line_port: int = 0, *, allow_traceback: bool = False
) -> Iterator[Seeded]:
    """Two workers on PostgreSQL, which they reach at `line_port`, if given, and Redis."""
    real_port = url.rpartition(":")[2].partition("/")[0]
    by = url.replace(f":{real_port}/", f":{line_port}/") if line_port else url
    settings = {"DATABASE_URL": by, "REDIS_URL": redis_url, "DATABASE_POOL_SIZE": "2"}
    with CrippledServer(without, settings, workers=2, allow_traceback=allow_traceback) as payam:
        yield Seeded(payam, FEW, database_url=url)


async def tried(
    round_: Callable[[], Awaitable[Outcome]], sentences: Callable[[Findings], list[str]], words: str
) -> None:
    """Break it until one of these sentences has these words: not every fault hits what matters."""
    for _ in range(TRIES):
        findings = (await round_()).findings
        if has(sentences(findings), words):
            return
    raise AssertionError(str(findings))


def has(sentences: list[str], words: str) -> bool:
    return any(words in sentence for sentence in sentences)


def lost(findings: Findings) -> list[str]:
    return findings.lost


def doubled(findings: Findings) -> list[str]:
    return findings.doubled


async def test_without_reading_what_is_missing_messages_are_lost(
    postgres: PostgresServer, redis: RedisServer, filled: str, socket: str
) -> None:
    """Workers are cut off from the news for a moment, and what came then never comes."""

    async def cut() -> None:
        with closing(Redis.from_url(redis.url)) as admin:
            for _ in range(5):
                await asyncio.sleep(0.1)
                admin.client_kill_filter(_type="pubsub")

    url = postgres.create_database(template=filled)
    with two_workers("reading_what_is_missing", url, redis.url) as seeded:
        breaking = partial(under_load, seeded, cut, socket=socket)
        await tried(partial(breaking, **SHORTLY), lost, "never saw")


async def late_news(without: str, url: str, redis: RedisServer, socket: str) -> Findings:
    """Everybody talks while Redis is slow, so that hubs have read already what it brings."""
    async with FaultProxy(redis.port) as line:
        line.delay(LATE_SECONDS)
        late = redis.url.replace(f":{redis.port}/", f":{line.port}/")
        async with aside(two_workers(without, url, late)) as seeded:
            outcome = await under_load(
                seeded, nothing, socket=socket, messages=MESSAGES, settle_seconds=SETTLE_SECONDS
            )
    return outcome.findings


async def nothing() -> None:
    """The fault is there all the time."""


async def test_without_dropping_what_is_old_messages_are_doubled(
    postgres: PostgresServer, redis: RedisServer, filled: str, socket: str
) -> None:
    """What was read from the database comes by Redis as well."""
    url = postgres.create_database(template=filled)
    if IS_LONG:
        whole = await late_news("", url, redis, socket)
        assert not whole, str(whole)
    for _ in range(TRIES):
        crippled = await late_news("dropping_what_is_old", url, redis, socket)
        # An app of `/ws/` looks at each seq by itself.
        again = [*crippled.doubled, *(one for one in crippled.wrong if "after seq" in one)]
        if again:
            break
    assert again, str(crippled)


async def test_without_looking_for_repeats_messages_are_doubled(socket: str) -> None:
    """A client that lost its ack sends again."""
    with embedded("looking_for_repeats") as seeded:
        async with FaultProxy(seeded.payam.port) as line:

            async def cut() -> None:
                line.stall(Way.BACK)
                await asyncio.sleep(0.5)
                line.cut()
                line.resume()

            breaking = partial(under_load, seeded, cut, socket=socket, line=line)
            await tried(partial(breaking, **SHORTLY), doubled, "is stored as")


async def test_without_resuming_messages_are_lost() -> None:
    """What was said while a client of `/ws/chat/` was away does not come to it."""
    with embedded("resuming") as seeded:
        async with FaultProxy(seeded.payam.port) as line:

            async def cut() -> None:
                for _ in range(2):
                    await asyncio.sleep(0.2)
                    await line.refuse()
                    line.cut(0.5)
                    await asyncio.sleep(0.3)
                    await line.accept()

            breaking = partial(under_load, seeded, cut, line=line)
            await tried(partial(breaking, **SHORTLY), lost, "never saw")


async def test_without_committing_first_acked_messages_are_lost(socket: str) -> None:
    """An ack before the commit is a promise that a crash breaks."""
    with embedded("committing_first") as seeded:
        delays = count(0.7, 0.7)

        async def kill() -> None:
            await asyncio.sleep(next(delays))  # something is acked by then, sooner or later
            seeded.payam.kill()
            await asyncio.to_thread(seeded.payam.start)

        breaking = partial(under_load, seeded, kill, socket=socket, changes=False)
        await tried(partial(breaking, **SHORTLY), lost, "is not stored")


async def late_subscriptions(seeded: Seeded, socket: str) -> Findings:
    """Everybody returns, and says something before Redis knows that they listen again."""
    async with FaultProxy(seeded.payam.port) as line:
        load = Load(seeded, line, changes=False, socket=socket)
        async with load.running():
            before = [client.connections for client in load.clients]
            line.cut()
            async with asyncio.timeout(CONNECT_SECONDS):
                for client, times in zip(load.clients, before, strict=True):
                    await client.connected(times + 1)
            for client in load.clients:
                client.say()
            await load.settle(SUBSCRIBED_SECONDS)
        return load.outcome().findings


async def test_without_looking_after_subscribing_messages_are_lost(
    postgres: PostgresServer, redis: RedisServer, filled: str, socket: str
) -> None:
    """What came before the subscription was in force is found only by looking afterwards."""
    url = postgres.create_database(template=filled)
    if IS_LONG:
        with two_workers("slow_subscriptions", url, redis.url) as seeded:
            whole = await late_subscriptions(seeded, socket)
        assert not whole, str(whole)
    with two_workers("looking_after_subscribing", url, redis.url) as seeded:
        for _ in range(TRIES):
            crippled = await late_subscriptions(seeded, socket)
            if has(lost(crippled), "never saw"):
                break
    assert has(lost(crippled), "never saw"), str(crippled)


async def lost_answers(seeded: Seeded, line: FaultProxy, socket: str) -> Findings:
    """One of each two says something, which is stored, and the database's answer to that is lost.

    What is said later in the same conversation would show the others what they have missed.
    """
    load = Load(seeded, changes=False, socket=socket)
    async with load.running():
        for client in load.clients:  # a connection that was just used is used unasked
            client.say()
        async with asyncio.timeout(CONNECT_SECONDS):
            while any(client.unacked for client in load.clients):
                await asyncio.sleep(TICK)
        before = seeded.last_id()
        line.stall(Way.BACK)
        for client in load.clients[::2]:
            client.say()
        with suppress(TimeoutError):  # no connection was used just now
            async with asyncio.timeout(STORED_SECONDS):
                while await asyncio.to_thread(seeded.last_id) == before:
                    await asyncio.sleep(TICK)
        line.cut()
        line.resume()
        await load.settle(SETTLE_SECONDS)
    return load.outcome().findings


async def test_without_publishing_doubtful_commits_messages_are_lost(
    postgres: PostgresServer, redis: RedisServer, filled: str, socket: str
) -> None:
    """The retry finds it stored, and whoever stored it published nothing."""
    url = postgres.create_database(template=filled)
    async with FaultProxy(postgres.port) as line:
        if IS_LONG:
            async with aside(two_workers("", url, redis.url, line.port)) as seeded:
                whole = await lost_answers(seeded, line, socket)
                assert not whole, str(whole)
                assert IN_DOUBT in seeded.payam.log()
        without = "publishing_doubtful_commits"
        async with aside(two_workers(without, url, redis.url, line.port)) as seeded:
            for _ in range(TRIES):
                crippled = await lost_answers(seeded, line, socket)
                if has(lost(crippled), "never saw"):
                    break
            assert IN_DOUBT in seeded.payam.log()
    assert has(lost(crippled), "never saw"), str(crippled)


async def death_before_telling(seeded: Seeded, socket: str) -> Findings:
    """One of each two says something, and a worker dies when it has acked what it was sent."""
    load = Load(seeded, changes=False, socket=socket)
    async with load.running():
        for client in load.clients[::2]:
            client.say()
        await load.settle(SETTLE_SECONDS * 2)
    return load.outcome().findings


async def test_without_looking_now_and_then_messages_are_lost(
    postgres: PostgresServer, redis: RedisServer, filled: str, socket: str
) -> None:
    """Acked, stored, and nobody left to publish it: those on the other worker would wait."""
    url = postgres.create_database(template=filled)
    if IS_LONG:
        with two_workers("dying_before_it_tells", url, redis.url) as seeded:
            whole = await death_before_telling(seeded, socket)
        assert not whole, str(whole)
    for _ in range(TRIES):
        with two_workers("looking_now_and_then", url, redis.url) as seeded:
            crippled = await death_before_telling(seeded, socket)
        if has(lost(crippled), "never saw"):
            break
    assert has(lost(crippled), "never saw"), str(crippled)


async def test_without_locking_the_conversation_two_messages_have_one_number(
    postgres: PostgresServer, redis: RedisServer, filled: str, socket: str
) -> None:
    """Each worker numbers on from what the other has not committed yet.

    Its index would refuse the second, and with it a batch that is no fault of its senders.
    """
    url = postgres.create_database(template=filled)
    with psycopg.connect(url) as database:
        database.execute("DROP INDEX messages_sent")
    with two_workers("locking_the_conversation", url, redis.url) as seeded:
        breaking = partial(under_load, seeded, nothing, socket=socket, changes=False)
        await tried(partial(breaking, **SHORTLY), doubled, "is that of messages")
