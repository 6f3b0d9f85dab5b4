"""Reads the marks of reading that returning clients missed, for many sockets at once.

When a node restarts, hundreds of sockets come back to the same few conversations. Those that ask
while a reading is under way share the next one, and each reading began after all that get its
answer had asked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from chat.auth.identity import Identity
from chat.events import Ephemeral
from chat.services.sharing import Shared

NOBODY = Identity(0, "", False, 0.0, None)
MOST = 500
"""Most conversations in one reading of the database."""
SHARED_BY = 10_000
"""Most sockets that share a reading. In a conversation of a thousand one takes 0.6 to 2.6 ms."""

Look = Callable[[Identity, Mapping[int, int]], Awaitable[dict[int, list[Ephemeral]]]]

Point = tuple[int, int]
"""A conversation, and the client's position in it."""


class MissedMarks:
    def __init__(self, look: Look) -> None:
        self._look = look
        self._marks: Shared[Point, dict[Point, list[Ephemeral]]] = Shared(
            self._since_all, SHARED_BY
        )

    async def since(self, conversation_id: int, seq: int) -> list[Ephemeral]:
        """Everybody's marks since then, the newest. Raises Unavailable."""
        return (await self._marks.ask((conversation_id, seq)))[conversation_id, seq]

    async def _since_all(self, points: Sequence[Point]) -> dict[Point, list[Ephemeral]]:
        found: dict[Point, list[Ephemeral]] = {}
        while waiting := [point for point in dict.fromkeys(points) if point not in found]:
            positions: dict[int, int] = {}  # one in each conversation
            for conversation_id, seq in waiting:
                if len(positions) < MOST:
                    positions.setdefault(conversation_id, seq)
            looked = await self._look(NOBODY, positions)
            found |= {point: looked.get(point[0], []) for point in positions.items()}
        return found

    async def close(self) -> None:
        """Stop looking."""
        await self._marks.close()
