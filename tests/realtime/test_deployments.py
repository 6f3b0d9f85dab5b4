"""Two deployments that share one Redis: neither hears the other, and neither asks for it.

Their databases have the same conversation ids, and one is further than the other. Redis knows
database numbers for keys, but not for channels, and a cluster has none at all.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from time import monotonic

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.commands import run_command
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.postgres_server import PostgresServer
from tests.support.redis_cluster import CALM_MS, RedisCluster
from tests.support.redis_server import RedisServer
from tests.support.sockets import Socket

FURTHER = 20
SAID = 120
SETTLE_SECONDS = 0.5
"""News of Redis is there sooner; what is not heard then is not heard."""
GAPS = "payam_gaps_healed_total"
MOST_ASKED = SAID - 10
"""Questions to the database that have other reasons, while the other deployment says SAID. Whoever
asked for each message would ask more often.
"""

Relays = tuple[str, str]
"""The two REDIS_URLs."""


@pytest.fixture(scope="module", params=["redis", "cluster"])
def relays(request: pytest.FixtureRequest) -> Iterator[Relays]:
    if request.param == "cluster":
        with RedisCluster() as cluster:
            cluster.fail_after(CALM_MS)
            yield cluster.url, cluster.url
        return
    with RedisServer() as redis:
        base = redis.url.removesuffix("/0")
        yield f"{base}/1", f"{base}/2"


@pytest.fixture
def on_sqlite(relays: Relays) -> Iterator[tuple[PayamServer, PayamServer]]:
    """Each on a database of its own making."""
    with ExitStack() as stack:
        yield tuple(  # type: ignore[misc] # two
            stack.enter_context(PayamServer({"RATE_LIMITS": "off", "REDIS_URL": url}))
            for url in relays
        )


@pytest.fixture
def on_copies(
    relays: Relays, postgres_server: PostgresServer, migrated_template: str
) -> Iterator[tuple[PayamServer, PayamServer]]:
    """Two databases of one PostgreSQL that were copied from the same one."""
    with ExitStack() as stack:
        yield tuple(  # type: ignore[misc] # two
            stack.enter_context(
                PayamServer(
                    {
                        "RATE_LIMITS": "off",
                        "REDIS_URL": url,
                        "DATABASE_URL": postgres_server.create_database(template=migrated_template),
                    }
                )
            )
            for url in relays
        )


class Side:
    """One of the deployments, with two people in its first conversation."""

    def __init__(self, server: PayamServer, ali: Person, sara: Person, conversation: int) -> None:
        self.server = server
        self.ali = ali
        self.conversation = conversation
        self.messages = f"/api/conversations/{conversation}/messages/"
        self.sara = sara
        self.first: Socket
        self.second: Socket

    async def say(self, *contents: str) -> None:
        for content in contents:
            await self.ali.http.post(self.messages, json={"content": content})

    async def connect(self) -> None:
        self.first = await self.ali.connect(self.conversation)
        self.second = await self.sara.connect(self.conversation)

    def counted(self, name: str) -> float:
        page = httpx.get(f"{self.server.url}/metrics", trust_env=False).text
        samples = [one for family in text_string_to_metric_families(page) for one in family.samples]
        return sum(one.value for one in samples if one.name == name)

    def asked(self) -> float:
        """Statements that PostgreSQL has carried out for it; 0 for SQLite, which counts none."""
        url = self.server.settings.get("DATABASE_URL")
        if url is None:
            return 0
        with psycopg.connect(url) as database:
            row = database.execute(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database"
                " WHERE datname = current_database()"
            ).fetchone()
        assert row is not None
        return float(row[0])


@asynccontextmanager
async def side(server: PayamServer) -> AsyncIterator[Side]:
    async with People(server) as people:
        ali, sara = await people("ali"), await people("sara")
        yield Side(server, ali, sara, await ali.begin_conversation(sara))


async def expect_apart(behind: Side, further: Side) -> None:
    """What one side does is not seen, nor looked for, on the other; its own is."""
    assert behind.conversation == further.conversation
    await further.say(*(f"of the other {number}" for number in range(FURTHER)))
    await behind.connect()
    await further.connect()
    before = {name: behind.counted(name) for name in ("payam_heals_in_vain_total", GAPS)}
    asked, began = behind.asked(), monotonic()
    for number in range(SAID):
        await further.say(f"of the other {number}")
    await further.first.send({"type": "typing", "is_typing": True})
    await further.second.receive_type("user.typing")
    await further.ali.http.post(
        f"/api/conversations/{further.conversation}/read/", json={"message_id": 1}
    )
    await behind.first.expect_nothing(SETTLE_SECONDS)
    await behind.second.expect_nothing(SETTLE_SECONDS)
    assert {name: behind.counted(name) for name in before} == before
    more, took = behind.asked() - asked, monotonic() - began
    if more >= MOST_ASKED:  # a slow machine: without what it asks in as much time by itself
        asked = behind.asked()
        await asyncio.sleep(took)
        more -= behind.asked() - asked
    assert more < MOST_ASKED

    await behind.say("of ours")
    await behind.first.send({"type": "typing", "is_typing": True})
    for socket in (behind.first, behind.second):
        frame = await socket.receive()
        assert (frame["type"], frame["content"], frame["seq"]) == ("chat.message", "of ours", 1)
    assert (await behind.second.receive())["type"] == "user.typing"
    await further.say("the last")
    heard = [await further.first.receive_type("chat.message") for _ in range(SAID + 1)]
    assert [frame["seq"] for frame in heard] == list(range(FURTHER + 1, FURTHER + SAID + 2))
    assert "of ours" not in [frame["content"] for frame in heard]


async def test_deployments_do_not_hear_each_other(
    on_sqlite: tuple[PayamServer, PayamServer],
) -> None:
    async with side(on_sqlite[0]) as behind, side(on_sqlite[1]) as further:
        await expect_apart(behind, further)


async def test_nor_do_those_on_copies_of_one_database(
    on_copies: tuple[PayamServer, PayamServer],
) -> None:
    """On PostgreSQL a copy is known for one, though nobody has said so."""
    async with side(on_copies[0]) as behind, side(on_copies[1]) as further:
        await expect_apart(behind, further)


async def test_a_copy_that_is_said_to_be_one_is_not_believed(
    relays: Relays, tmp_path: Path
) -> None:
    """A staging server on a copy of the file, where `restored` was run as the page says."""
    staging = {"DATA_DIR": str(tmp_path), "RATE_LIMITS": "off", "REDIS_URL": relays[1]}
    with PayamServer({"RATE_LIMITS": "off", "REDIS_URL": relays[0]}) as original:
        file = Path(original.settings["DATA_DIR"]) / "payam.sqlite3"
        with closing(sqlite3.connect(file)) as source:
            source.execute("VACUUM INTO ?", [str(tmp_path / file.name)])
        run_command("restored", settings={**staging, "REDIS_URL": ""})
        with PayamServer(staging) as copy:
            async with side(original) as behind, side(copy) as further:
                await expect_apart(behind, further)
