"""A server in a process of its own: started, waited for, stopped by its id."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from tests.support.forks import Fork
from tests.support.guard import note_end, note_start
from tests.support.ports import free_port

START_SECONDS = 90
STOP_SECONDS = 60
TAIL_CHARACTERS = 4000


class ServerProcess:
    """Base of the servers that tests start.

    A subclass says how in `command`, `environment`, `options` and `answers`. The port,
    and the temporary `directory` with the server's files and its log, stay the same
    from `stop` to the next `start`, and the folder is gone after `close`, which is also
    how a `with` block ends. A server sees the environment that is given here and
    nothing of the developer's.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    host = "127.0.0.1"
    """The address on which it listens."""

    def __init__(self) -> None:
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix=f"payam-{self.name}-"))
        self.log_file = self.directory / "log"
        self._process: subprocess.Popen[bytes] | Fork | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.directory)}

    def options(self) -> Mapping[str, Any]:
        """Further arguments of `subprocess.Popen`."""
        return {"cwd": self.directory}

    def answers(self) -> bool:
        """Whether it serves by now."""
        raise NotImplementedError

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes] | Fork:
        assert self._process is not None, f"{self.name} is not running"
        return self._process

    def log(self) -> str:
        """All that it printed so far, earlier starts included."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def start(self) -> None:
        """Start it and return once it answers.

        Raises AssertionError with the end of its log when it dies first or takes more
        than START_SECONDS.
        """
        assert self._process is None, f"{self.name} runs already"
        self._process = self.begin()
        note_start(self._process.pid)
        try:
            self._wait_until_it_answers(self._process)
        except BaseException:
            self.kill()
            raise

    def begin(self) -> subprocess.Popen[bytes] | Fork:
        """The process, which leads a session of its own: Ctrl-C must reach the tests, which then
        stop it in order, and a signal to its group must not reach the tests.
        """
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                self.command(),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.options(),
            )

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes] | Fork) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            code = process.poll()
            assert code is None, self.complaint(f"ended with {code} before it answered")
            assert time.monotonic() < deadline, self.complaint(f"silent for {START_SECONDS} s")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to stop and wait until it has.

        Raises AssertionError when it takes more than STOP_SECONDS; it is killed then.
        """
        if self._process is None:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(self.complaint(f"did not stop in {STOP_SECONDS} s")) from None
        self._forget()

    def kill(self) -> None:
        """End it and the processes it started, at once, as a crash would."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._forget()

    def _forget(self) -> None:
        note_end(self.process.pid)
        self._process = None

    def close(self) -> None:
        """Stop it for good and remove its folder."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.directory)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def complaint(self, sentence: str) -> str:
        return f"{self.name} {sentence}; its log ends:\n{self.log()[-TAIL_CHARACTERS:]}"
