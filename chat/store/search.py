"""The texts that search looks in, and how it finds some of them.

There are two ways, since neither is quick for every question.

1. By conversations (`search_stretches`): the texts of the caller's conversations are looked
   through, the newest first: a stretch of the latest ids, then a longer one before it. It is quick
   for frequent words, for short queries, and for callers with few messages.
2. By pieces: an index knows which texts have all three-letter pieces of the query. Of at most
   CANDIDATES texts, those of the caller's conversations are kept. It is quick where one of the
   pieces is rare (`search_sample`).

So it begins with a stretch, unless a piece is very rare. Where that has not found enough, it goes
on by pieces if one is rare, and else with further stretches. Those end after some texts, and after
some time: what is found no sooner is found page by page, since an answer says from where to go on.
"""

from collections.abc import Callable, Iterable, Sequence
from time import monotonic

from chat.store import search_rebuild, search_scope, search_texts
from chat.store.database import Reads
from chat.store.search_query import Page, Place, Query, only
from chat.store.search_sample import PIECE, Sample
from chat.store.search_stretches import Stretches
from chat.store.search_texts import Said
from chat.text.searching import text_key

CANDIDATES = 3_000
"""Texts of all conversations that are sorted at once. A query with more is a frequent word."""
RARE = 20_000
"""Texts that have the rarest piece of a query, as far as a sample says, at most. Where the query is
that piece, all of them are candidates."""
PAGE_SECONDS = 0.008
"""After so long no further stretch begins, so that a slow machine gives a short page and not a late
one. What is found by pieces is not cut: it is whole, or nothing."""
ESCAPE = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})

PIECES = {
    "sqlite": """
        SELECT t.conversation_id, t.message_id, t.sender_id
        FROM search_pieces AS p JOIN search_texts AS t ON t.message_id = p.rowid
        WHERE search_pieces MATCH ? AND ({holds})
    """,
    "postgresql": """
        SELECT t.conversation_id, t.message_id, t.sender_id FROM search_texts AS t
        WHERE {holds}
    """,
}
HOLDS = {"sqlite": "instr(t.folded, ?) > 0", "postgresql": "t.folded LIKE ?"}
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
IS_MINE = """
    EXISTS (SELECT 1 FROM participants AS p
            WHERE p.conversation_id = few.conversation_id AND p.user_id = ? AND p.is_active)
"""
MINE = {
    "sqlite": IS_MINE,
    "postgresql": IS_MINE,
    "citus": """
        few.conversation_id IN (SELECT p.conversation_id FROM participants AS p
                                WHERE p.user_id = ? AND p.is_active)
    """,
}
# An index may be there and hold nothing: `lc_ctype = C` knows no letters but the Latin ones.
KNOWS_PIECES = """
    SELECT to_regclass('search_texts_pieces') IS NOT NULL
       AND to_regproc('show_trgm') IS NOT NULL
"""
SHOWS_PIECES = """
    SELECT show_trgm('سلام'),
           (SELECT datctype FROM pg_database WHERE datname = current_database())
"""


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


async def find(
    reads: Reads,
    query: Query,
    sample: Sample | None,
    clock: Callable[[], float] = monotonic,
) -> Page:
    """At most `limit` messages, the newest first. Without a sample nothing is found by pieces.

    What the follower has not handled yet is among them, up to a number. By `clock`, in seconds, the
    page ends early where it would come late; `rest` says so, and each page looks further.
    """
    late = clock() + PAGE_SECONDS
    within = await search_scope.scope(reads, query)
    # Read first: what the follower handles meanwhile is then found twice, and not missed.
    fresh = await _meeting(await search_scope.fresh(reads, within), query)
    stretches = Stretches(reads, query, within, lambda: clock() >= late)
    page = await _in_index(stretches, reads, query, sample)
    if not fresh:
        return page
    # What is before the page comes with a later one.
    fresh = [place for place in fresh if page.rest is None or place[1] >= page.rest]
    return _page({*fresh, *page.places}, query.limit, page.rest)


def _page(found: Iterable[Place], limit: int, rest: int | None) -> Page:
    places = sorted(found, key=lambda place: place[1], reverse=True)
    if len(places) >= limit:
        return Page(places[:limit], places[limit - 1][1])
    return Page(places, rest)


async def _meeting(said: Sequence[Said], query: Query) -> list[Place]:
    """Those that the query asks for."""
    return [
        (one.conversation_id, one.message_id)
        async for one in search_texts.in_turns(said)
        if _meets(one, query)
    ]


def _meets(one: Said, query: Query) -> bool:
    return (
        not one.is_deleted
        and (query.sender_id is None or one.sender_id == query.sender_id)
        and (query.before is None or one.message_id < query.before)
        and holds(text_key(one.content), query)
    )


def holds(key: str, query: Query) -> bool:
    """Whether a message's text with this key is one that the query asks for."""
    return any(one in key for one in query.keys)


async def _in_index(
    stretches: Stretches, reads: Reads, query: Query, sample: Sample | None
) -> Page:
    least = min(map(len, query.keys))
    if sample is None or least < PIECE:
        await stretches.begin()
    else:
        rarest = [sample.rarest(key) for key in query.keys]
        texts = sum(texts for _, texts in rarest)
        # What no text of a sample has, a stretch would hardly find.
        if texts or not sample.count:
            await stretches.begin()
        if not stretches.is_done and texts <= (RARE if least > PIECE else CANDIDATES):
            pieces = [pieces for pieces, _ in rarest]
            found = await _by_pieces(reads, stretches.what_follows(), pieces)
            if found is not None:
                return _page([*stretches.found, *found], query.limit, None)
    await stretches.go_on()
    return _page(stretches.found, query.limit, stretches.end or None)


async def _by_pieces(
    reads: Reads, query: Query, pieces: Sequence[Sequence[str]]
) -> list[Place] | None:
    """By these pieces of each key of the query. None where there are too many candidates."""
    conditions, parameters = only(query, "few")
    one = query.conversation_id
    sql = BY_PIECES.format(
        pieces=PIECES[reads.dialect].format(
            holds=" OR ".join([HOLDS[reads.dialect]] * len(query.keys))
        ),
        scope=MINE[reads.form] if one is None else ONE,
        only=conditions,
    )
    if reads.dialect == "sqlite":
        # Not all pieces, of which frequent ones would cost more than the comparison.
        patterns = [" OR ".join(_all_of(some) for some in pieces), *query.keys]
    else:
        patterns = [f"%{key.translate(ESCAPE)}%" for key in query.keys]
    scope = query.user_id if one is None else one
    rows = await reads.fetch(sql, (*patterns, CANDIDATES + 1, scope, *parameters, query.limit))
    ((_, candidates),) = [row for row in rows if row[0] == 0]
    if candidates > CANDIDATES:
        return None
    return [(row[0], row[1]) for row in rows if row[0] != 0]


def _all_of(pieces: Sequence[str]) -> str:
    """https://www.sqlite.org/fts5.html#full_text_query_syntax"""
    quoted = ['"' + piece.replace('"', '""') + '"' for piece in pieces]
    return f"({' AND '.join(quoted)})"
