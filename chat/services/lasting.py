"""Asks again, while something long is sent, whether its reader may still have it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from time import monotonic

from chat.errors import Unavailable

AGAIN_SECONDS = 1.0


async def while_allowed(
    chunks: AsyncGenerator[bytes, None], require: Callable[[], Awaitable[object]]
) -> AsyncGenerator[bytes, None]:
    """Pass the chunks on as long as `require`, which is asked once per second, raises nothing.

    A slow reader may take hours. An agent who is removed, and a participant, lose the rest.
    """
    asked = monotonic()
    async with aclosing(chunks):
        async for chunk in chunks:
            if monotonic() - asked >= AGAIN_SECONDS:
                with suppress(Unavailable):  # while the database is away, nothing changes either
                    await require()
                asked = monotonic()
            yield chunk
