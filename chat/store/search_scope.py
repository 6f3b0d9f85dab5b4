"""The conversations that a question of search is about, and what the follower lacks in them."""

import msgspec
from msgspec import Struct

from chat.store import search_texts
from chat.store.database import Reads
from chat.store.search_query import Query
from chat.store.search_texts import FOLLOWER, Said
from chat.store.spans import Span

FRESH = 400
"""Most messages that one question reads beside the index."""
DUE = 1_000
"""Most conversations in which the follower may be known to be behind. With more, it is asked for
each conversation of the user how far it is."""
# As texts: rows of their own would hold the event loop where there are many.
SCOPE = """
    SELECT {joined}(CAST(mine.id AS text), ','), {joined}(CAST(mine.last AS text), ','),
           CAST(sum(mine.seq) AS bigint),
           {joined}(CASE WHEN mine.seq > mine.after THEN '[' || mine.last || ',' || mine.id || ','
                         || mine.after || ',' || mine.seq || ']' END, ',')
    FROM ({mine}) AS mine
"""
JOINED = """
    SELECT c.id, c.last_message_id AS last, c.seq, coalesce(f.seq, 0) AS after
    FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
    LEFT JOIN positions AS f ON f.follower = ? AND f.conversation_id = c.id
    WHERE p.user_id = ? AND p.is_active AND c.last_message_id > 0
"""
# The position is asked for only where the follower may be behind: it is due there, or the
# conversation changed after the follower looked for what changed. For 2,000 conversations that is
# half of the time. By an array, PostgreSQL looks each conversation up by its key; it might read all
# that there are for a join.
BY_STAMP = """
    SELECT c.id, c.last_message_id AS last, c.seq,
           CASE WHEN c.changed >= (
               SELECT CASE WHEN (SELECT count(*) FROM due) < {due} THEN coalesce((
                   SELECT looked.point FROM (
                       SELECT CAST(split_part(f.cursor, '.', 3) AS bigint) AS point
                       FROM followers AS f CROSS JOIN history AS h
                       WHERE f.name = ?
                         AND starts_with(f.cursor, h.epoch || '.' || {incarnation} || '.')
                   ) AS looked WHERE looked.point <= {horizon}), 0)
               ELSE 0 END
           ) OR c.id IN (SELECT due.conversation_id FROM due)
           THEN coalesce((SELECT f.seq FROM positions AS f
                          WHERE f.follower = ? AND f.conversation_id = c.id), 0) END AS after
    FROM conversations AS c
    WHERE c.id = ANY(ARRAY(SELECT p.conversation_id FROM participants AS p
                           WHERE p.user_id = ? AND p.is_active))
      AND c.last_message_id > 0
"""
WITH_DUE = """
    WITH due AS MATERIALIZED (
        SELECT p.conversation_id FROM positions AS p
        WHERE p.follower = ? AND p.due IS NOT NULL LIMIT {due}
    )
"""
ONE = """
    SELECT c.id, c.last_message_id, coalesce(f.seq, 0), c.seq
    FROM conversations AS c
    LEFT JOIN positions AS f ON f.follower = ? AND f.conversation_id = c.id
    WHERE c.id = ? AND c.last_message_id > 0
"""
_numbers = msgspec.json.Decoder(list[int]).decode
_behind = msgspec.json.Decoder(list[tuple[int, int, int, int]]).decode


class Scope(Struct, frozen=True):
    """Conversations with messages: their `ids`, and the id of the last message of each.

    `texts` is how many messages they have, about. In `behind` is what the follower lacks, of the
    conversation with the latest message first.
    """

    ids: list[int]
    lasts: list[int]
    texts: int
    behind: list[Span]


async def scope(reads: Reads, query: Query) -> Scope:
    if query.conversation_id is not None:
        rows = await reads.fetch(ONE, (FOLLOWER, query.conversation_id))
        behind = [Span(id_, after, seq) for id_, _, after, seq in rows if seq > after]
        ids, lasts = [row[0] for row in rows], [row[1] for row in rows]
        return Scope(ids, lasts, sum(row[3] for row in rows), behind)
    ((ids_, lasts_, texts, behind_),) = await reads.fetch(*_of_user(reads, query.user_id))
    latest_first = sorted(_behind(f"[{behind_ or ''}]"), reverse=True)
    return Scope(
        _numbers(f"[{ids_ or ''}]"),
        _numbers(f"[{lasts_ or ''}]"),
        texts or 0,
        [Span(id_, after, seq) for _, id_, after, seq in latest_first],
    )


def _of_user(reads: Reads, user_id: int) -> tuple[str, tuple[int | str, ...]]:
    """The statement, and its parameters."""
    if reads.form != "postgresql":
        return SCOPE.format(joined=reads.joined, mine=JOINED), (FOLLOWER, user_id)
    mine = BY_STAMP.format(due=DUE, incarnation=reads.incarnation, horizon=reads.horizon)
    sql = WITH_DUE.format(due=DUE) + SCOPE.format(joined=reads.joined, mine=mine)
    return sql, (FOLLOWER, FOLLOWER, FOLLOWER, user_id)


async def fresh(reads: Reads, scope: Scope) -> list[Said]:
    """What was said in these conversations that the follower lacks.

    Of much, the last in the latest conversations; at most about FRESH messages.
    """
    spans, room = [], FRESH
    for one in scope.behind:
        spans.append(Span(one.conversation_id, max(one.after, one.upto - room), one.upto))
        room -= spans[-1].upto - spans[-1].after
        if room <= 0:
            break
    return await search_texts.said(reads, spans) if spans else []
