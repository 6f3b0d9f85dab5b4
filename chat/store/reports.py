"""Messages that were reported to staff."""

from chat import records
from chat.store.database import Reads, Row, Transaction
from chat.times import now, to_text

SELECT = """
    SELECT r.id, r.conversation_id, r.message_id, r.sender_id, su.username, r.content, r.reason,
           r.reported_by, ru.username, r.created_at
    FROM reports AS r JOIN users AS su ON su.id = r.sender_id
    JOIN users AS ru ON ru.id = r.reported_by
"""


def from_row(row: Row) -> records.Report:
    id_, conversation, message, sender, sender_name, content, reason, by, by_name, at = row
    return records.Report(
        id=id_,
        conversation=conversation,
        message=records.ReportedMessage(message, records.User(sender, sender_name), content),
        reason=reason,
        reported_by=records.User(by, by_name),
        created_at=to_text(at),
    )


async def create(
    transaction: Transaction, conversation_id: int, message_id: int, user_id: int, reason: str
) -> bool:
    """Keep a report, and what the message says now. Returns False if the user has reported it
    before.
    """
    return bool(
        await transaction.execute(
            """
            INSERT INTO reports (conversation_id, message_id, reported_by, reason, sender_id,
                                 content, created_at)
            SELECT m.conversation_id, m.id, CAST(? AS bigint), CAST(? AS text), m.sender_id,
                   m.content, CAST(? AS bigint)
            FROM messages AS m WHERE m.conversation_id = ? AND m.id = ? AND NOT m.is_deleted
            ON CONFLICT (conversation_id, message_id, reported_by) DO NOTHING
            """,
            (user_id, reason, now(), conversation_id, message_id),
        )
    )


async def one(
    reads: Reads, conversation_id: int, message_id: int, user_id: int
) -> records.Report | None:
    """The user's report of the message."""
    rows = await reads.fetch(
        f"{SELECT} WHERE r.conversation_id = ? AND r.message_id = ? AND r.reported_by = ?",
        (conversation_id, message_id, user_id),
    )
    return from_row(rows[0]) if rows else None


async def page(reads: Reads, before: int | None, limit: int) -> list[records.Report]:
    """The newest reports first."""
    where = "" if before is None else "WHERE r.id < ?"
    rows = await reads.fetch(
        f"{SELECT} {where} ORDER BY r.id DESC LIMIT ?",
        (limit,) if before is None else (before, limit),
    )
    return [from_row(row) for row in rows]
