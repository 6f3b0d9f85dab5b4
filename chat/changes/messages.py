"""A message is sent, edited or deleted."""

from collections.abc import Sequence

from msgspec import Struct

from chat.changes.examples import AT
from chat.changes.family import Family
from chat.events import ChangeFrame, MessageSent
from chat.store import messages as store
from chat.store.changes import Entry
from chat.store.database import Reads


class EditedMessage(Struct, frozen=True):
    id: int
    content: str


class MessageEdited(ChangeFrame, tag="message.edited", frozen=True):
    """The sender edited a message."""

    message: EditedMessage


class MessageDeleted(ChangeFrame, tag="message.deleted", frozen=True):
    """The sender deleted a message. Its attachments are deleted too."""

    message_id: int


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    pairs = [(entry.conversation_id, entry.subject_id) for entry in entries]
    present = await store.contents(reads, pairs)
    found: dict[Entry, ChangeFrame] = {}
    for entry in entries:
        id_, seq = entry.subject_id, entry.seq
        content = present.get(id_)
        if content is None:
            found[entry] = MessageDeleted(id_, seq=seq)
        else:
            found[entry] = MessageEdited(EditedMessage(id_, content), seq=seq)
    return found


def message_of(frame: MessageSent | MessageEdited | MessageDeleted) -> int:
    if isinstance(frame, MessageSent):
        return frame.id
    return frame.message.id if isinstance(frame, MessageEdited) else frame.message_id


FAMILY = Family(
    examples=(
        MessageSent(123, "ali", "سلام", AT, seq=345),
        MessageEdited(EditedMessage(123, "سلام!"), seq=346),
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
