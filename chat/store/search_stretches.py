"""Search by conversations: the texts of the caller's conversations, the newest first."""

from collections.abc import Callable

from msgspec.structs import replace

from chat.store.database import Reads, listed
from chat.store.search_query import Place, Query, only
from chat.store.search_scope import Scope

STRETCH = 2_000
"""Ids of the first stretch, or as many as hold one text per conversation that is visited for it.
The next one holds PART texts, if they are as close as in the one before; where that had none, it is
FACTOR times as long."""
FACTOR = 8
PART = 3_000
"""Texts of one stretch, about. Between two the question may end, because it is late."""
MOST = 14_000
"""Texts of the caller that one question looks through, where they are in few conversations."""
LEAST = 1_000
"""So many it looks through, however late it is: then it is worth what it costs to begin."""
VISIT = 5
"""To begin with a conversation costs as much as so many texts."""
VISITED = 600
"""A stretch begins after the last messages of all conversations but so many, unless it would be
shorter than STRETCH then."""
FIRST = 200
"""So many conversations the first stretch visits, unless it would be shorter than as many ids: most
of what is asked for is frequent, and found there."""
# The first row says how many texts were looked through.
BY_CONVERSATIONS = {
    "sqlite": """
        WITH seen AS MATERIALIZED (
            SELECT x.conversation_id, x.message_id, {holds} AS is_found
            FROM json_each(?) AS c CROSS JOIN search_texts AS x
            WHERE x.conversation_id = c.value
              AND x.message_id >= ? AND x.message_id < ? {only}
        )
    """,
    "citus": """
        WITH seen AS MATERIALIZED (
            SELECT x.conversation_id, x.message_id, {holds} AS is_found
            FROM search_texts AS x
            WHERE x.conversation_id IN ({ids})
              AND x.message_id >= ? AND x.message_id < ? {only}
        )
    """,
    "postgresql": """
        WITH seen AS MATERIALIZED (
            SELECT t.* FROM (SELECT {keys}) AS q
            CROSS JOIN (SELECT unnest(CAST(translate(?, '[]', '{{}}') AS bigint[])) AS id) AS c
            CROSS JOIN LATERAL (
                SELECT x.conversation_id, x.message_id, {holds} AS is_found
                FROM search_texts AS x
                WHERE x.conversation_id = c.id
                  AND x.message_id >= ? AND x.message_id < ? {only}
                OFFSET 0) AS t
        )
    """,
}
HOLDS = {
    "sqlite": "instr(x.folded, ?) > 0",
    "citus": "strpos(x.folded, ?) > 0",
    "postgresql": "strpos(x.folded, q.key{number}) > 0",
}
FOUND = """
    SELECT 0, count(*) FROM seen
    UNION ALL SELECT * FROM (
        SELECT conversation_id, message_id FROM seen WHERE is_found
        ORDER BY message_id DESC LIMIT ?) AS newest
"""


class Stretches:
    """Looks through the conversations of the scope, from the newest ids to older ones."""

    def __init__(
        self, reads: Reads, query: Query, scope: Scope, is_late: Callable[[], bool]
    ) -> None:
        self._is_late = is_late
        self._reads = reads
        self._query = query
        self._scope = scope
        self._lasts = sorted(scope.lasts, reverse=True)
        self._seen = 0
        self._most = max(MOST - VISIT * len(scope.ids), MOST // 4)
        self.found: list[Place] = []
        self.end = 0
        """From here on, to newer ones, everything is found; 0 where nothing is left."""
        if self._lasts:
            last = self._lasts[0] + 1
            self.end = last if query.before is None else min(last, query.before)
        self._length = max(STRETCH, self._worth_visiting())

    @property
    def is_done(self) -> bool:
        return self.end <= 0 or len(self.found) >= self._query.limit

    def what_follows(self) -> Query:
        return replace(self._query, before=self.end, limit=self._query.limit - len(self.found))

    async def begin(self) -> None:
        """Look through the latest texts: what is frequent is found there."""
        if self.is_done:
            return
        start, usual, length = self._start(FIRST, FIRST), self._start(), self._length
        await self._step(start)
        if start > usual:  # so little that it counts for nothing
            self._length, self._seen = length, 0

    async def go_on(self) -> None:
        """Search on until enough is found, about MOST texts have been looked through, or it is
        late.
        """
        while not self.is_done and self._seen < self._most:
            if self._seen >= LEAST and self._is_late():
                return
            await self._step(self._start())

    def _visited(self, begin: int) -> list[int]:
        """The conversations that a stretch from there on may find something in."""
        scope = self._scope
        return [id_ for id_, last in zip(scope.ids, scope.lasts, strict=True) if last >= begin]

    def _worth_visiting(self) -> int:
        """As many ids as hold one text per visit, about. Where somebody is in many conversations,
        a page would else be little more than visits.
        """
        if not self._scope.texts:
            return STRETCH
        visits = len(self._visited(self.end - STRETCH))
        return min(visits * self._lasts[0] // self._scope.texts, FACTOR * STRETCH)

    def _start(self, most: int = VISITED, least: int = STRETCH) -> int:
        """Where the next stretch starts: so that it visits so many conversations at most, unless it
        would have fewer ids than `least`.
        """
        start = max(0, self.end - self._length)
        if len(self._lasts) > most and self._lasts[most] <= self.end - least:
            return max(start, self._lasts[most])
        return start

    async def _step(self, begin: int) -> None:
        conditions, parameters = only(self._query, "x", before=False)
        reads = self._reads
        numbers = range(len(self._query.keys))
        sql = BY_CONVERSATIONS[reads.form].format(
            only=conditions,
            ids=reads.ids,
            keys=", ".join(f"CAST(? AS text) AS key{number}" for number in numbers),
            holds=" OR ".join(HOLDS[reads.form].format(number=number) for number in numbers),
        )
        sql += FOUND
        visited = self._visited(begin)
        rows = await reads.fetch(
            sql,
            (
                *self._query.keys,
                listed(visited),
                begin,
                self.end,
                *parameters,
                self._query.limit,
            ),
        )
        ((_, seen),) = [row for row in rows if row[0] == 0]
        self.found += [(row[0], row[1]) for row in rows if row[0] != 0]
        span, self.end = self.end - begin, begin
        self._seen += seen + VISIT * len(visited)
        # So long that it holds what there is room for, if texts are as close as here.
        room = min(PART, self._most - self._seen)
        self._length = max(STRETCH, span * room // seen if seen else span * FACTOR)
