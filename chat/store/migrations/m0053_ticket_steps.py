"""Every step of a ticket is kept, and tickets are found by their subject in whatever spelling."""

from chat.store.database import PART, Transaction
from chat.text.searching import key_of

STATEMENTS = (
    "ALTER TABLE support_tickets ADD COLUMN subject_key TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE support_tickets ADD COLUMN closed_at BIGINT",
    "UPDATE support_tickets SET closed_at = updated_at WHERE status = 'closed'",
    """
    CREATE TABLE ticket_steps (
        conversation_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        ticket_id BIGINT NOT NULL,
        action TEXT NOT NULL,
        actor_id BIGINT,
        user_id BIGINT,
        at BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, seq)
    )
    """,
    "CREATE INDEX ticket_steps_ticket ON ticket_steps (ticket_id, seq)",
    "CREATE INDEX support_tickets_agent ON support_tickets (assigned_to, id)",
    "CREATE INDEX support_tickets_customer ON support_tickets (created_by, id)",
)


async def carry_over(transaction: Transaction) -> None:
    """Fold the subjects that there are."""
    last = 0
    while rows := await transaction.fetch(
        "SELECT id, subject FROM support_tickets WHERE id > ? ORDER BY id LIMIT ?", (last, PART)
    ):
        await transaction.execute_many(
            "UPDATE support_tickets SET subject_key = ? WHERE id = ?",
            [(key_of(subject), id_) for id_, subject in rows],
        )
        last = rows[-1][0]
