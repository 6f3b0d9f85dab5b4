"""The position in all conversations of a user.

The cursor stands for all of them at the time when the server made it. `seqs` has what has come
since then, so that a change that comes again after a reconnect is recognised. Example:

1. A cursor comes. Then 8 comes in conversation 12, and the connection is cut.
2. The client returns with the cursor, and the server sends 8 again, then 9.
3. `seqs` has 8 for conversation 12, so 8 is dropped, and 9 is new.
"""

import msgspec
from msgspec import Struct


class Place(Struct):
    cursor: str | None = None
    epoch: str | None = None
    seqs: dict[int, int] = {}

    def reset(self, cursor: str | None, epoch: str) -> None:
        """Begin again, because the numbers begin again."""
        self.cursor, self.epoch, self.seqs = cursor, epoch, {}

    def copy(self) -> "Place":
        return Place(self.cursor, self.epoch, dict(self.seqs))

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


def place_of(text: str | None) -> Place:
    """Read what `text()` made; None gives an empty place."""
    return Place() if text is None else msgspec.json.decode(text, type=Place)
