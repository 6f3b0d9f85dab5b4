"""What each participant is in a conversation: its owner, an admin or a member."""

from collections.abc import Sequence
from typing import NamedTuple

from chat import records
from chat.records import ADMIN, MEMBER, OWNER
from chat.store.database import Reads, Transaction, listed


class Standing(NamedTuple):
    """`role` is None for somebody who is no participant. `role_seq` is that of its change, or 0.

    `members_may` is the conversation's: null is everything.
    """

    role: str | None
    role_seq: int
    members_may: str | None
    is_direct: bool

    def may(self, right: str) -> bool:
        """Whether this participant may do this. It asks nothing of staff."""
        if self.role in (OWNER, ADMIN):
            return True
        return self.role == MEMBER and (
            self.members_may is None or right in self.members_may.split()
        )


async def standing(reads: Reads, conversation_id: int, user_id: int) -> Standing:
    """The role of a user in a conversation that exists."""
    ((role, role_seq, members_may, is_direct),) = await reads.fetch(
        """
        SELECT p.role, coalesce(p.role_seq, 0), c.members_may, c.is_direct
        FROM conversations AS c LEFT JOIN participants AS p
            ON p.conversation_id = c.id AND p.user_id = ? AND p.is_active
        WHERE c.id = ?
        """,
        (user_id, conversation_id),
    )
    return Standing(role, role_seq, members_may, bool(is_direct))


async def put(
    transaction: Transaction, conversation_id: int, user_id: int, role: str, seq: int
) -> None:
    await transaction.execute(
        """
        UPDATE participants SET role = ?, role_seq = ? WHERE conversation_id = ? AND user_id = ?
        """,
        (role, seq, conversation_id, user_id),
    )


async def successor(reads: Reads, conversation_id: int) -> records.User | None:
    """The next owner of a conversation whose owner is gone: the admin, or else the member, who has
    been in it longest. None where it has an owner, where nobody is in it, and where it is direct.
    """
    rows = await reads.fetch(
        """
        SELECT u.id, u.username FROM participants AS p
        JOIN conversations AS c ON c.id = p.conversation_id JOIN users AS u ON u.id = p.user_id
        WHERE p.conversation_id = ? AND p.is_active AND NOT c.is_direct
          AND NOT EXISTS (SELECT 1 FROM participants AS o
                          WHERE o.conversation_id = c.id AND o.is_active AND o.role = 'owner')
        ORDER BY CASE WHEN p.role = 'admin' THEN 0 ELSE 1 END, p.seq, p.user_id LIMIT 1
        """,
        (conversation_id,),
    )
    return records.User(*rows[0]) if rows else None


async def given(
    reads: Reads, places: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], records.Member]:
    """Of these (conversation, user), those whose role was changed, by conversation and `seq` of
    that change.
    """
    rows = await reads.fetch(
        f"""
        SELECT p.conversation_id, p.role_seq, u.id, u.username, p.role
        FROM ({reads.pairs}) AS place
        JOIN participants AS p ON p.conversation_id = place.one AND p.user_id = place.two
        JOIN users AS u ON u.id = p.user_id
        WHERE p.role_seq > 0
        """,  # noqa: S608 - of ours
        (listed(places),),
    )
    return {
        (conversation_id, seq): records.Member(*member) for conversation_id, seq, *member in rows
    }
