"""Finds by an index alone which conversations changed since a cursor, on any node.

Each transaction that changes conversations writes a row with their ids. The row is kept for some
minutes. A reader keeps a cursor, and asks again from there. A row may come twice and is never
missed (`positions` explains why).
"""

import msgspec
from msgspec import Struct

from chat.store.cursors import Cursor, snapshot
from chat.store.database import Database, Reads
from chat.times import now

KEPT_SECONDS = 600.0
PART = 1_000
"""Most rows of one statement."""
PARTS = 20
"""Most statements of one question. With more to read, looking at everything costs no more."""

SINCE = """
    WITH found AS (
        SELECT changed, ids FROM touched WHERE changed >= ? ORDER BY changed LIMIT ?
    )
    SELECT {horizon}, {incarnation}, (SELECT epoch FROM history), (SELECT pruned FROM clock),
           (SELECT {joined}(ids, ',') FROM found), (SELECT max(changed) FROM found),
           (SELECT count(*) FROM found)
"""
# Both by an index, from the lowest stamp on. That of `participants` has no rows without a stamp.
NEWS = """
    WITH found AS (
        SELECT changed, ids FROM touched WHERE changed >= ? ORDER BY changed LIMIT ?
    ), came AS (
        SELECT changed, user_id FROM participants WHERE changed > 0 AND changed >= ?
        ORDER BY changed, conversation_id, user_id LIMIT ?
    )
    SELECT {horizon}, {incarnation}, (SELECT epoch FROM history), (SELECT pruned FROM clock),
           (SELECT count(*) FROM found), (SELECT count(*) FROM came),
           (SELECT {joined}('[' || changed || ',[' || ids || ']]', ',') FROM found),
           (SELECT {joined}('[' || changed || ',' || user_id || ']', ',') FROM came)
"""
_ids = msgspec.json.Decoder(set[int]).decode
_found = msgspec.json.Decoder(list[tuple[int, list[int]]]).decode
_came = msgspec.json.Decoder(list[tuple[int, int]]).decode


class Touched(Struct, frozen=True):
    """`ids` are the conversations that changed. None means that any may have changed, because the
    cursor is too old, or of another incarnation, or because too much has changed since. Ask again
    from `cursor` the next time.
    """

    ids: set[int] | None
    cursor: Cursor


class News(Struct, frozen=True):
    """The conversations that changed since some point, and the users who came into one or left one,
    each with the highest stamp. `cursor` is of the same moment.
    """

    cursor: Cursor
    conversations: dict[int, int]
    users: dict[int, int]


async def news(reads: Reads, point: int) -> News | None:
    """What changed since then, of all users alike. None if that is too much, or not known."""
    parameters = (point, PART, point, PART)
    cursor, found = await snapshot(reads, NEWS, parameters)
    pruned, touches, comings, moved, came = found
    if not pruned < point <= cursor.point or PART in (touches, comings):
        return None
    conversations: dict[int, int] = {}
    for changed, ids in sorted(_found(f"[{moved or ''}]")):
        conversations.update(dict.fromkeys(ids, changed))
    users = {user_id: changed for changed, user_id in sorted(_came(f"[{came or ''}]"))}
    return News(cursor, conversations, users)


async def present(reads: Reads) -> Cursor:
    cursor, _ = await snapshot(reads, SINCE, (0, 0))
    return cursor


async def since(reads: Reads, cursor: Cursor) -> Touched:
    """The conversations that changed after the cursor was read, and perhaps some more."""
    ids: set[int] = set()
    first: Cursor | None = None
    point = cursor.point
    for _ in range(PARTS):
        present, (pruned, joined, last, count) = await snapshot(reads, SINCE, (point, PART))
        # The cursor of the first part, because a commit between two parts may be in neither.
        first = first or present
        is_of_now = (present.epoch, present.incarnation) == (cursor.epoch, cursor.incarnation)
        if not is_of_now or not pruned < cursor.point <= present.point:
            return Touched(None, present)
        ids |= _ids(f"[{joined or ''}]")
        if count < PART:
            return Touched(ids, first)
        point = last + 1
    return Touched(None, first or cursor)


async def prune(database: Database, kept_seconds: float = KEPT_SECONDS) -> int:
    """Delete older rows, the lowest first. Returns how many."""
    oldest = now() - int(kept_seconds * 1_000_000)
    pruned = 0
    while True:
        rows = await database.fetch(
            "SELECT changed, at FROM touched ORDER BY changed LIMIT ?", (PART,)
        )
        old = [changed for changed, at in rows if at < oldest]
        if not old:
            return pruned
        async with database.transaction() as transaction:
            await transaction.execute(
                "UPDATE clock SET pruned = ? WHERE pruned < ?", (old[-1], old[-1])
            )
            pruned += await transaction.execute(
                "DELETE FROM touched WHERE changed <= ?", (old[-1],)
            )
