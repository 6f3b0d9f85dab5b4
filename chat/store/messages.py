"""Messages as one user sees them, page by page."""

from collections.abc import Collection, Iterable, MutableMapping, Sequence
from typing import Any

from msgspec import UNSET, Struct, field

from chat import records
from chat.store import belongings, message_rows
from chat.store.database import Reads, Row, in_parts, listed
from chat.store.message_rows import MORE, page, present, values_of
from chat.store.sends import Send, not_a_participant
from chat.times import to_text

# In a conversation the ids are in the order of `created_seq`, which has the index. If X is a
# message of another conversation, its place is behind the last message with a smaller id, which is
# found from the end.
PLACE = """
    coalesce((SELECT x.created_seq FROM messages AS x WHERE x.id = ? AND x.conversation_id = ?),
             (SELECT x.created_seq + {behind} FROM messages AS x
              WHERE x.conversation_id = ? AND x.id < ? ORDER BY x.created_seq DESC LIMIT 1), 0)
"""
AFTER = PLACE.format(behind=0)
BEFORE = PLACE.format(behind=1)


class Reader(Struct, frozen=True):
    """The user who reads, and the conversation. `rich` has conversations in which messages had
    belongings when somebody last looked. That saves a statement, and decides nothing.
    """

    conversation_id: int
    user_id: int
    rich: MutableMapping[int, None] = field(default_factory=dict)


async def one(reads: Reads, reader: Reader, message_id: int) -> records.Message | None:
    """One message; None if it does not exist. This and all functions below raise NotFound for
    somebody who is neither participant nor agent.
    """
    found = await _select(
        reads, reader, "m.conversation_id = ? AND m.id = ?", reader.conversation_id, message_id
    )
    return found[0] if found else None


async def after(reads: Reads, reader: Reader, message_id: int, limit: int) -> list[records.Message]:
    """The messages after this one, oldest first."""
    conversation_id = reader.conversation_id
    return await _select(
        reads,
        reader,
        f"m.conversation_id = ? AND m.created_seq > {AFTER} ORDER BY m.created_seq LIMIT ?",
        conversation_id,
        *place_of(conversation_id, message_id),
        limit,
    )


async def replies_to(
    reads: Reads, reader: Reader, message_id: int, after: int, limit: int
) -> list[records.Message]:
    """The replies to a message from behind the message `after`, oldest first."""
    conversation_id = reader.conversation_id
    return await _select(
        reads,
        reader,
        f"m.conversation_id = ? AND m.reply_to = ? AND m.created_seq > {AFTER}"
        " ORDER BY m.created_seq LIMIT ?",
        conversation_id,
        message_id,
        *place_of(conversation_id, after),
        limit,
    )


async def before(
    reads: Reads, reader: Reader, message_id: int | None, limit: int
) -> list[records.Message]:
    """The last messages before this one, or the last of all, oldest first."""
    conversation_id = reader.conversation_id
    bound = "" if message_id is None else f"AND m.created_seq < {BEFORE}"
    return await _select(
        reads,
        reader,
        f"m.conversation_id = ? {bound} ORDER BY m.created_seq DESC LIMIT ?",
        conversation_id,
        *(() if message_id is None else place_of(conversation_id, message_id)),
        limit,
    )


def place_of(conversation_id: int, message_id: int) -> tuple[int, int, int, int]:
    """The parameters of PLACE."""
    return message_id, conversation_id, conversation_id, message_id


async def some(
    reads: Reads, reader: Reader, message_ids: Collection[int]
) -> dict[int, records.Message]:
    """The messages with these ids in the conversation, by id."""
    found = await _select(
        reads,
        reader,
        f"{reads.not_by}m.conversation_id = ? AND m.id IN ({reads.ids})",
        reader.conversation_id,
        listed(message_ids),
    )
    return {message.id: message for message in found}


async def contents(reads: Reads, pairs: Iterable[tuple[int, int]]) -> dict[int, str]:
    """The contents, by id, of messages that are not deleted, each found by its conversation and its
    id.
    """
    # Not by a join: PostgreSQL may read all partitions for that, whatever the pairs are.
    sql = f"""
        SELECT wanted.two, (SELECT m.content FROM messages AS m
                            WHERE m.conversation_id = wanted.one AND m.id = wanted.two
                              AND NOT m.is_deleted)
        FROM ({reads.pairs}) AS wanted
    """  # noqa: S608 - of ours
    found: dict[int, str] = {}
    for part in in_parts(pairs, reads.part):
        rows = await reads.fetch(sql, (listed(part),))
        found |= {message_id: content for message_id, content in rows if content is not None}
    return found


async def of_places(
    reads: Reads, user_id: int, places: Sequence[tuple[int, int]]
) -> dict[int, records.Message]:
    """By id, those of the messages (conversation, id) that the user may read as a participant."""
    sql = message_rows.of_places(reads.pairs, reads.joined)
    rows: list[Row] = []
    for part in in_parts(places, reads.part):
        rows += await reads.fetch(sql, (listed(part), user_id))
    found = await belongings.read(
        reads,
        with_files=[(row[-1], row[0]) for row in rows if row[12]],
        naming=[(row[-1], row[0]) for row in rows if "@" in row[3]],
        parents=[(row[-1], row[10]) for row in rows if row[10] is not None],
    )
    return {row[0]: present([row[:-1]], row[-1], found)[0] for row in rows}


async def _select(
    reads: Reads, reader: Reader, where: str, *parameters: Any
) -> list[records.Message]:
    conversation_id = reader.conversation_id
    rows: list[Row] = []
    is_plain = conversation_id not in reader.rich
    if is_plain:
        rows = await _rows(reads, reader, where, parameters, is_plain=True)
        if max([row[7] for row in rows]) >= MORE:
            is_plain = False
            reader.rich[conversation_id] = None
    if not is_plain:
        rows = await _rows(reads, reader, where, parameters, is_plain=False)
    if rows[0][0] is None:
        return []
    rows.sort()  # by their ids
    rich = [] if is_plain else rows
    found = await belongings.read(
        reads,
        with_files=[(conversation_id, row[0]) for row in rich if row[12]],
        naming=[(conversation_id, row[0]) for row in rows if "@" in row[3]],
        parents=[(conversation_id, row[10]) for row in rich if row[10] is not None],
    )
    return present(rows, conversation_id, found)


async def _rows(
    reads: Reads, reader: Reader, where: str, parameters: Sequence[Any], *, is_plain: bool
) -> list[Row]:
    """One row at least, which may have no message, in any order. Raises NotFound."""
    for of_agent in (False, True):
        sql = page(reads.joined, of_agent=of_agent, is_plain=is_plain, where=where)
        values = values_of(
            reader.conversation_id, reader.user_id, of_agent=of_agent, is_plain=is_plain
        )
        rows = await reads.fetch(sql, (*values, *parameters))
        if rows:
            return rows
    raise not_a_participant()


def fresh(send: Send) -> records.Message:
    """A message that was just stored, as its sender sees it. Nobody has read or changed it yet."""
    return records.Message(
        id=send.id,
        sender=records.User(send.sender_id, send.username),
        content=send.content,
        timestamp=to_text(send.created_at),
        is_read=False,
        is_edited=False,
        is_deleted=False,
        seq=send.seq,
        attachments=[],
        mentions=[] if send.extras is None else send.extras.mentions,
        reactions=[],
        reply_to=None if send.extras is None else send.extras.parent,
        reply_count=0,
        metadata=records.metadata_of(send.extras.metadata if send.extras else None),
        client_id=send.client_id or UNSET,
        role=records.role_of(send.by_agent),
    )
