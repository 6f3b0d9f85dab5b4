"""The servers of a cluster, each on a machine."""

import shutil
import signal
import subprocess
from collections.abc import Mapping

import psycopg

from loadtest.cluster.network import Machine
from loadtest.peers.payam import WATCH
from tests.support.payam_server import PayamServer
from tests.support.pgbouncer_server import PgBouncerServer
from tests.support.postgres_server import PostgresServer
from tests.support.redis_cluster import ClusterNode
from tests.support.server_group import wait_until
from tests.support.server_process import ServerProcess

POOL = 8
"""Connections of a PgBouncer to PostgreSQL."""
EVERYBODY_SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = '*'"
IS_SYNCHRONOUS = "SELECT sync_state FROM pg_stat_replication WHERE sync_state = 'sync'"


class OnMachine(ServerProcess):
    """It listens on the machine's address, and runs there."""

    machine: Machine

    def start(self) -> None:
        with self.machine.inside():
            super().start()


class Redis(OnMachine, ClusterNode):
    def __init__(self, machine: Machine) -> None:
        self.machine, self.host = machine, machine.address
        super().__init__()

    def configuration(self) -> Mapping[str, str]:
        return {**super().configuration(), "protected-mode": "no"}


class Postgres(OnMachine, PostgresServer):
    """It begins empty, or, with a `primary`, as its standby."""

    def __init__(self, machine: Machine, primary: "Postgres | None" = None) -> None:
        self.machine, self.host = machine, machine.address
        self.primary = primary
        super().__init__(fsync=True)

    def _initialise(self) -> None:
        if self.primary is None:
            super()._initialise()
            with (self.data / "pg_hba.conf").open("a") as rights:
                rights.write("host all,replication all samenet scram-sha-256\n")
            return
        copy = ["--pgdata", str(self.data), "--write-recovery-conf", "--checkpoint=fast"]
        subprocess.run(
            [str(self.binaries / "pg_basebackup"), *copy, "--dbname", self.primary.url("postgres")],
            env=self.environment(),
            capture_output=True,
            check=True,
            **self.options(),
        )

    def wait_for_standby(self) -> None:
        """From now on acknowledge no commit before the standby has it on its disk."""
        self._run(EVERYBODY_SYNCHRONOUS)
        self._run("SELECT pg_reload_conf()")
        wait_until(self.is_followed, "no standby is synchronous")

    def is_followed(self) -> bool:
        with psycopg.connect(self.url("postgres")) as admin:
            return bool(admin.execute(IS_SYNCHRONOUS).fetchall())

    def promote(self) -> None:
        """Take the place of the primary, and wait until that is so."""
        self._run("SELECT pg_promote()")

    def follow(self, primary: "Postgres") -> None:
        """Throw away what there is, and start as that one's standby."""
        shutil.rmtree(self.data)
        self.primary = primary
        self.start()


class PgBouncer(OnMachine, PgBouncerServer):
    postgres: Postgres

    def __init__(self, machine: Machine, postgres: Postgres) -> None:
        self.machine, self.host = machine, machine.address
        super().__init__(postgres, connections=POOL)

    def lead_to(self, postgres: Postgres) -> None:
        """Lead everybody to another PostgreSQL from now on."""
        self.postgres = postgres
        self.configure()
        self.process.send_signal(signal.SIGHUP)


class Node(OnMachine, PayamServer):
    """Payam on one machine, as operators run it: nothing watches its event loop."""

    def __init__(self, machine: Machine, settings: Mapping[str, str], workers: int) -> None:
        self.machine, self.host = machine, machine.address
        super().__init__(settings, workers=workers)

    def environment(self) -> Mapping[str, str]:
        return {name: value for name, value in super().environment().items() if name != WATCH}
