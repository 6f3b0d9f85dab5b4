"""What breaks while pushes are sent: each conversation is pushed all the same, as it is last."""

import asyncio
from collections import Counter, defaultdict
from itertools import cycle, islice, pairwise

from chat.store.database import in_parts
from chat.times import now
from tests.faults.following import AGAIN, FALLS, KILLS, LOSSES, Following, Place, go_through
from tests.faults.hasty import HastyServer
from tests.faults.ledger import Findings
from tests.faults.load import IS_LONG
from tests.faults.report import Proof
from tests.store.world import conversation, draft, opened
from tests.support.people import People
from tests.support.postgres_server import PostgresServer
from tests.support.push_service import Browser, PushService
from tests.support.receiver import Received, answer
from tests.support.redis_server import RedisServer

TALKS = 500 if IS_LONG else 30
AGE = 61_000_000
"""Microseconds: so old a message is pushed also while nobody knows who is online."""
PART = 2_000


async def slow(_: Received) -> bytes:
    await asyncio.sleep(0.3)
    return answer(201)


class Pushed(Following):
    name = "push"
    size = TALKS

    def __init__(self, url: str, browser: Browser, sender_id: int, talks: list[int]) -> None:
        self.url = url
        self.browser = browser
        self.sender_id = sender_id
        self.talks = talks
        self.newest: dict[int, int] = {}
        self.shown: list[tuple[int, int]] = []
        """Conversation and message of each push of this round."""

    async def say(self, changes: int) -> None:
        at = now() - AGE
        talks = islice(cycle(self.talks), changes)
        sends = (draft(talk, self.sender_id, created_at=at) for talk in talks)
        async with opened(self.url) as database:
            for part in in_parts(sends, PART):
                await database.store_sends(part)
                self.newest |= {send.conversation_id: send.id for send in part}

    async def has_begun(self) -> bool:
        return bool(self.browser.service.received)

    async def has_all(self) -> bool:
        for one in self.browser.received[len(self.shown) :]:
            push = self.browser.decrypt(one)
            self.shown.append((push["conversation"], push["message_id"]))
        return dict(self.shown) == self.newest

    async def outcome(self, findings: Findings) -> tuple[int, int, int]:
        await self.has_all()
        last = dict(self.shown)
        findings.lost += [
            f"{talk}: {newest}, and shows {last.get(talk)}"
            for talk, newest in self.newest.items()
            if last.get(talk) != newest
        ]
        often = Counter(self.shown)
        findings.doubled += [str(one) for one, times in often.items() if times > AGAIN]
        of_talks = defaultdict(list)
        for talk, message in self.shown:
            of_talks[talk].append(message)
        for talk, shown in of_talks.items():
            findings.disordered += [f"{talk}: {b} after {a}" for a, b in pairwise(shown) if b < a]
        said, again = len(self.newest), len(self.shown) - len(often)
        self.browser.service.received.clear()
        self.shown.clear()
        self.newest.clear()
        return said, said - len(findings.lost), again


async def test_what_is_gone_while_pushes_are_sent(
    postgres: PostgresServer, redis: RedisServer, prove: Proof
) -> None:
    """Without a traceback. No conversation is left out, whatever broke."""
    url = postgres.create_database()
    service = PushService()
    service.behaviour = slow
    await service.start()
    settings = {"RATE_LIMITS": "off", "DATABASE_URL": url, "REDIS_URL": redis.url}
    server = HastyServer({**settings, "PUSH_GATEWAYS": service.origin})
    try:
        async with opened(url, migrated=True):
            await asyncio.to_thread(server.start)
        async with People(server) as people:
            ali, sara = await people("ali"), await people("sara")
            answered = await sara.http.get("/api/settings/")
            service.public_key = answered.json()["vapid_public_key"]
            browser = Browser(service)
            await sara.http.post("/api/devices/", json=browser.registration)
        async with opened(url) as database:
            talks = [await conversation(database, ali.id, sara.id) for _ in range(TALKS)]
        place = Place(server, url, postgres, redis)
        following = Pushed(url, browser, ali.id, talks)
        await go_through(place, following, prove, {**KILLS, **LOSSES, **FALLS})
    finally:
        server.close()
        await service.stop()
