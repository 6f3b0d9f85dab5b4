"""Waits for a database that is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from math import inf
from time import monotonic

from chat.errors import Unavailable

log = logging.getLogger("payam")

RETRY_SECONDS = 1.0


def warn(trouble: str) -> None:
    log.warning("waiting for the database: %s", trouble)


async def once_there(
    step: Callable[[], Awaitable[object]],
    say: Callable[[str], None] = warn,
    within: float = inf,
) -> None:
    """Take the step as soon as the database is there; what it waits for is said once.

    Raises Unavailable where the step still fails after so many seconds.
    """
    said = ""
    give_up = monotonic() + within
    while True:
        try:
            await step()
        except Unavailable as error:
            if monotonic() >= give_up:
                raise
            trouble = " ".join(str(error.__cause__ or error).split())
            if trouble != said:
                say(trouble)
            said = trouble
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
