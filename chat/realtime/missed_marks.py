"""Reads the marks of reading that returning clients missed, for many sockets at once.

When a node restarts, hundreds of sockets come back to the same few conversations. Those that ask
while a reading is under way share the next one. So there is one reading at a time, and each began
after all that get its answer had asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from chat.auth.identity import Identity
from chat.events import Ephemeral

NOBODY = Identity(0, "", False, 0.0, None)
MOST = 500
"""Most conversations in one reading."""

Look = Callable[[Identity, Mapping[int, int]], Awaitable[dict[int, list[Ephemeral]]]]

Point = tuple[int, int]
"""A conversation, and the client's position in it."""


class MissedMarks:
    def __init__(self, look: Look) -> None:
        self._look = look
        self._waiting: dict[Point, asyncio.Future[list[Ephemeral]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def since(self, conversation_id: int, seq: int) -> list[Ephemeral]:
        """Everybody's marks since then, the newest. Raises Unavailable."""
        loop = asyncio.get_running_loop()
        answer = self._waiting.setdefault((conversation_id, seq), loop.create_future())
        if self._task is None:
            self._task = loop.create_task(self._run())
        return await asyncio.shield(answer)

    async def _run(self) -> None:
        try:
            while self._waiting:
                positions: dict[int, int] = {}
                for conversation_id, seq in self._waiting:
                    if len(positions) < MOST:
                        positions.setdefault(conversation_id, seq)
                answers = {one: self._waiting.pop(one) for one in positions.items()}
                try:
                    found = await self._look(NOBODY, positions)
                except Exception as error:
                    for answer in answers.values():
                        answer.set_exception(error)
                else:
                    for (conversation_id, _), answer in answers.items():
                        answer.set_result(found.get(conversation_id, []))
        finally:
            self._task = None

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
