"""The positions of a user's conversations, and which conversations changed since a cursor.

A cursor stands for all conversations of a user at once. It says which transactions had ended when
it was read. A client that comes back with it may get a change again, and never misses one. Example
on PostgreSQL, where the number of a transaction is its stamp:

1. Transaction 100 begins in conversation A and is slow. Transaction 101 sends message 8 to
   conversation B and commits.
2. The client reads its cursor: 100, the oldest transaction that is still under way. It has
   received message 8, whose stamp 101 is not below 100.
3. Transaction 100 sends message 5 to A and commits. Transaction 102 sends message 9 to B.
4. The client returns with 100. Both conversations have a stamp that is not below it. In A it
   receives everything after 4. In B the last message below 100 is 7, so it receives 8 once more,
   and 9.

The cursor is never the highest stamp that was seen: with 101 the client would miss message 5. It is
read in the same statement as the positions, because a cursor that is read after them may include
changes that the positions do not have.
"""

from collections.abc import Collection

import msgspec
from msgspec import Struct

from chat.errors import EpochChanged
from chat.store.cursors import Cursor, snapshot
from chat.store.database import Reads, listed

# From the user's participants to each conversation by its key: a plan that is made for every user
# alike would read all conversations there are.
MINE = {
    "postgresql": """
        participants AS p CROSS JOIN LATERAL (
            SELECT x.seq, x.changed FROM conversations AS x WHERE x.id = p.conversation_id OFFSET 0
        ) AS c
    """,
    "sqlite": "participants AS p CROSS JOIN conversations AS c ON c.id = p.conversation_id",
    "citus": "participants AS p JOIN conversations AS c ON c.id = p.conversation_id",
}
# As texts: rows of their own would hold the event loop.
OF_USER = """
    SELECT {horizon}, {incarnation}, (SELECT epoch FROM history), (
        SELECT {joined}('[' || p.conversation_id || ',' || c.seq || ']', ',')
        FROM {mine} WHERE p.user_id = ? AND p.is_active
    )
"""
OF_MINE = """
    SELECT p.conversation_id AS id, p.changed AS came, c.seq, c.changed
    FROM {mine} WHERE p.user_id = ? AND p.is_active {which}
"""
# `mine` reads all conversations of the user once, for the positions and for what changed. Only
# where they are divided among servers, `found` reads them again, each server its own.
BEHIND = """
    WITH mine AS MATERIALIZED ({of_mine}), found AS (
        SELECT id, seq,
               coalesce((SELECT m.created_seq FROM messages AS m
                         WHERE m.conversation_id = mine.id AND m.changed < ?
                         ORDER BY m.created_seq DESC LIMIT 1), 0) AS sent,
               coalesce((SELECT l.seq FROM changes AS l
                         WHERE l.conversation_id = mine.id AND l.changed < ?
                         ORDER BY l.seq DESC LIMIT 1), 0) AS logged
        FROM {found_in} WHERE changed >= ?
    )
    SELECT {horizon}, {incarnation}, (SELECT epoch FROM history),
           (SELECT {joined}('[' || id || ',' || seq || ']', ',') FROM mine),
           (SELECT {joined}('[' || id || ',' || sent || ',' || logged || ',' || seq || ']', ',')
            FROM found),
           (SELECT {joined}(CAST(id AS text), ',') FROM mine WHERE came >= ? AND changed >= ?),
           (SELECT {joined}(CAST(p.conversation_id AS text), ',') FROM participants AS p
            WHERE p.user_id = ? AND NOT p.is_active AND p.changed >= ?)
"""
_ids = msgspec.json.Decoder(list[int]).decode
_positions = msgspec.json.Decoder(list[tuple[int, int]]).decode
_changed = msgspec.json.Decoder(list[tuple[int, int, int, int]]).decode


class Standing(Struct, frozen=True):
    """All conversations of a user as pairs (id, seq), and the cursor that stands for them."""

    cursor: str
    epoch: str
    positions: list[tuple[int, int]]


class Behind(Struct, frozen=True):
    """The changes that a client with an old cursor may have missed, and the present cursor.

    `positions` are those of all conversations of the user, as in `Standing`. `changed` has triples
    (id, since, seq): the old cursor stands for the position `since`, and the present one is `seq`.
    If they are equal, only marks of reading moved. `joined` are conversations into which the user
    came, or which began; they are in `changed` too. `left` are those that the user is not in any
    more.
    """

    cursor: str
    epoch: str
    positions: list[tuple[int, int]]
    changed: list[tuple[int, int, int]]
    joined: list[int]
    left: list[int]


async def of_user(reads: Reads, user_id: int) -> Standing:
    """The present positions of all conversations of the user, in no order."""
    cursor, (joined,) = await snapshot(reads, OF_USER, (user_id,), mine=MINE[reads.form])
    return Standing(str(cursor), cursor.epoch, _positions(f"[{joined or ''}]"))


async def behind(
    reads: Reads, user_id: int, text: str, among: Collection[int] | None = None
) -> Behind | None:
    """What changed since the cursor. None if its stamps cannot be compared with the present ones:
    then the positions of all conversations show where the client is behind.

    With `among`, `positions` and `changed` are of these conversations alone.
    Raises InvalidInput, which names `cursor`, and EpochChanged if the database was put back since.
    """
    cursor = Cursor.read(text)
    point = cursor.point
    which = "" if among is None else f"AND p.conversation_id IN ({reads.ids})"
    some = () if among is None else (listed(among),)
    of_mine = OF_MINE.format(mine=MINE[reads.form], which=which)
    found_in, again = "mine", tuple[int | str, ...]()
    if reads.form == "citus":
        found_in, again = f"({of_mine}) AS mine", (user_id, *some)
    parameters = (user_id, *some, point, point, *again, *[point] * 3, user_id, point)
    present, found = await snapshot(reads, BEHIND, parameters, of_mine=of_mine, found_in=found_in)
    if present.epoch != cursor.epoch:
        raise EpochChanged(present.epoch)
    if present.incarnation != cursor.incarnation or present.point < point:
        return None
    positions, moved, joined, left = (f"[{one or ''}]" for one in found)
    changed = [(id_, max(sent, logged), seq) for id_, sent, logged, seq in _changed(moved)]
    return Behind(
        str(present), present.epoch, _positions(positions), changed, _ids(joined), _ids(left)
    )
