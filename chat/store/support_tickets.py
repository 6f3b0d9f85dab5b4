"""Support tickets. A conversation has at most one that is not closed."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from chat import records
from chat.store.database import Reads, Transaction, listed
from chat.store.ticket_answers import WAITING, Place, columns_of
from chat.store.users import SERVES
from chat.text.searching import keys_of, text_key
from chat.times import now, to_text

# Who may not sign in, or is no agent any more, has no ticket `t`: it waits for another agent.
HAS_AGENT = f"EXISTS (SELECT 1 FROM users AS u WHERE u.id = t.assigned_to AND {SERVES})"  # noqa: S608


SELECT = f"""
    SELECT t.id, t.conversation_id, t.subject, t.status, t.priority,
           t.created_by, cu.username, cu.display_name, cu.avatar,
           t.assigned_to, au.username, au.display_name, au.avatar,
           t.created_at, t.updated_at, {WAITING}, t.rating, t.rating_comment
    FROM support_tickets AS t
    JOIN users AS cu ON cu.id = t.created_by
    LEFT JOIN users AS au ON au.id = t.assigned_to
"""  # noqa: S608 - of ours
WITH_SEQ = SELECT.replace(
    "\n    FROM support_tickets AS t", ", t.seq, t.created_at\n    FROM support_tickets AS t"
)


class Wanted(Struct, frozen=True):
    """Which tickets are wanted; None for any. `key` is what the subject or the customer's name
    contains, in any spelling. An `assigned_to` of NOBODY wants those that no agent has.
    """

    status: str | None = None
    assigned_to: int | None = None
    created_by: int | None = None
    priority: str | None = None
    key: str | None = None


NOBODY = 0
ESCAPE = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


def from_row(row: Sequence[Any]) -> records.SupportTicket:
    """Make the record from a row of SELECT."""
    id_, conversation, subject, status, priority, *rest = row
    customer, agent, (created, updated, waiting, score, comment) = rest[:4], rest[4:8], rest[8:]
    return records.SupportTicket(
        id=id_,
        conversation=conversation,
        subject=subject,
        status=status,
        priority=priority,
        created_by=records.profile_of(*customer),
        assigned_to=None if agent[0] is None else records.profile_of(*agent),
        created_at=to_text(created),
        updated_at=to_text(updated),
        waiting_since=None if waiting is None else to_text(waiting),
        rating=None if score is None else records.Rating(score, comment or ""),
    )


async def page(
    reads: Reads, wanted: Wanted, before: int | None, limit: int
) -> list[records.SupportTicket]:
    """A page of those that are wanted, newest first."""
    sql, parameters = f"{SELECT} WHERE TRUE", list[object]()
    assigned_to = None if wanted.assigned_to == NOBODY else wanted.assigned_to
    for condition, value in (
        ("t.status = ?", wanted.status),
        ("t.assigned_to = ?", assigned_to),
        ("t.created_by = ?", wanted.created_by),
        ("t.priority = ?", wanted.priority),
        ("t.id < ?", before),
    ):
        if value is not None:
            sql, parameters = f"{sql} AND {condition}", [*parameters, value]
    if wanted.assigned_to == NOBODY:
        sql = f"{sql} AND NOT {HAS_AGENT}"
    if wanted.key is not None:
        patterns = [f"%{key.translate(ESCAPE)}%" for key in keys_of(wanted.key)]
        places = ("t.subject_key", "cu.username_key", "cu.display_name_key")
        found = " OR ".join(f"{place} LIKE ? ESCAPE '\\'" for place in places for _ in patterns)
        sql, parameters = f"{sql} AND ({found})", [*parameters, *patterns * len(places)]
    rows = await reads.fetch(f"{sql} ORDER BY t.id DESC LIMIT ?", [*parameters, limit])
    return [from_row(row) for row in rows]


async def by_places(reads: Reads, places: Sequence[Place]) -> list[records.SupportTicket]:
    """These tickets (conversation, id)."""
    if not places:
        return []
    rows = await reads.fetch(
        f"{SELECT} WHERE t.conversation_id IN ({reads.ids}) AND t.id IN ({reads.ids})",
        columns_of(places),
    )
    return [from_row(row) for row in rows]


class Numbered(NamedTuple):
    """A ticket, the `seq` of its last change, and whether it was opened lately."""

    ticket: records.SupportTicket
    seq: int
    is_new: bool


async def numbered(reads: Reads, ticket_ids: Iterable[int]) -> list[Numbered]:
    condition = f"t.id IN ({reads.ids})"
    return await _numbered(reads, condition, listed(list(ticket_ids)), 0)


async def open_among(reads: Reads, conversation_ids: Iterable[int], moment: int) -> list[Numbered]:
    """The tickets of these conversations that are not closed; new are those that were opened after
    the moment.
    """
    condition = f"t.conversation_id IN ({reads.ids}) AND t.status <> 'closed'"
    return await _numbered(reads, condition, listed(list(conversation_ids)), moment)


async def changed_after(reads: Reads, moment: int) -> list[Numbered]:
    """Those that changed after the moment; new are those that were opened after it."""
    return await _numbered(reads, "t.updated_at > ?", moment, moment)


async def _numbered(reads: Reads, condition: str, value: object, moment: int) -> list[Numbered]:
    sql = f"{WITH_SEQ} WHERE {condition} ORDER BY t.id"
    return [
        Numbered(from_row(row), seq, created > moment)
        for *row, seq, created in await reads.fetch(sql, (value,))
    ]


async def seqs_without_step(reads: Reads, places: Sequence[Place]) -> dict[int, int]:
    """By id, the `seq` of the last change of those of the tickets that an earlier release changed
    last, which kept no steps.
    """
    rows = await reads.fetch(
        f"""
        SELECT t.id, t.seq FROM support_tickets AS t
        WHERE t.conversation_id IN ({reads.ids}) AND t.id IN ({reads.ids}) AND NOT EXISTS (
            SELECT 1 FROM ticket_steps AS s
            WHERE s.conversation_id = t.conversation_id AND s.seq = t.seq)
        """,  # noqa: S608 - of ours
        columns_of(places),
    )
    return dict(rows)


async def open_in(reads: Reads, conversation_id: int) -> records.SupportTicket | None:
    """The conversation's ticket that is not closed, if it has one."""
    rows = await reads.fetch(
        f"{SELECT} WHERE t.conversation_id = ? AND t.status <> 'closed'", (conversation_id,)
    )
    return from_row(rows[0]) if rows else None


async def conversation_of(reads: Reads, ticket_id: int) -> int | None:
    rows = await reads.fetch(
        "SELECT conversation_id FROM support_tickets WHERE id = ?", (ticket_id,)
    )
    return int(rows[0][0]) if rows else None


async def by_id(reads: Reads, conversation_id: int, ticket_id: int) -> records.SupportTicket | None:
    rows = await reads.fetch(
        f"{SELECT} WHERE t.conversation_id = ? AND t.id = ?", (conversation_id, ticket_id)
    )
    return from_row(rows[0]) if rows else None


async def stored(
    transaction: Transaction, conversation_id: int, ticket_id: int
) -> records.SupportTicket:
    """The ticket as this transaction has just written it."""
    ticket = await by_id(transaction, conversation_id, ticket_id)
    assert ticket is not None
    return ticket


async def create(
    transaction: Transaction,
    conversation_id: int,
    seq: int,
    user_id: int,
    subject: str,
    priority: str,
    languages: Iterable[str] = (),
) -> int:
    moment, spoken = now(), ",".join(languages)
    ((ticket_id,),) = await transaction.fetch(
        """
        INSERT INTO support_tickets (conversation_id, seq, subject, status, priority, created_by,
                                     created_at, updated_at, subject_key, languages)
        VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?) RETURNING id
        """,
        (
            conversation_id,
            seq,
            subject,
            priority,
            user_id,
            moment,
            moment,
            text_key(subject),
            spoken,
        ),
    )
    return int(ticket_id)


async def languages(reads: Reads, conversation_id: int, ticket_id: int) -> list[str]:
    """The languages of the customer who opened the ticket, the best first."""
    sql = "SELECT languages FROM support_tickets WHERE conversation_id = ? AND id = ?"
    rows = await reads.fetch(sql, (conversation_id, ticket_id))
    return [language for (text,) in rows for language in text.split(",") if language]


async def update(
    transaction: Transaction, changed: Iterable[tuple[int, records.SupportTicket]]
) -> None:
    """Store the tickets' present subject, status, priority and assignee, each with its `seq`."""
    moment = now()
    await transaction.execute_many(
        """
        UPDATE support_tickets
        SET seq = ?, subject = ?, subject_key = ?, status = ?, priority = ?, assigned_to = ?,
            updated_at = ?, closed_at = CASE WHEN ? = 'closed' THEN coalesce(closed_at, ?) END,
            rating = ?, rating_comment = ?
        WHERE conversation_id = ? AND id = ?
        """,
        [
            (
                seq,
                ticket.subject,
                text_key(ticket.subject),
                ticket.status,
                ticket.priority,
                ticket.assigned_to.id if ticket.assigned_to else None,
                moment,
                ticket.status,
                moment,
                ticket.rating.score if ticket.rating else None,
                ticket.rating.comment if ticket.rating else None,
                ticket.conversation,
                ticket.id,
            )
            for seq, ticket in changed
        ],
    )


async def lasted(reads: Reads, places: Sequence[Place]) -> list[int]:
    """How long those of these tickets that are closed were open, in microseconds, from their
    opening on.
    """
    rows = await reads.fetch(
        f"""
        SELECT closed_at - created_at FROM support_tickets
        WHERE conversation_id IN ({reads.ids}) AND id IN ({reads.ids}) AND closed_at IS NOT NULL
        """,  # noqa: S608 - of ours
        columns_of(places),
    )
    return [took for (took,) in rows]
