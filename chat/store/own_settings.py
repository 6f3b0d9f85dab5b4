"""What each participant has set for a conversation: muted, archived, pinned."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from chat.store.database import Reads, Transaction, in_parts, listed
from chat.times import now, to_text


class Own(NamedTuple):
    """`muted_until` is a moment in microseconds. A moment that has passed mutes nothing."""

    muted_until: int | None = None
    is_archived: bool = False
    is_pinned: bool = False


OF = """
    SELECT c.id, c.title, p.muted_until, p.is_archived, p.is_pinned
    FROM conversations AS c JOIN participants AS p ON p.conversation_id = c.id
    WHERE c.id IN ({ids}) AND p.user_id = ? AND p.is_active
"""
SINCE = """
    SELECT p.conversation_id FROM ({pairs}) AS wanted
    JOIN participants AS p ON p.conversation_id = wanted.one
    WHERE p.user_id = ? AND p.is_active AND p.own_seq >= wanted.two
"""


async def of(
    reads: Reads, user_id: int, conversation_ids: Collection[int]
) -> dict[int, tuple[str, Own]]:
    """By conversation, its title and the user's settings; without those that the user is not in."""
    found: dict[int, tuple[str, Own]] = {}
    for part in in_parts(conversation_ids):
        rows = await reads.fetch(OF.format(ids=reads.ids), (listed(part), user_id))
        for id_, title, muted_until, is_archived, is_pinned in rows:
            found[id_] = (title, Own(muted_until, bool(is_archived), bool(is_pinned)))
    return found


async def changed_since(reads: Reads, user_id: int, positions: Mapping[int, int]) -> list[int]:
    """The conversations whose settings the user changed at the given position, or later.

    The settings take no `seq` of their own. They keep the one that the conversation had, as a mark
    of reading does: see `read_marks.marks_since`.
    """
    found: list[int] = []
    for part in in_parts(positions.items()):
        rows = await reads.fetch(SINCE.format(pairs=reads.pairs), (listed(part), user_id))
        found += [conversation_id for (conversation_id,) in rows]
    return found


async def put(transaction: Transaction, conversation_id: int, user_id: int, settings: Own) -> None:
    await transaction.execute(
        """
        UPDATE participants SET muted_until = ?, is_archived = ?, is_pinned = ?,
            own_seq = (SELECT c.seq FROM conversations AS c WHERE c.id = conversation_id)
        WHERE conversation_id = ? AND user_id = ?
        """,
        (*settings, conversation_id, user_id),
    )


def muted_text(muted_until: int | None) -> str | None:
    """The moment until which it is muted, for clients: null where that has passed."""
    return None if muted_until is None or muted_until <= now() else to_text(muted_until)
