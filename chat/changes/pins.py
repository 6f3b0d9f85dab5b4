"""A message is pinned or unpinned."""

from collections.abc import Sequence

from chat.changes.family import Family, name_of
from chat.events import ChangeFrame
from chat.store import pins as store
from chat.store.changes import Entry
from chat.store.database import Reads


class MessagePinned(ChangeFrame, tag="message.pinned", frozen=True):
    """Somebody pinned a message. `user` is that user's name."""

    message_id: int
    user: str


class MessageUnpinned(ChangeFrame, tag="message.unpinned", frozen=True):
    """Somebody unpinned a message. `user` is that user's name."""

    message_id: int
    user: str


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    """The frames, without those of messages that were deleted, pinned or unpinned since: who did
    that did not do this, and the later change comes.
    """
    places = [(entry.conversation_id, entry.subject_id) for entry in entries]
    names = await store.changed_by(reads, places)
    frames = {name_of(frame): frame for frame in (MessagePinned, MessageUnpinned)}
    return {
        entry: frames[entry.kind](entry.subject_id, name, seq=entry.seq)
        for entry in entries
        if (name := names.get((entry.conversation_id, entry.seq))) is not None
    }


FAMILY = Family(
    examples=(
        MessagePinned(123, "ali", seq=353),
        MessageUnpinned(123, "ali", seq=354),
    ),
    read=read,
    entries="""
        SELECT conversation_id, seq,
               CASE WHEN is_pinned THEN 'message.pinned' ELSE 'message.unpinned' END, message_id
        FROM pins
    """,
)
