"""Readiness follows what a process stands on."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import redis
from psycopg import sql

from config.settings import Settings
from tests.api.client import Api
from tests.support.http_client import http_client
from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

PATIENCE_SECONDS = 60  # keeps a test from hanging
LISTENING = "Redis refuses PUBLISH"


class Stand:
    """A server's database, to be taken from under it."""

    def __init__(self, postgres: PostgresServer, url: str) -> None:
        self.url = url
        self.name = url.rpartition("/")[2]
        self.admin = psycopg.connect(postgres.url("postgres"), autocommit=True)

    def _backends(self) -> list[int]:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        return [pid for (pid,) in self.admin.execute(query, (self.name,))]

    def _allow(self, *, connections: bool) -> None:
        statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        self.admin.execute(statement.format(sql.Identifier(self.name), sql.Literal(connections)))

    @contextmanager
    def away(self) -> Iterator[None]:
        self._allow(connections=False)
        for pid in self._backends():
            self.admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
        try:
            yield
        finally:
            self._allow(connections=True)

    @contextmanager
    def locked(self, conversation_id: int) -> Iterator[None]:
        """Another's transaction holds the conversation; whatever else may be read and stored."""
        lock = "SELECT 1 FROM conversations WHERE id = %s FOR UPDATE"
        with psycopg.connect(self.url) as holder:
            holder.execute(lock, (conversation_id,))
            yield

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Its connections stay open, and nothing comes on them, nor on new ones."""
        # A server that has just begun still opens some, which are in no view yet. So it is all of
        # PostgreSQL that stops, the parent of its processes first.
        parent = self._parent()
        stopped = [parent]
        os.kill(parent, signal.SIGSTOP)
        try:
            for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
                os.kill(int(pid), signal.SIGSTOP)
                stopped.append(int(pid))
            yield
        finally:
            for each in stopped:
                os.kill(each, signal.SIGCONT)

    def _parent(self) -> int:
        """The process that begins a new one for each connection."""
        own = Path(f"/proc/{self.admin.info.backend_pid}/status").read_text()
        return int(own.split("PPid:")[1].split()[0])


@pytest.fixture
def stand(postgres_server: PostgresServer, migrated_template: str) -> Iterator[Stand]:
    stand = Stand(postgres_server, postgres_server.create_database(template=migrated_template))
    with stand.admin:
        yield stand


@pytest.fixture
def server(stand: Stand) -> Iterator[PayamServer]:
    """One that stands on it."""
    with PayamServer({"DATABASE_URL": stand.url}) as server:
        yield server


@pytest.fixture
async def http(server: PayamServer) -> AsyncIterator[httpx.AsyncClient]:
    """Asks it."""
    async with http_client(server.url, timeout=PATIENCE_SECONDS) as http:
        yield http


async def test_readiness_follows_the_database(stand: Stand, http: httpx.AsyncClient) -> None:
    """503 that names it while it is away, 200 once it is back; alive all the time."""
    with stand.away():
        away = await until(http, 503)
        assert away.json()["missing"] == ["database"]
        assert (await http.get("/health/live")).status_code == 200
    await until(http, 200)


async def test_a_database_that_hangs_is_not_there(stand: Stand, http: httpx.AsyncClient) -> None:
    """The answer does not wait for it as long as readers do, who would get one in the end."""
    with stand.silent():
        hanging = await http.get("/health/ready")
        assert (hanging.status_code, hanging.json()["missing"]) == (503, ["database"])
    await until(http, 200)


async def test_readiness_follows_the_writer(
    stand: Stand, server: PayamServer, http: httpx.AsyncClient
) -> None:
    """503 that names it while a commit hangs, though the database answers; 200 once it is over."""
    async with People(server) as people:
        ali, sara = await people("ali"), await people("sara")
        conversation = await ali.begin_conversation(sara)
        path = f"/api/conversations/{conversation}/messages/"
        with stand.locked(conversation):
            sending = asyncio.create_task(ali.http.post(path, json={"content": "salam"}))
            stuck = await until(http, 503)
            assert stuck.json()["missing"] == ["writer"]
        assert (await sending).status_code == 201
        await until(http, 200)


async def test_readiness_follows_the_relay() -> None:
    """503 that names it while Redis is away, 200 once it is back; alive all the time."""
    with (
        RedisServer() as relay,
        PayamServer({"REDIS_URL": relay.url}) as server,
    ):
        async with http_client(server.url) as http:
            relay.stop()
            away = await until(http, 503)
            assert away.json()["missing"] == ["relay"]
            assert (await http.get("/health/live")).status_code == 200
            relay.start()
            back = await until(http, 200)
            assert back.json() == {"status": "ready"}


async def test_a_relay_that_may_not_publish_is_not_ready() -> None:
    """Though it listens. The log names the command and the channel; a metric counts it."""
    with RedisServer() as relay, redis.Redis(port=relay.port) as admin:
        rights = ("resetchannels", "&chat_*", "-@all", "+subscribe", "+unsubscribe", "+ping")
        admin.execute_command("ACL", "SETUSER", "deaf", "on", ">pw", *rights)
        url = f"redis://deaf:pw@127.0.0.1:{relay.port}/0"
        server = PayamServer({"REDIS_URL": url})
        server.answers = lambda: LISTENING in server.log()  # type: ignore[method-assign]
        with server:
            async with http_client(server.url) as http:
                half = await until(http, 503)
                assert half.json()["missing"] == ["relay"]
                # Its pulse, or what it says to the others when it begins: whatever comes first.
                assert re.search(r"Redis refuses PUBLISH on chat_(pulse_|everyone)", server.log())
                metrics = (await http.get("/metrics")).text
                assert 'payam_relay_refusals_total{command="PUBLISH"}' in metrics
                admin.execute_command("ACL", "SETUSER", "deaf", "+publish")
                await until(http, 200)


def test_a_process_that_drains_is_not_ready(tmp_path: Path) -> None:
    """503 that names the worker, and the writer, which has stored what it was given; alive."""
    with Api(Settings(data_dir=tmp_path)) as api:
        api.run(api.app.ctx.payam.drain())
        ready = api.request("GET", "/health/ready")
        live = api.request("GET", "/health/live")
    assert (ready.status_code, ready.json()["missing"]) == (503, ["writer", "worker"])
    assert live.status_code == 200


async def until(http: httpx.AsyncClient, status: int) -> httpx.Response:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (response := await http.get("/health/ready")).status_code != status:
            await asyncio.sleep(0.05)
    return response
