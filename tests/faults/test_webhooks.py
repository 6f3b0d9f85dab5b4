"""What breaks while webhooks are sent: all comes, in order, one at a time per conversation."""

import asyncio
from collections import Counter, defaultdict
from itertools import cycle, islice, pairwise

from chat.store.database import in_parts
from tests.faults.following import AGAIN, FALLS, KILLS, LOSSES, Following, Place, go_through
from tests.faults.hasty import HastyServer
from tests.faults.ledger import Findings
from tests.faults.load import IS_LONG
from tests.faults.report import Proof
from tests.followers.webhook_world import added, numbers, seqs
from tests.store.world import conversation, draft, opened, user
from tests.support.postgres_server import PostgresServer
from tests.support.receiver import Received, Receiver, answer
from tests.support.redis_server import RedisServer

TALKS = 400 if IS_LONG else 20
EACH = 15 if IS_LONG else 6
PART = 2_000


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


class Receiving(Following):
    name = "webhooks"
    size = TALKS * EACH

    def __init__(self, url: str, receiver: Receiver, sender_id: int, talks: list[int]) -> None:
        self.url = url
        self.receiver = receiver
        self.watching = receiver.behaviour = Watching()
        self.sender_id = sender_id
        self.talks = talks
        self.stored = dict.fromkeys(talks, 0)
        self.had = dict.fromkeys(talks, 0)
        """Up to where earlier rounds have come."""
        self.came: dict[int, list[int]] = defaultdict(list)
        self.read = 0
        """Requests of which `came` has the changes."""

    async def say(self, changes: int) -> None:
        sends = (draft(talk, self.sender_id, "خبر") for talk in islice(cycle(self.talks), changes))
        async with opened(self.url) as database:
            for part in in_parts(sends, PART):
                await database.store_sends(part)
                for send in part:
                    self.stored[send.conversation_id] += 1

    async def has_begun(self) -> bool:
        return bool(self.receiver.received)

    async def has_all(self) -> bool:
        new = self.receiver.received[self.read :]
        self.read += len(new)
        for talk, came in seqs(new).items():
            self.came[talk] += came
        return all(last in self.came[talk] for talk, last in self.stored.items())

    async def outcome(self, findings: Findings) -> tuple[int, int, int]:
        await self.has_all()
        said = has = total = 0
        for talk, last in self.stored.items():
            often = Counter(self.came[talk])
            first = list(often)  # as each came for the first time
            wanted = set(numbers(last, self.had[talk] + 1))
            # What came at the end of the round before may not have been noted yet when this broke.
            came = wanted & often.keys()
            findings.lost += [f"{talk}: {seq}" for seq in wanted - came]
            findings.wrong += [f"{talk}: {seq}, which nobody said" for seq in often if seq > last]
            findings.disordered += [f"{talk}: {b} after {a}" for a, b in pairwise(first) if b < a]
            findings.doubled += [f"{talk}: {seq}" for seq, times in often.items() if times > AGAIN]
            said, has, total = said + len(wanted), has + len(came), total + often.total()
        if self.watching.most > 1:
            findings.wrong.append("two requests at once for a conversation")
        self.receiver.received.clear()
        self.read = self.watching.most = 0
        self.came.clear()
        self.had = dict(self.stored)
        return said, has, total - has


async def test_what_is_gone_while_webhooks_are_sent(
    postgres: PostgresServer, redis: RedisServer, prove: Proof
) -> None:
    """Without a traceback. What had no answer yet may come again, and nothing else does."""
    url = postgres.create_database()
    receiver = Receiver()
    await receiver.start()
    shared = {"RATE_LIMITS": "off", "DATABASE_URL": url, "REDIS_URL": redis.url}
    server = HastyServer({**shared, "WEBHOOK_ALLOW": "127.0.0.1"})
    try:
        async with opened(url, migrated=True) as database:
            ali = await user(database, "ali")
            talks = [await conversation(database, ali) for _ in range(TALKS)]
            await added(database, receiver)
        await asyncio.to_thread(server.start)
        place = Place(server, url, postgres, redis)
        following = Receiving(url, receiver, ali, talks)
        await go_through(place, following, prove, {**KILLS, **LOSSES, **FALLS})
    finally:
        server.close()
        await receiver.stop()
