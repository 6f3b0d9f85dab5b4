"""Servers that start and stop while the loop, and the proxies in it, go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

Server = TypeVar("Server")


@asynccontextmanager
async def aside(server: AbstractContextManager[Server]) -> AsyncIterator[Server]:
    """A blocking `with`, in a thread."""
    entered = await asyncio.to_thread(server.__enter__)
    try:
        yield entered
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)
