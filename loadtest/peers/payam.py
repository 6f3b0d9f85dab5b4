"""Payam itself, run in the same way as the other peers, on PostgreSQL and Redis and on SQLite."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from urllib.request import urlopen

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import SERVER_CORE, pinned, running
from tests.support.payam_server import CHECKOUT, PayamServer

WATCH = "PYTHONPATH"
"""What brings the tests' watch of the event loop."""


class PinnedPayam(PayamServer):
    """As operators run it: nothing watches its event loop."""

    def command(self) -> Sequence[str]:
        return pinned(SERVER_CORE, super().command())

    def environment(self) -> Mapping[str, str]:
        return {name: value for name, value in super().environment().items() if name != WATCH}

    def answers(self) -> bool:
        """Also its followers work: their process would count as memory of sockets."""
        if not super().answers():
            return False
        with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
            return "missing" not in json.load(answer)


def install() -> None:
    """Do nothing, because whoever runs the comparison has Payam."""


Prepare = Callable[[Mapping[str, str]], None]
"""Changes the seeded database before the server starts with these settings."""


def leave(settings: Mapping[str, str]) -> None:
    """Leave the database as it was seeded."""


def run_chat(*arguments: str, settings: Mapping[str, str]) -> None:
    """Run `python -m chat` with these environment variables; raises CalledProcessError."""
    subprocess.run(
        [sys.executable, "-m", "chat", *arguments],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.DEVNULL,
        check=True,
    )


@contextmanager
def serve(
    crowd: Crowd, settings: Mapping[str, str], workers: int = 1, prepare: Prepare = leave
) -> Iterator[Running]:
    server = PinnedPayam({"RATE_LIMITS": "off", **settings}, workers=workers)
    try:
        people = ("--users", str(crowd.users), "--members", str(crowd.members))
        conversations = ("--conversations", str(crowd.conversations))
        run_chat("migrate", settings=server.settings)
        run_chat("seed", *people, *conversations, settings=server.settings)
        prepare(server.settings)
        with server:
            yield running(server)
    finally:
        if server.directory.exists():
            server.close()


@contextmanager
def on_postgres(
    backing: Backing, crowd: Crowd, workers: int = 1, prepare: Prepare = leave
) -> Iterator[Running]:
    with backing.database() as database:
        settings = {
            "DATABASE_URL": database,
            "REDIS_URL": backing.redis.url,
            "JWT_SECRET": backing.secret,
        }
        with serve(crowd, settings, workers, prepare) as started:
            yield started


def on_two_workers(backing: Backing, crowd: Crowd) -> AbstractContextManager[Running]:
    return on_postgres(backing, crowd, workers=2)


def on_sqlite(
    backing: Backing, crowd: Crowd, prepare: Prepare = leave
) -> AbstractContextManager[Running]:
    return serve(crowd, {"JWT_SECRET": backing.secret}, prepare=prepare)


PAYAM = Peer("payam", "Payam", "payam", install, on_postgres)
PAYAM_SQLITE = Peer("payam-sqlite", "Payam on SQLite", "payam", install, on_sqlite)
PAYAM_TWO_WORKERS = Peer("payam-2", "Payam, two workers", "payam", install, on_two_workers)
