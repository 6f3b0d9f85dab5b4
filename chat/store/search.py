"""The texts that search looks in, and how it finds some of them.

There are two ways, since neither is quick for every question.

1. By pieces: an index knows which texts have all three-letter pieces of the query. Of at most
   CANDIDATES texts, those of the caller's conversations are kept. It needs three letters.
2. By conversations: the latest texts of each of the caller's conversations are looked through.
   The conversations with the latest messages come first, and it ends where all others are
   older than what is found. It serves short queries, frequent words, and a database that has no
   index of pieces.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from chat.store import search_rebuild, search_texts
from chat.store.database import Reads, listed
from chat.store.search_texts import Said
from chat.text.searching import key_of

CANDIDATES = 5_000
"""Texts of all conversations that are sorted at once. A query with more is a frequent word."""
PIECE = 3
"""The letters of a piece in the index."""
PART = 100
"""Conversations that one statement looks through."""
ESCAPE = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})

PIECES = {
    "sqlite": """
        SELECT t.conversation_id, t.message_id, t.sender_id
        FROM search_pieces AS p JOIN search_texts AS t ON t.message_id = p.rowid
        WHERE search_pieces MATCH ?
    """,
    "postgresql": """
        SELECT t.conversation_id, t.message_id, t.sender_id FROM search_texts AS t
        WHERE t.folded LIKE ?
    """,
}
# Without ORDER BY beside the condition: the planner would then read by id, and the whole table
# for a rare word.
BY_PIECES = """
    WITH found AS MATERIALIZED ({pieces}), few AS MATERIALIZED (SELECT * FROM found LIMIT ?)
    SELECT 0, count(*) FROM few
    UNION ALL SELECT * FROM (
        SELECT few.conversation_id, few.message_id FROM few WHERE {scope} {only}
        ORDER BY few.message_id DESC LIMIT ?
    ) AS mine
"""
ONE = "few.conversation_id = ?"
MINE = """
    EXISTS (SELECT 1 FROM participants AS p
            WHERE p.conversation_id = few.conversation_id AND p.user_id = ? AND p.is_active)
"""
BY_CONVERSATIONS = {
    "sqlite": """
        SELECT t.conversation_id, t.message_id
        FROM json_each(?) AS c JOIN search_texts AS t ON t.message_id IN (
            SELECT x.message_id FROM search_texts AS x
            WHERE x.conversation_id = c.value {only} AND instr(x.folded, ?) > 0
            ORDER BY x.message_id DESC LIMIT ?)
    """,
    "postgresql": """
        SELECT c.id, t.message_id
        FROM (SELECT CAST(value AS bigint) AS id
              FROM json_array_elements_text(CAST(? AS json))) AS c
        CROSS JOIN LATERAL (
            SELECT x.message_id FROM search_texts AS x
            WHERE x.conversation_id = c.id {only} AND strpos(x.folded, ?) > 0
            ORDER BY x.message_id DESC LIMIT ?) AS t
    """,
}
# As one text: rows of their own would hold the event loop where there are many.
SCOPE = """
    SELECT {joined}('[' || mine.id || ',' || mine.last || ']', ',') FROM (
        SELECT p.conversation_id AS id,
               (SELECT c.last_message_id FROM conversations AS c
                WHERE c.id = p.conversation_id) AS last
        FROM participants AS p WHERE p.user_id = ? AND p.is_active
    ) AS mine WHERE mine.last IS NOT NULL
"""
# An index may be there and hold nothing: `lc_ctype = C` knows no letters but the Latin ones.
KNOWS_PIECES = """
    SELECT to_regclass('search_texts_pieces') IS NOT NULL
       AND to_regproc('show_trgm') IS NOT NULL
"""
SHOWS_PIECES = """
    SELECT show_trgm('سلام'),
           (SELECT datctype FROM pg_database WHERE datname = current_database())
"""

_scope = msgspec.json.Decoder(list[tuple[int, int]]).decode


class Query(Struct, frozen=True):
    """`key` is not empty, and each of the others but `limit` may be None.

    `conversation_id` is one that the caller may read. Without it, all in which `user_id` is a
    participant are meant. `before` is the id of a message: only earlier ones are found.
    """

    user_id: int
    key: str
    conversation_id: int | None
    sender_id: int | None
    before: int | None
    limit: int


async def why_no_pieces(reads: Reads) -> str | None:
    """Why nothing can be found by pieces in this database; None where it can."""
    if reads.dialect == "sqlite":
        return None
    ((is_there,),) = await reads.fetch(KNOWS_PIECES)
    if not is_there:
        return (
            "the extension pg_trgm could not be made in this database when it was migrated."
            " Install it, run `python -m chat search rebuild`, and start again"
        )
    ((pieces, lc_ctype),) = await reads.fetch(SHOWS_PIECES)
    if not pieces:
        return (
            f"with lc_ctype {lc_ctype!r} PostgreSQL takes no Persian letter for a letter."
            " A database that is made with LC_CTYPE 'C.UTF-8' has an index"
        )
    return None


async def has_pieces(reads: Reads) -> bool:
    """Whether the index of pieces is there now: not while SQLite's is being made anew."""
    return not await search_rebuild.is_begun(reads)


async def find(reads: Reads, query: Query, *, by_pieces: bool) -> list[tuple[int, int]]:
    """At most `limit` messages as (conversation, id), the newest first.

    What the follower has not handled yet is among them, up to a number.
    """
    # Read first: what the follower handles meanwhile is then found twice, and not missed.
    fresh = [
        (one.conversation_id, one.message_id)
        for one in await search_texts.fresh(reads, query.user_id, query.conversation_id)
        if _meets(one, query)
    ]
    found = await _in_index(reads, query, by_pieces=by_pieces)
    return _newest({*fresh, *found}, query.limit) if fresh else found


def _meets(one: Said, query: Query) -> bool:
    return (
        not one.is_deleted
        and (query.sender_id is None or one.sender_id == query.sender_id)
        and (query.before is None or one.message_id < query.before)
        and query.key in key_of(one.content)
    )


async def _in_index(reads: Reads, query: Query, *, by_pieces: bool) -> list[tuple[int, int]]:
    if by_pieces and len(query.key) >= PIECE:
        found = await _by_pieces(reads, query)
        if found is not None:
            return found
    return await _by_conversations(reads, query)


async def _by_pieces(reads: Reads, query: Query) -> list[tuple[int, int]] | None:
    """None where there are too many candidates."""
    only, parameters = _only(query, "few")
    one = query.conversation_id
    sql = BY_PIECES.format(
        pieces=PIECES[reads.dialect], scope=MINE if one is None else ONE, only=only
    )
    if reads.dialect == "sqlite":
        pattern = '"' + query.key.replace('"', '""') + '"'
    else:
        pattern = f"%{query.key.translate(ESCAPE)}%"
    scope = query.user_id if one is None else one
    rows = await reads.fetch(sql, (pattern, CANDIDATES + 1, scope, *parameters, query.limit))
    ((_, candidates),) = [row for row in rows if row[0] == 0]
    if candidates > CANDIDATES:
        return None
    return _newest([(row[0], row[1]) for row in rows if row[0] != 0], query.limit)


async def _by_conversations(reads: Reads, query: Query) -> list[tuple[int, int]]:
    only, parameters = _only(query, "x")
    sql = BY_CONVERSATIONS[reads.dialect].format(only=only)
    places = await _places(reads, query)
    found: list[tuple[int, int]] = []
    for start in range(0, len(places), PART):
        part = places[start : start + PART]
        if len(found) == query.limit and found[-1][1] > part[0][1]:
            break  # all that follow are older than what is found
        ids = listed([id_ for id_, _ in part])
        rows = await reads.fetch(sql, (ids, *parameters, query.key, query.limit))
        found = _newest([*found, *[(row[0], row[1]) for row in rows]], query.limit)
    return found


async def _places(reads: Reads, query: Query) -> list[tuple[int, int]]:
    """The conversations to look through, each with its last message; the latest first."""
    if query.conversation_id is not None:
        return [(query.conversation_id, 0)]
    ((joined,),) = await reads.fetch(SCOPE.format(joined=reads.joined), (query.user_id,))
    places = _scope(f"[{joined or ''}]")
    return sorted(places, key=lambda place: place[1], reverse=True)


def _only(query: Query, table: str) -> tuple[str, list[int]]:
    """The conditions that the query has beside its text, and their parameters."""
    only, parameters = "", []
    if query.sender_id is not None:
        only += f" AND {table}.sender_id = ?"
        parameters.append(query.sender_id)
    if query.before is not None:
        only += f" AND {table}.message_id < ?"
        parameters.append(query.before)
    return only, parameters


def _newest(found: Iterable[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    return sorted(found, key=lambda place: place[1], reverse=True)[:limit]
