"""Payam's servers as forks of one process that has imported them already.

`python server.py` spends most of a second of a core on imports alone, gunicorn with two workers
three, and tests start hundreds of servers. What a fork does from then on is what that program does,
in an environment, a session and a log of its own. `tests/test_starting.py` and others start the
programs themselves.

gunicorn's master and its workers import Payam themselves, because they may read it anew. So there
is a process for them that has imported the libraries alone.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from runpy import run_module
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

SERVER, GUNICORN = "server", "gunicorn"
OF_GUNICORN = ("chat", "config", "prometheus_client")
"""What it imports in each process: Payam, and what looks at the environment then."""
CONTROL, REPLIES = 0, 1
REFUSED_SECONDS = 60
LOOP_WATCH = Path(__file__).parent / "loop_watch"
WATCHED = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(LOOP_WATCH)}
UNWATCHED = {**WATCHED, "UNWATCHED": "1"}


class Forks:
    """The process with the imports, seen from the tests."""

    def __init__(self, program: str) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forks", program],
            cwd=Path(__file__).parents[2],
            env={"PATH": os.environ["PATH"], **WATCHED},
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
def forks(program: str) -> Forks:
    """One for all tests of this process. It ends with them."""
    return Forks(program)


class Fork:
    """What tests need of `subprocess.Popen`."""

    def __init__(
        self, program: str, *arguments: str, environment: Mapping[str, str], log: Path
    ) -> None:
        """`program` is SERVER or GUNICORN."""
        self._forks = forks(program)
        self.pid: int = self._forks.ask(
            arguments=arguments, environment=dict(environment), log=str(log)
        )
        self.returncode: int | None = None
        self._lock = Lock()  # who asks first learns it

    def poll(self) -> int | None:
        with self._lock:
            if self.returncode is None:
                self.returncode = self._forks.ask(pid=self.pid)
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


def refusal(program: str, *arguments: str, settings: Mapping[str, str]) -> str:
    """The one line that a fork says with these settings, as it ends with status 1."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **UNWATCHED, **settings}
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        fork = Fork(program, *arguments, environment=environment, log=log)
        try:
            status = fork.wait(REFUSED_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(fork.pid, signal.SIGKILL)
            raise
        said = log.read_text()
    assert status == 1, said
    [line] = said.splitlines()
    return line


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
    sys.argv = [sys.argv[1], *request["arguments"]]


def libraries() -> list[str]:
    """The modules that a server imports, but for OF_GUNICORN. A fork looks, which ends then."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        import_module("chat.app")
        found = [name for name in sys.modules if name.partition(".")[0] not in OF_GUNICORN]
        with open(writing, "w") as answer:
            answer.write("\n".join(found))
        os._exit(0)
    os.close(writing)
    with open(reading) as answer:
        found = answer.read().split("\n")
    os.wait()
    return found


def main(program: str) -> None:
    if program == SERVER:
        import_module("uvloop")
        import_module("chat.app")
        become(wait_for_request())
        sys.exit(import_module("server").main())
    for name in (*libraries(), "uvloop", "gunicorn.app.wsgiapp"):
        with suppress(ImportError):
            import_module(name)
    become(wait_for_request())
    run_module("gunicorn", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
