"""What a peer's database is filled with once, and restored from."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from loadtest.peers.backing import Backing
from loadtest.peers.synapse.kept import restore
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer


def test_a_database_is_filled_once_and_restored_later(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    backing = Backing(postgres_server, redis_server)
    filled = []

    def fill(database: str) -> None:
        filled.append(database)
        with psycopg.connect(database) as connection:
            connection.execute("CREATE TABLE rooms (name text)")
            connection.execute("INSERT INTO rooms VALUES ('اتاق')")

    for _ in range(2):
        with backing.database() as database:
            restore(backing, tmp_path / "rooms.dump", database, fill)
            with psycopg.connect(database) as connection:
                assert connection.execute("SELECT name FROM rooms").fetchall() == [("اتاق",)]
            assert database not in filled
    assert len(filled) == 1


def test_nothing_is_kept_of_a_filling_that_failed(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    backing = Backing(postgres_server, redis_server)
    dump = tmp_path / "rooms.dump"

    def fail(database: str) -> None:
        raise subprocess.SubprocessError(database)

    with backing.database() as database, pytest.raises(subprocess.SubprocessError):
        restore(backing, dump, database, fail)
    assert not dump.exists()
