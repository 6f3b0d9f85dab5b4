"""A conversation gets another title, or one of its participants another role or other settings."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from chat.changes.family import Family
from chat.events import ChangeFrame
from chat.records import (
    Member,
    Metadata,
    Moment,
    Rights,
    conversation_avatar,
    given_metadata,
    rights_of,
)
from chat.store import conversations as store
from chat.store import roles
from chat.store.changes import Entry
from chat.store.conversations import Description
from chat.store.database import Reads


class ConversationUpdated(ChangeFrame, tag="conversation.updated", frozen=True):
    """The conversation has a new title, which may be empty, other metadata, another picture, or
    other rights of its members. With `participant` it is the role of that one that changed.

    `metadata` and `avatar_url` come only where there are any; without them there are none.
    `members_may` comes only where members may not do everything.

    With `muted_until`, `archived` and `pinned` it says the user's own settings instead. It then
    comes only to that user, on `/ws/`, and its `seq` is 0, because it takes no number.
    """

    title: str
    muted_until: Moment | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    members_may: Rights | UnsetType = UNSET
    avatar_url: str | UnsetType = UNSET
    participant: Member | UnsetType = UNSET


def updated(
    conversation_id: int, said: Description, seq: int, participant: Member | UnsetType = UNSET
) -> ConversationUpdated:
    return ConversationUpdated(
        said.title,
        metadata=given_metadata(said.metadata),
        members_may=UNSET if said.members_may is None else rights_of(said.members_may),
        avatar_url=conversation_avatar(conversation_id, said.avatar) or UNSET,
        participant=participant,
        seq=seq,
    )


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    """The subject of an entry is the conversation, or the participant whose role changed: then its
    number is that of the role.
    """
    found = await store.described(reads, [entry.conversation_id for entry in entries])
    given = await roles.given(reads, [(one.conversation_id, one.subject_id) for one in entries])
    return {
        entry: updated(
            entry.conversation_id,
            found[entry.conversation_id],
            entry.seq,
            given.get((entry.conversation_id, entry.seq), UNSET),
        )
        for entry in entries
        if entry.conversation_id in found
    }


FAMILY = Family(
    examples=(ConversationUpdated("The way home", seq=351),),
    read=read,
    entries="""
        SELECT id, title_seq, 'conversation.updated', id FROM conversations WHERE title_seq > 0
        UNION ALL
        SELECT conversation_id, role_seq, 'conversation.updated', user_id FROM participants
        WHERE role_seq > 0
    """,
)
