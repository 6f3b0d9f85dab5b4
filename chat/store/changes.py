"""Everything that changed in a conversation after a point, in order.

One statement finds the changes, so they are one snapshot: a change is either in it, at
its place, or will come as an event later. A message that began after the point is one
that was sent, with its present content, whatever happened to it meanwhile.
"""

from msgspec import Struct

from chat.events import (
    AttachmentAdded,
    Change,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    TicketUpdated,
)
from chat.records import Attachment, SupportTicket, User
from chat.store import attachments, support_tickets
from chat.store.database import Database, Row
from chat.times import to_text


class Page(Struct, frozen=True):
    """Changes in the order of their `seq`, and the point to which they lead.

    That is before the one asked for where the database has been put back to an older state.
    """

    changes: list[Change]
    seq: int
    is_last: bool


class Known:
    """Which messages a reader knows: those that began up to `since`, and those it was told of.

    A message may change after it was told, and come again on a later page: by then it is
    known. One bit for each change since then is all that this keeps.
    """

    def __init__(self, since: int) -> None:
        self._since = since
        self._told = bytearray()

    def add(self, created_seq: int) -> bool:
        """Whether the message that began there was known already; from now on it is."""
        place = created_seq - self._since - 1
        if place < 0:
            return True
        byte, bit = place >> 3, 1 << (place & 7)
        if byte >= len(self._told):
            self._told.extend(bytes(byte + 1 - len(self._told)))
        was_known = bool(self._told[byte] & bit)
        self._told[byte] |= bit
        return was_known


# One shape for all: seq, kind, id, name, content, created_at, created_seq, two flags.
# The last part is the end itself, which sorts behind the change that bears its number.
CHANGES = """
    SELECT * FROM (
        SELECT * FROM (
            SELECT m.seq, 'message' AS kind, m.id, u.username AS name, m.content, m.created_at,
                   m.created_seq, m.is_edited AS flag, m.is_deleted AS other_flag
            FROM messages AS m JOIN users AS u ON u.id = m.sender_id
            WHERE m.conversation_id = ? AND m.seq > ? ORDER BY m.seq LIMIT ?
        ) AS of_messages
        UNION ALL SELECT * FROM (
            SELECT a.seq, 'attachment', a.id, '', '', 0, 0, FALSE, FALSE FROM attachments AS a
            WHERE a.conversation_id = ? AND a.seq > ? ORDER BY a.seq LIMIT ?
        ) AS of_attachments
        UNION ALL SELECT * FROM (
            SELECT t.seq, 'ticket', t.id, '', '', 0, 0, FALSE, FALSE FROM support_tickets AS t
            WHERE t.conversation_id = ? AND t.seq > ? ORDER BY t.seq LIMIT ?
        ) AS of_tickets
        UNION ALL SELECT * FROM (
            SELECT p.seq, 'participant', u.id, u.username, '', 0, 0, p.is_active, FALSE
            FROM participants AS p JOIN users AS u ON u.id = p.user_id
            WHERE p.conversation_id = ? AND p.seq > ? ORDER BY p.seq LIMIT ?
        ) AS of_participants
        UNION ALL SELECT c.seq, 'the end', 0, '', '', 0, 0, FALSE, FALSE FROM conversations AS c
        WHERE c.id = ?
    ) AS changes
    ORDER BY seq, CASE WHEN kind = 'the end' THEN 1 ELSE 0 END LIMIT ?
"""


async def since(
    database: Database,
    conversation_id: int,
    seq: int,
    *,
    limit: int,
    known: Known | None = None,
) -> Page:
    """At most `limit` changes after `seq`.

    `known` tells what is new to the reader from what changed under it, and who reads
    several pages gives the same for all of them. By default it knows all up to `seq`.
    """
    known = known or Known(seq)
    # One more than asked for: the end is seen only where it comes within them.
    more = limit + 1
    rows = await database.fetch(
        CHANGES, [*([conversation_id, seq, more] * 4), conversation_id, more]
    )
    is_last = bool(rows) and rows[-1][1] == "the end"
    found = rows[:-1] if is_last else rows[:limit]
    attached = {
        attachment.id: attachment
        for attachment in await attachments.by_ids(database, ids(found, "attachment"))
    }
    tickets = {
        ticket.id: ticket for ticket in await support_tickets.by_ids(database, ids(found, "ticket"))
    }
    changes = [change(conversation_id, row, known, attached, tickets) for row in found]
    end = rows[-1][0] if is_last else found[-1][0]
    return Page([change for change in changes if change is not None], end, is_last)


def ids(rows: list[Row], kind: str) -> list[int]:
    return [row[2] for row in rows if row[1] == kind]


def change(
    conversation_id: int,
    row: Row,
    known: Known,
    attached: dict[int, Attachment],
    tickets: dict[int, SupportTicket],
) -> Change | None:
    """The event of one row; None for an attachment that went with its message meanwhile."""
    seq, kind, id_, name, content, created_at, created_seq, flag, other_flag = row
    if kind == "message":
        is_edited, is_deleted = bool(flag), bool(other_flag)
        if not known.add(created_seq):
            text = "" if is_deleted else content
            moment = to_text(created_at)
            return MessageSent(conversation_id, seq, id_, name, text, moment, is_edited, is_deleted)
        if is_deleted:
            return MessageDeleted(conversation_id, seq, id_)
        return MessageEdited(conversation_id, seq, id_, content)
    if kind == "participant":
        event = ParticipantJoined if flag else ParticipantLeft
        return event(conversation_id, seq, User(id_, name))
    if kind == "ticket":
        return TicketUpdated(conversation_id, seq, tickets[id_])
    if id_ not in attached:
        return None
    return AttachmentAdded(conversation_id, seq, attached[id_])
