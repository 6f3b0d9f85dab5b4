"""Participants who come into a conversation or leave it, and who owns it then."""

from collections.abc import Sequence

from chat import records
from chat.auth.identity import Identity
from chat.changes import log
from chat.changes.participants import ParticipantJoined, ParticipantLeft
from chat.errors import Conflict
from chat.events import Change, Event, Joined
from chat.records import OWNER
from chat.services.roles import succession
from chat.store import conversations as store
from chat.store import direct_conversations, participants, roles
from chat.store.database import Reads, Transaction


async def leaving(
    transaction: Transaction, actor_id: int | None, conversation_id: int, user: records.User
) -> list[Change]:
    """Let a participant leave, under the conversation's lock. An owner has a successor."""
    earlier = await participants.seqs(transaction, conversation_id, [user.id])
    was = await roles.standing(transaction, conversation_id, user.id)
    seq = await store.advance(transaction, conversation_id)
    await participants.leave(
        transaction, conversation_id, user.id, seq, is_removed=actor_id != user.id
    )
    change = Change(conversation_id, ParticipantLeft(user, seq=seq))
    written = log.Written(change, user.id, earlier[user.id])
    await log.write(transaction, actor_id, written)
    await log.forget(transaction, conversation_id, [was.role_seq])
    if was.role != OWNER:
        return [change]
    return [change, *await succession(transaction, actor_id, conversation_id)]


async def joining(
    transaction: Transaction, who: Identity, conversation_id: int, users: Sequence[records.User]
) -> list[Event]:
    """Add these users, who are not in it, under the conversation's lock.

    One of them owns it where nobody was in it. Returns what others hear of it.
    """
    if not users:
        return []
    earlier = await participants.seqs(transaction, conversation_id, [user.id for user in users])
    last = await store.advance(transaction, conversation_id, len(users))
    seqs = dict(enumerate(users, last - len(users) + 1))
    by_user = {user.id: seq for seq, user in seqs.items()}
    await participants.join(transaction, conversation_id, by_user)
    written = [
        log.Written(
            Change(conversation_id, ParticipantJoined(user, seq=seq)),
            user.id,
            earlier.get(user.id, 0),
        )
        for seq, user in seqs.items()
    ]
    await log.write(transaction, who.user_id, *written)
    events: list[Event] = [one.change for one in written]
    if await participants.count(transaction, conversation_id) == len(users):
        events += await succession(transaction, who.user_id, conversation_id)
    return [*events, Joined(conversation_id, tuple(by_user))]


async def require_group(reads: Reads, conversation_id: int, users: Sequence[records.User]) -> None:
    """Raises Conflict where somebody new would join a direct conversation. One of its two people
    may come back.
    """
    if not await direct_conversations.is_direct(reads, conversation_id):
        return
    if not {user.id for user in users} <= await participants.ever(reads, conversation_id):
        raise Conflict(
            "A direct conversation has two participants: begin another one with all of them.",
            code="direct_conversation",
        )
