"""The tasks that must live as long as the process."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger("payam")


class Supervisor:
    """A task that ends before `dismiss` has failed, and stops the process."""

    def __init__(self) -> None:
        self.has_failed = False
        self._is_dismissed = False
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def watch(self, name: str, work: Coroutine[Any, Any, None], stop: Callable[[], object]) -> None:
        """Run `work`. `stop` ends the process where the work ends too early."""

        def ended(task: asyncio.Task[None]) -> None:
            if self._is_dismissed or task.cancelled():
                return
            log.critical("the %s has died; this worker ends", name, exc_info=task.exception())
            self.has_failed = True
            stop()

        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(ended)
        self._tasks[name] = task

    def dismiss(self) -> None:
        """The process stops. From now on each task may end."""
        self._is_dismissed = True

    async def ends(self, name: str, seconds: float) -> bool:
        """Whether the task ends within so many seconds. One that never began has ended."""
        if name not in self._tasks:
            return True
        done, _ = await asyncio.wait([self._tasks[name]], timeout=seconds)
        return bool(done)

    def is_alive(self, name: str) -> bool:
        return not self._tasks[name].done()

    def are_alive(self) -> bool:
        return not any(task.done() for task in self._tasks.values())

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
