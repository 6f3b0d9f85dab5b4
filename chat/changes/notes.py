"""An internal note of staff is written, edited or deleted.

Each of these is sent as the frame of a message with `internal`, which has the note as it is now.
Nobody but staff gets it. The log calls it `note`.
"""

from collections.abc import Sequence

from msgspec import UNSET
from msgspec.structs import replace

from chat import records
from chat.changes.family import Family
from chat.events import ChangeFrame, MessageSent
from chat.store import notes as store
from chat.store.changes import Entry
from chat.store.database import Reads

NOTE = "note"


def frame_of(note: records.Message) -> MessageSent:
    return MessageSent(
        note.id,
        note.sender.username,
        note.content,
        note.timestamp,
        note.is_edited or UNSET,
        note.is_deleted or UNSET,
        note.role,
        sender_id=note.sender.id,
        metadata=UNSET if note.metadata == records.NOTHING else note.metadata,
        internal=True,
        seq=note.seq,
    )


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    found = await store.of_places(
        reads, [(entry.conversation_id, entry.subject_id) for entry in entries]
    )
    # With the number of the entry: the note itself may have been changed since the log was read.
    return {
        entry: frame_of(replace(found[entry.subject_id], seq=entry.seq))
        for entry in entries
        if entry.subject_id in found
    }


FAMILY = Family(
    examples=(),
    kinds=(NOTE,),
    read=read,
    entries=f"SELECT conversation_id, seq, '{NOTE}', id FROM notes",  # noqa: S608 - of ours
    is_for_staff=True,
)
