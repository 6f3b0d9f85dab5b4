"""The rows of messages, as one user sees them: the statement that reads them, and what they hold.

A row is plain, or it has columns for what belongs to a message.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from chat import records
from chat.records import Message
from chat.store import reactions, replies
from chat.store.agents import IS_AGENT
from chat.store.belongings import Belongings, Place
from chat.store.database import Row
from chat.times import MICROSECONDS, second_to_text

PLAIN = 8
"""Columns of a plain row."""
EDITED, DELETED, BY_AGENT, READ, MORE = 1, 2, 4, 8, 16
"""The flags of a row. MORE says that there is more to read than a plain page has."""
OTHERS_READ = """
    (SELECT min(o.last_read_id) FROM participants AS o
     WHERE o.conversation_id = {conversation} AND o.user_id <> {user} AND o.is_active)
"""
# One number, because PostgreSQL and Python take as long for each small column as for a text.
FLAGS = f"""
    CASE WHEN m.is_edited THEN {EDITED} ELSE 0 END
    + CASE WHEN m.is_deleted THEN {DELETED} ELSE 0 END
    + CASE WHEN m.by_agent THEN {BY_AGENT} ELSE 0 END
    + CASE WHEN m.id <= CASE WHEN m.sender_id = p.user_id
                             THEN coalesce({OTHERS_READ}, {records.ID_MAX})
                             ELSE p.last_read_id END THEN {READ} ELSE 0 END
"""
"""The flags of the message `m`, as the user `p` sees it."""

PARTICIPANT = """
    SELECT user_id, last_read_id FROM participants
    WHERE conversation_id = ? AND user_id = ? AND is_active
"""
# A user who is no participant may be an agent. Nothing is stored about how far agents have read,
# so everything counts as read.
AGENT = f"""
    SELECT reader.id AS user_id, {records.ID_MAX} AS last_read_id
    FROM conversations AS c CROSS JOIN users AS reader
    WHERE c.id = ? AND reader.id = ? AND {IS_AGENT.format(user="reader.id", conversation="?")}
"""  # noqa: S608 - of ours
# It is one statement, because a round trip to PostgreSQL costs more than the reading. Somebody who
# is not in the conversation gets no row. Somebody who is gets at least one, without a message if
# there is none. The conversation is named by its id everywhere, so that one server of several has
# it all, and so that what is the same for all messages is asked once.
SELECT = """
    SELECT m.id, m.sender_id, m.username, m.content, m.created_at, m.seq,
           CASE WHEN m.sender_id = p.user_id THEN m.client_id END, {flags}{columns}
    FROM ({me}) AS p LEFT JOIN (
        SELECT m.id, m.sender_id, u.username,
               CASE WHEN m.is_deleted THEN '' ELSE m.content END AS content,
               m.created_at, m.seq, m.client_id, m.is_edited, m.is_deleted, m.by_agent,
               m.metadata{belongings}
        FROM messages AS m JOIN users AS u ON u.id = m.sender_id
        WHERE {where}
    ) AS m ON TRUE
"""
# Most conversations have none of this. Then a statement that does not ask for it takes three
# quarters of the time. It says itself where it will not do.
HAS_MORE = f"""
    + CASE WHEN m.metadata IS NOT NULL
             OR EXISTS (SELECT 1 FROM attachments AS a WHERE a.conversation_id = ?)
             OR EXISTS (SELECT 1 FROM reaction_counts AS r WHERE r.conversation_id = ?)
             OR EXISTS (SELECT 1 FROM messages AS r
                        WHERE r.conversation_id = ? AND r.reply_to IS NOT NULL)
           THEN {MORE} ELSE 0 END
"""  # noqa: S608 - of ours
COLUMNS = """, m.reactions, m.replies, m.reply_to,
           CASE WHEN m.is_deleted THEN NULL ELSE m.metadata END, m.has_attachments"""
BELONGINGS = """,
               CASE WHEN EXISTS (SELECT 1 FROM reaction_counts AS r
                                 WHERE r.conversation_id = ?) THEN {reactions} END AS reactions,
               CASE WHEN EXISTS (SELECT 1 FROM messages AS r
                                 WHERE r.conversation_id = ? AND r.reply_to IS NOT NULL)
                    THEN {replies} END AS replies, m.reply_to,
               CASE WHEN EXISTS (SELECT 1 FROM attachments AS a WHERE a.conversation_id = ?)
                    THEN EXISTS (SELECT 1 FROM attachments AS a
                                 WHERE a.conversation_id = ? AND a.message_id = m.id)
               END AS has_attachments"""
# As SELECT, of several conversations at once.
OF_PLACES = """
    SELECT m.id, m.sender_id, u.username, CASE WHEN m.is_deleted THEN '' ELSE m.content END,
           m.created_at, m.seq, CASE WHEN m.sender_id = p.user_id THEN m.client_id END, {flags},
           {reactions}, {replies}, m.reply_to,
           CASE WHEN m.is_deleted THEN NULL ELSE m.metadata END,
           EXISTS (SELECT 1 FROM attachments AS a
                   WHERE a.conversation_id = place.one AND a.message_id = m.id), m.conversation_id
    FROM ({pairs}) AS place
    JOIN participants AS p ON p.conversation_id = place.one AND p.user_id = ? AND p.is_active
    JOIN messages AS m ON m.conversation_id = place.one AND m.id = place.two
    JOIN users AS u ON u.id = m.sender_id
"""


@cache
def page(joined: str, *, of_agent: bool, is_plain: bool, where: str) -> str:
    """The statement for the messages of a conversation for which `where` holds.

    `joined` is that of `Reads`. See `values_of` for its parameters.
    """
    me = AGENT if of_agent else PARTICIPANT
    flags = FLAGS.format(conversation="?", user="?")
    if is_plain:
        return SELECT.format(me=me, where=where, flags=flags + HAS_MORE, columns="", belongings="")
    belongings = BELONGINGS.format(
        reactions=reactions.OF_ROW.format(joined=joined, user="?", conversation="?"),
        replies=replies.OF_ROW.format(conversation="?"),
    )
    return SELECT.format(me=me, where=where, flags=flags, columns=COLUMNS, belongings=belongings)


def values_of(
    conversation_id: int, user_id: int, *, of_agent: bool, is_plain: bool
) -> tuple[int, ...]:
    """The parameters of `page` before those of its `where`."""
    one = conversation_id
    me = (one, user_id, one) if of_agent else (one, user_id)
    if is_plain:
        return (one, user_id, one, one, one, *me)
    return (one, user_id, *me, one, one, user_id, one, one, one, one, one)


@cache
def of_places(pairs: str, joined: str) -> str:
    """The statement for messages of several conversations, with what belongs to them. The last
    column is the conversation. The parameters are the places and the user.
    """
    return OF_PLACES.format(
        pairs=pairs,
        flags=FLAGS.format(conversation="place.one", user="p.user_id"),
        reactions=reactions.OF_ROW.format(
            joined=joined, user="p.user_id", conversation="place.one"
        ),
        replies=replies.OF_ROW.format(conversation="place.one"),
    )


STATES = [
    (
        bool(flags & READ),
        bool(flags & EDITED),
        bool(flags & DELETED),
        records.role_of(flags & BY_AGENT),
    )
    for flags in range(MORE)
]
"""By the flags: whether it is read, edited and deleted, and the role."""


def present(rows: list[Row], conversation_id: int, belonging: Belongings) -> list[Message]:
    """The messages of rows of one conversation."""
    is_plain = len(rows[0]) == PLAIN
    messages = plain(rows if is_plain else [row[:PLAIN] for row in rows])
    if is_plain and not belonging.mentions:
        return messages
    return [
        adorned(message, row[PLAIN:], (conversation_id, message.id), belonging)
        for message, row in zip(messages, rows, strict=True)
    ]


def plain(rows: Iterable[Row]) -> list[Message]:
    """Messages without what belongs to them."""
    users: dict[int, records.User] = {}
    messages = []
    none: list[Any] = []  # one for all, because nobody changes a record
    at, text = -1, ""
    # In one step, and without a call for what most messages do not have: half of the time.
    for id_, sender_id, name, content, created_at, seq, key, flags in rows:
        is_read, is_edited, is_deleted, role = STATES[flags]
        sender = users.get(sender_id)
        if sender is None:
            sender = users[sender_id] = records.User(sender_id, name)
        second = created_at // MICROSECONDS
        if second != at:
            at, text = second, second_to_text(second)
        messages.append(
            Message(  # with names, the arguments would take a quarter longer
                id_,
                sender,
                content,
                text,
                is_read,
                is_edited,
                is_deleted,
                seq,
                none,
                none,
                none,
                None,
                0,
                records.NOTHING,
                key or UNSET,
                role,
            )
        )
    return messages


def adorned(message: Message, columns: Row, place: Place, belonging: Belongings) -> Message:
    """A message with what belongs to it; `columns` are those that a plain row has not."""
    found: dict[str, Any] = {}
    if place in belonging.attachments:
        found["attachments"] = belonging.attachments[place]
    if place in belonging.mentions:
        found["mentions"] = belonging.mentions[place]
    if columns:
        reacted, replied, reply_to, metadata, _ = columns
        if reacted is not None or replied is not None:
            found["reactions"], reacted_at = reactions.of_row(reacted)
            found["reply_count"], replied_at = replies.of_row(replied)
            found["seq"] = max(message.seq, reacted_at, replied_at)
        if reply_to is not None:
            found["reply_to"] = belonging.parents.get((place[0], reply_to))
        if metadata is not None:
            found["metadata"] = records.metadata_of(metadata)
    return replace(message, **found) if found else message
