"""How frequent pieces of texts are, by a sample of what search looks in.

The index of pieces answers soon only where one piece of the query is rare. PostgreSQL collects all
texts with a frequent piece before it gives the first, and SQLite goes through them one by one.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from chat.store.database import Reads

TEXTS = 3_000
"""So many texts are a sample."""
SMALL = 100_000
"""With fewer texts in all, no piece is too frequent."""
PIECE = 3
"""The letters of a piece."""
PART = 4_000
"""After counting so many letters, the event loop may go on: a millisecond or two."""

COUNT = {
    "sqlite": "SELECT coalesce(max(message_id), 0) FROM search_texts",
    "postgresql": """
        SELECT CAST(greatest(reltuples, 0) AS bigint) FROM pg_class
        WHERE oid = CAST('search_texts' AS regclass)
    """,
}
SAMPLE = {
    # Ids are spread evenly over the texts, well enough; the few that do not exist are left out.
    "sqlite": """
        WITH RECURSIVE numbers (n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?
        )
        SELECT group_concat(folded, char(10)), count(*)
        FROM numbers CROSS JOIN search_texts AS t ON t.message_id = n * (? / ?)
    """,
    "postgresql": """
        SELECT string_agg(folded, chr(10)), count(*)
        FROM search_texts TABLESAMPLE SYSTEM (100.0 * CAST(? AS float8) / CAST(? AS float8))
    """,
}


class Sample(Struct, frozen=True):
    """How often each piece stands in `count` of the `total` texts; no piece, and no text, where
    there are so few that nothing counts.
    """

    pieces: Mapping[str, int]
    count: int
    total: int

    def rarest(self, key: str) -> tuple[list[str], int]:
        """The two pieces of the key that the fewest texts have, and about how many have the first.

        The key has at least three letters.
        """
        pieces = {key[start : start + PIECE] for start in range(len(key) - PIECE + 1)}
        counted = sorted((self.pieces.get(piece, 0), piece) for piece in pieces)
        share = counted[0][0] / self.count if self.count else 0.0
        return [piece for _, piece in counted[:2]], int(share * self.total)


async def sample(reads: Reads) -> Sample:
    ((total,),) = await reads.fetch(COUNT[reads.dialect])
    if total < SMALL:
        return Sample({}, 0, total)
    parameters = (TEXTS, total, TEXTS) if reads.dialect == "sqlite" else (TEXTS, total)
    ((texts, count),) = await reads.fetch(SAMPLE[reads.dialect], parameters)
    return Sample(await _counted(texts or ""), count, total)


async def _counted(texts: str) -> Mapping[str, int]:
    """Once for all queries: to look through the texts for each piece of each query took longer
    than the rest of a search.
    """
    counted = Counter[str]()
    last = len(texts) - PIECE + 1
    for start in range(0, last, PART):
        places = range(start, min(start + PART, last))
        counted.update(texts[place : place + PIECE] for place in places)
        await asyncio.sleep(0)
    return counted
