"""Support tickets. A conversation has at most one that is not closed."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from chat import records
from chat.store.database import Reads, Transaction, listed
from chat.times import now, to_text

SELECT = """
    SELECT t.id, t.conversation_id, t.subject, t.status, t.priority, t.created_by, cu.username,
           t.assigned_to, au.username, t.created_at, t.updated_at
    FROM support_tickets AS t
    JOIN users AS cu ON cu.id = t.created_by
    LEFT JOIN users AS au ON au.id = t.assigned_to
"""


WITH_SEQ = SELECT.replace("t.updated_at\n", "t.updated_at, t.seq, t.created_at\n")


def from_row(row: Sequence[Any]) -> records.SupportTicket:
    """Make the record from a row of SELECT."""
    id_, conversation, subject, status, priority, by, by_name, to, to_name, created, updated = row
    return records.SupportTicket(
        id=id_,
        conversation=conversation,
        subject=subject,
        status=status,
        priority=priority,
        created_by=records.User(by, by_name),
        assigned_to=None if to is None else records.User(to, to_name),
        created_at=to_text(created),
        updated_at=to_text(updated),
    )


async def page(
    reads: Reads, status: str | None, before: int | None, limit: int
) -> list[records.SupportTicket]:
    """A page of tickets, newest first, with one status or with any."""
    sql, parameters = f"{SELECT} WHERE TRUE", list[object]()
    if status is not None:
        sql, parameters = f"{sql} AND t.status = ?", [*parameters, status]
    if before is not None:
        sql, parameters = f"{sql} AND t.id < ?", [*parameters, before]
    rows = await reads.fetch(f"{sql} ORDER BY t.id DESC LIMIT ?", [*parameters, limit])
    return [from_row(row) for row in rows]


async def by_ids(reads: Reads, ticket_ids: Sequence[int]) -> list[records.SupportTicket]:
    if not ticket_ids:
        return []
    rows = await reads.fetch(f"{SELECT} WHERE t.id IN ({reads.ids})", (listed(ticket_ids),))
    return [from_row(row) for row in rows]


class Numbered(NamedTuple):
    """A ticket, the `seq` of its last change, and whether it was opened lately."""

    ticket: records.SupportTicket
    seq: int
    is_new: bool


async def numbered(reads: Reads, ticket_ids: Iterable[int]) -> list[Numbered]:
    condition = f"t.id IN ({reads.ids})"
    return await _numbered(reads, condition, listed(list(ticket_ids)), 0)


async def changed_after(reads: Reads, moment: int) -> list[Numbered]:
    """Those that changed after the moment; new are those that were opened after it."""
    return await _numbered(reads, "t.updated_at > ?", moment, moment)


async def _numbered(reads: Reads, condition: str, value: object, moment: int) -> list[Numbered]:
    sql = f"{WITH_SEQ} WHERE {condition} ORDER BY t.id"
    return [
        Numbered(from_row(row), seq, created > moment)
        for *row, seq, created in await reads.fetch(sql, (value,))
    ]


async def seq_of(reads: Reads, ticket_id: int) -> int:
    """The `seq` of the ticket's last change."""
    ((seq,),) = await reads.fetch("SELECT seq FROM support_tickets WHERE id = ?", (ticket_id,))
    return int(seq)


async def open_in(reads: Reads, conversation_id: int) -> records.SupportTicket | None:
    """The conversation's ticket that is not closed, if it has one."""
    rows = await reads.fetch(
        f"{SELECT} WHERE t.conversation_id = ? AND t.status <> 'closed'", (conversation_id,)
    )
    return from_row(rows[0]) if rows else None


async def by_id(reads: Reads, ticket_id: int) -> records.SupportTicket | None:
    rows = await reads.fetch(f"{SELECT} WHERE t.id = ?", (ticket_id,))
    return from_row(rows[0]) if rows else None


async def stored(transaction: Transaction, ticket_id: int) -> records.SupportTicket:
    """The ticket as this transaction has just written it."""
    ticket = await by_id(transaction, ticket_id)
    assert ticket is not None
    return ticket


async def create(
    transaction: Transaction,
    conversation_id: int,
    seq: int,
    user_id: int,
    subject: str,
    priority: str,
) -> int:
    moment = now()
    ((ticket_id,),) = await transaction.fetch(
        """
        INSERT INTO support_tickets (conversation_id, seq, subject, status, priority, created_by,
                                     created_at, updated_at)
        VALUES (?, ?, ?, 'open', ?, ?, ?, ?) RETURNING id
        """,
        (conversation_id, seq, subject, priority, user_id, moment, moment),
    )
    return int(ticket_id)


async def update(transaction: Transaction, seq: int, ticket: records.SupportTicket) -> None:
    """Store the ticket's present subject, status, priority and assignee."""
    await transaction.execute(
        """
        UPDATE support_tickets
        SET seq = ?, subject = ?, status = ?, priority = ?, assigned_to = ?, updated_at = ?
        WHERE id = ?
        """,
        (
            seq,
            ticket.subject,
            ticket.status,
            ticket.priority,
            ticket.assigned_to.id if ticket.assigned_to else None,
            now(),
            ticket.id,
        ),
    )
