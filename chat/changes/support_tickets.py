"""A conversation's ticket is opened, changed or closed."""

from chat import records
from chat.changes.examples import TICKET
from chat.changes.family import Family
from chat.events import ChangeFrame


class TicketUpdated(ChangeFrame, tag="ticket.updated", frozen=True):
    """The conversation's ticket was opened, changed or closed."""

    support_ticket: records.SupportTicket


FAMILY = Family(examples=(TicketUpdated(TICKET, seq=352),))
