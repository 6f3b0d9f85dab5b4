"""Work on many texts, in which the event loop goes on now and then."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def in_turns(
    items: Iterable[T], letters_of: Callable[[T], int], most: int
) -> AsyncIterator[T]:
    """Each of them. After more than `most` letters, the event loop goes on first."""
    letters = 0
    for one in items:
        yield one
        letters += letters_of(one)
        if letters > most:
            letters = 0
            await asyncio.sleep(0)
