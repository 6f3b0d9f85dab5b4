"""The steps of tickets: what was done, by whom, and with which `seq`."""

from collections.abc import Sequence

from chat import records
from chat.store.database import Reads, Row, Transaction, listed
from chat.times import now, to_text

SELECT = """
    SELECT s.conversation_id, s.seq, s.action, s.actor_id, b.username, s.user_id, t.username, s.at
    FROM {steps} LEFT JOIN users AS b ON b.id = s.actor_id LEFT JOIN users AS t ON t.id = s.user_id
"""


def from_row(row: Row) -> records.TicketStep:
    _, seq, action, by, by_name, to, to_name, at = row
    return records.TicketStep(
        action=action,
        by=None if by is None else records.User(by, by_name),
        to=None if to is None else records.User(to, to_name),
        at=to_text(at),
        seq=seq,
    )


async def of_places(
    reads: Reads, places: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], records.TicketStep]:
    """Those of the steps that exist, by their place (conversation, seq)."""
    if not places:
        return {}
    steps = f"""
        ({reads.pairs}) AS wanted JOIN ticket_steps AS s
        ON s.conversation_id = wanted.one AND s.seq = wanted.two
    """
    rows = await reads.fetch(SELECT.format(steps=steps), (listed(places),))
    return {(row[0], row[1]): from_row(row) for row in rows}


async def of_ticket(
    reads: Reads, conversation_id: int, ticket_id: int, after: int, limit: int
) -> list[records.TicketStep]:
    """At most `limit` steps of the ticket after this `seq`, in their order."""
    sql = SELECT.format(steps="ticket_steps AS s")
    rows = await reads.fetch(
        f"{sql} WHERE s.conversation_id = ? AND s.ticket_id = ? AND s.seq > ?"
        " ORDER BY s.seq LIMIT ?",
        (conversation_id, ticket_id, after, limit),
    )
    return [from_row(row) for row in rows]


async def add(
    transaction: Transaction,
    conversation_id: int,
    added: Sequence[tuple[int, int, int | None]],
    action: str,
    actor_id: int | None,
) -> dict[int, records.TicketStep]:
    """Keep steps of a conversation, in the transaction that makes them. Each is its `seq`, the
    ticket, and the agent who has it now. Returns them by `seq`.
    """
    moment = now()
    await transaction.execute_many(
        """
        INSERT INTO ticket_steps (conversation_id, seq, ticket_id, action, actor_id, user_id, at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (conversation_id, seq, ticket_id, action, actor_id, user_id, moment)
            for seq, ticket_id, user_id in added
        ],
    )
    found = await of_places(transaction, [(conversation_id, seq) for seq, *_ in added])
    return {seq: step for (_, seq), step in found.items()}
