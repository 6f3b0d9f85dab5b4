"""Pictures of users and of conversations: which file each has."""

from collections.abc import Sequence
from typing import NamedTuple

from chat import records
from chat.store.database import Reads, Transaction, listed

RECENT = 100
"""Conversations of a user that hear at once of another name or picture: the most recent ones."""


class Avatar(NamedTuple):
    """`stored_name` is the name of the file, which never changes; `size` is in bytes."""

    stored_name: str
    size: int


class Table(NamedTuple):
    """Whose pictures these are."""

    name: str

    async def find(self, reads: Reads, id_: int) -> Avatar | None:
        found = await self.find_all(reads, [id_])
        return found[0] if found else None

    async def find_all(self, reads: Reads, ids: Sequence[int]) -> list[Avatar]:
        """Those of these that have one."""
        rows = await reads.fetch(
            f"""
            SELECT avatar, avatar_size FROM {self.name}
            WHERE id IN ({reads.ids}) AND avatar IS NOT NULL
            """,  # noqa: S608 - of ours
            (listed(ids),),
        )
        return [Avatar(*row) for row in rows]

    async def put(self, transaction: Transaction, id_: int, avatar: Avatar | None) -> Avatar | None:
        """Keep this one, or none. Returns the one before."""
        # This locks the row, so that of two pictures at once each knows the one before it.
        await transaction.execute(
            f"UPDATE {self.name} SET avatar_size = avatar_size WHERE id = ?",  # noqa: S608 - of ours
            (id_,),
        )
        before = await self.find(transaction, id_)
        await transaction.execute(
            f"UPDATE {self.name} SET avatar = ?, avatar_size = ? WHERE id = ?",  # noqa: S608 - of ours
            (*(avatar or (None, None)), id_),
        )
        return before


USERS = Table("users")
CONVERSATIONS = Table("conversations")
EVERY = """
    SELECT 'user', id, avatar, avatar_size FROM users WHERE avatar IS NOT NULL
    UNION ALL
    SELECT 'conversation', id, avatar, avatar_size FROM conversations WHERE avatar IS NOT NULL
    ORDER BY 1, 2
"""


async def every(reads: Reads) -> list[tuple[str, int, Avatar]]:
    """The kind and the id of what each picture belongs to."""
    return [(what, id_, Avatar(*avatar)) for what, id_, *avatar in await reads.fetch(EVERY)]


async def is_kept(reads: Reads, stored_name: str) -> bool:
    return any(
        [
            await reads.fetch(f"SELECT 1 FROM {one.name} WHERE avatar = ?", (stored_name,))  # noqa: S608 - of ours
            for one in (USERS, CONVERSATIONS)
        ]
    )


async def profile(reads: Reads, user_id: int) -> records.Profile | None:
    """A user as others see them."""
    rows = await reads.fetch(
        "SELECT id, username, display_name, avatar FROM users WHERE id = ?", (user_id,)
    )
    return records.profile_of(*rows[0]) if rows else None


async def recent_conversations(reads: Reads, user_id: int) -> list[int]:
    """The conversations that the user is in, at most RECENT, the most recently active first."""
    rows = await reads.fetch(
        """
        SELECT c.id FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
        WHERE p.user_id = ? AND p.is_active ORDER BY c.active_at DESC, c.id DESC LIMIT ?
        """,
        (user_id, RECENT),
    )
    return [id_ for (id_,) in rows]
