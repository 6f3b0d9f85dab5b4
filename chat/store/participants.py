"""The participants of a conversation."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import UNSET

from chat import records
from chat.records import ID_MAX
from chat.store import agents, blocks
from chat.store.database import PART, Reads, Transaction, in_parts, listed

FEW = 10
"""Only the conversation of two people has blocks: it had them before others came into it."""


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
