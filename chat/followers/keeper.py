"""Keeps the process in which the durable followers work: one for the whole deployment.

Of all serving processes one has the duty (`store.duties`). It starts the followers' process, starts
another one where that dies, and ends it when it stops itself. If it is killed, the followers'
process ends as well, because its input ends; and another serving process takes the duty over, at
once on the same machine (`lock`).

It says through a pipe how much was stored here, so that the followers look at once. What they count
comes back through another pipe. How far they are behind is measured here (`measuring`).
"""

import asyncio
import logging
import os
import pickle
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from chat import metrics
from chat.errors import Unavailable
from chat.followers import figures
from chat.followers.lock import Lock
from chat.followers.measuring import Measuring
from chat.followers.signals import GIVEN_LENGTH, STORED, Given
from chat.store import duties
from chat.store.database import Database
from config.settings import Settings

log = logging.getLogger("payam.followers")

DUTY = "followers"
LOCK = "followers.lock"
BEGIN_SECONDS = 2.0
"""After the start of the process: its clients return first."""
DUTY_SECONDS = 5.0
"""After that, another machine takes over what one that died was doing."""
LOOK_SECONDS = 1.5
"""How often the duty is taken anew, or looked at."""
WAKE_SECONDS = 0.05
"""At most so often the followers hear of what was stored."""
PAUSE_SECONDS = 1.0
"""After a death; each further one doubles it."""
PAUSE_MAX = 60.0
STOP_SECONDS = 5.0
REPORT_MOST = 256 * 1024


class Keeper:
    def __init__(
        self,
        database: Database,
        index: Database,
        settings: Settings,
        stored: Callable[[], int],
        *,
        begin: float = BEGIN_SECONDS,
        duty: float = DUTY_SECONDS,
        look: float = LOOK_SECONDS,
    ) -> None:
        """`index` is where search looks. `stored` says how many changes this process has stored.

        The others are in seconds.
        """
        self._database = database
        self._measuring = Measuring({database, index})
        self._settings = settings
        self._stored = stored
        self._begin = begin
        self._duty = duty
        self._look = look
        self._holder = secrets.token_hex(8)
        self._lock = Lock(settings.data_dir / LOCK)
        self._dead = {self._holder}
        self._process: Process | None = None
        self._is_waking = False
        self._is_retired = False
        self._has_duty = False
        self._working: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        """This process has stored something: the followers look soon."""
        if not self._is_waking and self._process is not None:
            self._is_waking = True
            asyncio.get_running_loop().call_later(WAKE_SECONDS, self._pass_on)

    def _pass_on(self) -> None:
        self._is_waking = False
        if self._process is None or self._process.stdin is None:
            return
        pipe = self._process.stdin.transport
        # While it takes nothing, it need not hear of more.
        if not pipe.is_closing() and not pipe.get_write_buffer_size():
            pipe.write(STORED.pack(self._stored()))

    @property
    def is_down(self) -> bool:
        """Whether the followers' process should run here, and does not."""
        return self._has_duty and self._process is None and not self._is_retired

    async def run(self) -> None:
        """Keep it until cancelled. Then the process has ended, and the duty is left to others."""
        try:
            await asyncio.sleep(self._begin)
            while True:
                await self._take_duty()
                await asyncio.sleep(self._look)
        finally:
            await self._end()
            if self._has_duty:
                with suppress(Unavailable):
                    await duties.leave(self._database, DUTY, self._holder)
            self._lock.release()

    def retire(self) -> None:
        """This process stops: ask the followers to end, and do not wait for them yet."""
        self._is_retired = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()

    async def _take_duty(self) -> None:
        for task in self._working:
            if task.done():
                await task  # raises what ended it
        had = self._has_duty
        dead = self._lock.take()
        try:
            self._has_duty = await duties.take(self._database, DUTY, self._holder, self._duty, dead)
        except Unavailable:
            if not had:
                self._lock.release()
            return  # nobody else gets it either
        if self._has_duty:
            self._lock.name(self._holder)
            self._dead |= {dead} if dead else set()
        elif not had:
            self._lock.release()
        if self._has_duty and not had:
            loop = asyncio.get_running_loop()
            self._working = [
                loop.create_task(self._keep()),
                loop.create_task(self._measuring.run()),
            ]
        elif had and not self._has_duty:  # this process was held up for too long
            log.warning("another process has the followers now")
            await self._end()
            self._lock.release()

    async def _end(self) -> None:
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        self._working = []
        self._measuring.forget()

    async def _keep(self) -> None:
        """Start the process again and again, until cancelled."""
        pause = PAUSE_SECONDS
        while not self._is_retired:
            begun = monotonic()
            try:
                ended = f"ended ({await self._run_once()})"
            except OSError as error:  # no memory, or no process more
                ended = f"could not begin ({error})"
            if monotonic() - begun > PAUSE_MAX:
                pause = PAUSE_SECONDS
            if not self._is_retired:
                log.error("the followers' process %s; another one starts soon", ended)
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_MAX)

    async def _run_once(self) -> int:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path),
        }
        # What it counts comes through the pipe: its zeros must not count among the workers'.
        environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "chat.followers",
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=() if self._lock.descriptor is None else (self._lock.descriptor,),
            env=environment,
            limit=REPORT_MOST,
        )
        assert process.stdin is not None
        given = pickle.dumps(Given(self._settings, self._holder, frozenset(self._dead)))
        process.stdin.write(GIVEN_LENGTH.pack(len(given)) + given)
        self._process = process
        metrics.followers_running.set(1)
        try:
            await self._listen(process)
            return await process.wait()
        finally:
            self._process = None
            metrics.followers_running.set(0)
            await stop(process)

    async def _listen(self, process: Process) -> None:
        """Take what it counts, until it closes its output."""
        assert process.stdout is not None
        taken = figures.Taken()
        while report := await process.stdout.readline():
            taken.take(report)
        taken.end()


async def stop(process: Process) -> None:
    """End it in good order if it runs still, and at once if that takes too long."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(ProcessLookupError):
        if process.returncode is None:
            process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        log.warning("the followers' process did not end in time, and is killed")
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
