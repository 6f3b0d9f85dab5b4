"""A conversation's ticket is opened, changed or closed."""

from collections.abc import Sequence
from typing import Literal

from msgspec import UNSET, UnsetType

from chat import records
from chat.changes.examples import TICKET
from chat.changes.family import Family
from chat.events import ChangeFrame
from chat.store import support_tickets as store
from chat.store import ticket_steps
from chat.store.changes import Entry
from chat.store.database import Reads


class TicketUpdated(ChangeFrame, tag="ticket.updated", frozen=True):
    """The conversation's ticket was opened, changed or closed.

    With `desk`, which comes on `/ws/` to staff who are not participants, it is no change of one of
    the user's own conversations. A resume does not repeat it.

    `step` says what was done. Each step is an entry of its own, which a later one does not replace.
    """

    support_ticket: records.SupportTicket
    step: records.TicketStep | UnsetType = UNSET
    desk: Literal[True] | UnsetType = UNSET


async def read(reads: Reads, entries: Sequence[Entry]) -> dict[Entry, ChangeFrame]:
    found = await store.by_places(
        reads, [(entry.conversation_id, entry.subject_id) for entry in entries]
    )
    by_id = {ticket.id: ticket for ticket in found}
    steps = await ticket_steps.of_places(
        reads, [(entry.conversation_id, entry.seq) for entry in entries]
    )
    return {
        entry: TicketUpdated(
            by_id[entry.subject_id],
            steps.get((entry.conversation_id, entry.seq), UNSET),
            seq=entry.seq,
        )
        for entry in entries
        if entry.subject_id in by_id
    }


FAMILY = Family(
    examples=(TicketUpdated(TICKET, seq=352),),
    read=read,
    entries="""
        SELECT conversation_id, seq, 'ticket.updated', id FROM support_tickets AS t
        WHERE NOT EXISTS (SELECT 1 FROM ticket_steps AS s
                          WHERE s.conversation_id = t.conversation_id AND s.seq = t.seq)
        UNION ALL SELECT conversation_id, seq, 'ticket.updated', ticket_id FROM ticket_steps
    """,
)
