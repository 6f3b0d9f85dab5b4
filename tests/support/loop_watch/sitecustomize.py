"""Watches the event loop of a server under test, and eases its work (`eased`).

Python imports this file by itself where its folder is in PYTHONPATH. So the server is the one that
an operator runs.

It prints BLOCKED and a stack to stderr where the loop's thread

- takes more than BUSY_SECONDS of processor time without running a callback that is due. Time by the
  clock would count what else the machine does. asyncio's own debug mode does, and knows nothing
  of uvloop's callbacks. Sanic's start is left out: nobody is served yet, also where gunicorn
  starts a worker anew and others serve;
- makes a call that may wait: it sleeps, syncs a file to the disk, runs a program, looks up a name,
  opens an SQLite database.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from functools import wraps
from types import FrameType
from typing import Any

from eased import CHANGES, Finder  # type: ignore[import-not-found] # is in this folder

BLOCKED = "the event loop is blocked"
UNWATCHED = "UNWATCHED"
"""With this variable nothing is printed: a server that does not serve yet may take its time."""
BUSY_SECONDS = 0.1
BEAT_SECONDS = 0.02
"""Between two looks at a loop that works."""
LOOK_SECONDS = 0.05
"""The same of one that was idle."""
WORKS_SECONDS = 0.005
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
    if UNWATCHED in os.environ:  # now: a fork has an environment of its own
        return
    stack = "".join(traceback.format_stack(frame))
    print(f"{BLOCKED}: {what}\n{stack}", file=sys.stderr, flush=True)


class Start:
    """That of the server in this process. No stack that another thread sees says it for certain."""

    is_under_way = False
    ended = 0.0
    """How much processor time the loop's thread had taken then, in seconds."""


def left_alone(start: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @wraps(start)
    async def begin(*arguments: Any) -> None:
        Start.is_under_way = True
        try:
            await start(*arguments)
        finally:
            Start.ended = time.thread_time()
            Start.is_under_way = False

    return begin


def leave_start_alone(app: Any) -> None:
    """`app` is the module `sanic.app`."""
    app.Sanic._startup = left_alone(app.Sanic._startup)


class Watch:
    """One loop, from another thread, which also sees what the loop's thread does at that time.

    It asks the loop for a sign of life only while the loop works: an idle server costs little.
    """

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.thread = threading.get_ident()
        self.clock = time.pthread_getcpuclockid(self.thread)
        self.alive = True
        threading.Thread(target=self.look, daemon=True).start()

    def answer(self) -> None:
        self.alive = True

    def look(self) -> None:
        asked, reported = 0.0, False
        while not self.loop.is_closed():
            spent = time.clock_gettime(self.clock)
            if not self.alive:
                if Start.is_under_way:
                    asked = spent
                busy = spent - max(asked, Start.ended)
                if busy > BUSY_SECONDS and not reported:
                    reported = True
                    say(f"{busy:.3f} s of processor time", self.frame())
            elif spent - asked > WORKS_SECONDS:
                self.alive, asked, reported = False, spent, False
                try:
                    self.loop.call_soon_threadsafe(self.answer)
                except RuntimeError:  # closed meanwhile
                    return
            WAIT(LOOK_SECONDS if self.alive else BEAT_SECONDS)

    def frame(self) -> FrameType | None:
        return sys._current_frames().get(self.thread)


WAIT = time.sleep
watched: list[Any] = []
"""All loops that ran here, the last one last. There is one, except in odd tests."""


def running_loop() -> Any:
    # Not imported from here, because some children of the server have no use for asyncio.
    find = getattr(sys.modules.get("asyncio"), "_get_running_loop", None)
    return find and find()


def heard(event: str, _: tuple[Any, ...]) -> None:
    """Much in here would raise events too, so it must not come to itself again."""
    if watched and event not in WAITING:
        return
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
CHANGES["sanic.app"] = leave_start_alone
sys.meta_path.insert(0, Finder)
# structlog loads it where it is there, which takes a tenth of a server's start. What Payam needs
# does not bring it.
sys.modules["rich"] = None  # type: ignore[assignment]
