"""What stops a start: one line and a status, whether it is `server.py` or gunicorn that starts."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.support import forks
from tests.support.payam_server import CHECKOUT, GUNICORNS, PayamServer
from tests.support.ports import free_port
from tests.support.processes import children
from tests.support.redis_server import RedisServer
from tests.support.server_group import wait_until

ALONE = (sys.executable, "server.py")
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "server:app")
WAYS = pytest.mark.parametrize("command", [ALONE, GUNICORN], ids=["alone", "gunicorn"])
FORKS: Mapping[str, tuple[str, ...]] = {
    "alone": (forks.SERVER,),
    "gunicorn": (forks.GUNICORN, *GUNICORNS),
}
"""The same without the imports, for what is refused after them."""
SERVED = "is served by another process"


@pytest.fixture
def settings(tmp_path: Path) -> Mapping[str, str]:
    """Of a server that would start."""
    return {"DATA_DIR": str(tmp_path / "data"), "PORT": str(free_port())}


def run(command: tuple[str, ...], settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refusal(command: tuple[str, ...], settings: Mapping[str, str]) -> str:
    """The one line with which the start ends; its status is 1."""
    done = run(command, settings)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    return line


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@WAYS
def test_a_port_in_use(command: tuple[str, ...], settings: Mapping[str, str], taken: int) -> None:
    """The line names it."""
    assert f"PORT={taken} is in use" in refusal(command, {**settings, "PORT": str(taken)})


WRONG: list[tuple[Mapping[str, str], str]] = [
    ({"HOST": "203.0.113.9"}, "HOST=203.0.113.9 is not an address of this machine"),
    ({"HOST": "2001:db8::9"}, "HOST=2001:db8::9 is not an address of this machine"),
    ({"HOST": "nobody.invalid"}, "HOST: 'nobody.invalid' is not known here"),
    ({"DATA_DIR": "/dev/null"}, "DATA_DIR"),
    ({"DATA_DIR": "/proc/payam", "JWT_SECRET": "s" * 40}, "DATA_DIR"),
    ({"DATABASE_URL": "sqlite:////dev/null/below"}, "/dev/null/below"),
    ({"DATABASE_URL": "sqlite:////proc"}, "/proc is a folder"),
    ({"DATABASE_URL": "postgresql://u:secret@h/d?sslmod=x"}, "'sslmod'"),
    ({"REDIS_URL": "redis://:secret@127.0.0.1/0?sokcet_timeout=1"}, "'sokcet_timeout'"),
    ({"DATABSE_URL": "postgresql://u:secret@h/d"}, "DATABASE_URL may be meant"),
    ({"JWT_ALGORITHM": "RS256", "JWT_PUBLIC_KEY": "/dev/null"}, "JWT_PUBLIC_KEY"),
]


@pytest.mark.parametrize(
    ("way", "wrong", "words"),
    [("alone", wrong, words) for wrong, words in WRONG]
    + [("gunicorn", wrong, words) for wrong, words in WRONG[-8::2]],
)
def test_what_cannot_be_had(
    way: str, wrong: Mapping[str, str], words: str, settings: Mapping[str, str]
) -> None:
    """The line names the setting, or the place, and no password."""
    line = forks.refusal(*FORKS[way], settings={**settings, **wrong})
    assert words in line
    assert "secret@" not in line


def test_a_start_imports_no_more_than_it_needs(settings: Mapping[str, str]) -> None:
    """No redis-py without Redis, no sanic-ext without CORS; the garbage collector works again."""
    program = """
import gc, sys
from chat.app import GARBAGE
from chat.server import app
assert GARBAGE == gc.get_threshold() and gc.isenabled()
print(*sorted({"redis", "sanic_ext", "pydantic", "jinja2"} & set(sys.modules)))
"""
    command = (sys.executable, "-c", program)
    assert run(command, settings).stdout.split() == []
    more = {"REDIS_URL": "redis://127.0.0.1:1", "CORS_ORIGINS": "https://chat.example"}
    assert {"redis", "sanic_ext"} <= set(run(command, {**settings, **more}).stdout.split())


def on_a_full_disk(*command: str) -> tuple[str, ...]:
    """No file grows beyond 2 KiB. Python would keep what it compiles, cut off there, for all."""
    program = 'ulimit -f 2; PYTHONDONTWRITEBYTECODE=1 exec "$@"'
    return ("bash", "-c", program, "-", *command)


def test_a_full_disk(settings: Mapping[str, str]) -> None:
    """The server says so, and the check, and a command that would write."""
    assert "DATA_DIR" in refusal(on_a_full_disk(*ALONE), settings)
    chat = (sys.executable, "-m", "chat")
    assert run((*chat, "migrate"), settings).returncode == 0
    found = run(on_a_full_disk(*chat, "check"), settings)
    assert found.returncode == 1
    assert "failed  files: DATA_DIR" in found.stdout
    line = refusal(on_a_full_disk(*chat, "createuser", "ali", "--no-password"), settings)
    assert "disk" in line


def test_a_file_that_is_no_database(settings: Mapping[str, str], tmp_path: Path) -> None:
    """It is left as it was."""
    letters = tmp_path / "letters"
    letters.write_text("no database " * 100)
    url = f"sqlite:///{letters}"
    line = forks.refusal(forks.SERVER, settings={**settings, "DATABASE_URL": url})
    assert "file is not a database" in line
    assert letters.read_text() == "no database " * 100


@WAYS
def test_the_database_of_another_program(
    command: tuple[str, ...], settings: Mapping[str, str], tmp_path: Path
) -> None:
    """Whose tables have our names."""
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE users (id)")
    other.commit()
    other.close()
    line = refusal(command, {**settings, "DATABASE_URL": f"sqlite:///{tmp_path / 'other'}"})
    assert "The schema cannot be brought up to date" in line


@pytest.mark.parametrize(
    "command",
    [
        (sys.executable, "-m", "sanic", "server:app", "--port={port}"),
        (sys.executable, "-m", "sanic", "server:app", "--port={port}", "--workers=2"),
        (sys.executable, "-m", "uvicorn", "server:app", "--port={port}"),
        (*GUNICORN, "--worker-class=sync"),
    ],
    ids=["sanic", "sanic-workers", "uvicorn", "gunicorn-sync"],
)
def test_servers_that_would_break_the_websockets(
    command: tuple[str, ...], settings: Mapping[str, str]
) -> None:
    """The last line says what to run instead."""
    done = run(tuple(part.format(port=settings["PORT"]) for part in command), settings)
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if "INFO" not in line]
    assert "`python server.py`" in line


def test_gunicorn_without_our_settings(settings: Mapping[str, str], tmp_path: Path) -> None:
    """Its own lines come around ours, and it does not begin again and again."""
    empty = tmp_path / "empty.py"
    empty.touch()
    command = (sys.executable, "-m", "gunicorn", "-c", str(empty), "server:app")
    bind = ("--bind", f"127.0.0.1:{settings['PORT']}", "--no-control-socket")
    done = run((*command, *bind), settings)
    assert done.returncode == 3
    assert done.stderr.count("`python server.py`") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("host", "workers"), [("::", 1), ("::", 2), ("localhost", 1)])
def test_every_way_to_write_a_host(host: str, workers: int) -> None:
    """Under gunicorn too; where all addresses are meant, those of IPv4 are served as well."""
    with RedisServer() as relay:
        server = V6Server({"HOST": host, "REDIS_URL": relay.url}, workers=workers)
        server.at = "127.0.0.1" if host == "localhost" else "[::1]"
        with server:
            if host == "::":
                live = f"http://127.0.0.1:{server.port}/health/live"
                assert httpx.get(live, trust_env=False).status_code == 200


class V6Server(PayamServer):
    """Asked at another address."""

    at: str

    def answers(self) -> bool:
        try:
            url = f"http://{self.at}:{self.port}/health/ready"
            return httpx.get(url, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


@pytest.mark.parametrize("way", FORKS)
def test_a_second_server_on_one_sqlite_database(way: str) -> None:
    """It is refused, by whatever path it comes, until the first is gone, however that went."""
    with PayamServer() as first:
        data = Path(first.settings["DATA_DIR"])
        link = first.directory / "link"
        link.symlink_to(data)
        second = {**first.settings, "PORT": str(free_port())}
        for same in ({}, {"DATA_DIR": str(link)}, {"REDIS_URL": "redis://127.0.0.1:1/0"}):
            line = forks.refusal(*FORKS[way], settings={**second, **same})
            assert f"({first.process.pid})" in line
            assert "payam.sqlite3" in line
        first.kill()
        first.start()


STOPPED_AT_THE_END_OF_ITS_START = """
from chat.app import Application

start = Application._server_event

async def start_and_stop(app, *event):
    await start(app, *event)
    if event == ("init", "after"):
        app.loop.call_soon(lambda: app.stop(terminate=False))

Application._server_event = start_and_stop
from chat.server import main

raise SystemExit(main())
"""


def test_a_stop_at_the_end_of_the_start_is_not_lost(settings: Mapping[str, str]) -> None:
    """The server drains and ends as at any other time."""
    done = run((sys.executable, "-c", STOPPED_AT_THE_END_OF_ITS_START), settings)
    assert done.returncode == 0
    assert "Payam stops, and sends 0 websockets away" in done.stderr
    assert "Traceback" not in done.stderr


SIGNALLED = """
import os, signal
from chat.app import Application

original = Application.{moment}

def signalled(*arguments):
    original(*arguments)
    if False not in arguments:  # it begins to serve
        os.kill(os.getpid(), signal.{name})

Application.{moment} = signalled
from chat.server import main

raise SystemExit(main())
"""


@pytest.mark.parametrize("moment", ["ack", "set_serving"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_at_the_end_of_the_start_is_not_lost(
    settings: Mapping[str, str], moment: str, name: str
) -> None:
    """Sanic calls `ack` before the application takes signals, and `set_serving` between two runs
    of the event loop.
    """
    program = SIGNALLED.format(moment=moment, name=name)
    done = run((sys.executable, "-c", program), settings)
    assert done.returncode == 0
    assert "Payam stops" in done.stderr
    assert "Traceback" not in done.stderr


def test_gunicorn_holds_the_database_for_its_workers() -> None:
    """Through a reload and the death of its worker; nobody else gets it in between."""
    with GunicornServer() as server:
        second = {**server.settings, "PORT": str(free_port())}
        for end in (signal.SIGHUP, signal.SIGKILL):
            (worker,) = children(server.process.pid)
            os.kill(server.process.pid if end == signal.SIGHUP else worker, end)
            while not server.answers() or worker in server.pids():
                assert SERVED in forks.refusal(forks.SERVER, settings=second)
        assert SERVED in forks.refusal(forks.SERVER, settings=second)


class GunicornServer(PayamServer):
    """With one worker."""

    def command(self) -> tuple[str, ...]:
        return GUNICORN


@pytest.mark.parametrize("kind", [PayamServer, GunicornServer])
def test_a_misspelt_variable_is_named_once(kind: type[PayamServer]) -> None:
    """And the server serves: nothing is kept in another place for it."""
    with kind({"REDIS_ULR": "redis://somewhere/0"}) as server:
        assert server.log().count("REDIS_ULR is set, and is no setting of Payam; REDIS_URL") == 1


def test_servers_with_a_relay_share_a_database() -> None:
    """Which carries the one's news to the other; one without is refused."""
    with RedisServer() as relay, PayamServer({"REDIS_URL": relay.url}) as first:
        shared = {**first.settings, "REDIS_URL": relay.url}
        del shared["PORT"]
        second = PayamServer(shared)
        second.settings["PORT"] = str(second.port)
        with second:
            alone = {**shared, "PORT": str(free_port()), "REDIS_URL": ""}
            assert "give both the same REDIS_URL" in forks.refusal(forks.SERVER, settings=alone)


def test_more_workers_than_the_settings_say_need_the_relay(settings: Mapping[str, str]) -> None:
    """Whoever asks for them on gunicorn's command line."""
    assert "REDIS_URL" in refusal((*GUNICORN, "--workers", "2"), settings)
    with GunicornServer() as server:
        os.kill(server.process.pid, signal.SIGTTIN)
        wait_until(lambda: "it stays at 1 worker" in server.log(), "it says nothing")
        assert server.answers()
        assert len(children(server.process.pid)) == 1


def test_a_reload_serves_the_code_of_today(tmp_path: Path) -> None:
    """HUP after an upgrade: the workers are new, and so is all that they run."""
    for part in ("chat", "config", "web"):
        shutil.copytree(CHECKOUT / part, tmp_path / part)
    for part in ("server.py", "gunicorn.conf.py"):
        shutil.copy(CHECKOUT / part, tmp_path)
    with UpgradedServer(tmp_path) as server:
        health = tmp_path / "chat/api/health.py"
        health.write_text(health.read_text().replace('Health("live")', 'Health("new")'))
        os.kill(server.process.pid, signal.SIGHUP)
        wait_until(lambda: state_of(server) == "new", "it serves the old code")


def state_of(server: PayamServer) -> str:
    """What it says of itself; nothing where a worker that leaves has closed the connection."""
    try:
        answer = httpx.get(f"{server.url}/health/live", trust_env=False)
    except httpx.TransportError:
        return ""
    status: str = answer.json()["status"]
    return status


class UpgradedServer(GunicornServer):
    """Of a copy of the code."""

    def __init__(self, code: Path) -> None:
        super().__init__()
        self.code = code

    def options(self) -> Mapping[str, Path]:
        return {"cwd": self.code}
