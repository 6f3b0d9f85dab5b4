"""Finds by an index alone which conversations changed since a mark, on any node.

Each transaction that changes conversations writes a row with their ids. The row is kept for some
minutes. A reader keeps a mark, and asks again from there. A mark is a `horizon`, so a row may come
twice and is never missed. A mark counts within one incarnation of the database, as a cursor does
(see `positions`).
"""

import msgspec
from msgspec import Struct

from chat.store import incarnation
from chat.store.database import Database, Reads
from chat.times import now

KEPT_SECONDS = 600.0
PART = 1_000
"""Most rows of one statement."""

SINCE = """
    WITH found AS (
        SELECT changed, ids FROM touched WHERE changed >= ? ORDER BY changed LIMIT ?
    )
    SELECT {horizon}, {incarnation}, (SELECT epoch FROM history), (SELECT pruned FROM clock),
           (SELECT {joined}(ids, ',') FROM found), (SELECT max(changed) FROM found),
           (SELECT count(*) FROM found)
"""
_ids = msgspec.json.Decoder(set[int]).decode


class Mark(Struct, frozen=True):
    """Transactions with a stamp below `point` had ended when this was read."""

    epoch: str
    incarnation: str
    point: int


class Touched(Struct, frozen=True):
    """`ids` are the conversations that changed. None means that any may have changed, because the
    mark is too old, or of another incarnation. Ask again from `mark` the next time.
    """

    ids: set[int] | None
    mark: Mark


async def present(reads: Reads) -> Mark:
    row = await incarnation.snapshot(reads, SINCE, (0, 0))
    return Mark(row[2], row[1], row[0])


async def since(reads: Reads, mark: Mark) -> Touched:
    """The conversations that changed after the mark was read, and perhaps some more."""
    ids: set[int] = set()
    first: Mark | None = None
    point = mark.point
    while True:
        row = await incarnation.snapshot(reads, SINCE, (point, PART))
        horizon, named, epoch, pruned, joined, last, count = row
        present = Mark(epoch, named, horizon)
        # The mark of the first part, because a commit between two parts may be in neither.
        first = first or present
        if (epoch, named) != (mark.epoch, mark.incarnation) or not pruned < mark.point <= horizon:
            return Touched(None, present)
        ids |= _ids(f"[{joined or ''}]")
        if count < PART:
            return Touched(ids, first)
        point = last + 1


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
