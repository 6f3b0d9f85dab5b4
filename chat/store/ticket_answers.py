"""When agents answered a ticket, and since when its customer waits: both are found in messages."""

from collections.abc import Sequence

from chat.store.database import Transaction, listed


def is_answer(customer: str) -> str:
    """A condition on a message `m` and its sender `s`: an agent wrote it to this customer, and not
    the desk by itself. Staff who opened a ticket themselves are its customer.
    """
    return f"""
        ((m.by_agent OR (s.is_staff AND m.sender_id <> {customer}))
         AND m.sender_id <> coalesce((SELECT d.user_id FROM desk AS d WHERE d.id = 1), 0))
    """  # noqa: S608 - of ours


# After the ticket `t` was opened. One of an earlier release has no step that says with which `seq`.
SINCE_OPENING = """
    (m.created_at >= t.created_at AND m.created_seq > coalesce((
        SELECT o.seq FROM ticket_steps AS o
        WHERE o.conversation_id = t.conversation_id AND o.ticket_id = t.id AND o.action = 'opened'
        ), 0))
"""
# While the ticket `t` was open, by its steps. One of an earlier release may have none.
WHILE_OPEN = """
    (coalesce((
        SELECT o.action FROM ticket_steps AS o
        WHERE o.conversation_id = t.conversation_id AND o.ticket_id = t.id
          AND o.action IN ('opened', 'closed', 'reopened') AND o.seq < m.created_seq
        ORDER BY o.seq DESC LIMIT 1
     ), CASE WHEN m.created_at > t.closed_at THEN 'closed' ELSE 'opened' END) <> 'closed')
"""
# The customer waits since the ticket was opened, as long as no agent has answered. Then since the
# first message after the last answer. A ticket that is opened again begins to wait anew. What was
# deleted counts no more, but for answers that were kept (`keep_answers`).
STANDING_ANSWER = f"""
    (SELECT m.created_seq FROM messages AS m JOIN users AS s ON s.id = m.sender_id
     WHERE m.conversation_id = t.conversation_id AND {SINCE_OPENING}
       AND {is_answer("t.created_by")} AND NOT m.is_deleted
     ORDER BY m.created_seq DESC LIMIT 1)
"""  # noqa: S608 - of ours
ANSWERED = f"""
    (SELECT CASE WHEN max(a.created_seq) IS NULL OR max(a.created_seq) < t.answer_seq
                 THEN t.answer_seq ELSE max(a.created_seq) END
     FROM {STANDING_ANSWER} AS a)
"""  # noqa: S608 - of ours
WAITING = f"""
    CASE WHEN t.status = 'closed' THEN NULL ELSE
        (SELECT CASE WHEN w.again > w.since THEN w.again ELSE w.since END FROM (
            SELECT CASE WHEN {ANSWERED} IS NULL THEN t.created_at ELSE
                (SELECT m.created_at FROM messages AS m
                 WHERE m.conversation_id = t.conversation_id AND m.created_seq > {ANSWERED}
                   AND NOT m.is_deleted
                 ORDER BY m.created_seq LIMIT 1) END AS since, max(r.at) AS again
            FROM ticket_steps AS r
            WHERE r.conversation_id = t.conversation_id AND r.ticket_id = t.id
              AND r.action = 'reopened'
        ) AS w) END
"""  # noqa: S608 - of ours


def first_answer(column: str) -> str:
    """An expression: this column of the first message with which an agent answered the ticket
    while it was open. A later answer is to the conversation's next ticket.
    """
    return f"""
        (SELECT m.{column} FROM messages AS m JOIN users AS s ON s.id = m.sender_id
         WHERE m.conversation_id = t.conversation_id AND {SINCE_OPENING}
           AND {is_answer("t.created_by")} AND {WHILE_OPEN} ORDER BY m.created_seq LIMIT 1)
    """  # noqa: S608 - of ours


RECORD = f"""
    UPDATE support_tickets AS t
    SET answered_at = {first_answer("created_at")}, answered_by = {first_answer("sender_id")}
    WHERE t.conversation_id IN ({{ids}}) AND t.id IN ({{ids}}) AND t.answered_at IS NULL
      AND {first_answer("created_at")} IS NOT NULL
    RETURNING answered_at - created_at
"""  # noqa: S608 - of ours
KEEP = f"""
    UPDATE support_tickets AS t SET answer_seq = {ANSWERED}, answer_at = (
        SELECT k.created_at FROM messages AS k
        WHERE k.conversation_id = t.conversation_id AND k.created_seq = {ANSWERED})
    WHERE t.conversation_id = ? AND {STANDING_ANSWER} IS NOT NULL
"""  # noqa: S608 - of ours


Place = tuple[int, int]
"""The conversation of a ticket, and its id."""


def columns_of(places: Sequence[Place]) -> tuple[str, ...]:
    """The conversations and the ids, as parameters."""
    return tuple(listed(column) for column in zip(*places, strict=True)) or ("[]", "[]")


async def record(transaction: Transaction, places: Sequence[Place]) -> list[int]:
    """Keep when the tickets were first answered. Returns how long that took, in microseconds, of
    those of which it was not kept yet.
    """
    rows = await transaction.fetch(RECORD.format(ids=transaction.ids), columns_of(places))
    return [took for (took,) in rows]


async def keep_answers(transaction: Transaction, conversation_id: int) -> None:
    """Keep until when the tickets here are answered: messages are about to be deleted that their
    senders have not taken back. Without it, customers who were answered would wait again.
    """
    await transaction.execute(KEEP, (conversation_id,))
