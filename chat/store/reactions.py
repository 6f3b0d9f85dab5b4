"""Reactions to messages: who reacted with which emoji, and how many did."""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

import msgspec

from chat import records
from chat.store.database import Reads, Transaction, listed

_rows = msgspec.json.Decoder(list[tuple[str, int, int, int, int]]).decode

SET = """
    INSERT INTO reactions (conversation_id, message_id, user_id, emoji, seq, is_there)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (conversation_id, message_id, user_id, emoji) DO UPDATE
    SET seq = excluded.seq, is_there = excluded.is_there
    RETURNING id
"""
ONE_MORE = """
    INSERT INTO reaction_counts (conversation_id, message_id, emoji, count, first_seq, last_seq)
    VALUES (?, ?, ?, 1, ?, ?)
    ON CONFLICT (conversation_id, message_id, emoji) DO UPDATE
    SET first_seq = CASE WHEN reaction_counts.count = 0 THEN excluded.first_seq
                         ELSE reaction_counts.first_seq END,
        count = reaction_counts.count + 1, last_seq = excluded.last_seq
    RETURNING count
"""
ONE_LESS = """
    UPDATE reaction_counts SET count = count - 1, last_seq = ?
    WHERE conversation_id = ? AND message_id = ? AND emoji = ?
    RETURNING count
"""
# Within the statement that reads the messages, so that all of a message is one snapshot. No
# emoji needs an escape in JSON.
OF_ROW = """
    (SELECT {joined}('["' || n.emoji || '",' || n.count || ',' || n.first_seq || ',' || n.last_seq
                     || ',' || CASE WHEN EXISTS (
                         SELECT 1 FROM reactions AS r
                         WHERE r.conversation_id = {conversation}
                           AND r.message_id = n.message_id AND r.user_id = {user}
                           AND r.emoji = n.emoji AND r.is_there
                     ) THEN 1 ELSE 0 END || ']', ',')
     FROM reaction_counts AS n WHERE n.conversation_id = {conversation} AND n.message_id = m.id)
"""
"""An expression for the reactions to the message `m` of a conversation, as a user sees them. The
conversation is in it twice.
"""
OF_MESSAGE = "conversation_id = ? AND message_id = ?"


class State(NamedTuple):
    """Whether a reaction is there, and the change that put it there or took it back, or 0."""

    is_there: bool = False
    seq: int = 0


class Reaction(NamedTuple):
    """`number` is how many react with this emoji to the message by now."""

    message_id: int
    emoji: str
    username: str
    number: int


async def state(
    reads: Reads, conversation_id: int, message_id: int, user_id: int, emoji: str
) -> State:
    rows = await reads.fetch(
        f"SELECT is_there, seq FROM reactions WHERE {OF_MESSAGE} AND user_id = ? AND emoji = ?",  # noqa: S608 - of ours
        (conversation_id, message_id, user_id, emoji),
    )
    return State(bool(rows[0][0]), rows[0][1]) if rows else State()


async def numbers(
    reads: Reads, conversation_id: int, message_id: int, user_id: int, emoji: str
) -> tuple[int, int]:
    """How many other emoji the message has, and how many of them are this user's."""
    ((kinds, own),) = await reads.fetch(
        f"""
        SELECT (SELECT count(*) FROM reaction_counts
                WHERE {OF_MESSAGE} AND emoji <> ? AND count > 0),
               (SELECT count(*) FROM reactions
                WHERE {OF_MESSAGE} AND user_id = ? AND emoji <> ? AND is_there)
        """,  # noqa: S608 - of ours
        (conversation_id, message_id, emoji, conversation_id, message_id, user_id, emoji),
    )
    return kinds, own


async def put(
    transaction: Transaction,
    conversation_id: int,
    message_id: int,
    user_id: int,
    emoji: str,
    seq: int,
    *,
    is_there: bool,
) -> tuple[int, int]:
    """Put a reaction there or take it back, which it must not be yet. Returns its id, and how many
    react so then.
    """
    ((reaction_id,),) = await transaction.fetch(
        SET, (conversation_id, message_id, user_id, emoji, seq, is_there)
    )
    counted = (conversation_id, message_id, emoji)
    if is_there:
        ((count,),) = await transaction.fetch(ONE_MORE, (*counted, seq, seq))
    else:
        ((count,),) = await transaction.fetch(ONE_LESS, (seq, *counted))
    return int(reaction_id), int(count)


async def of_user(reads: Reads, conversation_id: int, user_id: int) -> list[tuple[int, str, int]]:
    """The reactions of a user in a conversation: message, emoji, and the change."""
    rows = await reads.fetch(
        """
        SELECT message_id, emoji, seq FROM reactions
        WHERE conversation_id = ? AND user_id = ? AND is_there ORDER BY message_id, emoji
        """,
        (conversation_id, user_id),
    )
    return [(message_id, emoji, seq) for message_id, emoji, seq in rows]


async def remove_all(
    transaction: Transaction, conversation_id: int, message_ids: Sequence[int]
) -> None:
    """Forget the reactions to messages that are deleted, and their entries in the log."""
    places = (conversation_id, listed(message_ids))
    of_messages = f"conversation_id = ? AND message_id IN ({transaction.ids})"
    await transaction.execute(
        f"""
        DELETE FROM changes WHERE conversation_id = ?
            AND seq IN (SELECT seq FROM reactions WHERE {of_messages})
        """,  # noqa: S608 - of ours
        (conversation_id, *places),
    )
    for table in ("reactions", "reaction_counts"):
        await transaction.execute(f"DELETE FROM {table} WHERE {of_messages}", places)  # noqa: S608 - of ours


def of_row(text: str | None) -> tuple[list[records.Reactions], int]:
    """What OF_ROW has found: the reactions, the oldest emoji first, and the last change of them."""
    if not text:
        return [], 0
    found = sorted(_rows(f"[{text}]"), key=itemgetter(2))
    present = [records.Reactions(row[0], row[1], bool(row[4])) for row in found if row[1]]
    return present, max(row[3] for row in found)


async def by_places(reads: Reads, places: Sequence[tuple[int, int]]) -> dict[int, Reaction]:
    """By id, those of these (conversation, id) that are stored, also where they were taken back."""
    rows = await reads.fetch(
        f"""
        SELECT r.id, r.message_id, r.emoji, u.username,
               (SELECT n.count FROM reaction_counts AS n
                WHERE n.conversation_id = place.one AND n.message_id = r.message_id
                  AND n.emoji = r.emoji)
        FROM ({reads.pairs}) AS place
        JOIN reactions AS r ON r.conversation_id = place.one AND r.id = place.two
        JOIN users AS u ON u.id = r.user_id
        """,  # noqa: S608 - of ours
        (listed(places),),
    )
    return {reaction_id: Reaction(*row) for reaction_id, *row in rows}
