"""Does long work that is kept in the database, whichever process began it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from chat.errors import Unavailable
from chat.store.chores import Chores
from chat.store.database import Database

log = logging.getLogger("payam.chores")

LOOK_SECONDS = 15.0
RETRY_SECONDS = 1.0


async def keep_doing(
    database: Database,
    chores: Chores,
    finish: Callable[[int], Awaitable[None]],
    wake: asyncio.Event,
) -> None:
    """Take one subject after the other, until cancelled. `wake` says that there is a new one."""
    while True:
        wake.clear()
        try:
            while (subject_id := await chores.take(database)) is not None:
                await finish(subject_id)
        except Unavailable as error:
            log.warning("%s wait: %s", chores.table, error.detail)
            await asyncio.sleep(RETRY_SECONDS)
            continue
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await wake.wait()
        except TimeoutError:
            continue
