"""Where the nodes of a deployment write down which users are online on each.

Each call answers what it has changed for the deployment as a whole. Example: Sara has a socket on
node A, and opens another one on node B.

1. `arrive([sara])` of A answers `{sara}`: she was offline.
2. `arrive([sara])` of B answers `set()`: she was online.
3. `depart([sara])` of A answers `set()`: she still is, by way of B.
4. `depart([sara])` of B answers `{sara}`: she is offline now.
"""

from collections.abc import Collection
from typing import NamedTuple, Protocol


class Beat(NamedTuple):
    """The answer to a node that says that it lives.

    `is_known` is false where the others had given this node up, or at its first beat: then its
    users have to arrive again. `gone` are users who went offline with nodes that have died.
    `others` is how many other nodes live.
    """

    is_known: bool
    gone: set[int]
    others: int


class Board(Protocol):
    """Raises Unavailable where it cannot be reached; then nothing is known to have changed.

    `node` is the name of this node on it.
    """

    node: str

    def belong(self, deployment: str) -> None:
        """From now on it is the board of this deployment: several may share one Redis."""

    async def arrive(self, user_ids: Collection[int]) -> set[int]:
        """These are online here. Answers those who were offline before."""
        ...

    async def depart(self, user_ids: Collection[int]) -> set[int]:
        """These are not online here any more. Answers those who are offline now."""
        ...

    async def online(self, user_ids: Collection[int]) -> set[int]:
        """Those of the users who are online."""
        ...

    async def others(self) -> set[str]:
        """The names of the other nodes that live."""
        ...

    async def beat(self) -> Beat:
        """This node lives. A node that does not say so for some seconds counts as dead."""
        ...

    async def close(self) -> None: ...


class LocalBoard(Board):
    """The board of one process alone, which is its only node."""

    node = ""

    def __init__(self) -> None:
        self._online: set[int] = set()
        self._is_known = False

    def belong(self, deployment: str) -> None:
        """No other deployment is in this process."""

    async def arrive(self, user_ids: Collection[int]) -> set[int]:
        new = set(user_ids) - self._online
        self._online |= new
        return new

    async def depart(self, user_ids: Collection[int]) -> set[int]:
        gone = set(user_ids) & self._online
        self._online -= gone
        return gone

    async def online(self, user_ids: Collection[int]) -> set[int]:
        return self._online.intersection(user_ids)

    async def others(self) -> set[str]:
        return set()

    async def beat(self) -> Beat:
        was_known, self._is_known = self._is_known, True
        return Beat(was_known, set(), 0)

    async def close(self) -> None:
        pass
