"""How far somebody has received all of a user's conversations.

The cursor stands for all of them at the moment when the server made it. What has come since then
is in `seqs`, so that a change that comes again after a reconnect is known. Example:

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
        """The numbers count anew."""
        self.cursor, self.epoch, self.seqs = cursor, epoch, {}

    def copy(self) -> "Place":
        return Place(self.cursor, self.epoch, dict(self.seqs))

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


def place_of(text: str | None) -> Place:
    """What `text()` made; an empty one of None."""
    return Place() if text is None else msgspec.json.decode(text, type=Place)
