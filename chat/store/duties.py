"""What one process of the deployment does for all of them.

A process takes a duty for some seconds, and takes it anew before they end. If it dies, another one
takes the duty over after that, or at once where it knows of the death. Moments are those of the
database, so clocks of nodes may differ.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from chat.errors import Conflict, Unavailable
from chat.store.database import Database, Reads
from chat.store.followers import length

LOOK = """
    SELECT 1 FROM duties WHERE name = ? AND holder <> ? AND holder <> ? AND until > {moment}
"""
TAKEN = "SELECT 1 FROM duties WHERE name = ? AND until > {moment}"
TAKE = """
    INSERT INTO duties (name, holder, until) VALUES (?, ?, {moment} + ?)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE duties.holder = excluded.holder OR duties.holder = ? OR duties.until <= {moment}
"""


async def take(
    database: Database, name: str, holder: str, seconds: float, dead: str | None = None
) -> bool:
    """Whether the duty is the holder's, from now on for so long. Raises Unavailable.

    `dead` is a holder who has ended and could not leave it.
    """
    dead = dead or holder
    if await database.fetch(LOOK.format(moment=database.moment), (name, holder, dead)):
        return False  # the usual answer, for which SQLite needs no turn to write
    async with database.transaction() as transaction:
        took = await transaction.execute(
            TAKE.format(moment=database.moment), (name, holder, length(seconds), dead)
        )
    return bool(took)


async def is_taken(reads: Reads, name: str) -> bool:
    """Whether some process has the duty now, or has died so shortly ago that nobody knows."""
    return bool(await reads.fetch(TAKEN.format(moment=reads.moment), (name,)))


async def leave(database: Database, name: str, holder: str) -> None:
    """Let another process take it at once."""
    async with database.transaction() as transaction:
        await transaction.execute(
            "DELETE FROM duties WHERE name = ? AND holder = ?", (name, holder)
        )


@asynccontextmanager
async def alone(database: Database, name: str, seconds: float) -> AsyncIterator[None]:
    """Have the duty until the block ends. Raises Conflict where another process has it.

    `seconds` is for how long it stays taken after this process was killed.
    """
    holder = secrets.token_hex(8)
    if not await take(database, name, holder, seconds):
        raise Conflict(
            f"Another process does this now. If it was killed, try again in {seconds:.0f} seconds."
        )
    keeping = asyncio.get_running_loop().create_task(_keep(database, name, holder, seconds))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        with suppress(Unavailable):
            await leave(database, name, holder)


async def _keep(database: Database, name: str, holder: str, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds / 4)
        with suppress(Unavailable):
            await take(database, name, holder, seconds)
