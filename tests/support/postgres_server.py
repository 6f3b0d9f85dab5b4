"""A private PostgreSQL cluster."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.support.processes import children, is_running
from tests.support.server_process import ServerProcess

USER = "payam"
PASSWORD = "p@ss/w:rd%"  # what a URL must escape, so that every test checks that it is
DEBIAN = Path("/usr/lib/postgresql")


class PostgresServer(ServerProcess):
    """A new cluster in a temporary folder.

    Without `fsync` it keeps what it committed if it is killed, but not if the machine loses its
    power. So only the tests of faults have it on, as production has.

    PostgreSQL refuses to run as root; root runs it as the system user `postgres`.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": clients are disconnected, data is flushed

    def __init__(self, *, fsync: bool = False) -> None:
        super().__init__()
        self.fsync = fsync
        self.binaries = find_binaries()
        self.data = self.directory / "data"
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")

    def start(self) -> None:
        if not self.data.exists():
            self._initialise()
        super().start()

    def _initialise(self) -> None:
        password_file = self.directory / "password"
        password_file.write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(password_file, "postgres", "postgres")
        arguments = ["--pgdata", str(self.data), "--no-sync", "--pwfile", str(password_file)]
        arguments += ["--username", USER, "--auth", "scram-sha-256"]
        arguments += ["--encoding", "UTF8", "--locale", "C.UTF-8"]
        done = subprocess.run(
            [str(self.binaries / "initdb"), *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            **self.options(),
        )
        assert done.returncode == 0, f"initdb failed: {done.stdout}{done.stderr}"

    def command(self) -> Sequence[str]:
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": self.directory,
            "max_connections": 300,
            "shared_buffers": "32MB",
            "max_wal_size": "256MB",
            "fsync": "on" if self.fsync else "off",
            # For `statements`. It costs a little, so servers that are measured go without.
            "shared_preload_libraries": "" if self.fsync else "pg_stat_statements",
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self.binaries / "postgres"), "-D", str(self.data), *arguments]

    def options(self) -> Mapping[str, Any]:
        if os.geteuid() != 0:
            return {"cwd": self.directory}
        return {
            "cwd": self.directory,
            "user": "postgres",
            "group": "postgres",
            "extra_groups": [],
        }

    def kill(self) -> None:
        """Backends lead sessions of their own, and hold what the next start needs."""
        if self._process is None:
            return
        backends = children(self._process.pid)
        super().kill()
        for pid in backends:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(is_running(pid) for pid in backends):
            time.sleep(0.01)

    def answers(self) -> bool:
        try:
            self._run("SELECT 1")
        except psycopg.OperationalError:  # refused, or still starting up
            return False
        return True

    def url(self, database: str) -> str:
        """The database's URL, its password percent-encoded."""
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@{self.host}:{self.port}/{database}"

    def create_database(
        self, name: str | None = None, template: str | None = None, lc_ctype: str = "C.UTF-8"
    ) -> str:
        """Create a database and return its URL.

        Without a name it gets a new one. With a `template` it starts as a copy of that
        database, which must have no open connection. Another `lc_ctype` than the server's needs
        the template `template0`.
        """
        name = name or f"payam_{secrets.token_hex(4)}"
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} LC_CTYPE {}").format(
                sql.Identifier(name), sql.Identifier(template or "template1"), lc_ctype
            )
        )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, disconnecting whoever still uses it."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def statements(self, url: str) -> list[str]:
        """All statements that were run in this database since they were last forgotten, without
        their values.
        """
        self._run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        with psycopg.connect(self.url("postgres")) as admin:
            rows = admin.execute(
                "SELECT DISTINCT query FROM pg_stat_statements JOIN pg_database ON oid = dbid"
                " WHERE datname = %s",
                [url.rpartition("/")[2]],
            ).fetchall()
        return [" ".join(query.split()) for (query,) in rows]

    def forget_statements(self) -> None:
        self._run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self._run("SELECT pg_stat_statements_reset()")

    def _run(self, statement: "str | sql.Composed") -> None:
        query = sql.SQL(statement) if isinstance(statement, str) else statement
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=60) as admin:
            admin.execute(query)


def find_binaries() -> Path:
    """The folder of `postgres`: the one on PATH, or Debian's newest, which is not on it."""
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    found = [folder.parent for folder in DEBIAN.glob("*/bin") if (folder / "postgres").exists()]
    assert found, f"no postgres on PATH nor in {DEBIAN}: `make test` installs it on Debian"
    newest = max(found, key=lambda folder: [int(n) for n in re.findall(r"\d+", folder.name)])
    return newest / "bin"
