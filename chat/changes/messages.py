"""A message is sent, edited or deleted."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from chat import records
from chat.changes.examples import ALI, AT
from chat.changes.family import Family
from chat.events import ChangeFrame, MessageSent
from chat.store import mentions
from chat.store import messages as store
from chat.store.changes import Entry
from chat.store.database import Reads


class EditedMessage(Struct, frozen=True):
    """`mentions` comes only where the text mentions participants; without it there are none."""

    id: int
    content: str
    mentions: list[records.User] | UnsetType = UNSET


class MessageEdited(ChangeFrame, tag="message.edited", frozen=True):
    """The sender edited a message."""

    message: EditedMessage


class MessageDeleted(ChangeFrame, tag="message.deleted", frozen=True):
    """The sender deleted a message. Its attachments are deleted too."""

    message_id: int


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    pairs = [(entry.conversation_id, entry.subject_id) for entry in entries]
    present = await store.contents(reads, pairs)
    naming = [place for place in pairs if "@" in (present.get(place[1]) or "")]
    mentioned = await mentions.of_places(reads, naming)
    found: dict[Entry, ChangeFrame] = {}
    for entry in entries:
        id_, seq = entry.subject_id, entry.seq
        content = present.get(id_)
        if content is None:
            found[entry] = MessageDeleted(id_, seq=seq)
        else:
            named = mentioned.get((entry.conversation_id, id_)) or UNSET
            found[entry] = MessageEdited(EditedMessage(id_, content, named), seq=seq)
    return found


def message_of(frame: MessageSent | MessageEdited | MessageDeleted) -> int:
    if isinstance(frame, MessageSent):
        return frame.id
    return frame.message.id if isinstance(frame, MessageEdited) else frame.message_id


FAMILY = Family(
    examples=(
        MessageSent(123, "ali", "سلام", AT, sender_id=ALI.id, seq=345),
        MessageEdited(EditedMessage(123, "سلام @ali!", [ALI]), seq=346),
        MessageDeleted(123, seq=347),
    ),
    read=read,
    entries="""
        SELECT conversation_id, seq,
               CASE WHEN is_deleted THEN 'message.deleted' ELSE 'message.edited' END, id
        FROM messages WHERE seq <> created_seq
    """,
    message_of=message_of,
)
