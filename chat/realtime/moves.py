"""Which groups have moved since a moment, found without a look at those that have not.

Each move is a link of a chain, which the next one continues. Whoever keeps the last link finds from
there all that came later. Links that nobody keeps are gone by themselves. Example:

1. Conversation 7 goes from 20 to 21. Nobody keeps a link, so it has the only one.
2. Clients come back, and the database is asked for them. The last link is kept.
3. Conversation 8 goes from 30 to 31, and from 31 to 32. Both links are in the chain.
4. The database has answered. From the link that was kept on, only 8 has moved, and it was at 30.
"""

from msgspec import Struct


class Move(Struct):
    """`position` is that of the group before it. `later` is the next move, of any group."""

    conversation_id: int
    position: int
    later: "Move | None" = None

    def since(self) -> dict[int, int]:
        """The groups that have moved after this move, each with its position then."""
        found: dict[int, int] = {}
        move = self.later
        while move is not None:
            found.setdefault(move.conversation_id, move.position)
            move = move.later
        return found


class Moves:
    """All moves of a process's groups. `last` stands for the present moment."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = Move(0, 0)

    def note(self, conversation_id: int, position: int) -> None:
        """The group of the conversation is not at this position any more."""
        move = Move(conversation_id, position)
        self.last.later = move
        self.last = move
