"""Everything that changed in a conversation after a point, in order.

One statement finds the changes, so they are one snapshot: a change is either in it, at
its place, or will come as an event later. A message comes where it was sent, with what
it is by now, and again where it was last changed. So whoever has been told everything up
to some `seq` has been told of every message sent until then, and may stop, or be cut off,
anywhere, and begin again from there.
"""

from msgspec import UNSET, Struct

from chat.changes.attachments import AttachmentAdded
from chat.changes.conversations import ConversationUpdated
from chat.changes.messages import EditedMessage, MessageDeleted, MessageEdited
from chat.changes.participants import ParticipantJoined, ParticipantLeft
from chat.changes.support_tickets import TicketUpdated
from chat.events import Change, ChangeFrame, MessageSent
from chat.records import Attachment, SupportTicket, User, role_of
from chat.store import attachments, support_tickets
from chat.store.database import Reads, Row
from chat.times import to_text


class Page(Struct, frozen=True):
    """Changes in the order of their `seq`, and the point to which they lead.

    That is before the one asked for where the database has been put back to an older state,
    and 0 where it does not have the conversation any more.
    """

    changes: list[Change]
    seq: int
    is_last: bool


# One shape for all: seq, kind, id, name, content, created_at, three flags.
# The last part is the end itself, which sorts behind the change that bears its number.
CHANGES = """
    SELECT * FROM (
        SELECT * FROM (
            SELECT m.created_seq AS seq, 'sent' AS kind, m.id, u.username AS name, m.content,
                   m.created_at, m.is_edited AS flag, m.is_deleted AS other_flag, m.by_agent
            FROM messages AS m JOIN users AS u ON u.id = m.sender_id
            WHERE m.conversation_id = ? AND m.created_seq > ? ORDER BY m.created_seq LIMIT ?
        ) AS of_messages
        UNION ALL SELECT * FROM (
            SELECT m.seq, 'changed', m.id, '', m.content, 0, m.is_edited, m.is_deleted, FALSE
            FROM messages AS m
            WHERE m.conversation_id = ? AND m.seq > ? AND m.seq <> m.created_seq
            ORDER BY m.seq LIMIT ?
        ) AS of_changed_messages
        UNION ALL SELECT * FROM (
            SELECT a.seq, 'attachment', a.id, '', '', 0, FALSE, FALSE, FALSE
            FROM attachments AS a
            WHERE a.conversation_id = ? AND a.seq > ? ORDER BY a.seq LIMIT ?
        ) AS of_attachments
        UNION ALL SELECT * FROM (
            SELECT t.seq, 'ticket', t.id, '', '', 0, FALSE, FALSE, FALSE
            FROM support_tickets AS t
            WHERE t.conversation_id = ? AND t.seq > ? ORDER BY t.seq LIMIT ?
        ) AS of_tickets
        UNION ALL SELECT * FROM (
            SELECT p.seq, 'participant', u.id, u.username, '', 0, p.is_active, FALSE, FALSE
            FROM participants AS p JOIN users AS u ON u.id = p.user_id
            WHERE p.conversation_id = ? AND p.seq > ? ORDER BY p.seq LIMIT ?
        ) AS of_participants
        UNION ALL SELECT c.title_seq, 'title', c.id, '', c.title, 0, FALSE, FALSE, FALSE
        FROM conversations AS c WHERE c.id = ? AND c.title_seq > ?
        UNION ALL SELECT c.seq, 'the end', 0, '', '', 0, FALSE, FALSE, FALSE FROM conversations AS c
        WHERE c.id = ?
    ) AS changes
    ORDER BY seq, CASE WHEN kind = 'the end' THEN 1 ELSE 0 END LIMIT ?
"""


async def since(reads: Reads, conversation_id: int, seq: int, *, limit: int) -> Page:
    """At most `limit` changes after `seq`."""
    # One more than asked for: the end is seen only where it comes within them.
    more = limit + 1
    rows = await reads.fetch(
        CHANGES,
        [*([conversation_id, seq, more] * 5), conversation_id, seq, conversation_id, more],
    )
    if not rows:  # not even the end: put back to before this conversation
        return Page([], 0, True)
    is_last = rows[-1][1] == "the end"
    found = rows[:-1] if is_last else rows[:limit]
    attached = {
        attachment.id: attachment
        for attachment in await attachments.by_ids(reads, ids(found, "attachment"))
    }
    tickets = {
        ticket.id: ticket for ticket in await support_tickets.by_ids(reads, ids(found, "ticket"))
    }
    frames = [frame_of(row, attached, tickets) for row in found]
    changes = [Change(conversation_id, frame) for frame in frames if frame is not None]
    end = rows[-1][0] if is_last else found[-1][0]
    return Page(changes, end, is_last)


def ids(rows: list[Row], kind: str) -> list[int]:
    return [row[2] for row in rows if row[1] == kind]


def frame_of(
    row: Row, attached: dict[int, Attachment], tickets: dict[int, SupportTicket]
) -> ChangeFrame | None:
    """The frame of one row; None for an attachment that went with its message meanwhile."""
    seq, kind, id_, name, content, created_at, flag, other_flag, by_agent = row
    is_edited, is_deleted = bool(flag), bool(other_flag)
    if kind == "sent":
        return MessageSent(
            id_,
            name,
            "" if is_deleted else content,
            to_text(created_at),
            is_edited or UNSET,
            is_deleted or UNSET,
            role_of(by_agent),
            seq=seq,
        )
    if kind == "changed":
        if is_deleted:
            return MessageDeleted(id_, seq=seq)
        return MessageEdited(EditedMessage(id_, content), seq=seq)
    if kind == "participant":
        return (ParticipantJoined if flag else ParticipantLeft)(User(id_, name), seq=seq)
    if kind == "title":
        return ConversationUpdated(content, seq=seq)
    if kind == "ticket":
        return TicketUpdated(tickets[id_], seq=seq)
    if id_ not in attached:
        return None
    return AttachmentAdded(attached[id_].message_id, attached[id_], seq=seq)
