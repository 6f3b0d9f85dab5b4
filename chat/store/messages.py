"""Messages as one user sees them, page by page."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from msgspec import UNSET, Struct

from chat import records
from chat.store import belongings, reactions, replies
from chat.store.agents import IS_AGENT
from chat.store.belongings import Belongings
from chat.store.database import Reads, Row, in_parts, listed
from chat.store.read_marks import ReadMarks
from chat.store.sends import Send, not_a_participant
from chat.times import to_text

# It is one statement, because a round trip to PostgreSQL costs more than the reading. Somebody who
# is not in the conversation gets no row. Somebody who is gets at least one, without a message if
# there is none. Most conversations have no attachments, so that is asked once for the conversation
# before it is asked for each message. The conversation is named by its id everywhere, so that one
# server of several has it all.
PARTICIPANT = """
        SELECT p.user_id, p.last_read_id,
               (SELECT min(o.last_read_id) FROM participants AS o
                WHERE o.conversation_id = ? AND o.user_id <> p.user_id
                  AND o.is_active) AS others_read_id,
               EXISTS (SELECT 1 FROM attachments AS a
                       WHERE a.conversation_id = ?) AS has_attachments,
               EXISTS (SELECT 1 FROM reaction_counts AS r
                       WHERE r.conversation_id = ?) AS has_reactions,
               EXISTS (SELECT 1 FROM messages AS r
                       WHERE r.conversation_id = ?
                         AND r.reply_to IS NOT NULL) AS has_replies
        FROM participants AS p WHERE p.conversation_id = ? AND p.user_id = ? AND p.is_active
"""
# A user who is no participant may be an agent. Nothing is stored about how far agents have read,
# so everything counts as read.
AGENT = f"""
        SELECT reader.id AS user_id, {records.ID_MAX} AS last_read_id,
               (SELECT min(o.last_read_id) FROM participants AS o
                WHERE o.conversation_id = ? AND o.is_active) AS others_read_id,
               EXISTS (SELECT 1 FROM attachments AS a
                       WHERE a.conversation_id = ?) AS has_attachments,
               EXISTS (SELECT 1 FROM reaction_counts AS r
                       WHERE r.conversation_id = ?) AS has_reactions,
               EXISTS (SELECT 1 FROM messages AS r
                       WHERE r.conversation_id = ? AND r.reply_to IS NOT NULL) AS has_replies
        FROM conversations AS c CROSS JOIN users AS reader
        WHERE c.id = ? AND reader.id = ?
          AND {IS_AGENT.format(user="reader.id", conversation="?")}
"""  # noqa: S608 - of ours
SELECT = """
    WITH me AS MATERIALIZED ({me})
    SELECT me.last_read_id, me.others_read_id, found.* FROM me LEFT JOIN (
        SELECT m.id, m.sender_id, u.username,
               CASE WHEN m.is_deleted THEN '' ELSE m.content END,
               m.created_at, m.is_edited, m.is_deleted, m.seq, m.client_id, m.by_agent,
               CASE WHEN (SELECT has_reactions FROM me) THEN {reactions} END,
               CASE WHEN (SELECT has_replies FROM me) THEN {replies} END, m.reply_to,
               CASE WHEN m.is_deleted THEN NULL ELSE m.metadata END,
               (SELECT has_attachments FROM me)
                   AND EXISTS (SELECT 1 FROM attachments AS a
                           WHERE a.conversation_id = ? AND a.message_id = m.id)
        FROM messages AS m JOIN users AS u ON u.id = m.sender_id
        WHERE {where}
    ) AS found ON TRUE ORDER BY found.id
"""

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
    """The user who reads, and the conversation."""

    conversation_id: int
    user_id: int


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
        f"m.conversation_id = ? AND m.id IN ({reads.ids})",
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


# As SELECT, of several conversations at once: each row has its own reader's marks.
OF_PLACES = """
    SELECT p.last_read_id,
           (SELECT min(o.last_read_id) FROM participants AS o
            WHERE o.conversation_id = place.one AND o.user_id <> p.user_id
              AND o.is_active),
           m.id, m.sender_id, u.username, CASE WHEN m.is_deleted THEN '' ELSE m.content END,
           m.created_at, m.is_edited, m.is_deleted, m.seq, m.client_id, m.by_agent,
           {reactions}, {replies}, m.reply_to,
           CASE WHEN m.is_deleted THEN NULL ELSE m.metadata END, m.conversation_id
    FROM ({pairs}) AS place
    JOIN participants AS p ON p.conversation_id = place.one AND p.user_id = ? AND p.is_active
    JOIN messages AS m ON m.conversation_id = place.one AND m.id = place.two
    JOIN users AS u ON u.id = m.sender_id
"""


async def of_places(
    reads: Reads, user_id: int, places: Sequence[tuple[int, int]]
) -> dict[int, records.Message]:
    """By id, those of the messages (conversation, id) that the user may read as a participant."""
    sql = OF_PLACES.format(
        pairs=reads.pairs,
        reactions=reactions.OF_ROW.format(
            joined=reads.joined, user="p.user_id", conversation="place.one"
        ),
        replies=replies.OF_ROW.format(conversation="place.one"),
    )
    rows: list[Row] = []
    for part in in_parts(places, reads.part):
        rows += await reads.fetch(sql, (listed(part), user_id))
    found = await belongings.read(
        reads,
        with_files=[(row[-1], row[2]) for row in rows],
        naming=[(row[-1], row[2]) for row in rows if "@" in row[5]],
        parents=[(row[-1], row[14]) for row in rows if row[14] is not None],
    )
    return {
        row[2]: message
        for row in rows
        for message in _present([row], row[-1], ReadMarks(user_id, *row[:2]), found)
    }


async def _select(
    reads: Reads, reader: Reader, where: str, *parameters: Any
) -> list[records.Message]:
    conversation_id = reader.conversation_id
    reads_as = (*[conversation_id] * 5, reader.user_id)
    rest = (*[conversation_id] * 4, *parameters)
    rows = await reads.fetch(_page(PARTICIPANT, where, reads.joined), (*reads_as, *rest))
    if not rows:
        as_agent = (*reads_as, conversation_id, *rest)
        rows = await reads.fetch(_page(AGENT, where, reads.joined), as_agent)
    if not rows:
        raise not_a_participant()
    if rows[0][2] is None:
        return []
    found = await belongings.read(
        reads,
        with_files=[(conversation_id, row[2]) for row in rows if row[-1]],
        naming=[(conversation_id, row[2]) for row in rows if "@" in row[5]],
        parents=[(conversation_id, row[14]) for row in rows if row[14] is not None],
    )
    return _present(rows, conversation_id, ReadMarks(reader.user_id, *rows[0][:2]), found)


@cache
def _page(me: str, where: str, joined: str) -> str:
    user = "(SELECT user_id FROM me)"
    return SELECT.format(
        me=me,
        where=where,
        reactions=reactions.OF_ROW.format(joined=joined, user=user, conversation="?"),
        replies=replies.OF_ROW.format(conversation="?"),
    )


def _present(
    rows: list[Row], conversation_id: int, marks: ReadMarks, belonging: Belongings
) -> list[records.Message]:
    attachments, mentioned, parents = belonging.attachments, belonging.mentions, belonging.parents
    messages = []
    for row in rows:
        # In one step, and without a call for what most messages do not have: half of the time.
        (
            id_, sender_id, name, content, created_at, is_edited, is_deleted, seq, key, by_agent,
            reacted, replied, reply_to, metadata,
        ) = row[2:16]  # fmt: skip
        reactions_to: list[records.Reactions] = []
        reply_count = 0
        if reacted is not None or replied is not None:
            reactions_to, reacted_at = reactions.of_row(reacted)
            reply_count, replied_at = replies.of_row(replied)
            seq = max(seq, reacted_at, replied_at)
        messages.append(
            records.Message(  # with names, the arguments would take a quarter longer
                id_,
                records.User(sender_id, name),
                content,
                to_text(created_at),
                marks.has_read(id_, sender_id),
                bool(is_edited),
                bool(is_deleted),
                seq,
                attachments.get((conversation_id, id_), []) if attachments else [],
                mentioned.get((conversation_id, id_), []) if mentioned else [],
                reactions_to,
                None if reply_to is None else parents.get((conversation_id, reply_to)),
                reply_count,
                records.NOTHING if metadata is None else records.metadata_of(metadata),
                key if key and sender_id == marks.user_id else UNSET,
                "agent" if by_agent else UNSET,
            )
        )
    return messages


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
