"""Which conversations changed since a moment, whoever changed them: asked by an index alone.

Each transaction that changes conversations leaves a row with their ids, which is kept for
some minutes. Whoever asks keeps a mark, and asks again from there. A mark is a `horizon`, so
a row may come twice and is never missed; and it counts within one incarnation of the
database, as a cursor does (see `positions`).
"""

import msgspec
from msgspec import Struct

from chat.store import incarnation
from chat.store.database import Database, Reads
from chat.times import now

KEPT_SECONDS = 600.0
PART = 1_000
"""Rows of one statement."""

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
    """What has a stamp below `point` had ended when this was read."""

    epoch: str
    incarnation: str
    point: int


class Touched(Struct, frozen=True):
    """`ids` are of the conversations that changed; None where that cannot be said.

    Then any may have changed: the mark is too old, or of another incarnation. `mark` is where
    to ask from the next time.
    """

    ids: set[int] | None
    mark: Mark


async def present(reads: Reads) -> Mark:
    row = await incarnation.snapshot(reads, SINCE, (0, 0))
    return Mark(row[2], row[1], row[0])


async def since(reads: Reads, mark: Mark) -> Touched:
    """What changed after the mark was read, and perhaps a little more."""
    ids: set[int] = set()
    first: Mark | None = None
    point = mark.point
    while True:
        row = await incarnation.snapshot(reads, SINCE, (point, PART))
        horizon, named, epoch, pruned, joined, last, count = row
        present = Mark(epoch, named, horizon)
        # The first one's: what commits between two parts is perhaps in neither.
        first = first or present
        if (epoch, named) != (mark.epoch, mark.incarnation) or not pruned < mark.point <= horizon:
            return Touched(None, present)
        ids |= _ids(f"[{joined or ''}]")
        if count < PART:
            return Touched(ids, first)
        point = last + 1


async def prune(database: Database, kept_seconds: float = KEPT_SECONDS) -> int:
    """Forget rows that are older, as far as they are the lowest; how many."""
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
