"""Payam itself, run in the same way as the other peers, on PostgreSQL and Redis and on SQLite."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import SERVER_CORE, pinned, running
from loadtest.process import family, usage
from tests.support.commands import run_command
from tests.support.payam_server import PayamServer
from tests.support.processes import is_followers
from tests.support.server_process import START_SECONDS

WATCH = "PYTHONPATH"
"""What brings the tests' watch of the event loop."""
LOOK_SECONDS = 0.25
LOOKS = 5
"""So many in a row must find the same memory of the followers."""
ONE_AT_A_TIME = threading.Lock()


class PinnedPayam(PayamServer):
    """As operators run it: nothing watches its event loop."""

    def command(self) -> Sequence[str]:
        return pinned(SERVER_CORE, super().command())

    def environment(self) -> Mapping[str, str]:
        return {name: value for name, value in super().environment().items() if name != WATCH}


def install() -> None:
    """Do nothing, because whoever runs the comparison has Payam."""


Prepare = Callable[[Mapping[str, str]], None]
"""Changes the seeded database before the server starts with these settings."""


def leave(settings: Mapping[str, str]) -> None:
    """Leave the database as it was seeded."""


def run_chat(*arguments: str, settings: Mapping[str, str]) -> None:
    """Run `python -m chat` with these environment variables; raises AssertionError if it fails.

    One at a time, because a command in this process has its standard output to itself.
    """
    with ONE_AT_A_TIME:
        run_command(*arguments, settings=settings)


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
            wait_for_followers(started.pid)
            yield started


def wait_for_followers(server: int) -> None:
    """Return once they have loaded all their code. Raises AssertionError when that takes too long.

    They begin after the server, in a process of their own. There is one per deployment, so its
    beginning must not count as memory of the sockets that are opened meanwhile.
    """
    deadline = time.monotonic() + START_SECONDS
    sizes: list[int] = []
    while not is_still(sizes):
        assert time.monotonic() < deadline, f"no followers that work in {START_SECONDS} s"
        time.sleep(LOOK_SECONDS)
        sizes.append(sum(usage(pid).memory for pid in family(server) if is_followers(pid)))


def is_still(sizes: Sequence[int]) -> bool:
    """Whether there was something, and it has not grown for a while."""
    last = sizes[-LOOKS:]
    return len(last) == LOOKS and last[0] > 0 and max(last) == min(last)


def on_sqlite(
    backing: Backing, crowd: Crowd, prepare: Prepare = leave
) -> AbstractContextManager[Running]:
    return serve(crowd, {"JWT_SECRET": backing.secret}, prepare=prepare)


PAYAM = Peer("payam", "Payam", "payam", install, on_postgres)
PAYAM_SQLITE = Peer("payam-sqlite", "Payam on SQLite", "payam", install, on_sqlite)
PAYAM_TWO_WORKERS = Peer(
    "payam-2", "Payam, two workers", "payam", install, partial(on_postgres, workers=2)
)
PAYAM_FOUR_WORKERS = Peer(
    "payam-4", "Payam, four workers", "payam", install, partial(on_postgres, workers=4)
)
