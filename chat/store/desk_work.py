"""The work that the desk's rules ask for: tickets to assign, waiting customers, replies."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from chat.store.database import Reads, Transaction, listed
from chat.store.support_tickets import HAS_AGENT
from chat.store.ticket_answers import WAITING, Place, first_answer

AT_ONCE = 100
"""Most tickets that are taken up together."""


def only(place: Place | None) -> tuple[str, Sequence[int]]:
    """The condition for this ticket, or for any, and its parameters."""
    return ("TRUE", ()) if place is None else ("t.conversation_id = ? AND t.id = ?", place)


async def queue(reads: Reads, place: Place | None = None) -> list[Place]:
    """The first tickets that a rule may assign. Nobody has them, or nobody who is an agent still,
    and who had them last did not give them back. With `place` only this one, if it is such.
    """
    condition, parameters = only(place)
    rows = await reads.fetch(
        f"""
        SELECT t.conversation_id, t.id
        FROM support_tickets AS t
        WHERE t.status <> 'closed' AND {condition} AND NOT {HAS_AGENT}
          AND coalesce((
              SELECT s.action FROM ticket_steps AS s
              WHERE s.conversation_id = t.conversation_id AND s.ticket_id = t.id
                AND (s.action = 'returned' OR s.user_id IS NOT NULL)
              ORDER BY s.seq DESC LIMIT 1), '') <> 'returned'
        ORDER BY t.id LIMIT ?
        """,  # noqa: S608 - of ours
        (*parameters, AT_ONCE),
    )
    return [(conversation_id, id_) for conversation_id, id_ in rows]


class Waiting(NamedTuple):
    """A ticket in which the customer waits since a moment, in microseconds since 1970.
    `reminded_of` is the waiting of which its agents were reminded last.
    """

    ticket_id: int
    conversation_id: int
    since: int
    reminded_of: int | None

    @property
    def place(self) -> Place:
        return self.conversation_id, self.ticket_id


async def waiting(reads: Reads, before: int, place: Place | None = None) -> list[Waiting]:
    """The tickets whose customers wait since `before` or longer, and of which nobody reminded."""
    condition, parameters = only(place)
    rows = await reads.fetch(
        f"""
        SELECT id, place, since, reminded_of FROM (
            SELECT t.id, t.conversation_id AS place, t.reminded_of, {WAITING} AS since
            FROM support_tickets AS t
            WHERE t.status <> 'closed' AND t.created_at <= ? AND {condition}) AS every_one
        WHERE since <= ? AND coalesce(reminded_of, 0) < since
        ORDER BY id
        """,  # noqa: S608 - of ours
        (before, *parameters, before),
    )
    return [Waiting(*row) for row in rows]


async def remind(transaction: Transaction, place: Place, since: int) -> None:
    """Its agents are reminded of this waiting."""
    await transaction.execute(
        "UPDATE support_tickets SET reminded_of = ? WHERE conversation_id = ? AND id = ?",
        (since, *place),
    )


async def unrecorded(reads: Reads) -> list[Place]:
    """Some tickets of which it is not kept yet that they were answered."""
    rows = await reads.fetch(
        f"""
        SELECT t.conversation_id, t.id FROM support_tickets AS t
        WHERE t.status <> 'closed' AND t.answered_at IS NULL AND {first_answer("id")} IS NOT NULL
        LIMIT ?
        """,  # noqa: S608 - of ours
        (AT_ONCE,),
    )
    return [(conversation_id, id_) for conversation_id, id_ in rows]


class Reply(NamedTuple):
    """The first message that a customer wrote after the last ticket of a conversation was closed,
    where no ticket is open. The last ticket is the one that was closed last.

    Moments are in microseconds since 1970.
    """

    conversation_id: int
    ticket_id: int
    closed_at: int
    sender_id: int
    at: int
    content: str


CLOSED_SEQ = """
    coalesce((SELECT max(x.seq) FROM ticket_steps AS x
              WHERE x.conversation_id = {t}.conversation_id AND x.ticket_id = {t}.id
                AND x.action = 'closed'), {t}.seq)
"""
REPLY = f"""
    SELECT min(m.created_seq) FROM messages AS m JOIN users AS s ON s.id = m.sender_id
    WHERE m.conversation_id = t.conversation_id AND m.created_seq > {CLOSED_SEQ.format(t="t")}
      AND m.created_at >= (SELECT d.reopens_from FROM desk AS d WHERE d.id = 1)
      AND NOT m.by_agent AND NOT s.is_staff AND NOT m.is_deleted
"""  # noqa: S608 - of ours
REPLIES = f"""
    SELECT t.conversation_id, t.id, t.closed_at, m.sender_id, m.created_at, m.content
    FROM support_tickets AS t
    JOIN conversations AS c ON c.id = t.conversation_id AND c.active_at >= t.closed_at
    JOIN messages AS m ON m.conversation_id = t.conversation_id AND m.created_seq = ({REPLY})
    WHERE t.status = 'closed' AND {{condition}}
      AND NOT EXISTS (
          SELECT 1 FROM support_tickets AS o
          WHERE o.conversation_id = t.conversation_id AND o.id <> t.id
            AND (o.status <> 'closed'
                 OR {CLOSED_SEQ.format(t="o")} > {CLOSED_SEQ.format(t="t")}))
    LIMIT ?
"""  # noqa: S608 - of ours


async def replies(reads: Reads, conversation_ids: Collection[int] | None) -> list[Reply]:
    """The replies in these conversations, or some of all replies."""
    condition, parameters = "TRUE", list[object]()
    if conversation_ids is not None:
        condition, parameters = f"t.conversation_id IN ({reads.ids})", [listed(conversation_ids)]
    sql = REPLIES.format(condition=condition)
    return [Reply(*row) for row in await reads.fetch(sql, (*parameters, AT_ONCE))]
