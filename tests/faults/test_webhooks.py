"""What breaks while webhooks are sent: all comes, in order, one at a time per conversation."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Sequence
from time import monotonic

from chat.store.database import Database
from tests.followers.webhook_world import added, seqs
from tests.store.world import conversation, draft, opened, user
from tests.support.payam_server import PayamServer
from tests.support.postgres_server import PostgresServer
from tests.support.receiver import Received, Receiver, answer
from tests.support.redis_server import RedisServer

TALKS = 40
EACH = 15
PATIENCE = 90.0
"""Seconds; only a test that fails waits so long."""


class Watching:
    """A receiver's behaviour that is slow, and notices two requests at once for a conversation."""

    def __init__(self) -> None:
        self.open: Counter[int] = Counter()
        self.most = 0

    async def __call__(self, received: Received) -> bytes:
        talks = {change["data"]["conversation"] for change in received.changes}
        self.open.update(talks)
        self.most = max(self.most, *self.open.values())
        try:
            await asyncio.sleep(0.02)
        finally:
            self.open.subtract(talks)
        return answer(204)


async def say(database: Database, talks: Sequence[int], sender_id: int) -> None:
    for _ in range(EACH):
        await database.store_sends([draft(talk, sender_id, "خبر") for talk in talks])


async def until_all(receiver: Receiver, talks: Sequence[int], last: int) -> None:
    """Each change came, and for the first time in the order of its conversation."""
    give_up = monotonic() + PATIENCE
    wanted = {talk: list(range(1, last + 1)) for talk in talks}
    while True:
        came = {talk: list(dict.fromkeys(found)) for talk, found in seqs(receiver.received).items()}
        if came == wanted:
            return
        assert monotonic() < give_up, {talk: found for talk, found in came.items() if talk}
        await asyncio.sleep(0.1)


async def until_received(receiver: Receiver, more: int) -> None:
    least = len(receiver.received) + more
    give_up = monotonic() + PATIENCE
    while len(receiver.received) < least:
        assert monotonic() < give_up
        await asyncio.sleep(0.01)


async def test_a_database_a_redis_and_followers_that_are_gone_while_webhooks_are_sent(
    postgres: PostgresServer, redis: RedisServer
) -> None:
    """Without a traceback. What had no answer yet may come twice, and nothing else does."""
    url = postgres.create_database()
    receiver = Receiver()
    watching = receiver.behaviour = Watching()
    await receiver.start()
    shared = {"RATE_LIMITS": "off", "DATABASE_URL": url, "REDIS_URL": redis.url}
    server = PayamServer({**shared, "WEBHOOK_ALLOW": "127.0.0.1"})
    try:
        async with opened(url, migrated=True) as database:
            ali = await user(database, "ali")
            talks = [await conversation(database, ali) for _ in range(TALKS)]
            await added(database, receiver, batches=False)
            await say(database, talks, ali)
        server.start()
        await until_received(receiver, 1)
        postgres.kill()
        await asyncio.sleep(1.0)  # the followers find nobody there
        postgres.start()
        await until_received(receiver, 1)
        async with opened(url) as database:
            redis.kill()
            await say(database, talks, ali)
            await until_received(receiver, 1)
            (followers,) = server.followers()
            os.kill(followers, signal.SIGKILL)
            await until_all(receiver, talks, 2 * EACH)
        assert watching.most == 1
        assert sum(map(len, seqs(receiver.received).values())) <= 2 * (2 * EACH * TALKS)
        server.check_log()
    finally:
        if not redis.answers():
            redis.kill()
            redis.start()
        server.close()
        await receiver.stop()
