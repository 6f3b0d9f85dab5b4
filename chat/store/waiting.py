"""Waits for a database that is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from chat.errors import Unavailable

log = logging.getLogger("payam")

RETRY_SECONDS = 1.0


async def once_there(step: Callable[[], Awaitable[object]]) -> None:
    """Take the step as soon as the database is there; what it waits for is said once."""
    said = ""
    while True:
        try:
            await step()
        except Unavailable as error:
            trouble = " ".join(str(error.__cause__ or error).split())
            if trouble != said:
                log.warning("waiting for the database: %s", trouble)
            said = trouble
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
