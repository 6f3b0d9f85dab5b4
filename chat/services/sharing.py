"""Reads that are asked for at the same time, answered by one question to the database."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Key = TypeVar("Key", bound=Hashable)


TOGETHER = 64
"""Most who go on in one turn of the event loop, because everybody else waits for that."""


async def answer_all(found: Awaitable[Answer], answers: Sequence[asyncio.Future[Answer]]) -> None:
    """Give all of them what is found, or the error of looking for it: so many in each turn."""
    error: Exception | None = None
    try:
        result = await found
    except Exception as one:
        error = one
    for place, answer in enumerate(answers, 1):
        if answer.done():  # who asked may have left
            continue
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)
        if place % TOGETHER == 0 and place < len(answers):
            await asyncio.sleep(0)


class Shared(Generic[Asked, Answer]):
    """One reading at a time, each for those who asked before it began, at most `most`.

    `look` gets what they asked for, and its answer goes to all of them. So nobody gets an answer
    from before the question. With more than TOGETHER it is older for the last of them.
    """

    def __init__(
        self, look: Callable[[Sequence[Asked]], Awaitable[Answer]], most: int = TOGETHER
    ) -> None:
        self._look = look
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """Raises what `look` raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((asked, answer))
        if self._task is None:
            self._task = loop.create_task(self._run(), context=Context())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                waiting = self._waiting[: self._most]
                del self._waiting[: self._most]
                found = self._look([asked for asked, _ in waiting])
                await answer_all(found, [answer for _, answer in waiting])
        finally:
            self._task = None

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


class SharedByKey(Generic[Key, Answer]):
    """One reading at a time of each key, for those who asked for this key before it began.

    They are at most `most`. All of them go on at once, and what they got is older for the last of
    them than for the first.
    """

    def __init__(self, look: Callable[[Key], Awaitable[Answer]], most: int) -> None:
        self._look = look
        self._most = most
        self._waiting: dict[Key, list[asyncio.Future[Answer]]] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    async def ask(self, key: Key) -> Answer:
        """Raises what `look` raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.setdefault(key, []).append(answer)
        if key not in self._tasks:
            self._tasks[key] = loop.create_task(self._run(key), context=Context())
        return await answer

    async def _run(self, key: Key) -> None:
        try:
            while waiting := self._waiting.pop(key, None):
                answers, rest = waiting[: self._most], waiting[self._most :]
                if rest:
                    self._waiting[key] = rest
                await answer_all(self._look(key), answers)
        finally:
            del self._tasks[key]

    async def close(self) -> None:
        """Stop reading."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
