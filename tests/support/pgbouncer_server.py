"""A private PgBouncer in transaction mode, in front of a private PostgreSQL."""

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from tests.support.postgres_server import PASSWORD, USER, PostgresServer
from tests.support.server_process import ServerProcess

DEBIAN = Path("/usr/sbin/pgbouncer")
CONFIGURATION = """
[databases]
* = host={host} port={postgres} user={user} password='{password}' connect_query='{first}'

[pgbouncer]
listen_addr = {listen}
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
admin_users = {user}
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 500
server_login_retry = 1
"""
JIT_OFF = "SET jit = off"


class PgBouncerServer(ServerProcess):
    """It has few connections to PostgreSQL, so that the transactions of one client are on several.

    Like PostgreSQL it refuses to run as root.
    """

    name = "pgbouncer"
    stop_signal = signal.SIGINT  # clients may end their transactions; SIGTERM cuts them

    def __init__(
        self, postgres: PostgresServer, connections: int = 4, first: str = JIT_OFF
    ) -> None:
        """`first` is what it runs on each new connection to PostgreSQL."""
        super().__init__()
        self.postgres = postgres
        self.connections = connections
        self.first = first

    def start(self) -> None:
        self.configure()
        super().start()

    def configure(self) -> None:
        """Write its files, which lead to `postgres`; a running one reads them at SIGHUP."""
        users = self.directory / "users"
        users.write_text(f'"{USER}" "{PASSWORD}"\n')
        configuration = CONFIGURATION.format(
            host=self.postgres.host,
            postgres=self.postgres.port,
            listen=self.host,
            user=USER,
            password=PASSWORD,
            port=self.port,
            users=users,
            connections=self.connections,
            first=self.first,
        )
        (self.directory / "ini").write_text(configuration)
        if os.geteuid() == 0:
            for path in (self.directory, users, self.directory / "ini"):
                shutil.chown(path, "postgres", "postgres")

    def command(self) -> Sequence[str]:
        program = shutil.which("pgbouncer") or str(DEBIAN)
        return [program, str(self.directory / "ini")]

    def options(self) -> Mapping[str, Any]:
        return {**self.postgres.options(), "cwd": self.directory}

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url("pgbouncer"), autocommit=True, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str) -> str:
        """The database's URL through it."""
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@{self.host}:{self.port}/{database}"

    def before(self, url: str) -> str:
        """The same database as `url` has, through it."""
        return self.url(url.rpartition("/")[2])
