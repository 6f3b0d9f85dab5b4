"""Payam's servers as forks of one process that has imported them already.

`python server.py` spends most of a second of a core on imports alone, and tests start hundreds of
servers. What a fork does from then on is what that program does, in an environment, a session and a
log of its own. `tests/test_starting.py` and others start the program itself.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

CONTROL, REPLIES = 0, 1
CHECKOUT = Path(__file__).parents[2]
LOOP_WATCH = CHECKOUT / "tests" / "support" / "loop_watch"
WATCHED = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(LOOP_WATCH)}


class Forks:
    """The process with the imports, seen from the tests."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forks"],
            cwd=CHECKOUT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )

    def ask(self, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            return json.loads(self._process.stdout.readline())


@cache
def forks() -> Forks:
    """One for all tests of this process. It ends with them."""
    return Forks({"PATH": os.environ["PATH"], **WATCHED})


class Fork:
    """What tests need of `subprocess.Popen`."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.pid: int = forks().ask(environment=dict(environment), log=str(log))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = forks().ask(pid=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            descriptor = os.pidfd_open(self.pid)
            try:
                look = select.poll()
                look.register(descriptor, select.POLLIN)
                if not look.poll(None if timeout is None else 1000 * timeout):
                    raise subprocess.TimeoutExpired("server.py", timeout or 0)
            finally:
                os.close(descriptor)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def wait_for_request() -> Any:
    """Fork and say how forks ended, until this is one, and return what it is to be."""
    with open(CONTROL, "rb", buffering=0, closefd=False) as control:
        for line in iter(control.readline, b""):
            request = json.loads(line)
            if "pid" in request:
                ended, status = os.waitpid(request["pid"], os.WNOHANG)
                reply(os.waitstatus_to_exitcode(status) if ended else None)
            elif os.fork() == 0:
                os.setsid()
                reply(os.getpid())
                return request
    sys.exit()


def reply(value: int | None) -> None:
    os.write(REPLIES, b"%s\n" % json.dumps(value).encode())


def become(request: Any) -> None:
    """Leave nothing of the process with the imports but those."""
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, number)
    os.close(log)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["server.py"]


if __name__ == "__main__":
    import uvloop  # noqa: F401

    import chat.app  # noqa: F401 - what all forks share

    become(wait_for_request())
    import server

    sys.exit(server.main())
