"""What a command does with the parts of a process while it changes something."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from time import time

from chat.payam import Payam

ANNOUNCE_SECONDS = 5.0
"""How long the relay may take to pass on what a command announces."""


@contextlib.asynccontextmanager
async def announcing(payam: Payam) -> AsyncIterator[None]:
    """Within it something is announced. At the end it is passed on, if the relay is there."""
    payam.dispatcher.belong(payam.history.name)
    payam.board.belong(payam.history.name.deployment)
    relaying = asyncio.create_task(payam.relay.run(payam.dispatcher.incoming))
    try:
        yield
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANNOUNCE_SECONDS):
                await payam.relay.flush()
    finally:
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)
        await payam.board.close()


@contextlib.asynccontextmanager
async def at_work(payam: Payam) -> AsyncIterator[None]:
    """Within it a command changes conversations as a server does. The database must be open."""
    await payam.history.open()
    payam.files.prepare(time())
    async with announcing(payam):
        writing = asyncio.create_task(payam.writer.run())
        try:
            yield
        finally:
            payam.writer.close()
            await asyncio.wait([writing], timeout=payam.settings.graceful_timeout)
            writing.cancel()
            await payam.files.settled()
            await payam.dispatcher.close()
