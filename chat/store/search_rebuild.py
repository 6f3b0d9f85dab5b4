"""Makes what search looks in anew, in steps, and compares it with the messages.

A row of `followers` says up to which message a rebuild is. So it may be interrupted, and the next
one goes on there. Of two at once one ends, because each step begins where the row says, or not at
all: otherwise both would make the same pieces. Meanwhile the follower `search` goes on too. On
SQLite search looks through conversations, not by pieces, for as long as the row is there.

There the pieces are made anew, from the first text to the last, so each step makes those of its own
texts. Where the follower changes a text behind the step, triggers change its pieces. A text ahead
of it has none yet.
"""

from collections.abc import AsyncGenerator, Sequence

from chat.errors import Conflict
from chat.store import spans
from chat.store.database import Database, Reads, Row, Transaction, listed
from chat.store.followers import REBUILD as NAME
from chat.store.migrations.m0026_search import PIECES, TRIGGERS
from chat.store.search_texts import FOLLOWER, Text, keep
from chat.text.searching import text_key

STEP = 2_000
"""Messages of one transaction."""
MERGED = 200
"""Pages of the index that one step merges."""
POINT = "SELECT cursor FROM followers WHERE name = ?"
BEGIN = """
    INSERT INTO followers (name, cursor) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor
"""
ADVANCE = "UPDATE followers SET cursor = ? WHERE name = ? AND cursor = ?"
FINISH = "DELETE FROM followers WHERE name = ? AND cursor = ?"
PAGE = """
    SELECT m.conversation_id, m.id, m.sender_id, m.content, m.is_deleted FROM messages AS m
    WHERE (m.conversation_id, m.id) > (?, ?) ORDER BY m.conversation_id, m.id LIMIT ?
"""
# Whatever is there between two messages and is none of those that are kept.
LEFT_OVER = """
    DELETE FROM search_texts
    WHERE (conversation_id, message_id) > (?, ?) AND (conversation_id, message_id) <= (?, ?)
      AND (conversation_id, message_id) NOT IN (SELECT one, two FROM ({pairs}) AS kept)
"""
HOLD = """
    SELECT 1 FROM positions WHERE follower = ? AND conversation_id >= ? AND conversation_id <= ?
    ORDER BY conversation_id FOR UPDATE
"""
SEQS = "SELECT id, seq FROM conversations WHERE id IN ({ids})"
# The follower need not go through these once more.
ENDED = """
    INSERT INTO positions (follower, conversation_id, seq)
    SELECT CAST(? AS text), one, two FROM ({pairs}) AS ended WHERE true
    ON CONFLICT (follower, conversation_id) DO UPDATE SET seq = excluded.seq
    WHERE positions.seq < excluded.seq
"""
# Where the rebuild has been, by its row: `conversation message`.
BEHIND = """
    WHEN ({row}.conversation_id, {row}.message_id) <= (
        SELECT CAST(substr(cursor, 1, instr(cursor, ' ') - 1) AS INTEGER),
               CAST(substr(cursor, instr(cursor, ' ') + 1) AS INTEGER)
        FROM followers WHERE name = 'search rebuild')
    BEGIN
"""
NO_TRIGGERS = tuple(f"DROP TRIGGER IF EXISTS {name}" for name in TRIGGERS)
SQLITE = (*NO_TRIGGERS, *TRIGGERS.values())
HAS_TRIGGERS = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = ?"
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX IF NOT EXISTS search_texts_pieces"
    " ON search_texts USING gin (folded gin_trgm_ops)",
    "ANALYZE search_texts",
)
END = (2**62, 2**62)


async def rebuild(database: Database) -> AsyncGenerator[int, None]:
    """Do it, or go on with it. It gives the number of messages of each step.

    Raises Conflict where somebody else has gone on with it, or ended it, since the last step.
    """
    point = await _begin(database)
    while True:
        async with database.transaction() as transaction:
            rows = await transaction.fetch(PAGE, (*point, STEP))
            if database.form == "citus":  # where those who would lock rows take turns
                await spans.hold(database, transaction, FOLLOWER, ())
            elif database.dialect != "sqlite" and rows:
                await transaction.fetch(HOLD, (FOLLOWER, rows[0][0], rows[-1][0]))
            ids = listed({point[0], *(row[0] for row in rows)})
            # The numbers first: whatever they count is in what is read then.
            seqs = await transaction.fetch(SEQS.format(ids=database.ids), (ids,))
            if database.dialect != "sqlite" and rows:
                rows = await transaction.fetch(PAGE, (*point, len(rows)))
            end = (rows[-1][0], rows[-1][1]) if rows else END
            await _renew(transaction, rows, point, end)
            ended = listed([(id_, seq) for id_, seq in seqs if id_ != end[0]])
            await transaction.execute(ENDED.format(pairs=database.pairs), (FOLLOWER, ended))
            if rows:
                is_first = await transaction.execute(ADVANCE, (text_of(end), NAME, text_of(point)))
            else:
                is_first = await transaction.execute(FINISH, (NAME, text_of(point)))
            if not is_first:
                raise Conflict("Another process makes what search looks in anew.")
            if not rows:
                await _finish(transaction)
        if not rows:
            break
        point = end
        yield len(rows)
    if database.dialect == "sqlite":
        await _merge(database)


async def _begin(database: Database) -> tuple[int, int]:
    async with database.transaction() as transaction:
        rows = await transaction.fetch(POINT, (NAME,))
        if rows and await _can_go_on(transaction):
            conversation_id, message_id = map(int, rows[0][0].split())
            return conversation_id, message_id
        await transaction.execute(BEGIN, (NAME, text_of((0, 0))))
        if database.dialect != "sqlite":
            return 0, 0
        # The old entries may be wrong, and the triggers would stumble over them.
        for statement in NO_TRIGGERS:
            await transaction.execute(statement)
        await transaction.execute("DROP TABLE IF EXISTS search_pieces")
        await transaction.execute(PIECES)
        for name, trigger in TRIGGERS.items():
            row = "old" if name == "search_texts_removed" else "new"
            await transaction.execute(trigger.replace("BEGIN", BEHIND.format(row=row), 1))
    return 0, 0


def text_of(point: tuple[int, int]) -> str:
    return f"{point[0]} {point[1]}"


async def _can_go_on(transaction: Transaction) -> bool:
    """Not where an earlier release has begun it: what changed since then has no pieces."""
    if transaction.dialect != "sqlite":
        return True
    return bool(await transaction.fetch(HAS_TRIGGERS, (next(iter(TRIGGERS)),)))


async def _renew(
    transaction: Transaction, rows: Sequence[Row], point: tuple[int, int], end: tuple[int, int]
) -> None:
    texts = [
        Text(conversation_id, id_, sender_id, text_key(content))
        for conversation_id, id_, sender_id, content, is_deleted in rows
        if not is_deleted
    ]
    kept = listed([(text.conversation_id, text.message_id) for text in texts])
    await transaction.execute(LEFT_OVER.format(pairs=transaction.pairs), (*point, *end, kept))
    await keep(transaction, texts)
    if transaction.dialect == "sqlite":
        await transaction.execute(
            """
            INSERT INTO search_pieces (rowid, folded) SELECT message_id, folded FROM search_texts
            WHERE (conversation_id, message_id) > (?, ?)
              AND (conversation_id, message_id) <= (?, ?)
            """,
            (*point, *end),
        )


async def _finish(transaction: Transaction) -> None:
    for statement in SQLITE if transaction.dialect == "sqlite" else POSTGRESQL:
        await transaction.execute(statement)


async def _merge(database: Database) -> None:
    """Merge the parts of the index in small steps, so that no sender waits for it later.

    https://www.sqlite.org/fts5.html#the_merge_command
    """
    pages = -MERGED  # the first, negative, step says that all parts are to become one
    while True:
        async with database.transaction() as transaction:
            (before,) = (await transaction.fetch("SELECT total_changes()"))[0]
            await transaction.execute(
                "INSERT INTO search_pieces (search_pieces, rank) VALUES ('merge', ?)", (pages,)
            )
            (after,) = (await transaction.fetch("SELECT total_changes()"))[0]
        if after - before < 2:
            return
        pages = MERGED


async def is_begun(reads: Reads) -> bool:
    """Whether a rebuild is under way, or was interrupted, that leaves no index of pieces.

    PostgreSQL keeps its index.
    """
    return reads.dialect == "sqlite" and bool(await reads.fetch(POINT, (NAME,)))
