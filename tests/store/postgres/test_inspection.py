"""What PostgreSQL must be for Payam: refused at once, waited for, or served."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from chat import cli
from chat.errors import Unavailable
from chat.store import schema, waiting
from chat.store.connect import connect
from chat.store.database import Unfit
from tests.store.world import opened
from tests.support.commands import command, run_command
from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.ports import free_port
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.server_group import wait_until

ROLE = "payam_few"


@pytest.fixture(scope="module")
def admin(postgres_server: PostgresServer) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """May do anything."""
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'few'")
        yield connection


def as_few(url: str) -> str:
    """The same database, for a role that owns nothing."""
    return f"postgresql://{ROLE}:few@{url.rpartition('@')[2]}"


async def refusal(url: str) -> str:
    """The line with which the database is refused."""
    database = connect(url, 2)
    try:
        with pytest.raises(Unfit) as caught:
            await database.inspect()
    finally:
        await database.close()
    [line] = str(caught.value).splitlines()
    assert "p%40ss" not in line
    return line


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_another_encoding_is_refused(
    encoding: str,
    postgres_server: PostgresServer,
    admin: psycopg.Connection[tuple[object, ...]],
    tmp_path: Path,
) -> None:
    """By the migration, the check and the server, with what to do."""
    name = f"payam_{encoding.lower()}"
    statement = "CREATE DATABASE {} ENCODING {} TEMPLATE template0 LOCALE 'C'"
    admin.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(encoding)))
    url = postgres_server.url(name)
    assert f"encoding is {encoding}" in await refusal(url)
    settings = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path), "PORT": str(free_port())}
    said = [chat(command, settings) for command in ("migrate", "check")]
    for status, text in (*said, run("server.py", settings)):
        assert status == 1
        assert f"encoding is {encoding}" in text
        assert "Traceback" not in text
    with psycopg.connect(url) as database:
        assert database.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").rowcount == 0


def chat(arguments: str, settings: Mapping[str, str]) -> tuple[int, str]:
    """`python -m chat …` in this process: its status, and all that it says."""
    said = command(*arguments.split(), settings=settings)
    return said.status, said.printed + said.complaint


def begun(arguments: str, settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """`python -m chat …` in a process of its own, which somebody waits for later."""
    return subprocess.Popen(
        [sys.executable, "-m", "chat", *arguments.split()],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_command_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it ends, with the reason as its last line."""
    monkeypatch.setattr(cli, "WAIT_SECONDS", 0.5)
    moments = iter([0.0, 0.0, 1.0])  # when it begins, and after each try
    monkeypatch.setattr(waiting, "monotonic", lambda: next(moments))
    url = f"postgresql://payam@127.0.0.1:{free_port()}/payam"
    status, said = chat("users list", {"DATABASE_URL": url, "DATA_DIR": str(tmp_path)})
    first, reason = said.splitlines()
    assert status == 1
    assert first.startswith("payam: waiting for up to ")
    assert reason.startswith("payam: connection failed")
    assert "refused" in reason


def run(program: str, settings: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *program.split()],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


async def test_who_and_where_are_told_at_once(
    postgres_server: PostgresServer, admin: psycopg.Connection[tuple[object, ...]]
) -> None:
    """A wrong password, no such role, no such database, options that make no sense."""
    url = postgres_server.create_database()
    host = url.rpartition("@")[2]
    assert "password authentication failed" in await refusal(f"postgresql://payam:x@{host}")
    assert "no password supplied" in await refusal(f"postgresql://payam@{host}")
    assert "authentication failed" in await refusal(f"postgresql://nobody:x@{host}")
    assert "does not exist" in await refusal(postgres_server.url("absent"))
    admin.execute("CREATE ROLE payam_shut NOLOGIN PASSWORD 'x'")
    assert "not permitted" in await refusal(f"postgresql://payam_shut:x@{host}")
    for options, words in [
        ("sslmode=maybe", "sslmode"),
        ("sslmode=require", "SSL"),
        ("options=-c%20no_such%3D1", "no_such"),
        ("service=absent", "absent"),
        ("options=-c%20search_path%3Dnowhere", "search_path"),
    ]:
        assert words in await refusal(f"{url}?{options}")


async def test_rights_that_are_missing_are_named(
    postgres_server: PostgresServer,
    migrated_template: str,
    admin: psycopg.Connection[tuple[object, ...]],
    tmp_path: Path,
) -> None:
    """On the tables, the numbers and the schema, each by its name; with them it serves."""
    url = postgres_server.create_database(template=migrated_template)
    line = await refusal(as_few(url))
    assert "SELECT on users" in line
    assert "USAGE on public.messages_id_seq" in line
    with psycopg.connect(url, autocommit=True) as owner:
        everything = f"ON ALL TABLES IN SCHEMA public TO {ROLE}"
        owner.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE {everything}".encode())
        assert "USAGE on" in await refusal(as_few(url))
        owner.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}".encode())
        owner.execute(f"REVOKE DELETE ON attachments FROM {ROLE}".encode())
        assert "DELETE on attachments" in await refusal(as_few(url))
        owner.execute(f"GRANT DELETE {everything}".encode())
    async with opened(as_few(url)) as database:
        assert "UTF8" in await database.inspect()
        await schema.require_current(database)
    empty = as_few(postgres_server.create_database())
    status, said = chat("migrate", {"DATABASE_URL": empty, "DATA_DIR": str(tmp_path)})
    assert (status, said.count("\n")) == (1, 1)
    assert "permission denied for schema public" in said


class Waiting(PayamServer):
    """Started as soon as it says that it waits."""

    def answers(self) -> bool:
        return "waiting for the database" in self.log()


async def test_a_read_only_database_is_waited_for(
    postgres_server: PostgresServer, migrated_template: str, tmp_path: Path
) -> None:
    """It may be a standby that takes over soon: the log says so, and so do commands."""
    url = postgres_server.create_database(template=migrated_template)
    name = url.rpartition("/")[2]
    settings = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path), "PORT": str(free_port())}
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as admin:
        for value in ("on", "off"):
            statement = "ALTER DATABASE {} SET default_transaction_read_only = {}"
            admin.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(value)))
            if value == "off":
                break
            async with opened(url) as serving:
                assert not await serving.is_serving()
            database = connect(url, 2)
            with pytest.raises(Unavailable, match="read-only"):
                await database.inspect()
            await database.close()
            status, said = chat("check", settings)
            assert (status, "read-only" in said, "Traceback" in said) == (1, True, False)
            late = Waiting({"DATABASE_URL": url})
            late.start()
            commands = [begun(one, settings) for one in ("migrate", "createuser ali --no-password")]
            for one in commands:
                assert one.stderr is not None
                assert "waiting for up to 30 seconds for the database" in one.stderr.readline()
    printed = [one.communicate()[0] for one in commands]
    assert printed == ["nothing to apply\n", "user 1: ali\n"]
    # Not the line that it serves: Sanic takes the signals over a moment after that.
    await asyncio.to_thread(wait_until, partial(PayamServer.answers, late), "it does not serve")
    late.has_begun()
    assert late.log().count("read-only") == 1
    late.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_that_is_down_is_waited_for(
    workers: int, postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    """However long; meanwhile it can be stopped. One that is wrong ends the start."""
    with PostgresServer() as late:
        url = late.create_database()
        run_command("migrate", settings={"DATABASE_URL": url})
        late.stop()
        settings = {"DATABASE_URL": url, "REDIS_URL": redis_server.url}
        with Waiting(settings, workers=workers) as payam:
            assert "refused" in payam.log()
            payam.stop()
            assert "Payam stops before it has served" in payam.log()
            payam.start()
            late.start()
            wait_until(partial(PayamServer.answers, payam), "it does not serve")
            payam.has_begun()
            assert "Payam serves" in payam.log()
    absent = {"DATABASE_URL": postgres_server.url("absent"), "PORT": str(free_port())}
    server = "server.py" if workers == 1 else "-m gunicorn -c gunicorn.conf.py server:app"
    status, said = run(server, {**absent, "DATA_DIR": str(tmp_path)})
    assert status == 1
    assert said.count("\n") == 1


def test_libpq_s_own_ways_to_name_a_server(
    postgres_server: PostgresServer, migrated_template: str, tmp_path: Path
) -> None:
    """A service, its file, a password file, and variables; `postgresql://` alone with them."""
    url = postgres_server.create_database(template=migrated_template)
    name = url.rpartition("/")[2]
    parts = psycopg.conninfo.conninfo_to_dict(url)
    service = tmp_path / "services"
    lines = [f"{key}={value}" for key, value in parts.items()]
    service.write_text("\n".join(["[chat]", *lines, ""]))
    password = str(parts["password"]).replace("\\", "\\\\").replace(":", "\\:")
    passfile = tmp_path / "passwords"
    passfile.write_text(f"*:*:*:payam:{password}\n")
    passfile.chmod(0o600)
    base = {"DATA_DIR": str(tmp_path), "PORT": str(free_port())}
    host, port = str(parts["host"]), str(parts["port"])
    ways: list[dict[str, str]] = [
        {"DATABASE_URL": "postgresql://?service=chat", "PGSERVICEFILE": str(service)},
        {
            "DATABASE_URL": "postgresql://",
            "PGSERVICE": "chat",
            "PGSERVICEFILE": str(service),
        },
        {"DATABASE_URL": f"postgresql://payam@{host}:{port}/{name}?passfile={passfile}"},
        {"DATABASE_URL": f"postgresql://payam@{host}:{port}/{name}", "PGPASSFILE": str(passfile)},
        {
            "DATABASE_URL": "postgresql://",
            "PGHOST": host,
            "PGPORT": port,
            "PGUSER": "payam",
            "PGPASSWORD": str(parts["password"]),
            "PGDATABASE": name,
        },
    ]
    for way in ways:
        status, said = run("-m chat check", {**base, **way})
        assert status == 0, (way, said)
        assert "PostgreSQL" in said
    status, said = chat("check", {**base, "DATABASE_URL": "postgresql://"})
    assert (status, said.count("\n")) == (1, 1)
    assert "it names no database" in said
