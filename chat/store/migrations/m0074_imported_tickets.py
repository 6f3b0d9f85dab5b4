"""Imported tickets are found by their subject, and the closed ones keep when they were answered."""

from chat.store.database import PART, Transaction
from chat.text.searching import key_of

STATEMENTS = tuple(
    f"""
    UPDATE support_tickets SET {kept} = (
        SELECT m.{said} FROM messages AS m JOIN users AS s ON s.id = m.sender_id
        WHERE m.conversation_id = support_tickets.conversation_id
          AND m.created_at >= support_tickets.created_at
          AND m.created_at <= support_tickets.closed_at
          AND (m.by_agent OR (s.is_staff AND s.id <> support_tickets.created_by))
          AND m.sender_id <> coalesce((SELECT d.user_id FROM desk AS d WHERE d.id = 1), 0)
        ORDER BY m.created_seq LIMIT 1)
    WHERE status = 'closed' AND {kept} IS NULL AND NOT EXISTS (
        SELECT 1 FROM ticket_steps AS o
        WHERE o.conversation_id = support_tickets.conversation_id
          AND o.ticket_id = support_tickets.id AND o.action = 'opened')
    """  # noqa: S608 - of ours
    for kept, said in (("answered_at", "created_at"), ("answered_by", "sender_id"))
)


async def carry_over(transaction: Transaction) -> None:
    """Fold the subjects that are not folded yet."""
    last = 0
    while rows := await transaction.fetch(
        """
        SELECT id, subject FROM support_tickets
        WHERE subject_key = '' AND subject <> '' AND id > ? ORDER BY id LIMIT ?
        """,
        (last, PART),
    ):
        await transaction.execute_many(
            "UPDATE support_tickets SET subject_key = ? WHERE id = ?",
            [(key_of(subject), id_) for id_, subject in rows],
        )
        last = rows[-1][0]
