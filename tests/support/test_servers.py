"""The private servers that other tests rely on."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Sequence
from urllib.parse import quote

import psycopg
import pytest
import redis

from tests.support.payam_server import CHECKOUT
from tests.support.postgres_server import PASSWORD, PostgresServer
from tests.support.processes import is_running, owners, processes_of_session
from tests.support.redis_server import RedisServer
from tests.support.server_group import wait_until
from tests.support.server_process import ServerProcess


class Failing(ServerProcess):
    """Says why, and ends before it ever answers."""

    name = "failing"

    def command(self) -> Sequence[str]:
        return [sys.executable, "-c", "raise SystemExit('the disk is full')"]

    def answers(self) -> bool:
        return False


class TwoProcesses(ServerProcess):
    """Two processes that accept from one listening socket, as gunicorn's workers do."""

    name = "two-processes"

    def command(self) -> Sequence[str]:
        program = f"""
import os, socket
listener = socket.create_server(("127.0.0.1", {self.port}))
os.fork()
connections = []
while True:
    connection, _ = listener.accept()
    connections.append(connection)
    connection.sendall(f"{{os.getpid()}}\\n".encode())
"""
        return [sys.executable, "-c", program]

    def answers(self) -> bool:
        return len(processes_of_session(self.process.pid)) == 2

    def stop(self) -> None:
        """Both of them: a signal would end the first one alone."""
        self.kill()


def test_redis_comes_back_on_the_same_port_and_empty() -> None:
    """A restart keeps the URL and loses the data."""
    with RedisServer() as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("key", "value")
        server.stop()
        with redis.Redis.from_url(server.url) as client, pytest.raises(redis.ConnectionError):
            client.ping()
        server.start()
        with redis.Redis.from_url(server.url) as client:
            assert client.get("key") is None


def test_closing_a_server_leaves_neither_process_nor_folder() -> None:
    """After `with`, its process has ended and its folder is gone."""
    with RedisServer() as server:
        process = server.process
        assert server.directory.exists()
    assert process.poll() == 0
    assert not server.directory.exists()


def test_postgres_urls_escape_the_password(postgres_server: PostgresServer) -> None:
    """A URL logs in although the password holds the characters that URLs are made of."""
    url = postgres_server.create_database()
    assert quote(PASSWORD, safe="") in url
    with psycopg.connect(url) as connection:
        assert connection.info.password == PASSWORD


def test_postgres_refuses_a_wrong_password(postgres_server: PostgresServer) -> None:
    """The password counts: a URL that escapes it wrongly fails as it would in production."""
    url = postgres_server.url("postgres").replace("p%40ss", "pass")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_a_database_is_a_copy_of_its_template(postgres_server: PostgresServer) -> None:
    """What the template held is there; what the copy changes stays its own."""
    first = postgres_server.create_database("origin")
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    copy = postgres_server.create_database(template="origin")
    with psycopg.connect(copy) as connection:
        connection.execute("INSERT INTO kept VALUES (1)")
    with psycopg.connect(first) as connection:
        assert connection.execute("SELECT * FROM kept").fetchall() == []


def test_a_dropped_database_is_gone_even_while_used(postgres_server: PostgresServer) -> None:
    """Open connections do not keep it."""
    url = postgres_server.create_database("short_lived")
    with psycopg.connect(url) as connection:
        postgres_server.drop_database("short_lived")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_postgres_keeps_its_data_over_a_crash() -> None:
    """What was committed is there after a kill and a start on the same port."""
    with PostgresServer() as server:
        url = server.create_database()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        server.kill()
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_a_server_that_dies_at_start_shows_its_log() -> None:
    """The failure says what the server said, and leaves no folder."""
    server = Failing()
    with pytest.raises(AssertionError, match="the disk is full"):
        server.__enter__()
    assert not server.directory.exists()


ALONE = """
import time
from tests.support.server_process import ServerProcess

class Sleeping(ServerProcess):
    name = "sleeping"

    def command(self):
        return ["sh", "-c", "sleep 1000 & wait"]

    def answers(self):
        return True

server = Sleeping()
server.start()
print(server.process.pid, server.directory, flush=True)
time.sleep(1000)
"""


def test_servers_end_with_tests_that_are_killed() -> None:
    """All of a server's processes, although nobody stops it."""

    def running() -> int:
        return sum(is_running(pid) for pid in processes_of_session(int(leader)))

    with subprocess.Popen(
        [sys.executable, "-c", ALONE], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout is not None
        leader, folder = tests.stdout.readline().split()
        wait_until(lambda: running() == 2, "its server does not run")
        tests.kill()
    wait_until(lambda: running() == 0, "its server runs")
    shutil.rmtree(folder)


async def test_the_owner_of_a_connection_is_the_process_that_accepted_it() -> None:
    """For each of many connections the process found is the one that answered it."""
    with TwoProcesses() as server:
        pids = processes_of_session(server.process.pid)
        for _ in range(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            answered = int(await reader.readline())
            port = writer.get_extra_info("sockname")[1]
            assert owners(pids)[port] == answered
            assert port not in owners([p for p in pids if p != answered])
            writer.close()
            await writer.wait_closed()
