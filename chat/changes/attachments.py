"""A file is attached to a message."""

from collections.abc import Sequence

from chat import records
from chat.changes.examples import FILE
from chat.changes.family import Family
from chat.events import ChangeFrame
from chat.store import attachments as store
from chat.store.changes import Entry
from chat.store.database import Reads


class AttachmentAdded(ChangeFrame, tag="attachment.added", frozen=True):
    """A file was attached to a message."""

    message_id: int
    attachment: records.Attachment


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    """The frames, without those of attachments that were deleted with their messages."""
    found = await store.by_places(
        reads, [(entry.conversation_id, entry.subject_id) for entry in entries]
    )
    by_id = {attachment.id: attachment for attachment in found}
    return {
        entry: AttachmentAdded(by_id[id_].message_id, by_id[id_], seq=entry.seq)
        for entry in entries
        if (id_ := entry.subject_id) in by_id
    }


FAMILY = Family(
    examples=(AttachmentAdded(123, FILE, seq=348),),
    read=read,
    entries="SELECT conversation_id, seq, 'attachment.added', id FROM attachments",
    message_of=lambda frame: frame.message_id,
)
