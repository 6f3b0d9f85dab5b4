"""Cursors: which transactions had ended at some moment, within one incarnation of the database.

When PostgreSQL has lost the incarnation's name, it may have given numbers of transactions again
that earlier cursors know. So the next reader gives it a new name.
"""

import re
import secrets
from collections.abc import Sequence

from msgspec import Struct

from chat.errors import InvalidInput
from chat.records import ID_MAX
from chat.store.database import Reads, Row

CURSOR = re.compile(r"([0-9a-zA-Z_-]{1,64})\.([0-9a-zA-Z_-]{1,64})\.([0-9]{1,19})", re.ASCII)
NAME = """
    INSERT INTO incarnation (id, name) VALUES (1, ?) ON CONFLICT (id) DO NOTHING RETURNING name
"""


class Cursor(Struct, frozen=True):
    """`point` is a stamp of `incarnation`. Transactions below it had ended when it was read."""

    epoch: str
    incarnation: str
    point: int

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Read a cursor from its text. Raises InvalidInput, which names `cursor`."""
        match = CURSOR.fullmatch(text)
        if match is None or int(match[3]) > ID_MAX:
            raise InvalidInput({"cursor": ["Not a cursor of `hello`, `cursor` or `resumed`."]})
        return cls(match[1], match[2], int(match[3]))

    def __str__(self) -> str:
        return f"{self.epoch}.{self.incarnation}.{self.point}"


async def snapshot(
    reads: Reads, sql: str, parameters: Sequence[int | str], **parts: str
) -> tuple[Cursor, Row]:
    """The answer to a statement of one row, and the cursor of the same moment.

    The statement begins `SELECT {horizon}, {incarnation}, (SELECT epoch FROM history)`. `parts`
    are put into it by name.
    """
    statement = sql.format(
        horizon=reads.horizon, incarnation=reads.incarnation, joined=reads.joined, **parts
    )
    while True:
        ((point, incarnation, epoch, *rest),) = await reads.fetch(statement, parameters)
        if incarnation is not None:
            return Cursor(epoch, incarnation, point), tuple(rest)
        await reads.fetch(NAME, (secrets.token_hex(4),))
