"""How far each participant of a conversation has read."""

from collections.abc import Mapping

from msgspec import Struct

from chat.store.database import Reads, Transaction, listed

MARKS_MOST = 100
MARKED_MOST = 2_000
"""With more participants it would take too long to look at the marks of all of them."""
MARKS = """
    SELECT newest.id, newest.user_id, u.username, newest.last_read_id FROM (
        SELECT c.id, p.user_id, p.last_read_id, p.read_seq,
               row_number() OVER (PARTITION BY c.id, p.user_id = ?
                                  ORDER BY p.read_seq DESC, p.last_read_id DESC) AS place
        FROM ({pairs}) AS wanted
        JOIN conversations AS c ON c.id = wanted.one
        JOIN participants AS p ON p.conversation_id = c.id
        WHERE p.is_active AND p.read_seq >= wanted.two AND p.last_read_id > 0
          AND c.participant_count <= ?
        UNION ALL
        SELECT c.id, p.user_id, p.last_read_id, p.read_seq, 1
        FROM ({pairs}) AS wanted
        JOIN conversations AS c ON c.id = wanted.one
        JOIN participants AS p ON p.conversation_id = c.id AND p.user_id = ?
        WHERE p.is_active AND p.read_seq >= wanted.two AND p.last_read_id > 0
          AND c.participant_count > ?
    ) AS newest JOIN users AS u ON u.id = newest.user_id
    WHERE newest.place <= ? ORDER BY newest.id, newest.read_seq, newest.last_read_id
"""


class Mark(Struct, frozen=True):
    """This user has read everything up to the message `last_read_id`."""

    user_id: int
    username: str
    last_read_id: int


async def read_up_to(
    transaction: Transaction, conversation_id: int, user_id: int, message_id: int
) -> bool:
    """Move the mark forward. Returns whether it moved; it never moves back."""
    return bool(
        await transaction.execute(
            """
            UPDATE participants SET last_read_id = ?,
                read_seq = (SELECT c.seq FROM conversations AS c WHERE c.id = conversation_id)
            WHERE conversation_id = ? AND user_id = ? AND is_active AND last_read_id < ?
            """,
            (message_id, conversation_id, user_id, message_id),
        )
    )


async def marks_since(
    reads: Reads, positions: Mapping[int, int], user_id: int
) -> dict[int, list[Mark]]:
    """By conversation, the marks of reading that were made since the position there.

    A mark of reading takes no `seq` of its own. It keeps the one that the conversation had, so:

    1. A client has received the changes up to 7, and goes away.
    2. Another user reads everything. The mark keeps 7, and so does a mark before the client left.
    3. The client returns with 7 and gets both. Marks move forward only, so a repeat does no harm.

    Of each conversation these are the newest, at most MARKS_MOST, and that of `user_id`. Of one
    with more participants than MARKED_MOST it is only that of `user_id`. No user has the id 0.
    """
    pairs = listed(positions.items())
    rows = await reads.fetch(
        MARKS.format(pairs=reads.pairs),
        (user_id, pairs, MARKED_MOST, pairs, user_id, MARKED_MOST, MARKS_MOST),
    )
    found: dict[int, list[Mark]] = {}
    for conversation_id, *mark in rows:
        found.setdefault(conversation_id, []).append(Mark(*mark))
    return found
