"""A private Citus cluster: a coordinator without shards of its own, and two servers with them."""

import os
from collections.abc import Sequence
from pathlib import Path

import psycopg

from tests.support.assembled import Assembled
from tests.support.postgres_server import PostgresServer, find_binaries

CITUS_BINARIES = "CITUS_BINARIES"
"""The folder of a `postgres` that has Citus, where it is not the one that other tests use."""
SHARDS = 4


def binaries() -> Path:
    named = os.environ.get(CITUS_BINARIES)
    return Path(named) if named else find_binaries()


def lack_of_citus() -> str:
    """Why there can be no Citus here; "" if it is there."""
    try:
        library = binaries().parent / "lib" / "citus.so"
    except AssertionError as error:  # there is no PostgreSQL at all
        return str(error)
    if library.exists():
        return ""
    return f"there is no {library}: install Citus, or name the folder of a `postgres` that has it \
in {CITUS_BINARIES}"


class CitusServer(PostgresServer):
    name = "citus"

    def __init__(self) -> None:
        super().__init__()
        self.binaries = binaries()

    def _initialise(self) -> None:
        super()._initialise()
        # The servers of a cluster ask each other without a password.
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"host all all {self.host}/32 trust\n{rules.read_text()}")

    def command(self) -> Sequence[str]:
        preloaded = "--shared_preload_libraries="
        others = [one for one in super().command() if not one.startswith(preloaded)]
        return [
            *others,
            f"{preloaded}citus,pg_stat_statements",
            f"--citus.shard_count={SHARDS}",
            "--max_prepared_transactions=100",
            "--citus.enable_statistics_collection=off",
        ]


class CitusCluster(Assembled):
    """`coordinator` is the one to connect to."""

    coordinator: CitusServer
    workers: Sequence[CitusServer]

    def assemble(self) -> None:
        enter = self._stack.enter_context
        self.coordinator = enter(CitusServer())
        self.workers = [enter(CitusServer()) for _ in range(2)]

    def create_database(self) -> str:
        """A new database on each server, joined to one. Returns its URL."""
        url = self.coordinator.create_database()
        name = url.rpartition("/")[2]
        for worker in self.workers:
            with psycopg.connect(worker.create_database(name), autocommit=True) as one:
                one.execute("CREATE EXTENSION citus")
        with psycopg.connect(url, autocommit=True) as all_:
            all_.execute("CREATE EXTENSION citus")
            all_.execute(
                "SELECT citus_set_coordinator_host(%s, %s)",
                [self.coordinator.host, self.coordinator.port],
            )
            for worker in self.workers:
                all_.execute("SELECT citus_add_node(%s, %s)", [worker.host, worker.port])
        return url
