"""Somebody joins a conversation or leaves it."""

from collections.abc import Sequence

from chat import records
from chat.changes.examples import SARA
from chat.changes.family import Family, name_of
from chat.events import ChangeFrame
from chat.store import users
from chat.store.changes import Entry
from chat.store.database import Reads


class ParticipantJoined(ChangeFrame, tag="participant.joined", frozen=True):
    """Somebody was added to the conversation."""

    participant: records.User


class ParticipantLeft(ChangeFrame, tag="participant.left", frozen=True):
    """Somebody left the conversation, or was removed from it."""

    participant: records.User


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    ids = {entry.subject_id for entry in entries}
    by_id = {user.id: user for user in await users.by_ids(reads, ids)}
    frames = {name_of(frame): frame for frame in (ParticipantJoined, ParticipantLeft)}
    return {
        entry: frames[entry.kind](by_id[entry.subject_id], seq=entry.seq)
        for entry in entries
        if entry.subject_id in by_id
    }


FAMILY = Family(
    examples=(ParticipantJoined(SARA, seq=349), ParticipantLeft(SARA, seq=350)),
    read=read,
    entries="""
        SELECT conversation_id, seq,
               CASE WHEN is_active THEN 'participant.joined' ELSE 'participant.left' END, user_id
        FROM participants WHERE seq > 0
    """,
)
