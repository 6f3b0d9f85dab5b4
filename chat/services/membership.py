"""Proof that somebody is in a conversation: what a way in or out of it may demand.

Where a check only stands beside the way, a second way can miss it. So what hands out a
conversation's live news takes a Membership, and only `membership_of` makes one.
"""

from chat.auth.identity import Identity
from chat.store import participants
from chat.store.database import Database
from chat.store.sends import not_a_participant


class Membership:
    """The database had this user in this conversation, whose change number was `seq`.

    `seq` counts within `epoch`.
    """

    __slots__ = ("conversation_id", "epoch", "seq", "user_id")

    conversation_id: int
    epoch: str
    seq: int
    user_id: int

    def __init__(self) -> None:
        raise TypeError("only membership_of() makes one")


async def membership_of(database: Database, who: Identity, conversation_id: int) -> Membership:
    """Asks the database, each time; raises NotFound for who is not in the conversation."""
    point = await participants.point_for(database, conversation_id, who.user_id)
    if point is None:
        raise not_a_participant()
    found = Membership.__new__(Membership)
    found.conversation_id, found.user_id = conversation_id, who.user_id
    found.seq, found.epoch = point.seq, point.epoch
    return found
