"""What breaks while pushes are sent: each conversation is pushed all the same, as it is last."""

import asyncio
from collections.abc import Sequence
from time import monotonic

from chat.store.database import Database
from chat.times import now
from tests.store.world import conversation, draft, opened
from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.postgres_server import PostgresServer
from tests.support.push_service import Browser, PushService
from tests.support.receiver import Received, answer
from tests.support.redis_server import RedisServer

TALKS = 30
PATIENCE = 60.0
"""Seconds; only a test that fails waits so long."""
AGE = 61_000_000
"""Microseconds: so old a message is pushed also while nobody knows who is online."""


async def say(database: Database, talks: Sequence[int], sender_id: int) -> dict[int, int]:
    """A message in each; by conversation, its id."""
    sends = [draft(talk, sender_id, created_at=now() - AGE) for talk in talks]
    await database.store_sends(sends)
    return {send.conversation_id: send.id for send in sends}


async def until_shown(browser: Browser, newest: dict[int, int]) -> None:
    """Until the browser shows the newest message of each conversation."""
    give_up = monotonic() + PATIENCE
    while True:
        pushes = browser.pushes
        if {one["conversation"]: one["message_id"] for one in pushes} == newest:
            return
        assert monotonic() < give_up, len(pushes)
        await asyncio.sleep(0.1)


async def test_a_server_a_database_and_a_redis_that_are_gone_while_pushes_are_sent(
    postgres: PostgresServer, redis: RedisServer
) -> None:
    """Without a traceback. No push is lost, and of none there are more than a retry makes."""
    url = postgres.create_database()
    service = PushService()

    async def slow(_: Received) -> bytes:
        await asyncio.sleep(0.3)
        return answer(201)

    service.behaviour = slow
    await service.start()
    settings = {"RATE_LIMITS": "off", "DATABASE_URL": url, "REDIS_URL": redis.url}
    server = PayamServer({**settings, "PUSH_GATEWAYS": service.origin})
    try:
        async with opened(url, migrated=True):
            server.start()
        async with People(server) as people:
            ali, sara = await people("ali"), await people("sara")
            answered = await sara.http.get("/api/settings/")
            service.public_key = answered.json()["vapid_public_key"]
            browser = Browser(service)
            await sara.http.post("/api/devices/", json=browser.registration)
            async with opened(url) as database:
                talks = [await conversation(database, ali.id, sara.id) for _ in range(TALKS)]
                newest = await say(database, talks, ali.id)
            while not browser.received:
                await asyncio.sleep(0.01)
            server.kill()  # with pushes on their way
            server.start()
            postgres.kill()
            await asyncio.sleep(1.0)  # the server finds nobody there
            postgres.start()
            async with opened(url) as database:
                await until_shown(browser, newest)
                redis.kill()
                newest = await say(database, talks, ali.id)
                await until_shown(browser, newest)
        assert len(browser.received) <= 3 * TALKS
        server.check_log()
    finally:
        if not redis.answers():
            redis.kill()
            redis.start()
        server.close()
        await service.stop()
