"""The conversations that a question of search is about, and what the follower lacks in them."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from chat.store import search_texts
from chat.store.database import Reads
from chat.store.search_query import Query
from chat.store.search_texts import FOLLOWER, Said
from chat.store.spans import Span

FRESH = 400
"""Most messages that one question reads beside the index."""
# As one text: rows of their own would hold the event loop where there are many.
ITEM = {
    # Half the time that putting texts together takes there.
    "sqlite": "json_array(mine.id, mine.last, mine.after, mine.seq)",
    "postgresql": """
        '[' || mine.id || ',' || mine.last || ',' || mine.after || ',' || mine.seq || ']'
    """,
}
SCOPE = """
    SELECT {joined}({item}, ',')
    FROM (
        SELECT c.id, c.last_message_id AS last, c.seq, coalesce(f.seq, 0) AS after
        FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
        LEFT JOIN positions AS f ON f.follower = ? AND f.conversation_id = c.id
        WHERE p.user_id = ? AND p.is_active AND c.last_message_id > 0
    ) AS mine
"""
ONE = """
    SELECT c.id, c.last_message_id, coalesce(f.seq, 0), c.seq
    FROM conversations AS c
    LEFT JOIN positions AS f ON f.follower = ? AND f.conversation_id = c.id
    WHERE c.id = ? AND c.last_message_id > 0
"""


class Within(Struct, frozen=True, array_like=True):
    """A conversation with its last message; the follower has it up to `after`, of `seq`."""

    conversation_id: int
    last: int
    after: int
    seq: int


_decode = msgspec.json.Decoder(list[Within]).decode


async def scope(reads: Reads, query: Query) -> list[Within]:
    """Those with messages, the one with the latest message first."""
    if query.conversation_id is not None:
        rows = await reads.fetch(ONE, (FOLLOWER, query.conversation_id))
        return [Within(*row) for row in rows]
    sql = SCOPE.format(joined=reads.joined, item=ITEM[reads.dialect])
    ((joined,),) = await reads.fetch(sql, (FOLLOWER, query.user_id))
    return sorted(_decode(f"[{joined or ''}]"), key=lambda one: one.last, reverse=True)


async def fresh(reads: Reads, within: Sequence[Within]) -> list[Said]:
    """What was said in these conversations that the follower lacks.

    Of much, the last in the latest conversations; at most about FRESH messages.
    """
    spans, room = [], FRESH
    for one in within:
        if one.seq > one.after:
            spans.append(Span(one.conversation_id, max(one.after, one.seq - room), one.seq))
            room -= spans[-1].upto - spans[-1].after
            if room <= 0:
                break
    return await search_texts.said(reads, spans) if spans else []
