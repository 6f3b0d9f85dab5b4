"""Somebody reacts to a message, or takes that back."""

from collections.abc import Sequence

from chat.changes.family import Family, name_of
from chat.events import ChangeFrame
from chat.store import reactions as store
from chat.store.changes import Entry
from chat.store.database import Reads


class ReactionAdded(ChangeFrame, tag="reaction.added", frozen=True):
    """Somebody reacted to a message. `user` is that user's name, and `count` how many react to it
    with this emoji by now.
    """

    message_id: int
    emoji: str
    user: str
    count: int


class ReactionRemoved(ChangeFrame, tag="reaction.removed", frozen=True):
    """Somebody took a reaction back. `user` is that user's name, and `count` how many react to it
    with this emoji by now.
    """

    message_id: int
    emoji: str
    user: str
    count: int


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    """The frames, without those of messages that were deleted since."""
    found = await store.by_places(
        reads, [(entry.conversation_id, entry.subject_id) for entry in entries]
    )
    frames = {name_of(frame): frame for frame in (ReactionAdded, ReactionRemoved)}
    return {
        entry: frames[entry.kind](*found[entry.subject_id], seq=entry.seq)
        for entry in entries
        if entry.subject_id in found
    }


FAMILY = Family(
    examples=(
        ReactionAdded(123, "👍", "ali", 2, seq=355),
        ReactionRemoved(123, "👍", "ali", 1, seq=356),
    ),
    read=read,
    entries="""
        SELECT conversation_id, seq,
               CASE WHEN is_there THEN 'reaction.added' ELSE 'reaction.removed' END, id
        FROM reactions
    """,
    message_of=lambda frame: frame.message_id,
)
