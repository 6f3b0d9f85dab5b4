"""A conversation gets another title, or one of its participants other settings of it."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from chat.changes.family import Family
from chat.events import ChangeFrame
from chat.records import Metadata, Moment, given_metadata
from chat.store import conversations as store
from chat.store.changes import Entry
from chat.store.database import Reads


class ConversationUpdated(ChangeFrame, tag="conversation.updated", frozen=True):
    """The conversation has a new title, which may be empty, or other metadata.

    `metadata` comes only where there is any; without it there is none.

    With `muted_until`, `archived` and `pinned` it says the user's own settings instead. It then
    comes only to that user, on `/ws/`, and its `seq` is 0, because it takes no change number.
    """

    title: str
    muted_until: Moment | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET


def updated(title: str, metadata: str | None, seq: int) -> ConversationUpdated:
    return ConversationUpdated(title, metadata=given_metadata(metadata), seq=seq)


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    found = await store.described(reads, [entry.conversation_id for entry in entries])
    return {
        entry: updated(*found[entry.conversation_id], entry.seq)
        for entry in entries
        if entry.conversation_id in found
    }


FAMILY = Family(
    examples=(ConversationUpdated("The way home", seq=351),),
    read=read,
    entries="""
        SELECT id, title_seq, 'conversation.updated', id FROM conversations WHERE title_seq > 0
    """,
)
