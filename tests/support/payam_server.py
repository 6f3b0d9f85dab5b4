"""Payam itself, as an operator would run it."""

import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.support.forks import GUNICORN, SERVER, WATCHED, Fork
from tests.support.processes import is_followers, processes_of_session
from tests.support.server_process import ServerProcess

CHECKOUT = Path(__file__).parents[2]
GUNICORNS = ("-c", "gunicorn.conf.py", "server:app")
TRACEBACK = b"Traceback (most recent call last)"
BLOCKED = b"the event loop is blocked"
"""What the watch that is in that folder prints."""


class PayamServer(ServerProcess):
    """`python server.py`, or gunicorn when there is more than one worker, as a fork.

    A subclass whose `command` is another program starts that.

    `settings` are environment variables (`config/settings.py`) on top of a free port, a
    temporary DATA_DIR and a random JWT_SECRET; they may be changed between `stop` and
    `start`. A traceback in its log fails the test that stops it, unless
    `allow_traceback`. So does code that blocks the event loop once the server answers.
    """

    name = "payam"

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        workers: int = 1,
        allow_traceback: bool = False,
    ) -> None:
        super().__init__()
        self.workers = workers
        self.allow_traceback = allow_traceback
        self.settings = {
            "HOST": self.host,
            "PORT": str(self.port),
            "WEB_CONCURRENCY": str(workers),
            "DATA_DIR": str(self.directory / "data"),
            "JWT_SECRET": secrets.token_urlsafe(48),
            **(settings or {}),
        }
        self._checked = 0  # bytes of the log
        self._answered = 0  # the same, when it was last started

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://{self.host}:{self.port}"

    def command(self) -> Sequence[str]:
        if self.workers == 1:
            return [sys.executable, "server.py"]
        return [sys.executable, "-m", "gunicorn", *GUNICORNS]

    def begin(self) -> subprocess.Popen[bytes] | Fork:
        program = self._forked()
        if program is None or sys.platform != "linux":
            return super().begin()
        return Fork(*program, environment=self.environment(), log=self.log_file)

    def _forked(self) -> Sequence[str] | None:
        """What a fork is that does the same as the command.

        There is none of other code, nor of a server that is given an environment of its own.
        """
        is_usual = type(self).environment is PayamServer.environment
        if not is_usual or self.options() != {"cwd": CHECKOUT}:
            return None
        match self.command():
            case [sys.executable, "server.py"]:
                return [SERVER]
            case [sys.executable, "-m", "gunicorn", *arguments]:
                return [GUNICORN, *arguments]
        return None

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), **WATCHED, **self.settings}

    def options(self) -> Mapping[str, Any]:
        return {"cwd": CHECKOUT}

    def answers(self) -> bool:
        with closing(HTTPConnection(self.host, self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/health/ready")
                return connection.getresponse().status == 200
            except (OSError, HTTPException):  # refused, or cut off
                return False

    def start(self) -> None:
        super().start()
        self.has_begun()

    def has_begun(self) -> None:
        """It answers now: what blocked its loop before was a part of its start."""
        self._answered = self.log_file.stat().st_size

    def pids(self) -> list[int]:
        """The ids of its processes, gunicorn's master among them, but not of its followers."""
        return [pid for pid in processes_of_session(self.process.pid) if not is_followers(pid)]

    def followers(self) -> list[int]:
        """The ids of the processes in which its followers work: one, or none."""
        return [pid for pid in processes_of_session(self.process.pid) if is_followers(pid)]

    def check_log(self) -> None:
        """Raise AssertionError when a traceback was logged since the last check, or code blocked
        the event loop.
        """
        log = self.log_file.read_bytes() if self.log_file.exists() else b""
        new, served = log[self._checked :], log[max(self._checked, self._answered) :]
        self._checked = len(log)
        clean = self.allow_traceback or TRACEBACK not in new
        assert clean, f"{self.name} logged a traceback:\n{new.decode(errors='replace')}"
        runs = self.allow_traceback or BLOCKED not in served
        assert runs, f"{self.name} blocked its loop:\n{served.decode(errors='replace')}"

    def stop(self) -> None:
        super().stop()
        self.check_log()
