"""Watches the event loop of a server under test.

Python imports this file by itself where its folder is in PYTHONPATH. So the server is the one that
an operator runs.

It prints BLOCKED and a stack to stderr where the loop's thread

- takes more than BUSY_SECONDS of processor time without running a timer that is due. Time by the
  clock would count what else the machine does. asyncio's own debug mode does, and knows nothing
  of uvloop's callbacks;
- makes a call that may wait: it sleeps, syncs a file to the disk, runs a program, looks up a name,
  opens an SQLite database.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any

BLOCKED = "the event loop is blocked"
BUSY_SECONDS = 0.1
BEAT_SECONDS = 0.02
WAITING = frozenset(
    (
        "os.posix_spawn",
        "os.system",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "sqlite3.connect",
        "subprocess.Popen",
        "urllib.Request",
    )
)
"""Events of Python's audit table that stand for a call that may wait."""
SILENT = ((time, "sleep"), (os, "fsync"), (os, "fdatasync"))
"""Such calls that raise no event in every version of Python."""


def say(what: str, frame: FrameType | None) -> None:
    stack = "".join(traceback.format_stack(frame))
    print(f"{BLOCKED}: {what}\n{stack}", file=sys.stderr, flush=True)


class Watch:
    """One loop, from its thread. `spent` is its thread's processor time at the last beat."""

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.thread = threading.get_ident()
        self.clock = time.pthread_getcpuclockid(self.thread)
        self.spent = time.thread_time()
        self.beat()
        threading.Thread(target=self.look, daemon=True).start()

    def beat(self) -> None:
        self.spent = time.thread_time()
        self.loop.call_later(BEAT_SECONDS, self.beat)

    def look(self) -> None:
        """Look from another thread, which also sees what the loop's thread does at that time."""
        reported = -1.0
        while not self.loop.is_closed():
            spent, now = self.spent, time.clock_gettime(self.clock)
            if now - spent > BUSY_SECONDS and spent != reported:
                reported = spent
                frame = sys._current_frames().get(self.thread)
                say(f"{now - spent:.3f} s of processor time", frame)
            WAIT(BEAT_SECONDS)


WAIT = time.sleep
watched: list[Any] = []
"""All loops that ran here, the last one last. There is one, except in odd tests."""


def running_loop() -> Any:
    # Not imported from here, because some children of the server have no use for asyncio.
    find = getattr(sys.modules.get("asyncio"), "_get_running_loop", None)
    return find and find()


def heard(event: str, _: tuple[Any, ...]) -> None:
    """Much in here would raise events too, so it must not come to itself again."""
    loop = running_loop()
    if loop is None:
        return
    if not watched or watched[-1] is not loop:
        watched.append(loop)
        Watch(loop)
    if event in WAITING:
        say(event, sys._getframe(1))


def heard_too(module: Any, name: str) -> None:
    call: Callable[..., Any] = getattr(module, name)

    @wraps(call)
    def called(*arguments: Any) -> Any:
        if running_loop() is not None:
            say(name, sys._getframe(1))
        return call(*arguments)

    setattr(module, name, called)


for module, name in SILENT:
    heard_too(module, name)
sys.addaudithook(heard)
