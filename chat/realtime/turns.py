"""Begins what came at once a few at a time, so that everybody else has a turn in between.

When thousands come back at once, the event loop finds many handshakes whenever it looks. While it
works on these, still more come: in one second a turn grew from 5 to 270 ms. Example, with 1,000
handshakes that are found at once:

1. The first 64 begin. Messages of others, which came meanwhile, are read and sent.
2. The next 64 begin, and so on. Whoever came first is first.
"""

import asyncio
from collections import deque
from collections.abc import Callable

PART = 64
"""So many are read, and begin, in one turn of the event loop."""


class Turns:
    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def add(self, begin: Callable[[], None]) -> None:
        """Call it in one of the next turns of the event loop. It must not raise."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._begin_some)
        self._waiting.append(begin)

    def _begin_some(self) -> None:
        part = [self._waiting.popleft() for _ in range(min(PART, len(self._waiting)))]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._begin_some)
        for begin in part:
            begin()
