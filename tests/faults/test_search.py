"""What breaks while search is being indexed: nothing is missing, wrong or left over afterwards."""

import asyncio

import pytest

from chat.store import search_doctor
from chat.store.database import Database, in_parts
from tests.faults.following import FALLS, KILLS, LOSSES, Following, Place, go_through
from tests.faults.hasty import HastyServer
from tests.faults.ledger import Findings
from tests.faults.load import IS_LONG
from tests.faults.report import Proof
from tests.store.world import Changes, conversation, draft, opened, opened_index, user
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

TALKS = 2_000 if IS_LONG else 30
PART = 2_000
CHANGED = 10
"""Edits and deletions after each part."""
TEXTS = "SELECT count(*) FROM search_texts"
"""Here and below asked of the index, which has the database beside it."""
LEFT = "SELECT count(*) FROM messages WHERE NOT is_deleted"
BEHIND = """
    SELECT count(*) FROM conversations AS c
    LEFT JOIN positions AS p ON p.follower = 'search' AND p.conversation_id = c.id
    WHERE c.seq > coalesce(p.seq, 0)
"""


async def number(database: Database, sql: str) -> int:
    ((found,),) = await database.fetch(sql)
    return int(found)


class Indexed(Following):
    size = 60_000 if IS_LONG else 6_000

    def __init__(self, name: str, url: str, sender_id: int, talks: list[int]) -> None:
        self.name = name
        self.url = url
        self.sender_id = sender_id
        self.talks = talks
        self.said = 0
        self.texts = 0
        """In the index, when this round began."""

    async def say(self, changes: int) -> None:
        """Messages, and in between some are edited and some deleted."""
        async with opened(self.url) as database:
            for part in in_parts(range(changes), PART):
                sends = [
                    draft(self.talks[n % TALKS], self.sender_id, f"خبر {self.said + n}")
                    for n in part
                ]
                await database.store_sends(sends)
                for send, other in zip(sends[:CHANGED], sends[-CHANGED:], strict=True):
                    await Changes(database, send.conversation_id).edit(send.id, "خبر تازه")
                    await Changes(database, other.conversation_id).delete(other.id)
        self.said += changes

    async def has_begun(self) -> bool:
        async with opened_index(self.url) as index:
            return await number(index, TEXTS) > self.texts

    async def has_all(self) -> bool:
        async with opened_index(self.url) as index:
            return await number(index, BEHIND) == 0

    async def outcome(self, findings: Findings) -> tuple[int, int, int]:
        async with opened_index(self.url) as index:
            if behind := await number(index, BEHIND):
                findings.lost.append(f"{behind} conversations are behind")
            findings.wrong += [drift.what for drift in await search_doctor.examine(index)]
            texts, messages = await number(index, TEXTS), await number(index, LEFT)
        if texts < messages:
            findings.lost.append(f"{messages - texts} messages")
        if texts > messages:
            findings.doubled.append(f"{texts - messages} texts too many")
        said, self.said, self.texts = self.said, 0, texts
        return said, said - max(0, messages - texts), 0


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
async def test_what_is_gone_while_search_is_indexed(
    dialect: str, postgres: PostgresServer, redis: RedisServer, prove: Proof
) -> None:
    """Without a traceback. The index goes on where it stopped, and lacks nothing."""
    more = {}
    if dialect == "postgresql":
        more = {"DATABASE_URL": postgres.create_database(), "REDIS_URL": redis.url}
    server = HastyServer({"RATE_LIMITS": "off", **more})
    url = more.get("DATABASE_URL", f"sqlite:///{server.settings['DATA_DIR']}/payam.sqlite3")
    try:
        async with opened(url, migrated=True) as database:
            ali, sara = await user(database, "ali"), await user(database, "sara")
            talks = [await conversation(database, ali, sara) for _ in range(TALKS)]
        name = f"search, {'PostgreSQL' if more else 'SQLite'}"
        following = Indexed(name, url, ali, talks)
        await asyncio.to_thread(server.start)
        faults = {**KILLS, **(LOSSES if more else {}), **FALLS}
        await go_through(Place(server, url, postgres, redis), following, prove, faults)
    finally:
        server.close()
