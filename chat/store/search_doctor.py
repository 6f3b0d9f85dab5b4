"""Compares what search looks in with the messages, as far as the follower has gone through them."""

from chat.store import search_rebuild
from chat.store.database import Database
from chat.store.drift import Drift
from chat.store.followers import REBUILD as NAME
from chat.store.search_texts import FOLLOWER
from chat.text.searching import text_key

STEP = 5_000
MESSAGES = """
    SELECT m.conversation_id, m.id, m.sender_id, m.content, m.is_deleted, t.folded
    FROM messages AS m
    JOIN positions AS p ON p.follower = ? AND p.conversation_id = m.conversation_id
    LEFT JOIN search_texts AS t ON t.conversation_id = m.conversation_id AND t.message_id = m.id
    WHERE (m.conversation_id, m.id) > (?, ?) AND (m.conversation_id, m.id) <= (?, ?)
      AND p.seq >= m.seq
    ORDER BY m.conversation_id, m.id
"""
ENDS = """
    SELECT conversation_id, id FROM messages WHERE (conversation_id, id) > (?, ?)
    ORDER BY conversation_id, id LIMIT ?
"""
LEFT_OVER = """
    SELECT t.conversation_id, t.message_id FROM search_texts AS t
    LEFT JOIN messages AS m ON m.conversation_id = t.conversation_id AND m.id = t.message_id
    WHERE m.id IS NULL ORDER BY t.conversation_id, t.message_id
"""
MEND_TEXT = """
    INSERT INTO search_texts (conversation_id, message_id, sender_id, folded) VALUES (?, ?, ?, ?)
    ON CONFLICT (conversation_id, message_id) DO UPDATE SET folded = excluded.folded
"""
MEND_LEFT_OVER = "DELETE FROM search_texts WHERE conversation_id = ? AND message_id = ?"
CHECK_PIECES = "INSERT INTO search_pieces (search_pieces, rank) VALUES ('integrity-check', 1)"
MEND_PIECES = "INSERT INTO search_pieces (search_pieces) VALUES ('rebuild')"
MEND_REBUILD = "DELETE FROM followers WHERE name = ?"


async def examine(database: Database) -> list[Drift]:
    """Missing, different and left over texts. On SQLite first the pieces, which mending needs."""
    return [
        *await _examine_pieces(database),
        *await _examine_messages(database),
        *[
            Drift(
                f"conversation {conversation_id}: search has message {message_id},"
                " which does not exist",
                [(MEND_LEFT_OVER, (conversation_id, message_id))],
            )
            for conversation_id, message_id in await database.fetch(LEFT_OVER)
        ],
    ]


async def _examine_pieces(database: Database) -> list[Drift]:
    if database.dialect != "sqlite":
        return []
    if await search_rebuild.is_begun(database):
        mends = [*search_rebuild.SQLITE, MEND_PIECES]
        return [
            Drift(
                "search: a rebuild of the index was interrupted",
                [*((mend, ()) for mend in mends), (MEND_REBUILD, (NAME,))],
            )
        ]
    try:
        async with database.transaction() as transaction:
            await transaction.execute(CHECK_PIECES)
    except Exception as error:
        if database.reason(error) is None:
            raise
        what = "search: the index of pieces is not that of the texts"
        return [Drift(what, [(MEND_PIECES, ())])]
    return []


async def _examine_messages(database: Database) -> list[Drift]:
    drifts = []
    point = (0, 0)
    while ends := await database.fetch(ENDS, (*point, STEP)):
        end = ends[-1]
        for row in await database.fetch(MESSAGES, (FOLLOWER, *point, *end)):
            conversation_id, id_, sender_id, content, is_deleted, kept = row
            key = None if is_deleted else text_key(content)
            if kept == key:
                continue
            what = f"conversation {conversation_id}: search "
            if kept is None:
                what += f"does not have message {id_}"
            elif key is None:
                what += f"has message {id_}, which is deleted"
            else:
                what += f"has message {id_} with another text"
            mend = (
                (MEND_LEFT_OVER, (conversation_id, id_))
                if key is None
                else (MEND_TEXT, (conversation_id, id_, sender_id, key))
            )
            drifts.append(Drift(what, [mend]))
        point = (end[0], end[1])
    return drifts
