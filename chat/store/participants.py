"""Who is in a conversation, and how far each has read."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from chat import records
from chat.store import agents
from chat.store.agents import IS_AGENT
from chat.store.database import Reads, Transaction, listed


class ReadMarks(Struct, frozen=True):
    """How far a conversation has been read, as one participant sees it.

    `last_read_id` is the last message that this user has read; `others_read_id` the one
    that every other participant has read, or None where there is no other.
    """

    user_id: int
    last_read_id: int
    others_read_id: int | None

    def has_read(self, message_id: int, sender_id: int) -> bool:
        """`is_read` of a message, for this participant."""
        if sender_id != self.user_id:
            return message_id <= self.last_read_id
        return self.others_read_id is None or message_id <= self.others_read_id


class Point(Struct, frozen=True):
    """Where a conversation is for a user: its `seq`, and the epoch in which that counts.

    `is_agent` says that the user is no participant, but a ticket's agent.
    """

    seq: int
    epoch: str
    is_agent: bool


# In one statement: a `seq` counts within the epoch of the same moment.
POINT = """
    SELECT c.seq, (SELECT epoch FROM history)
    FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
    WHERE p.conversation_id = ? AND p.user_id = ? AND p.is_active
"""
POINT_OF_AGENT = f"""
    SELECT c.seq, (SELECT epoch FROM history) FROM conversations AS c
    WHERE c.id = ? AND {IS_AGENT.format(user="?", conversation="c.id")}
"""  # noqa: S608 - of ours


async def point_for(reads: Reads, conversation_id: int, user_id: int) -> Point | None:
    """Where the conversation is, or None where the user is neither in it nor an agent of it."""
    for sql, is_agent in ((POINT, False), (POINT_OF_AGENT, True)):
        for row in await reads.fetch(sql, (conversation_id, user_id)):
            return Point(row[0], row[1], is_agent)
    return None


async def may_enter(reads: Reads, conversation_id: int, user_id: int) -> bool:
    """Whether the user is in it, or an agent of it."""
    return await is_active(reads, conversation_id, user_id) or (
        await agents.is_agent(reads, conversation_id, user_id)
    )


async def is_active(reads: Reads, conversation_id: int, user_id: int) -> bool:
    return bool(
        await reads.fetch(
            "SELECT 1 FROM participants WHERE conversation_id = ? AND user_id = ? AND is_active",
            (conversation_id, user_id),
        )
    )


async def among(reads: Reads, conversation_id: int, user_ids: Iterable[int]) -> set[int]:
    """Those of the users who are in it."""
    rows = await reads.fetch(
        f"""
        SELECT user_id FROM participants
        WHERE conversation_id = ? AND is_active AND user_id IN ({reads.ids})
        """,  # noqa: S608 - of ours
        (conversation_id, listed(user_ids)),
    )
    return {user_id for (user_id,) in rows}


async def ever(reads: Reads, conversation_id: int) -> set[int]:
    """The ids of all who are in it or were, for a conversation of few."""
    rows = await reads.fetch(
        "SELECT user_id FROM participants WHERE conversation_id = ?", (conversation_id,)
    )
    return {user_id for (user_id,) in rows}


async def count(reads: Reads, conversation_id: int) -> int:
    ((found,),) = await reads.fetch(
        "SELECT count(*) FROM participants WHERE conversation_id = ? AND is_active",
        (conversation_id,),
    )
    return int(found)


async def page(reads: Reads, conversation_id: int, after: int, limit: int) -> list[records.User]:
    """At most `limit` of those who are in it, by id, behind that of user `after`."""
    rows = await reads.fetch(
        """
        SELECT u.id, u.username FROM participants AS p JOIN users AS u ON u.id = p.user_id
        WHERE p.conversation_id = ? AND p.is_active AND p.user_id > ? ORDER BY p.user_id LIMIT ?
        """,
        (conversation_id, after, limit),
    )
    return [records.User(*row) for row in rows]


async def join(transaction: Transaction, conversation_id: int, seqs: Mapping[int, int]) -> None:
    """`seqs` has the change number of each user who joins.

    What was said before the joining does not count as unread.
    """
    await transaction.execute_many(
        f"""
        INSERT INTO participants (conversation_id, user_id, is_active, seq, last_read_id, changed)
        SELECT id, ?, TRUE, ?, coalesce(last_message_id, 0), {transaction.stamp}
        FROM conversations WHERE id = ?
        ON CONFLICT (conversation_id, user_id) DO UPDATE
        SET is_active = TRUE, seq = excluded.seq, last_read_id = excluded.last_read_id,
            changed = excluded.changed
        """,  # noqa: S608 - of ours
        [(user_id, seq, conversation_id) for user_id, seq in seqs.items()],
    )


async def leave(transaction: Transaction, conversation_id: int, user_id: int, seq: int) -> None:
    await transaction.execute(
        f"""
        UPDATE participants SET is_active = FALSE, seq = ?, changed = {transaction.stamp}
        WHERE conversation_id = ? AND user_id = ?
        """,  # noqa: S608 - of ours
        (seq, conversation_id, user_id),
    )


async def read_up_to(
    transaction: Transaction, conversation_id: int, user_id: int, message_id: int
) -> bool:
    """Whether the pointer moved: it only moves forward."""
    return bool(
        await transaction.execute(
            """
            UPDATE participants SET last_read_id = ?
            WHERE conversation_id = ? AND user_id = ? AND is_active AND last_read_id < ?
            """,
            (message_id, conversation_id, user_id, message_id),
        )
    )
