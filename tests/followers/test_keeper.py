"""The followers' process: one per deployment, back after a death, and gone with its server."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from chat.errors import Conflict
from chat.followers.keeper import LOCK
from chat.followers.lock import Lock
from chat.store import duties, followers, leases
from chat.store.database import Database
from tests.contract.test_search import say
from tests.store.world import conversation, opened, opened_index, pair, sent
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.postgres_server import PostgresServer
from tests.support.processes import is_running
from tests.support.redis_server import RedisServer

PATIENCE = 60.0
"""Seconds; only a test that fails waits so long."""
BEHIND = re.compile(r'^payam_follower_behind_conversations\{follower="search"\} ([\d.]+)$', re.M)
LACKS = """
    SELECT count(*) FROM conversations AS c
    LEFT JOIN positions AS p ON p.follower = 'search' AND p.conversation_id = c.id
    WHERE c.seq > coalesce(p.seq, 0)
"""


async def until(holds: Callable[[], bool]) -> None:
    give_up = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < give_up
        await asyncio.sleep(0.05)


async def has_all(database: Database) -> None:
    give_up = monotonic() + PATIENCE
    while await database.fetch(LACKS) != [(0,)]:
        assert monotonic() < give_up
        await asyncio.sleep(0.05)


async def begun(*servers: PayamServer) -> tuple[PayamServer, int]:
    """The server whose followers run, and their process."""
    await until(lambda: any(server.followers() for server in servers))
    (found,) = [(one, pid) for one in servers for pid in one.followers()]
    return found


async def behind(person: Person) -> float:
    """In how many conversations search is behind, as the metric says; -1 where it says nothing."""
    found = BEHIND.search((await person.http.get("/metrics")).text)
    return float(found[1]) if found else -1.0


@asynccontextmanager
async def talking(server: PayamServer) -> AsyncIterator[tuple[Person, int]]:
    async with People(server) as people:
        ali, sara = await people("ali"), await people("sara")
        yield ali, await ali.begin_conversation(sara)


async def test_the_followers_come_back_and_end_with_their_server() -> None:
    """After a kill; while they hang, the metric says so; none is left over, however it ends."""
    server = PayamServer({"RATE_LIMITS": "off"})
    url = f"sqlite:///{server.settings['DATA_DIR']}/payam.sqlite3"
    try:
        server.start()
        async with talking(server) as (ali, talk), opened_index(url) as index:
            _, first = await begun(server)
            await say(ali, talk, "one")
            await has_all(index)
            os.kill(first, signal.SIGKILL)
            await until(lambda: server.followers() not in ([], [first]))
            await say(ali, talk, "two")
            await has_all(index)
            (second,) = server.followers()
            os.kill(second, signal.SIGSTOP)
            await say(ali, talk, "three")
            while await behind(ali) != 1.0:
                await asyncio.sleep(0.05)
            os.kill(second, signal.SIGCONT)
            await has_all(index)
            while await behind(ali) != 0.0:
                await asyncio.sleep(0.05)
        server.stop()
        assert not is_running(second)
        server.start()
        _, third = await begun(server)
        os.kill(server.process.pid, signal.SIGKILL)  # it cannot end anything any more
        await until(lambda: not is_running(third))
        assert "the followers' process ended (-9); another one starts soon" in server.log()
    finally:
        server.kill()
        server.close()


async def test_two_servers_of_one_database_have_one(
    postgres_server: PostgresServer, migrated_template: str
) -> None:
    """When the server that has it stops, the other one's goes on."""
    url = postgres_server.create_database(template=migrated_template)
    with RedisServer() as relay:
        shared = {"RATE_LIMITS": "off", "DATABASE_URL": url, "REDIS_URL": relay.url}
        with PayamServer(shared) as one, PayamServer(shared) as other:
            holder, _ = await begun(one, other)
            rest = other if holder is one else one
            async with opened(url) as index, talking(rest) as (ali, talk):
                await say(ali, talk, "one")
                await has_all(index)
                assert rest.followers() == []
                holder.stop()
                await begun(rest)
                await say(ali, talk, "two")
                await has_all(index)


async def test_a_node_that_pushes_needs_no_followers_of_its_own(
    postgres_server: PostgresServer, migrated_template: str
) -> None:
    """Those of a node that pushes nothing note which devices must be looked at."""
    url = postgres_server.create_database(template=migrated_template)
    gateway = "http://127.0.0.1:9"
    phone = {"platform": "webhook", "url": gateway, "app_id": "a", "pushkey": "b"}
    with RedisServer() as relay:
        shared = {"DATABASE_URL": url, "REDIS_URL": relay.url, "PUSH_GATEWAYS": gateway}
        with PayamServer({**shared, "PUSH": "off"}) as first:
            await begun(first)
            with PayamServer(shared) as second:
                async with opened(url) as database, People(second) as people:
                    ali, sara = await people("ali"), await people("sara")
                    answer = await ali.http.post("/api/devices/", json=phone)
                    assert answer.status_code == 201, answer.text
                    await say(sara, await ali.begin_conversation(sara), "one")
                    give_up = monotonic() + PATIENCE
                    while not await database.fetch("SELECT 1 FROM notices"):
                        assert monotonic() < give_up
                        await asyncio.sleep(0.05)


async def test_a_duty_is_of_one_holder_until_it_ends(database: Database) -> None:
    """It is taken anew by its holder, left, or lost; others get it only then."""
    assert await duties.take(database, "followers", "one", 60.0)
    assert not await duties.take(database, "followers", "other", 60.0)
    assert await duties.take(database, "followers", "one", 0.0)  # it ends at once
    assert await duties.take(database, "followers", "other", 60.0)
    assert not await duties.take(database, "followers", "one", 60.0)
    await duties.leave(database, "followers", "one")  # whose it is not
    assert not await duties.take(database, "followers", "one", 60.0)
    await duties.leave(database, "followers", "other")
    assert await duties.take(database, "followers", "one", 60.0)


async def test_a_duty_is_kept_for_as_long_as_it_takes(database: Database) -> None:
    """It is taken anew before it ends, and left at the end."""
    async with duties.alone(database, "search rebuild", 3600.0):
        with pytest.raises(Conflict):
            await duties.alone(database, "search rebuild", 3600.0).__aenter__()
    async with duties.alone(database, "search rebuild", 0.4):
        first = await database.fetch("SELECT until FROM duties")
        async with asyncio.timeout(PATIENCE):
            while await database.fetch("SELECT until FROM duties") == first:
                await asyncio.sleep(0.02)
    assert await database.fetch("SELECT until FROM duties") == []


async def test_a_holder_that_died_here_is_followed_at_once(
    postgres_server: PostgresServer, migrated_template: str
) -> None:
    """Its duty would last for an hour, and so would what it was at work on."""
    url = postgres_server.create_database(template=migrated_template)
    server = PayamServer({"RATE_LIMITS": "off", "DATABASE_URL": url})
    data = Path(server.settings["DATA_DIR"])
    os.mkdir(data)
    lock = Lock(data / LOCK)
    try:
        async with opened(url) as database:
            talk, ali, _ = await pair(database)
            await followers.begin(database, "one", with_past=False)
            await sent(database, talk, ali)
            await followers.find(database, "one")
            of_dead = leases.Lease("one", leases.token_of("dead"), 3600.0)
            (position,) = await leases.lease(database, of_dead, 1)
            assert await duties.take(database, "followers", "dead", 3600.0)
            assert lock.take() is None
            lock.name("dead")
            server.start()
            another = leases.Lease("one", leases.token_of("another"), 60.0)
            assert await leases.lease(database, another, 1) == []
            lock.release()  # as the kernel does it, when the last process ends that has it
            await begun(server)
            while await leases.lease(database, another, 1) != [position]:
                await asyncio.sleep(0.05)
    finally:
        server.close()


@pytest.mark.parametrize("has_looked", [True, False])
async def test_how_far_it_is_behind_is_known_while_nobody_follows(
    database: Database, *, has_looked: bool
) -> None:
    """Whether somebody has looked for what changed, or nobody has since."""
    talk, ali, _ = await pair(database)
    await followers.begin(database, "one", with_past=False)
    assert await followers.lag(database, "one") == followers.Lag(0.0, 0)
    await sent(database, talk, ali)
    if has_looked:
        await followers.find(database, "one")
    lag = await followers.lag(database, "one")
    assert lag.conversations == 1
    assert lag.seconds > 0


async def test_followers_are_measured_together_as_they_are_alone(database: Database) -> None:
    """One has everything, one lacks something, one began since, and one does not exist."""
    talk, ali, _ = await pair(database)
    await followers.begin(database, "all", with_past=False)
    await followers.begin(database, "some", with_past=False)
    await sent(database, talk, ali)
    other = await conversation(database, ali)
    await sent(database, other, ali)
    for name in ("all", "some"):
        await followers.find(database, name)
    async with database.transaction() as transaction:
        await transaction.execute(
            "UPDATE positions SET due = NULL, seq = 1 WHERE follower = ?", ("all",)
        )
    await sent(database, other, ali)  # what nobody has looked for
    await followers.begin(database, "new", with_past=False)
    names = ["all", "some", "new", "none"]
    lags = await followers.lags(database, names)
    conversations = {name: lag.conversations for name, lag in lags.items()}
    assert conversations == {"all": 1, "some": 2, "new": 0}
    for name in names:
        assert (await followers.lag(database, name)).conversations == conversations.get(name, 0)
