"""Work of a socket that has to wait for something. Each piece of work is a task."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from structlog.contextvars import bind_contextvars

from chat.realtime.subscribers import Subscriber

log = logging.getLogger("payam.socket")


class Errands:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(
        self,
        connection: Subscriber,
        errand: Coroutine[Any, Any, None],
        conversation_id: int | None = None,
    ) -> None:
        """Run the work. If it fails, the socket is closed, and its client tries again.

        `conversation_id` is for the log, if the work is about one conversation.
        """
        task = asyncio.get_running_loop().create_task(guarded(connection, errand, conversation_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel the work that still waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def guarded(
    connection: Subscriber, errand: Coroutine[Any, Any, None], conversation_id: int | None
) -> None:
    bind_contextvars(user=connection.identity.user_id)
    if conversation_id is not None:
        bind_contextvars(conversation=conversation_id)
    try:
        await errand
    except Exception:
        log.exception("a socket could not be served")
        connection.close(1011, "internal error")
