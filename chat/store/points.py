"""The present position of one conversation, for a user who may read it."""

from collections.abc import Collection

from msgspec import Struct

from chat.store.agents import IS_AGENT
from chat.store.database import Reads, in_parts, listed


class Point(Struct, frozen=True):
    """The present position of a conversation: its `seq`, and the epoch in which that counts.

    `is_agent` says that the user who asked is no participant but an agent.
    """

    seq: int
    epoch: str
    is_agent: bool


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
