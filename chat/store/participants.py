"""The participants of a conversation, and how far each has read."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import UNSET, Struct

from chat import records
from chat.records import ID_MAX
from chat.store import agents, blocks
from chat.store.agents import IS_AGENT
from chat.store.database import PART, Reads, Transaction, in_parts, listed


class ReadMarks(Struct, frozen=True):
    """How far a conversation has been read, as one participant sees it.

    `last_read_id` is the last message that this user has read. `others_read_id` is the last one
    that every other participant has read, or None if there is no other.
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
    """The present position of a conversation: its `seq`, and the epoch in which that counts.

    `is_agent` says that the user who asked is no participant but an agent.
    """

    seq: int
    epoch: str
    is_agent: bool


class Mark(Struct, frozen=True):
    """This user has read everything up to the message `last_read_id`."""

    user_id: int
    username: str
    last_read_id: int


FEW = 10
"""Only the conversation of two people has blocks: it had them before others came into it."""
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


# Both are read in one statement, because a `seq` counts within the epoch of the same moment.
POINT = """
    SELECT c.seq, (SELECT epoch FROM history)
    FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
    WHERE p.conversation_id = ? AND p.user_id = ? AND p.is_active
"""
# For each pair by its key: a plan with joins might read everything.
POINTS = """
    SELECT wanted.one, wanted.two, (
        SELECT c.seq FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
        WHERE p.conversation_id = wanted.one AND p.user_id = wanted.two AND p.is_active
    ), (SELECT epoch FROM history)
    FROM ({pairs}) AS wanted
"""
POINT_OF_AGENT = f"""
    SELECT c.seq, (SELECT epoch FROM history) FROM conversations AS c
    WHERE c.id = ? AND {IS_AGENT.format(user="?", conversation="c.id")}
"""  # noqa: S608 - of ours


async def point_for(reads: Reads, conversation_id: int, user_id: int) -> Point | None:
    """The position of the conversation. None if the user is neither participant nor agent."""
    for seq, epoch in await reads.fetch(POINT, (conversation_id, user_id)):
        return Point(seq, epoch, False)
    return await point_of_agent(reads, conversation_id, user_id)


async def points_for(
    reads: Reads, places: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Point]:
    """The same for many pairs of a conversation and a user, of those who are participants."""
    found: dict[tuple[int, int], Point] = {}
    for some in in_parts(places, reads.part):
        rows = await reads.fetch(POINTS.format(pairs=reads.pairs), (listed(some),))
        for conversation_id, user_id, seq, epoch in rows:
            if seq is not None:
                found[conversation_id, user_id] = Point(seq, epoch, False)
    return found


async def point_of_agent(reads: Reads, conversation_id: int, user_id: int) -> Point | None:
    """The same for an agent."""
    for seq, epoch in await reads.fetch(POINT_OF_AGENT, (conversation_id, user_id)):
        return Point(seq, epoch, True)
    return None


async def may_enter(reads: Reads, conversation_id: int, user_id: int) -> bool:
    """Whether the user is a participant or an agent."""
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


async def was_removed(reads: Reads, conversation_id: int, user_id: int) -> bool:
    """Whether the user is gone because somebody else removed them."""
    return bool(
        await reads.fetch(
            """
            SELECT 1 FROM participants
            WHERE conversation_id = ? AND user_id = ? AND NOT is_active AND is_removed
            """,
            (conversation_id, user_id),
        )
    )


async def owners(reads: Reads, conversation_id: int) -> set[int]:
    """The id of its owner, or nothing."""
    rows = await reads.fetch(
        """
        SELECT user_id FROM participants
        WHERE conversation_id = ? AND is_active AND role = 'owner'
        """,
        (conversation_id,),
    )
    return {user_id for (user_id,) in rows}


async def those_of(reads: Reads, user_id: int, conversation_ids: Collection[int]) -> set[int]:
    """Those of the conversations that the user is in."""
    found: set[int] = set()
    for part in in_parts(conversation_ids):
        rows = await reads.fetch(
            f"""
            SELECT conversation_id FROM participants
            WHERE user_id = ? AND is_active AND conversation_id IN ({reads.ids})
            """,  # noqa: S608 - of ours
            (user_id, listed(part)),
        )
        found.update(id_ for (id_,) in rows)
    return found


JOINED = """
    SELECT changed, conversation_id, user_id, is_active FROM participants
    WHERE changed > 0 AND (changed, conversation_id, user_id) > (?, ?, ?)
    ORDER BY changed, conversation_id, user_id LIMIT ?
"""


async def joined_since(reads: Reads, point: int) -> list[tuple[int, int]]:
    """Those who came into a conversation with a stamp not below `point`: (conversation, user)."""
    joined: list[tuple[int, int]] = []
    place = (point - 1, ID_MAX, ID_MAX)
    while rows := await reads.fetch(JOINED, (*place, PART)):
        joined += [(one, user_id) for _, one, user_id, is_in in rows if is_in]
        place = rows[-1][:3]
    return joined


async def of_users(reads: Reads, user_ids: Collection[int]) -> list[tuple[int, int]]:
    """All conversations that these users are in: (conversation, user)."""
    found: list[tuple[int, int]] = []
    for part in in_parts(user_ids):
        found += await reads.fetch(
            f"""
            SELECT conversation_id, user_id FROM participants
            WHERE is_active AND user_id IN ({reads.ids})
            """,  # noqa: S608 - of ours
            (listed(part),),
        )
    return found


async def among(reads: Reads, conversation_id: int, user_ids: Iterable[int]) -> set[int]:
    """Those of the users who are participants."""
    rows = await reads.fetch(
        f"""
        SELECT user_id FROM participants
        WHERE conversation_id = ? AND is_active AND user_id IN ({reads.ids})
        """,  # noqa: S608 - of ours
        (conversation_id, listed(user_ids)),
    )
    return {user_id for (user_id,) in rows}


async def ever(reads: Reads, conversation_id: int) -> set[int]:
    """The ids of all who are or were in it. Only for a conversation with few participants."""
    rows = await reads.fetch(
        "SELECT user_id FROM participants WHERE conversation_id = ?", (conversation_id,)
    )
    return {user_id for (user_id,) in rows}


async def count(reads: Reads, conversation_id: int) -> int:
    ((found,),) = await reads.fetch(
        "SELECT participant_count FROM conversations WHERE id = ?", (conversation_id,)
    )
    return int(found)


async def recount(transaction: Transaction, conversation_id: int) -> None:
    """Store the number of participants again, after a beginning, a joining or a leaving."""
    await transaction.execute(
        """
        UPDATE conversations SET participant_count =
            (SELECT count(*) FROM participants AS p
             WHERE p.conversation_id = conversations.id AND p.is_active)
        WHERE id = ?
        """,
        (conversation_id,),
    )


async def seqs(reads: Reads, conversation_id: int, user_ids: Iterable[int]) -> dict[int, int]:
    """The `seq` with which each of these users last joined or left, by user."""
    return dict(
        await reads.fetch(
            f"""
            SELECT user_id, seq FROM participants
            WHERE conversation_id = ? AND user_id IN ({reads.ids})
            """,  # noqa: S608 - of ours
            (conversation_id, listed(user_ids)),
        )
    )


async def page(
    reads: Reads, conversation_id: int, after: int, limit: int
) -> list[records.Participant]:
    """At most `limit` participants in the order of their ids, from behind user `after`."""
    rows = await reads.fetch(
        """
        SELECT u.id, u.username, p.last_read_id, p.role, u.display_name, u.avatar
        FROM participants AS p JOIN users AS u ON u.id = p.user_id
        WHERE p.conversation_id = ? AND p.is_active AND p.user_id > ? ORDER BY p.user_id LIMIT ?
        """,
        (conversation_id, after, limit),
    )
    return [
        records.Participant(
            id_,
            name,
            read,
            role,
            display_name=shown or UNSET,
            avatar_url=records.user_avatar(id_, avatar) or UNSET,
        )
        for id_, name, read, role, shown, avatar in rows
    ]


async def join(transaction: Transaction, conversation_id: int, seqs: Mapping[int, int]) -> None:
    """Add users. `seqs` has the `seq` of each one's joining.

    Messages from before the joining do not count as unread. Somebody who comes back begins as a
    member, without settings of their own.
    """
    await transaction.execute_many(
        f"""
        INSERT INTO participants (conversation_id, user_id, is_active, seq, last_read_id, changed)
        SELECT id, ?, TRUE, ?, coalesce(last_message_id, 0), {transaction.stamp}
        FROM conversations WHERE id = ?
        ON CONFLICT (conversation_id, user_id) DO UPDATE
        SET is_active = TRUE, seq = excluded.seq, last_read_id = excluded.last_read_id,
            changed = excluded.changed, muted_until = NULL, is_archived = FALSE,
            is_pinned = FALSE, own_seq = NULL, role = 'member', is_removed = FALSE
        """,  # noqa: S608 - of ours
        [(user_id, seq, conversation_id) for user_id, seq in seqs.items()],
    )
    await recount(transaction, conversation_id)
    if await count(transaction, conversation_id) <= FEW:
        await blocks.apply(transaction, conversation_id)


async def leave(
    transaction: Transaction,
    conversation_id: int,
    user_id: int,
    seq: int,
    *,
    is_removed: bool = False,
) -> None:
    """`is_removed` says that somebody else removed the user."""
    await transaction.execute(
        f"""
        UPDATE participants SET is_active = FALSE, seq = ?, role = 'member', role_seq = 0,
            is_removed = ?, changed = {transaction.stamp}
        WHERE conversation_id = ? AND user_id = ?
        """,  # noqa: S608 - of ours
        (seq, is_removed, conversation_id, user_id),
    )
    await recount(transaction, conversation_id)


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
    reads: Reads, points: Mapping[int, int], user_id: int
) -> dict[int, list[Mark]]:
    """By conversation, how far each participant has read who said so since the point.

    A mark of reading takes no change number. It keeps the number that the conversation had, so:

    1. A client has received the changes up to 7, and goes away.
    2. Another user reads everything. The mark keeps 7, and so does a mark before the client left.
    3. The client returns with 7 and gets both. Marks move forward only, so a repeat does no harm.

    Of each conversation MARKS_MOST at most, the newest, and the one of `user_id`; of one with
    more participants than MARKED_MOST only that one. No user has the id 0.
    """
    pairs = listed(points.items())
    rows = await reads.fetch(
        MARKS.format(pairs=reads.pairs),
        (user_id, pairs, MARKED_MOST, pairs, user_id, MARKED_MOST, MARKS_MOST),
    )
    found: dict[int, list[Mark]] = {}
    for conversation_id, *mark in rows:
        found.setdefault(conversation_id, []).append(Mark(*mark))
    return found
